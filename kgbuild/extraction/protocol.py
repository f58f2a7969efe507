"""What every way of extracting promises."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from kgbuild.llm.protocol import Request
from kgbuild.records import Chunk, Extraction


class Extractor(Protocol):
    """Turns chunks into candidate triples.

    name: what provenance keeps on each candidate, such as "compact/2b7c01" (weights digest).
    key: a digest of everything but the chunk that decides the outcome (weights, ontology, thresholds, version of the parser);
        equal keys and equal `chunk_key`s mean equal extractions, so a finished chunk is never paid for twice.
    """

    name: str
    key: str

    def chunk_key(self, chunk: Chunk) -> str:
        """Return a digest of what this extractor reads of a chunk: its words, never its document or place."""
        ...

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction]:
        """Return one extraction per chunk, in order; spans count from the start of the document. Ids are left empty:
        whoever places the candidates gives them (`ids.identified`).

        The outcome for a chunk does not depend on the other chunks of the batch. Raises ModelUnavailable when nothing can be
        asked at all; a single chunk that fails is an `Extraction` with a `failure`.
        """
        ...


@runtime_checkable
class AsksModel(Protocol):
    """An extractor that asks a language model."""

    def first_request(self, chunk: Chunk) -> Request | None:
        """Return what may be asked about a chunk to begin with, but for the constraint; None where nothing could be found."""
        ...
