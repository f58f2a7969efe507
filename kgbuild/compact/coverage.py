"""Which properties of an ontology the weights were taught, and why not the others."""

from dataclasses import dataclass
from typing import Literal

from kgbuild.compact.catalogue import TrainedProperty, label_text, spoken
from kgbuild.compact.weights import Weights
from kgbuild.ontology.model import Ontology, Property

How = Literal["examples", "Wikidata id", "label", "alias"]


@dataclass(frozen=True, slots=True)
class Covered:
    """A property that the weights know. number: of the trained property; how: what told the two are the same."""

    name: str
    number: int
    how: How
    trained_as: str


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A property that the weights were never taught, and what to do about it."""

    name: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every property of an ontology, covered or not, each in the order of the ontology."""

    covered: tuple[Covered, ...]
    uncovered: tuple[Uncovered, ...]


def coverage(ontology: Ontology, weights: Weights) -> Coverage:
    """Tell which properties the weights were taught: by examples of this name, Wikidata id, label or alias."""
    covered: list[Covered] = []
    uncovered: list[Uncovered] = []
    for prop in ontology.properties.values():
        match = _known(prop, weights.properties)
        if match is None:
            uncovered.append(
                Uncovered(
                    prop.name,
                    f"the weights were taught nothing called {prop.label!r}",
                    "Label 25 sentences for it and run kgbuild train, or ask for its guesses with --uncovered",
                )
            )
        else:
            number, how = match
            covered.append(Covered(prop.name, number, how, weights.properties[number].label))
    return Coverage(tuple(covered), tuple(uncovered))


def _known(prop: Property, trained: tuple[TrainedProperty, ...]) -> tuple[int, How] | None:
    key = property_key(prop)
    by_key = {entry.key: number for number, entry in enumerate(trained)}
    by_label = {spoken(entry.label): number for number, entry in enumerate(trained)}
    by_alias = {spoken(alias): number for number, entry in enumerate(trained) for alias in entry.aliases}
    if key in by_key:
        return by_key[key], "Wikidata id" if key != prop.name else "examples"
    names = [spoken(prop.label), spoken(prop.name)]
    for name in names:
        if name in by_label:
            return by_label[name], "label"
    for name in names:
        if name in by_alias:
            return by_alias[name], "alias"
    return None


def property_key(prop: Property) -> str:
    """Return what identifies a property across ontologies: its Wikidata id where it has one, its name otherwise.

    >>> property_key(Property("founder", "founder", iri="http://www.wikidata.org/entity/P112"))
    'P112'
    >>> property_key(Property("hums", "hums"))
    'hums'
    """
    last = prop.iri.rstrip("/").rpartition("/")[2]
    return last if "wikidata.org" in prop.iri and last[:1] == "P" and last[1:].isdigit() else prop.name


def wording(prop: Property, ontology: Ontology, trained: TrainedProperty | None) -> str:
    """Word a property for the label encoder: as it was taught where it was taught, from the ontology otherwise."""
    if trained is not None:
        return label_text(trained.label, [trained.domain] if trained.domain else [], [trained.range] if trained.range else [])
    labels = {name: c.label for name, c in ontology.classes.items()}
    return label_text(prop.label, [labels.get(name, name) for name in prop.domain], [labels.get(name, name) for name in prop.range])
