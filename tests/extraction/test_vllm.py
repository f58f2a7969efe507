"""The same promises with a real server between: random weights, so that no politeness of a model hides a leak."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field, replace

import pytest

from kgbuild.errors import ReplyCut
from kgbuild.extraction.grammar import Copyable, Shapes
from kgbuild.extraction.grounding import Flattened
from kgbuild.extraction.llm import LlmExtractor
from kgbuild.llm import open_model
from kgbuild.llm.protocol import Capabilities, ChatModel, Grammar, JsonSchema, Message, NoReplies, PaidReplyCut, Reply, Request
from kgbuild.llm.running import run_all
from tests.extraction.hostile import HOSTILE
from tests.extraction.test_grammar import FIRMS, PLAIN, check, ontology_of
from tests.extraction.test_llm import PEOPLE, chunk_of

pytestmark = pytest.mark.needs_vllm

REPLIES = 1000
AT_ONCE = 16
MAX_TOKENS = 400
ASK = (Message("user", "List the facts."),)


@pytest.fixture(scope="module")
def address():
    return f"server:{os.environ.get('KGBUILD_VLLM_MODEL', 'tiny')}@{os.environ['KGBUILD_VLLM_URL']}"


def questions(max_tokens):
    """Yield requests without end: every hostile text under every kind of ontology, by another seed each time round."""
    seed = 0
    while True:
        for name in ("firms", "loose", "open", "company", "places", "works"):
            for text in HOSTILE.values():
                flattened = Flattened.of(text)
                lark = Shapes(ontology_of(name)).grammar(Copyable.of(flattened), range(1, len(flattened.sentences) + 1))
                if lark is not None:
                    seed += 1
                    yield name, text, Request(ASK, max_tokens, Grammar(lark), temperature=1.0, seed=seed)


@pytest.mark.slow
def test_a_thousand_of_a_thousand_replies_are_valid_verbatim_and_well_typed(address):
    model = open_model(address)
    asked = questions(MAX_TOKENS)
    whole = cut = triples = 0
    while whole < REPLIES:
        batch = [next(asked) for _ in range(min(AT_ONCE * 8, REPLIES - whole))]
        for (name, text, _), reply in zip(batch, run_all(model.complete(request) for _, _, request in batch), strict=True):
            if isinstance(reply, ReplyCut):
                cut += 1  # too long, not wrong: an extractor asks about half of the text then
                continue
            assert isinstance(reply, Reply), reply
            whole += 1
            triples += check(reply.text, text, ontology_of(name))
    print(f"\n{whole:,} replies with {triples:,} triples, {cut:,} more cut at {MAX_TOKENS} tokens")
    assert triples > REPLIES / 2
    assert cut < whole


@pytest.mark.parametrize("schema", [Shapes.span_schema, Shapes.plain_schema])
def test_under_a_schema_classes_and_properties_hold_too(address, schema):
    flattened = Flattened.of(PLAIN)
    constraint = JsonSchema(schema(Shapes(FIRMS), Copyable.of(flattened), range(1, len(flattened.sentences) + 1)))
    requests = [Request(ASK, MAX_TOKENS, constraint, temperature=1.0, seed=seed) for seed in range(24)]
    model = open_model(address)
    replies = [reply for reply in run_all(map(model.complete, requests)) if isinstance(reply, Reply)]
    assert len(replies) > 3
    for reply in replies:
        if schema is Shapes.span_schema:
            check(reply.text, PLAIN, FIRMS)
        else:
            assert {triple["property"] for triple in json.loads(reply.text)["triples"]} <= {"founded by", *FIRMS.properties}


@dataclass
class Less:
    """A server that can do less than the one behind it. too_long: what that one said of requests beyond its context."""

    model: ChatModel
    can: Capabilities
    name: str = "tiny"
    url: str = "here"
    asked: list[Request] = field(default_factory=list)
    too_long: list[ReplyCut] = field(default_factory=list)

    async def capabilities(self, replies=None):
        return self.can

    async def tokens(self, text):
        return await self.model.tokens(text)

    async def complete(self, request):
        self.asked.append(request)
        try:
            return await self.model.complete(request)
        except PaidReplyCut:
            raise
        except ReplyCut as cut:
            self.too_long.append(cut)
            raise


@pytest.mark.parametrize(
    ("can", "constraint"),
    [
        (Capabilities(grammar=True, schema=True, json_object=True), Grammar),
        (Capabilities(schema=True, json_object=True), JsonSchema),
    ],
)
def test_the_best_that_a_server_takes_is_asked_for(address, can, constraint):
    model = Less(open_model(address), replace(can, max_model_len=2048))
    (extraction,) = LlmExtractor(model, FIRMS, NoReplies()).extract([chunk_of(PLAIN)])
    assert isinstance(model.asked[-1].constraint, constraint)
    assert extraction.failure is None or extraction.failure.reason == "reply cut short"


def test_no_request_is_longer_than_the_model_reads(address):
    model = Less(open_model(address), Capabilities(max_model_len=2048, grammar=True))
    LlmExtractor(model, FIRMS, NoReplies()).extract([chunk_of(f"{PEOPLE} {PEOPLE}"), chunk_of(PLAIN)])
    assert len(model.asked) > 2
    assert model.too_long == []


def test_an_ontology_that_is_too_long_for_the_model_is_one_line(address, tmp_path):
    (tmp_path / "a.txt").write_text("Acme was founded by Ada Byron.")
    command = [sys.executable, "-m", "kgbuild", "build", str(tmp_path), "--graph", str(tmp_path.parent / "graph")]
    command += ["--ontology", "company", "--extractor", "llm", "--llm", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert re.fullmatch(
        r"error: company: its prompt takes some [\d,]+ tokens, and the model at http\S+ reads 2,048\. .*", done.stderr.strip()
    )


def test_the_server_is_found_to_know_grammars(address):
    (can,) = run_all([open_model(address).capabilities(NoReplies())])
    assert can.grammar
    assert can.schema


def built(*arguments):
    command = [sys.executable, "-m", "kgbuild", "build", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("with_ontology", [True, False])
def test_a_graph_is_built_once_and_nothing_is_asked_the_second_time(address, tmp_path, with_ontology):
    documents = tmp_path / "documents"
    documents.mkdir()
    for number, text in enumerate(("Acme was founded by Ada Byron.", "Beta employs 1,234 people.", "Gamma owns Beta since 1999.")):
        (documents / f"{number}.txt").write_text(text)
    ontology = tmp_path / "firms.yaml"
    ontology.write_text("classes: {Company: {}, Person: {}}\nproperties: {founded_by: {domain: Company, range: Person}}\n")
    arguments = [documents, "--graph", tmp_path / "graph", "--extractor", "llm", "--llm", address]
    arguments += ["--ontology", ontology] if with_ontology else []
    first, second = built(*arguments), built(*arguments)
    assert (first["documents"], first["changed"], first["failures"]) == (3, True, [])
    assert first["usage"]["extracting"]["requests"] == 3
    assert (second["changed"], second["usage"]) == (False, {})
