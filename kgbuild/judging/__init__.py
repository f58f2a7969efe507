"""CandidateTriple -> JudgedTriple: what one triple, its words and the ontology decide, and how sure a model is that they say so."""

from dataclasses import dataclass

from kgbuild.judging.judge import Band, RulesThenSupport, judge
from kgbuild.judging.protocol import Judge, Support
from kgbuild.judging.rules import judge_by_rules
from kgbuild.ontology.model import Ontology

__all__ = ["Band", "Judge", "JudgeAddress", "RulesThenSupport", "Support", "judge", "judge_by_rules", "open_judge"]


@dataclass(frozen=True, slots=True)
class JudgeAddress:
    """All that opens the same judge in any process. ontology: None where none was chosen."""

    ontology: Ontology | None


def open_judge(address: JudgeAddress) -> Judge:
    """Open a judge."""
    return RulesThenSupport(address.ontology)
