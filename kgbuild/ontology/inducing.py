"""Facts extracted without an ontology -> a proposal for one: classes and properties as they were observed, for a person to edit.

What is proposed passes `kgbuild ontology check`. Nothing is guessed: domain and range are the classes that stood there often,
aliases are spellings that differ in endings, articles and auxiliary verbs alone, and descriptions say how often a thing was seen.
Two names that would be written alike get a number; what is too rare to propose is counted.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from kgbuild.ontology.model import ANY_LITERAL, TIMES, XSD_DATATYPES, Ontology, OntologyClass, Property, says_something
from kgbuild.records import Entity, EntityRef, Fact

MIN_SHARE = 0.1
"""Of a property's facts that a class needs to count for its domain or range; below it is taken for a mistake."""

MAX_EXAMPLES = 3
UNNAMED = "Thing"
"""The class of what nobody gave a class, or one without a letter or digit."""

UNNAMED_PROPERTY = "unnamed"
"""The property of a predicate without a letter or digit; its description says how it was written."""

_SMALL = frozenset("a an the is are was were be been being has have had".split())


@dataclass(frozen=True, slots=True)
class Proposal:
    """An ontology, and what it leaves out: predicates and classes of too few facts, each with their number."""

    ontology: Ontology
    left_out_predicates: Mapping[str, int]
    left_out_classes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A fact in words. object_class: a class; datatype: of a literal; one of the two is empty."""

    subject: str
    subject_class: str
    predicate: str
    object: str
    object_class: str
    datatype: str
    qualifiers: tuple[str, ...]


def induce(
    facts: Iterable[Fact],
    entities: Mapping[str, Entity],
    name: str,
    min_count: int = 1,
    known: Mapping[str, Property] = MappingProxyType({}),
) -> Proposal:
    """Propose an ontology for facts; inferred ones do not count.

    min_count: facts that a property needs to be proposed. known: properties that facts may be of, which say themselves what they
    mean and are called.
    """
    seen = [_seen(fact, entities) for fact in facts if fact.derived_from is None]
    groups: dict[str, list[_Seen]] = defaultdict(list)
    for one in seen:
        groups[_alike(one.predicate)].append(one)
    kept = sorted(
        (group for group in groups.values() if len(group) >= min_count), key=lambda group: (-len(group), group[0].predicate)
    )
    spellings = Counter(class_ for one in seen for class_ in (one.subject_class, *((one.object_class,) * (not one.datatype))))
    class_names = _named(spellings, _bare, _class_identifier)
    predicates = Counter(one.predicate for group in kept for one in group)
    property_names = _named(predicates, _alike, _identifier)
    properties = [_property(group, property_names, class_names, known) for group in kept]
    members = _members((one for group in kept for one in group), class_names)
    # Where every class is too rare for a domain or range, properties demand none, and any will do.
    used = {class_ for prop in properties for class_ in (*prop.domain, *prop.range_classes)} or set(members)
    classes = [_class(class_, members[class_], spellings, class_names) for class_ in dict.fromkeys(class_names.values())]
    ontology = Ontology(
        name,
        {class_.name: class_ for class_ in classes if class_.name in used},
        {prop.name: prop for prop in properties},
        title=f"Proposed from {_counted(sum(map(len, kept)))}",
        typing="soft",
    )
    rare = Counter(one.predicate for group in groups.values() if len(group) < min_count for one in group)
    unused = {spelling: count for spelling, count in spellings.items() if class_names[spelling] not in used}
    return Proposal(ontology, _by_count(rare), _by_count(unused))


def _seen(fact: Fact, entities: Mapping[str, Entity]) -> _Seen:
    subject = entities[fact.subject_id]
    qualifiers = tuple(qualifier.name for qualifier in fact.qualifiers)
    if isinstance(fact.object, EntityRef):
        object_ = entities[fact.object.entity_id]
        return _Seen(subject.name, subject.class_name, fact.predicate, object_.name, object_.class_name, "", qualifiers)
    return _Seen(subject.name, subject.class_name, fact.predicate, fact.object.text, "", fact.object.datatype, qualifiers)


def _property(
    group: Sequence[_Seen], property_names: Mapping[str, str], class_names: Mapping[str, str], known: Mapping[str, Property]
) -> Property:
    first, *others = _by_count(Counter(one.predicate for one in group))
    meant = known.get(first, Property(first, _label(first)))
    label = meant.label if says_something(meant.label) else _label(property_names[first])
    examples = dict.fromkeys(f"{one.subject} | {label} | {one.object}" for one in group)
    qualifiers = dict.fromkeys(name for one in group for name in one.qualifiers)
    datatypes = (one.datatype if one.datatype in XSD_DATATYPES else ANY_LITERAL for one in group if one.datatype)
    return Property(
        name=property_names[first],
        label=label,
        description=f"{meant.description} Seen in {_counted(len(group))}{_in_signs((first, *others))}.".strip(),
        domain=_often(Counter(class_names[one.subject_class] for one in group)),
        range=_often(Counter(class_names[one.object_class] for one in group if not one.datatype) + Counter(datatypes)),
        aliases=_other_spellings(label, (*others, *meant.aliases)),
        examples=tuple(examples)[:MAX_EXAMPLES],
        iri=meant.iri,
        temporal=any(name in TIMES for name in qualifiers),
        qualifiers=tuple(name for name in qualifiers if name not in TIMES),
    )


def _class(name: str, members: Counter[str], spellings: Mapping[str, int], class_names: Mapping[str, str]) -> OntologyClass:
    first, *others = _by_count({spelling: spellings[spelling] for spelling in spellings if class_names[spelling] == name})
    such_as = ", ".join(list(_by_count(members))[:MAX_EXAMPLES])
    label = _label(first) if says_something(first) else _label(name)
    description = f"Seen in {_counted(members.total())}{_in_signs((first, *others))}, such as {such_as}."
    return OntologyClass(name, label, description, aliases=_other_spellings(label, others))


def _members(seen: Iterable[_Seen], class_names: Mapping[str, str]) -> dict[str, Counter[str]]:
    members: dict[str, Counter[str]] = defaultdict(Counter)
    for one in seen:
        members[class_names[one.subject_class]][one.subject] += 1
        if not one.datatype:
            members[class_names[one.object_class]][one.object] += 1
    return members


def _often(counts: Counter[str]) -> tuple[str, ...]:
    return tuple(name for name, count in _by_count(counts).items() if count >= MIN_SHARE * counts.total())


def _by_count(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


# -- names


def _named(spellings: Mapping[str, int], alike: Callable[[str], str], identifier: Callable[[str], str]) -> dict[str, str]:
    """Give every spelling the identifier of the most frequent one that is alike; a number tells apart what is not, yet reads so."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for spelling in _by_count(spellings):
        if (key := alike(spelling)) not in names:
            wanted = identifier(spelling)
            free = (wanted, *(f"{wanted}_{number}" for number in range(2, len(taken) + 3)))
            names[key] = next(name for name in free if name.casefold() not in taken)
            taken.add(names[key].casefold())
    return {spelling: names[alike(spelling)] for spelling in spellings}


def _bare(spelling: str) -> str:
    return " ".join(re.sub(r"[\s_-]+", " ", spelling.casefold()).split())


def _alike(predicate: str) -> str:
    """Return what spellings of one predicate share: its words without articles, auxiliary verbs and endings, if any is left.

    >>> [_alike(words) for words in ("works_for", "has worked for", "works with", "is a")]
    ['work for', 'work for', 'work with', 'is a']
    """
    words = _bare(predicate).split()
    large = [re.sub(r"(?<=\w{3})(?:ing|ed|es|s|e)$", "", word) for word in words if word not in _SMALL]
    return " ".join(large or words)


def _identifier(spelling: str, unnamed: str = UNNAMED_PROPERTY) -> str:
    """Return the spelling as an identifier, as near as one can be; `unnamed` where nothing is left of it.

    >>> _identifier("born in"), _identifier("2nd wife"), _identifier("→"), _identifier("में जन्मा")
    ('born_in', '_2nd_wife', 'unnamed', 'में_जन्मा')
    """
    written = "".join(character if f"_{character}".isidentifier() else " " for character in spelling)
    bare = "_".join(written.replace("_", " ").split())
    return unnamed if not says_something(bare) else bare if bare.isidentifier() else f"_{bare}"


def _class_identifier(spelling: str) -> str:
    name = _identifier(spelling, UNNAMED)
    return name[0].upper() + name[1:] if name in XSD_DATATYPES or name == ANY_LITERAL else name


def _label(spelling: str) -> str:
    return " ".join(spelling.replace("_", " ").split())


def _other_spellings(label: str, spellings: Iterable[str]) -> tuple[str, ...]:
    others = {_label(spelling).casefold(): _label(spelling) for spelling in reversed(list(spellings))}
    return tuple(reversed([other for folded, other in others.items() if folded != label.casefold() and says_something(other)]))


def _in_signs(spellings: Iterable[str]) -> str:
    """Say which spellings have no letter or digit, and so can be neither label nor alias."""
    signs = [label for spelling in spellings if (label := _label(spelling)) and not says_something(label)]
    return f", written {' or '.join(signs)}" if signs else ""


def _counted(facts: int) -> str:
    return "1 fact" if facts == 1 else f"{facts:,} facts"
