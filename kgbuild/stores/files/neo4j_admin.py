"""CSV files for `neo4j-admin database import full`: the fastest way to a first graph of millions of facts.

What it makes equals what `kgbuild build --store` writes, the marker included, so that later builds publish their changes into it;
the first of them creates the constraints and indexes.
"""

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from kgbuild.errors import StoreError
from kgbuild.stores.elements import (
    CHUNK,
    DOCUMENT,
    ENTITY,
    FROM_CHUNK,
    FROM_DOCUMENT,
    KINDS,
    NEXT_CHUNK,
    Edge,
    Names,
    Node,
    edges,
    ends_of,
    imported_database,
    names_for,
    nodes,
    uses_in,
)
from kgbuild.stores.files.grounding import check_grounding
from kgbuild.stores.files.target import new_folder
from kgbuild.stores.projection import FACT_PROPERTIES, MARKER, ValueType
from kgbuild.stores.protocol import Snapshot

FILES = {DOCUMENT: "documents.csv", CHUNK: "chunks.csv", ENTITY: "entities.csv"}
TIES = {FROM_DOCUMENT: "from_document.csv", NEXT_CHUNK: "next_chunk.csv", FROM_CHUNK: "from_chunk.csv"}
FACTS, MARKER_FILE = "facts.csv", "marker.csv"
SEPARATORS = ("\x1f", "\x1e", "\x1d", "\x1c", *map(chr, range(0xE000, 0xE010)))
"""Characters that may stand between the items of a list, which cannot be quoted: the first that no item holds is taken."""
READ_BUFFER_BYTES = 4_194_304
"""What the import reads at a time unless told otherwise; no field may be longer."""
_TYPES = {
    "index": "long",
    "start": "long",
    "end": "long",
    "aliases": "string[]",
    "fact_ids": "string[]",
    "confidence": "double",
    "evidence_count": "long",
    "quotes": "string[]",
    "evidence": "string[]",
}
_VALUE_TYPES = {ValueType.INTEGER: "long", ValueType.DECIMAL: "double", ValueType.TEXT: "string"}


def export_neo4j_admin(snapshot: Snapshot, out: Path) -> str:
    """Write a folder of CSV files and return the command that imports it, for a stopped server with an empty database.

    Raises StoreError when it cannot, or a fact is not grounded.
    """
    with new_folder(out, (*FILES.values(), *TIES.values(), FACTS, MARKER_FILE)) as folder:
        check_grounding(snapshot)
        names = names_for(uses_in(snapshot), snapshot.ontology)
        for separator in SEPARATORS:
            try:
                longest = _Writing(folder, names, separator).write(snapshot)
            except _SeparatorInUse:
                continue
            return _command(out, separator, longest)
    raise StoreError(out, "every separator for lists occurs in a list", "Export as jsonl, or publish with `kgbuild build --store`")


class _SeparatorInUse(Exception):
    """An item of a list holds the character that is to stand between items."""


class _Writing:
    """The files of one export, each with its columns: name and type by property."""

    def __init__(self, folder: Path, names: Names, separator: str) -> None:
        self._folder, self._names, self._separator = folder, names, separator
        self._longest = 0
        literals = {
            literal.key: _VALUE_TYPES[literal.value_type] + ("[]" if literal.is_list else "")
            for literal in names.projection.literals.values()
        }
        qualifiers = {key for relationship in names.projection.relationships.values() for key in relationship.qualifiers.values()}
        self._properties = {kind: (*keys, *(literals if kind == ENTITY else ())) for kind, keys in KINDS.items()}
        self._fact_properties = (*FACT_PROPERTIES, *sorted(qualifiers))
        self._types = {**_TYPES, **literals}

    def write(self, snapshot: Snapshot) -> int:
        """Write all files; return the length of the longest field, in bytes."""
        self._write_nodes(nodes(snapshot, self._names))
        self._write_edges(edges(snapshot, self._names))
        with self._new(MARKER_FILE, ["key", "graph_id", "generation:long", "database"]) as file:
            database = imported_database(snapshot.graph_id, snapshot.generation)
            self._line(file, ["graph", snapshot.graph_id, snapshot.generation, database])
        return self._longest

    def _write_nodes(self, all_nodes: Iterable[Node]) -> None:
        files: dict[str, TextIO] = {}
        for kind, name in FILES.items():
            columns = [f"id:ID({kind})", *(self._column(key) for key in self._properties[kind][1:]), ":LABEL"]
            files[kind] = self._new(name, columns)
        for node in all_nodes:
            values = [node.properties.get(key) for key in self._properties[node.kind]]
            self._line(files[node.kind], [*values, list(node.labels) or None])
        for file in files.values():
            file.close()

    def _write_edges(self, all_edges: Iterable[Edge]) -> None:
        def ends(type_: str) -> list[str]:
            start, end = ends_of(type_)
            return [f":START_ID({start})", f":END_ID({end})"]

        files = {type_: self._new(name, ends(type_)) for type_, name in TIES.items()}
        facts = self._new(FACTS, [*ends(""), ":TYPE", *map(self._column, self._fact_properties)])
        for edge in all_edges:
            if edge.id is None:
                self._line(files[edge.type], [edge.start, edge.end])
            else:
                values = (edge.properties.get(key) for key in self._fact_properties)
                self._line(facts, [edge.start, edge.end, edge.type, *values])
        for file in (*files.values(), facts):
            file.close()

    def _column(self, key: str) -> str:
        return f"{key}:{self._types.get(key, 'string')}"

    def _new(self, name: str, columns: Sequence[str]) -> TextIO:
        file = (self._folder / name).open("w", encoding="utf-8", newline="\n")
        file.write(",".join(columns) + "\n")
        return file

    def _line(self, file: TextIO, values: Iterable[Any]) -> None:
        fields = [self._field(value) for value in values]
        self._longest = max(self._longest, *map(len, fields))
        file.write(",".join(fields) + "\n")

    def _field(self, value: Any) -> str:
        """Write what is missing as nothing and everything else in quotes, so that an empty text stays one."""
        if value is None:
            return ""
        if isinstance(value, list):
            items = [str(item) for item in value]
            if any(self._separator in item for item in items):
                raise _SeparatorInUse
            value = self._separator.join(items)
        return '"' + str(value).replace('"', '""') + '"'


def _command(out: Path, separator: str, longest_chars: int) -> str:
    """Return the command line; four bytes are what a character takes at most."""
    arguments = ["neo4j-admin", "database", "import", "full", "neo4j", "--id-type=string", "--multiline-fields=true"]
    arguments.append(f"--array-delimiter=U+{ord(separator):04X}")
    if longest_chars * 4 >= READ_BUFFER_BYTES:
        arguments.append(f"--read-buffer-size={longest_chars * 4 + 1024}")
    folder = out.resolve()
    arguments += [f"--nodes={kind}={folder / name}" for kind, name in FILES.items()]
    arguments += [f"--nodes={MARKER}={folder / MARKER_FILE}"]
    arguments += [f"--relationships={type_}={folder / name}" for type_, name in TIES.items()]
    arguments += [f"--relationships={folder / FACTS}"]
    return shlex.join(arguments)
