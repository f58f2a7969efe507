"""What every store promises, run on each of them. A store joins by a fixture of its name."""

from contextlib import closing
from dataclasses import replace

import pytest

from kgbuild.errors import StoreError
from kgbuild.records import Derivation, EntityRef, Literal, Qualifier, Status
from kgbuild.stores.embedded import EmbeddedStore
from kgbuild.stores.neo4j import Neo4jAddress, Neo4jStore
from tests.builders import ACME, COMPANIES, NO_ONTOLOGY, Claim, Graph, differences, graph
from tests.neo4j_server import NEO4J_RELEASES
from tests.stores.locks import free
from tests.stores.receipts import ReceiptsInMemory

RELATIONSHIPS = {"founded": "FOUNDED", "based_in": "BASED_IN", "employer": "EMPLOYER"}


@pytest.fixture
def embedded_store(tmp_path):
    store = EmbeddedStore(tmp_path, free)
    yield store
    store.close()


@pytest.fixture(params=["embedded_store", *NEO4J_RELEASES])
def store(request):
    if request.param == "embedded_store":
        yield request.getfixturevalue("embedded_store")
        return
    server = request.getfixturevalue("neo4j_servers")(request.param)
    server.clear()
    with closing(Neo4jStore(Neo4jAddress.parse(server.url), ReceiptsInMemory(), environment={})) as store:
        yield store


def facts_in(store, types=("FOUNDED", "BASED_IN", "EMPLOYER")):
    return sorted(
        (*row, type_)
        for type_ in types
        for row in store.query(f"MATCH (s:Entity)-[f:{type_}]->(o:Entity) RETURN f.id, s.id, o.id").rows
    )


def facts_of(graph):
    return sorted(
        (fact.id, fact.subject_id, fact.object.entity_id, RELATIONSHIPS[fact.predicate])
        for fact in graph.facts()
        if isinstance(fact.object, EntityRef)
    )


def publish(store, graph, before=None):
    store.publish(graph, differences(before, graph))
    return store


def one(store, cypher, **parameters):
    (row,) = store.query(cypher, parameters).rows
    return row


def test_a_store_holds_nothing_before_the_first_publication(store):
    assert store.generation() is None


def test_publishing_the_same_graph_twice_stores_it_once(store):
    for before in (None, ACME):
        publish(store, ACME, before)
        assert facts_in(store) == facts_of(ACME)
    assert store.generation() == ACME.generation


def test_a_later_generation_replaces_the_earlier_one(store):
    later = replace(
        graph(
            {"acme.txt": "Ada Lovelace founded Acme. Acme is based in Paris. Charles Babbage works for Acme."},
            [
                Claim("Ada Lovelace:Person", "founded", "Acme:Company", "Ada Lovelace founded Acme."),
                Claim("Acme:Company", "based_in", "Paris:City", "Acme is based in Paris."),
                Claim("Charles Babbage:Person", "employer", "Acme:Company", "Charles Babbage works for Acme."),
            ],
            ontology=COMPANIES,
        ),
        generation=2,
    )
    publish(store, ACME)
    assert facts_in(store) == facts_of(ACME)
    publish(store, later, ACME)
    assert store.generation() == 2
    assert facts_in(store) == facts_of(later)
    assert {name for (name,) in store.query("MATCH (e:Entity) RETURN e.name").rows} == {e.name for e in later.entities()}
    assert one(store, "MATCH (d:Document) RETURN count(*)") == (1,)


def test_another_graph_is_refused(store):
    publish(store, ACME)
    with pytest.raises(StoreError, match="another graph"):
        publish(store, replace(ACME, graph_id="somebody else's"))


def test_an_empty_graph_can_be_asked(store):
    publish(store, Graph())
    assert one(store, "MATCH (e:Entity) RETURN count(*)") == (0,)


def test_entities_without_a_single_relationship_can_be_asked(store):
    publish(store, graph({"a.txt": "Ada, 1815"}, [Claim("Ada:Person", "born", "1815^gYear", "Ada, 1815")]))
    assert store.query("MATCH (e:Entity) RETURN e.name, e.born").rows == (("Ada", ["1815"]),)


@pytest.mark.parametrize(
    ("cypher", "row"),
    [
        # An edge holds what DESIGN section 6 lists.
        (
            "MATCH ()-[f:BASED_IN]->(:Entity {name: 'London'}) RETURN f.confidence, f.status, f.evidence_count",
            (0.8, "disputed", 1),
        ),
        ("MATCH ()-[f:FOUNDED]->() RETURN f.quotes", (["Ada Lovelace founded Acme.", "Ada Lovelace founded Acme."],)),
        ("MATCH ()-[f:EMPLOYER]->() RETURN f.valid_from, f.valid_to", ("1837", None)),
        # A literal-valued fact is a property of its entity: one value when functional, a list otherwise; numbers are numbers.
        ("MATCH (e:Entity {name: 'Ada Lovelace'}) RETURN e.born_on, e.aliases", ("1815-12-10", ["Ada", "Countess of Lovelace"])),
        ("MATCH (e:Entity {name: 'Acme'}) RETURN e.employees, e.class_name", ([250], "Company")),
        # Documents and chunks: each chunk leads to its document and to the next chunk, each entity to the chunks that speak of it.
        ("MATCH (c:Chunk)-[:FROM_DOCUMENT]->(d:Document {uri: 'acme.txt'}) RETURN count(*)", (3,)),
        ("MATCH (a:Chunk)-[:NEXT_CHUNK]->(b:Chunk) RETURN count(*)", (3,)),
        (
            "MATCH (a:Chunk {index: 0})-[:NEXT_CHUNK]->(b:Chunk)-[:FROM_DOCUMENT]->(:Document {uri: 'acme.txt'}) RETURN b.text",
            ("Acme, based in London, has 250 employees.",),
        ),
        (
            "MATCH (e:Entity {name: 'Paris'})-[:FROM_CHUNK]->(c:Chunk) RETURN c.text, c.start, c.end",
            ("Acme is based in Paris.", 0, 23),
        ),
        ("MATCH (e:Entity {name: 'Acme'})-[:FROM_CHUNK]->(c:Chunk) RETURN count(*)", (5,)),
    ],
)
def test_the_graph_is_shaped_as_people_read_it(store, cypher, row):
    publish(store, ACME)
    assert store.query(cypher).rows == (row,)


def test_the_evidence_of_an_edge_leads_to_the_words(store):
    publish(store, ACME)
    quotes, places = one(store, "MATCH ()-[f:FOUNDED]->() RETURN f.quotes, f.evidence")
    for quote, place in zip(quotes, places, strict=True):
        document_id, _, span = place.partition(":")
        start, end = map(int, span.split("-"))
        assert ACME.text_of(document_id)[start:end] == quote


def test_an_entity_names_the_facts_behind_its_literals(store):
    publish(store, ACME)
    born = next(fact for fact in ACME.facts() if fact.predicate == "born_on")
    assert one(store, "MATCH (e:Entity {name: 'Ada Lovelace'}) RETURN e.fact_ids") == ([born.id],)


def test_qualifiers_and_inference_are_on_the_edge(store):
    founded = next(fact for fact in ACME.facts() if fact.predicate == "founded")
    qualified = replace(
        founded,
        qualifiers=(
            Qualifier("role", Literal(None, "chief", "chief", "string")),
            Qualifier("id", Literal(None, "7", "7", "string")),
        ),
        derived_from=Derivation("inverse", ("fct_other",)),
    )
    publish(store, replace(ACME, all_facts=(qualified,)))
    # A name that is ours gets a trailing `_`.
    assert one(store, "MATCH ()-[f:FOUNDED]->() RETURN f.role, f.id_, f.id, f.inferred_by") == ("chief", "7", founded.id, "inverse")
    # The words behind an inferred fact are its premises', which need not speak of both its ends.
    assert one(store, "MATCH (:Entity)-[:FROM_CHUNK]->(c) RETURN count(*)") == (0,)


def test_a_superseded_value_and_the_loser_of_a_dispute_are_not_the_property(store):
    claims = [
        Claim("Ada:Person", "born_on", "1815^date", "Ada 1815 1816", confidence=0.5, status=Status.DISPUTED),
        Claim("Ada:Person", "born_on", "1816^date", "Ada 1815 1816", confidence=0.7, status=Status.DISPUTED),
        Claim("Ada:Person", "title", "Miss^string", "Ada 1815 1816", status=Status.SUPERSEDED),
        Claim("Ada:Person", "title", "Mrs^string", "Ada 1815 1816"),
    ]
    publish(store, graph({"a.txt": "Ada 1815 1816"}, claims, ontology=COMPANIES))
    assert one(store, "MATCH (e:Entity) RETURN e.born_on, e.title, size(e.fact_ids)") == ("1816", ["Mrs"], 4)


HOSTILE_NAMES = [
    'O\'Neil "x" \\',
    "`; MATCH (n) DETACH DELETE n //",
    "line\nend\r\ttab",
    "🦊 سلام \u202e",
    "nul \x00 byte",
    "x" * 30_000,
]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=["quotes", "injection", "line ends", "emoji and RTL", "NUL", "long"])
def test_hostile_names_and_values_are_kept_as_they_are(store, name):
    text = f"{name} is {name}."
    publish(
        store,
        graph(
            {name[:100]: text},
            [Claim(f"{name}:{name[:50]}", "called", f"{name}^string", text), Claim(f"{name}:{name[:50]}", "is", "It:Thing", text)],
        ),
    )
    row = one(store, "MATCH (e:Entity {name: $name})-[f:IS]->() RETURN e.name, e.called, f.quotes, e.class_name", name=name)
    assert row == (name, [name], [text], name[:50])


@pytest.mark.parametrize(
    ("predicates", "types"),
    [
        (["born_in", "bornIn"], ["BORN_IN", "BORN_IN_"]),
        (["from chunk", "next_chunk", "entity"], ["ENTITY_", "FROM_CHUNK_", "NEXT_CHUNK_"]),
        (["has `ticks`", "1st", "größe", "🦊"], ["GRÖSSE", "HAS_TICKS", "_", "_1ST"]),
    ],
)
def test_each_property_gets_a_relationship_type_of_its_own(store, predicates, types):
    claims = [Claim("Ada:Person", predicate, "Bob:Person", "Ada Bob") for predicate in predicates]
    publish(store, graph({"a.txt": "Ada Bob"}, claims))
    assert store.query("MATCH (:Entity)-[r]->(:Entity) RETURN type(r) AS t ORDER BY t").rows == tuple((type_,) for type_ in types)


def test_literal_properties_that_share_a_name_with_ours_get_an_underscore(store):
    claims = [
        Claim("Ada:Person", predicate, f"{predicate} value^string", "Ada") for predicate in ("name", "ID", "id", "index", "end")
    ]
    publish(store, graph({"a.txt": "Ada"}, claims, ontology=NO_ONTOLOGY))
    row = one(store, "MATCH (e:Entity) RETURN e.name, e.name_, e.ID_, e.id__, e.index, e.end")
    assert row == ("Ada", ["name value"], ["ID value"], ["id value"], ["index value"], ["end value"])


@pytest.mark.parametrize(
    "cypher",
    [
        "CREATE (:Entity {id: 'x'})",
        "MATCH (e:Entity) SET e.name = 'x'",
        "MATCH (e:Entity) DETACH DELETE e",
        "MATCH (e:Entity) MERGE (:Entity {id: e.name})",
        "DROP TABLE Entity",
    ],
)
def test_a_query_that_writes_is_refused_in_one_line(store, cypher):
    publish(store, ACME)
    with pytest.raises(StoreError) as refusal:
        store.query(cypher)
    assert "\n" not in str(refusal.value)
    assert facts_in(store) == facts_of(ACME)


@pytest.mark.parametrize(
    "cypher", ["MATCH (n) RETRUN n", "", "  // nothing", "RETURN $missing", "RETURN 'open", "RETURN 1; RETURN 2"]
)
def test_a_query_that_is_wrong_is_refused_in_one_line(store, cypher):
    publish(store, ACME)
    with pytest.raises(StoreError) as refusal:
        store.query(cypher)
    assert "\n" not in str(refusal.value)


def test_a_query_that_takes_too_long_is_ended_and_the_next_one_answered(store):
    publish(store, ACME)
    with pytest.raises(StoreError, match="longer"):
        store.query(
            "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a * b = 7 RETURN count(*)", timeout_s=0.5
        )
    assert one(store, "RETURN 1") == (1,)


@pytest.mark.parametrize(("max_rows", "rows", "complete"), [(2, 2, False), (5, 5, True), (100, 5, True)])
def test_an_answer_says_when_there_was_more(store, max_rows, rows, complete):
    publish(store, ACME)
    answer = store.query("MATCH (e:Entity) RETURN e.id", max_rows=max_rows)
    assert (len(answer.rows), answer.complete) == (rows, complete)


def test_columns_are_named_as_the_query_names_them(store):
    publish(store, ACME)
    answer = store.query(
        "MATCH (e:Entity)-[f:FOUNDED]->(o) WHERE e.name = $name RETURN e.name, o.name AS company", {"name": "Ada Lovelace"}
    )
    assert answer.columns == ("e.name", "company")
    assert answer.rows == (("Ada Lovelace", "Acme"),)
