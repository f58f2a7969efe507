"""The properties that weights were trained on: what they are called, and how a label is put to the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TrainedProperty:
    """A property the weights know. key: its Wikidata id where it has one, its name in the ontology it was taught for otherwise.

    aliases: other names of the same direction. domain, range: what its arguments were called in training.
    """

    key: str
    label: str
    aliases: tuple[str, ...]
    domain: str
    range: str


def read_properties(path: Path) -> tuple[TrainedProperty, ...]:
    """Read one property a line: key, label, aliases (between semicolons), domain and range, between tabs."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines() if line]
    return tuple(
        TrainedProperty(key, label, tuple(a.strip() for a in aliases.split(";") if a.strip()), domain, range_)
        for key, label, aliases, domain, range_ in rows
    )


def write_properties(properties: Sequence[TrainedProperty], path: Path) -> None:
    rows = ("\t".join(" ".join(f.split()) for f in (p.key, p.label, "; ".join(p.aliases), p.domain, p.range)) for p in properties)
    path.write_text("".join(f"{row}\n" for row in rows), "utf-8")


def label_text(label: str, domain: Sequence[str] = (), range_: Sequence[str] = ()) -> str:
    """Word a property for the label encoder.

    >>> label_text("founded by", ["Organisation"], ["Person"])
    'founded by (organisation to person)'
    """
    if not domain and not range_:
        return spoken(label)
    return f"{spoken(label)} ({' or '.join(map(spoken, domain)) or 'anything'} to {' or '.join(map(spoken, range_)) or 'anything'})"


@lru_cache(maxsize=4096)
def spoken(name: str) -> str:
    """Return a name as words: camel case and underscores undone, lower case.

    >>> spoken("placeOfBirth"), spoken("founded_by"), spoken("CEO")
    ('place of birth', 'founded by', 'ceo')
    """
    words: list[str] = []
    for position, character in enumerate(name):
        starts = character.isupper() and position > 0 and name[position - 1].islower()
        words.append(f" {character}" if starts else character)
    return " ".join("".join(words).replace("_", " ").replace("-", " ").split()).casefold()
