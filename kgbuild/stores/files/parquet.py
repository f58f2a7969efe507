"""Parquet: the same seven files as JSONL with typed, nested columns, for anything that reads in bulk."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kgbuild.batching import batched
from kgbuild.serialisation import storable, to_dict
from kgbuild.stores.files.grounding import check_grounding
from kgbuild.stores.files.jsonl import streams
from kgbuild.stores.files.target import new_folder
from kgbuild.stores.protocol import Snapshot

BATCH_ROWS = 2_000
BATCH_CHARS = 8_000_000
"""A row group holds at most this many rows, and this many characters of text unless one row has more."""

_TEXT, _TEXTS = pa.string(), pa.list_(pa.string())
_SPAN = pa.struct({"start": pa.int64(), "end": pa.int64()})
_LITERAL = {"span": _SPAN, "text": _TEXT, "value": _TEXT, "datatype": _TEXT}
_MENTION = {"id": _TEXT, "document_id": _TEXT, "span": _SPAN, "text": _TEXT, "class_name": _TEXT}
_QUALIFIERS = pa.list_(pa.struct({"name": _TEXT, "value": pa.struct(_LITERAL)}))
_EVIDENCE = {
    "document_id": _TEXT,
    "chunk_id": _TEXT,
    "span": _SPAN,
    "quote": _TEXT,
    "extractor": _TEXT,
    "judge": _TEXT,
    "probability": pa.float64(),
    "stated_on": _TEXT,
}
_TRIPLE = {
    "id": _TEXT,
    "chunk_id": _TEXT,
    "subject": pa.struct(_MENTION),
    "predicate": _TEXT,
    "object": pa.struct(_MENTION | {"value": _TEXT, "datatype": _TEXT}),  # a mention or a literal: the other's fields are null
    "evidence": _SPAN,
    "quote": _TEXT,
    "qualifiers": _QUALIFIERS,
    "extractor": _TEXT,
    "score": pa.float64(),
}
_VERDICT = {"outcome": _TEXT, "reason": _TEXT, "detail": _TEXT, "probability": pa.float64(), "judge": _TEXT}

SCHEMAS: Mapping[str, Any] = {
    "documents": pa.schema(
        {
            "id": _TEXT,
            "uri": _TEXT,
            "media_type": _TEXT,
            "title": _TEXT,
            "text": _TEXT,
            "language": _TEXT,
            "published_on": _TEXT,
            "sections": pa.list_(pa.struct({"kind": _TEXT, "span": _SPAN, "level": pa.int64()})),
            "metadata": pa.map_(_TEXT, _TEXT),
            "content_hash": _TEXT,
        }
    ),
    "chunks": pa.schema(
        {
            "id": _TEXT,
            "document_id": _TEXT,
            "index": pa.int64(),
            "span": _SPAN,
            "text": _TEXT,
            "heading_path": _TEXTS,
            "context": _TEXT,
        }
    ),
    "mentions": pa.schema(_MENTION),
    "entities": pa.schema(
        {"id": _TEXT, "name": _TEXT, "class_name": _TEXT, "aliases": _TEXTS, "description": _TEXT, "mention_ids": _TEXTS}
    ),
    "facts": pa.schema(
        {
            "id": _TEXT,
            "subject_id": _TEXT,
            "predicate": _TEXT,
            # an entity or a literal: the other's fields are null
            "object": pa.struct({"entity_id": _TEXT, "text": _TEXT, "value": _TEXT, "datatype": _TEXT}),
            "confidence": pa.float64(),
            "evidence": pa.list_(pa.struct(_EVIDENCE)),
            "qualifiers": _QUALIFIERS,
            "valid_from": _TEXT,
            "valid_to": _TEXT,
            "status": _TEXT,
            "derived_from": pa.struct({"rule": _TEXT, "fact_ids": _TEXTS}),
        }
    ),
    "rejected": pa.schema({"triple": pa.struct(_TRIPLE), "verdict": pa.struct(_VERDICT)}),
    "failures": pa.schema(
        {"stage": _TEXT, "uri": _TEXT, "chunk_id": _TEXT, "reason": _TEXT, "detail": _TEXT, "retryable": pa.bool_()}
    ),
}


def export_parquet(snapshot: Snapshot, out: Path) -> None:
    """Write a folder of `documents.parquet` to `failures.parquet`, columns named as the fields of the records.

    Raises StoreError when it cannot, or a fact is not grounded.
    """
    with new_folder(out, [f"{name}.parquet" for name in SCHEMAS]) as folder:
        check_grounding(snapshot)
        for name, records in streams(snapshot).items():
            write_rows(folder / f"{name}.parquet", SCHEMAS[name], map(to_dict, records()))


def write_rows(path: Path, schema: Any, rows: Iterable[dict[str, Any]]) -> int:
    """Write rows to a Parquet file, a bounded number of them in memory; return how many there were."""
    written = 0
    # Opened here: pyarrow takes a path with a colon for an address, and none that is not UTF-8.
    with path.open("wb") as file, pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batched(rows, BATCH_ROWS, BATCH_CHARS, size=lambda row: len(row.get("text", ""))):
            try:
                table = pa.Table.from_pylist(batch, schema)
            except UnicodeEncodeError:  # half a surrogate pair, which UTF-8 and so Parquet cannot hold
                table = pa.Table.from_pylist([_in_utf8(row) for row in batch], schema)
            writer.write_table(table)
            written += len(batch)
    return written


def _in_utf8(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case dict():
            return {key: _in_utf8(inner) for key, inner in value.items()}
        case list():
            return [_in_utf8(inner) for inner in value]
        case tuple():
            return tuple(map(_in_utf8, value))
    return value
