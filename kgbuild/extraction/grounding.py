"""Quoted words -> the span of the document that holds them.

    chunk -> what a model is shown, and may copy -> words in its reply -> their place there -> the span of the chunk

Passage    where words stand in a text, and which sentences hold them
Flattened  a chunk's sentences as a model reads them, with the way back to every character of the text as read
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from kgbuild.chunking import sentence_spans
from kgbuild.records import Chunk, Span

MAX_PLACES = 10_000
"""Places of one name that are looked at in one text; more are a dump."""

# Thai, Lao, Burmese, Khmer, kana, Han and Hangul: scripts that put no space between words, or particles after them.
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
_UNSPACED = re.compile(f"[{UNSPACED}]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_MAX_ENDING = 2
_POINT = frozenset(".,")
_AT_A_POINT = re.compile(r"\d[.,]\d.?|.?\d[.,]\d", re.DOTALL)


def readable(text: str) -> str:
    """Return the text with half surrogate pairs, which tokenisers and servers refuse, as U+FFFD; every offset stays what it was."""
    return _SURROGATES.sub("\ufffd", text)


class Passage:
    """The text of a chunk, with its sentences and the places of names in it, each found when first asked for.

    sentences: where they are known already; found in the text otherwise.
    """

    def __init__(self, chunk: Chunk, sentences: tuple[Span, ...] | None = None) -> None:
        self.chunk = chunk
        self.text = chunk.text
        self._given = sentences
        self._places: dict[str, tuple[Span, ...]] = {}

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        return sentence_spans(self.text, "und") if self._given is None else self._given

    @cached_property
    def _starts(self) -> list[int]:
        return [sentence.start for sentence in self.sentences]

    def places(self, words: str) -> tuple[Span, ...]:
        """Return where the words stand whole; else, where they begin a word that is little longer; in order."""
        if words not in self._places:
            found = _found(self.text, words)
            fits: Callable[[Span], bool]
            for fits in (self._is_free, self._is_whole, self._is_inflected):
                if places := tuple(place for place in found if fits(place)):
                    break
            self._places[words] = places
        return self._places[words]

    def closest(self, subjects: Sequence[Span], objects: Sequence[Span]) -> tuple[Span, Span]:
        """Return the pair in the fewest sentences, apart rather than one inside the other, and closest together."""
        if len(subjects) == len(objects) == 1:  # as of most names in one sentence
            return subjects[0], objects[0]
        starts = [place.start for place in objects]

        def near(subject: Span) -> Iterable[Span]:
            at = bisect_left(starts, subject.start)
            return objects[max(at - 2, 0) : at + 3]

        def distance(pair: tuple[Span, Span]) -> tuple[int, bool, int, int]:
            one, other = sorted(pair)
            apart = other.start - one.end
            first, last = self._run(one.start, max(one.end, other.end))
            return last - first, apart < 0, abs(apart), one.start

        return min(((subject, object_) for subject in subjects for object_ in near(subject)), key=distance)

    def sentences_of(self, *places: Span) -> Span:
        """Return the smallest run of whole sentences that holds the places."""
        start, end = min(place.start for place in places), max(place.end for place in places)
        first, last = self._run(start, end)
        return Span(min(start, self.sentences[first].start), max(end, self.sentences[last].end))

    def _run(self, start: int, end: int) -> tuple[int, int]:
        return max(bisect_right(self._starts, start) - 1, 0), max(bisect_left(self._starts, end) - 1, 0)

    def _is_free(self, place: Span) -> bool:
        return self._is_whole(place) and not (self._cuts_number(place.start) or self._cuts_number(place.end))

    def _is_whole(self, place: Span) -> bool:
        """Tell whether no word is cut, while a number may be: 1998 in 14.03.1998."""
        return not (self._cuts_word(place.start) or self._cuts_word(place.end))

    def _is_inflected(self, place: Span) -> bool:
        ending = re.compile(rf"[^\W\d_]{{1,{_MAX_ENDING}}}(?![^\W\d_])").match(self.text, place.end)
        return place.end - place.start > _MAX_ENDING and ending is not None and not self._cuts_word(place.start)

    def _cuts_word(self, at: int) -> bool:
        if not 0 < at < len(self.text):
            return False
        before, after = self.text[at - 1], self.text[at]
        if before.isalpha() and after.isalpha():
            return not (_UNSPACED.match(before) or _UNSPACED.match(after))
        return before.isdigit() and after.isdigit()

    def _cuts_number(self, at: int) -> bool:
        """Tell whether the place is at the point or comma of a number."""
        if _POINT.isdisjoint(self.text[max(at - 1, 0) : at + 1]):
            return False
        return _AT_A_POINT.fullmatch(self.text, max(at - 2, 0), at + 2) is not None


def _found(text: str, words: str) -> list[Span]:
    """Return the first MAX_PLACES places of the words, white space as given, or any where none is as given."""
    words = readable(words).strip()
    if not words or len(words) > len(text):
        return []
    at = text.find(words)
    if at < 0 and len(parts := words.split()) > 1:
        pattern = re.compile(r"\s++".join(map(re.escape, parts)))
        return [Span(*match.span()) for match in islice(pattern.finditer(text), MAX_PLACES)]
    found: list[Span] = []
    while at >= 0 and len(found) < MAX_PLACES:
        found.append(Span(at, at + len(words)))
        at = text.find(words, at + 1)
    return found


@dataclass(frozen=True)
class Flattened:
    """The sentences of a chunk in one line of text, a blank between two, in the form in which a model is shown them.

    White space and control characters become one blank, so that no sentence begins a line of its own. Letters are composed (NFC)
    as models write them. What chat templates and the frame of a prompt are made of is shown in look-alikes, so that a document can
    imitate neither. Each character knows where it comes from: evidence still points into the text as read.

    sentences: spans in `text`, one for each sentence of the chunk that has any words to show.
    """

    text: str
    sentences: tuple[Span, ...]
    _froms: tuple[Sequence[int], ...]
    _tos: tuple[Sequence[int], ...]
    """By sentence: where what each of its characters shows begins and ends in the chunk."""

    @classmethod
    def of(cls, chunk: str) -> "Flattened":
        shown: list[str] = []
        sentences: list[Span] = []
        froms: list[Sequence[int]] = []
        tos: list[Sequence[int]] = []
        at = 0
        for sentence in sentence_spans(chunk, "und"):
            words = sentence.of(chunk)
            if (line := _in_one_line(words)) is not None:
                words = line
                froms.append(range(sentence.start, sentence.end))
                tos.append(range(sentence.start + 1, sentence.end + 1))
            elif characters := tuple(_shown(words, sentence.start)):
                letters, starts, ends = zip(*characters, strict=True)
                words = "".join(letters)
                froms.append(starts)
                tos.append(ends)
            else:
                continue
            shown.append(words)
            sentences.append(Span(at, at + len(words)))
            at += len(words) + 1
        return cls(" ".join(shown), tuple(sentences), tuple(froms), tuple(tos))

    def original(self, span: Span) -> Span:
        """Return the characters of the chunk that a span of the flattened text shows; it begins and ends in sentences."""
        first, begins = self._place(span.start)
        last, ends = self._place(span.end - 1)
        return Span(self._froms[first][begins], self._tos[last][ends])

    def _place(self, at: int) -> tuple[int, int]:
        """Return the sentence that a character is in, and its number there; a blank between two is the end of the first."""
        number = bisect_right(self._starts, at) - 1
        sentence = self.sentences[number]
        return number, min(at, sentence.end - 1) - sentence.start

    @cached_property
    def _starts(self) -> list[int]:
        return [sentence.start for sentence in self.sentences]

    def passage(self) -> Passage:
        """Return the flattened text as a chunk of its own, for words to be found in."""
        return Passage(Chunk("", "", 0, Span(0, max(len(self.text), 1)), self.text), self.sentences)


_WHITE = re.compile(r"\s")


def _in_one_line(sentence: str) -> str | None:
    """Return the sentence as it is shown when each character is shown as one, as in most: then there is no need to look at each.

    What is printable has no white space but blanks, no control characters and no half surrogate pairs.
    """
    line = sentence
    if not line.isprintable():
        line = _WHITE.sub(" ", sentence)
        if not line.isprintable():
            return None
    if "  " in line or not (line.isascii() or unicodedata.is_normalized("NFC", line)):
        return None
    is_armed = "<" in line or ">" in line or "[" in line or "]" in line
    return line.translate(_DISARMED) if is_armed else line


def _shown(sentence: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Yield each character to show, with the start and end of what it comes from; no blank at either end, nor two in a row."""
    pending: tuple[str, int, int] | None = None
    begun = False
    for start, end in _composed(sentence):
        if _is_blank(sentence[start]):
            pending = (" ", at + start, at + end) if pending is None else (" ", pending[1], at + end)
            continue
        if pending is not None and begun:
            yield pending
        pending, begun = None, True
        for character in unicodedata.normalize("NFC", readable(sentence[start:end])):
            yield character.translate(_DISARMED), at + start, at + end


def _is_blank(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cc"


_DISARMED = str.maketrans({"<": "‹", ">": "›", "[": "［", "]": "］"})
"""Chat templates mark turns with <|im_start|>, </s>, [INST] and the like, which a server's tokeniser takes for the real thing."""


def _composed(text: str) -> Iterator[tuple[int, int]]:
    """Yield the runs of characters that Unicode composes by themselves: a letter with its marks, the parts of a Hangul syllable."""
    if unicodedata.is_normalized("NFC", text):
        yield from ((at, at + 1) for at in range(len(text)))
        return
    start = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and not _stands_alone(text[start:at], text[at]):
            continue
        yield start, at
        start = at


def _stands_alone(before: str, character: str) -> bool:
    if unicodedata.combining(character):
        return False
    composed = unicodedata.normalize("NFC", before)
    return unicodedata.normalize("NFC", before + character) == composed + unicodedata.normalize("NFC", character)
