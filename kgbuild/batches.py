"""What one batch of each step does, wherever it runs: records and addresses in, records out, never a client or a handle.

A runner maps these over batches, in this process, in threads or as Prefect tasks; the ledger is none of their business but for
the replies that it remembers and the segments that finished work is appended to, so that a kill loses none of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kgbuild import chunking, documents
from kgbuild.extraction import ExtractorAddress, opened
from kgbuild.ids import digest
from kgbuild.judging import Candidates, JudgeAddress, Judgement, open_judge
from kgbuild.ledger import FileRead, WorkerReplies, worker_replies, worker_segment
from kgbuild.records import CandidateTriple, Chunk, Extraction, Span
from kgbuild.serialisation import to_json


@dataclass(frozen=True, slots=True)
class Reading:
    """How files become chunks. root: the documents folder. max_tokens: of a chunk. context_chars: kept of the text before it."""

    root: str
    max_tokens: int = 400
    context_chars: int = 400

    @property
    def recipe(self) -> str:
        """A digest of everything but the files that decides what reading gives."""
        return digest("reading", documents.VERSION, chunking.VERSION, self.max_tokens, self.context_chars)


def read_batch(uris: Sequence[str], reading: Reading) -> tuple[FileRead, ...]:
    """Read files and chunk what they hold."""
    return tuple(_read(uri, reading) for uri in uris)


def _read(uri: str, reading: Reading) -> FileRead:
    found, failures = documents.read_file(documents.path_of(Path(reading.root), uri), uri)
    chunked = ((document, chunking.chunk(document, reading.max_tokens, reading.context_chars)) for document in found)
    return FileRead(uri, tuple(chunked), failures)


@dataclass(frozen=True, slots=True)
class Run:
    """The run that a batch is part of. graph: its directory. budget_tokens: what the run may spend on a language model."""

    graph: str
    id: int
    budget_tokens: int | None = None

    def replies(self) -> WorkerReplies:
        return worker_replies(Path(self.graph), self.id, self.budget_tokens)


@dataclass(frozen=True, slots=True)
class Extracting:
    extractor: ExtractorAddress
    run: Run


def extract_batch(items: Sequence[tuple[str, Chunk]], extracting: Extracting) -> tuple[tuple[str, Extraction], ...]:
    """Extract from chunks that each stand for their words alone; `items` pairs each with the key of its extraction."""
    segment = worker_segment(Path(extracting.run.graph), extracting.run.id, "extractions")
    with extracting.run.replies() as replies:
        extractions = opened(extracting.extractor, replies).extract([chunk for _, chunk in items])
    done = tuple((key, extraction) for (key, _), extraction in zip(items, extractions, strict=True))
    segment.extend(
        (key, to_json(extraction)) for key, extraction in done if not (extraction.failure and extraction.failure.retryable)
    )
    return done


@dataclass(frozen=True, slots=True)
class Judging:
    judge: JudgeAddress
    run: Run


def judge_batch(
    items: Sequence[tuple[str, Chunk, tuple[CandidateTriple, ...]]], judging: Judging
) -> tuple[tuple[str, Judgement], ...]:
    """Judge the candidates of chunks that each stand for their words alone; `items` pairs each with the key of its verdicts."""
    with judging.run.replies() as replies:
        judgements = open_judge(judging.judge, replies).judge([Candidates(chunk, candidates) for _, chunk, candidates in items])
    return tuple((key, judgement) for (key, _, _), judgement in zip(items, judgements, strict=True))


def words_alone(chunk: Chunk) -> Chunk:
    """Return the chunk without its document and place: what an extraction, and so its key, may depend on."""
    return replace(chunk, id="", document_id="", index=0, span=Span(0, len(chunk.text)))
