"""A language model as the judge of a build: what it is unsure of, what it never answers, and what it could not answer now."""

import json
import math

import pytest

from kgbuild.errors import ModelUnavailable
from kgbuild.judging import JudgeAddress
from kgbuild.ledger import Snapshot
from kgbuild.llm import open_model
from kgbuild.pipeline import BuildPlan, build
from kgbuild.records import Outcome, Reason
from kgbuild.runner import InThreads
from tests.spelled import STAFF, SpelledAddress, Unwatched

TEXTS = {
    "ada.txt": "Ada:Person employer Acme:Company. Ada:Person born_in London:City.",
    "bob.txt": "Bob:Person employer Acme:Company.",
}
SURE = [math.log(0.95), math.log(0.04)]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "documents"
    made.mkdir()
    for name, text in TEXTS.items():
        (made / name).write_text(text)
    return made


@pytest.fixture
def built(tmp_path, folder):
    """Builds with a judge that answers as told about each fact: by a word, by log-probabilities, or not at all."""

    def run(*, retry_failed=False, **answers):
        replies = tmp_path / f"{len(list(tmp_path.iterdir()))}.jsonl"
        lines = []
        for fact, answer in answers.items():
            said = {"logprobs": answer} if isinstance(answer, list) else {"error": answer}
            lines.append({"asked": f"Fact: {fact.replace('_', ' | ', 1).replace('_', ' ')}", **said})
        replies.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        model = open_model(f"recorded:{replies}")
        model.name = "recorded"  # the same model, whatever it has come to know
        judge = JudgeAddress("llm", STAFF, llm=f"recorded:{replies}")
        plan = BuildPlan(folder, tmp_path / "graph", STAFF, SpelledAddress(), judge, retry_failed=retry_failed)
        return build(plan, InThreads(2), Unwatched()), [request.messages[0].content for request in model.asked]

    return run


def judged(tmp_path):
    with Snapshot.open(tmp_path / "graph") as snapshot:
        return {
            (one.triple.subject.text, one.triple.predicate): (one.verdict.outcome, one.verdict.reason) for one in snapshot.judged()
        }


def test_undecided_facts_stay_out_of_the_graph_and_in_the_ledger(built, tmp_path):
    report, _ = built(Ada_employer=SURE, Ada_born_in=[math.log(0.5), math.log(0.5)], Bob_employer=SURE[::-1])
    assert (report.accepted, report.rejected, report.undecided) == (1, {"not supported": 1}, {"unsure": 1})
    assert (report.facts, report.entities) == (1, 2)
    assert judged(tmp_path)[("Ada", "born_in")] == (Outcome.UNDECIDED, Reason.UNSURE)
    assert "not calibrated: accepts from 0.8" in report.judge
    assert report.usage["judging"].requests == 3


def test_building_again_asks_nothing(built):
    built(Ada_employer=SURE, Ada_born_in=SURE, Bob_employer=SURE)
    report, asked = built(Ada_employer=SURE, Ada_born_in=SURE, Bob_employer=SURE)
    assert (report.changed, asked) == (False, [])


def test_what_could_not_be_judged_now_is_named_and_asked_again_alone(built, tmp_path):
    report, _ = built(Ada_employer=SURE, Ada_born_in="unavailable", Bob_employer=SURE)
    assert (report.accepted, report.undecided, report.facts) == (2, {"not judged": 1}, 2)
    (failure,) = report.failures
    assert (failure.stage, failure.uri, failure.retryable) == ("judging", "ada.txt", True)
    assert failure.detail == "1 of 2 triples: recorded: does not answer"

    report, asked = built(Ada_employer=SURE, Ada_born_in=SURE, Bob_employer=SURE)
    assert (report.accepted, report.undecided, report.failures) == (3, {}, ())
    assert ["Fact: Ada | born in" in question for question in asked] == [True]


def test_what_the_model_refuses_is_asked_again_only_on_request(built, tmp_path):
    report, _ = built(Ada_employer=SURE, Ada_born_in="refused", Bob_employer=SURE)
    assert (report.accepted, report.undecided, report.failures) == (2, {"not judged": 1}, ())

    report, asked = built(Ada_employer=SURE, Ada_born_in=SURE, Bob_employer=SURE)
    assert (report.changed, asked) == (False, [])

    report, asked = built(Ada_employer=SURE, Ada_born_in=SURE, Bob_employer=SURE, retry_failed=True)
    assert (report.accepted, report.undecided, len(asked)) == (3, {}, 1)


def test_a_server_that_does_not_answer_at_all_ends_the_build_and_loses_nothing(built, tmp_path):
    with pytest.raises(ModelUnavailable, match="does not answer"):
        built(Ada_employer="unavailable", Ada_born_in="unavailable", Bob_employer="unavailable")
    report, asked = built(Ada_employer=SURE, Ada_born_in=SURE, Bob_employer=SURE)
    assert (report.accepted, len(asked)) == (3, 3)
