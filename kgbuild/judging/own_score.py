"""The compact extractor's own calibrated score as support: the same model, asked a second time, would say the same."""

from collections.abc import Sequence

from kgbuild.ids import digest
from kgbuild.judging.protocol import Candidates, Opinion
from kgbuild.records import Chunk


class OwnScore:
    """A `Support` whose probability is the candidate's score; no opinion on what another model found, whose score says nothing."""

    name = "rules and score"
    key = digest("own score", 1)

    def chunk_key(self, chunk: Chunk) -> str:
        return ""

    def opinions(self, batch: Sequence[Candidates]) -> list[list[Opinion]]:
        return [[triple.score if triple.extractor.startswith("compact/") else None for triple in of.triples] for of in batch]
