"""Neo4j: what others keep in the same database, refreshes against fresh loads, and what happens when things go wrong."""

import json
import shlex
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgbuild.errors import InputError, LoginRefused, StoreError, StoreUnavailable
from kgbuild.ontology.model import Ontology, Property
from kgbuild.records import EntityRef, Literal, LiteralValue, Qualifier
from kgbuild.stores.elements import LONGEST_NAME_BYTES
from kgbuild.stores.files import export_neo4j_admin
from kgbuild.stores.neo4j import Neo4jAddress, Neo4jStore
from kgbuild.stores.neo4j.statements import quoted
from kgbuild.stores.neo4j.writing import Row, rounds
from kgbuild.stores.projection import MARKER
from kgbuild.stores.protocol import Differences, Publication
from tests.builders import ACME, COMPANIES, Claim, Graph, differences, graph
from tests.neo4j_server import NEO4J_RELEASES, RELEASES, CannotRun, Server, running
from tests.stores.receipts import ReceiptsInMemory

NOTHING_DONE = Publication()


def opened(server, receipts=None, advance=lambda rows: None):
    address = Neo4jAddress.parse(server.url)
    environment = {"NEO4J_USERNAME": "neo4j", "NEO4J_PASSWORD": server.password} if server.password else {}
    return Neo4jStore(address, ReceiptsInMemory() if receipts is None else receipts, advance=advance, environment=environment)


@pytest.fixture
def store(cleared_neo4j):
    with closing(opened(cleared_neo4j)) as store:
        yield store


@pytest.fixture
def cypher(neo4j_server):
    """A function that runs a statement as another user of the database would, and returns the rows."""
    with closing(neo4j_server.driver()) as driver:
        yield lambda statement, **parameters: [r.values() for r in driver.execute_query(statement, parameters).records]


def held(server):
    """Everything in a database but the marker, in an order of its own: what two loads must agree on."""
    with closing(server.driver()) as driver:
        nodes = driver.execute_query(
            f"MATCH (n) WHERE NOT n:{MARKER} RETURN n.id AS id, labels(n) AS labels, properties(n) AS properties"
        ).records
        edges = driver.execute_query(
            "MATCH (s)-[r]->(o) RETURN s.id AS start, type(r) AS type, o.id AS end, properties(r) AS properties"
        ).records
    rows = [
        dict(row) | ({"labels": sorted(row["labels"])} if "labels" in row else {}) for row in (*map(dict, nodes), *map(dict, edges))
    ]
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


def publish(store, graph, before=None):
    return store.publish(graph, differences(before, graph))


# -- what a publication writes


def test_publishing_again_writes_nothing(store):
    first = publish(store, ACME)
    assert first.nodes_created == 3 + 6 + 5 + 1  # documents, chunks, entities and the marker
    assert publish(store, ACME, ACME) == NOTHING_DONE


def test_constraints_and_indexes_are_made_once_and_are_online(empty_neo4j, store, cypher):
    publish(store, ACME)
    made = cypher(
        "SHOW INDEXES YIELD type, labelsOrTypes AS labels, properties AS keys, state WHERE type <> 'LOOKUP'"
        " RETURN type, labels, keys, state"
    )
    assert sorted(made) == sorted(
        [
            ["RANGE", ["Document"], ["id"], "ONLINE"],
            ["RANGE", ["Chunk"], ["id"], "ONLINE"],
            ["RANGE", ["Entity"], ["id"], "ONLINE"],
            ["RANGE", [MARKER], ["key"], "ONLINE"],
            ["TEXT", ["Entity"], ["name"], "ONLINE"],
            ["FULLTEXT", ["Entity"], ["name", "aliases"], "ONLINE"],
        ]
    )
    store.create_vector_index(4)
    store.create_vector_index(4)
    assert cypher("SHOW VECTOR INDEXES YIELD labelsOrTypes AS labels, properties RETURN labels, properties") == [
        [["Chunk"], ["embedding"]]
    ]


def test_names_and_aliases_are_found_by_the_full_text_index(store):
    publish(store, ACME)
    found = store.query("CALL db.index.fulltext.queryNodes('entity_names', 'countess') YIELD node RETURN node.name")
    assert found.rows == (("Ada Lovelace",),)


def test_a_changed_literal_changes_its_entity_and_nothing_else(store, cypher):
    before = graph({"a.txt": "Ada 1815 1816"}, [Claim("Ada:Person", "born_on", "1815^date", "Ada 1815 1816")], ontology=COMPANIES)
    after = graph({"a.txt": "Ada 1815 1816"}, [Claim("Ada:Person", "born_on", "1816^date", "Ada 1815 1816")], ontology=COMPANIES)
    publish(store, before)
    done = publish(store, replace(after, generation=2), before)
    assert cypher("MATCH (e:Entity) RETURN e.born_on") == [["1816"]]
    assert (done.nodes_created, done.nodes_deleted, done.relationships_created, done.relationships_deleted) == (0, 0, 0, 0)


def test_the_marker_names_the_generation_only_when_all_is_written(store, cypher):
    class Cut(Graph):
        def facts(self):
            yield from list(super().facts())[:2]
            raise KeyboardInterrupt

    half = Cut(**{name: getattr(ACME, name) for name in ACME.__dataclass_fields__})
    with pytest.raises(KeyboardInterrupt):
        store.publish(half, Differences(None, half, Graph()))
    assert store.generation() is None
    publish(store, ACME)
    assert store.generation() == ACME.generation


# -- what others keep in the same database


def test_nodes_and_relationships_of_others_survive_whatever_happens_to_ours(store, cypher):
    cypher(
        "CREATE (:Person {name: 'Ada Lovelace'})-[:KNOWS]->(:Entity {id: 'mine'})-[:FROM_CHUNK]->(:Chunk {id: 7})"
        " CREATE (:Document {uri: 'acme.txt'})"
    )
    theirs = cypher(
        "MATCH (n) OPTIONAL MATCH (n)-[r]->(m) RETURN labels(n), properties(n), type(r), properties(m) ORDER BY elementId(n)"
    )
    publish(store, ACME)
    # They tie their own nodes to ours, and write properties of their own on them.
    cypher("MATCH (c:Entity {name: 'Acme'}), (n:Entity {id: 'mine'}) CREATE (n)-[:BORN_IN {since: 1}]->(c) SET c.score = 5")
    assert publish(store, replace(Graph(), generation=2), ACME).stripped == tuple(e.id for e in ACME.entities() if e.name == "Acme")
    assert cypher(f"MATCH (n) WHERE NOT n:{MARKER} AND n.score IS NULL OPTIONAL MATCH (n)-[r]->(m) WHERE m.score IS NULL"
                  " RETURN labels(n), properties(n), type(r), properties(m) ORDER BY elementId(n)") == theirs  # fmt: skip
    # Of ours only what they tied to theirs is left, bare of all that was ours.
    assert cypher("MATCH (:Entity {id: 'mine'})-[r:BORN_IN]->(n) RETURN labels(n), properties(n), properties(r)") == [
        [[], {"score": 5}, {"since": 1}]
    ]
    assert cypher("MATCH (n) RETURN count(*)") == [[4 + 1 + 1]]


def test_what_others_write_on_our_nodes_and_edges_stays_when_ours_change(store, cypher):
    publish(store, ACME)
    cypher("MATCH (e:Entity {name: 'Ada Lovelace'}) SET e.community = 3, e:Reviewed")
    cypher("MATCH ()-[f:FOUNDED]->() SET f.reviewed_by = 'me'")
    changed = replace(ACME, generation=2, all_facts=tuple(replace(fact, confidence=0.5) for fact in ACME.facts()))
    publish(store, changed, ACME)
    assert cypher("MATCH (e:Reviewed)-[f:FOUNDED]->() RETURN e.community, f.reviewed_by, f.confidence") == [[3, "me", 0.5]]


def test_two_graphs_refuse_each_other_and_the_first_is_unharmed(store, neo4j_server):
    publish(store, ACME)
    before = held(neo4j_server)
    other = replace(
        graph({"b.txt": "Bob likes Ada"}, [Claim("Bob:Person", "likes", "Ada:Person", "Bob likes Ada")]), graph_id="other"
    )
    with closing(opened(neo4j_server)) as second, pytest.raises(StoreError, match="holds another graph"):
        publish(second, other)
    assert held(neo4j_server) == before


@pytest.mark.needs_neo4j
def test_one_graph_in_two_databases_each_follows_from_what_it_holds(neo4j_servers):
    later = replace(Graph(**{kind: getattr(ACME, kind)[:2] for kind in ("all_documents", "all_entities")}), generation=2)
    receipts = ReceiptsInMemory()
    with ExitStack() as stack:
        servers = [neo4j_servers(release) for release in RELEASES]
        for server in servers:
            server.clear()
        first, second = (stack.enter_context(closing(opened(server, receipts))) for server in servers)
        publish(first, ACME)
        publish(second, later)
        publish(first, later, ACME)
        assert len(receipts.kept) == 2
        assert held(servers[0]) == held(servers[1])


def test_another_copy_of_the_graph_directory_is_refused_and_repair_takes_over(store, neo4j_server):
    publish(store, replace(ACME, generation=3))
    with closing(opened(neo4j_server)) as copy:
        # It has no receipt of what is there; nor may it be behind.
        with pytest.raises(StoreError, match="another copy"):
            copy.publish(replace(ACME, generation=4), differences(replace(ACME, generation=3), replace(ACME, generation=4)))
        with pytest.raises(StoreError, match="only 2"):
            publish(copy, replace(ACME, generation=2))
        copy.repair(replace(ACME, generation=2))
        assert copy.generation() == 2
        assert publish(copy, replace(ACME, generation=2), replace(ACME, generation=2)) == NOTHING_DONE


def test_data_that_clash_with_our_constraints_are_named(empty_neo4j, store, cypher):
    cypher("CREATE (:Entity {id: 'twice'}), (:Entity {id: 'twice'})")
    with pytest.raises(StoreError, match="clashes") as refusal:
        publish(store, ACME)
    assert "\n" not in str(refusal.value)
    assert cypher("MATCH (n) RETURN count(*)") == [[2]]


# -- a refresh equals a fresh load

NAMES = ["Ada:Person", "ada:person", "Acme:Company", "Bolt:Company", "Paris:City", "Paris:Town"]
PREDICATES = ["born_in", "bornIn", "owns", "age", "Age"]
claims = st.builds(
    Claim,
    st.sampled_from(NAMES),
    st.sampled_from(PREDICATES),
    st.sampled_from([*NAMES, "12^integer", "1.5^decimal", "old^string"]),
    st.sampled_from(["One says so.", "Two say so.", "Three say so."]),
    confidence=st.sampled_from([0.5, 0.9]),
)
texts = st.dictionaries(
    st.sampled_from(["a.txt", "b.txt"]),
    st.sampled_from(["One says so.\nTwo say so.\nThree say so.", "Two say so.\nOne says so.", "Three say so.\nTwo say so."]),
    min_size=1,
)


@st.composite
def graphs(draw):
    written = draw(texts)
    said = [claim for claim in draw(st.lists(claims, max_size=6)) if any(claim.quote in text for text in written.values())]
    said = [claim for claim in said if claim.subject.partition(":")[0].casefold() != claim.object.partition(":")[0].casefold()]
    functional = Ontology("o", {}, {"age": Property("age", "age", functional=draw(st.booleans()))})
    made = graph(written, said, ontology=functional)
    return replace(
        made,
        all_entities=tuple({entity.id: entity for entity in made.entities()}.values()),
        all_facts=tuple({fact.id: fact for fact in made.facts()}.values()),
    )


def history(generations):
    """The differences between the first of the generations and the last, as the ledger tells them: with all that was between."""

    def records(chosen):
        return Graph(
            all_documents=chosen("documents"),
            all_chunks=chosen("chunks"),
            all_entities=chosen("entities"),
            all_facts=chosen("facts"),
        )

    def held_by(generation, kind):
        return tuple(getattr(generation, kind)())

    def changed(kind):
        steady = [set(held_by(generation, kind)) for generation in generations]
        return tuple(record for record in held_by(generations[-1], kind) if not all(record in held for held in steady))

    def retired(kind):
        ended = (
            record for one, next_ in pairwise(generations) for record in held_by(one, kind) if record not in held_by(next_, kind)
        )
        return tuple(dict.fromkeys(ended))

    return Differences(generations[0].generation, records(changed), records(retired))


class Killed(Exception):
    pass


class Mortal(ReceiptsInMemory):
    """Receipts whose process dies before the n-th of them is kept or right after the n-th window of rows is written."""

    moments = 0

    def keep_receipt(self, database, payload):
        self.pass_moment()
        super().keep_receipt(database, payload)

    def pass_moment(self, rows=0):
        self.moments -= 1
        if self.moments == 0:
            raise Killed


@pytest.mark.slow
@given(st.lists(st.tuples(graphs(), st.sampled_from(["whole", "skipped", 1, 2, 3, 4, 5, 6, 7, 8])), min_size=2, max_size=4))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_history_of_publications_equals_a_fresh_load(neo4j_server, made):
    """Some generations are published, some until the process dies, some not at all; then the last one is, as from nothing."""
    neo4j_server.clear()
    receipts = Mortal()
    generations = [Graph(generation=0), *(replace(graph, generation=number) for number, (graph, _) in enumerate(made, 1))]
    with closing(opened(neo4j_server, receipts, receipts.pass_moment)) as store:
        for number, (_, fate) in enumerate(made, 1):
            last = number == len(made)
            if fate == "skipped" and not last:
                continue
            receipts.moments = 0 if isinstance(fate, str) or last else fate
            since = store.generation()
            change = replace(history(generations[since or 0 : number + 1]), since=since)
            with suppress(Killed):
                store.publish(generations[number], change)
        assert store.generation() == len(made)
        assert all(comparison.equal for comparison in store.verify(generations[-1]).values())
    refreshed = held(neo4j_server)
    neo4j_server.clear()
    with closing(opened(neo4j_server)) as store:
        publish(store, generations[-1])
    assert refreshed == held(neo4j_server)


# -- names


HOSTILE = [
    # Quotes, and what would end the name or the statement where quoting is wrong.
    *("`", "``", "`) DETACH DELETE (n) //", "A`) DETACH DELETE n //", "\\u0060) DETACH DELETE (n", "\\`", "'", '"', "' OR 1=1 //"),
    *("; MATCH (n) DETACH DELETE n;", "CALL { }", "UNION", "}) RETURN 1 //", "LOAD CSV FROM 'file:///etc/passwd' AS x", "$x"),
    # Words and signs of Cypher.
    *(
        "$(label)",
        "{id: 1}",
        ":Entity",
        "a:b",
        "a|b",
        "a&b",
        "!a",
        "%",
        "*",
        "/* */",
        "//",
        ";",
        "null",
        "true",
        "NaN",
        "0",
        "-",
        ".",
    ),
    # Names that are ours, in any case.
    *("Entity", "entity", "__Entity__", "Document", "Chunk", MARKER, "FROM_CHUNK", "FROM_DOCUMENT", "NEXT_CHUNK", "id", "name"),
    # Characters that are seen wrongly, or that no label can hold.
    *("\n", "\t", "\r\n", " ", "", "\x00", "a\x00b", "\u2028", "\u200b", "\u202e", "\ud800", "é", "e\u0301", "日本", "سلام", "🦊"),
    *("👩\u200d👩\u200d👧", "\U0010ffff", "x" * 20_000),
]


def test_hostile_names_of_all_kinds_are_stored_and_none_is_executed(store, cypher):
    assert len(HOSTILE) >= 50
    cypher("CREATE (:Precious {n: 1})")
    numbered = [Claim(f"Thing {n}:{n}", f"p{n}", f"Other {n}:{n}", "Words.") for n in range(len(HOSTILE))]
    numbered += [Claim(f"Thing {n}:{n}", f"value {n}", f"{n}^string", "Words.") for n in range(len(HOSTILE))]
    made = graph({"a.txt": "Words."}, numbered)

    def named(fact):
        name = HOSTILE[int(fact.predicate.strip("value p"))]
        if isinstance(fact.object, EntityRef):
            return replace(fact, predicate=name, qualifiers=(Qualifier(name, Literal(None, "v", "v", "string")),))
        return replace(fact, predicate=f"{name} value", object=LiteralValue(name, name, "string"))

    entities = tuple(replace(entity, class_name=HOSTILE[int(entity.class_name)]) for entity in made.entities())
    made = replace(made, all_entities=entities, all_facts=tuple(map(named, made.facts())))
    publish(store, made)
    assert cypher("MATCH (n:Precious) RETURN n.n") == [[1]]
    stored = {
        name: (labels, values)
        for name, labels, values in cypher(
            "MATCH (e:Entity) WHERE e.name STARTS WITH 'Thing' RETURN e.name, labels(e), properties(e)"
        )
    }
    labels = set()
    for n, name in enumerate(HOSTILE):
        own, values = stored[f"Thing {n}"]
        clean = name.replace("\ud800", "\ufffd")
        assert values["class_name"] == clean
        assert [clean] in values.values()
        (label,) = set(own) - {"Entity", "__Entity__"}
        assert label.startswith(clean.replace("\x00", "\ufffd"))
        labels.add(label)
    assert len(labels) == len(HOSTILE)
    assert cypher("MATCH (:Entity)-[r]->(:Entity) RETURN count(*), count(DISTINCT type(r))") == [[len(HOSTILE), len(HOSTILE)]]
    assert all(comparison.equal for comparison in store.verify(made).values())
    # All of it can be taken back.
    publish(store, replace(Graph(), generation=2), made)
    assert cypher(f"MATCH (n) WHERE NOT n:{MARKER} RETURN labels(n)") == [[["Precious"]]]


def test_a_name_that_is_too_long_for_the_index_is_cut(store, cypher):
    name = "é" * LONGEST_NAME_BYTES
    publish(store, graph({"a.txt": name}, [Claim(f"{name}:Thing", "is", "It:Thing", name)]))
    ((kept, quotes),) = cypher("MATCH (e:Entity)-[f:IS]->() RETURN e.name, f.quotes")
    assert name.startswith(kept[:-1])
    assert kept.endswith("…")
    assert len(kept) > LONGEST_NAME_BYTES // 2 - 3
    assert quotes == [name]


@given(st.text())
def test_a_quoted_name_ends_where_it_ends(name):
    inside = quoted(name)[1:-1]
    assert "`" not in inside.replace("``", "")
    assert "\\u0060" not in inside


# -- the same graph by bulk import


@pytest.mark.slow
def test_an_import_equals_what_is_published_and_is_refreshed_like_it(store, neo4j_server, tmp_path):
    text = 'Line\nwith "quotes", commas; \\backslashes\r\n\x1f and  blanks '
    odd = graph(
        {"odd.txt": text},
        [
            Claim("A, \"B\"\n\\C:Odd `class`", "says", "D;E:Thing", text),
            Claim("A, \"B\"\n\\C:Odd `class`", "count", "12^integer", text),
            Claim("A, \"B\"\n\\C:Odd `class`", "size", "1.5^decimal", text),
            Claim("A, \"B\"\n\\C:Odd `class`", "said", " x\x1f;y ^string", text),
        ],
    )  # fmt: skip
    made = replace(
        ACME,
        **{kind: getattr(ACME, kind) + getattr(odd, kind) for kind in ("all_documents", "all_chunks", "all_entities", "all_facts")},
    )
    later = replace(ACME, generation=made.generation + 1)
    publish(store, made)
    imported = Server(neo4j_server.release, tmp_path / "neo4j", java_options=neo4j_server.java_options)
    command = export_neo4j_admin(made, tmp_path / "csv")
    imported.admin(*shlex.split(command)[1:], "--overwrite-destination")
    try:
        imported.start()
        assert held(imported) == held(neo4j_server)
        with closing(opened(imported)) as first:
            assert first.generation() == made.generation
            publish(first, later, made)
            assert all(comparison.equal for comparison in first.verify(later).values())
    finally:
        imported.kill()


# -- verify


DAMAGES = [
    # What somebody does to a database, and where `verify` says that it differs.
    ("MATCH (c:Chunk {index: 1}) DETACH DELETE c", {"Chunk", "FROM_DOCUMENT", "NEXT_CHUNK", "FROM_CHUNK"}),
    ("MATCH (e:Entity {name: 'Paris'}) DETACH DELETE e", {"Entity", "FROM_CHUNK", "BASED_IN"}),
    ("MATCH (e:Entity {name: 'Acme'}) SET e.name = 'Other', e.born_on = 'never'", {"Entity"}),
    ("MATCH (e:Entity {name: 'Acme'}) REMOVE e:Company SET e:City", {"Entity"}),
    ("MATCH (e:Entity {name: 'Acme'}) REMOVE e:Entity", {"Entity", "FROM_CHUNK", "FOUNDED", "BASED_IN", "EMPLOYER"}),
    ("CREATE (:Entity {id: 'ent_aaaaaaaaaaaaaaaa'})", {"Entity"}),
    # Values of kinds that are never written, alone and in lists; some of them Python takes for lists of numbers.
    ("MATCH (e:Entity {name: 'Ada Lovelace'}) SET e.born_on = date('1815-12-10')", {"Entity"}),
    ("MATCH (e:Entity {name: 'Ada Lovelace'}) SET e.born_on = [localdatetime('1815-12-10T12:00')]", {"Entity"}),
    ("MATCH (e:Entity {name: 'Acme'}) SET e.employees = point({x: 1, y: 2})", {"Entity"}),
    ("MATCH (e:Entity {name: 'Acme'}) SET e.employees = duration('P250D')", {"Entity"}),
    ("MATCH ()-[r:EMPLOYER]->() SET r.valid_from = date('1837')", {"EMPLOYER"}),
    # Nodes that lost their labels are found by what ties them to others; so is a second node of an id.
    ("MATCH (e:Entity {name: 'Acme'}) REMOVE e:Entity:__Entity__", {"Entity", "FROM_CHUNK", "FOUNDED", "BASED_IN", "EMPLOYER"}),
    ("MATCH (c:Chunk {index: 1}) REMOVE c:Chunk", {"Chunk", "FROM_DOCUMENT", "NEXT_CHUNK", "FROM_CHUNK"}),
    (
        "MATCH (d:Document {uri: 'rumour.txt'})<--(c) REMOVE d:Document, c:Chunk",
        {"Document", "Chunk", "FROM_DOCUMENT", "FROM_CHUNK"},
    ),
    (
        "MATCH (s)-[r:FOUNDED]->(o) CREATE (s)-[r2:FOUNDED]->(o2:Company) SET o2 = properties(o), r2 = properties(r)",
        {"Entity"},
    ),
    ("MATCH (e:Entity {name: 'Acme'}) CREATE (twin:__Entity__ {id: e.id})", {"Entity"}),
    (
        "MATCH (e:Entity {name: 'Acme'})-[:FROM_CHUNK]->(c) CREATE (:Company {id: e.id})-[:FROM_CHUNK]->(c) REMOVE e:Entity",
        {"Entity", "FROM_CHUNK", "FOUNDED", "BASED_IN", "EMPLOYER"},
    ),
    ("MATCH ()-[r:FOUNDED]->() DELETE r", {"FOUNDED"}),
    ("MATCH ()-[r:FOUNDED]->() SET r.quotes = ['nothing']", {"FOUNDED"}),
    ("MATCH (s)-[r:FOUNDED]->(o) CREATE (s)-[twin:FOUNDED]->(o) SET twin = properties(r)", {"FOUNDED"}),
    ("MATCH (s)-[:FROM_CHUNK]->(o) CREATE (s)-[:FROM_CHUNK]->(o)", {"FROM_CHUNK"}),
    (
        "MATCH (a:Entity {name: 'Paris'}), (b:Entity {name: 'London'}) CREATE (a)-[:OWNS {id: 'fct_aaaaaaaaaaaaaaaa'}]->(b)",
        {"OWNS"},
    ),
    ("DROP CONSTRAINT entity_id", {"constraints and indexes"}),
    ("DROP INDEX entity_names", {"constraints and indexes"}),
    (f"MATCH (m:{MARKER}) DELETE m", set()),
]


def test_verify_names_what_is_damaged_and_repair_mends_it(store, cypher, neo4j_server):
    publish(store, ACME)
    clean = held(neo4j_server)
    for damage, kinds in DAMAGES:
        cypher(damage)
        assert {kind for kind, comparison in store.verify(ACME).items() if not comparison.equal} == kinds, damage
        assert (store.generation() is None) == (MARKER in damage)
        store.repair(ACME)
        assert all(comparison.equal for comparison in store.verify(ACME).values()), damage
        assert (store.generation(), held(neo4j_server)) == (ACME.generation, clean), damage
    # A later generation is published as if nothing had been.
    publish(store, replace(Graph(), generation=2), ACME)
    assert held(neo4j_server) == []


def test_what_only_an_earlier_generation_had_is_too_much(store, cypher, neo4j_server):
    """A class, a literal property and a qualifier that are gone from the whole graph are known by the receipt."""
    chartered = graph(
        {"a.txt": "Acme owns Sub."},
        [
            Claim("Acme:Company", "owns", "Sub:Company", "Acme owns Sub."),
            Claim("Acme:Company", "motto", "Up^string", "Acme owns Sub."),
        ],
    )
    since = (Qualifier("since", Literal(None, "1900", "1900", "string")),)
    before = replace(chartered, all_facts=tuple(replace(fact, qualifiers=since) for fact in chartered.facts()))
    left = tuple(replace(entity, class_name="Organization") for entity in chartered.entities())
    facts = tuple(fact for fact in chartered.facts() if fact.predicate == "owns")
    after = replace(chartered, generation=2, all_entities=left, all_facts=facts)
    publish(store, before)
    assert {kind for kind, comparison in store.verify(after).items() if not comparison.equal} == {"Entity", "OWNS"}
    store.repair(after)
    assert all(comparison.equal for comparison in store.verify(after).values())
    repaired = held(neo4j_server)
    neo4j_server.clear()
    with closing(opened(neo4j_server)) as fresh:
        publish(fresh, after)
    assert repaired == held(neo4j_server)
    # So is what it had of nodes that are gone and stay for what others tied to them.
    neo4j_server.clear()
    publish(store, before)
    cypher("MATCH (e:Entity {name: 'Acme'}) CREATE (e)-[:LIKES]->(:Theirs)")
    store.repair(replace(Graph(), generation=2))
    assert cypher("MATCH (n)-[:LIKES]->() RETURN labels(n), properties(n)") == [[[], {}]]


def test_a_second_node_of_an_id_keeps_what_others_wrote_on_it(store, cypher):
    """Only relationships of ours are taken from it: the node itself is somebody's copy."""
    publish(store, ACME)
    cypher(
        "MATCH (e:Entity {name: 'Acme'})-[:FROM_CHUNK]->(c) WITH e, c LIMIT 1"
        " CREATE (copy:Archive {id: e.id, name: e.name, kept: 1})"
        " CREATE (copy)-[:FROM_CHUNK]->(c) CREATE (copy)-[:FROM_CHUNK]->(:Chunk {id: 7})"
    )
    assert not store.verify(ACME)["Entity"].equal
    store.repair(ACME)
    assert all(comparison.equal for comparison in store.verify(ACME).values())
    theirs = "MATCH (a:Archive) OPTIONAL MATCH (a)-[r]->(c) RETURN a.name, a.kept, type(r), c.id"
    assert cypher(theirs) == [["Acme", 1, "FROM_CHUNK", 7]]


@pytest.mark.parametrize(
    "theirs",
    [
        "CREATE INDEX entity_names FOR (n:Foo) ON (n.bar)",
        "CREATE INDEX entity_name FOR (n:Foo) ON (n.bar)",
        "CREATE CONSTRAINT chunk_id FOR (n:Foo) REQUIRE n.bar IS UNIQUE",
        "CREATE INDEX chunk_id FOR (n:Foo) ON (n.bar)",
    ],
)
def test_a_name_of_our_indexes_that_somebody_else_uses_is_named(empty_neo4j, store, cypher, theirs):
    cypher(theirs)
    name = theirs.split()[2]
    for write in (lambda: publish(store, ACME), lambda: store.repair(ACME)):
        with pytest.raises(StoreError, match=rf"\b{name}\b") as refusal:
            write()
        assert "\n" not in str(refusal.value)
    assert cypher("MATCH (n) RETURN count(*)") == [[0]]
    empty_neo4j.empty()


def test_verify_names_the_ids_of_what_differs(store, cypher):
    publish(store, ACME)
    cypher("MATCH (e:Entity {name: 'Acme'}) SET e.name = 'Other' CREATE (:Entity {id: 'ent_aaaaaaaaaaaaaaaa'})")
    found = store.verify(ACME)["Entity"]
    assert (found.missing, found.different, found.extra) == (0, 1, 1)
    assert set(found.named) == {"ent_aaaaaaaaaaaaaaaa", *(entity.id for entity in ACME.entities() if entity.name == "Acme")}
    assert found.expected_hash != found.found_hash


def test_what_others_write_is_no_difference(store, cypher):
    publish(store, ACME)
    cypher("MATCH (e:Entity {name: 'Acme'}) SET e.community = 1, e:Reviewed CREATE (e)-[:LIKES]->(:Entity {id: 'mine'})")
    cypher("CREATE INDEX theirs IF NOT EXISTS FOR (r:Reviewed) ON (r.community)")
    assert all(comparison.equal for comparison in store.verify(ACME).values())


def test_a_database_that_lost_its_mark_is_refused_until_it_is_repaired(store, cypher):
    publish(store, ACME)
    cypher(f"MATCH (m:{MARKER}) DELETE m")
    later = replace(ACME, generation=2)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"lost the mark .* --repair"):
            publish(store, later)
    store.repair(later)
    assert publish(store, later, later) == NOTHING_DONE


# -- writers


@given(st.lists(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=2), max_size=40), st.integers(1, 4))
def test_no_two_writers_of_a_round_touch_the_same_node_and_every_row_is_written_once(touched, writers):
    rows = [Row("statement", tuple(nodes), {"id": number}) for number, nodes in enumerate(touched)]
    written = []
    for lanes in rounds(rows, writers):
        assert len(lanes) <= writers
        nodes = [{node for row in lane for node in row.nodes} for lane in lanes]
        assert sum(map(len, nodes)) == len(set().union(*nodes))
        written += [row for lane in lanes for row in lane]
    assert sorted(row.values["id"] for row in written) == list(range(len(rows)))


# -- addresses, logging in, and a server that is not as it should be


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("bolt://localhost:7687", "bolt://localhost:7687"),
        ("neo4j+s://db.example.org/movies", "neo4j+s://db.example.org/movies"),
        ("neo4j+ssc://[::1]:7687", "neo4j+ssc://[::1]:7687"),
        ("neo4j://host?region=eu", "neo4j://host?region=eu"),
    ],
)
def test_an_address_names_server_and_database(url, shown):
    assert str(Neo4jAddress.parse(url)).replace("/movies", "") == shown.replace("/movies", "")
    assert Neo4jAddress.parse(url).database == ("movies" if "movies" in url else None)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "bolt://",
        "",
        "localhost:7687",
        "bolt://h:port",
        "neo4j://me:secret@host",
        "bolt://[::1",
        "bolt+s://h/db?x=1",
    ],
)
def test_what_is_no_address_is_refused_in_one_line_without_the_password(url):
    with pytest.raises(InputError) as refusal:
        Neo4jAddress.parse(url)
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("url", ["bolt://127.0.0.1:1", "neo4j://127.0.0.1:1", "bolt://no-such-host.invalid:7687"])
def test_a_server_that_does_not_answer_is_named(url):
    with pytest.raises(StoreUnavailable, match="does not answer") as refusal:
        Neo4jStore(Neo4jAddress.parse(url), environment={})
    assert "\n" not in str(refusal.value)


def test_what_the_driver_makes_of_an_address_is_told():
    with pytest.raises(StoreError, match=r"query parameters .*\. Correct the address"):
        Neo4jStore(Neo4jAddress.parse("neo4j://host?region=eu&region=us"), environment={})


class ReadOnlyServer(Server):
    def _configuration(self):
        return super()._configuration() + "server.databases.default_to_read_only=true\n"


@pytest.mark.slow
@pytest.mark.parametrize("release", NEO4J_RELEASES[:1])  # tests/test_neo4j_server.py asks the other one for its password
def test_passwords_and_read_only_servers(release, tmp_path, caplog):
    caplog.set_level("DEBUG")
    try:
        with ExitStack() as stack:
            server = stack.enter_context(running(release, tmp_path / "neo4j", password="correct horse battery"))
            address = Neo4jAddress.parse(server.url)
            for environment in ({}, {"NEO4J_USERNAME": "neo4j", "NEO4J_PASSWORD": "wrong staple"}):
                with pytest.raises(LoginRefused, match="NEO4J_USERNAME and NEO4J_PASSWORD") as refusal:
                    Neo4jStore(address, environment=environment)
                assert "staple" not in str(refusal.value)
            login = {"NEO4J_USERNAME": "neo4j", "NEO4J_PASSWORD": server.password}
            with pytest.raises(StoreError, match="no such database") as refusal:
                Neo4jStore(Neo4jAddress.parse(f"{server.url}/movies"), environment=login)
            assert "\n" not in str(refusal.value)
            receipts = ReceiptsInMemory()
            with closing(opened(server, receipts)) as store:
                publish(store, ACME)
            server.stop()
            ports = {"bolt_port": server.bolt_port, "http_port": server.http_port}
            server = ReadOnlyServer(release, server.home, server.password, server.java_options, **ports)
            stack.callback(server.kill)
            server.start()
            with closing(opened(server, receipts)) as store:
                assert store.query("MATCH (e:Entity) RETURN count(*)").rows == ((5,),)
                with pytest.raises(StoreError, match="cannot be written") as refusal:
                    publish(store, replace(Graph(), generation=2), ACME)
                assert "\n" not in str(refusal.value)
            assert "horse" not in str(receipts.kept) + caplog.text
    except CannotRun as reason:
        pytest.skip(str(reason))
