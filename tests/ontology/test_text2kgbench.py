"""Text2KGBench's JSON as published, and its OWL."""

import json
import os
from pathlib import Path

import pytest

from kgbuild.ontology import Property, check, read

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("KGBUILD_DATA") or ROOT.parent / "shared" / "data") / "text2kgbench"
PUBLISHED = sorted(DATA.glob("*/ontologies/*.json"))
needs_data = pytest.mark.skipif(not PUBLISHED, reason=f"no Text2KGBench ontologies under {DATA}; set KGBUILD_DATA")

SPORT = {
    "title": "Sports Ontology",
    "id": "ont_3_sport",
    "concepts": [{"qid": "Q5", "label": "human "}, {"qid": "Q847017", "label": "sports club"}, {"qid": "Q847017", "label": "club"}],
    "relations": [
        {"pid": "P118", "label": "league", "domain": "Q5", "range": "Q15991290"},
        {"pid": "P118", "label": "league ", "domain": "Q847017", "range": "Q623109"},
        {"pid": "P571", "label": "inception", "domain": "Q847017", "range": ""},
        {"pid": "kitColour/away", "label": "kit", "domain": "Q847017", "range": "string"},
        {"pid": "foundedOn", "label": "founded", "domain": "Q847017", "range": "Date"},
        {"pid": "members", "label": "members", "domain": "", "range": "number"},
    ],
}


@pytest.fixture
def sport(tmp_path):
    file = tmp_path / "sport.json"
    file.write_text(json.dumps(SPORT))
    return file


@pytest.mark.parametrize(
    "expected",
    [
        # A relation listed twice is one property; labels are stripped; a reference to no concept is a class.
        Property(
            "P118", "league", domain=("Q5", "Q847017"), range=("Q15991290", "Q623109"), iri="http://www.wikidata.org/entity/P118"
        ),
        # An empty range is any literal, and the name of a datatype that datatype.
        Property("P571", "inception", domain=("Q847017",), range=("literal",), iri="http://www.wikidata.org/entity/P571"),
        Property("foundedOn", "founded", domain=("Q847017",), range=("date",)),
        # An empty domain is no restriction.
        Property("members", "members", range=("decimal",)),
        # An id is kept, whatever its characters.
        Property("kitColour/away", "kit", domain=("Q847017",), range=("string",)),
    ],
)
def test_a_relation_is_a_property_named_by_its_id(sport, expected):
    assert read(sport).properties[expected.name] == expected


def test_concepts_are_classes(sport):
    ontology = read(sport)
    assert (ontology.name, ontology.title) == ("ont_3_sport", "Sports Ontology")
    assert [(c.name, c.label, c.aliases) for c in ontology.classes.values()] == [
        ("Q5", "human", ()),
        ("Q847017", "sports club", ("club",)),
        ("Q15991290", "Q15991290", ()),
        ("Q623109", "Q623109", ()),
    ]


def test_a_reference_that_is_no_concept_is_named(sport):
    assert "'Q623109', in the domain or range of 'P118', is no concept" in [p.problem for p in check(sport)]


@needs_data
@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.stem)
def test_every_published_ontology_is_read(file):
    published = json.loads(file.read_text())
    ontology = read(file)
    assert set(ontology.properties) == {relation["pid"].strip() for relation in published["relations"]}
    assert {concept["qid"].strip() for concept in published["concepts"]} <= set(ontology.classes)
    for prop in ontology.properties.values():
        assert prop.range
        assert set(prop.domain) | set(prop.range_classes) <= set(ontology.classes)


@needs_data
@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.stem)
def test_every_published_owl_file_agrees_with_its_json(file):
    if "computer" in file.stem:
        pytest.skip("published with other domains in OWL than in JSON")
    turtle = file.parent / "owl" / f"ont_{file.stem.removesuffix('_ontology')}.ttl"
    from_json, from_owl = read(file), read(turtle)
    for name in from_json.properties.keys() & from_owl.properties.keys():
        assert from_owl.properties[name].domain == tuple(sorted(from_json.properties[name].domain))
        assert from_owl.properties[name].label == from_json.properties[name].label
