"""The extractor's own calibrated score as support: the same model, asked a second time, would say the same."""

from collections.abc import Sequence

from kgbuild.ids import digest
from kgbuild.records import CandidateTriple, Chunk


class OwnScore:
    """A `Support` whose probability is the candidate's score; for extractors whose scores are calibrated."""

    name = "rules and score"
    key = digest("own score", 1)

    def chunk_key(self, chunk: Chunk) -> str:
        return ""

    def probabilities(self, triples: Sequence[CandidateTriple], chunk: Chunk) -> list[float | None]:
        return [triple.score for triple in triples]
