"""Chunk -> CandidateTriples: what an extractor is, and how one is opened from an address wherever a batch runs."""

from functools import lru_cache
from typing import Protocol

from kgbuild.extraction.protocol import Extractor
from kgbuild.llm.protocol import NoReplies, Replies

__all__ = ["Extractor", "ExtractorAddress", "opened"]


class ExtractorAddress(Protocol):
    """All that it takes to open an extractor: a frozen, hashable record that travels to other threads and machines."""

    def open(self, replies: Replies) -> Extractor:
        """replies: the memory of an extractor that asks a language model."""
        ...

    def __hash__(self) -> int: ...


@lru_cache(maxsize=4)
def opened(address: ExtractorAddress, replies: Replies = NoReplies()) -> Extractor:
    """Open an extractor; the same one for the same address and memory, since weights take a moment to load."""
    return address.open(replies)
