"""The extractor around recorded replies, and beside servers whose models read so much and no more."""

import json
import re

import pytest

from kgbuild.errors import InputError
from kgbuild.extraction.llm import LlmExtractor, LlmOptions
from kgbuild.llm.openai_compatible import OpenAICompatible
from kgbuild.llm.protocol import NoReplies
from kgbuild.llm.recorded import Recorded, RecordedReplies
from kgbuild.llm.running import run_all
from kgbuild.records import Chunk, Span
from tests.extraction.firms import FIRMS
from tests.llm.server import LoopbackServer
from tests.spelled import STAFF


def chunk_of(text, at=0, **fields):
    return Chunk("chk", "doc", 0, Span(at, at + max(len(text), 1)), text, **fields)


def extracted(text, reply, ontology, options=LlmOptions()):
    chunk = chunk_of(text, at=100)
    model = RecordedReplies((Recorded(asked="Passage:", reply=reply),))
    (extraction,) = LlmExtractor(model, ontology, NoReplies(), options).extract([chunk])
    return chunk, extraction


PEOPLE = " ".join(
    f"Person N{n} works for Firm {chr(65 + n)}, as the report on page {n} has it, and likes it there." for n in range(16)
)


def tokens(text):
    """Tokens as the servers of these tests have them, and as no estimate of kgbuild does: each word and each mark is one."""
    return re.findall(r"\w+|[^\w\s]", text)


def reading(context, *, tells):
    """Return a server whose model reads so many tokens. tells: how many tokens a text has."""
    tokenize = {"/tokenize": lambda body: {"tokens": [7] * len(tokens(body["prompt"]))}}
    return LoopbackServer(card={"id": "m", "owned_by": "loopback", "max_model_len": context}, more=tokenize if tells else {})


def extracted_beside(server, text, options=LlmOptions()):
    model = OpenAICompatible(server.url, "m", requests=8, reply_s=10.0)
    try:
        return LlmExtractor(model, STAFF, NoReplies(), options).extract([chunk_of(text)])[0]
    finally:
        run_all([model.close()])


def about_people(server):
    return [body for body in server.asked if "Person N" in body["messages"][-1]["content"]]


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(
    ("context", "fewest"),
    [
        # What fits is asked about whole; no reply is given more than it can need.
        (32_000, 1),
        (4000, 1),
        # What leaves the reply too little is asked about in parts.
        (1500, 2),
        (1150, 3),
    ],
)
def test_every_request_fits_into_the_context_and_its_reply_too(context, fewest, tells):
    with reading(context, tells=tells).running() as server:
        extraction = extracted_beside(server, PEOPLE)
    asked = about_people(server)
    assert extraction.failure is None
    employers = {(c.subject.text, c.object.text) for c in extraction.candidates if c.evidence is not None}
    assert employers == {(f"Person N{n}", f"Firm {chr(65 + n)}") for n in range(16)}
    assert len(asked) >= fewest
    assert len(asked) == 1 or fewest > 1
    for body in asked:
        assert sum(len(tokens(message["content"])) for message in body["messages"]) + body["max_tokens"] <= context
        assert 200 <= body["max_tokens"] <= 2000


@pytest.mark.parametrize("options", [LlmOptions(), LlmOptions(denoise=True, decontextualise=True)])
@pytest.mark.parametrize("tells", [True, False])
def test_an_ontology_that_leaves_no_room_is_one_error_before_anything_is_asked(tells, options):
    with reading(900, tells=tells).running() as server:
        with pytest.raises(
            InputError, match=r"staff: its prompt takes some \d+ tokens, and the model at http.* reads 900\. .*smaller"
        ):
            extracted_beside(server, PEOPLE, options)
        assert not about_people(server)


def test_a_passage_of_one_sentence_that_leaves_no_room_is_named_without_asking():
    with reading(1150, tells=True).running() as server:
        extraction = extracted_beside(server, "Person N1 works for Firm B" + ", as the report has it" * 80 + ".")
        assert not about_people(server)
    assert (extraction.failure.reason, extraction.failure.retryable) == ("reply cut short", False)
    assert "--max-model-len" in extraction.failure.detail


def stated(prop, **qualifiers):
    fields = {"sentence": 1, "subject": "Acme", "subject_class": "Company", "property": prop, "object": "Beta"}
    return fields | {"object_class": "Company", "qualifiers": qualifiers}


@pytest.mark.parametrize(
    ("triple", "taken", "left_out"),
    [
        (stated("owns", start="1999", role="holding"), {"start", "role"}, None),
        # A qualifier that the property does not have, or that says nothing a reader could take, is named, and its triple stands.
        (stated("owns", start="1999", mood="good"), {"start"}, "mood of owns"),
        (stated("owns", start=["1999"], mood="good"), set(), "mood of owns, start of owns"),
        (stated("see", start="1999"), set(), "start of see"),
        # None given is none left out.
        (stated("owns", start=None, role=""), set(), None),
    ],
)
def test_a_qualifier_that_is_not_taken_is_named(triple, taken, left_out):
    _, extraction = extracted("Acme owns Beta since 1999, as a holding.", json.dumps([triple]), FIRMS)
    (candidate,) = extraction.candidates
    assert {qualifier.name for qualifier in candidate.qualifiers} == taken
    failure = extraction.failure
    assert (failure and (failure.reason, failure.detail)) == (left_out and ("qualifiers left out", left_out))


def test_a_passage_that_could_not_be_rewritten_is_read_as_it_stands_and_named():
    lines = (Recorded(asked="Passage:", reply="[]"), Recorded(asked="List what the passage names", error="refused"))
    short = Recorded(asked="as short plain sentences", error="cut")
    model = RecordedReplies((*lines, short))
    (extraction,) = LlmExtractor(model, STAFF, NoReplies(), LlmOptions(denoise=True)).extract([chunk_of("Ada works for Acme.")])
    assert extraction.failure is not None
    assert (extraction.failure.reason, extraction.failure.retryable) == ("read without rewriting", False)
    assert [problem.split(":")[0] for problem in extraction.failure.detail.split("; ")] == ["entities", "denoising"]
