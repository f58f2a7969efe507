"""A snapshot as Parquet files and the statements that load them: never from memory, never row by row.

Whatever must be sorted or looked up goes through a scratch database on disk, so that memory stays flat.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from kgbuild.ids import digest
from kgbuild.records import EntityRef, Fact
from kgbuild.serialisation import from_json, to_json
from kgbuild.stores.files.parquet import write_rows
from kgbuild.stores.projection import Projection, Relationship, ValueType, entity_properties, projection, relationship_properties
from kgbuild.stores.protocol import Snapshot

Columns = dict[str, str]

DOCUMENT: Columns = {"id": "STRING", "title": "STRING", "uri": "STRING", "content_hash": "STRING", "published_on": "STRING"}
CHUNK: Columns = {"id": "STRING", "text": "STRING", "index": "INT64", "start": "INT64", "end": "INT64"}
ENTITY: Columns = {
    "id": "STRING",
    "name": "STRING",
    "class_name": "STRING",
    "aliases": "STRING[]",
    "description": "STRING",
    "fact_ids": "STRING[]",
}
FACT: Columns = {
    "id": "STRING",
    "confidence": "DOUBLE",
    "status": "STRING",
    "evidence_count": "INT64",
    "quotes": "STRING[]",
    "evidence": "STRING[]",
    "valid_from": "STRING",
    "valid_to": "STRING",
    "inferred_by": "STRING",
}
VALUE_TYPES = {ValueType.INTEGER: "INT64", ValueType.DECIMAL: "DOUBLE", ValueType.TEXT: "STRING"}
_ARROW = {"STRING": pa.string(), "INT64": pa.int64(), "DOUBLE": pa.float64()}

_SCRATCH = """
CREATE TABLE chunk (id TEXT PRIMARY KEY, document TEXT, position INTEGER) WITHOUT ROWID;
CREATE TABLE relation (predicate TEXT, id TEXT, payload TEXT, PRIMARY KEY (predicate, id)) WITHOUT ROWID;
CREATE TABLE source (entity TEXT, chunk TEXT, PRIMARY KEY (entity, chunk)) WITHOUT ROWID;
"""


def write_parquet(snapshot: Snapshot, folder: Path) -> list[str]:
    """Write the tables of the view into a folder; return the statements that load them, with file names relative to it."""
    shape = projection(snapshot.facts(), snapshot.ontology)
    with closing(sqlite3.connect(folder / "scratch.sqlite", isolation_level=None)) as scratch:
        scratch.executescript(f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; {_SCRATCH}")
        scratch.execute("BEGIN")
        scratch.executemany("INSERT INTO chunk VALUES (?, ?, ?)", ((c.id, c.document_id, c.index) for c in snapshot.chunks()))
        for fact in snapshot.facts():
            _take(fact, scratch)
        return list(_tables(snapshot, shape, scratch, folder))


def _take(fact: Fact, scratch: sqlite3.Connection) -> None:
    """Note an edge for its table; and, for a stated fact, that its words speak of both its ends."""
    ends = [fact.subject_id]
    if isinstance(fact.object, EntityRef):
        ends.append(fact.object.entity_id)
        scratch.execute("INSERT INTO relation VALUES (?, ?, ?)", (fact.predicate, fact.id, to_json(fact)))
    if fact.derived_from is None:
        sources = [(end, evidence.chunk_id) for end in ends for evidence in fact.evidence]
        scratch.executemany("INSERT OR IGNORE INTO source VALUES (?, ?)", sources)


def _tables(snapshot: Snapshot, shape: Projection, scratch: sqlite3.Connection, folder: Path) -> Iterator[str]:
    literals = {
        literal.key: VALUE_TYPES[literal.value_type] + ("[]" if literal.is_list else "") for literal in shape.literals.values()
    }
    chunks = ({"id": c.id, "text": c.text, "index": c.index, "start": c.span.start, "end": c.span.end} for c in snapshot.chunks())
    documents = ({key: getattr(document, key) for key in DOCUMENT} for document in snapshot.documents())
    yield from _node_table("Document", DOCUMENT, documents, folder)
    yield from _node_table("Chunk", CHUNK, chunks, folder)
    yield from _node_table("Entity", ENTITY | literals, _entities(snapshot, shape), folder)
    pairs = {
        ("FROM_DOCUMENT", "Chunk", "Document"): "SELECT id, document FROM chunk ORDER BY id",
        (
            "NEXT_CHUNK",
            "Chunk",
            "Chunk",
        ): "SELECT * FROM (SELECT id, lead(id) OVER (PARTITION BY document ORDER BY position) AS next"
        " FROM chunk) WHERE next IS NOT NULL ORDER BY id",
        ("FROM_CHUNK", "Entity", "Chunk"): "SELECT entity, chunk FROM source WHERE chunk IN (SELECT id FROM chunk) ORDER BY 1, 2",
    }
    for (name, source, target), query in pairs.items():
        rows = ({"from": one, "to": other} for one, other in scratch.execute(query))
        yield from _relationship_table(name, source, target, {}, rows, folder)
    for predicate, relationship in shape.relationships.items():
        columns = FACT | dict.fromkeys(relationship.qualifiers.values(), "STRING")
        edges = _edges(predicate, relationship, scratch)
        yield from _relationship_table(relationship.type, "Entity", "Entity", columns, edges, folder)


def _entities(snapshot: Snapshot, shape: Projection) -> Iterator[dict[str, Any]]:
    for entity in snapshot.entities():
        yield entity_properties(entity, snapshot.facts_of(entity.id), shape.literals)


def _edges(predicate: str, relationship: Relationship, scratch: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    for (payload,) in scratch.execute("SELECT payload FROM relation WHERE predicate = ? ORDER BY id", (predicate,)):
        fact = from_json(Fact, payload)
        assert isinstance(fact.object, EntityRef)
        ends = {"from": fact.subject_id, "to": fact.object.entity_id}
        yield ends | {"_" + key: value for key, value in relationship_properties(fact, relationship).items()}


def _node_table(name: str, columns: Columns, rows: Iterator[dict[str, Any]], folder: Path) -> Iterator[str]:
    yield f"CREATE NODE TABLE `{name}` ({_declared(columns)}, PRIMARY KEY (`id`))"
    yield from _copied(name, columns, rows, folder)


def _relationship_table(
    name: str, source: str, target: str, columns: Columns, rows: Iterator[dict[str, Any]], folder: Path
) -> Iterator[str]:
    declared = f", {_declared(columns)}" if columns else ""
    yield f"CREATE REL TABLE `{name}` (FROM `{source}` TO `{target}`{declared})"
    # In the file the columns of a fact begin with `_`, so that none is called `from` or `to`: Ladybug goes by their order.
    yield from _copied(
        name, {"from": "STRING", "to": "STRING"} | {f"_{key}": type_ for key, type_ in columns.items()}, rows, folder
    )


def _copied(name: str, columns: Columns, rows: Iterator[dict[str, Any]], folder: Path) -> Iterator[str]:
    file = f"{digest(name)[:16]}.parquet"
    schema = pa.schema(
        {key: pa.list_(_ARROW[type_[:-2]]) if type_.endswith("[]") else _ARROW[type_] for key, type_ in columns.items()}
    )
    if write_rows(folder / file, schema, rows):
        yield f"COPY `{name}` FROM '{file}'"


def _declared(columns: Columns) -> str:
    return ", ".join(f"`{key}` {type_}" for key, type_ in columns.items())
