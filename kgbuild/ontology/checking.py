"""What makes an ontology wrong or doubtful, whatever format it was read from. Every rule looks at everything."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from kgbuild.ontology.model import ANY_LITERAL, XSD_DATATYPES, Ontology, OntologyClass, Property
from kgbuild.ontology.problems import Draft, KeyPath, Problem, Severity

RESERVED_CLASSES = frozenset({"Document", "Chunk", "Entity", "__Entity__"})
RESERVED_PROPERTIES = frozenset({"id", "name", "class_name", "aliases", "description"})
RESERVED_PREFIXES = ("FROM_", "NEXT_CHUNK")
"""Names that the graph needs for itself; a store writes the ontology's own with a trailing `_`."""


def problems_of(draft: Draft) -> tuple[Problem, ...]:
    """Return everything wrong or doubtful about an ontology, errors first, each in the order of the file."""
    found = list(draft.problems)
    findings = _broken_rules(draft.ontology, described_one_by_one=bool(draft.lines))
    found.extend(Problem(severity, draft.place(path), problem, remedy) for severity, path, problem, remedy in findings)
    return tuple(sorted(dict.fromkeys(found), key=lambda p: (p.severity is Severity.WARNING, _line(p.place))))


def _line(place: str) -> int:
    line = place.rpartition(":")[2]
    return int(line) if line.isdecimal() else 0


Finding = tuple[Severity, KeyPath, str, str]


def _broken_rules(ontology: Ontology, described_one_by_one: bool) -> Iterator[Finding]:
    if not ontology.properties:
        yield Severity.ERROR, ("properties",), "the ontology has no properties", "Add at least one under `properties:`"
    for class_ in ontology.classes.values():
        yield from _in_class(class_, ontology)
    for prop in ontology.properties.values():
        yield from _in_references(prop, ontology)
        yield from _in_flags(prop, ontology)
    yield from _in_names(ontology)
    yield from _in_labels(ontology)
    yield from _in_disjointness(ontology)
    yield from _unused_classes(ontology)
    yield from _undescribed(ontology, described_one_by_one)


def _in_class(class_: OntologyClass, ontology: Ontology) -> Iterator[Finding]:
    path = ("classes", class_.name, "parent")
    for parent in class_.parents:
        if parent not in ontology.classes:
            yield Severity.ERROR, path, f"the parent of {class_.name!r} is {parent!r}, not a class", _one_of(ontology.classes)
        elif class_.name in ontology.ancestors(parent):
            yield (
                Severity.ERROR,
                path,
                f"{class_.name!r} is its own ancestor by way of {parent!r}",
                "Remove one parent of the cycle",
            )


def _in_references(prop: Property, ontology: Ontology) -> Iterator[Finding]:
    path = ("properties", prop.name)
    for index, name in enumerate(prop.domain):
        if name not in ontology.classes:
            place = (*path, "domain", str(index))
            yield Severity.ERROR, place, f"the domain of {prop.name!r} is {name!r}, not a class", _one_of(ontology.classes)
    for index, name in enumerate(prop.range):
        if name not in ontology.classes and name not in prop.datatypes:
            place = (*path, "range", str(index))
            remedy = f"{_one_of(ontology.classes)}; or a datatype: {', '.join((*sorted(XSD_DATATYPES), ANY_LITERAL))}"
            yield Severity.ERROR, place, f"the range of {prop.name!r} is {name!r}, neither a class nor a datatype", remedy
    if prop.inverse_of is None:
        return
    place = (*path, "inverse_of")
    inverse = ontology.properties.get(prop.inverse_of)
    if inverse is None:
        yield (
            Severity.ERROR,
            place,
            f"{prop.name!r} is the inverse of {prop.inverse_of!r}, not a property",
            _one_of(ontology.properties),
        )
    elif inverse.inverse_of not in (None, prop.name):
        problem = f"{prop.name!r} is the inverse of {inverse.name!r}, which is the inverse of {inverse.inverse_of!r}"
        yield Severity.ERROR, place, problem, "Let the two name each other"
    elif set(prop.domain) != set(inverse.range) or set(prop.range) != set(inverse.domain):
        problem = f"domain and range of {prop.name!r} are not range and domain of its inverse {inverse.name!r}"
        yield Severity.WARNING, place, problem, "Make the two mirror each other"


def _in_flags(prop: Property, ontology: Ontology) -> Iterator[Finding]:
    path = ("properties", prop.name)
    if prop.symmetric and prop.asymmetric:
        yield Severity.ERROR, (*path, "asymmetric"), f"{prop.name!r} is both symmetric and asymmetric", "Keep one of the two"
    if prop.functional and (prop.max_cardinality or 1) > 1:
        problem = f"{prop.name!r} is functional, yet max_cardinality is {prop.max_cardinality}"
        yield Severity.ERROR, (*path, "max_cardinality"), problem, "Remove one of the two"
    if prop.max_cardinality == 0:
        problem = f"max_cardinality of {prop.name!r} is 0, so that no fact could hold"
        yield Severity.ERROR, (*path, "max_cardinality"), problem, "Set it to 1 or more, or remove it"
    elif prop.min_cardinality is not None and prop.min_cardinality > (prop.max_cardinality or prop.min_cardinality):
        problem = f"min_cardinality of {prop.name!r} is greater than its max_cardinality"
        yield Severity.ERROR, (*path, "min_cardinality"), problem, "Swap or correct the two"
    between_entities = [flag for flag in ("symmetric", "asymmetric", "transitive", "inverse_of") if getattr(prop, flag)]
    if prop.datatypes and between_entities:
        problem = f"{prop.name!r} takes literals, yet is declared {' and '.join(between_entities)}"
        yield Severity.ERROR, (*path, between_entities[0]), problem, "Remove the flag; only properties between entities have it"
    if prop.symmetric and set(prop.domain) != set(prop.range):
        problem = f"{prop.name!r} is symmetric, yet its domain and range differ"
        yield Severity.WARNING, (*path, "symmetric"), problem, "Give both the same classes"
    if prop.symmetric and prop.inverse_of not in (None, prop.name):
        problem = f"{prop.name!r} is symmetric, so it is its own inverse, not {prop.inverse_of!r}'s"
        yield Severity.WARNING, (*path, "inverse_of"), problem, "Remove one of the two"
    if prop.asymmetric and prop.inverse_of == prop.name:
        yield Severity.ERROR, (*path, "inverse_of"), f"{prop.name!r} is asymmetric, yet its own inverse", "Remove one of the two"
    for index, qualifier in enumerate(prop.qualifiers):
        if not qualifier.isidentifier():
            problem = f"qualifier {qualifier!r} of {prop.name!r} cannot be a name"
            yield Severity.ERROR, (*path, "qualifiers", str(index)), problem, "Use letters, digits and _, such as start_time"


def _in_names(ontology: Ontology) -> Iterator[Finding]:
    for kind, names in (("classes", ontology.classes), ("properties", ontology.properties)):
        seen: dict[str, str] = {}
        for name in names:
            path = (kind, name)
            if not name.isidentifier():
                yield (
                    Severity.ERROR,
                    path,
                    f"{name!r} cannot be a name",
                    "Use letters, digits and _, not a digit first; put spaces in the label",
                )
            if kind == "classes" and (name in XSD_DATATYPES or name == ANY_LITERAL):
                yield Severity.ERROR, path, f"the class {name!r} has the name of a datatype", "Rename it, such as with a capital"
            if (other := seen.setdefault(name.casefold(), name)) != name:
                problem = f"{name!r} and {other!r} differ in capitals alone, which a store may not tell apart"
                yield Severity.WARNING, path, problem, "Rename one of the two"
    for name in ontology.classes:
        if name in RESERVED_CLASSES:
            yield (
                Severity.WARNING,
                ("classes", name),
                f"the graph has {name!r} of its own",
                f"It will be {name}_ in Neo4j, or rename it",
            )
    for name, prop in ontology.properties.items():
        if name.upper().startswith(RESERVED_PREFIXES) or (name in RESERVED_PROPERTIES and prop.datatypes):
            yield (
                Severity.WARNING,
                ("properties", name),
                f"the graph has {name!r} of its own",
                f"It will be {name}_ in Neo4j, or rename it",
            )


def _in_labels(ontology: Ontology) -> Iterator[Finding]:
    things: tuple[tuple[str, Iterable[OntologyClass | Property]], ...] = (
        ("classes", ontology.classes.values()),
        ("properties", ontology.properties.values()),
    )
    for kind, items in things:
        owners: defaultdict[str, list[str]] = defaultdict(list)
        for item in items:
            if not item.label.strip():
                yield Severity.WARNING, (kind, item.name), f"{item.name!r} has no label", "Say in a few words what it is called"
            for label in dict.fromkeys(text.casefold() for text in (item.label, *item.aliases)):
                owners[label].append(item.name)
        for shared, names in owners.items():
            if len(names) > 1:
                problem = f"the label or alias {shared!r} is shared by {', '.join(map(repr, names))}"
                yield Severity.WARNING, (kind, names[1]), problem, "Tell them apart, or the extractor cannot"


def _in_disjointness(ontology: Ontology) -> Iterator[Finding]:
    for index, pair in enumerate(ontology.disjoint):
        path = ("disjoint", str(index))
        for name in pair:
            if name not in ontology.classes:
                yield Severity.ERROR, path, f"{name!r} is declared disjoint, but is not a class", _one_of(ontology.classes)
        if pair[0] in ontology.ancestors(pair[1]) or pair[1] in ontology.ancestors(pair[0]):
            problem = f"{pair[0]!r} and {pair[1]!r} are declared disjoint, yet one is the other or its descendant"
            yield Severity.ERROR, path, problem, "Remove the pair or the parent"
    for class_ in ontology.classes.values():
        above = ontology.ancestors(class_.name)
        for first, second in ontology.disjoint:
            if first in above and second in above and class_.name not in (first, second):
                problem = f"{class_.name!r} descends from both {first!r} and {second!r}, which are disjoint"
                yield Severity.ERROR, ("classes", class_.name, "parent"), problem, "Remove one parent or the disjointness"


def _unused_classes(ontology: Ontology) -> Iterator[Finding]:
    if any(not prop.domain or not prop.range for prop in ontology.properties.values()):
        return  # some property takes any class
    mentioned = {name for prop in ontology.properties.values() for name in (*prop.domain, *prop.range)}
    used = {name for name in ontology.classes if ontology.ancestors(name) & mentioned}
    used |= {above for name in used for above in ontology.ancestors(name)}
    for name in ontology.classes:
        if name not in used:
            problem = f"no property has the class {name!r}, or a class above or below it, in its domain or range"
            yield Severity.WARNING, ("classes", name), problem, "Use it or remove it"


def _undescribed(ontology: Ontology, one_by_one: bool) -> Iterator[Finding]:
    remedy = "Say in a sentence what it means; extractors read it"
    missing = [("classes", name) for name, class_ in ontology.classes.items() if not class_.description]
    missing += [("properties", name) for name, prop in ontology.properties.items() if not prop.description]
    if one_by_one:
        for path in missing:
            yield Severity.WARNING, path, f"{path[1]!r} has no description", remedy
    elif missing:
        total = len(ontology.classes) + len(ontology.properties)
        yield Severity.WARNING, (), f"{len(missing)} of {total} classes and properties have no description", remedy


def _one_of(names: Iterable[str]) -> str:
    listed = list(names)
    shown = ", ".join(listed[:12])
    return f"Use one of: {shown}{f' and {len(listed) - 12} more' if len(listed) > 12 else ''}" if listed else "Declare it first"
