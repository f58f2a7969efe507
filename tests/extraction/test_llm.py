"""The extractor around recorded replies."""

from kgbuild.extraction.llm import LlmExtractor, LlmOptions
from kgbuild.llm.protocol import NoReplies
from kgbuild.llm.recorded import Recorded, RecordedReplies
from kgbuild.records import Chunk, Span


def chunk_of(text, at=0, **fields):
    return Chunk("chk", "doc", 0, Span(at, at + max(len(text), 1)), text, **fields)


def extracted(text, reply, ontology, options=LlmOptions()):
    chunk = chunk_of(text, at=100)
    model = RecordedReplies((Recorded(asked="Passage:", reply=reply),))
    (extraction,) = LlmExtractor(model, ontology, NoReplies(), options).extract([chunk])
    return chunk, extraction
