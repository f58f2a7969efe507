"""What every way of judging promises."""

from collections.abc import Sequence
from typing import Protocol

from kgbuild.records import CandidateTriple, Chunk, Verdict


class Judge(Protocol):
    """Decides about candidate triples, one chunk at a time: it sees the chunk and all that was claimed of it.

    key: a digest of everything but the chunk and the candidates that decides the outcome (rules, ontology, weights, band);
        equal keys, chunk keys and candidates mean equal verdicts, so a judged chunk is never paid for twice.
    """

    @property
    def key(self) -> str: ...

    def chunk_key(self, chunk: Chunk) -> str:
        """Return a digest of what this judge reads of a chunk: its words, never its document or place."""
        ...

    def judge(self, triples: Sequence[CandidateTriple], chunk: Chunk) -> list[Verdict]:
        """Return one verdict per candidate of the chunk, in order. Raises ModelUnavailable when nothing can be asked at all."""
        ...


class Support(Protocol):
    """A model that says how likely it is that the evidence states a triple; `judging.judge` turns that into verdicts.

    name: what `Verdict.judge` and provenance show. key: a digest of weights, calibration and prompt.
    """

    @property
    def name(self) -> str: ...

    @property
    def key(self) -> str: ...

    def chunk_key(self, chunk: Chunk) -> str:
        """Return a digest of what this model reads of a chunk: its words, never its document or place."""
        ...

    def probabilities(self, triples: Sequence[CandidateTriple], chunk: Chunk) -> list[float | None]:
        """Return, per candidate and in order, the calibrated probability that the chunk states it.

        None: the model has no opinion (a property it was never taught); what the rules said then stands.
        """
        ...
