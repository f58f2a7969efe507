"""Which predicted fact counts as which gold fact."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from kgbuild.compact.literals import normalise
from kgbuild.evaluation.gold import GoldFact
from kgbuild.ontology.model import Ontology
from kgbuild.records import Entity, EntityRef, Fact

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a graph's facts and the gold meet.

    right, wrong: facts that some gold fact matches, and those that none does.
    found, missed: gold facts that some fact matches, and those that none does; each with the lines of all documents that state it.
    """

    right: tuple[Fact, ...]
    wrong: tuple[Fact, ...]
    found: tuple[tuple[GoldFact, ...], ...]
    missed: tuple[tuple[GoldFact, ...], ...]


def align(entities: Iterable[Entity], facts: Iterable[Fact], gold: Sequence[GoldFact], ontology: Ontology) -> Alignment:
    """Match facts and gold by predicate and names, whatever the document.

    A fact matches when the predicate is the same, or its inverse with subject and object exchanged; any name or alias of the
    subject is a name of the gold's subject; and likewise the object, or its value is that of a gold name as a date or number. Case,
    blanks and Unicode composition do not count. Gold lines that share such a match are one fact. Inferred facts are left out: the
    gold holds what documents say.
    """
    names = {entity.id: frozenset(map(folded, (entity.name, *entity.aliases))) for entity in entities}
    lines_of: defaultdict[_Key, list[int]] = defaultdict(list)
    for number, line in enumerate(gold):
        for key in _keys(_gold_names(line.subject_names), line.predicate, _object_names(line, ontology), ontology):
            lines_of[key].append(number)
    same = _groups(len(gold), lines_of.values())

    right: list[Fact] = []
    wrong: list[Fact] = []
    found: set[int] = set()
    for fact in facts:
        if fact.derived_from is not None:
            continue
        subject, object_ = names.get(fact.subject_id, frozenset()), _names_of_object(fact, names)
        matched = {line for key in _keys(subject, fact.predicate, object_, ontology) for line in lines_of.get(key, ())}
        (right if matched else wrong).append(fact)
        found |= {same[line] for line in matched}

    members: defaultdict[int, list[GoldFact]] = defaultdict(list)
    for number, line in enumerate(gold):
        members[same[number]].append(line)
    return Alignment(
        tuple(right),
        tuple(wrong),
        found=tuple(tuple(lines) for group, lines in members.items() if group in found),
        missed=tuple(tuple(lines) for group, lines in members.items() if group not in found),
    )


def folded(name: str) -> str:
    """Return a name as it is compared: composed, without case, blanks folded.

    >>> folded(" Acme  CORP")
    'acme corp'
    """
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _keys(subjects: Iterable[str], predicate: str, objects: Iterable[str], ontology: Ontology) -> Iterator[_Key]:
    """Yield the triple for each pair of names, in the one direction that stands for it and its inverse."""
    for subject, object_ in product(subjects, objects):
        yield ontology.one_way(subject, predicate, object_)


def _gold_names(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(folded, names))


def _object_names(line: GoldFact, ontology: Ontology) -> frozenset[str]:
    names = _gold_names(line.object_names)
    prop = ontology.properties.get(line.predicate)
    datatypes = [name for name in prop.datatypes if name not in ("string", "literal")] if prop else []
    values = {normalise(name, datatype) for name in line.object_names for datatype in datatypes}
    return names | {folded(value) for value in values if value is not None}


def _names_of_object(fact: Fact, names: dict[str, frozenset[str]]) -> frozenset[str]:
    if isinstance(fact.object, EntityRef):
        return names.get(fact.object.entity_id, frozenset())
    return frozenset((folded(fact.object.text), folded(fact.object.value)))


def _groups(size: int, joined: Iterable[Sequence[int]]) -> list[int]:
    """Return for each number the least one that it is joined with, directly or through others."""
    least = list(range(size))

    def root(number: int) -> int:
        while least[number] != number:
            least[number] = least[least[number]]
            number = least[number]
        return number

    for numbers in joined:
        for number in numbers[1:]:
            one, other = sorted((root(numbers[0]), root(number)))
            least[other] = one
    return [root(number) for number in range(size)]
