"""Finds the words of a text that stand for a name or value as a knowledge graph writes it: "US" for "United_States"."""

import re
from collections.abc import Iterator, Sequence
from itertools import product

from kgbuild.compact.examples import aligned, found
from kgbuild.records import Literal, Span

NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")
_PLAIN_NUMBER = re.compile(r"[-−]?\d[\d.,]*(?:E\d+)?")
UNIT = re.compile(r"\s*\(([^()]*)\)$")
BRACKETS = re.compile(r"\s*\([^)]*\)")
_NEW_YEAR = re.compile(r"(\d{4})-01-01")
_STEM, _ENDING = 4, 2
"""A word that begins with a name of one word less its last two letters, at least four, is taken for it: Italian for Italy."""


def plain(name: str) -> str:
    return name.strip('"').replace("_", " ").strip()


def number_in(text: str) -> float | None:
    number = NUMBER.search(text)
    return float(number[0].replace(",", "").replace("−", "-")) if number else None


def overlap(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def placed(
    text: str, subject: str, object_: str, literals: Sequence[Literal], loosely: bool = True
) -> tuple[Span | None, Span | None]:
    """Find the words for both names of a triple: the best places of each that do not overlap, else the best of each alone."""
    subjects, objects = (places(text, name, literals, loosely) for name in (subject, object_))
    pairs = sorted(product(range(len(subjects)), range(len(objects))), key=lambda pair: (sum(pair), pair))
    for a, b in pairs:
        if not overlap(subjects[a], objects[b]):
            return subjects[a], objects[b]
    return next(iter(subjects), None), next(iter(objects), None)


def places(text: str, name: str, literals: Sequence[Literal], loosely: bool = True) -> list[Span]:
    """Return where the words for a name or value stand, the surest first: a date or number by its value, else by its words.

    literals: those of the text. loosely: whether words like the name will do, where the name is known to be said: "Italian" for
    Italy, and most of a name for all of it.
    """
    words = plain(name)
    if valued := [literal.span for literal in literals if literal.span and _is_worth(literal, words)]:
        return valued
    short = BRACKETS.sub("", words)
    first = [words, short, *([short.split(", ")[0]] if ", " in short else [])]
    whole = [span for form in dict.fromkeys(first) for span in _everywhere(text, form)]
    if whole:
        return list(dict.fromkeys(whole))
    if initials := list(_initials(text, short)):
        return initials
    if part := aligned(text, words):
        return list(_everywhere(text, part.of(text))) or [part]
    return (list(_derived(text, short)) or _most_of(text, short)) if loosely else []


def _is_worth(literal: Literal, words: str) -> bool:
    bare = UNIT.sub("", words)
    if literal.value == words or ((year := _NEW_YEAR.fullmatch(words)) and literal.value == year[1]):
        return True
    return _PLAIN_NUMBER.fullmatch(bare) is not None and number_in(literal.text) == number_in(bare)


def _everywhere(text: str, words: str) -> Iterator[Span]:
    at = 0
    while at < len(text) and (span := found(text[at:], words)):
        yield span.shifted(at)
        at += span.end


def _initials(text: str, words: str) -> Iterator[Span]:
    """Find "US", "U.S." and "USA" for "United States"."""
    letters = "".join(word[0] for word in words.split() if word[0].isupper())
    if len(letters) > 1:
        for run in re.finditer(rf"(?<!\w)(?:[A-Z]\.? ?){{{len(letters)},{len(letters) + 1}}}(?!\w)", text):
            if re.sub(r"[^A-Z]", "", run[0]) in (letters, letters + "A"):
                yield Span(run.start(), run.start() + len(run[0].rstrip()))


def _derived(text: str, words: str) -> Iterator[Span]:
    if " " not in words and len(words) > _STEM:
        stem = re.escape(words[: max(_STEM, len(words) - _ENDING)])
        for word in re.finditer(rf"(?<!\w){stem}\w{{0,4}}(?!\w)", text, re.IGNORECASE):
            yield Span(*word.span())


def _most_of(text: str, words: str) -> list[Span]:
    """Find the longest run of a name's words that holds half of its letters."""
    parts = words.split()
    runs = [" ".join(parts[at : at + length]) for length in range(len(parts) - 1, 0, -1) for at in range(len(parts) - length + 1)]
    long = (list(_everywhere(text, run)) for run in runs if 2 * len(run) >= len(words))
    return next((spans for spans in long if spans), [])
