"""Rules first, because they are free; then support by a model; one verdict per candidate."""

from collections.abc import Sequence
from dataclasses import dataclass

from kgbuild.ids import digest
from kgbuild.judging import rules
from kgbuild.judging.protocol import Support
from kgbuild.judging.rules import judge_by_rules
from kgbuild.ontology.model import Ontology
from kgbuild.records import CandidateTriple, Chunk, Outcome, Reason, Verdict


@dataclass(frozen=True, slots=True)
class Band:
    """Probabilities below `reject_below` reject, those from `accept_from` on accept; between them the judge abstains."""

    reject_below: float = 0.3
    accept_from: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.reject_below <= self.accept_from <= 1:
            raise ValueError(f"a band runs from low to high between 0 and 1, got {self.reject_below}..{self.accept_from}")


@dataclass(frozen=True)
class RulesThenSupport:
    """The `Judge` that kgbuild builds with: an ontology's rules, and a model where one is at hand."""

    ontology: Ontology | None
    support: Support | None = None
    band: Band = Band()

    @property
    def key(self) -> str:
        ontology = self.ontology and self.ontology.digest
        band = [self.band.reject_below, self.band.accept_from]
        return digest("judge", rules.VERSION, ontology, self.support and [self.support.key, band])

    def chunk_key(self, chunk: Chunk) -> str:
        return digest(chunk.text, self.support and self.support.chunk_key(chunk))

    def judge(self, triples: Sequence[CandidateTriple], chunk: Chunk) -> list[Verdict]:
        return judge(triples, chunk, self.ontology, self.support, self.band)


def judge(
    triples: Sequence[CandidateTriple], chunk: Chunk, ontology: Ontology | None, support: Support | None = None, band: Band = Band()
) -> list[Verdict]:
    """Judge the candidates of one chunk, in order; the model is asked once, about those that the rules did not reject."""
    verdicts = [judge_by_rules(triple, chunk, ontology) for triple in triples]
    asked = [n for n, verdict in enumerate(verdicts) if verdict.outcome is not Outcome.REJECTED]
    if support is None or not asked:
        return verdicts
    probabilities = support.probabilities([triples[n] for n in asked], chunk)
    for n, probability in zip(asked, probabilities, strict=True):
        verdicts[n] = _with_support(verdicts[n], probability, band, support.name)
    return verdicts


def _with_support(by_rules: Verdict, probability: float | None, band: Band, name: str) -> Verdict:
    if probability is None:
        return by_rules
    if probability >= band.accept_from:
        return Verdict.accepted(probability, name)
    detail = f"probability {probability:.2f}"
    if probability < band.reject_below:
        return Verdict.rejected(Reason.NOT_SUPPORTED, f"{detail}, below {band.reject_below:g}", probability, name)
    if by_rules.reason is not None:
        return Verdict.undecided(by_rules.reason, by_rules.detail, probability, name)
    return Verdict.undecided(Reason.UNSURE, f"{detail}, between {band.reject_below:g} and {band.accept_from:g}", probability, name)
