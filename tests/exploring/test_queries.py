"""The saved queries, on real servers: each answers on the demo graph, and says what the records say."""

from contextlib import closing
from dataclasses import replace

import pytest

from kgbuild.exploring import contents, saved_queries
from kgbuild.ledger import Snapshot
from kgbuild.records import EntityRef, Status
from kgbuild.stores.neo4j import Neo4jAddress, Neo4jStore
from tests.builders import ACME, RIVALS, Claim, Graph, differences, graph
from tests.stores.receipts import ReceiptsInMemory

NAMES = [query.file for query in saved_queries(contents(Graph()))]


def opened(server):
    return closing(Neo4jStore(Neo4jAddress.parse(server.url), ReceiptsInMemory(), environment={}))


def query(snapshot, name):
    return next(query for query in saved_queries(contents(snapshot)) if name in query.file)


def answer(store, snapshot, name):
    return store.query(query(snapshot, name).cypher)


# -- the demo graph


@pytest.mark.parametrize("name", NAMES)
def test_every_saved_query_has_an_answer_on_the_demo_graph(name, neo4j_demo, demo_graph):
    with opened(neo4j_demo) as store, Snapshot.open(demo_graph) as snapshot:
        found = answer(store, snapshot, name)
        assert found.rows
        assert any(value not in (None, [], {}) for value in found.rows[0])


def test_classes_and_facts_are_counted_as_the_ledger_counts_them(neo4j_demo, demo_graph):
    with opened(neo4j_demo) as store, Snapshot.open(demo_graph) as snapshot:
        entities = list(snapshot.entities())
        links = [fact for fact in snapshot.facts() if isinstance(fact.object, EntityRef)]
        counted = {class_: number for class_, number, _ in answer(store, snapshot, "classes").rows}
        assert counted == {c: sum(e.class_name == c for e in entities) for c in {e.class_name for e in entities}}
        assert sum(row[3] for row in answer(store, snapshot, "properties").rows) == len(links)
        disputed = {fact.id for fact in links if fact.status is Status.DISPUTED}
        assert {path[1]["id"] for path, _ in answer(store, snapshot, "disputed").rows} == disputed


def test_entities_with_disputed_or_superseded_values_are_found_though_the_values_are_not_in_the_store(neo4j_demo, demo_graph):
    with opened(neo4j_demo) as store, Snapshot.open(demo_graph) as snapshot:
        values = [fact for fact in snapshot.facts() if not isinstance(fact.object, EntityRef)]
        names = {entity.id: entity.name for entity in snapshot.entities()}
        more = {fact.subject_id for fact in values if fact.status is not Status.ASSERTED}
        found = answer(store, snapshot, "values").rows
        assert sorted(name for name, *_ in found) == sorted(names[id_] for id_ in more)
        assert {id_ for *_, ids in found for id_ in ids} == {fact.id for fact in values if fact.subject_id in more}


def test_the_first_path_leads_over_more_than_one_fact(neo4j_demo, demo_graph):
    with opened(neo4j_demo) as store, Snapshot.open(demo_graph) as snapshot:
        (path, *_) = (row[0] for row in answer(store, snapshot, "path").rows)
        assert len(path) > 3
        assert {path[0]["name"], path[-1]["name"]} == {contents(snapshot).entity, contents(snapshot).other}


# -- a graph small enough to say what every answer is


def acme(published_on="2020-01-02"):
    """ACME, in which London is preferred and the letters bear a date."""
    sources = tuple(
        replace(source, published_on=published_on) if source.uri == "letters/ada.txt" else source for source in ACME.all_documents
    )
    facts = tuple(replace(fact, status=Status.ASSERTED) if fact.confidence == 0.8 else fact for fact in ACME.all_facts)
    return replace(ACME, all_documents=sources, all_facts=facts)


@pytest.fixture(scope="module")
def acme_store(neo4j_server):
    """A store that holds ACME, for the tests that follow one another here and only read it."""
    neo4j_server.empty()
    with opened(neo4j_server) as store:
        store.publish(acme(), differences(None, acme()))
        yield store


@pytest.mark.parametrize(
    ("name", "columns", "rows"),
    [
        # The most frequent class first.
        ("classes", ("class", "entities"), [("City", 2), ("Person", 2), ("Company", 1)]),
        # Every quote of every fact of the entity, with its place.
        (
            "evidence",
            ("subject", "property", "object", "quote", "document", "characters", "status"),
            [
                ("Acme", "BASED_IN", "London", "Acme, based in London, has 250 employees.", "acme.txt", "27-68", "asserted"),
                ("Acme", "BASED_IN", "Paris", "Acme is based in Paris.", "rumour.txt", "0-23", "disputed"),
                ("Charles Babbage", "EMPLOYER", "Acme", "Charles Babbage works for Acme.", "acme.txt", "69-100", "asserted"),
                ("Ada Lovelace", "FOUNDED", "Acme", "Ada Lovelace founded Acme.", "acme.txt", "0-26", "asserted"),
                ("Ada Lovelace", "FOUNDED", "Acme", "Ada Lovelace founded Acme.", "letters/ada.txt", "43-69", "asserted"),
            ],
        ),
        # Both sides of a conflict with their words.
        (
            "conflicts",
            ("property", "preferred", "quotes", "disputed", "its_quotes"),
            [
                (
                    "BASED_IN",
                    "Acme → London",
                    ["Acme, based in London, has 250 employees."],
                    "Acme → Paris",
                    ["Acme is based in Paris."],
                )
            ],
        ),
        # Only documents with a date are new or old.
        (
            "newest",
            ("published", "subject", "property", "object", "quote"),
            [("2020-01-02", "Ada Lovelace", "FOUNDED", "Acme", "Ada Lovelace founded Acme.")],
        ),
        # A fact that another document states as well is not the document's alone.
        (
            "documents",
            ("document", "facts", "stated_nowhere_else"),
            [("acme.txt", 3, 2), ("letters/ada.txt", 1, 0), ("rumour.txt", 1, 1)],
        ),
        # Nothing here is below a half.
        ("low-confidence", ("fact",), []),
    ],
)
def test_the_answers_are_what_the_records_say(name, columns, rows, acme_store):
    found = answer(acme_store, acme(), name)
    places = [found.columns.index(column) for column in columns]
    assert [tuple(row[place] for place in places) for row in found.rows] == rows


def test_an_alias_finds_the_entity_and_the_picture_holds_its_facts(acme_store):
    cypher = query(acme(), "entity").cypher
    assert '"Acme"' in cypher
    ((entity, facts),) = acme_store.query(cypher.replace('"Acme"', '"Countess of Lovelace"')).rows
    assert entity["name"] == "Ada Lovelace"
    assert [fact[1]["quotes"] for fact in facts] == [["Ada Lovelace founded Acme."] * 2]


def test_beside_a_disputed_fact_stands_what_it_is_disputed_by(acme_store):
    ((disputed, beside),) = answer(acme_store, acme(), "disputed").rows
    assert disputed[-1]["name"] == "Paris"
    assert [path[-1]["name"] for path in beside] == ["London"]


def test_what_is_preferred_is_never_itself_disputed_whatever_there_can_be_only_one_of(empty_neo4j):
    with opened(empty_neo4j) as store:
        store.publish(RIVALS, differences(None, RIVALS))
        conflicts = answer(store, RIVALS, "conflicts")
        places = [conflicts.columns.index(name) for name in ("property", "preferred", "disputed")]
        assert [tuple(row[place] for place in places) for row in conflicts.rows] == [
            ("BORN_IN", "Ada → Rome", "Ada → Oslo"),
            ("BORN_IN", "Ada → Rome", "Ada → Paris"),
            ("LED_BY", "Acme → Ada", "Sub → Ada"),
            ("OWNS", "Acme → Sub", "Sub → Acme"),
        ]
        beside = {
            (path[0]["name"], path[-1]["name"]): sorted((other[0]["name"], other[-1]["name"]) for other in others)
            for path, others in answer(store, RIVALS, "disputed").rows
        }
    assert beside == {
        ("Ada", "Paris"): [("Ada", "Oslo"), ("Ada", "Rome")],
        ("Ada", "Oslo"): [("Ada", "Paris"), ("Ada", "Rome")],
        ("Sub", "Ada"): [("Acme", "Ada")],
        ("Sub", "Acme"): [("Acme", "Sub")],
    }


HOSTILE = ['O\'Neil "x" \\', "`; MATCH (n) DETACH DELETE n //", "line\nend\ttab", "🦊 \u202e \u2028", "$other", "*/ }"]


def test_hostile_names_are_examples_like_any_other(empty_neo4j):
    text = " ".join((*HOSTILE, "met Bob and Eve."))
    claims = [Claim(f"{name}:A B", "met", f"{met}:A B", text) for name in HOSTILE for met in ("Bob", "Eve")]
    snapshot = graph({"a.txt": text}, claims)
    with opened(empty_neo4j) as store:
        store.publish(snapshot, differences(None, snapshot))
        for name in HOSTILE:
            queries = {query.file: query.cypher for query in saved_queries(replace(contents(snapshot), entity=name))}
            ((entity, facts),) = store.query(queries["04-entity.cypher"]).rows
            assert (entity["name"], len(facts)) == (name, 2)
            assert len(store.query(queries["05-evidence.cypher"]).rows) == 2


def test_a_graph_without_anything_can_be_explored(empty_neo4j):
    with opened(empty_neo4j) as store:
        store.publish(Graph(), differences(None, Graph()))
        for saved in saved_queries(contents(Graph())):
            assert store.query(saved.cypher).rows == ()
