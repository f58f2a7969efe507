"""The example that asks a graph in Neo4j, by vector and by graph: what it finds answers, and its words stand in the documents."""

import importlib.util
from contextlib import closing
from pathlib import Path

import pytest

from kgbuild.errors import ModelUnavailable
from kgbuild.ledger import Snapshot
from kgbuild.stores.neo4j import Neo4jAddress, Neo4jStore
from tests.llm.server import LoopbackServer

EXAMPLE = Path(__file__).parents[1] / "examples" / "question_answering.py"
SPEC = importlib.util.spec_from_file_location("question_answering", EXAMPLE)
example = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(example)


@pytest.fixture(scope="module")
def asked(neo4j_demo):
    with closing(Neo4jStore(Neo4jAddress.parse(neo4j_demo.url), environment={})) as store, closing(neo4j_demo.driver()) as driver:
        assert example.index_chunks(store, driver) > 40
        assert example.index_chunks(store, driver) == 0
        yield store, driver


@pytest.mark.parametrize(
    ("question", "statement", "document"),
    [
        # A fact of the entity that the question names.
        ("Who founded Honda?", "Honda founded by Soichiro Honda", "profiles/honda.md"),
        # A fact of the neighbour of that entity, which the question does not name.
        ("Where was the founder of Honda born?", "Soichiro Honda born in Hamamatsu", "people/soichiro-honda.txt"),
        # An alias leads to the entity as well as its name does.
        ("Who is chief executive of GitHub?", "GitHub chief executive Nat Friedman", "news/2018-10-26-github.html"),
    ],
)
def test_both_ways_find_the_words_that_answer(question, statement, document, asked):
    _, driver = asked
    found = example.by_graph(question, driver)
    assert statement in [fact.statement for fact in found]
    uris = {passage.uri for passage in example.by_vector(question, driver)} | {fact.passage.uri for fact in found}
    assert document in uris


def test_every_quote_stands_in_its_document_and_in_the_chunk_that_is_given_with_it(asked, demo_graph):
    _, driver = asked
    with Snapshot.open(demo_graph) as snapshot:
        text_of = {document.uri: document.text for document in snapshot.documents()}
    for fact in example.by_graph("Who founded Honda, and where was he born?", driver):
        assert text_of[fact.passage.uri][fact.start : fact.end] == fact.quote
        assert fact.quote in fact.passage.text
        assert text_of[fact.passage.uri].startswith(fact.passage.text, fact.passage.start)


@pytest.mark.parametrize(
    "question", ["", "the of and", 'AND OR ((( " ~ \\', "🦊 \u202e", "x" * 10_000, "`; MATCH (n) DETACH DELETE n //"]
)
def test_odd_questions_find_little_and_break_nothing(question, asked):
    _, driver = asked
    example.by_graph(question, driver)
    assert len(example.by_vector(question, driver)) == example.CHUNKS


def test_both_ways_are_shown_side_by_side_and_a_model_answers_from_each(asked, capsys):
    store, driver = asked
    with LoopbackServer(answer=lambda body: f"answer to {body['messages'][-1]['content'].splitlines()[-1]}").running() as server:
        example.show("Who founded Honda?", store, driver, f"server:m@{server.url}")
    printed = capsys.readouterr().out
    vector, graph = printed.split("BY GRAPH")
    assert "Honda founded by Soichiro Honda" in graph
    for way in (vector, graph):
        assert '"' in way
        assert "Answer: answer to Question: Who founded Honda?" in way
    # Each way's answer is asked for with what that way found, and nothing else.
    prompts = [body["messages"][-1]["content"] for body in server.asked if body["messages"][-1]["content"].endswith("Honda?")]
    assert ["characters" in prompt for prompt in prompts[-2:]] == [False, True]


def test_a_model_that_cannot_be_reached_is_an_expected_error():
    with pytest.raises(ModelUnavailable):
        example.answer("Who?", "evidence", "server:m@http://127.0.0.1:9/v1")
