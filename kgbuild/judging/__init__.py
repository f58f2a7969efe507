"""CandidateTriple -> JudgedTriple: what a judge is, and how one is opened from an address."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kgbuild.judging.calibration import JudgeCalibration
from kgbuild.judging.judge import Band, RulesThenSupport
from kgbuild.judging.own_score import OwnScore
from kgbuild.judging.protocol import Candidates, Judge, Judgement, Support
from kgbuild.llm import open_model
from kgbuild.llm.protocol import NoReplies, Replies
from kgbuild.ontology.model import Ontology

__all__ = ["Candidates", "Judge", "JudgeAddress", "Judgement", "Support", "open_judge"]


@dataclass(frozen=True)
class JudgeAddress:
    """All that it takes to open a judge wherever a batch runs.

    kind: "rules"; "score" for the rules and the compact extractor's own score; "compact" for the rules and what the compact
    model says of triples from anywhere; "llm" for the rules and a language model.
    weights: path of the compact model's weights, None for those shipped. llm: address of the language model.
    calibration: what that model's answers are worth, None where nobody measured it.
    """

    kind: str
    ontology: Ontology
    weights: str | None = None
    llm: str = ""
    calibration: JudgeCalibration | None = None

    def __hash__(self) -> int:
        return hash((self.kind, self.ontology.digest, self.weights, self.llm, self.calibration))


@lru_cache(maxsize=4)
def open_judge(address: JudgeAddress, replies: Replies = NoReplies()) -> Judge:
    """Open a judge; the same one for the same address and memory, since weights take a moment to load.

    replies: the memory of a judge that asks a language model.
    """
    weights = Path(address.weights) if address.weights else None
    match address.kind:
        case "rules":
            return RulesThenSupport(address.ontology)
        case "score":
            from kgbuild.compact.weights import open_weights

            calibration = open_weights(weights).calibration
            return RulesThenSupport(address.ontology, OwnScore(), Band(calibration.unsure_from, calibration.accept_from))
        case "compact":
            from kgbuild.judging.compact_support import CompactSupport

            support = CompactSupport.open(address.ontology, weights)
            return RulesThenSupport(address.ontology, support, support.band)
        case "llm":
            from kgbuild.judging.llm_support import LlmSupport

            asking = LlmSupport(address.ontology, open_model(address.llm), replies, address.calibration)
            return RulesThenSupport(address.ontology, asking, asking.band)
    raise ValueError(f"{address.kind!r} names no judge. Use rules, score, compact or llm.")
