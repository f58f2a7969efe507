"""What makes an ontology wrong or doubtful, whatever format it was read from. Every rule looks at everything."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from kgbuild.ontology.model import ANY_LITERAL, XSD_DATATYPES, Ontology, OntologyClass, Property, says_something
from kgbuild.ontology.problems import Draft, KeyPath, Problem, Severity

RESERVED_CLASSES = frozenset({"Document", "Chunk", "Entity", "__Entity__"})
RESERVED_PROPERTIES = frozenset({"id", "name", "class_name", "aliases", "description"})
RESERVED_PREFIXES = ("FROM_", "NEXT_CHUNK")
"""Names that the graph needs for itself; a store writes the ontology's own with a trailing `_`."""

MAX_SUGGESTED_NAMES = 12

Finding = tuple[Severity, KeyPath, str, str]
"""How bad, where in the file, what is wrong, what to do."""


def problems_of(draft: Draft) -> tuple[Problem, ...]:
    """Return everything wrong or doubtful about an ontology, errors first, each in the order of the file."""
    findings = (Problem(severity, draft.place(path), *words) for severity, path, *words in _findings(draft))
    found = dict.fromkeys((*draft.problems, *findings))
    return tuple(sorted(found, key=lambda problem: (problem.severity is Severity.WARNING, _line(problem.place))))


def _line(place: str) -> int:
    line = place.rpartition(":")[2]
    return int(line) if line.isdecimal() else 0


def _error(path: KeyPath, problem: str, remedy: str) -> Finding:
    return Severity.ERROR, path, problem, remedy


def _warning(path: KeyPath, problem: str, remedy: str) -> Finding:
    return Severity.WARNING, path, problem, remedy


def _findings(draft: Draft) -> Iterator[Finding]:
    ontology = draft.ontology
    if not any(problem.severity is Severity.ERROR for problem in draft.problems):
        yield from _nothing_of_a_kind(ontology)
    for class_ in ontology.classes.values():
        yield from _in_parents(class_, ontology)
    for prop in ontology.properties.values():
        yield from _in_references(prop, ontology)
        yield from _in_flags(prop)
        yield from _in_cardinality(prop)
    yield from _in_names(ontology, draft.names_are_ids)
    yield from _in_labels("classes", ontology.classes.values())
    yield from _in_labels("properties", ontology.properties.values())
    yield from _in_iris("classes", ontology.classes.values())
    yield from _in_iris("properties", ontology.properties.values())
    yield from _in_disjointness(ontology)
    yield from _unused_classes(ontology)
    yield from _undescribed(ontology, one_by_one=bool(draft.lines))


def _nothing_of_a_kind(ontology: Ontology) -> Iterator[Finding]:
    if not ontology.classes:
        yield _error(("classes",), "the ontology has no classes", "Add at least one under `classes:`; a subject is always of one")
    if not ontology.properties:
        yield _error(("properties",), "the ontology has no properties", "Add at least one under `properties:`")


def _in_parents(class_: OntologyClass, ontology: Ontology) -> Iterator[Finding]:
    path = ("classes", class_.name, "parent")
    for parent in class_.parents:
        if parent not in ontology.classes:
            yield _error(path, f"the parent of {class_.name!r} is {parent!r}, not a class", _one_of(ontology.classes))
        elif class_.name in ontology.ancestors(parent):
            yield _error(path, f"{class_.name!r} is its own ancestor by way of {parent!r}", "Remove one parent of the cycle")


def _in_references(prop: Property, ontology: Ontology) -> Iterator[Finding]:
    path = ("properties", prop.name)
    for index, name in enumerate(prop.domain):
        if name not in ontology.classes:
            problem = f"the domain of {prop.name!r} is {name!r}, not a class"
            yield _error((*path, "domain", str(index)), problem, _one_of(ontology.classes))
    for index, name in enumerate(prop.range):
        if name not in ontology.classes and name not in prop.datatypes:
            problem = f"the range of {prop.name!r} is {name!r}, neither a class nor a datatype"
            remedy = f"{_one_of(ontology.classes)}; or a datatype: {', '.join((*sorted(XSD_DATATYPES), ANY_LITERAL))}"
            yield _error((*path, "range", str(index)), problem, remedy)
    if prop.inverse_of is None:
        return
    place = (*path, "inverse_of")
    inverse = ontology.properties.get(prop.inverse_of)
    if inverse is None:
        problem = f"{prop.name!r} is the inverse of {prop.inverse_of!r}, not a property"
        yield _error(place, problem, _one_of(ontology.properties))
    elif inverse.inverse_of not in (None, prop.name):
        problem = f"{prop.name!r} is the inverse of {inverse.name!r}, which is the inverse of {inverse.inverse_of!r}"
        yield _error(place, problem, "Let the two name each other")
    elif set(prop.domain) != set(inverse.range) or set(prop.range) != set(inverse.domain):
        problem = f"domain and range of {prop.name!r} are not range and domain of its inverse {inverse.name!r}"
        yield _warning(place, problem, "Make the two mirror each other")


def _in_flags(prop: Property) -> Iterator[Finding]:
    path = ("properties", prop.name)
    if prop.symmetric and prop.asymmetric:
        yield _error((*path, "asymmetric"), f"{prop.name!r} is both symmetric and asymmetric", "Keep one of the two")
    if prop.asymmetric and prop.inverse_of == prop.name:
        yield _error((*path, "inverse_of"), f"{prop.name!r} is asymmetric, yet its own inverse", "Remove one of the two")
    flags = [flag for flag in ("symmetric", "asymmetric", "transitive", "inverse_of") if getattr(prop, flag)]
    if prop.datatypes and flags:
        problem = f"{prop.name!r} takes literals, yet is declared {' and '.join(flags)}"
        yield _error((*path, flags[0]), problem, "Remove the flag; only properties between entities have it")
    if prop.symmetric and set(prop.domain) != set(prop.range):
        problem = f"{prop.name!r} is symmetric, yet its domain and range differ"
        yield _warning((*path, "symmetric"), problem, "Give both the same classes")
    if prop.symmetric and prop.inverse_of not in (None, prop.name):
        problem = f"{prop.name!r} is symmetric, so its inverse is itself, not {prop.inverse_of!r}"
        yield _warning((*path, "inverse_of"), problem, "Remove one of the two")
    for index, qualifier in enumerate(prop.qualifiers):
        if not qualifier.isidentifier():
            problem = f"the qualifier {qualifier!r} of {prop.name!r} cannot be a name"
            yield _error((*path, "qualifiers", str(index)), problem, "Use letters, digits and _, such as start_time")


def _in_cardinality(prop: Property) -> Iterator[Finding]:
    path = ("properties", prop.name)
    least, most = prop.min_cardinality, prop.max_cardinality
    if most == 0:
        problem = f"max_cardinality of {prop.name!r} is 0, so that no fact could hold"
        yield _error((*path, "max_cardinality"), problem, "Set it to 1 or more, or remove it")
    elif most is not None and prop.functional and most > 1:
        problem = f"{prop.name!r} is functional, yet its max_cardinality is {most}"
        yield _error((*path, "max_cardinality"), problem, "Remove one of the two")
    elif most is not None and least is not None and least > most:
        problem = f"min_cardinality of {prop.name!r} is greater than its max_cardinality"
        yield _error((*path, "min_cardinality"), problem, "Swap or correct the two")


def _in_names(ontology: Ontology, names_are_ids: bool) -> Iterator[Finding]:
    for kind, names in (("classes", ontology.classes), ("properties", ontology.properties)):
        spelt: dict[str, str] = {}
        for name in names:
            path = (kind, name)
            if not name.isidentifier() and names_are_ids:
                yield _warning(path, f"the id {name!r} is no identifier", "A store will write it with `_`; nothing to do")
            elif not name.isidentifier():
                remedy = "Use letters, digits and _, not a digit first, and put anything else in the label"
                yield _error(path, f"{name!r} cannot be a name", remedy)
            if kind == "classes" and (name in XSD_DATATYPES or name == ANY_LITERAL):
                yield _error(path, f"the class {name!r} has the name of a datatype", "Rename it, such as with a capital")
            if (other := spelt.setdefault(name.casefold(), name)) != name:
                problem = f"{name!r} and {other!r} differ in capitals alone, which a store may not tell apart"
                yield _warning(path, problem, "Rename one of the two")
            if _is_reserved(kind, name, ontology):
                yield _warning(path, f"the graph has {name!r} of its own", f"Rename it, or find it as {name}_ in Neo4j")


def _is_reserved(kind: str, name: str, ontology: Ontology) -> bool:
    if kind == "classes":
        return name in RESERVED_CLASSES
    is_literal = bool(ontology.properties[name].datatypes)
    return name.upper().startswith(RESERVED_PREFIXES) or (is_literal and name in RESERVED_PROPERTIES)


def _in_labels(kind: str, items: Iterable[OntologyClass | Property]) -> Iterator[Finding]:
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for item in items:
        if not says_something(item.label):  # with a name that says something, the reader would have called it by that
            problem = f"neither the label {item.label!r} of {item.name!r} nor its name has a letter or digit"
            yield _error((kind, item.name, "label"), problem, "Say what a text would call it")
        for label in dict.fromkeys(text.casefold() for text in (item.label, *item.aliases)):
            owners[label].append(item.name)
    for label, names in owners.items():
        if len(names) > 1:
            problem = f"the label or alias {label!r} is shared by {' and '.join(map(repr, names))}"
            yield _warning((kind, names[-1]), problem, "Tell them apart, or the extractor cannot")


def _in_iris(kind: str, items: Iterable[OntologyClass | Property]) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for item in items:
        if item.iri and (other := owners.setdefault(item.iri, item.name)) != item.name:
            remedy = "Give it its own, unless what is trained under the IRI is to serve both"
            yield _warning((kind, item.name, "iri"), f"{item.name!r} shares its IRI with {other!r}", remedy)


def _in_disjointness(ontology: Ontology) -> Iterator[Finding]:
    for index, pair in enumerate(ontology.disjoint):
        path = ("disjoint", str(index))
        for name in pair:
            if name not in ontology.classes:
                yield _error(path, f"{name!r} is declared disjoint, but is not a class", _one_of(ontology.classes))
        first, second = pair
        for class_ in ontology.classes:
            if {first, second} <= ontology.ancestors(class_):
                problem = f"{first!r} and {second!r} are declared disjoint, yet {class_!r} is both"
                yield _error(path, problem, "Remove the pair or a parent")


def _unused_classes(ontology: Ontology) -> Iterator[Finding]:
    if any(not prop.domain or not prop.range for prop in ontology.properties.values()):
        return  # such a property takes any class
    mentioned = {name for prop in ontology.properties.values() for name in (*prop.domain, *prop.range)}
    used = {name for name in ontology.classes if ontology.ancestors(name) & mentioned}
    used |= {above for name in used for above in ontology.ancestors(name)}
    for name in ontology.classes:
        if name not in used:
            problem = f"no property has the class {name!r}, or one above or below it, in its domain or range"
            yield _warning(("classes", name), problem, "Use it or remove it")


def _undescribed(ontology: Ontology, one_by_one: bool) -> Iterator[Finding]:
    remedy = "Say in a sentence what it means; extractors read it"
    missing = [("classes", name) for name, class_ in ontology.classes.items() if not class_.description]
    missing += [("properties", name) for name, prop in ontology.properties.items() if not prop.description]
    if one_by_one:
        for path in missing:
            yield _warning(path, f"{path[1]!r} has no description", remedy)
    elif missing:
        total = len(ontology.classes) + len(ontology.properties)
        yield _warning((), f"{len(missing)} of {total} classes and properties have no description", remedy)


def _one_of(names: Iterable[str]) -> str:
    listed = list(names)
    if not listed:
        return "Declare it first"
    more = len(listed) - MAX_SUGGESTED_NAMES
    return f"Use one of: {', '.join(listed[:MAX_SUGGESTED_NAMES])}{f' and {more} more' if more > 0 else ''}"
