"""The writer's side of the ledger: what a build knows already, what it still has to do, and what it adds.

files -> documents -> extractions -> verdicts                 stage outputs, kept by key, committed per batch
chunks, triples, mentions, entities, facts                    memberships of the next generation, seen by no reader
                                                              until `publish`
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kgbuild.errors import GraphError
from kgbuild.ids import digest
from kgbuild.ledger.lock import writing
from kgbuild.ledger.schema import MEMBERSHIPS, migrate
from kgbuild.ledger.segments import read_segment, run_of, segment_files
from kgbuild.llm.protocol import Reply, Usage, total
from kgbuild.records import Chunk, Document, Entity, Extraction, Fact, Failure, JudgedTriple, Mention, Outcome, Reason, Verdict
from kgbuild.serialisation import from_json, to_json

LEDGER_FILE = "ledger.sqlite"
PAGE_ROWS = 256
"""Rows taken per query when a stage walks a table: no read stays open, so the write-ahead log can be folded in at any time."""
PAGE_DOCUMENTS = 16
"""The same of rows that hold a whole document: they are in memory together."""


_WORKING_TABLES = """
    CREATE TEMP TABLE wanted (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TEMP TABLE touched (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TEMP TABLE touched_group (key TEXT PRIMARY KEY) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class FileRead:
    """What one file gave: documents with their chunks, and what could not be read of it."""

    uri: str
    documents: tuple[tuple[Document, tuple[Chunk, ...]], ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """What one document adds to a generation."""

    document_id: str
    chunks: tuple[tuple[Chunk, int], ...]  # with the number of candidates below the threshold
    triples: tuple[JudgedTriple, ...]
    mentions: tuple[tuple[Mention, str], ...]  # with the key of the block in which each is resolved
    failures: tuple[Failure, ...]
    complete: bool  # False when a chunk failed in a way that the next run should try again


class Ledger:
    """An open graph directory; at most one process has one. Use `with Ledger.open(directory) as ledger`."""

    def __init__(self, directory: Path, connection: sqlite3.Connection) -> None:
        self.directory = directory
        self._db = connection
        self.published = int(self.value("generation") or 0)

    @classmethod
    @contextmanager
    def open(cls, directory: Path) -> Iterator["Ledger"]:
        """Open for writing, creating the directory if need be.

        Takes in what earlier runs finished without committing, and drops the memberships of a generation that was never
        published. Raises GraphLocked, or GraphError when the directory cannot be used.
        """
        with ExitStack() as stack:
            try:
                directory.mkdir(parents=True, exist_ok=True)
                stack.enter_context(writing(directory))
            except OSError as error:
                raise GraphError(directory, f"cannot be written: {error.strerror}", "Choose another --graph directory") from error
            stack.enter_context(_named_errors(directory))
            connection = connect(directory / LEDGER_FILE)
            stack.callback(connection.close)
            migrate(connection, directory / LEDGER_FILE)
            ledger = cls(directory, connection)
            connection.executescript(_WORKING_TABLES)
            ledger._drop_unpublished()
            ledger._take_in_segments()
            yield ledger

    @property
    def next(self) -> int:
        """The generation that this build prepares."""
        return self.published + 1

    # -- the graph's own settings, and runs

    def value(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM graph WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, values: Mapping[str, str]) -> None:
        with self._transaction():
            self._remember(values)

    def start_run(self) -> int:
        """Return the id of a new run: the nanosecond of its start.

        What a process keeps open goes by it, so that a graph made anew in the place of another shares nothing with that.
        """
        with self._transaction():
            later = "SELECT max(?, coalesce(max(id), 0) + 1), ? FROM run"
            added = self._db.execute(f"INSERT INTO run (id, started_at) {later}", (time.time_ns(), _now()))
            return int(added.lastrowid or 0)

    def finish_run(self, run_id: int, report: str) -> None:
        """Close a run with its report, and let go of the segments: all they hold is committed by now."""
        with self._transaction():
            self._db.execute(
                "UPDATE run SET finished_at = ?, generation = ?, report = ? WHERE id = ?", (_now(), self.published, report, run_id)
            )
        self._drop_segments()

    def usage(self, run_id: int) -> dict[str, Usage]:
        """Return what a run has spent so far, by stage, as far as it was taken in."""
        query = "SELECT stage, prompt_tokens, completion_tokens, cached_tokens, requests FROM usage WHERE run = ? ORDER BY stage"
        return {str(stage): Usage(*counts) for stage, *counts in self._db.execute(query, (run_id,))}

    # -- receipts: what was written to a store, in the store's words

    def receipt(self, database: str) -> str | None:
        """Return what was kept for a store, by the store's own id."""
        row = self._db.execute("SELECT payload FROM receipt WHERE database = ?", (database,)).fetchone()
        return None if row is None else str(row[0])

    def keep_receipt(self, database: str, payload: str) -> None:
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO receipt VALUES (?, ?)", (database, payload))

    # -- stage outputs: files and documents

    def unread(self, files: Iterable[tuple[str, str, int]], recipe: str) -> Iterator[tuple[str, int]]:
        """Note which files there are now (uri, fingerprint, size in bytes), and yield uri and size of those that have to be read.

        A fingerprint tells a file's state without reading it; an empty one says that the file is too fresh for that to be safe.
        recipe: a digest of how files are read and chunked; another one means that every file is read again.
        """
        with self._transaction():
            self._db.execute("DELETE FROM scan")
            self._db.executemany("INSERT INTO scan VALUES (?, ?, ?)", files)
        query = (
            "SELECT uri, size FROM scan WHERE uri > ? AND NOT EXISTS"
            " (SELECT 1 FROM file WHERE file.uri = scan.uri AND file.recipe = ?"
            " AND file.fingerprint = scan.fingerprint AND scan.fingerprint != '') ORDER BY uri LIMIT ?"
        )
        yield from self._rows(query, recipe)

    def add_files(self, files: Iterable[FileRead], recipe: str) -> None:
        with self._transaction():
            for file in files:
                failures = "\n".join(map(to_json, file.failures))
                passing = any(failure.retryable for failure in file.failures)  # without a fingerprint it is read again next time
                self._db.execute(
                    "INSERT OR REPLACE INTO file SELECT uri, iif(?, '', fingerprint), ?, ? FROM scan WHERE uri = ?",
                    (passing, recipe, failures, file.uri),
                )
                if passing and not file.documents:
                    continue  # what it gave before may stay
                self._db.execute("DELETE FROM file_document WHERE uri = ?", (file.uri,))
                for document, chunks in file.documents:
                    self._db.execute("INSERT OR IGNORE INTO file_document VALUES (?, ?)", (file.uri, document.id))
                    self._db.execute(
                        "INSERT OR IGNORE INTO document VALUES (?, ?, ?, ?, ?)",
                        (document.id, recipe, document.published_on, to_json(document), "\n".join(map(to_json, chunks))),
                    )

    def stage_documents(self, plan: str, recipe: str, *, retry_failed: bool) -> tuple[int, int, int]:
        """Make the next generation hold the documents of the files that were last noted.

        What cannot be read for now, such as a folder that is not mounted, may be there again tomorrow: the documents that it held
        stay as they were.

        plan: a digest of everything that decides what a document gives; documents of another plan are processed again.
        recipe: the part of it that decides how files are read; readers of the published generation keep what theirs gave.
        Returns: how many documents have to be processed, how many were removed, and how many stay though they could not be read.
        """
        if retry_failed:
            self._forget_failures()
        with self._transaction():
            db, next_ = self._db, self.next
            db.execute("DELETE FROM wanted")
            unread = """SELECT uri FROM scan JOIN file USING (uri) WHERE instr(failures, '"retryable":true')"""
            held = "scan JOIN file_document USING (uri)"
            db.execute(f"INSERT OR IGNORE INTO wanted SELECT document_id FROM {held} WHERE uri NOT IN ({unread})")
            kept = db.execute(
                f"INSERT OR IGNORE INTO wanted SELECT DISTINCT document_id FROM ({unread}) AS unread JOIN file_document AS held"
                " ON held.uri = unread.uri OR (held.uri > unread.uri || '/' AND held.uri < unread.uri || '0')"  # 0 follows /
                " JOIN document_in AS alive ON alive.id = document_id AND alive.until IS NULL"
                " JOIN document ON document.id = document_id AND document.recipe = ?",
                (recipe,),
            ).rowcount
            removed = db.execute(
                "UPDATE document_in SET until = ? WHERE until IS NULL AND id NOT IN (SELECT id FROM wanted)", (next_,)
            ).rowcount
            db.execute("UPDATE document_in SET until = ? WHERE until IS NULL AND (plan != ? OR NOT complete)", (next_, plan))
            added = db.execute(
                "INSERT INTO document_in (id, recipe, plan, since) SELECT id, ?, ?, ? FROM wanted"
                " WHERE id NOT IN (SELECT id FROM document_in WHERE until IS NULL)",
                (recipe, plan, next_),
            ).rowcount
            for table in ("chunk", "triple", "mention", "failure"):
                db.execute(
                    f"UPDATE {table} SET until = ? WHERE until IS NULL AND document_id IN"
                    " (SELECT id FROM document_in WHERE until = ?) AND document_id NOT IN (SELECT id FROM wanted)",
                    (next_, next_),
                )
            return added, removed, kept

    def _forget_failures(self) -> None:
        """Make the next run ask again for what failed for good."""
        with self._transaction():
            self._db.execute("DELETE FROM extraction WHERE failure IS NOT NULL")
            self._db.execute("DELETE FROM verdict WHERE instr(verdicts, ?)", (f'"reason":"{Reason.NOT_JUDGED}"',))
            self._db.execute(
                "UPDATE document_in SET complete = 0 WHERE until IS NULL AND id IN"
                " (SELECT document_id FROM failure WHERE until IS NULL"
                " UNION SELECT document_id FROM triple WHERE until IS NULL AND reason = ?)",
                (Reason.NOT_JUDGED,),
            )

    def stage_file_failures(self) -> None:
        """Make the next generation hold the failures of the files that were last noted."""
        with self._transaction():
            rows = self._db.execute("SELECT uri, failures FROM scan JOIN file USING (uri) WHERE failures != ''").fetchall()
            failures = [line for _, lines in rows for line in _lines(lines)]
            self._replace("failure", "document_id", "", {digest(line): (line,) for line in failures})

    def count_chunks_to_process(self) -> int:
        lines = "length(chunks) - length(replace(chunks, char(10), '')) + (chunks != '')"
        query = f"SELECT coalesce(sum({lines}), 0) FROM document_in JOIN document USING (id, recipe) WHERE since = ?"
        return int(self._db.execute(query, (self.next,)).fetchone()[0])

    def chunks_to_process(self) -> Iterator[Chunk]:
        """Yield the chunks of the documents that the next generation adds, by the ids of these."""
        for _, chunks in self._to_process("chunks"):
            yield from _chunks(chunks)

    def documents_to_process(self) -> Iterator[tuple[Document, tuple[Chunk, ...]]]:
        """Yield the documents that the next generation adds, with their chunks, by id."""
        for _, payload, chunks in self._to_process("payload, chunks"):
            yield from_json(Document, payload), _chunks(chunks)

    def _to_process(self, columns: str) -> Iterator[tuple[Any, ...]]:
        joined = "document_in JOIN document USING (id, recipe)"
        query = f"SELECT id, {columns} FROM {joined} WHERE since = ?2 AND until IS NULL AND id > ?1 ORDER BY id LIMIT ?3"
        return self._rows(query, self.next, page=PAGE_DOCUMENTS)

    # -- stage outputs: extractions and verdicts

    def extraction(self, key: str) -> Extraction | None:
        row = self._db.execute("SELECT candidates FROM extraction WHERE key = ?", (key,)).fetchone()
        return row and from_json(Extraction, row[0])

    def extracted(self, keys: Iterable[str]) -> set[str]:
        """Return those of the keys that an extraction is kept under."""
        query = "SELECT extraction.key FROM json_each(?) JOIN extraction ON extraction.key = json_each.value"
        return {str(row[0]) for row in self._db.execute(query, (json.dumps(list(keys)),))}

    def add_extractions(self, extractions: Iterable[tuple[str, Extraction]]) -> None:
        """Keep finished extractions, spans counted from the start of the chunk. Failures that a later run may mend are not kept."""
        rows = [
            (key, to_json(extraction), extraction.below_threshold, extraction.failure and to_json(extraction.failure))
            for key, extraction in extractions
            if not (extraction.failure and extraction.failure.retryable)
        ]
        with self._transaction():
            self._db.executemany("INSERT OR IGNORE INTO extraction VALUES (?, ?, ?, ?)", rows)

    def take_in_replies(self) -> None:
        """Keep the replies that workers were given since the last call, and what all their requests cost."""
        with self._transaction():
            for path in segment_files(self.directory, "replies"):
                replies = list(self._new_lines(path))
                self._db.executemany("INSERT OR IGNORE INTO reply VALUES (?, ?)", [(key, reply) for key, reply, _ in replies])
                self._add_usages(run_of(path), ((stage, from_json(Reply, reply).usage) for _, reply, stage in replies))
            for path in segment_files(self.directory, "spent"):
                self._add_usages(run_of(path), ((stage, from_json(Usage, usage)) for stage, usage in self._new_lines(path)))

    def _add_usages(self, run_id: int, spent: Iterable[tuple[str, Usage]]) -> None:
        counts = ("prompt_tokens", "completion_tokens", "cached_tokens", "requests")
        sums = ", ".join(f"{count} = {count} + excluded.{count}" for count in counts)
        add = f"INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run, stage) DO UPDATE SET {sums}"
        by_stage: dict[str, list[Usage]] = {}
        for stage, usage in spent:
            by_stage.setdefault(stage, []).append(usage)
        for stage, usages in by_stage.items():
            together = total(usages)
            if together.requests:  # none where what a server can do was remembered as a reply
                self._db.execute(add, (run_id, stage, *(getattr(together, count) for count in counts)))

    def reply(self, key: str) -> Reply | None:
        row = self._db.execute("SELECT payload FROM reply WHERE key = ?", (key,)).fetchone()
        return row and from_json(Reply, row[0])

    def verdicts(self, key: str) -> tuple[Verdict, ...] | None:
        row = self._db.execute("SELECT verdicts FROM verdict WHERE key = ?", (key,)).fetchone()
        return None if row is None else tuple(from_json(Verdict, line) for line in _lines(row[0]))

    def add_verdicts(self, verdicts: Iterable[tuple[str, Sequence[Verdict]]]) -> None:
        with self._transaction():
            self._db.executemany(
                "INSERT OR IGNORE INTO verdict VALUES (?, ?)", [(key, "\n".join(map(to_json, given))) for key, given in verdicts]
            )

    # -- memberships of the next generation

    def place(self, documents: Iterable[Placed]) -> None:
        """Put what documents give into the next generation; rows that stay as they are keep their generation."""
        with self._transaction():
            for document in documents:
                id_ = document.document_id
                self._replace("chunk", "document_id", id_, {c.id: (to_json(c), below) for c, below in document.chunks})
                self._replace("triple", "document_id", id_, {t.triple.id: _triple_row(t) for t in document.triples})
                self._replace("mention", "document_id", id_, {m.id: (to_json(m), block) for m, block in document.mentions})
                lines = [to_json(failure) for failure in document.failures]
                self._replace("failure", "document_id", id_, {digest(line): (line,) for line in lines})
                self._db.execute(
                    "UPDATE document_in SET complete = ? WHERE id = ? AND since = ?", (document.complete, id_, self.next)
                )

    def touched_blocks(self, *, everything: bool) -> Iterator[str]:
        """Yield the keys of blocks that gained, lost or changed a mention; of all blocks when everything is to be done again."""
        touched = "1" if everything else "(since = ?2 OR until = ?2)"
        yield from self._keys(
            f"SELECT DISTINCT block_key FROM mention WHERE {touched} AND block_key > ?1 ORDER BY block_key LIMIT ?3", self.next
        )

    def mentions_of_block(self, block_key: str) -> tuple[Mention, ...]:
        rows = self._db.execute("SELECT payload FROM mention WHERE block_key = ? AND until IS NULL ORDER BY id", (block_key,))
        return tuple(from_json(Mention, payload) for (payload,) in rows)

    def set_entities(self, blocks: Iterable[tuple[str, Sequence[Entity]]]) -> None:
        """Make the entities of each block these."""
        with self._transaction():
            for block_key, entities in blocks:
                self._replace("entity", "block_key", block_key, {e.id: (to_json(e),) for e in entities})
                members = {mention_id: (e.id,) for e in entities for mention_id in e.mention_ids}
                self._replace("member", "block_key", block_key, members)

    def touched_triples(self, *, everything: bool) -> Iterator[tuple[str, JudgedTriple | None]]:
        """Yield accepted triples that came, went or changed one of their entities: id, and the triple or None when it went."""
        touched = "?1" if everything else "(since = ?1 OR until = ?1)"
        with self._transaction():
            self._db.execute("DELETE FROM touched")
            query = f"INSERT OR IGNORE INTO touched SELECT id FROM triple WHERE {touched} AND outcome = 'accepted'"
            self._db.execute(query, (self.next,))
            for column in ("subject_mention", "object_mention"):
                self._db.execute(
                    f"INSERT OR IGNORE INTO touched SELECT triple.id FROM member JOIN triple ON triple.{column} = member.id"
                    " WHERE (member.since = ?1 OR member.until = ?1) AND triple.until IS NULL AND triple.outcome = 'accepted'",
                    (self.next,),
                )
        for id_ in self._keys("SELECT id FROM touched WHERE id > ?1 ORDER BY id LIMIT ?2"):
            query = "SELECT payload FROM triple WHERE id = ? AND until IS NULL AND outcome = 'accepted'"
            live = self._db.execute(query, (id_,)).fetchone()
            yield id_, live and from_json(JudgedTriple, live[0])

    def entity_of(self, mention_id: str) -> str:
        """Return the id of the entity that a mention of the next generation refers to."""
        row = self._db.execute("SELECT payload FROM member WHERE id = ? AND until IS NULL", (mention_id,)).fetchone()
        return str(row[0])

    def published_on(self, document_id: str) -> str | None:
        query = "SELECT published_on FROM document_in JOIN document USING (id, recipe) WHERE id = ? AND until IS NULL"
        row = self._db.execute(query, (document_id,)).fetchone()
        return None if row is None else row[0]

    def regroup(self, triples: Iterable[tuple[str, Iterable[str]]]) -> None:
        """Say which groups each accepted triple now stands in; those it stood in before and stands in now count as touched."""
        with self._transaction():
            for id_, keys in triples:
                touch = "INSERT OR IGNORE INTO touched_group"
                self._db.execute(f"{touch} SELECT payload FROM grouping WHERE owner = ? AND until IS NULL", (id_,))
                self._replace("grouping", "owner", id_, _groupings(id_, keys))
                self._db.execute(f"{touch} SELECT payload FROM grouping WHERE owner = ? AND until IS NULL", (id_,))

    def touched_groups(self) -> Iterator[str]:
        yield from self._keys("SELECT key FROM touched_group WHERE key > ?1 ORDER BY key LIMIT ?2")

    def triples_in_groups(self, keys: Iterable[str]) -> tuple[JudgedTriple, ...]:
        """Return every accepted triple that stands in one of the groups."""
        rows = self._db.execute(
            "SELECT DISTINCT triple.id, triple.payload FROM json_each(?) JOIN grouping ON grouping.payload = json_each.value"
            " AND grouping.until IS NULL JOIN triple ON triple.id = grouping.owner AND triple.until IS NULL ORDER BY triple.id",
            (json.dumps(list(keys)),),
        )
        return tuple(from_json(JudgedTriple, payload) for _, payload in rows)

    def set_facts(self, keys: Iterable[str], facts: Iterable[tuple[Fact, str, Iterable[str]]]) -> None:
        """Make the facts that stand in one of the groups these, each given with its object's key and the groups it stands in."""
        stood = "SELECT DISTINCT owner FROM json_each(?) JOIN grouping ON payload = value AND until IS NULL WHERE owner LIKE 'fct%'"
        given = {fact.id: (fact, object_key, groups) for fact, object_key, groups in facts}
        with self._transaction():
            gone = {str(row[0]) for row in self._db.execute(stood, (json.dumps(list(keys)),))} - given.keys()
            for id_ in sorted(gone):
                self._replace("fact", "id", id_, {})
                self._replace("grouping", "owner", id_, {})
            for id_, (fact, object_key, groups) in given.items():
                self._replace("fact", "id", id_, {id_: (fact.subject_id, fact.predicate, object_key, to_json(fact))})
                self._replace("grouping", "owner", id_, _groupings(id_, groups))

    def changed(self) -> bool:
        """Tell whether the next generation differs from the published one in anything that a reader could see."""
        return any(
            self._db.execute(f"SELECT 1 FROM {table} WHERE since = ?1 OR until = ?1 LIMIT 1", (self.next,)).fetchone()
            for table in MEMBERSHIPS
        )

    def publish(self, values: Mapping[str, str]) -> None:
        """Make the next generation the one that readers see, and remember what it was made with."""
        with self._transaction():
            self._remember(values)
            self._db.execute("UPDATE graph SET value = ? WHERE name = 'generation'", (str(self.next),))
        self.published = self.next

    # -- private

    def _remember(self, values: Mapping[str, str]) -> None:
        upsert = "INSERT INTO graph VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        self._db.executemany(upsert, list(values.items()))

    def _drop_unpublished(self) -> None:
        with self._transaction():
            for table in MEMBERSHIPS:
                self._db.execute(f"DELETE FROM {table} WHERE since > ?", (self.published,))
                self._db.execute(f"UPDATE {table} SET until = NULL WHERE until > ?", (self.published,))

    def _take_in_segments(self) -> None:
        for path in segment_files(self.directory, "extractions"):
            self.add_extractions((key, from_json(Extraction, payload)) for (key, payload), _ in read_segment(path))
        self.take_in_replies()
        self._drop_segments()

    def _new_lines(self, segment: Path) -> Iterator[list[str]]:
        """Yield the items on lines that no committed transaction has taken from a segment, and note that this one has."""
        row = self._db.execute("SELECT bytes FROM taken WHERE segment = ?", (segment.name,)).fetchone()
        end = start = 0 if row is None else int(row[0])
        for item, after in read_segment(segment, start):
            yield item
            end = after
        if end > start:
            self._db.execute("INSERT OR REPLACE INTO taken VALUES (?, ?)", (segment.name, end))

    def _drop_segments(self) -> None:
        for path in segment_files(self.directory):
            path.unlink()
        with self._transaction():  # only now: a kill before this must not make anything count twice
            self._db.execute("DELETE FROM taken")

    def _replace(self, table: str, scope: str, value: str, rows: Mapping[str, tuple[object, ...]]) -> None:
        """Make the rows of a scope these, given as id -> columns between scope and `since`; unchanged rows are left alone."""
        columns = _COLUMNS[table]
        chosen = ", ".join(columns)
        live = {
            str(row[0]): tuple(row[1:])
            for row in self._db.execute(f"SELECT id, {chosen} FROM {table} WHERE {scope} = ? AND until IS NULL", (value,))
        }
        gone = [id_ for id_, row in live.items() if rows.get(id_) != row]
        new = [(id_, row) for id_, row in rows.items() if live.get(id_) != row]
        if gone:
            # A row of this very generation never was visible: it goes for good, so that its key is free again.
            self._db.executemany(
                f"DELETE FROM {table} WHERE id = ? AND since = ? AND {scope} = ?", [(id_, self.next, value) for id_ in gone]
            )
            self._db.executemany(
                f"UPDATE {table} SET until = ? WHERE id = ? AND until IS NULL AND {scope} = ?",
                [(self.next, id_, value) for id_ in gone],
            )
        if not new:
            return
        names = dict.fromkeys(("id", scope, *columns))
        marks = ", ".join("?" * (len(names) + 1))
        unchanged = " AND ".join(f"{column} IS ?" for column in columns)
        revive = f"UPDATE {table} SET until = NULL WHERE id = ? AND until = ? AND {scope} = ? AND {unchanged}"
        insert = f"INSERT INTO {table} ({', '.join(names)}, since) VALUES ({marks})"
        scoped = () if scope == "id" else (value,)
        if gone or self.published:  # a row may be back to what the published generation has: then that one lives on
            new = [(id_, row) for id_, row in new if not self._db.execute(revive, (id_, self.next, value, *row)).rowcount]
        self._db.executemany(insert, [(id_, *scoped, *row, self.next) for id_, row in new])

    def _keys(self, query: str, *parameters: object) -> Iterator[str]:
        """Yield the keys alone of what `_rows` yields."""
        return (str(row[0]) for row in self._rows(query, *parameters))

    def _rows(self, query: str, *parameters: object, page: int = PAGE_ROWS) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query over a text key, its first column, by page.

        `?1` is the key to go on after, the last parameter the page size.
        """
        after = ""
        while rows := self._db.execute(query, (after, *parameters, page)).fetchall():
            yield from rows
            after = str(rows[-1][0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _chunks(payloads: str) -> tuple[Chunk, ...]:
    return tuple(from_json(Chunk, line) for line in _lines(payloads))


def _lines(payloads: str) -> list[str]:
    """Split payloads that were joined line by line; `str.splitlines` would also split at U+2028 inside a string."""
    return payloads.split("\n") if payloads else []


_COLUMNS = {
    "chunk": ("payload", "below_threshold"),
    "triple": ("payload", "outcome", "reason", "predicate", "subject_mention", "object_mention"),
    "mention": ("payload", "block_key"),
    "failure": ("payload",),
    "entity": ("payload",),
    "member": ("payload",),
    "grouping": ("payload",),
    "fact": ("subject_id", "predicate", "object_key", "payload"),
}
"""The columns of a membership beside its id, its scope and its generations."""


def _groupings(owner: str, keys: Iterable[str]) -> dict[str, tuple[object, ...]]:
    return {f"{owner} {key}": (key,) for key in keys}


def _triple_row(judged: JudgedTriple) -> tuple[object, ...]:
    triple, verdict = judged.triple, judged.verdict
    object_mention = triple.object.id if isinstance(triple.object, Mention) and verdict.outcome is Outcome.ACCEPTED else None
    return to_json(judged), verdict.outcome, verdict.reason, triple.predicate, triple.subject.id, object_mention


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a ledger file. Writers get write-ahead logging: a commit survives the death of the process."""
    if read_only:
        return _connected_to_read(path)
    connection = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _connected_to_read(path: Path) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=30, check_same_thread=False)
    try:
        connection.execute("PRAGMA schema_version")
    except sqlite3.OperationalError as error:
        connection.close()
        log = path.with_name(f"{path.name}-wal")
        cannot_share = primary_code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
        if not cannot_share or (log.exists() and log.stat().st_size):
            raise
        # Where nothing can be written, readers cannot share a write-ahead log; there is none, and nobody to write one.
        return sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None, check_same_thread=False)
    return connection


DISK_ERRORS = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_BUSY)
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def primary_code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


@contextmanager
def _named_errors(directory: Path) -> Iterator[None]:
    """Turn what SQLite says of the disk or the file into an error a person can act on; everything committed is safe."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if primary_code(error) in _DAMAGE:
            remedy = "Restore it from a copy, or build into another directory"
            raise GraphError(directory, f"{LEDGER_FILE} is damaged ({error})", remedy) from error
        if primary_code(error) in DISK_ERRORS:
            remedy = "Make room or give access, and run the same command again; what was committed is kept"
            raise GraphError(directory, f"{LEDGER_FILE} cannot be written ({error})", remedy) from error
        raise


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
