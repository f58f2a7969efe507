"""What a store is given and what every store promises.

A store is a projection of the ledger: it can be thrown away and published again at any time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from kgbuild.ontology.model import Ontology
from kgbuild.records import Chunk, Document, Entity, Fact, Failure, JudgedTriple, Mention


class GraphRecords(Protocol):
    """The records a graph is made of, each kind streamed in the order of its ids."""

    def documents(self) -> Iterator[Document]: ...

    def chunks(self) -> Iterator[Chunk]: ...

    def entities(self) -> Iterator[Entity]: ...

    def facts(self) -> Iterator[Fact]: ...


class Snapshot(GraphRecords, Protocol):
    """One published generation of a graph; it does not change while a later one is built.

    generation: counts up with every build that changed something.
    graph_id: tells this graph from every other one that may be published into the same database.
    ontology: what the graph was built under; one without classes and properties in open mode.
    """

    @property
    def generation(self) -> int: ...

    @property
    def graph_id(self) -> str: ...

    @property
    def ontology(self) -> Ontology: ...

    def mentions(self) -> Iterator[Mention]: ...

    def rejected(self) -> Iterator[JudgedTriple]:
        """Yield what was rejected or left undecided, in the order of the triples' ids."""
        ...

    def failures(self) -> Iterator[Failure]:
        """Yield failures in the order of stage, uri, chunk, reason and detail."""
        ...

    def text_of(self, document_id: str) -> str:
        """Return a document's text; the last few are kept at hand. Raises GraphError for a document that is not in the graph."""
        ...

    def facts_of(self, entity_id: str) -> Iterator[Fact]:
        """Yield the facts that have the entity as subject, in the order of their ids."""
        ...

    def facts_of_entity(self, id_: str) -> Iterable[Fact]:
        """Return the facts that have the entity as subject or object."""
        ...

    def facts_with(self, predicate: str) -> Iterator[Fact]:
        """Yield the facts of one property, in the order of their ids."""
        ...

    def entity(self, id_: str) -> Entity | None: ...

    def chunks_of(self, document_id: str) -> Iterable[Chunk]:
        """Return a document's chunks in the order in which they stand."""
        ...


@dataclass(frozen=True, slots=True)
class Differences:
    """What turns the generation a store holds into the one to publish.

    since: the generation the store holds; None when it holds no whole one of this graph, and everything is in `changed`.
    changed: records that are new or differ from those of `since`.
    retired: records that `since`, or a generation between the two, held and the one to publish does not: earlier versions of what
    changed, and what is gone. Those of generations between matter to a store in which an attempt to publish one of them failed.

    A literal-valued fact in either is a change of its subject, even where the entity's own record is the same.
    """

    since: int | None
    changed: GraphRecords
    retired: GraphRecords


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publication changed in a store; nothing where the store held the generation already, or is built when asked.

    stripped: ids of nodes gone from the graph but kept, bare of all that was ours, since relationships of others touch them.
    """

    nodes_created: int = 0
    nodes_deleted: int = 0
    relationships_created: int = 0
    relationships_deleted: int = 0
    properties_set: int = 0
    stripped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found. `complete` is False when there were more rows than were asked for.

    Values are those of JSON: nodes and relationships are objects of their properties, dates are ISO text.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    complete: bool = True


class Store(Protocol):
    def generation(self) -> int | None:
        """Return the generation that the store holds; None when it holds nothing."""
        ...

    def publish(self, snapshot: Snapshot, differences: Differences) -> Publication:
        """Make the store hold `snapshot`. Doing it twice is doing it once; a failed publication is mended by the next.

        Raises StoreError when the store cannot be written or belongs to another graph.
        """
        ...

    def query(
        self, cypher: str, parameters: Mapping[str, object] | None = None, *, max_rows: int = 10_000, timeout_s: float = 60.0
    ) -> Answer:
        """Answer a query that only reads. Raises StoreError, in one line, when it is wrong, writes or takes too long."""
        ...

    def close(self) -> None: ...
