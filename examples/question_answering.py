"""Ask a graph in Neo4j a question, in two ways side by side; both answer with words that stand in the documents.

    python examples/question_answering.py "Who founded Honda?" --store bolt://localhost:7687 [--llm server:MODEL@URL]

By vector: the chunks whose text is most like the question, as any retrieval over text does it. It knows no facts.
By graph: question -> entities it names -> their facts, the most fitting first -> the facts of neighbours -> the chunks that state
them: the way of Distill-SynthKG (Choubey et al., arXiv 2410.16597) over the links between facts and chunks that KAG (Liang et al.,
arXiv 2409.13731) calls a mutual index.

The first run embeds each chunk that speaks of an entity, and indexes these. The others would only stand in the way: a thousand
chunks of one file of the demo repeat one sentence, and among so many neighbours that are nearly the same a vector index, which is
approximate, finds nothing else. The embedder here is a toy, so that this runs anywhere: put your own in the place of `embed`.
"""

import argparse
import hashlib
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from string import Template

import numpy as np
from neo4j import Driver, Record
from numpy.typing import NDArray

from kgbuild.errors import KgbuildError
from kgbuild.llm import open_model, run_all
from kgbuild.llm.protocol import Message, Request
from kgbuild.stores.neo4j import Neo4jAddress, Neo4jStore
from kgbuild.stores.neo4j.connecting import connected

DIMENSIONS = 512
VECTOR_INDEX, TEXT_INDEX, NAME_INDEX = "chunk_embedding", "chunk_text", "entity_names"
CHUNKS, ENTITIES, FIRST_FACTS, FACTS = 3, 5, 3, 6
STOP_WORDS = frozenset(
    "a an and are as at be by did do does for from had has have how in is it its of on or that the to was were what when where"
    " which who whom whose why with".split()
)
MAX_SHOWN_CHARS = 240
MAX_ANSWER_TOKENS = 200

UNEMBEDDED = """
MATCH (c:Chunk) WHERE c.embedding IS NULL AND EXISTS { (c)<-[:FROM_CHUNK]-() }
RETURN c.id AS id, c.text AS text LIMIT 1000
"""
SET_EMBEDDINGS = "UNWIND $rows AS row MATCH (c:Chunk {id: row.id}) CALL db.create.setNodeVectorProperty(c, 'embedding', row.vector)"
INDEX_TEXT = f"CREATE FULLTEXT INDEX {TEXT_INDEX} IF NOT EXISTS FOR (c:Chunk) ON EACH [c.text]"
NEAREST_CHUNKS = f"""
CALL db.index.vector.queryNodes('{VECTOR_INDEX}', $chunks, $vector) YIELD node AS c, score
MATCH (c)-[:FROM_DOCUMENT]->(d:Document)
RETURN c.text AS text, d.uri AS uri, c.start AS start ORDER BY score DESC, c.id
"""
NAMED_ENTITIES = f"""
CALL db.index.fulltext.queryNodes('{NAME_INDEX}', $words, {{limit: $entities}}) YIELD node AS e
RETURN e.id AS id
"""
FACTS_OF = """
UNWIND $ids AS id
MATCH (e:Entity {id: id})-[f]-(:Entity)
WHERE f.status <> 'superseded'
RETURN DISTINCT f.id AS id, startNode(f).id AS subject_id, startNode(f).name AS subject, type(f) AS property,
  endNode(f).id AS object_id, endNode(f).name AS object, f.confidence AS confidence, f.status AS status,
  f.quotes AS quotes, f.evidence AS evidence
"""
STATING_CHUNK = """
MATCH (c:Chunk)-[:FROM_DOCUMENT]->(d:Document {id: $document})
WHERE c.start <= $start AND $end <= c.end
RETURN c.text AS text, d.uri AS uri, c.start AS start LIMIT 1
"""
PROMPT = """Answer the question in one sentence, from these words of documents alone. Name the document after what you take from it.
If they do not tell, say so.

$evidence

Question: $question"""


@dataclass(frozen=True, slots=True)
class Passage:
    """The text of a chunk, and where it begins in its document."""

    text: str
    uri: str
    start: int


@dataclass(frozen=True, slots=True)
class Found:
    """A fact, a quote that states it, the quote's place in its document, and the chunk that it stands in."""

    fact_id: str
    statement: str
    confidence: float
    status: str
    quote: str
    start: int
    end: int
    passage: Passage


# -- a toy embedder


def embed(texts: Sequence[str]) -> list[list[float]]:
    """Embed texts by their words and the beginnings of these.

    Returns: one vector of length 1 for each text; texts that share no word are nearly at right angles.
    """
    vectors = np.array([_vector(words(text)) for text in texts]).reshape(-1, DIMENSIONS)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).tolist()


def words(text: str) -> list[str]:
    return [word for word in re.findall(r"\w+", text.casefold().replace("_", " ")) if word not in STOP_WORDS]


def _vector(tokens: Sequence[str]) -> NDArray[np.float64]:
    """Add up the directions of the tokens. A text without any gets one as well, because a vector index takes no zeros."""
    return np.sum([_direction(token) + 0.7 * _direction(token[:5]) for token in tokens or [""]], axis=0)


@cache
def _direction(token: str) -> NDArray[np.float64]:
    """Draw a direction from the digest of a token: one bit for each dimension."""
    digest = hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=DIMENSIONS // 8).digest()
    return np.unpackbits(np.frombuffer(digest, np.uint8)) * 2.0 - 1.0


def likeness(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


# -- the two ways


def index_chunks(store: Neo4jStore, driver: Driver) -> int:
    """Embed the chunks that speak of an entity, and index them. Returns how many were not embedded yet: none, the second time."""
    store.create_vector_index(DIMENSIONS)
    driver.execute_query(INDEX_TEXT)
    embedded = 0
    while rows := driver.execute_query(UNEMBEDDED).records:
        vectors = embed([row["text"] for row in rows])
        driver.execute_query(SET_EMBEDDINGS, rows=[{"id": row["id"], "vector": v} for row, v in zip(rows, vectors, strict=True)])
        embedded += len(rows)
    driver.execute_query("CALL db.awaitIndexes(300)")
    return embedded


def by_vector(question: str, driver: Driver) -> list[Passage]:
    """Return the chunks most like the question."""
    (vector,) = embed([question])
    return [Passage(*row.values()) for row in driver.execute_query(NEAREST_CHUNKS, vector=vector, chunks=CHUNKS).records]


def by_graph(question: str, driver: Driver) -> list[Found]:
    """Return the facts that fit the question best, of entities that it names and of their neighbours, with the words for each."""
    spoken = " OR ".join(words(question))
    named = [row["id"] for row in driver.execute_query(NAMED_ENTITIES, words=spoken, entities=ENTITIES).records] if spoken else []
    of_named = _best_first(question, driver.execute_query(FACTS_OF, ids=named).records)
    first, rest = of_named[:FIRST_FACTS], of_named[FIRST_FACTS:]
    neighbours = {fact[end] for fact in first for end in ("subject_id", "object_id")} - set(named)
    beyond = _best_first(question, driver.execute_query(FACTS_OF, ids=sorted(neighbours)).records)
    taken = {fact["id"]: fact for fact in (*first, *beyond, *rest)}
    return [_with_words(fact, driver) for fact in list(taken.values())[:FACTS]]


def _best_first(question: str, facts: Sequence[Record]) -> list[Record]:
    """Order facts by how like the question they are, in their own words and in those of a document, and how sure the graph is."""
    (asked,) = embed([question])
    statements, quotes = embed([_statement(fact) for fact in facts]), embed([fact["quotes"][0] for fact in facts])
    fitting = [
        (likeness(asked, statement) + likeness(asked, quote) / 2) * fact["confidence"]
        for statement, quote, fact in zip(statements, quotes, facts, strict=True)
    ]
    ranked = sorted(zip(fitting, facts, strict=True), key=lambda pair: (-pair[0], pair[1]["id"]))
    return [fact for _, fact in ranked]


def _with_words(fact: Record, driver: Driver) -> Found:
    """Follow the plainest evidence of a fact, "document_id:start-end", to the chunk that it stands in."""
    told, *quotes = embed([_statement(fact), *fact["quotes"]])
    plainest = max(range(len(quotes)), key=lambda n: likeness(told, quotes[n]))
    document, _, span = fact["evidence"][plainest].rpartition(":")
    start, end = map(int, span.split("-"))
    (chunk,) = driver.execute_query(STATING_CHUNK, document=document, start=start, end=end).records
    passage = Passage(*chunk.values())
    return Found(fact["id"], _statement(fact), fact["confidence"], fact["status"], fact["quotes"][plainest], start, end, passage)


def _statement(fact: Record) -> str:
    return f"{fact['subject']} {fact['property'].lower().replace('_', ' ')} {fact['object']}"


# -- showing both


def answer(question: str, evidence: str, llm: str) -> str:
    """Let a language model answer from the evidence alone. Raises KgbuildError when it cannot be asked."""
    prompt = Template(PROMPT).substitute(evidence=evidence, question=question)
    (reply,) = run_all([open_model(llm).complete(Request((Message("user", prompt),), MAX_ANSWER_TOKENS))])
    if isinstance(reply, KgbuildError):
        raise reply
    return reply.text.strip()


def show(question: str, store: Neo4jStore, driver: Driver, llm: str | None) -> None:
    if embedded := index_chunks(store, driver):
        print(f"Embedded {embedded:,} chunks.\n")
    print(f"{question}\n\nBY VECTOR: the chunks most like the question")
    passages = [
        f'"{_shortened(passage.text)}"\n    {passage.uri}, from character {passage.start}'
        for passage in by_vector(question, driver)
    ]
    _print_way(question, passages, llm)
    print("\nBY GRAPH: the facts that fit it, each with the words that state it")
    facts = [
        f"{found.statement} ({found.confidence:.2f}{', disputed' * (found.status == 'disputed')}) [{found.fact_id}]\n"
        f'    "{" ".join(found.quote.split())}"\n    {found.passage.uri}, characters {found.start} to {found.end}'
        for found in by_graph(question, driver)
    ]
    _print_way(question, facts, llm)


def _print_way(question: str, lines: Sequence[str], llm: str | None) -> None:
    print("\n".join(f"  {line}" for line in lines) or "  nothing")
    if llm is not None and lines:
        print(f"  Answer: {answer(question, chr(10).join(lines), llm)}")


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MAX_SHOWN_CHARS else f"{line[:MAX_SHOWN_CHARS]} ..."


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask a published graph a question, by vector and by graph.")
    parser.add_argument("question")
    parser.add_argument(
        "--store", default="bolt://localhost:7687", help="a Neo4j server; NEO4J_USERNAME and NEO4J_PASSWORD are read"
    )
    parser.add_argument("--llm", help="server:MODEL@URL: let a model answer from what each way finds")
    asked = parser.parse_args()
    try:
        address = Neo4jAddress.parse(asked.store)
        with closing(Neo4jStore(address)) as store, closing(connected(address)) as driver:
            show(asked.question, store, driver, asked.llm)
    except KgbuildError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
