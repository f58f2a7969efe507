"""How fast a graph gets into Neo4j: kgbuild's publication beside a bare driver loop of the same rows, and beside a bulk import.

    python benchmarks/neo4j_load.py [--facts 1000000] [--release 2026.08] [--heap 2g]
    python benchmarks/neo4j_load.py --peers        (with `pip install neo4j-graphrag lightrag-hku`; what is not there is left out)

The graph is made up: for every 10 facts 3 entities, a tenth of the facts literal, a fifth of the others about one of a few hubs; 10
facts stand in a chunk, 50 in a document. It is given to the store as a snapshot in memory-free form (computed when asked), so
what is measured is the store. The bare loop sends batches of 5,000 rows of the same nodes and relationships with one
`UNWIND $rows AS row .. MERGE ..` per kind and type, under the same constraints and indexes; making its rows is not counted, making
ours is. Each runs on a fresh server after a warm-up with 2 % of the rows. Then: publishing again, deleting 1 % of the documents,
after which every element is compared with what should be there, and `neo4j-admin database import` of our export. Processor seconds
are those of this process and of the server; on a machine that does other things too they say more than the clock.

With --peers, 20,000 entities and 20,000 facts between them, and nothing else, are written by kgbuild's writer and by those of
neo4j-graphrag (nodes alone: its relationships need APOC) and LightRAG (whose batches are of the 5,000 rows of the bare loop).
"""

import argparse
import asyncio
import importlib.util
import json
import os
import resource
import shlex
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import astuple, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import neo4j

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kgbuild.ontology.model import Ontology  # noqa: E402
from kgbuild.records import (  # noqa: E402
    Chunk,
    Document,
    Entity,
    EntityRef,
    Evidence,
    Fact,
    Failure,
    JudgedTriple,
    LiteralValue,
    Mention,
    Span,
)
from kgbuild.stores.elements import Edge, Node, edges, ends_of, names_for, nodes, uses_in  # noqa: E402
from kgbuild.stores.files import export_neo4j_admin  # noqa: E402
from kgbuild.stores.neo4j import Neo4jAddress, Neo4jStore, statements  # noqa: E402
from kgbuild.stores.neo4j.publishing import edge_row, node_row  # noqa: E402
from kgbuild.stores.neo4j.writing import Writer  # noqa: E402
from kgbuild.stores.protocol import Differences  # noqa: E402
from tests.neo4j_server import RELEASES, Release, Server, running  # noqa: E402
from tests.stores.receipts import ReceiptsInMemory  # noqa: E402

FACTS_PER_CHUNK, CHUNKS_PER_DOCUMENT = 10, 5
FACTS_PER_DOCUMENT = FACTS_PER_CHUNK * CHUNKS_PER_DOCUMENT
SENTENCE_CHARS = 80
CLASSES = ("Person", "Company", "City", "Work", "Event")
PREDICATES = ("employer", "founded", "based_in", "member_of", "author_of", "owns", "part_of", "visited")
BATCH = 5_000
PEER_ENTITIES, PEER_FACTS = 20_000, 20_000
OPEN = Ontology("none", {}, {})

Done = TypeVar("Done")
Row = dict[str, Any]


LETTERS, DIGITS = str.maketrans("0123456789", "abcdefghij"), str.maketrans("abcdefghij", "0123456789")


def letters(number: int) -> str:
    """Write a number as 16 letters that sort like it."""
    return f"{number:016}".translate(LETTERS)


def number_of(id_: str) -> int:
    return int(id_[4:].translate(DIGITS))


@dataclass(frozen=True)
class Synthetic:
    """A snapshot of so many facts, computed when asked. without: documents of which the number ends in 99 are gone."""

    size: int
    without: bool = False
    ontology: Ontology = OPEN
    graph_id: str = "synthetic"

    @property
    def generation(self) -> int:
        return 2 if self.without else 1

    # A fact's subject and object follow from its number, and the other way round: the factors are coprime with 3 and 10.

    @property
    def entity_count(self) -> int:
        return self.size * 3 // 10

    @property
    def hubs(self) -> int:
        return max(1, self.entity_count // 1000)

    def _alive(self, fact: int) -> bool:
        return not self.without or fact // FACTS_PER_DOCUMENT % 100 != 99

    def _subject(self, fact: int) -> int:
        return fact * 7919 % self.entity_count

    def _object(self, fact: int) -> int | None:
        """None for a literal."""
        if fact % 10 == 7:
            return None
        return fact // 5 % self.hubs if fact % 5 == 0 else fact * 104_729 % self.entity_count

    def _stated_of(self, entity: int) -> range:
        return range(entity * pow(7919, -1, self.entity_count) % self.entity_count, self.size, self.entity_count)

    def _facts_about(self, entity: int) -> set[int]:
        about = range(entity * pow(104_729, -1, self.entity_count) % self.entity_count, self.size, self.entity_count)
        hub = range(5 * entity, self.size, 5 * self.hubs) if entity < self.hubs else ()
        candidates = {*self._stated_of(entity), *about, *hub}
        return {fact for fact in candidates if self._alive(fact) and entity in (self._subject(fact), self._object(fact))}

    # Records

    def _document(self, number: int) -> Document:
        text = self.text_of(f"doc_{letters(number)}")
        return Document(
            f"doc_{letters(number)}", f"{number}.txt", "text/plain", f"Number {number}", text, "en", None, (), (), f"{number:064x}"
        )

    def _chunk(self, number: int) -> Chunk:
        document, index = divmod(number, CHUNKS_PER_DOCUMENT)
        first = number * FACTS_PER_CHUNK
        text = "".join(map(self._sentence, range(first, min(first + FACTS_PER_CHUNK, self.size))))
        start = index * FACTS_PER_CHUNK * SENTENCE_CHARS
        return Chunk(f"chk_{letters(number)}", f"doc_{letters(document)}", index, Span(start, start + len(text)), text)

    def _entity(self, number: int) -> Entity:
        return Entity(f"ent_{letters(number)}", f"Name {number:07}", CLASSES[number % 5], (f"N. {number:07}",))

    def _fact(self, number: int) -> Fact:
        subject, object_ = self._subject(number), self._object(number)
        start = number % FACTS_PER_DOCUMENT * SENTENCE_CHARS
        evidence = Evidence(
            f"doc_{letters(number // FACTS_PER_DOCUMENT)}",
            f"chk_{letters(number // FACTS_PER_CHUNK)}",
            Span(start, start + SENTENCE_CHARS),
            self._sentence(number),
            "synthetic",
            "none",
            0.9,
        )
        value = LiteralValue(str(number), str(number), "integer") if object_ is None else EntityRef(f"ent_{letters(object_)}")
        predicate = "code" if object_ is None else PREDICATES[number % 8]
        return Fact(f"fct_{letters(number)}", f"ent_{letters(subject)}", predicate, value, 0.9, (evidence,))

    def _sentence(self, fact: int) -> str:
        object_ = self._object(fact)
        words = f"code {fact}" if object_ is None else f"{PREDICATES[fact % 8]} Name {object_:07}"
        return f"Name {self._subject(fact):07} {words}, it is said in sentence {fact}".ljust(SENTENCE_CHARS - 2) + ". "

    def documents(self) -> Iterator[Document]:
        return (self._document(n) for n in range(-(-self.size // FACTS_PER_DOCUMENT)) if self._alive(n * FACTS_PER_DOCUMENT))

    def chunks(self) -> Iterator[Chunk]:
        return (self._chunk(n) for n in range(-(-self.size // FACTS_PER_CHUNK)) if self._alive(n * FACTS_PER_CHUNK))

    def entities(self) -> Iterator[Entity]:
        return (self._entity(n) for n in range(self.entity_count) if not self.without or self._facts_about(n))

    def facts(self) -> Iterator[Fact]:
        return (self._fact(n) for n in range(self.size) if self._alive(n))

    def text_of(self, document_id: str) -> str:
        first = number_of(document_id) * FACTS_PER_DOCUMENT
        return "".join(map(self._sentence, range(first, min(first + FACTS_PER_DOCUMENT, self.size))))

    def facts_of(self, entity_id: str) -> Iterator[Fact]:
        return (self._fact(n) for n in self._stated_of(number_of(entity_id)) if self._alive(n))

    def facts_of_entity(self, id_: str) -> Iterator[Fact]:
        return map(self._fact, sorted(self._facts_about(number_of(id_))))

    def facts_with(self, predicate: str) -> Iterator[Fact]:
        return (fact for fact in self.facts() if fact.predicate == predicate)

    def entity(self, id_: str) -> Entity | None:
        number = number_of(id_)
        return self._entity(number) if self._facts_about(number) else None

    def chunks_of(self, document_id: str) -> list[Chunk]:
        first = number_of(document_id) * CHUNKS_PER_DOCUMENT
        last = min(first + CHUNKS_PER_DOCUMENT, -(-self.size // FACTS_PER_CHUNK))
        return [self._chunk(n) for n in range(first, last) if self._alive(n * FACTS_PER_CHUNK)]

    def mentions(self) -> Iterator[Mention]:
        return iter(())

    def rejected(self) -> Iterator[JudgedTriple]:
        return iter(())

    def failures(self) -> Iterator[Failure]:
        return iter(())


@dataclass(frozen=True)
class Chosen:
    """Some of the records of a snapshot."""

    all_documents: tuple[Document, ...] = ()
    all_chunks: tuple[Chunk, ...] = ()
    all_entities: tuple[Entity, ...] = ()
    all_facts: tuple[Fact, ...] = ()

    def documents(self) -> Iterator[Document]:
        return iter(self.all_documents)

    def chunks(self) -> Iterator[Chunk]:
        return iter(self.all_chunks)

    def entities(self) -> Iterator[Entity]:
        return iter(self.all_entities)

    def facts(self) -> Iterator[Fact]:
        return iter(self.all_facts)


def deletion(whole: Synthetic, rest: Synthetic) -> Differences:
    """What the ledger would tell: documents, chunks and facts that are gone, and every entity of which a mention is gone."""
    facts = tuple(whole._fact(n) for n in range(whole.size) if not rest._alive(n))
    touched = {fact.subject_id for fact in facts} | {f.object.entity_id for f in facts if isinstance(f.object, EntityRef)}
    return Differences(
        since=1,
        changed=Chosen(all_entities=tuple(entity for id_ in sorted(touched) if (entity := rest.entity(id_)) is not None)),
        retired=Chosen(
            tuple(whole._document(n) for n in range(whole.size // FACTS_PER_DOCUMENT) if n % 100 == 99),
            tuple(whole._chunk(n) for n in range(whole.size // FACTS_PER_CHUNK) if n // CHUNKS_PER_DOCUMENT % 100 == 99),
            tuple(whole._entity(number_of(id_)) for id_ in sorted(touched)),
            facts,
        ),
    )


# -- the bare loop


def bare_load(server: Server, snapshot: Synthetic) -> tuple[int, float]:
    """Send every node and relationship with MERGE; return how many, and the seconds that sending took."""
    names = names_for(uses_in(snapshot), snapshot.ontology)
    sent, seconds = 0, 0.0
    with closing(server.driver()) as driver, driver.session() as session:
        for statement in (*statements.SCHEMA.values(), statements.AWAIT_SCHEMA):
            session.run(statement).consume()
        for statement, rows in _node_batches(nodes(snapshot, names)):
            seconds += _sent(session, statement, rows)
            sent += len(rows)
        for statement, rows in _edge_batches(edges(snapshot, names)):
            seconds += _sent(session, statement, rows)
            sent += len(rows)
    return sent, seconds


def _sent(session: neo4j.Session, statement: str, rows: list[Row]) -> float:
    began = time.perf_counter()
    session.execute_write(lambda transaction: transaction.run(statement, rows=rows).consume())
    return time.perf_counter() - began


def _node_batches(all_nodes: Iterable[Node]) -> Iterator[tuple[str, list[Row]]]:
    def statement(node: Node) -> str:
        labels = f" SET n:{':'.join(node.labels)}" if node.labels else ""
        return f"UNWIND $rows AS row MERGE (n:{node.kind} {{id: row.id}}) SET n += row.properties{labels}"

    yield from _batches((statement(node), {"id": node.id, "properties": node.properties}) for node in all_nodes)


def _edge_batches(all_edges: Iterable[Edge]) -> Iterator[tuple[str, list[Row]]]:
    def statement(edge: Edge) -> str:
        start, end = ends_of(edge.type)
        match = f"UNWIND $rows AS row MATCH (s:{start} {{id: row.start}}) MATCH (o:{end} {{id: row.end}}) "
        if edge.id is None:
            return f"{match}MERGE (s)-[:{edge.type}]->(o)"
        return f"{match}MERGE (s)-[f:{edge.type} {{id: row.id}}]->(o) SET f += row.properties"

    rows = ((statement(e), {"start": e.start, "end": e.end, "id": e.id, "properties": e.properties}) for e in all_edges)
    yield from _batches(rows)


def _batches(rows: Iterable[tuple[str, Row]]) -> Iterator[tuple[str, list[Row]]]:
    waiting: dict[str, list[Row]] = defaultdict(list)
    for statement, row in rows:
        waiting[statement].append(row)
        if len(waiting[statement]) == BATCH:
            yield statement, waiting.pop(statement)
    yield from waiting.items()


# -- ours


class Memory:
    """Resident megabytes of this process, by how many rows were written."""

    def __init__(self) -> None:
        self.rows = 0
        self.megabytes: list[tuple[int, int]] = []

    def __call__(self, rows: int) -> None:
        self.rows += rows
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.megabytes.append((self.rows, pages * resource.getpagesize() // 2**20))

    def at(self, share: float) -> int:
        return next(megabytes for rows, megabytes in self.megabytes if rows >= share * self.rows)


def opened(server: Server, receipts: ReceiptsInMemory, memory: Memory) -> Neo4jStore:
    return Neo4jStore(Neo4jAddress.parse(server.url), receipts, advance=memory, environment={})


def timed(do: Callable[[], Done]) -> tuple[Done, float]:
    began = time.perf_counter()
    done = do()
    return done, time.perf_counter() - began


class Processors:
    """Seconds of processor time that this process and a server took since the last time asked."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._before = self._so_far()

    def __str__(self) -> str:
        now, before = self._so_far(), self._before
        self._before = now
        return f"{now[0] - before[0]:.1f} here, {now[1] - before[1]:.1f} in the server"

    def _so_far(self) -> tuple[float, float]:
        assert self._server.process is not None
        fields = Path(f"/proc/{self._server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return time.process_time(), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# -- peers


def peer_rates(release: Release, folder: Path, java: tuple[str, ...], figures: dict[str, object]) -> None:
    """Write the same entities and facts with each, twice: the rates of the first time, and what the second left."""
    synthetic = Synthetic(PEER_ENTITIES * 10 // 3 + 3)
    names = names_for(uses_in(synthetic), OPEN)
    entities = [node for node in nodes(synthetic, names) if node.kind == "Entity"][:PEER_ENTITIES]
    known = {entity.id for entity in entities}
    between = (edge for edge in edges(synthetic, names) if edge.id is not None and {edge.start, edge.end} <= known)
    facts = list(islice(between, PEER_FACTS))
    for name, module, write in (
        ("kgbuild", "kgbuild", write_with_kgbuild),
        ("neo4j-graphrag", "neo4j_graphrag", write_with_graphrag),
        ("LightRAG", "lightrag", write_with_lightrag),
    ):
        if importlib.util.find_spec(module) is None:
            said(name, "not installed", figures)
            continue
        with running(release, folder / name, java_options=java) as server:
            write(server, entities[:1000], [])
            server.empty()
            for time_ in ("first", "second"):
                for what, seconds in write(server, entities, facts).items():
                    said(f"{name}, {time_} time, {what}/s", round(len(facts if what == "facts" else entities) / seconds), figures)
                with closing(server.driver()) as driver:
                    count = "MATCH (n) WITH count(n) AS nodes OPTIONAL MATCH ()-[r]->() RETURN nodes, count(r) AS relationships"
                    said(f"{name}, held after the {time_} time", driver.execute_query(count).records[0].data(), figures)


def write_with_kgbuild(server: Server, entities: list[Node], facts: list[Edge]) -> dict[str, float]:
    with closing(server.driver()) as driver:
        writer = Writer(driver, None, "peers")
        for statement in (*statements.SCHEMA.values(), statements.AWAIT_SCHEMA):
            writer.run(statement)
        _, nodes_s = timed(lambda: writer.write(map(node_row, entities), lambda rows: None))
        added = (edge_row(statements.add_fact(edge.type), edge) for edge in facts)
        _, facts_s = timed(lambda: writer.write(added, lambda rows: None))
    return {"entities": nodes_s, "facts": facts_s}


def write_with_graphrag(server: Server, entities: list[Node], facts: list[Edge]) -> dict[str, float]:
    from neo4j_graphrag.components.kg_writer import Neo4jWriter
    from neo4j_graphrag.components.types import Neo4jGraph, Neo4jNode

    def held(node: Node) -> dict[str, Any]:
        return {key: value for key, value in node.properties.items() if value is not None}

    graph = Neo4jGraph(nodes=[Neo4jNode(id=node.id, label=node.labels[-1], properties=held(node)) for node in entities])
    with closing(server.driver()) as driver:
        writer = Neo4jWriter(driver, clean_db=False, batch_size=BATCH)
        done, seconds = timed(lambda: asyncio.run(writer.run(graph)))
    assert done.status == "SUCCESS", done
    return {"entities": seconds}


def write_with_lightrag(server: Server, entities: list[Node], facts: list[Edge]) -> dict[str, float]:
    from lightrag.kg.neo4j_impl import Neo4JStorage
    from lightrag.kg.shared_storage import initialize_share_data

    os.environ |= {"NEO4J_URI": server.url, "NEO4J_USERNAME": "neo4j", "NEO4J_PASSWORD": "none asked for"}
    kept = [(node.id, {**node.properties, "entity_id": node.id}) for node in entities]
    ties = [(edge.start, edge.end, dict(edge.properties)) for edge in facts]

    async def write() -> dict[str, float]:
        initialize_share_data()
        storage = Neo4JStorage("graph", {}, None)
        await storage.initialize()
        began = time.perf_counter()
        for first in range(0, len(kept), BATCH):
            await storage.upsert_nodes_batch(kept[first : first + BATCH])
        nodes_done = time.perf_counter()
        for first in range(0, len(ties), BATCH):
            await storage.upsert_edges_batch(ties[first : first + BATCH])
        facts_done = time.perf_counter()
        await storage.finalize()
        return {"entities": nodes_done - began, "facts": facts_done - nodes_done}

    return asyncio.run(write())


# -- all of it


def said(what: str, value: object, figures: dict[str, object]) -> None:
    figures[what] = value
    print(f"{what}: {value}", file=sys.stderr, flush=True)


def load_rates(size: int, release: Release, folder: Path, java: tuple[str, ...], figures: dict[str, object]) -> None:
    whole, rest, warm = Synthetic(size), Synthetic(size, without=True), Synthetic(max(1000, size // 50))
    figures |= {"facts": whole.size, "entities": whole.entity_count, "server": release.version}

    with running(release, folder / "bare", java_options=java) as server:
        bare_load(server, warm)
        server.empty()
        processors = Processors(server)
        rows, bare_s = bare_load(server, whole)
        said("rows (nodes and relationships)", rows, figures)
        said("bare MERGE loop, rows/s", round(rows / bare_s), figures)
        said("bare MERGE loop, processor seconds", str(processors), figures)

    with running(release, folder / "ours", java_options=java) as server:
        with closing(opened(server, ReceiptsInMemory(), Memory())) as store:
            store.publish(warm, Differences(None, warm, Chosen()))
        server.empty()
        receipts, memory = ReceiptsInMemory(), Memory()
        with closing(opened(server, receipts, memory)) as store:
            processors = Processors(server)
            done, load_s = timed(lambda: store.publish(whole, Differences(None, whole, Chosen())))
            assert done.nodes_created + done.relationships_created == rows + 1
            said("kgbuild, rows/s", round(rows / load_s), figures)
            said("kgbuild, processor seconds", str(processors), figures)
            said("kgbuild / bare loop", round(bare_s / load_s, 2), figures)
            said("load s", round(load_s, 1), figures)
            said("resident MB after 20 % of the rows", memory.at(0.2), figures)
            said("resident MB after all", memory.at(1.0), figures)
            again, again_s = timed(lambda: store.publish(whole, Differences(1, Chosen(), Chosen())))
            said("published again: writes", sum(v for v in astuple(again) if isinstance(v, int)), figures)
            said("published again: s", round(again_s, 2), figures)
            change = deletion(whole, rest)
            str(processors)
            gone, delete_s = timed(lambda: store.publish(rest, change))
            said("1 % of documents deleted: s", round(delete_s, 2), figures)
            said("1 % of documents deleted: processor seconds", str(processors), figures)
            said("1 % of documents deleted: share of the load", round(delete_s / load_s, 4), figures)
            said("1 % of documents deleted: relationships removed", gone.relationships_deleted, figures)
            compared, verify_s = timed(lambda: store.verify(rest))
            assert all(comparison.equal for comparison in compared.values())
            said("verify s", round(verify_s, 1), figures)

    with running(release, folder / "import", java_options=java) as server:
        command, export_s = timed(lambda: export_neo4j_admin(whole, folder / "csv"))
        server.stop()
        _, import_s = timed(lambda: server.admin(*shlex.split(command)[1:], "--overwrite-destination"))
        said("export --to neo4j-admin s", round(export_s, 1), figures)
        said("neo4j-admin import s", round(import_s, 1), figures)
    said("peak memory of this process MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--facts", type=int, default=100_000)
    parser.add_argument("--release", choices=[release.name for release in RELEASES], default=RELEASES[-1].name)
    parser.add_argument("--heap", default="2g")
    parser.add_argument("--peers", action="store_true", help="Measure the writers of other libraries instead.")
    options = parser.parse_args()
    release = next(release for release in RELEASES if release.name == options.release)
    java = (f"-Xmx{options.heap}",)
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as scratch:
        if options.peers:
            peer_rates(release, Path(scratch), java, figures)
        else:
            load_rates(options.facts, release, Path(scratch), java, figures)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
