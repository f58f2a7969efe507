"""The graph as single nodes and relationships, for stores that take them one by one; named and filled as `projection` says."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from kgbuild.ontology.model import Ontology
from kgbuild.records import Chunk, Document, Entity, EntityRef, Fact
from kgbuild.stores.projection import (
    ENTITY_PROPERTIES,
    Projection,
    Use,
    entity_labels,
    entity_properties,
    named,
    relationship_properties,
    uses_of,
)
from kgbuild.stores.protocol import GraphRecords, Snapshot

DOCUMENT, CHUNK, ENTITY = "Document", "Chunk", "Entity"
FROM_DOCUMENT, NEXT_CHUNK, FROM_CHUNK = "FROM_DOCUMENT", "NEXT_CHUNK", "FROM_CHUNK"
KINDS = {
    # The label that tells nodes of a kind apart, and the properties that all of them have.
    DOCUMENT: ("id", "uri", "title", "content_hash", "published_on"),
    CHUNK: ("id", "text", "index", "start", "end"),
    ENTITY: ENTITY_PROPERTIES,
}
LONGEST_NAME_BYTES = 32_000
"""What Neo4j's index of names takes. A longer name is cut and ends in an ellipsis; its words are whole in chunks and evidence."""
HALF_SURROGATE = re.compile("[\ud800-\udfff]")
_ENDS = {FROM_DOCUMENT: (CHUNK, DOCUMENT), NEXT_CHUNK: (CHUNK, CHUNK), FROM_CHUNK: (ENTITY, CHUNK)}


@dataclass(frozen=True, slots=True)
class Node:
    """labels: those beside the one of its kind. properties: all that a node of ours may have, None where this one has none."""

    kind: str
    id: str
    labels: tuple[str, ...]
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Edge:
    """A relationship between two nodes of ours. id: of the fact that it states; None for those of the frame, one per pair."""

    type: str
    start: str
    end: str
    id: str | None
    properties: Mapping[str, Any]


def ends_of(type_: str) -> tuple[str, str]:
    """Return the kinds of node between which relationships of a type run."""
    return _ENDS.get(type_, (ENTITY, ENTITY))


@dataclass(frozen=True, slots=True)
class Names:
    """What classes and properties are called in a store."""

    labels: Mapping[str, str]
    projection: Projection


def uses_in(records: GraphRecords) -> set[Use]:
    """Return all that the names in a graph, or in a part of it, depend on; reads every entity and fact."""
    uses: set[Use] = {("class", entity.class_name) for entity in records.entities()}
    for fact in records.facts():
        uses |= uses_of(fact)
    return uses


def names_for(uses: set[Use], ontology: Ontology) -> Names:
    return Names(entity_labels(name for kind, name, *_ in uses if kind == "class"), named(uses, ontology))


def imported_database(graph_id: str, generation: int) -> str:
    """Return the id of a database whose first generation came by `neo4j-admin database import`, which no receipt tells of."""
    return f"imported-{graph_id}-{generation}"


# -- nodes


def nodes(snapshot: Snapshot, names: Names) -> Iterator[Node]:
    yield from map(document_node, snapshot.documents())
    yield from map(chunk_node, snapshot.chunks())
    for entity in snapshot.entities():
        yield entity_node(entity, snapshot.facts_of(entity.id), names)


def document_node(document: Document) -> Node:
    return Node(DOCUMENT, document.id, (), _kept({key: getattr(document, key) for key in KINDS[DOCUMENT]}))


def chunk_node(chunk: Chunk) -> Node:
    place = {"id": chunk.id, "text": chunk.text, "index": chunk.index, "start": chunk.span.start, "end": chunk.span.end}
    return Node(CHUNK, chunk.id, (), _kept(place))


def entity_node(entity: Entity, facts: Iterable[Fact], names: Names) -> Node:
    held = entity_properties(entity, facts, names.projection.literals)
    node = Node(ENTITY, entity.id, ("__Entity__", names.labels[entity.class_name]), _kept(held))
    if len(encoded := node.properties["name"].encode()) > LONGEST_NAME_BYTES:
        cut = encoded[: LONGEST_NAME_BYTES - 3].decode(errors="ignore") + "…"
        return replace(node, properties={**node.properties, "name": cut})
    return node


# -- relationships


def edges(snapshot: Snapshot, names: Names) -> Iterator[Edge]:
    """Yield every relationship once, those of a type one after the other only where it is one of the frame."""
    chunk_ids = lru_cache(maxsize=4096)(lambda document_id: frozenset(chunk.id for chunk in snapshot.chunks_of(document_id)))
    for document in snapshot.documents():
        yield from chunk_edges(snapshot.chunks_of(document.id))
    for entity in snapshot.entities():
        of_entity = (fact for fact in snapshot.facts_of_entity(entity.id) if fact.derived_from is None)
        places = {(piece.chunk_id, piece.document_id) for fact in of_entity for piece in fact.evidence}
        for chunk_id, document_id in sorted(places):
            if chunk_id in chunk_ids(document_id):
                yield Edge(FROM_CHUNK, entity.id, chunk_id, None, {})
    for fact in snapshot.facts():
        if isinstance(fact.object, EntityRef):
            yield fact_edge(fact, names)


def chunk_edges(chunks: Iterable[Chunk]) -> Iterator[Edge]:
    """Yield what ties the chunks of a document, given as they stand, to it and to each other."""
    before = None
    for chunk in chunks:
        yield Edge(FROM_DOCUMENT, chunk.id, chunk.document_id, None, {})
        if before is not None:
            yield Edge(NEXT_CHUNK, before.id, chunk.id, None, {})
        before = chunk


def source_edges(fact: Fact) -> Iterator[Edge]:
    """Yield what ties the entities of a stated fact to the chunks that state it; an inferred one has the words of others."""
    if fact.derived_from is None:
        entities = (fact.subject_id, fact.object.entity_id) if isinstance(fact.object, EntityRef) else (fact.subject_id,)
        for chunk_id in sorted({evidence.chunk_id for evidence in fact.evidence}):
            for entity_id in dict.fromkeys(entities):
                yield Edge(FROM_CHUNK, entity_id, chunk_id, None, {})


def fact_edge(fact: Fact, names: Names) -> Edge:
    assert isinstance(fact.object, EntityRef)
    relationship = names.projection.relationships[fact.predicate]
    held = _kept(relationship_properties(fact, relationship))
    return Edge(relationship.type, fact.subject_id, fact.object.entity_id, fact.id, held)


def next_chunks(chunks: Iterable[Chunk]) -> Iterator[Edge]:
    """Yield every relationship that may have been between chunks of one document, of which some stood there at other times."""
    at: dict[int, set[str]] = defaultdict(set)
    for chunk in chunks:
        at[chunk.index].add(chunk.id)
    for index, ids in at.items():
        for end in at.get(index + 1, ()):
            yield from (Edge(NEXT_CHUNK, start, end, None, {}) for start in ids)


def _kept(properties: dict[str, Any]) -> dict[str, Any]:
    """Make values what servers and files can hold: no empty lists, and half surrogate pairs, which are not UTF-8, as U+FFFD."""
    return {key: _value(value) for key, value in properties.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else HALF_SURROGATE.sub("\ufffd", value)
    if isinstance(value, (list, tuple)):
        return [_value(item) for item in value] or None
    return value
