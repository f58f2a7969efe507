"""Labelled sentences: what the compact model learns from, whatever file they came in."""

import re
import unicodedata
from dataclasses import dataclass

from kgbuild.records import Span

_MONTHS = "January February March April May June July August September October November December".split()
_GOLD_DATE = re.compile(r"^(?:00|(\d{1,2})) ?(" + "|".join(_MONTHS) + r") (\d{3,4})$")
_DECIMAL = re.compile(r"[0-9]\.[0-9]")
"""Where two digits are no neighbours: 1.5 is not 15."""
_NAME_LENGTH = 4
"""Letters from which a single word of a longer name is taken for the name ("Norwood" for "Brandy Norwood")."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A triple that a sentence states; spans count from the start of the sentence.

    predicate: a property's key: its Wikidata id where it has one, its name in the ontology otherwise.
    """

    subject: Span
    predicate: str
    object: Span


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence with the statements known of it.

    mentions: every span known to name something, arguments of statements included, sorted.
    not_stated: triples that hold in the world but that these words may or may not state: neither right nor wrong.
    source: which annotation guideline the sentence follows, such as "tekgen/ont_2_music"; it decides how far silence means no.
    """

    id: str
    text: str
    statements: tuple[Statement, ...]
    mentions: tuple[Span, ...]
    source: str
    not_stated: tuple[Statement, ...] = ()


def _squashed(text: str) -> tuple[str, list[int]]:
    """Return the letters and digits alone, without case or accents, and where each stood in `text`."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character).casefold():
            if _is_letter(part):
                letters.append(part)
                places.append(place)
    return "".join(letters), places


def _is_letter(character: str) -> bool:
    """Tell letters, digits and the vowel signs of Indic scripts, which are no accents, from all else."""
    return character.isalnum() or (unicodedata.category(character)[0] == "M" and unicodedata.combining(character) < 10)


def found(text: str, wanted: str) -> Span | None:
    """Find `wanted` in `text` as whole words, whatever the case, accents, spaces and punctuation."""
    needle, _ = _squashed(wanted)
    if not needle:
        return None
    letters, places = _squashed(text)
    at = letters.find(needle)
    while at >= 0:
        start, end = places[at], places[at + len(needle) - 1] + 1
        while end < len(text) and unicodedata.combining(text[end]) >= 10:
            end += 1  # the accent of the last letter, where it stands by itself
        whole = (start == 0 or not _is_letter(text[start - 1])) and (end == len(text) or not _is_letter(text[end]))
        if whole and len(_DECIMAL.findall(text[start:end])) <= len(_DECIMAL.findall(wanted)):
            return Span(start, end)
        at = letters.find(needle, at + 1)
    return None


def _date_found(text: str, day: str, month: str, year: str) -> Span | None:
    """Find a date written in full, else the year alone, which is how a date without day or month reads in gold."""
    for written in (
        f"{month} {int(day)}, {year}",
        f"{int(day)} {month} {year}",
        f"{month} {int(day)} {year}",
        f"{month} {year}",
        year,
    ):
        if span := found(text, written):
            return span
    return None


def aligned(text: str, name: str) -> Span | None:
    """Find the words of `text` that name what a gold label names; None when none can be trusted.

    >>> aligned("Written by Kesha Sebert in May 1998.", "Kesha")
    Span(start=11, end=16)
    >>> aligned("Norwood sang it first.", "Brandy Norwood")
    Span(start=0, end=7)
    >>> aligned("It opened on May 3, 1998.", "03 May 1998")
    Span(start=13, end=24)
    """
    if span := found(text, name):
        return span
    if dated := _GOLD_DATE.match(name.strip()):
        return _date_found(text, dated[1] or "1", dated[2], dated[3])
    without_brackets = re.sub(r"\s*\([^)]*\)", "", name)
    if without_brackets != name and (span := found(text, without_brackets)):
        return span
    words = without_brackets.split()
    for length in range(len(words) - 1, 0, -1):
        for start in range(len(words) - length, -1, -1):  # the end of a name first: it is the surname
            part = " ".join(words[start : start + length])
            if length == 1 and (len(part) < _NAME_LENGTH or not part[0].isupper()):
                continue
            is_most_or_surname = 2 * len(part) >= len(without_brackets) or (length == 1 and start == len(words) - 1)
            if is_most_or_surname and (span := found(text, part)) and span.of(text)[0].isupper():
                return span
    return None
