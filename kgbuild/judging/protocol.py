"""What every way of judging promises."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kgbuild.records import CandidateTriple, Chunk, Failure, Verdict


@dataclass(frozen=True, slots=True)
class Candidates:
    """A chunk and what was claimed of it."""

    chunk: Chunk
    triples: tuple[CandidateTriple, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was decided about the candidates of one chunk: a verdict on each, in order.

    failure: set when some could not be judged now and a later run may do better; those are undecided meanwhile.
    """

    verdicts: tuple[Verdict, ...]
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why a model said nothing about a candidate that it was asked about. retryable: a later run may do better."""

    reason: str
    detail: str
    retryable: bool = False


Opinion = float | Unanswered | None
"""The calibrated probability that the evidence states a triple; None where a model has no opinion, say on a property it was never
taught: what the rules said then stands."""


class Judge(Protocol):
    """Decides about candidate triples: of each chunk it sees the words and all that was claimed of it.

    key: a digest of everything but the chunk and the candidates that decides the outcome (rules, ontology, weights, band);
        equal keys, chunk keys and candidates mean equal verdicts, so a judged chunk is never paid for twice.
    description: who judges, and from which probabilities on it accepts and rejects, for a report to tell.
    """

    @property
    def key(self) -> str: ...

    @property
    def description(self) -> str: ...

    def chunk_key(self, chunk: Chunk) -> str:
        """Return a digest of what this judge reads of a chunk: its words, never its document or place."""
        ...

    def judge(self, batch: Sequence[Candidates]) -> list[Judgement]:
        """Return one judgement per chunk, in order; what is decided about one does not depend on the others.

        Raises ModelUnavailable when nothing can be asked at all.
        """
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

    def opinions(self, batch: Sequence[Candidates]) -> list[list[Opinion]]:
        """Return an opinion on each candidate of each chunk, in order. Raises ModelUnavailable when nothing can be asked at all."""
        ...
