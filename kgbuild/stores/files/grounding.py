"""The promise checked on every export: each fact's quotes are the documents' own words at their spans."""

from collections.abc import Iterator
from itertools import islice

from kgbuild.errors import GraphError, StoreError
from kgbuild.records import Evidence
from kgbuild.stores.projection import place
from kgbuild.stores.protocol import Snapshot

BATCH = 20_000
"""Pieces of evidence checked at a time, sorted by document, so that each document is looked up once a batch."""


def check_grounding(snapshot: Snapshot) -> int:
    """Compare every quote with its document; return how many were compared. Raises StoreError that names the first bad fact."""
    pieces = ((evidence, fact.id) for fact in snapshot.facts() for evidence in fact.evidence)
    checked = 0
    while batch := list(islice(pieces, BATCH)):
        batch.sort(key=lambda piece: (piece[0].document_id, piece[1]))
        _check_batch(snapshot, iter(batch))
        checked += len(batch)
    return checked


def _check_batch(snapshot: Snapshot, batch: Iterator[tuple[Evidence, str]]) -> None:
    document_id, text = None, ""
    for evidence, fact_id in batch:
        if evidence.document_id != document_id:
            document_id = evidence.document_id
            try:
                text = snapshot.text_of(document_id)
            except GraphError:
                raise _ungrounded(fact_id, f"its evidence names document {document_id}, which the graph does not have") from None
        if evidence.span.of(text) != evidence.quote:
            raise _ungrounded(fact_id, f"its quote {evidence.quote[:60]!r} is not the text at {place(evidence)}")


def _ungrounded(fact_id: str, problem: str) -> StoreError:
    return StoreError(fact_id, problem, "Nothing was exported: build into another --graph directory, and report this as a bug")
