"""The reader's side of the ledger: the last published generation, whatever a running or killed build left behind."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

from kgbuild.errors import GraphError
from kgbuild.ledger.ledger import DISK_ERRORS, LEDGER_FILE, connect, primary_code
from kgbuild.ledger.lock import writing
from kgbuild.ledger.schema import MIGRATIONS, migrate, version_of
from kgbuild.ontology.model import Ontology
from kgbuild.records import Chunk, Document, Entity, Fact, Failure, JudgedTriple, Mention, Span
from kgbuild.serialisation import from_json
from kgbuild.stores.protocol import Differences

Record = TypeVar("Record")

_FAILURE_ORDER = ", ".join(f"coalesce(payload ->> '$.{name}', '')" for name in ("stage", "uri", "chunk_id", "reason", "detail"))
_ALIVE = "since <= :generation AND (until IS NULL OR until > :generation)"


class Snapshot:
    """One published generation, read without a lock; records come sorted by id. Use `with Snapshot.open(directory)`."""

    def __init__(self, directory: Path, connection: sqlite3.Connection) -> None:
        self.directory = directory
        self._db = connection
        self.generation = int(self.value("generation") or 0)
        self.graph_id = self.value("graph_id") or ""
        self.text_of: Callable[[str], str] = lru_cache(maxsize=64)(self._text_of)
        self.document: Callable[[str], Document | None] = lru_cache(maxsize=8)(self._document)

    @classmethod
    @contextmanager
    def open(cls, directory: Path) -> Iterator["Snapshot"]:
        """Open the last published generation. Raises GraphError when the directory holds no graph."""
        path = directory / LEDGER_FILE
        if not path.is_file():
            raise GraphError(directory, "is not a graph directory", "Build one with `kgbuild build DOCUMENTS --graph DIR`")
        try:
            with closing(connect(path, read_only=True)) as connection:
                if version_of(connection) < len(MIGRATIONS):
                    with writing(directory), closing(connect(path)) as writer:
                        migrate(writer, path)
                if version_of(connection) > len(MIGRATIONS):
                    migrate(connection, path)  # raises: written by a newer kgbuild
                connection.execute("BEGIN")  # one state of the ledger for as long as the snapshot is open
                yield cls(directory, connection)
        except sqlite3.DatabaseError as error:
            remedy = "Make room or give access" if primary_code(error) in DISK_ERRORS else "Name the directory of a graph"
            raise GraphError(directory, f"{LEDGER_FILE} cannot be read ({error})", remedy) from error

    def value(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM graph WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def last_report(self) -> str | None:
        """Return the report of the last finished run, as JSON."""
        row = self._db.execute("SELECT report FROM run WHERE report IS NOT NULL ORDER BY id DESC LIMIT 1").fetchone()
        return None if row is None else str(row[0])

    @cached_property
    def ontology(self) -> Ontology:
        """What the graph was built under; one without classes and properties before the first build."""
        text = self.value("ontology")
        return from_json(Ontology, text) if text else Ontology("none", {}, {})

    def files(self, recipe: str) -> dict[str, str]:
        """Return the fingerprint of each file as it was when the last build read it in the same way."""
        return dict(
            self._db.execute("SELECT uri, file.fingerprint FROM file JOIN scan USING (uri) WHERE recipe = ?", (recipe,)).fetchall()
        )

    def chunks_read(self, uri: str, recipe: str) -> Iterator[Chunk]:
        """Yield the chunks that a file gave when it was last read in this way, published or not."""
        query = "SELECT chunks FROM file_document JOIN document ON id = document_id WHERE uri = ? AND recipe = ?"
        for (chunks,) in self._db.execute(query, (uri, recipe)):
            yield from (from_json(Chunk, line) for line in chunks.split("\n") if line)

    def is_extracted(self, key: str) -> bool:
        return self._db.execute("SELECT 1 FROM extraction WHERE key = ?", (key,)).fetchone() is not None

    # -- all records of a kind

    def documents(self) -> Iterator[Document]:
        return self.records(Document, "SELECT payload FROM document_in JOIN document USING (id, recipe) WHERE {alive} ORDER BY id")

    def chunks(self) -> Iterator[Chunk]:
        return self.records(Chunk, "SELECT payload FROM chunk WHERE {alive} ORDER BY id")

    def mentions(self) -> Iterator[Mention]:
        return self.records(Mention, "SELECT payload FROM mention WHERE {alive} ORDER BY id")

    def entities(self) -> Iterator[Entity]:
        return self.records(Entity, "SELECT payload FROM entity WHERE {alive} ORDER BY id")

    def facts(self) -> Iterator[Fact]:
        return self.records(Fact, "SELECT payload FROM fact WHERE {alive} ORDER BY id")

    def rejected(self) -> Iterator[JudgedTriple]:
        """Yield the triples that were rejected or left undecided."""
        return self.records(JudgedTriple, "SELECT payload FROM triple WHERE outcome != 'accepted' AND {alive} ORDER BY id")

    def judged(self) -> Iterator[JudgedTriple]:
        """Yield every candidate with its verdict."""
        return self.records(JudgedTriple, "SELECT payload FROM triple WHERE {alive} ORDER BY id")

    def failures(self) -> Iterator[Failure]:
        return self.records(Failure, "SELECT payload FROM failure WHERE {alive} ORDER BY " + _FAILURE_ORDER)

    def records(self, kind: type[Record], query: str) -> Iterator[Record]:
        """Yield the records of a query's payloads; `{alive}` in it stands for the rows of this generation."""
        for (payload,) in self._db.execute(query.replace("{alive}", self._alive)):
            yield from_json(kind, payload)

    # -- one record

    def _document(self, id_: str) -> Document | None:
        query = f"SELECT payload FROM document_in JOIN document USING (id, recipe) WHERE id = ? AND {self._alive}"
        return self._record(Document, query, id_)

    def chunk(self, id_: str) -> Chunk | None:
        return self._record(Chunk, f"SELECT payload FROM chunk WHERE id = ? AND {self._alive}", id_)

    def entity(self, id_: str) -> Entity | None:
        return self._record(Entity, f"SELECT payload FROM entity WHERE id = ? AND {self._alive}", id_)

    def fact(self, id_: str) -> Fact | None:
        return self._record(Fact, f"SELECT payload FROM fact WHERE id = ? AND {self._alive}", id_)

    def triple(self, id_: str) -> JudgedTriple | None:
        return self._record(JudgedTriple, f"SELECT payload FROM triple WHERE id = ? AND {self._alive}", id_)

    def triples_of_chunk(self, chunk: Chunk) -> tuple[JudgedTriple, ...]:
        rows = self._db.execute(
            f"SELECT payload FROM triple WHERE document_id = ? AND {self._alive} ORDER BY id", (chunk.document_id,)
        )
        triples = (from_json(JudgedTriple, payload) for (payload,) in rows)
        return tuple(judged for judged in triples if judged.triple.chunk_id == chunk.id)

    def triples_beside(self, fact: Fact) -> dict[tuple[str, Span], list[JudgedTriple]]:
        """Return the accepted triples of a fact's property that stand where its evidence does, by chunk id and span."""
        stated: dict[tuple[str, Span], list[JudgedTriple]] = {(piece.chunk_id, piece.span): [] for piece in fact.evidence}
        alive = f"document_id = ? AND predicate = ? AND outcome = 'accepted' AND {self._alive}"
        for document_id in sorted({piece.document_id for piece in fact.evidence}):
            for (payload,) in self._db.execute(
                f"SELECT payload FROM triple WHERE {alive} ORDER BY id", (document_id, fact.predicate)
            ):
                judged = from_json(JudgedTriple, payload)
                evidence = judged.triple.evidence
                if evidence is not None and (judged.triple.chunk_id, evidence) in stated:
                    stated[judged.triple.chunk_id, evidence].append(judged)
        return stated

    def entity_of(self, mention_id: str) -> str | None:
        """Return the id of the entity that a mention names; None for one of no accepted triple."""
        row = self._db.execute(f"SELECT payload FROM member WHERE id = ? AND {self._alive}", (mention_id,)).fetchone()
        return None if row is None else str(row[0])

    def facts_of(self, entity_id: str) -> Iterator[Fact]:
        """Yield the facts that have the entity as subject."""
        rows = self._db.execute(f"SELECT payload FROM fact WHERE subject_id = ? AND {self._alive} ORDER BY id", (entity_id,))
        return (from_json(Fact, payload) for (payload,) in rows)

    def facts_of_entity(self, id_: str) -> tuple[Fact, ...]:
        """Return the facts in which an entity, or a literal by what it is told apart by, is subject or object."""
        rows = self._db.execute(
            f"SELECT payload FROM fact WHERE (subject_id = ?1 OR object_key = ?1) AND {self._alive} ORDER BY predicate, id", (id_,)
        )
        return tuple(from_json(Fact, payload) for (payload,) in rows)

    def facts_with(self, predicate: str) -> Iterator[Fact]:
        """Yield the facts of one property."""
        rows = self._db.execute(f"SELECT payload FROM fact WHERE predicate = ? AND {self._alive} ORDER BY id", (predicate,))
        return (from_json(Fact, payload) for (payload,) in rows)

    def chunks_of(self, document_id: str) -> tuple[Chunk, ...]:
        """Return a document's chunks in the order in which they stand."""
        rows = self._db.execute(f"SELECT payload FROM chunk WHERE document_id = ? AND {self._alive}", (document_id,))
        return tuple(sorted((from_json(Chunk, payload) for (payload,) in rows), key=lambda chunk: chunk.index))

    def differences(self, since: int | None) -> Differences:
        """Return what turns the graph of generation `since`, None for an empty one, into this one."""
        before = self.at(since or 0)

        def changed(table: str) -> str:
            # A row that stays the same keeps its `since`; a document gets a new row under every plan, and changes if read anew.
            known = f"(id, recipe) NOT IN (SELECT id, recipe FROM {table} WHERE {before})"
            return f"{{alive}} AND {known if table == 'document_in' else f'since > {since or 0}'}"

        def retired(table: str) -> str:
            read_anew = (
                f" AND (id, recipe) NOT IN (SELECT id, recipe FROM {table} WHERE {{alive}})" if table == "document_in" else ""
            )
            return f"until > {since or 0} AND until <= {self.generation}{read_anew}"

        return Differences(since, _Part(self, changed), _Part(self, retired))

    def receipts(self) -> dict[str, str]:
        """Return what is known of the stores that the graph was published to, by the store's own id."""
        return dict(self._db.execute("SELECT database, payload FROM receipt ORDER BY database").fetchall())

    # -- counts

    def counts(self) -> dict[str, int]:
        """Return how many records of each kind the generation holds."""
        tables = {
            "documents": "document_in",
            "chunks": "chunk",
            "mentions": "mention",
            "entities": "entity",
            "facts": "fact",
            "failures": "failure",
        }
        return {kind: self._count(f"SELECT count(*) FROM {table} WHERE {self._alive}") for kind, table in tables.items()}

    def below_threshold(self) -> int:
        return self._count(f"SELECT coalesce(sum(below_threshold), 0) FROM chunk WHERE {self._alive}")

    def verdict_counts(self) -> dict[tuple[str, str | None], int]:
        """Return how many triples have each outcome and reason."""
        rows = self._db.execute(
            f"SELECT outcome, reason, count(*) FROM triple WHERE {self._alive} GROUP BY 1, 2 ORDER BY 3 DESC, 2"
        )
        return {(outcome, reason): n for outcome, reason, n in rows}

    def extractor_counts(self) -> dict[str, int]:
        """Return how many triples each extractor claimed, by its name and the way in which it was asked, most first."""
        query = f"SELECT payload ->> '$.triple.extractor', count(*) FROM triple WHERE {self._alive} GROUP BY 1 ORDER BY 2 DESC, 1"
        return dict(self._db.execute(query).fetchall())

    def loops(self) -> int:
        """Count accepted triples that state no fact, since resolution found their two sides to be one entity."""
        grouped = f"SELECT owner FROM grouping WHERE {self._alive}"
        return self._count(f"SELECT count(*) FROM triple WHERE outcome = 'accepted' AND {self._alive} AND id NOT IN ({grouped})")

    def status_counts(self) -> dict[str, int]:
        rows = self._db.execute(f"SELECT payload ->> '$.status', count(*) FROM fact WHERE {self._alive} GROUP BY 1")
        return dict(rows.fetchall())

    # -- private

    def at(self, generation: int) -> str:
        """Return the SQL condition for rows of a generation."""
        return _ALIVE.replace(":generation", str(generation))

    @property
    def _alive(self) -> str:
        return self.at(self.generation)

    def _text_of(self, document_id: str) -> str:
        document = self.document(document_id)
        if document is None:
            raise GraphError(self.directory, f"has no document {document_id}", "Rebuild the graph from its documents")
        return document.text

    def _count(self, query: str) -> int:
        return int(self._db.execute(query).fetchone()[0])

    def _record(self, kind: type[Record], query: str, id_: str) -> Record | None:
        row = self._db.execute(query, (id_,)).fetchone()
        return None if row is None else from_json(kind, row[0])


class _Part:
    """The records of a snapshot's ledger whose rows meet a condition, given by table."""

    def __init__(self, snapshot: Snapshot, condition: Callable[[str], str]) -> None:
        self._snapshot, self._condition = snapshot, condition

    def documents(self) -> Iterator[Document]:
        joined = "SELECT payload FROM document_in JOIN document USING (id, recipe)"
        return self._snapshot.records(Document, f"{joined} WHERE {self._condition('document_in')} ORDER BY id")

    def chunks(self) -> Iterator[Chunk]:
        return self._rows(Chunk, "chunk")

    def entities(self) -> Iterator[Entity]:
        return self._rows(Entity, "entity")

    def facts(self) -> Iterator[Fact]:
        return self._rows(Fact, "fact")

    def _rows(self, kind: type[Record], table: str) -> Iterator[Record]:
        return self._snapshot.records(kind, f"SELECT payload FROM {table} WHERE {self._condition(table)} ORDER BY id")
