"""The graph as a property graph: what its nodes and relationships are called and hold. The same in every store.

(:Document)<-[:FROM_DOCUMENT]-(:Chunk)-[:NEXT_CHUNK]->(:Chunk),  (:Entity)-[:FROM_CHUNK]->(:Chunk)
(:Entity)-[:BORN_IN]->(:Entity)     one relationship type per property between entities; literals are the entity's properties
"""

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kgbuild.ontology.model import Ontology
from kgbuild.records import Entity, EntityRef, Evidence, Fact, LiteralValue, Status

MARKER = "__KgbuildGraph__"
"""The label of the one node that says which graph, and which generation of it, a database holds."""
NODE_LABELS = ("Document", "Chunk", "Entity", "__Entity__", MARKER)
OWN_RELATIONSHIPS = ("FROM_DOCUMENT", "NEXT_CHUNK", "FROM_CHUNK")
CAPTION = "label"
"""What readers of GraphML draw on nodes and edges; kept free of properties in every store."""
NO_LABEL = re.compile("[\x00\ud800-\udfff]")
ENTITY_PROPERTIES = ("id", "name", "class_name", "aliases", "description", "fact_ids")
FACT_PROPERTIES = (
    "id",
    "confidence",
    "status",
    "evidence_count",
    "quotes",
    "evidence",
    "valid_from",
    "valid_to",
    "inferred_by",
)


class ValueType(StrEnum):
    """How the values of a literal property are stored: as numbers only where every value is one that the stores hold.

    A decimal there has some 16 digits and 308 places; more digits are rounded, more places make the values text.
    """

    INTEGER = "integer"
    DECIMAL = "decimal"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class LiteralProperty:
    """A property of entities: `key` is its name in the store; a list unless the ontology calls it functional."""

    key: str
    value_type: ValueType
    is_list: bool


@dataclass(frozen=True, slots=True)
class Relationship:
    """A relationship type: `qualifiers` gives the name in the store of each qualifier."""

    type: str
    qualifiers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Projection:
    """What the facts of a graph need: a relationship type or literal property per predicate, in the order of predicates."""

    relationships: Mapping[str, Relationship]
    literals: Mapping[str, LiteralProperty]


Use = tuple[str, ...]
"""One thing that names depend on: ("property", name), ("qualifier", name, qualifier), ("value", name, type) or ("class", name)."""


def uses_of(fact: Fact) -> set[Use]:
    if isinstance(fact.object, EntityRef):
        return {("property", fact.predicate)} | {("qualifier", fact.predicate, qualifier.name) for qualifier in fact.qualifiers}
    return {("value", fact.predicate, _value_type(fact.object).value)}


def projection(facts: Iterable[Fact], ontology: Ontology) -> Projection:
    """Read all facts once and name what they need. Depends on the set of facts alone, not on their order."""
    return named({use for fact in facts for use in uses_of(fact)}, ontology)


def named(uses: Collection[Use], ontology: Ontology) -> Projection:
    """Name what the facts of these uses need."""
    qualifiers: dict[str, set[str]] = defaultdict(set)
    value_types: dict[str, ValueType] = {}
    for kind, name, *detail in uses:
        if kind == "property":
            qualifiers[name].update()
        elif kind == "qualifier":
            qualifiers[name].update(detail)
        elif kind == "value":
            value_type = ValueType(detail[0])
            value_types[name] = _wider(value_types.get(name, value_type), value_type)
    types = _distinct({name: _upper_snake(name) for name in sorted(qualifiers)}, (*NODE_LABELS, *OWN_RELATIONSHIPS))
    keys = _distinct({name: _key(name) for name in sorted(value_types)}, (CAPTION, *ENTITY_PROPERTIES))
    return Projection(
        {
            name: Relationship(types[name], _distinct({q: _key(q) for q in sorted(qualifiers[name])}, (CAPTION, *FACT_PROPERTIES)))
            for name in types
        },
        {
            name: LiteralProperty(
                keys[name], value_types[name], not (name in ontology.properties and ontology.properties[name].functional)
            )
            for name in keys
        },
    )


def relationship_properties(fact: Fact, relationship: Relationship) -> dict[str, Any]:
    """Return what a relationship holds: DESIGN section 6, plus the rule that inferred the fact, None for a stated one."""
    properties: dict[str, Any] = {
        "id": fact.id,
        "confidence": fact.confidence,
        "status": fact.status.value,
        "evidence_count": len(fact.evidence),
        "quotes": [evidence.quote for evidence in fact.evidence],
        "evidence": [place(evidence) for evidence in fact.evidence],
        "valid_from": fact.valid_from,
        "valid_to": fact.valid_to,
        "inferred_by": fact.derived_from.rule if fact.derived_from else None,
    }
    for name, key in relationship.qualifiers.items():
        values = [qualifier.value.value for qualifier in fact.qualifiers if qualifier.name == name]
        properties[key] = "; ".join(values) if values else None
    return properties


def entity_properties(entity: Entity, facts: Iterable[Fact], literals: Mapping[str, LiteralProperty]) -> dict[str, Any]:
    """Return what the node of an entity holds. facts: those that have the entity as subject."""
    return {
        "id": entity.id,
        "name": entity.name,
        "class_name": entity.class_name,
        "aliases": entity.aliases,
        "description": entity.description,
        **_literal_properties(facts, literals),
    }


def _literal_properties(facts: Iterable[Fact], literals: Mapping[str, LiteralProperty]) -> dict[str, Any]:
    """Return the properties that an entity's literal-valued facts give it, and the ids of those facts.

    A superseded value is left out. Of several values of a functional property the undisputed, then the most confident one
    stands; the others are found by `fact_ids`.
    """
    held = [(fact, fact.object) for fact in facts if isinstance(fact.object, LiteralValue)]
    held.sort(key=lambda pair: (pair[0].status is Status.DISPUTED, -pair[0].confidence, pair[0].id))
    values: dict[str, list[Any]] = defaultdict(list)
    for fact, value in held:
        if fact.status is not Status.SUPERSEDED:
            values[fact.predicate].append(_value(value, literals[fact.predicate].value_type))
    properties: dict[str, Any] = {"fact_ids": sorted(fact.id for fact, _ in held)}
    for predicate, best_first in values.items():
        literal = literals[predicate]
        properties[literal.key] = sorted(set(best_first)) if literal.is_list else best_first[0]
    return properties


def place(evidence: Evidence) -> str:
    """Return where a piece of evidence stands, as "document_id:start-end"."""
    return f"{evidence.document_id}:{evidence.span.start}-{evidence.span.end}"


def entity_labels(class_names: Iterable[str]) -> dict[str, str]:
    """Return the node label of each class: its name, but for characters that no label can hold."""
    labels = {name: NO_LABEL.sub("\ufffd", name) or "_" for name in sorted(set(class_names))}
    return _distinct(labels, (*NODE_LABELS, *OWN_RELATIONSHIPS))


def _distinct(wanted: Mapping[str, str], reserved: Sequence[str]) -> dict[str, str]:
    """Give each name the one it wants; a reserved or taken one gets a trailing `_`. Case does not tell names apart."""
    taken = {name.casefold() for name in reserved}
    given: dict[str, str] = {}
    for name, candidate in wanted.items():
        while candidate.casefold() in taken:
            candidate += "_"
        taken.add(candidate.casefold())
        given[name] = candidate
    return given


def _key(name: str) -> str:
    """Make an identifier of letters, digits and `_` that does not begin with a digit."""
    composed = unicodedata.normalize("NFC", name)
    key = re.sub(r"\W+", "_", composed).strip("_")
    return f"_{key}" if not key or key[0].isdigit() else key


def _upper_snake(name: str) -> str:
    return _key(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).upper()


def _value_type(literal: LiteralValue) -> ValueType:
    if literal.datatype == "integer" and re.fullmatch(r"[+-]?\d{1,18}", literal.value, re.ASCII):
        return ValueType.INTEGER
    if literal.datatype in ("integer", "decimal") and re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", literal.value, re.ASCII):
        return ValueType.DECIMAL if math.isfinite(float(literal.value)) else ValueType.TEXT
    return ValueType.TEXT


def _wider(one: ValueType, other: ValueType) -> ValueType:
    order = list(ValueType)
    return max(one, other, key=order.index)


def _value(literal: LiteralValue, value_type: ValueType) -> Any:
    match value_type:
        case ValueType.INTEGER:
            return int(literal.value)
        case ValueType.DECIMAL:
            return float(literal.value)
        case ValueType.TEXT:
            return literal.value
