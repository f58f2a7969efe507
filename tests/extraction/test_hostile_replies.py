"""Whatever a model replies: no crash, nothing in the graph that the text does not have, and each thing countable."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild.extraction.llm import LlmExtractor
from kgbuild.extraction.open_mode import OPEN
from kgbuild.judging import JudgeAddress
from kgbuild.judging.rules import judge_by_rules
from kgbuild.ledger import Snapshot
from kgbuild.llm.protocol import Capabilities, NoReplies
from kgbuild.llm.recorded import Recorded, RecordedReplies
from kgbuild.pipeline import BuildPlan, build
from kgbuild.records import Outcome, Reason
from kgbuild.runner import InThreads
from tests.extraction.test_llm import chunk_of, extracted
from tests.spelled import STAFF, Unwatched

TEXT = (
    "Ada Byron works for Acme. It is no secret in the trade that an old friend of hers by the name of Bob\nStone owns Acme."
    " She joined it in 1840. Ada Byron met Bob Stone."
)
OWNS = "It is no secret in the trade that an old friend of hers by the name of Bob\nStone owns Acme."


def said(**fields):
    triple = {"sentence": 1, "subject": "Ada Byron", "property": "employer", "object": "Acme"} | fields
    return json.dumps([{name: value for name, value in triple.items() if value is not None}])


def outcomes(text, reply, ontology=STAFF):
    """Return how many candidates are accepted by the rules, the reasons of the others, and of the failure."""
    chunk, extraction = extracted(text, reply, ontology)
    verdicts = [judge_by_rules(candidate, chunk, ontology) for candidate in extraction.candidates]
    rejected = [verdict.reason for verdict in verdicts if verdict.outcome is Outcome.REJECTED]
    return len(verdicts) - len(rejected), rejected, extraction.failure and extraction.failure.reason


NO_USE, IN_PART = "no usable reply", "reply read in part"


@pytest.mark.parametrize(
    ("reply", "accepted", "rejected", "failure"),
    [
        (said(), 1, [], None),
        ("[]", 0, [], None),
        # Valid JSON of the wrong types.
        ('[{"sentence":"one","subject":["Ada"],"property":{"x":1},"object":null}]', 0, [], NO_USE),
        ('{"answer": 42}', 0, [], NO_USE),
        ("null", 0, [], NO_USE),
        (f"[{said()[1:-1]}, {{'subject': 'Bob'}}, [1]]", 1, [], IN_PART),
        # Thoughts before it, marked or not; markdown around it; the same thing two hundred times.
        (f"First, Ada works at Acme, so employer it is.\n\n{said()}", 1, [], None),
        (f"<think>{said(subject='Bob Stone')}</think>{said()}", 1, [], None),
        (f"```json\n{said()}\n```", 1, [], None),
        (f"[{','.join([said()[1:-1]] * 200)}]", 1, [], None),
        # Nothing, or a refusal.
        ("", 0, [], NO_USE),
        ("I'm sorry, but I can't help with that.", 0, [], NO_USE),
        # Properties by label and alias, auxiliary verbs or not.
        (said(property="led by", subject="Acme", object="Ada Byron"), 1, [], None),
        (said(property="is led by", subject="Acme", object="Ada Byron"), 1, [], None),
        # What is not in the text, or not in the ontology, has its reason.
        (said(subject="Eve"), 0, [Reason.NOT_IN_TEXT], None),
        (said(subject="ada byron"), 0, [Reason.NOT_IN_TEXT], None),
        (said(property="likes"), 0, [Reason.UNKNOWN_PROPERTY], None),
        (said(subject_class="Dog"), 0, [Reason.UNKNOWN_CLASS], None),
        (said(object="Ada Byron", property="spouse"), 0, [Reason.SELF_LOOP], None),
        (said(subject="She", sentence=3), 0, [Reason.PRONOUN], None),
        # Sentences that there are not.
        (said(sentence=99), 1, [], None),
        (said(sentence=0), 1, [], None),
        (said(sentence=-3), 1, [], None),
        (said(sentence=10**400), 1, [], None),
        # Words that a file cannot hold, or a label should not.
        (said(subject="Ada\ud800"), 0, [Reason.NOT_IN_TEXT], None),
        (said(property="emp\x00loyer\ud800"), 0, [Reason.UNKNOWN_PROPERTY], None),
    ],
)
def test_each_reply_gives_facts_or_countable_reasons(reply, accepted, rejected, failure):
    assert outcomes(TEXT, reply) == (accepted, rejected, failure)


@pytest.mark.parametrize(
    ("triple", "quote"),
    [
        # The sentence that was given.
        (said(), "Ada Byron works for Acme."),
        # Words that stand twice are meant where the given sentence has them.
        (said(property="spouse", object="Bob Stone", sentence=4), "Ada Byron met Bob Stone."),
        # A name across a line break is found, and quoted as the document has it.
        (said(subject="Bob Stone", property="owns", sentence=2), OWNS),
        # Given in words, or not at all.
        (said(sentence=None, evidence="Ada Byron met Bob Stone."), "Ada Byron met Bob Stone."),
        (said(sentence=None, evidence="Nobody wrote this."), "Ada Byron works for Acme."),
        (said(sentence=None), "Ada Byron works for Acme."),
        # A sentence that names neither side is widened to those that do: the quote has the words of the fact.
        (said(sentence=3), f"Ada Byron works for Acme. {OWNS} She joined it in 1840."),
    ],
)
def test_evidence_is_the_given_sentence_with_the_words_of_the_fact(triple, quote):
    chunk, extraction = extracted(TEXT, triple, STAFF)
    (candidate,) = extraction.candidates
    assert candidate.quote == quote
    for span in (candidate.subject.span, candidate.object.span):
        assert span is not None
        assert chunk.span.contains(span)


@pytest.mark.parametrize("text", [" \n\t \n", "\u200b", "...", ""])
def test_a_text_without_words_is_not_asked_about(text):
    model = RecordedReplies(())
    (extraction,) = LlmExtractor(model, STAFF, NoReplies()).extract([chunk_of(text)])
    assert (extraction.candidates, extraction.failure, model.asked) == ((), None, [])


def test_a_sentence_of_thousands_of_words_is_asked_about_once():
    text = "Ada Byron works for Acme " + "and so on " * 1700 + "since 1840."
    assert outcomes(text, said()) == (1, [], None)


@dataclass(frozen=True)
class AbleTo:
    """An extractor beside a server that can do so much."""

    can: Capabilities

    def open(self, replies=NoReplies()):
        model = RecordedReplies((Recorded(asked="Passage:", reply=said()),), can=self.can)
        return LlmExtractor(model, STAFF, replies)


@pytest.mark.parametrize(
    ("can", "way"),
    [
        (Capabilities(grammar=True, schema=True, json_object=True), "grammar"),
        (Capabilities(schema=True, json_object=True), "span schema"),
        (Capabilities(json_object=True), "object"),
        (Capabilities(), "text"),
    ],
)
def test_the_way_of_asking_stands_on_each_candidate_in_the_ledger_and_the_report(can, way, tmp_path):
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.txt").write_text("Ada Byron works for Acme.")
    plan = BuildPlan(documents, tmp_path / "graph", STAFF, AbleTo(can), JudgeAddress("rules", STAFF))
    report = build(plan, InThreads(1), Unwatched())
    name = f"llm/recorded/{way}"
    assert report.extractors == {name: 1}
    with Snapshot.open(tmp_path / "graph") as snapshot:
        assert [judged.triple.extractor for judged in snapshot.judged()] == [name]
        assert [evidence.extractor for fact in snapshot.facts() for evidence in fact.evidence] == [name]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Ada Byron", "Acme", "employer"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["subject", "property", "object", "sentence", "subject_class", "qualifiers", "x"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(reply=values.map(json.dumps) | st.text(max_size=60), ontology=st.sampled_from([STAFF, OPEN]))
def test_any_reply_gives_facts_of_the_text_alone_or_a_reason(reply, ontology):
    chunk, extraction = extracted(TEXT, reply, ontology)
    for candidate in extraction.candidates:
        if judge_by_rules(candidate, chunk, ontology).outcome is not Outcome.REJECTED:
            for span, words in ((candidate.evidence, candidate.quote), (candidate.subject.span, candidate.subject.text)):
                assert span.shifted(-100).of(TEXT) == words
    assert all("".join(map(str, (c.predicate, c.subject, c.object))).encode() for c in extraction.candidates)
