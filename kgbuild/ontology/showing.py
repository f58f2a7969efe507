"""An ontology laid out for a reader: its classes as a tree, its properties as rows."""

from collections.abc import Iterator
from dataclasses import dataclass

from kgbuild.ontology.model import Ontology, Property

FLAGS = ("functional", "inverse_functional", "symmetric", "asymmetric", "transitive", "temporal")


@dataclass(frozen=True, slots=True)
class ClassRow:
    """depth: how many classes stand above it in the tree."""

    depth: int
    name: str
    label: str
    description: str


@dataclass(frozen=True, slots=True)
class PropertyRow:
    name: str
    domain: str
    range: str
    flags: str
    description: str
    iri: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What `kgbuild ontology show` prints."""

    name: str
    title: str
    description: str
    source: str
    licence: str
    typing: str
    digest: str
    classes: tuple[ClassRow, ...]
    properties: tuple[PropertyRow, ...]


def show(ontology: Ontology) -> Overview:
    """Lay out an ontology: each class below its first parent, each property with domain, range and flags in words."""
    return Overview(
        name=ontology.name,
        title=ontology.title,
        description=ontology.description,
        source=ontology.source,
        licence=ontology.licence,
        typing=ontology.typing,
        digest=ontology.digest,
        classes=tuple(_tree(ontology)),
        properties=tuple(_row(prop) for prop in ontology.properties.values()),
    )


def _tree(ontology: Ontology, parent: str | None = None, depth: int = 0) -> Iterator[ClassRow]:
    for class_ in ontology.classes.values():
        if class_.parent == parent:
            yield ClassRow(depth, class_.name, class_.label, class_.description)
            yield from _tree(ontology, class_.name, depth + 1)


def _row(prop: Property) -> PropertyRow:
    flags = [flag.replace("_", " ") for flag in FLAGS if getattr(prop, flag)]
    if prop.inverse_of is not None:
        flags.append(f"inverse of {prop.inverse_of}")
    if prop.min_cardinality is not None:
        flags.append(f"at least {prop.min_cardinality}")
    if prop.max_cardinality is not None:
        flags.append(f"at most {prop.max_cardinality}")
    return PropertyRow(
        name=prop.name,
        domain=" or ".join(prop.domain) or "anything",
        range=" or ".join(prop.range) or "anything",
        flags=", ".join(flags),
        description=prop.description,
        iri=prop.iri,
    )
