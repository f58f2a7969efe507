"""JSONL: seven files, one record a line, field for field, sorted by id. Equal graphs give equal bytes."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from kgbuild.records import Chunk, Document, Entity, Fact, Failure, JudgedTriple, Mention
from kgbuild.serialisation import from_json, to_json
from kgbuild.stores.files.grounding import check_grounding
from kgbuild.stores.files.target import new_folder
from kgbuild.stores.protocol import Snapshot

Record = Document | Chunk | Mention | Entity | Fact | JudgedTriple | Failure

RECORD_TYPES: Mapping[str, type[Record]] = {
    "documents": Document,
    "chunks": Chunk,
    "mentions": Mention,
    "entities": Entity,
    "facts": Fact,
    "rejected": JudgedTriple,
    "failures": Failure,
}
"""What each file holds, by its name without extension. `rejected` holds undecided triples as well."""


def streams(snapshot: Snapshot) -> Mapping[str, Callable[[], Iterator[Record]]]:
    """Return what fills each file."""
    return {
        "documents": snapshot.documents,
        "chunks": snapshot.chunks,
        "mentions": snapshot.mentions,
        "entities": snapshot.entities,
        "facts": snapshot.facts,
        "rejected": snapshot.rejected,
        "failures": snapshot.failures,
    }


def export_jsonl(snapshot: Snapshot, out: Path) -> None:
    """Write a folder of `documents.jsonl` to `failures.jsonl`. Raises StoreError when it cannot, or a fact is not grounded."""
    with new_folder(out, [f"{name}.jsonl" for name in RECORD_TYPES]) as folder:
        check_grounding(snapshot)
        for name, records in streams(snapshot).items():
            with (folder / f"{name}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{to_json(record)}\n" for record in records())


def record_of(name: str, line: str) -> Record:
    """Read a line of the file `name` ("facts" for facts.jsonl) back; raises ValueError when it holds no such record."""
    return from_json(RECORD_TYPES[name], line)
