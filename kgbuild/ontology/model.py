"""The ontology as the stages see it: classes, properties, and the closure of the subclass relation."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Literal

from kgbuild.ids import digest

XSD_DATATYPES = frozenset(
    {"string", "integer", "decimal", "boolean", "date", "gYear", "gYearMonth", "dateTime", "anyURI", "duration"}
)
ANY_LITERAL = "literal"
"""The datatype of a property whose range says no more than "a literal"."""
TIMES = ("point_in_time", "start", "end")
"""Qualifiers that a fact may carry when its property is temporal."""


@dataclass(frozen=True, slots=True)
class OntologyClass:
    """A class. `other_parents`: classes above it besides `parent`, for ontologies in which a class has several."""

    name: str
    label: str
    description: str = ""
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    iri: str = ""
    other_parents: tuple[str, ...] = ()

    @property
    def parents(self) -> tuple[str, ...]:
        """Every class directly above this one, the first one first."""
        return (self.parent, *self.other_parents) if self.parent is not None else self.other_parents


@dataclass(frozen=True, slots=True)
class Property:
    """A property. `domain`: class names. `range`: class names, or XSD datatypes without prefix, or ANY_LITERAL.

    temporal: its facts hold for a time (`valid_from`, `valid_to`). qualifiers: names of further qualifiers a fact may carry.
    iri: where the property comes from, such as http://www.wikidata.org/entity/P112.
    """

    name: str
    label: str
    description: str = ""
    domain: tuple[str, ...] = ()
    range: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    iri: str = ""
    functional: bool = False
    inverse_functional: bool = False
    symmetric: bool = False
    asymmetric: bool = False
    transitive: bool = False
    inverse_of: str | None = None
    temporal: bool = False
    min_cardinality: int | None = None
    max_cardinality: int | None = None
    qualifiers: tuple[str, ...] = ()

    @property
    def datatypes(self) -> tuple[str, ...]:
        """The literal datatypes of the range; empty for a property between entities only."""
        return tuple(name for name in self.range if name in XSD_DATATYPES or name == ANY_LITERAL)

    @property
    def limits_objects(self) -> bool:
        """Whether a subject may have only so many objects, so that further ones clash."""
        return self.functional or self.max_cardinality is not None

    @property
    def allowed_qualifiers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*(TIMES if self.temporal else ()), *self.qualifiers)))

    @property
    def range_classes(self) -> tuple[str, ...]:
        return tuple(name for name in self.range if name not in self.datatypes)


@dataclass(frozen=True)
class Ontology:
    """Classes and properties by name, in the order of the file. Build one with `kgbuild.ontology.read`.

    digest: of everything that decides what is extracted and judged, see `content_digest`; the same for every file format.
    disjoint: pairs of classes that share no member.
    source, licence: where the ontology comes from, and on what terms.
    examples: worked examples for prompts, a line of JSON each; they are no part of what holds, and so not of the digest.
    """

    name: str
    classes: Mapping[str, OntologyClass]
    properties: Mapping[str, Property]
    title: str = ""
    typing: Literal["hard", "soft"] = "hard"
    digest: str = ""
    disjoint: tuple[tuple[str, str], ...] = field(default=())
    description: str = ""
    source: str = ""
    licence: str = ""
    examples: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Tell that there is none: without properties, any triple of words is allowed."""
        return not self.properties

    @cached_property
    def _ancestors(self) -> dict[str, frozenset[str]]:
        closure: dict[str, frozenset[str]] = {}
        for name in self.classes:
            seen: set[str] = set()
            above = [name]
            while above:
                at = above.pop()
                if at in self.classes and at not in seen:
                    seen.add(at)
                    above.extend(self.classes[at].parents)
            closure[name] = frozenset(seen)
        return closure

    def ancestors(self, class_name: str) -> frozenset[str]:
        """Return the class itself and every class above it; empty for a class the ontology does not have."""
        return self._ancestors.get(class_name, frozenset())

    def is_a(self, class_name: str, any_of: Iterable[str]) -> bool:
        """Tell whether the class is one of `any_of` or a descendant of one. No class given means no restriction."""
        wanted = frozenset(any_of)
        return not wanted or bool(self.ancestors(class_name) & wanted)

    def one_way(self, subject: str, predicate: str, object_: str) -> tuple[str, str, str]:
        """Return the triple in the one direction that stands for it and for its inverse or mirror image.

        Whoever counts facts uses it, so that (Google, subsidiary, YouTube) and (YouTube, parent_organization, Google) are one.
        """
        prop = self.properties.get(predicate)
        if prop is not None and prop.symmetric:
            return (min(subject, object_), predicate, max(subject, object_))
        if prop is not None and prop.inverse_of is not None and prop.inverse_of < predicate:
            return (object_, prop.inverse_of, subject)
        return (subject, predicate, object_)


def says_something(words: str) -> bool:
    """Tell whether words could be what a text calls a thing: they have a letter or a digit, of any script.

    >>> says_something("born in"), says_something("में"), says_something("- _ →")
    (True, True, False)
    """
    return any(character.isalnum() for character in words)


def content_digest(ontology: Ontology) -> str:
    """Digest classes, properties, typing and disjointness, whatever their order, file format, name, title or licence."""

    def sorted_fields(fields: Mapping[str, object]) -> dict[str, object]:
        return {key: sorted(value) if isinstance(value, tuple) else value for key, value in sorted(fields.items())}

    def of_class(class_: OntologyClass) -> dict[str, object]:
        fields = asdict(class_) | {"parents": class_.parents}
        del fields["parent"], fields["other_parents"]
        return sorted_fields(fields)

    return digest(
        [of_class(class_) for _, class_ in sorted(ontology.classes.items())],
        [sorted_fields(asdict(prop)) for _, prop in sorted(ontology.properties.items())],
        ontology.typing,
        sorted(sorted(pair) for pair in ontology.disjoint),
    )
