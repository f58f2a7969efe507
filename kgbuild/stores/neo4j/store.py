"""Neo4j as a store: publishing what changed, and answering queries."""

import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import neo4j
from neo4j.exceptions import ClientError, CypherSyntaxError, CypherTypeError, Neo4jError
from neo4j.graph import Node, Path, Relationship

from kgbuild.errors import StoreError
from kgbuild.stores.elements import Names, imported_database, names_for, uses_in
from kgbuild.stores.neo4j import statements
from kgbuild.stores.neo4j.connecting import RETRY_S, Neo4jAddress, connected, named_errors
from kgbuild.stores.neo4j.publishing import publish
from kgbuild.stores.neo4j.receipts import Receipt, Receipts, Written
from kgbuild.stores.neo4j.verifying import Comparison, adopt_strays, compared, schema_compared
from kgbuild.stores.neo4j.writing import Writer
from kgbuild.stores.protocol import Answer, Differences, Publication, Snapshot


@dataclass(frozen=True, slots=True)
class Marker:
    """What a database says of itself. generation: None until a first publication is whole. database: an id of its own."""

    graph_id: str
    generation: int | None
    database: str


class Neo4jStore:
    """A graph in a Neo4j database that may hold other things too. Use `close` when done.

    receipts: where publications are noted, see `receipts`; needed to publish only. advance: told of rows written.
    """

    def __init__(
        self,
        address: Neo4jAddress,
        receipts: Receipts | None = None,
        *,
        advance: Callable[[int], None] = lambda rows: None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self.address = address
        self._receipts = receipts
        self._advance = advance
        self._driver = connected(address, environment)

    def close(self) -> None:
        self._driver.close()

    def generation(self) -> int | None:
        marker = self.marker()
        return None if marker is None else marker.generation

    def marker(self) -> Marker | None:
        """Return what the database says of itself; None where no graph was ever published."""
        with named_errors(self.address), self._session() as session:
            found = session.execute_read(lambda transaction: transaction.run(statements.READ_MARKER).data())
        return Marker(**found[0]) if found else None

    def publish(self, snapshot: Snapshot, differences: Differences) -> Publication:
        assert self._receipts is not None
        with named_errors(self.address):
            writer = Writer(self._driver, self.address.database, snapshot.graph_id)
            before = self.marker()
            refuse_another_graph(before, snapshot, self.address)
            receipt = None if before is None else Receipt.read(self._receipts, before.database)
            if before is not None and before.generation is not None:
                refuse_what_is_not_known(before.generation, before.database, receipt, snapshot, self.address)
                if receipt and before.generation == snapshot.generation == differences.since and len(receipt.written) == 1:
                    return Publication()
            self._prepare(writer, snapshot.graph_id)
            if before is None and (ours := writer.run(statements.OURS)) and self.marker() is None:
                problem = f"the database lost the mark that says which graph it holds, for it holds {ours[0]['id']}"
                raise StoreError(self.address, problem, _repair(self.address))
            marker = self._claimed(writer, snapshot)
            if differences.since not in (None, marker.generation):
                held = "nothing whole" if marker.generation is None else f"generation {marker.generation}"
                raise StoreError(self.address, f"holds {held}, not generation {differences.since}", "Publish again")
            receipt = replace(receipt or Receipt(marker.database, ""), url=str(self.address))
            stripped = publish(writer, snapshot, differences, receipt, self._receipts, self._advance)
            return replace(writer.counts(), stripped=stripped)

    def _prepare(self, writer: Writer, graph_id: str) -> None:
        """Make sure of constraints and indexes, and that nobody else writes this graph."""
        self._wait_for_transactions(graph_id)
        for statement in (*statements.SCHEMA.values(), statements.AWAIT_SCHEMA):
            writer.run(statement)
        with self._session() as session:
            missing = schema_compared(session).named
        if missing:  # the server makes none, and says nothing, where another has the name
            names = ", ".join(statements.schema_name(statements.SCHEMA[description]) for description in missing)
            problem = f"holds indexes or constraints of others under names that the graph needs ({names})"
            raise StoreError(
                self.address, problem, "Make them again under other names, or use a database of its own for this graph"
            )

    def _claimed(self, writer: Writer, snapshot: Snapshot) -> Marker:
        """Make sure of the marker. Of two graphs that come at a time, one gets the database."""
        (claimed,) = writer.run(statements.CLAIM, graph_id=snapshot.graph_id, database=uuid.uuid4().hex)
        refuse_another_graph(marker := Marker(**claimed), snapshot, self.address)
        return marker

    def _wait_for_transactions(self, graph_id: str) -> None:
        """Wait until what a killed publication of this graph sent last is committed or rolled back."""
        deadline = time.monotonic() + RETRY_S
        with self._session() as session:
            while session.run(statements.UNDER_WAY, graph_id=graph_id).single(strict=True)["transactions"]:
                if time.monotonic() > deadline:
                    raise StoreError(self.address, "another process publishes this graph", "Wait for it, or stop it")
                time.sleep(0.1)

    def query(
        self, cypher: str, parameters: Mapping[str, object] | None = None, *, max_rows: int = 10_000, timeout_s: float = 60.0
    ) -> Answer:
        if not cypher.strip():
            raise StoreError("query", "is empty", "Ask for example `MATCH (e:Entity) RETURN e.name LIMIT 10`")

        @neo4j.unit_of_work(timeout=timeout_s)
        def ask(transaction: neo4j.ManagedTransaction) -> Answer:
            result = transaction.run(cypher, dict(parameters or {}))
            rows = tuple(tuple(map(_plain, record.values())) for record in result.fetch(max_rows + 1))
            return Answer(tuple(result.keys()), rows[:max_rows], complete=len(rows) <= max_rows)

        with named_errors(self.address):
            try:
                with self._session() as session:
                    return session.execute_read(ask)
            except (CypherSyntaxError, CypherTypeError, ClientError, Neo4jError) as error:
                raise _refusal(error, timeout_s) from error
            except (TypeError, ValueError) as error:
                problem = f"a parameter is no value that Neo4j knows ({error})"
                raise StoreError("query", problem, "Give text, numbers, lists or objects") from error

    def verify(self, snapshot: Snapshot) -> dict[str, Comparison]:
        """Compare every node and relationship of ours with a snapshot, by kind and type, then constraints and indexes.

        Raises StoreError for another graph.
        """
        with named_errors(self.address):
            refuse_another_graph(marker := self.marker(), snapshot, self.address)
            names = names_for(uses_in(snapshot), snapshot.ontology)
            with self._session() as session, compared(session, snapshot, names, self._past(marker)) as result:
                return {**result.comparisons(), "constraints and indexes": schema_compared(session)}

    def repair(self, snapshot: Snapshot) -> Publication:
        """Make the database hold a snapshot, whatever it holds of the graph, and note that it does."""
        assert self._receipts is not None
        with named_errors(self.address):
            writer = Writer(self._driver, self.address.database, snapshot.graph_id)
            refuse_another_graph(self.marker(), snapshot, self.address)
            self._prepare(writer, snapshot.graph_id)
            marker = self._claimed(writer, snapshot)
            uses = uses_in(snapshot)
            names = names_for(uses, snapshot.ontology)
            past = self._past(marker)
            with self._session() as session:
                adopt_strays(session, writer, names, past)
            with self._session() as session, compared(session, snapshot, names, past) as result:
                stripped = result.repair(writer)
            writer.run(statements.MARK, generation=snapshot.generation)
            written = Written(None, snapshot.generation, tuple(sorted(uses)), names, {})
            Receipt(marker.database, str(self.address), (written,)).keep(self._receipts)
            return replace(writer.counts(), stripped=stripped)

    def _past(self, marker: Marker | None) -> tuple[Names, ...]:
        """Return every naming under which something may have been written to the database, as far as receipts tell."""
        receipt = Receipt.read(self._receipts, marker.database) if self._receipts is not None and marker is not None else None
        return tuple(written.names for written in receipt.written) if receipt else ()

    def create_vector_index(self, dimensions: int) -> None:
        """Index the property `embedding` of chunks, for those who fill it: kgbuild itself leaves it alone."""
        with named_errors(self.address), self._session() as session:
            session.run(statements.VECTOR_INDEX, dimensions=dimensions).consume()

    def _session(self) -> neo4j.Session:
        return self._driver.session(database=self.address.database)


def refuse_another_graph(marker: Marker | None, snapshot: Snapshot, address: Neo4jAddress) -> None:
    if marker is not None and marker.graph_id != snapshot.graph_id:
        raise StoreError(address, "the database holds another graph", "Give each graph a database of its own, or empty this one")


def refuse_what_is_not_known(
    generation: int, database: str, receipt: Receipt | None, snapshot: Snapshot, address: Neo4jAddress
) -> None:
    """Refuse a database that a later or another copy of the graph directory wrote to: what is ours in it cannot be told."""
    remedy = f"Use the graph directory that published it. {_repair(address)}"
    if generation > snapshot.generation:
        problem = f"the database holds generation {generation}, this graph directory only {snapshot.generation}"
        raise StoreError(address, problem, remedy)
    if receipt is None and database != imported_database(snapshot.graph_id, generation):
        raise StoreError(address, "the database was published to from another copy of this graph directory", remedy)
    if receipt is not None and receipt.written and generation > max(written.generation for written in receipt.written):
        raise StoreError(address, f"another copy of this graph directory published generation {generation}", remedy)


def _repair(address: Neo4jAddress) -> str:
    return f"`kgbuild verify --store {address} --repair` makes it hold this graph"


def _refusal(error: Neo4jError, timeout_s: float) -> StoreError:
    """Say what was wrong with a query; what was wrong with the server is not told here."""
    code = error.code or ""
    said = " ".join((error.message or code).split())[:400].rstrip(".")
    if "TransactionTimedOut" in code or "Terminated" in code:
        return StoreError("query", f"takes longer than {timeout_s:g} s", "Ask for less, or give it more time")
    if "AccessMode" in code or "access mode" in said.lower():
        return StoreError("query", "writes, and queries only read", "Change the documents or the ontology and build again")
    if code.startswith("Neo.ClientError.Statement"):
        return StoreError("query", said, "Correct the query")
    raise error


def _plain(value: Any) -> Any:
    """Make a value one of JSON's."""
    match value:
        case Node() | Relationship():
            return {key: _plain(held) for key, held in value.items()}
        case Path():
            return [_plain(part) for pair in zip(value.nodes, (*value.relationships, None), strict=True) for part in pair if part]
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(held) for key, held in value.items()}
        case bytes() | bytearray():
            return value.hex()
        case _ if hasattr(value, "iso_format"):
            return value.iso_format()
        case _ if value is None or isinstance(value, (str, int, float, bool)):
            return value
    return str(value)
