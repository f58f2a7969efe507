"""Exports: what each format holds, that it reads back, and what happens when an export cannot be made."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pyarrow.parquet as pq
import pytest
from rdflib import RDF, URIRef
from rdflib import Graph as RdfGraph
from rdflib import Literal as RdfLiteral
from rdflib import namespace as ns

from kgbuild.errors import StoreError
from kgbuild.records import EntityRef, Span, Status
from kgbuild.serialisation import to_dict
from kgbuild.stores.files import export_graphml, export_jsonl, export_parquet, export_turtle, record_of
from kgbuild.stores.files.jsonl import RECORD_TYPES, streams
from tests.builders import ACME, Claim, Graph, evidence, graph

EXPORTS = [export_jsonl, export_parquet, export_graphml, export_turtle]
FOLDER_EXPORTS = [(export_jsonl, "jsonl"), (export_parquet, "parquet")]
HOSTILE_NAME = 'O\'Ne`il "x"\t\r\n</data>]]>&amp; \x00\x0b\x1f\ufffe \u2028 \u202eرلا 🦊 \\ ; DROP'
HOSTILE = graph(
    {"bad\u0000name.txt": f"{HOSTILE_NAME} founded {HOSTILE_NAME}2 with 7 people."},
    [
        Claim(f"{HOSTILE_NAME}:Person", 'founded by`" }', f"{HOSTILE_NAME}2:Cl ass>", f"{HOSTILE_NAME} founded"),
        Claim(f"{HOSTILE_NAME}:Person", "note <&>", f"{HOSTILE_NAME}^string", f"{HOSTILE_NAME} founded"),
        Claim(f"{HOSTILE_NAME}:Person", "label", "7^integer", "7 people"),
    ],
)
SURROGATE = graph({"a.txt": "\ud83e was here."}, [Claim("\ud83e:Person", "was", "here:Place", "\ud83e was here.")])
GRAPHML = "{http://graphml.graphdrawing.org/xmlns}"
RECORD = "urn:kgbuild:record:"


def read_graphml(path):
    root = ElementTree.parse(path).getroot()
    names = {key.get("id"): key.get("attr.name") for key in root.iter(f"{GRAPHML}key")}

    def data(element):
        return {names[item.get("key")]: item.text for item in element.iter(f"{GRAPHML}data")}

    nodes = {node.get("id"): data(node) for node in root.iter(f"{GRAPHML}node")}
    edges = {edge.get("id"): (edge.get("source"), edge.get("target"), data(edge)) for edge in root.iter(f"{GRAPHML}edge")}
    return nodes, edges


def read_turtle(path):
    return RdfGraph().parse(path, format="turtle")


def entity_named(name, snapshot=ACME):
    return next(entity for entity in snapshot.entities() if entity.name == name)


@pytest.mark.parametrize("snapshot", [ACME, HOSTILE, SURROGATE, Graph()], ids=["acme", "hostile", "surrogate", "empty"])
def test_jsonl_reads_back_as_the_same_records_sorted_by_id(snapshot, tmp_path):
    export_jsonl(snapshot, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(f"{name}.jsonl" for name in RECORD_TYPES)
    for name, records in streams(snapshot).items():
        lines = (tmp_path / "out" / f"{name}.jsonl").read_bytes().decode().split("\n")[:-1]
        assert [record_of(name, line) for line in lines] == list(records())


def test_a_line_of_jsonl_has_the_fields_of_its_record(tmp_path):
    export_jsonl(ACME, tmp_path / "out")
    facts = [json.loads(line) for line in (tmp_path / "out" / "facts.jsonl").read_text().splitlines()]
    born = next(fact for fact in facts if fact["predicate"] == "born_on")
    assert born["object"] == {"text": "10 December 1815", "value": "1815-12-10", "datatype": "date"}
    assert born["evidence"][0]["span"] == {"start": 0, "end": 42}
    assert next(fact for fact in facts if fact["predicate"] == "employer")["object"] == {"entity_id": entity_named("Acme").id}


def test_equal_graphs_export_equal_bytes(tmp_path):
    shuffled = replace(ACME, all_facts=ACME.all_facts[::-1], all_entities=ACME.all_entities[::-1])
    for number, snapshot in enumerate((ACME, shuffled)):
        export_jsonl(snapshot, tmp_path / f"{number}")
        export_graphml(snapshot, tmp_path / f"{number}.graphml")
        export_turtle(snapshot, tmp_path / f"{number}.ttl")
    for name in RECORD_TYPES:
        assert (tmp_path / "0" / f"{name}.jsonl").read_bytes() == (tmp_path / "1" / f"{name}.jsonl").read_bytes()
    assert (tmp_path / "0.graphml").read_bytes() == (tmp_path / "1.graphml").read_bytes()
    assert (tmp_path / "0.ttl").read_bytes() == (tmp_path / "1.ttl").read_bytes()


@pytest.mark.parametrize("snapshot", [ACME, HOSTILE, Graph()], ids=["acme", "hostile", "empty"])
def test_parquet_holds_the_fields_of_the_records(snapshot, tmp_path):
    export_parquet(snapshot, tmp_path / "out")
    for name, records in streams(snapshot).items():
        rows = pq.read_table(tmp_path / "out" / f"{name}.parquet").to_pylist()
        assert [_without_nulls(row) for row in rows] == [_without_nulls(to_dict(record)) for record in records()]


def _without_nulls(value):
    """A struct of two kinds of object has null fields in Parquet; a dict of one kind has none of them."""
    match value:
        case dict():
            return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
        case list() | tuple():
            return [_without_nulls(inner) for inner in value]
    return value


def test_parquet_is_written_to_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("run:1", "s3:x", os.fsdecode(b"bytes-\xff")):
        export_parquet(ACME, Path(folder))
        assert Path(folder, "facts.parquet").read_bytes().endswith(b"PAR1")


def test_a_pipe_is_written_to_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as reading:
        read = reading.submit(pipe.read_bytes)
        export_turtle(ACME, pipe)
        export_turtle(ACME, tmp_path / "file")
        assert read.result(timeout=60) == (tmp_path / "file").read_bytes()
    assert pipe.is_fifo()


def test_parquet_replaces_what_utf8_cannot_hold(tmp_path):
    export_parquet(SURROGATE, tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "documents.parquet")["text"].to_pylist() == ["\ufffd was here."]


def test_graphml_holds_entities_with_literals_and_facts_with_quotes(tmp_path):
    export_graphml(ACME, tmp_path / "acme.graphml")
    nodes, edges = read_graphml(tmp_path / "acme.graphml")
    ada, acme = entity_named("Ada Lovelace"), entity_named("Acme")
    assert set(nodes) == {entity.id for entity in ACME.entities()}
    assert nodes[ada.id]["label"] == "Ada Lovelace"
    assert nodes[ada.id]["aliases"] == "Ada | Countess of Lovelace"
    assert nodes[ada.id]["born_on"] == "1815-12-10"
    assert set(edges) == {fact.id for fact in ACME.facts() if isinstance(fact.object, EntityRef)}
    source, target, held = next(edge for edge in edges.values() if edge[2]["label"] == "founded")
    assert (source, target) == (ada.id, acme.id)
    assert held["quotes"] == "Ada Lovelace founded Acme.\nAda Lovelace founded Acme."
    assert held["evidence_count"] == "2"


def test_a_number_that_no_store_holds_makes_text_of_its_property(tmp_path):
    huge = "1" + "0" * 310
    numbers = graph(
        {"a.txt": f"Acme has 5.5 and {huge}. Bolt has 12 only."},
        [
            Claim("Acme:Company", "has", "5.5^decimal", "Acme has 5.5"),
            Claim("Acme:Company", "has", f"{huge}^integer", huge),
            Claim("Bolt:Company", "only", "12^integer", "Bolt has 12 only"),
        ],
    )
    export_graphml(numbers, tmp_path / "g.graphml")
    nodes, _ = read_graphml(tmp_path / "g.graphml")
    held = {node["name"]: node for node in nodes.values()}
    assert huge in held["Acme"]["has"]
    assert "5.5" in held["Acme"]["has"]
    assert held["Bolt"]["only"] == "12"


def test_graphml_writes_characters_that_xml_forbids_as_escapes(tmp_path):
    export_graphml(HOSTILE, tmp_path / "hostile.graphml")
    nodes, edges = read_graphml(tmp_path / "hostile.graphml")
    visible = (
        HOSTILE_NAME.replace("\x00", "\\u0000").replace("\x0b", "\\u000b").replace("\x1f", "\\u001f").replace("\ufffe", "\\ufffe")
    )
    node = nodes[entity_named(HOSTILE_NAME, HOSTILE).id]
    assert node["name"] == visible
    assert node["label_"] == "7"  # `label` itself is what readers draw
    assert [held["label"] for _, _, held in edges.values()] == ['founded by`" }']


def test_turtle_holds_each_fact_as_triple_and_as_statement_with_its_evidence(tmp_path):
    export_turtle(ACME, tmp_path / "acme.ttl")
    rdf = read_turtle(tmp_path / "acme.ttl")
    ada = URIRef(RECORD + entity_named("Ada Lovelace").id)
    born_on = URIRef("http://www.wikidata.org/entity/P569")
    assert (ada, RDF.type, ns.FOAF.Person) in rdf
    assert rdf.value(ada, born_on) == RdfLiteral("1815-12-10", datatype=ns.XSD.date)
    statements = set(rdf.subjects(RDF.type, RDF.Statement))
    assert statements == {URIRef(RECORD + fact.id) for fact in ACME.facts()}
    for fact in ACME.facts():
        pieces = set(rdf.objects(URIRef(RECORD + fact.id), ns.PROV.wasDerivedFrom))
        assert sorted(str(rdf.value(piece, ns.PROV.value)) for piece in pieces) == sorted(e.quote for e in fact.evidence)
        assert {rdf.value(piece, ns.PROV.wasQuotedFrom) for piece in pieces} == {
            URIRef(RECORD + e.document_id) for e in fact.evidence
        }


def test_turtle_names_every_class_above_a_class(tmp_path):
    firm = replace(ACME.ontology.classes["Company"], other_parents=("Person",))
    ontology = replace(ACME.ontology, classes={**ACME.ontology.classes, "Company": firm})
    export_turtle(replace(ACME, ontology=ontology), tmp_path / "acme.ttl")
    above = set(read_turtle(tmp_path / "acme.ttl").objects(URIRef("urn:kgbuild:class:Company"), ns.RDFS.subClassOf))
    assert above == {URIRef("urn:kgbuild:class:Organization"), ns.FOAF.Person}


def test_a_superseded_fact_is_a_statement_but_no_triple(tmp_path):
    founded = next(fact for fact in ACME.facts() if fact.predicate == "founded")
    export_turtle(replace(ACME, all_facts=(replace(founded, status=Status.SUPERSEDED),)), tmp_path / "old.ttl")
    rdf = read_turtle(tmp_path / "old.ttl")
    assert (URIRef(RECORD + founded.id), RDF.type, RDF.Statement) in rdf
    assert not list(rdf.triples((None, URIRef("urn:kgbuild:property:founded"), None)))


def test_turtle_keeps_hostile_names_as_they_are(tmp_path):
    export_turtle(HOSTILE, tmp_path / "hostile.ttl")
    rdf = read_turtle(tmp_path / "hostile.ttl")
    entity = URIRef(RECORD + entity_named(HOSTILE_NAME, HOSTILE).id)
    assert str(rdf.value(entity, ns.RDFS.label)) == HOSTILE_NAME
    assert str(rdf.value(entity, URIRef("urn:kgbuild:property:note%20%3C%26%3E"))) == HOSTILE_NAME


@pytest.mark.parametrize(
    ("written", "rdf"),
    [
        ("1815^gYear", RdfLiteral("1815", datatype=ns.XSD.gYear)),
        ("250^integer", RdfLiteral("250", datatype=ns.XSD.integer)),
        # A value that its datatype does not allow, or a datatype that is none, would make the file ill-typed.
        ("1815^date", RdfLiteral("1815")),
        ("x^literal", RdfLiteral("x")),
        ("x^no such", RdfLiteral("x")),
    ],
)
def test_turtle_types_a_literal_only_as_its_value_allows(written, rdf, tmp_path):
    export_turtle(graph({"a.txt": "Ada 1815"}, [Claim("Ada:Person", "said", written, "Ada 1815")]), tmp_path / "a.ttl")
    assert list(read_turtle(tmp_path / "a.ttl").objects(None, URIRef("urn:kgbuild:property:said"))) == [rdf]


@pytest.mark.parametrize("export", [export_graphml, export_turtle])
def test_what_utf8_cannot_hold_does_not_stop_an_export(export, tmp_path):
    export(SURROGATE, tmp_path / "out")
    assert (tmp_path / "out").read_text(encoding="utf-8")


FOUNDED = next(fact for fact in ACME.facts() if fact.predicate == "founded")


@pytest.mark.parametrize("export", EXPORTS)
@pytest.mark.parametrize(
    ("piece", "problem"),
    [
        # The quote must be the document's own words …
        (replace(FOUNDED.evidence[0], quote="Ada founded Acme."), "its quote 'Ada founded Acme.' is not the text at doc_"),
        # … at exactly that place …
        (replace(FOUNDED.evidence[0], span=Span(1, 27)), "its quote 'Ada Lovelace founded Acme.' is not the text at doc_"),
        # … of a document that the graph has.
        (
            replace(FOUNDED.evidence[0], document_id="doc_gone"),
            "its evidence names document doc_gone, which the graph does not have",
        ),
    ],
)
def test_a_fact_that_is_not_grounded_stops_every_export(export, piece, problem, tmp_path):
    broken = replace(ACME, all_facts=(*ACME.all_facts, replace(FOUNDED, id="fct_broken", evidence=(FOUNDED.evidence[1], piece))))
    with pytest.raises(StoreError) as refusal:
        export(broken, tmp_path / "out")
    assert str(refusal.value).startswith(f"fct_broken: {problem}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("export", "suffix"), FOLDER_EXPORTS)
def test_an_earlier_export_is_replaced_whole(export, suffix, tmp_path):
    out = tmp_path / "new" / "out"
    export(ACME, out)
    export(Graph(), out)
    assert len(list(out.iterdir())) == len(RECORD_TYPES)
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    if suffix == "jsonl":
        assert (out / "facts.jsonl").read_bytes() == b""


@pytest.mark.parametrize(("export", "suffix"), FOLDER_EXPORTS)
def test_a_folder_that_holds_something_else_is_refused(export, suffix, tmp_path):
    (tmp_path / f"facts.{suffix}").touch()
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(StoreError, match=r"the folder holds 'thesis\.tex', which kgbuild does not write there"):
        export(ACME, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "mine"


@pytest.mark.parametrize(("export", "suffix"), FOLDER_EXPORTS)
def test_the_working_folder_is_not_replaced(export, suffix, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match="Name a folder inside it"):
        export(ACME, tmp_path)


@pytest.mark.parametrize("export", EXPORTS)
def test_a_place_that_cannot_be_written_is_one_line(export, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be written"):
        export(ACME, tmp_path / "file" / "out")


@pytest.mark.parametrize("export", [export_graphml, export_turtle])
def test_a_file_is_not_written_over_a_folder(export, tmp_path):
    with pytest.raises(StoreError, match="is a folder, not a file"):
        export(ACME, tmp_path)


def test_evidence_is_checked_in_every_batch(monkeypatch, tmp_path):
    monkeypatch.setattr("kgbuild.stores.files.grounding.BATCH", 2)
    text = "Ada founded Acme."
    documents = [graph({f"{n}.txt": text}, []).all_documents[0] for n in range(5)]
    pieces = [evidence(document, text) for document in documents]
    pieces[4] = replace(pieces[4], quote="no")
    fact = replace(FOUNDED, evidence=tuple(pieces))
    with pytest.raises(StoreError, match="its quote 'no' is not the text"):
        export_jsonl(Graph(all_documents=tuple(documents), all_facts=(fact,)), tmp_path / "out")
