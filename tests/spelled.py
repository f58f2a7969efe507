"""An extractor that reads facts spelled out as `Name:Class property Name:Class.`, so that a test's text says what it will give."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kgbuild.ids import digest
from kgbuild.llm.protocol import NoReplies, Replies
from kgbuild.ontology.model import Ontology, OntologyClass, Property
from kgbuild.records import CandidateTriple, Chunk, Extraction, Failure, Literal, Mention, Span

NAME = r"[A-Z][\w.]*(?: [A-Z][\w.]*)*"
PROPERTY = r"[\w\[\]/]+"
SPELLED = re.compile(
    rf"(?P<subject>{NAME}):(?P<sc>\w+) (?P<property>{PROPERTY}) (?:(?P<object>{NAME}):(?P<oc>\w+)|(?P<literal>\d+))"
)

STAFF = Ontology(
    name="staff",
    title="Staff",
    classes={
        name: OntologyClass(name, name, parent=parent)
        for name, parent in {
            "Agent": None,
            "Person": "Agent",
            "Organization": "Agent",
            "Company": "Organization",
            "City": None,
        }.items()
    },
    properties={
        "employer": Property("employer", "employer", domain=("Person",), range=("Organization",)),
        "born_in": Property("born_in", "born in", domain=("Person",), range=("City",), functional=True),
        "founded_in": Property("founded_in", "founded in", domain=("Organization",), range=("gYear",), functional=True),
        "owns": Property("owns", "owns", domain=("Agent",), range=("Organization",), asymmetric=True),
        "spouse": Property("spouse", "spouse", domain=("Person",), range=("Person",), symmetric=True),
        "led_by": Property("led_by", "led by", domain=("Organization",), range=("Person",), inverse_functional=True),
    },
)


@dataclass(frozen=True, slots=True)
class SpelledAddress:
    """seconds_per_chunk: how long each chunk takes, for tests of what surrounds an extractor.

    outage: while this file is there, chunks with the word OUTAGE fail in a way that a later run may mend, and those with the word
    REFUSED for good; once it is gone both are read like any other text.
    """

    seconds_per_chunk: float = 0.0
    outage: Path | None = None

    def open(self, replies: Replies = NoReplies()) -> "SpelledExtractor":
        return SpelledExtractor(self.seconds_per_chunk, self.outage)


@dataclass(slots=True)
class SpelledExtractor:
    seconds_per_chunk: float
    outage: Path | None = None
    name: str = "spelled"
    key: str = digest("spelled", 1)

    def chunk_key(self, chunk: Chunk) -> str:
        return digest(chunk.text)

    def extract(self, chunks: Sequence[Chunk]) -> list[Extraction]:
        time.sleep(self.seconds_per_chunk * len(chunks))
        return [self._extract(chunk) for chunk in chunks]

    def _extract(self, chunk: Chunk) -> Extraction:
        if self.outage is not None and self.outage.exists():
            if "OUTAGE" in chunk.text:
                return Extraction((), failure=Failure("extraction", "", None, "no answer", "connection refused", retryable=True))
            if "REFUSED" in chunk.text:
                return Extraction((), failure=Failure("extraction", "", None, "refused", "400 bad request"))
        return Extraction(tuple(self._triple(chunk, found) for found in SPELLED.finditer(chunk.text)))

    def _triple(self, chunk: Chunk, found: re.Match[str]) -> CandidateTriple:
        def at(group: str) -> Span:
            return Span(*found.span(group)).shifted(chunk.span.start)

        def mention(name: str, class_name: str) -> Mention:
            return Mention("", chunk.document_id, at(name), found[name], found[class_name])

        literal = found["literal"]
        object_ = mention("object", "oc") if literal is None else Literal(at("literal"), literal, literal, "gYear")
        evidence = Span(*found.span()).shifted(chunk.span.start)
        subject = mention("subject", "sc")
        return CandidateTriple("", chunk.id, subject, found["property"], object_, evidence, found[0], (), "spelled", 0.9)


class Unwatched:
    """A `pipeline.Progress` that nobody watches."""

    def begin(self, stage: str, total: int | None) -> None: ...

    def advance(self, done: int) -> None: ...
