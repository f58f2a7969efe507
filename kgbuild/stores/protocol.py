"""What a store is given and what every store promises.

A store is a projection of the ledger: it can be thrown away and published again at any time.
"""

from collections.abc import Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class Differences:
    """What turns the generation a store holds into the one to publish.

    since: the generation the store holds; None when it holds nothing of this graph, and everything is in `changed`.
    changed: records that are new or differ from those of `since`.
    retracted: records of `since` whose ids are gone, as they were.

    A literal-valued fact in either is a change of its subject, even where the entity's own record is the same.
    """

    since: int | None
    changed: GraphRecords
    retracted: GraphRecords


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

    def publish(self, snapshot: Snapshot, differences: Differences) -> None:
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
