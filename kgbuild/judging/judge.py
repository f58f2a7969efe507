"""Rules first, because they are free; then support by a model; one verdict per candidate."""

from collections.abc import Sequence
from dataclasses import dataclass

from kgbuild.ids import digest
from kgbuild.judging import rules
from kgbuild.judging.protocol import Candidates, Judgement, Opinion, Support, Unanswered
from kgbuild.judging.rules import judge_by_rules
from kgbuild.ontology.model import Ontology
from kgbuild.records import Chunk, Failure, Outcome, Reason, Verdict


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

    @property
    def description(self) -> str:
        if self.support is None:
            return "rules"
        return f"{self.support.name}: accepts from {self.band.accept_from:.3g} on, rejects below {self.band.reject_below:.3g}"

    def chunk_key(self, chunk: Chunk) -> str:
        return digest(chunk.text, self.support and self.support.chunk_key(chunk))

    def judge(self, batch: Sequence[Candidates]) -> list[Judgement]:
        return judge(batch, self.ontology, self.support, self.band)


def judge(
    batch: Sequence[Candidates], ontology: Ontology | None, support: Support | None = None, band: Band = Band()
) -> list[Judgement]:
    """Judge the candidates of chunks, in order; the model is asked once, about all those that the rules did not reject."""
    by_rules = [[judge_by_rules(triple, of.chunk, ontology) for triple in of.triples] for of in batch]
    if support is None:
        return [Judgement(tuple(verdicts)) for verdicts in by_rules]
    asked = [
        Candidates(of.chunk, tuple(triple for triple, verdict in zip(of.triples, verdicts, strict=True) if _is_open(verdict)))
        for of, verdicts in zip(batch, by_rules, strict=True)
    ]
    opinions = support.opinions(asked)
    return [_judgement(verdicts, given, band, support.name) for verdicts, given in zip(by_rules, opinions, strict=True)]


def _is_open(by_rules: Verdict) -> bool:
    return by_rules.outcome is not Outcome.REJECTED


def _judgement(by_rules: Sequence[Verdict], opinions: Sequence[Opinion], band: Band, name: str) -> Judgement:
    given = iter(opinions)
    verdicts = tuple(_with_support(verdict, next(given), band, name) if _is_open(verdict) else verdict for verdict in by_rules)
    later = [opinion for opinion in opinions if isinstance(opinion, Unanswered) and opinion.retryable]
    if not later:
        return Judgement(verdicts)
    detail = f"{len(later)} of {len(opinions)} triples: {later[0].detail}"
    return Judgement(verdicts, Failure("judging", "", None, later[0].reason, detail, retryable=True))


def _with_support(by_rules: Verdict, opinion: Opinion, band: Band, name: str) -> Verdict:
    if opinion is None:
        return by_rules
    if isinstance(opinion, Unanswered):
        return Verdict.undecided(Reason.NOT_JUDGED, f"{opinion.reason}: {opinion.detail}", None, name)
    if opinion >= band.accept_from:
        return Verdict.accepted(opinion, name)
    detail = f"probability {opinion:.2f}"
    if opinion < band.reject_below:
        return Verdict.rejected(Reason.NOT_SUPPORTED, f"{detail}, below {band.reject_below:g}", opinion, name)
    if by_rules.reason is not None:
        return Verdict.undecided(by_rules.reason, by_rules.detail, opinion, name)
    return Verdict.undecided(Reason.UNSURE, f"{detail}, between {band.reject_below:g} and {band.accept_from:g}", opinion, name)
