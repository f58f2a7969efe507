"""Passages -> statements: each sentence is read with names in place of the words that stand for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kgbuild.chunking import sentence_spans
from kgbuild.compact.anaphora import Anaphor, Discourse, Name, Referent, Vocabulary
from kgbuild.compact.decoding import COUNTED_FROM, Guess, Heard, Reader, decoded, hear, whole
from kgbuild.records import Span


@dataclass(frozen=True, slots=True)
class Resolved:
    """A sentence with names in place of the words that stand for them.

    start: where the sentence begins in its passage. pieces: of `text`, in order, each with where it begins in the sentence, or with
    the anaphor whose name it is.
    """

    text: str
    start: int
    pieces: tuple[tuple[Span, int | Anaphor], ...]

    @classmethod
    def of(cls, sentence: str, start: int, anaphors: Sequence[Anaphor]) -> "Resolved":
        text, at, pieces = "", 0, list[tuple[Span, int | Anaphor]]()

        def add(words: str, origin: int | Anaphor) -> None:
            nonlocal text
            if words:
                pieces.append((Span(len(text), len(text) + len(words)), origin))
                text += words

        for anaphor in anaphors:
            add(sentence[at : anaphor.span.start], at)
            add(anaphor.stands_for.words + "'s" * anaphor.is_possessive, anaphor)
            at = anaphor.span.end
        add(sentence[at:], at)
        return cls(text, start, tuple(pieces))

    def origin(self, span: Span) -> Span | Anaphor | None:
        """Say where a span of the text stands in the passage, or for what; None where it is part name, part other words."""
        for piece, origin in self.pieces:
            if piece.contains(span):
                return origin if isinstance(origin, Anaphor) else span.shifted(self.start + origin - piece.start)
        return None


def passage_guesses(
    reader: Reader, vocabulary: Vocabulary, passage: str, counted_from: float = COUNTED_FROM
) -> Iterator[tuple[Span, Guess]]:
    """Yield the statements that a passage may make, each with its evidence; spans are relative to the passage.

    The evidence is the sentence that makes the statement, with those before it from the one on in which both names stand.
    """
    discourse = Discourse(vocabulary)
    sentences = sentence_spans(passage)
    for number, sentence in enumerate(sentences):
        words = sentence.of(passage)
        heard: Heard | None = None
        anaphors = discourse.anaphors(words)
        if any(map(str.isupper, words[: max((a.span.start for a in anaphors), default=0)])):
            heard = hear(reader, words)
            anaphors = discourse.anaphors(words, names_of(heard))
        resolved = Resolved.of(words, sentence.start, anaphors)
        if heard is None or anaphors:
            heard = hear(reader, resolved.text)
        discourse.tell(resolved.text, _told(resolved, names_of(heard), number), anaphors)
        for guess in decoded(reader, heard, counted_from):
            if (placed := _placed(resolved, guess)) is not None:
                first = min((anaphor.stands_for.sentence for anaphor in placed[1]), default=number)
                yield Span(sentences[first].start, sentence.end), placed[0]


def names_of(heard: Heard) -> tuple[Name, ...]:
    """Return what the model takes for names in a sentence, in order, none within another."""
    names: list[Name] = []
    for part in heard.parts:
        for number in np.argsort(-part.mention_scores, kind="stable").tolist():
            span = whole(part.spans[number], heard.sentence)
            words = span.of(heard.sentence)
            taken = (*heard.literals, *(name.span for name in names))
            if part.mention_scores[number] > 0 and any(map(str.isupper, words)) and not any(map(span.overlaps, taken)):
                names.append(Name(span, words, part.kinds[number]))
    return tuple(sorted(names, key=lambda name: name.span))


def _told(resolved: Resolved, names: Sequence[Name], number: int) -> list[tuple[Name, Referent]]:
    told: list[tuple[Name, Referent]] = []
    for name in names:
        origin = resolved.origin(name.span)
        if isinstance(origin, Anaphor):
            told.append((replace(name, words=origin.stands_for.words), origin.stands_for))
        elif origin is not None:
            told.append((name, Referent(name.words, origin, number)))
    return told


def _placed(resolved: Resolved, guess: Guess) -> tuple[Guess, list[Anaphor]] | None:
    """Return a guess with its places in the passage, as certain as what its names stand for, and the anaphors among them."""
    origins = resolved.origin(guess.subject), resolved.origin(guess.object)
    anaphors = [origin for origin in origins if isinstance(origin, Anaphor)]
    subject, object_ = (origin.stands_for.place if isinstance(origin, Anaphor) else origin for origin in origins)
    if subject is None or object_ is None or subject == object_:
        return None
    literal = guess.literal and replace(guess.literal, span=object_)
    probability = round(guess.probability * float(np.prod([anaphor.certainty for anaphor in anaphors])), 4)
    return replace(guess, subject=subject, object=object_, literal=literal, probability=probability), anaphors
