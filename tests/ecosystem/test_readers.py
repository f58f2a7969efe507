"""Other libraries read our graph as they are: neo4j-graphrag's retrievers, LangChain's and LlamaIndex's graph stores; no APOC.

They run in an environment of their own (`make test-ecosystem`), where the language model is a list of replies written down here.
"""

import importlib.util
from contextlib import closing
from pathlib import Path

import pytest

from kgbuild.exploring import contents, schema_text
from kgbuild.ledger import Snapshot
from kgbuild.records import EntityRef
from kgbuild.stores.neo4j import Neo4jAddress, Neo4jStore

pytest.importorskip("neo4j_graphrag", reason="neo4j-graphrag is not in this environment: make test-ecosystem")
pytest.importorskip("langchain_neo4j", reason="langchain-neo4j is not in this environment: make test-ecosystem")
pytest.importorskip("llama_index.graph_stores.neo4j", reason="LlamaIndex is not in this environment: make test-ecosystem")

from langchain_core.language_models import FakeListLLM
from langchain_neo4j import GraphCypherQAChain, Neo4jGraph
from llama_index.core import QueryBundle
from llama_index.core.indices.property_graph import TextToCypherRetriever
from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
from llama_index.core.prompts import PromptTemplate
from llama_index.graph_stores.neo4j import Neo4jPropertyGraphStore
from neo4j_graphrag.embeddings.base import Embedder
from neo4j_graphrag.exceptions import Text2CypherRetrievalError
from neo4j_graphrag.llm import LLMInterface, LLMResponse
from neo4j_graphrag.retrievers import (
    HybridRetriever,
    Text2CypherRetriever,
    VectorCypherRetriever,
    VectorRetriever,
)

EXAMPLE = Path(__file__).parents[2] / "examples" / "question_answering.py"
SPEC = importlib.util.spec_from_file_location("question_answering", EXAMPLE)
example = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(example)

QUESTION = "Who founded Honda?"
CYPHER = (
    "MATCH (c:Company {name: 'Honda'})-[f:FOUNDED_BY]->(p:Person) RETURN p.name AS founder, f.quotes AS quotes ORDER BY founder"
)
FACTS_BESIDE_CHUNKS = """
MATCH (node)<-[:FROM_CHUNK]-(e:__Entity__)-[f]->(o:__Entity__)
WHERE any(place IN f.evidence WHERE split(place, ':')[0] = [(node)-[:FROM_DOCUMENT]->(d) | d.id][0])
RETURN node.text AS text, collect(DISTINCT e.name + ' ' + type(f) + ' ' + o.name) AS facts, score
"""


class ToyEmbedder(Embedder):
    def embed_query(self, text):
        return example.embed([text])[0]


@pytest.fixture(scope="module")
def driver(neo4j_demo):
    with closing(Neo4jStore(Neo4jAddress.parse(neo4j_demo.url), environment={})) as store, closing(neo4j_demo.driver()) as driver:
        example.index_chunks(store, driver)
        yield driver


@pytest.fixture(scope="module")
def schema(demo_graph):
    with Snapshot.open(demo_graph) as snapshot:
        return schema_text(contents(snapshot))


@pytest.fixture(scope="module")
def founders(demo_graph):
    """Who founded Honda, and the words that say so, as the ledger has it: what every reader below shall find."""
    with Snapshot.open(demo_graph) as snapshot:
        names = {entity.id: entity.name for entity in snapshot.entities() if entity.class_name in ("Company", "Person")}
        return sorted(
            [names[fact.object.entity_id], [piece.quote for piece in fact.evidence]]
            for fact in snapshot.facts()
            if fact.predicate == "founded_by" and isinstance(fact.object, EntityRef) and names.get(fact.subject_id) == "Honda"
        )


# -- neo4j-graphrag


def test_the_vector_retriever_finds_chunks(driver):
    retriever = VectorRetriever(driver, "chunk_embedding", ToyEmbedder(), return_properties=["text", "start"])
    found = retriever.search(query_text=QUESTION, top_k=3).items
    assert len(found) == 3
    assert "founded Honda" in found[0].content


def test_the_vector_cypher_retriever_walks_from_chunks_to_facts(driver):
    retriever = VectorCypherRetriever(driver, "chunk_embedding", FACTS_BESIDE_CHUNKS, ToyEmbedder())
    found = retriever.search(query_text=QUESTION, top_k=3).items
    assert "Honda FOUNDED_BY Soichiro Honda" in " ".join(item.content for item in found)


@pytest.mark.parametrize(
    "words",
    [
        # Over the text of chunks, and over the names of entities: the index that every graph of ours has.
        "chunk_text",
        "entity_names",
    ],
)
def test_the_hybrid_retriever_joins_vectors_and_words(words, driver):
    retriever = HybridRetriever(driver, "chunk_embedding", words, ToyEmbedder(), return_properties=["text", "name"])
    found = retriever.search(query_text="Honda Hamamatsu", top_k=5).items
    assert "founded Honda" in found[0].content + found[1].content
    assert ("'name': 'Hamamatsu'" in " ".join(item.content for item in found)) is (words == "entity_names")


class Scripted(LLMInterface):
    """Replies with what it is given, and remembers what it was asked."""

    def __init__(self, reply):
        super().__init__("scripted")
        self.reply, self.asked = reply, []

    def invoke(self, input, message_history=None, system_instruction=None):
        self.asked.append(input)
        return LLMResponse(content=self.reply)

    async def ainvoke(self, input, message_history=None, system_instruction=None):
        return self.invoke(input)


def test_the_text2cypher_retriever_is_told_our_schema(driver, schema, founders):
    llm = Scripted(f"```cypher\n{CYPHER}\n```")
    found = Text2CypherRetriever(driver, llm, neo4j_schema=schema).get_search_results(QUESTION)
    assert [list(record.values()) for record in found.records] == founders
    assert schema in llm.asked[0]


def test_text2cypher_never_writes_to_our_graph(driver, schema):
    with pytest.raises(Text2CypherRetrievalError, match="read-only"):
        Text2CypherRetriever(driver, Scripted("MATCH (n) DETACH DELETE n"), neo4j_schema=schema).get_search_results(QUESTION)


# -- LangChain


def test_langchain_answers_from_our_graph_with_our_schema(neo4j_demo, schema, founders):
    graph = Neo4jGraph(neo4j_demo.url, username="", password="", refresh_schema=False)
    asked = []

    class Remembering(FakeListLLM):
        def _call(self, prompt, *arguments, **options):
            asked.append(prompt)
            return super()._call(prompt, *arguments, **options)

    llm = Remembering(responses=[CYPHER, "Takeo Fujisawa and Soichiro Honda."])
    chain = GraphCypherQAChain.from_llm(llm, graph=graph, allow_dangerous_requests=True, return_intermediate_steps=True)
    chain.graph_schema = schema
    answer = chain.invoke({"query": QUESTION})
    assert [list(row.values()) for row in answer["intermediate_steps"][1]["context"]] == founders
    assert schema in asked[0]
    assert all(name in asked[1] for name, _ in founders)


# -- LlamaIndex


class Replying(CustomLLM):
    reply: str
    asked: list[str] = []  # noqa: RUF012

    @property
    def metadata(self):
        return LLMMetadata()

    def complete(self, prompt, formatted=False, **options):
        self.asked.append(prompt)
        return CompletionResponse(text=self.reply)

    def stream_complete(self, prompt, formatted=False, **options):
        raise NotImplementedError


@pytest.fixture(scope="module")
def property_graph(neo4j_demo):
    with closing(Neo4jPropertyGraphStore("neo4j", "any", neo4j_demo.url, refresh_schema=False, create_indexes=False)) as store:
        yield store


def test_llamaindex_reads_our_triplets(property_graph, founders):
    triplets = property_graph.get_triplets(entity_names=["Honda"], relation_names=["FOUNDED_BY"])
    found = {target.name if hasattr(target, "name") else target.id: relation for source, relation, target in triplets}
    assert {name: found[name].properties["quotes"] for name, _ in founders} == dict(founders)


def test_llamaindex_writes_cypher_from_our_schema(property_graph, schema, founders):
    llm = Replying(reply=CYPHER)
    template = PromptTemplate("Schema:\n{our_schema}\n{schema}\nQuestion: {question}\nCypher:").partial_format(our_schema=schema)
    retriever = TextToCypherRetriever(
        property_graph, llm=llm, text_to_cypher_template=template, include_raw_response_as_metadata=True
    )
    (found,) = retriever.retrieve_from_graph(QueryBundle(QUESTION))
    assert [list(row.values()) for row in found.node.metadata["response"]] == founders
    assert schema in llm.asked[0]
