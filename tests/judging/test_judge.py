from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from kgbuild.judging.judge import Band, RulesThenSupport
from kgbuild.judging.judge import judge as judge_batch
from kgbuild.judging.protocol import Candidates, Judgement, Opinion, Unanswered
from kgbuild.ontology.model import Ontology
from kgbuild.records import Chunk, Failure, Outcome, Reason, Span, Verdict
from tests.builders import COMPANIES, triple

TEXT = "Ada works for Acme. Bob founded Acme."
CHUNK = Chunk("chk_test", "", 0, Span(0, len(TEXT)), TEXT)
WORKS = triple("Ada:Person", "employer", "Acme:Company", TEXT)
FOUNDED = triple("Bob:Person", "founded", "Acme:Company", TEXT)
REFLEXIVE = triple("Acme:Company", "founded", "Acme.:Company", TEXT)
BACKWARDS = triple("Acme:Company", "employer", "Ada:Person", TEXT)


def judge(triples, chunk, *with_) -> tuple[Verdict, ...]:
    """Judge the candidates of one chunk, all of which get an answer."""
    (judgement,) = judge_batch([Candidates(chunk, tuple(triples))], *with_)
    assert judgement.failure is None
    return judgement.verdicts


@dataclass(frozen=True)
class Believes:
    """A support model that knows its answers; asked about anything else it fails the test."""

    answers: dict[str, Opinion]
    name: str = "believes"
    key: str = "believes 1"

    def chunk_key(self, chunk: Chunk) -> str:
        return chunk.context

    def opinions(self, batch: Sequence[Candidates]) -> list[list[Opinion]]:
        return [[self.answers[candidate.id] for candidate in of.triples] for of in batch]


BAND = Band(reject_below=0.3, accept_from=0.7)


@pytest.mark.parametrize(
    ("probability", "outcome", "reason"),
    [
        # At the band's upper edge a candidate is accepted, at its lower edge the judge abstains.
        (1.0, Outcome.ACCEPTED, None),
        (0.7, Outcome.ACCEPTED, None),
        (0.69, Outcome.UNDECIDED, Reason.UNSURE),
        (0.3, Outcome.UNDECIDED, Reason.UNSURE),
        (0.29, Outcome.REJECTED, Reason.NOT_SUPPORTED),
    ],
)
def test_the_band_decides_about_what_the_rules_accept(probability, outcome, reason):
    (verdict,) = judge([WORKS], CHUNK, COMPANIES, Believes({WORKS.id: probability}), BAND)
    assert (verdict.outcome, verdict.reason, verdict.probability, verdict.judge) == (outcome, reason, probability, "believes")


@pytest.mark.parametrize(
    ("probability", "outcome", "reason"),
    [
        # Under soft typing a model may accept what is off type; in doubt the reason stays that it is off type.
        (0.9, Outcome.ACCEPTED, None),
        (0.5, Outcome.UNDECIDED, Reason.OFF_TYPE),
        (0.1, Outcome.REJECTED, Reason.NOT_SUPPORTED),
        (None, Outcome.UNDECIDED, Reason.OFF_TYPE),
    ],
)
def test_what_is_off_type_under_soft_typing_is_for_the_model(probability, outcome, reason):
    soft = replace(COMPANIES, typing="soft")
    (verdict,) = judge([BACKWARDS], CHUNK, soft, Believes({BACKWARDS.id: probability}), BAND)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


def test_a_model_without_an_opinion_leaves_what_the_rules_said():
    assert judge([WORKS], CHUNK, COMPANIES, Believes({WORKS.id: None})) == judge([WORKS], CHUNK, COMPANIES)


def test_the_model_is_asked_only_about_what_the_rules_did_not_reject_and_answers_keep_their_order():
    support = Believes({WORKS.id: 0.9, FOUNDED.id: 0.1})
    verdicts = judge([BACKWARDS, FOUNDED, REFLEXIVE, WORKS], CHUNK, COMPANIES, support, BAND)
    assert [verdict.reason for verdict in verdicts] == [
        Reason.OUTSIDE_DOMAIN,
        Reason.NOT_SUPPORTED,
        Reason.OUTSIDE_DOMAIN,
        None,
    ]


def test_without_a_model_the_rules_decide_and_give_no_probability():
    assert [(v.outcome, v.probability, v.judge) for v in judge([WORKS], CHUNK, COMPANIES)] == [(Outcome.ACCEPTED, None, "rules")]


def test_nothing_to_judge_asks_nothing():
    assert judge([], CHUNK, COMPANIES, Believes({})) == ()
    assert judge_batch([], COMPANIES, Believes({})) == []


REFUSED, GONE = Unanswered("refused", "400 bad request"), Unanswered("no answer", "connection refused", retryable=True)


def test_what_will_never_be_answered_is_undecided_and_says_why():
    backwards, works, founded = judge([BACKWARDS, WORKS, FOUNDED], CHUNK, COMPANIES, Believes({WORKS.id: REFUSED, FOUNDED.id: 0.9}))
    assert (backwards.reason, founded.outcome) == (Reason.OUTSIDE_DOMAIN, Outcome.ACCEPTED)
    assert works == Verdict.undecided(Reason.NOT_JUDGED, "refused: 400 bad request", None, "believes")


def test_a_chunk_with_a_candidate_to_ask_about_again_says_so_and_keeps_the_other_verdicts():
    other = replace(CHUNK, text=f"{TEXT} So it is.")
    judgement, whole = judge_batch(
        [Candidates(CHUNK, (WORKS, FOUNDED)), Candidates(other, (FOUNDED,))], COMPANIES, Believes({WORKS.id: GONE, FOUNDED.id: 0.9})
    )
    assert [verdict.reason for verdict in judgement.verdicts] == [Reason.NOT_JUDGED, None]
    assert whole == Judgement(judgement.verdicts[1:])
    assert judgement.failure == Failure("judging", "", None, "no answer", "1 of 2 triples: connection refused", retryable=True)


@pytest.mark.parametrize("edges", [(0.7, 0.3), (-0.1, 0.5), (0.5, 1.1)])
def test_a_band_runs_from_low_to_high(edges):
    with pytest.raises(ValueError, match="low to high"):
        Band(*edges)


RULES = RulesThenSupport(COMPANIES)
MODEL = RulesThenSupport(COMPANIES, Believes({}))


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (RULES, RulesThenSupport(COMPANIES), True),
        # Another ontology, a model, other weights and another band can each change a verdict.
        (RULES, RulesThenSupport(None), False),
        (RULES, RulesThenSupport(Ontology("other", {}, {}, digest="other")), False),
        (RULES, MODEL, False),
        (MODEL, RulesThenSupport(COMPANIES, Believes({}, key="believes 2")), False),
        (MODEL, RulesThenSupport(COMPANIES, Believes({}), BAND), False),
        # A band without a model decides nothing.
        (RULES, RulesThenSupport(COMPANIES, band=BAND), True),
    ],
)
def test_judges_of_equal_key_decide_alike(one, other, equal):
    assert (one.key == other.key) is equal


@pytest.mark.parametrize(
    ("changed", "rules_read_the_same", "model_reads_the_same"),
    [
        (replace(CHUNK, id="chk_other", document_id="doc_other", index=7, span=Span(100, 100 + len(TEXT))), True, True),
        (replace(CHUNK, context="It was long ago."), True, False),
        (replace(CHUNK, text=TEXT.replace("Acme", "Bolt")), False, False),
    ],
)
def test_a_chunk_is_known_by_the_words_that_a_judge_reads(changed, rules_read_the_same, model_reads_the_same):
    assert (RULES.chunk_key(changed) == RULES.chunk_key(CHUNK)) is rules_read_the_same
    assert (MODEL.chunk_key(changed) == MODEL.chunk_key(CHUNK)) is model_reads_the_same
