"""The ontology as the stages see it: classes, properties, and the closure of the subclass relation."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

XSD_DATATYPES = frozenset(
    {"string", "integer", "decimal", "boolean", "date", "gYear", "gYearMonth", "dateTime", "anyURI", "duration"}
)
ANY_LITERAL = "literal"
"""The datatype of a property whose range says no more than "a literal"."""


@dataclass(frozen=True, slots=True)
class OntologyClass:
    name: str
    label: str
    description: str = ""
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    iri: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """A property. `domain`: class names. `range`: class names, or XSD datatypes without prefix, or ANY_LITERAL.

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
    def range_classes(self) -> tuple[str, ...]:
        return tuple(name for name in self.range if name not in self.datatypes)


@dataclass(frozen=True)
class Ontology:
    """Classes and properties by name, in the order of the file. Build one with `kgbuild.ontology.read`."""

    name: str
    classes: Mapping[str, OntologyClass]
    properties: Mapping[str, Property]
    title: str = ""
    typing: Literal["hard", "soft"] = "hard"
    digest: str = ""
    disjoint: tuple[tuple[str, str], ...] = field(default=())

    @cached_property
    def _ancestors(self) -> dict[str, frozenset[str]]:
        closure: dict[str, frozenset[str]] = {}
        for name in self.classes:
            seen: list[str] = []
            at: str | None = name
            while at is not None and at in self.classes and at not in seen:
                seen.append(at)
                at = self.classes[at].parent
            closure[name] = frozenset(seen)
        return closure

    def ancestors(self, class_name: str) -> frozenset[str]:
        """Return the class itself and every class above it; empty for a class the ontology does not have."""
        return self._ancestors.get(class_name, frozenset())

    def is_a(self, class_name: str, any_of: Iterable[str]) -> bool:
        """Tell whether the class is one of `any_of` or a descendant of one. No class given means no restriction."""
        wanted = frozenset(any_of)
        return not wanted or bool(self.ancestors(class_name) & wanted)
