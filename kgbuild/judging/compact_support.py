"""The compact model as a judge: it answers with the scorer that it extracts with."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from kgbuild import ids
from kgbuild.chunking import sentence_spans
from kgbuild.compact.coverage import coverage
from kgbuild.compact.decoding import reader
from kgbuild.compact.scoring import score_pairs
from kgbuild.compact.weights import Weights, open_weights
from kgbuild.judging.judge import Band
from kgbuild.judging.protocol import Candidates, Opinion
from kgbuild.ontology.model import Ontology
from kgbuild.records import CandidateTriple, Chunk, Span

VERSION = 3
"""Raised by hand whenever equal scores would give other probabilities."""


class CompactSupport:
    """The probability that the sentences of a triple's evidence state it; no opinion on properties the weights were not taught."""

    def __init__(self, ontology: Ontology, weights: Weights) -> None:
        self._weights = weights
        self._reader = reader(weights, ontology, coverage(ontology, weights), with_uncovered=False)
        self._columns = {prop.name: number for number, prop in enumerate(self._reader.properties)}
        self.name = f"compact/{weights.digest[:6]}"
        self.key = ids.digest("support", VERSION, weights.digest, ontology.digest)
        self.band = Band(weights.calibration.judge_reject_below, weights.calibration.judge_accept_from)

    @classmethod
    def open(cls, ontology: Ontology, folder: Path | None = None) -> "CompactSupport":
        """Open the judge on a folder of weights, the shipped ones by default."""
        return cls(ontology, open_weights(folder))

    def chunk_key(self, chunk: Chunk) -> str:
        return ids.digest(chunk.text)

    def opinions(self, batch: Sequence[Candidates]) -> list[list[Opinion]]:
        return [self._opinions(of.triples, of.chunk) for of in batch]

    def _opinions(self, triples: Sequence[CandidateTriple], chunk: Chunk) -> list[Opinion]:
        answers: list[Opinion] = [None] * len(triples)
        sentences = sentence_spans(chunk.text)
        asked: dict[Span, list[int]] = defaultdict(list)
        for number, triple in enumerate(triples):
            if triple.predicate in self._columns and (text := _sentences_of(triple, chunk, sentences)) is not None:
                asked[text].append(number)
        for text, numbers in asked.items():
            spans: list[Span] = []
            for number in numbers:
                for argument in (triples[number].subject.span, triples[number].object.span):
                    assert argument is not None  # _sentences_of looked
                    spans.append(argument.shifted(-chunk.span.start - text.start))
            pairs = [(2 * row, 2 * row + 1) for row in range(len(numbers))]
            scores = score_pairs(self._weights, self._reader.asked, text.of(chunk.text), spans, pairs)
            for number, row in zip(numbers, scores, strict=True):
                if row is not None:
                    probabilities = self._weights.calibration.judging.probabilities(row, self._reader.keys)
                    answers[number] = round(float(probabilities[self._columns[triples[number].predicate]]), 4)
        return answers


def _sentences_of(triple: CandidateTriple, chunk: Chunk, sentences: Sequence[Span]) -> Span | None:
    """Return the whole sentences, relative to the chunk, that hold evidence and both arguments; None when a span is missing."""
    spans = [span.shifted(-chunk.span.start) for span in (triple.evidence, triple.subject.span, triple.object.span) if span]
    if len(spans) < 3:
        return None
    touched = [s for s in sentences if any(s.start < span.end and span.start < s.end for span in spans)]
    start, end = min(s.start for s in (*touched, *spans)), max(s.end for s in (*touched, *spans))
    return Span(start, end)
