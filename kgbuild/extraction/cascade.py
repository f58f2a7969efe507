"""Compact everywhere, a language model where that is unsure or silent.

A chunk is put to the language model when the compact one
- is unsure of a candidate: it scores it in the band in which it abstains;
- is silent in a sentence that names something;
- was never taught a property of the ontology, and the chunk names anything at all.

What the compact model is sure of stays as it is. Of its unsure candidates those stay that the language model states too, as that
one's: each model judges what it was not sure of itself, and neither its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kgbuild import ids
from kgbuild.chunking import sentence_spans
from kgbuild.extraction.compact import CompactAddress, CompactExtractor
from kgbuild.extraction.llm import LlmAddress, LlmExtractor, holds_names
from kgbuild.llm.protocol import NoReplies, Replies, Request
from kgbuild.records import CandidateTriple, Chunk, Extraction, Literal

VERSION = 4
"""Raised by hand whenever other chunks would be put to the language model, or the two be joined in another way."""


class CascadeExtractor:
    """Reads with the compact model and asks the language model about some chunks; the others are `spared`."""

    def __init__(self, compact: CompactExtractor, llm: LlmExtractor) -> None:
        self._compact, self._llm = compact, llm
        self.name = f"cascade/{compact.name}/{llm.name}"
        self.key = ids.digest("cascade", VERSION, compact.key, llm.key)

    def chunk_key(self, chunk: Chunk) -> str:
        return ids.digest(self._compact.chunk_key(chunk), self._llm.chunk_key(chunk))

    def first_request(self, chunk: Chunk) -> Request | None:
        return self._llm.first_request(chunk)

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction]:
        read = self._compact.extract(chunks)
        asked = [n for n, (chunk, extraction) in enumerate(zip(chunks, read, strict=True)) if self._is_in_doubt(chunk, extraction)]
        sure = [[candidate for candidate in read[n].candidates if self._is_sure(candidate)] for n in asked]
        answers = dict(zip(asked, self._llm.extract([chunks[n] for n in asked], sure) if asked else (), strict=True))
        return [
            self._joined(extraction, answers[n]) if n in answers else replace(extraction, spared=True)
            for n, extraction in enumerate(read)
        ]

    def _is_in_doubt(self, chunk: Chunk, extraction: Extraction) -> bool:
        if any(not self._is_sure(candidate) for candidate in extraction.candidates):
            return True
        names = {end.text.casefold() for candidate in extraction.candidates for end in (candidate.subject, candidate.object)}
        # Evidence ends with the sentence that makes the statement; those before it may only have the name that it is about.
        heard = {c.evidence.end - chunk.span.start for c in extraction.candidates if c.evidence is not None}
        return any(
            holds_names(sentence.of(chunk.text), names) and (self._compact.coverage.uncovered or sentence.end not in heard)
            for sentence in sentence_spans(chunk.text)
        )

    def _is_sure(self, candidate: CandidateTriple) -> bool:
        return candidate.score >= self._compact.accept_from

    def _joined(self, compact: Extraction, llm: Extraction) -> Extraction:
        """Return what the compact model is sure of and what the language model adds, or all of it where that one failed."""
        sure = [c for c in compact.candidates if self._is_sure(c) or llm.failure is not None]
        known = {_stated(candidate) for candidate in sure}
        added = [candidate for candidate in llm.candidates if _stated(candidate) not in known]
        return Extraction((*sure, *added), compact.below_threshold, llm.failure)


def _stated(candidate: CandidateTriple) -> tuple[str, str, str]:
    object_ = candidate.object
    return candidate.subject.text, candidate.predicate, object_.value if isinstance(object_, Literal) else object_.text


@dataclass(frozen=True)
class CascadeAddress:
    """Where a batch finds both models."""

    compact: CompactAddress
    llm: LlmAddress

    def open(self, replies: Replies = NoReplies()) -> CascadeExtractor:
        return CascadeExtractor(self.compact.open(), self.llm.open(replies))

    def __hash__(self) -> int:
        return hash((self.compact, self.llm))
