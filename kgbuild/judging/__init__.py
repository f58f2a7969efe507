"""CandidateTriple -> JudgedTriple: what a judge is, and how one is opened from an address."""

from dataclasses import dataclass
from functools import lru_cache

from kgbuild.judging.judge import RulesThenSupport
from kgbuild.judging.protocol import Judge, Support
from kgbuild.ontology.model import Ontology

__all__ = ["Judge", "JudgeAddress", "Support", "open_judge"]


@dataclass(frozen=True)
class JudgeAddress:
    """All that it takes to open a judge wherever a batch runs. kind: "rules", or "compact" for the compact model's support too."""

    kind: str
    ontology: Ontology | None
    weights: str | None = None

    def __hash__(self) -> int:
        return hash((self.kind, self.ontology and self.ontology.digest, self.weights))


@lru_cache(maxsize=4)
def open_judge(address: JudgeAddress) -> Judge:
    """Open a judge; the same one for the same address, since weights take a moment to load."""
    match address.kind:
        case "rules":
            return RulesThenSupport(address.ontology)
    raise ValueError(f"{address.kind!r} names no judge. Use rules.")
