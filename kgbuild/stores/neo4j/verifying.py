"""Does a database hold what the ledger says? Every node and relationship of ours is compared, and what differs is named."""

import json
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import neo4j

from kgbuild.stores.elements import ENTITY, KINDS, Edge, Names, Node, edges, nodes
from kgbuild.stores.neo4j import statements
from kgbuild.stores.neo4j.publishing import STRIPPED_AT_A_TIME, edge_row, node_row, remove_nodes, tie_row, untie_row
from kgbuild.stores.neo4j.statements import TIES
from kgbuild.stores.neo4j.writing import Row, Writer
from kgbuild.stores.projection import FACT_PROPERTIES
from kgbuild.stores.protocol import Snapshot

OURS = re.compile("(doc|chk|ent|fct)_[a-z2-7]{16}")
"""Ids that are derived from content: nobody else has them."""
NAMED = 10
"""How many differences of a kind are named."""

# digest: of what should be there; found: of what is, x'' when it is there more than once or has lost the label of its kind.
_SCRATCH = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE element (kind TEXT, key TEXT, digest BLOB, found BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Nodes of a kind or relationships of a type. hashes: of all contents, in any order; equal when equal sets are held.

    missing, different, extra: numbers; one that is there twice, or without its label, is different. named: ids of some of them.
    """

    expected: int
    found: int
    expected_hash: str
    found_hash: str
    missing: int
    different: int
    extra: int
    named: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return not (self.missing or self.different or self.extra)


@dataclass(frozen=True, slots=True)
class Ours:
    """What of a node or relationship of ours is ours: the names it has, and those it may have been written under before.

    labels: beside those of the kinds. qualifiers: by type of relationship.
    """

    labels: frozenset[str]
    literals: frozenset[str]
    qualifiers: Mapping[str, frozenset[str]]

    @classmethod
    def under(cls, namings: Sequence[Names]) -> "Ours":
        qualifiers: dict[str, frozenset[str]] = {}
        for names in namings:
            for relationship in names.projection.relationships.values():
                known = qualifiers.get(relationship.type, frozenset())
                qualifiers[relationship.type] = known.union(relationship.qualifiers.values())
        return cls(
            frozenset({"__Entity__"}.union(*(names.labels.values() for names in namings))),
            frozenset(literal.key for names in namings for literal in names.projection.literals.values()),
            qualifiers,
        )

    def labels_of(self, kind: str) -> list[str]:
        return sorted(self.labels) if kind == ENTITY else []

    def keys_of(self, kind: str) -> list[str]:
        """Return the properties of a kind of node."""
        return [*KINDS[kind], *(sorted(self.literals) if kind == ENTITY else ())]

    def qualifiers_of(self, type_: str) -> frozenset[str]:
        return self.qualifiers.get(type_, frozenset())


@contextmanager
def compared(session: neo4j.Session, snapshot: Snapshot, names: Names, past: Sequence[Names] = ()) -> Iterator["Compared"]:
    """Compare all of a database with all of a snapshot, through a scratch file, so that memory stays flat.

    past: every naming under which something may have been written before; what only they name is too much.
    """
    ours = Ours.under((names, *past))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kgbuild-verify-")))
        scratch = stack.enter_context(closing(sqlite3.connect(folder / "scratch.sqlite", isolation_level=None)))
        scratch.executescript(_SCRATCH)
        scratch.execute("BEGIN")
        insert = "INSERT OR IGNORE INTO element VALUES (?, ?, ?, NULL)"
        scratch.executemany(insert, ((node.kind, node.id, _node_digest(node)) for node in nodes(snapshot, names)))
        scratch.executemany(insert, ((edge.type, _key(edge), _digest(edge.properties)) for edge in edges(snapshot, names)))
        found = (
            "INSERT INTO element VALUES (?, ?, NULL, ?)"
            " ON CONFLICT DO UPDATE SET found = CASE WHEN found IS NULL THEN excluded.found ELSE x'' END"
        )
        scratch.executemany(found, _held(session, ours))
        scratch.executemany(found, ((stray["kind"], stray["id"], b"") for stray in _strays(session, ours)))
        yield Compared(scratch, snapshot, names, ours)


def adopt_strays(session: neo4j.Session, writer: Writer, names: Names, past: Sequence[Names]) -> None:
    """Give nodes of ours that lost the label of their kind that label again, before new ones are made for them.

    Where another node has their id, what is ours on them is removed instead, and what others wrote stays.
    """
    ours = Ours.under((names, *past))
    found = _strays(session, ours)
    while batch := list(islice(found, STRIPPED_AT_A_TIME)):
        for kind in KINDS:
            rows = {stray["node"]: stray for stray in batch if stray["kind"] == kind}
            writer.run(statements.adopt(kind), rows=list({stray["id"]: stray for stray in rows.values()}.values()))
            writer.run(statements.untangle(kind), rows=list(rows.values()))
            own = {"labels": ours.labels_of(kind), "keys": ours.keys_of(kind)}
            writer.run(statements.delete_twin(kind), rows=list(rows.values()), **own)


def _strays(session: neo4j.Session, ours: Ours) -> Iterator[dict[str, str]]:
    """Yield nodes of ours without the label of their kind, some of them more than once: `node` of the server, `id`, `kind`."""
    yield from session.run(statements.STRAY_ENTITIES).data()
    yield from session.run(statements.STRAYS, statements.strays_of(ours.qualifiers)).data()


def schema_compared(session: neo4j.Session) -> Comparison:
    """Compare the constraints and indexes that are ready to be used with ours. Those of others are no difference."""
    held = {f"{kind} {','.join(labels)}.{','.join(keys)}" for kind, labels, keys in session.run(statements.READ_SCHEMA)}
    expected, found = _Total(), _Total()
    for name in statements.SCHEMA:
        expected.add(_digest(name))
        if name in held:
            found.add(_digest(name))
    missing = tuple(name for name in statements.SCHEMA if name not in held)
    return Comparison(expected.number, found.number, expected.hash, found.hash, len(missing), 0, 0, missing)


class Compared:
    """What came of a comparison, and how to mend it."""

    def __init__(self, scratch: sqlite3.Connection, snapshot: Snapshot, names: Names, ours: Ours) -> None:
        self._scratch, self._snapshot, self._names, self._ours = scratch, snapshot, names, ours

    def comparisons(self) -> dict[str, Comparison]:
        """Return the comparison of each kind of node, then of each type of relationship."""
        types = [kind for (kind,) in self._scratch.execute("SELECT DISTINCT kind FROM element ORDER BY kind")]
        return {kind: self._comparison(kind) for kind in (*KINDS, *TIES, *sorted(set(types) - {*KINDS, *TIES}))}

    def _comparison(self, kind: str) -> Comparison:
        expected, found = _Total(), _Total()
        missing = different = extra = 0
        named: list[str] = []
        query = "SELECT key, digest, found FROM element WHERE kind = ? ORDER BY key"
        for key, wanted, held in self._scratch.execute(query, (kind,)):
            expected.add(wanted)
            found.add(held)
            if wanted != held:
                missing += held is None
                extra += wanted is None
                different += wanted is not None and held is not None
                if len(named) < NAMED:
                    named.append(key)
        return Comparison(expected.number, found.number, expected.hash, found.hash, missing, different, extra, tuple(named))

    def repair(self, writer: Writer) -> tuple[str, ...]:
        """Write what is missing or different, remove what is ours and too much. Returns: ids of nodes that were stripped."""
        writer.write(self._edges_gone("found = x''"), _unwatched, writers=1)  # of several that are one, none is better
        writer.write(self._node_rows(), _unwatched)
        writer.write(self._edge_rows(), _unwatched)
        writer.write(self._edges_gone("digest IS NULL"), _unwatched, writers=1)
        return remove_nodes(
            writer,
            lambda: (
                Node(kind, key, tuple(self._ours.labels_of(kind)), dict.fromkeys(self._ours.keys_of(kind)))
                for kind in KINDS
                for key in self._extra(kind)
            ),
            _unwatched,
        )

    def _node_rows(self) -> Iterator[Row]:
        for node in nodes(self._snapshot, self._names):
            if self._is_broken(node.kind, node.id):
                properties = dict.fromkeys(self._ours.keys_of(node.kind)) | dict(node.properties)
                yield node_row(Node(node.kind, node.id, node.labels, properties))
                if node.kind == ENTITY:
                    others = sorted(self._ours.labels.difference(node.labels))
                    yield Row(statements.REMOVE_LABELS, (node.id,), {"id": node.id, "labels": others})

    def _edge_rows(self) -> Iterator[Row]:
        for edge in edges(self._snapshot, self._names):
            if self._is_broken(edge.type, _key(edge)):
                properties = dict.fromkeys(self._ours.qualifiers_of(edge.type)) | dict(edge.properties)
                whole = replace(edge, properties=properties)
                yield tie_row(edge) if edge.id is None else edge_row(statements.set_fact(edge.type), whole)

    def _edges_gone(self, condition: str) -> Iterator[Row]:
        for type_, key in self._scratch.execute(f"SELECT kind, key FROM element WHERE {condition} ORDER BY kind, key"):
            if type_ not in KINDS:
                start, end, *id_ = key.split(" ")
                edge = Edge(type_, start, end, id_[0] if id_ else None, {})
                yield untie_row(edge) if edge.id is None else edge_row(statements.remove_fact(type_), edge)

    def _extra(self, kind: str) -> list[str]:
        query = "SELECT key FROM element WHERE kind = ? AND digest IS NULL ORDER BY key"
        return [key for (key,) in self._scratch.execute(query, (kind,))]

    def _is_broken(self, kind: str, key: str) -> bool:
        query = "SELECT 1 FROM element WHERE kind = ? AND key = ? AND digest IS NOT found"
        return self._scratch.execute(query, (kind, key)).fetchone() is not None


class _Total:
    """A number of contents and their hash, whatever their order."""

    def __init__(self) -> None:
        self.number, self._sum = 0, 0

    def add(self, digest: bytes | None) -> None:
        if digest is not None:
            self.number += 1
            self._sum = (self._sum + int.from_bytes(digest)) % 2**64

    @property
    def hash(self) -> str:
        return f"{self._sum:016x}"


def _held(session: neo4j.Session, ours: Ours) -> Iterator[tuple[str, str, bytes]]:
    """Yield all that is ours in a database: nodes by our ids, relationships by a fact's id or, of the frame, by their ends."""
    own_labels = ours.labels.union(KINDS)
    for kind in KINDS:
        own_keys = frozenset(ours.keys_of(kind))
        for id_, labels, properties in session.run(statements.read_nodes(kind)):
            if isinstance(id_, str) and OURS.fullmatch(id_):
                kept = {key: value for key, value in properties.items() if key in own_keys}
                yield kind, id_, _digest([sorted(own_labels.intersection(labels)), kept])
    for type_ in [type_ for (type_,) in session.run("CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType")]:
        own_keys = ours.qualifiers_of(type_).union(FACT_PROPERTIES)
        for start, end, properties in session.run(statements.read_relationships(type_)):
            id_ = properties.get("id")
            if not all(isinstance(end, str) and OURS.fullmatch(end) for end in (start, end)):
                continue
            if type_ in TIES:
                yield type_, f"{start} {end}", _digest({})
            elif isinstance(id_, str) and OURS.fullmatch(id_):
                kept = {key: value for key, value in properties.items() if key in own_keys}
                yield type_, f"{start} {end} {id_}", _digest(kept)


def _key(edge: Edge) -> str:
    return " ".join((edge.start, edge.end, *([edge.id] if edge.id else [])))


def _node_digest(node: Node) -> bytes:
    return _digest([sorted({node.kind, *node.labels}), node.properties])


def _digest(content: Any) -> bytes:
    written = json.dumps(_plain(content), ensure_ascii=False, sort_keys=True)
    return blake2b(written.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _plain(content: Any) -> Any:
    """Make what a node or relationship holds JSON; what we never write, such as a date, becomes what equals nothing we write."""
    match content:
        case Mapping():
            return {key: _plain(value) for key, value in content.items() if value is not None}
        case str() | int() | float():
            return content
        case list():
            return [_plain(item) for item in content]
    return {type(content).__name__: repr(content)}


def _unwatched(rows: int) -> None: ...
