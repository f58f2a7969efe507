"""Labelled sentences under other names, with other dates and numbers: so that training learns the words around, not the names.

Source: Zeng et al., "Counterfactual Generator: A Weakly-Supervised Method for Named Entity Recognition", 2020.
"""

import random
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from tokenizers import Tokenizer

from kgbuild.compact.examples import Example, Statement
from kgbuild.records import Span

_MONTHS = "January February March April May June July August September October November December".split()
_WORD = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"(?P<day>(?<![\d.,])(?:0?[1-9]|[12]\d)(?![.,]?\d))|(?P<year>\b(?:1\d|20)\d\d\b)|\d+")
_LAST_DAY = 28
"""Of any month."""
_RARE_FROM = 6_000
"""Place in the tokenizer's vocabulary, the most frequent words first, from which a word is rare enough to stand for a name."""
_LITTLE = 3
"""Letters up to which a word in lower case ("of", "van") stays where it is in a name."""
_LONG = 4
"""Words from which a name is not lengthened."""
_LENGTHENED = (0, 0, 0, 1, 1, 2)
"""Words added to a name, drawn from these, and, for some names of several words, the first is left out: borders are learnt too."""


class Names:
    """What may stand in the place of an argument: what stands there in other examples, or a name made of rare words."""

    def __init__(self, examples: Sequence[Example], tokenizer: Tokenizer) -> None:
        places: dict[tuple[str, str], set[str]] = defaultdict(set)
        for example in examples:
            for place, words in _arguments(example):
                places[place].add(words)
        self._standing = {place: tuple(sorted(names)) for place, names in places.items()}
        ranked = sorted(tokenizer.get_vocab().items(), key=lambda entry: entry[1])
        self._rare = [w for w, rank in ranked if rank >= _RARE_FROM and len(w) > _LITTLE and w.isascii() and w.isalpha()]

    def renamed(self, example: Example, rng: random.Random, share: float, made: float) -> Example:
        """Replace each argument with probability `share`, wherever it stands in the sentence; with `made` by a made name.

        Dates and numbers become others written alike. A name that stands in the sentence already is not given twice.
        """
        for old, place in sorted({words: place for place, words in _arguments(example)}.items()):
            if rng.random() < share:
                new = self._other(old, place, rng, made)
                if not _places_of(new, example.text):
                    for at in reversed(_places_of(old, example.text)):
                        if not any(_cross(at, mention) for mention in example.mentions):
                            example = with_words(example, at, new)
        return example

    def _other(self, old: str, place: tuple[str, str], rng: random.Random, made: float) -> str:
        if any(character.isdigit() for character in old):
            return other_value(old, rng)
        return self._made(old, rng) if rng.random() < made else rng.choice(self._standing.get(place, (old,)))

    def _made(self, like: str, rng: random.Random) -> str:
        """Return a name of rare words, written as `like` is, about as long."""
        words = like.split()
        if len(words) > 1 and rng.random() < 1 / 3:
            words = words[1:]
        if len(words) < _LONG:
            words += [words[-1]] * rng.choice(_LENGTHENED)
        return _WORD.sub(lambda word: self._rare_word(word[0], rng), " ".join(words))

    def _rare_word(self, like: str, rng: random.Random) -> str:
        if like.islower() and len(like) <= _LITTLE:
            return like
        word = rng.choice(self._rare)
        if like.isupper() and len(like) > 1:
            return word.upper()
        return word.capitalize() if like[0].isupper() else word


def _arguments(example: Example) -> list[tuple[tuple[str, str], str]]:
    """Return the words of each argument with its place: which argument of which property."""
    found: list[tuple[tuple[str, str], str]] = []
    for s in example.statements:
        found.append((("subject", s.predicate), s.subject.of(example.text)))
        found.append((("object", s.predicate), s.object.of(example.text)))
    return found


def other_value(text: str, rng: random.Random) -> str:
    """Return another date or number, or another name with numbers in it, written as `text` is.

    >>> other_value("3 May 1998", random.Random(1))
    '19 March 2016'
    """

    def number(found: re.Match[str]) -> str:
        if found["day"]:
            return str(rng.randint(1, _LAST_DAY)).zfill(2 if found[0].startswith("0") else 1)
        if found["year"]:
            return str(rng.randint(1800, 2024))
        return str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in found[0][1:])

    text = _WORD.sub(lambda word: rng.choice(_MONTHS) if word[0] in _MONTHS else word[0], text)
    return _DIGITS.sub(number, text)


def _places_of(words: str, text: str) -> list[Span]:
    return [Span(*found.span()) for found in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text)]


def _cross(a: Span, b: Span) -> bool:
    return a != b and a.overlaps(b)


def with_words(example: Example, old: Span, new: str) -> Example:
    """Replace the words at `old`; mentions that cross its border are forgotten."""
    by = len(new) - (old.end - old.start)

    def moved(span: Span) -> Span | None:
        if span == old:
            return Span(old.start, old.start + len(new))
        if span.end <= old.start:
            return span
        return span.shifted(by) if span.start >= old.end else None

    def kept(statements: Sequence[Statement]) -> tuple[Statement, ...]:
        pairs = [(moved(s.subject), s.predicate, moved(s.object)) for s in statements]
        return tuple(Statement(subject, key, object_) for subject, key, object_ in pairs if subject and object_)

    return replace(
        example,
        text=example.text[: old.start] + new + example.text[old.end :],
        statements=kept(example.statements),
        mentions=tuple(span for m in example.mentions if (span := moved(m))),
        not_stated=kept(example.not_stated),
    )
