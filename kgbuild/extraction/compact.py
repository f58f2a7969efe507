"""The compact model as an extractor: no server, no prompt."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kgbuild import ids
from kgbuild.compact.coverage import Coverage, coverage
from kgbuild.compact.decoding import Guess, reader
from kgbuild.compact.passages import passage_guesses
from kgbuild.compact.weights import Weights, open_weights
from kgbuild.llm.protocol import NoReplies, Replies
from kgbuild.ontology.model import Ontology
from kgbuild.records import CandidateTriple, Chunk, Extraction, Literal, Mention, Span

VERSION = 7
"""Raised by hand whenever equal scores would give other candidates."""


class CompactExtractor:
    """Extracts the properties of an ontology that its weights were taught; the others only where `uncovered` asks for guesses.

    coverage: which properties those are, for a report to name. accept_from: the score from which on it is sure.
    """

    def __init__(self, ontology: Ontology, weights: Weights, uncovered: bool = False) -> None:
        self.coverage: Coverage = coverage(ontology, weights)
        self.accept_from = weights.calibration.accept_from
        self._weights = weights
        self._reader = reader(weights, ontology, self.coverage, uncovered)
        self.name = f"compact/{weights.digest[:6]}"
        self.key = ids.digest("compact", VERSION, weights.digest, ontology.digest, uncovered)

    @classmethod
    def open(cls, ontology: Ontology, folder: Path | None = None, uncovered: bool = False) -> "CompactExtractor":
        """Open the extractor on a folder of weights, the shipped ones by default."""
        return cls(ontology, open_weights(folder), uncovered)

    def chunk_key(self, chunk: Chunk) -> str:
        return ids.digest(chunk.text)

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction]:
        return [self._extract(chunk) for chunk in chunks]

    def _extract(self, chunk: Chunk) -> Extraction:
        if not self._reader.properties:
            return Extraction(())
        candidates: list[CandidateTriple] = []
        below = 0
        for evidence, guess in passage_guesses(self._reader, chunk.text):
            if guess.probability >= self._weights.calibration.unsure_from:
                candidates.append(self._candidate(chunk, evidence, guess))
            else:
                below += 1
        return Extraction(tuple(candidates), below)

    def _candidate(self, chunk: Chunk, evidence: Span, guess: Guess) -> CandidateTriple:
        def mention(span: Span, class_name: str) -> Mention:
            return Mention("", chunk.document_id, span.shifted(chunk.span.start), span.of(chunk.text), class_name)

        object_: Mention | Literal
        if guess.literal is not None:
            object_ = replace(guess.literal, span=guess.object.shifted(chunk.span.start))
        else:
            object_ = mention(guess.object, guess.object_class or "")
        return CandidateTriple(
            id="",
            chunk_id=chunk.id,
            subject=mention(guess.subject, guess.subject_class),
            predicate=guess.predicate,
            object=object_,
            evidence=evidence.shifted(chunk.span.start),
            quote=evidence.of(chunk.text),
            extractor=self.name,
            score=guess.probability,
        )


@dataclass(frozen=True)
class CompactAddress:
    """Where a batch finds the compact extractor. weights: a folder, None for the shipped ones."""

    ontology: Ontology
    weights: str | None = None
    uncovered: bool = False

    def open(self, replies: Replies = NoReplies()) -> CompactExtractor:
        return CompactExtractor.open(self.ontology, Path(self.weights) if self.weights else None, self.uncovered)

    def __hash__(self) -> int:
        return hash((self.ontology.digest, self.weights, self.uncovered))
