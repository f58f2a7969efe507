"""Completeness: sentences that name something and have no accepted fact are asked about again, only those, and once."""

import json
import re
from dataclasses import replace

import pytest

from kgbuild.extraction.llm import LlmAddress, LlmOptions
from kgbuild.judging import JudgeAddress
from kgbuild.ledger import Snapshot
from kgbuild.llm.protocol import NoReplies
from kgbuild.pipeline import BuildPlan, build
from kgbuild.records import Chunk, Span
from kgbuild.runner import InThreads
from tests.builders import triple
from tests.llm.server import LoopbackServer
from tests.spelled import STAFF, Unwatched

TEXT = "Ada Byron works for Acme. Bob Stone owns Beta. It rained all day. Eve Hart was born in Rome."


def said(number, subject, predicate, object_):
    return {"sentence": number, "subject": subject, "property": predicate, "object": object_}


ADA, BOB, EVE = (
    said(1, "Ada Byron", "employer", "Acme"),
    said(2, "Bob Stone", "owns", "Beta"),
    said(4, "Eve Hart", "born_in", "Rome"),
)
WRONG = said(2, "Bob Stone", "employer", "Beta")


def built(tmp_path, first, second, judge, options=LlmOptions(probe=True)):
    """Build from TEXT and return the report, the sentences that were asked about again each time, and all that was asked."""

    def answer(body):
        asked = body["messages"][-1]["content"]
        if asked.startswith("Does the passage"):
            return "no" if "Bob Stone | employer" in asked else "yes"
        return json.dumps(second if asked.startswith("No fact") else first)

    (tmp_path / "documents").mkdir(exist_ok=True)
    (tmp_path / "documents" / "a.txt").write_text(TEXT)
    with LoopbackServer(answer=answer).running() as server:
        llm = f"server:m@{server.url}"
        judging = JudgeAddress(judge, STAFF, llm=llm if judge == "llm" else "")
        plan = BuildPlan(
            tmp_path / "documents", tmp_path / "graph", STAFF, LlmAddress(llm, STAFF, options, judging), judging, llm=llm
        )
        report = build(plan, InThreads(2), Unwatched())
        asked = [body["messages"][-1]["content"] for body in server.asked]
    again = [re.findall(r"\d+", words.split("\n")[0]) for words in asked if words.startswith("No fact")]
    return report, again, asked


def facts(tmp_path):
    with Snapshot.open(tmp_path / "graph") as snapshot:
        return {(snapshot.entity(fact.subject_id).name, fact.predicate) for fact in snapshot.facts()}


@pytest.mark.parametrize(
    ("first", "judge", "again"),
    [
        # Nothing was silent: sentence 3 names nothing.
        ([ADA, BOB, EVE], "rules", []),
        # What gave nothing is asked about again, together and once.
        ([ADA], "rules", [["2", "4"]]),
        ([], "rules", [["1", "2", "4"]]),
        # What the rules reject is no fact.
        ([ADA, BOB, said(4, "Eve Hart", "born_in", "Paris")], "rules", [["4"]]),
        # What a model rejects is none either; the rules alone would have been content.
        ([ADA, WRONG, EVE], "rules", []),
        ([ADA, WRONG, EVE], "llm", [["2"]]),
    ],
)
def test_sentences_without_an_accepted_fact_are_asked_about_again(first, judge, again, tmp_path):
    assert built(tmp_path, first, [], judge)[1] == again


def test_nothing_is_asked_again_unless_it_is_wanted(tmp_path):
    assert built(tmp_path, [], [], "rules", LlmOptions())[1] == []


def test_what_is_found_the_second_time_is_added_and_nobody_is_asked_the_same_twice(tmp_path):
    report, again, asked = built(tmp_path, [ADA, WRONG, EVE], [BOB], "llm")
    assert again == [["2"]]
    assert facts(tmp_path) == {("Ada Byron", "employer"), ("Bob Stone", "owns"), ("Eve Hart", "born_in")}
    assert report.rejected == {"not supported": 1}
    questions = [words for words in asked if words.startswith("Does the passage")]
    assert len(questions) == len(set(questions)) == 4
    assert built(tmp_path, [ADA, WRONG, EVE], [BOB], "llm")[2] == []


def test_what_was_answered_first_stands_where_the_second_answer_is_of_no_use(tmp_path):
    report, _, _ = built(tmp_path, [ADA], {"sorry": "no"}, "rules")
    assert facts(tmp_path) == {("Ada Byron", "employer")}
    (failure,) = report.failures
    assert (failure.reason, failure.retryable) == ("no usable reply", False)


def test_sentences_whose_facts_are_known_from_elsewhere_are_left_alone():
    """A cascade knows some from the compact model."""
    asked = []

    def answer(body):
        asked.append(body["messages"][-1]["content"].split("\n")[0])
        return "[]"

    with LoopbackServer(answer=answer).running() as server:
        extractor = LlmAddress(f"server:m@{server.url}", STAFF, LlmOptions(probe=True)).open(NoReplies())
        chunk = Chunk("chk", "doc", 0, Span(0, len(TEXT)), TEXT)
        known = replace(triple("Ada Byron:Person", "employer", "Acme:Company"), evidence=Span(0, TEXT.index(" Bob")))
        extractor.extract([chunk], [[known]])
    assert re.findall(r"\d+", asked[-1]) == ["2", "4"]
