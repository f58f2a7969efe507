"""The ontologies that come with kgbuild."""

import json
import os
from pathlib import Path

import pytest

from kgbuild.ontology import bundled, check, read, worked_examples

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("KGBUILD_DATA") or ROOT.parent / "shared" / "data")
KNOWLEDGENET = {"P19", "P26", "P27", "P40", "P69", "P102", "P108", "P112", "P159", "P169", "P551", "P569", "P570", "P571", "P749"}
UNCOVERED = {
    "company": {"industry", "stock_exchange", "number_of_employees"},
    "works": set(),
    "places": {"shares_border", "population", "area", "elevation"},
}


def test_three_are_bundled():
    assert bundled() == ("company", "places", "works")


@pytest.mark.parametrize("name", bundled())
def test_a_bundled_ontology_has_no_problems_and_says_where_it_comes_from(name):
    ontology = read(name)
    assert check(name) == ()
    assert ontology.name == name
    assert ontology.source
    assert ontology.licence == "CC0-1.0"
    assert all(item.iri.startswith("http://www.wikidata.org/entity/Q") for item in ontology.classes.values())
    assert all(item.iri.startswith("http://www.wikidata.org/entity/P") for item in ontology.properties.values())
    readme = (ROOT / "ontologies" / name / "README.md").read_text()
    assert f"{len(ontology.classes)} classes, {len(ontology.properties)} properties" in readme


@pytest.mark.parametrize("name", bundled())
def test_its_worked_examples_keep_to_it(name):
    ontology = read(name)
    lines = [json.loads(line) for line in worked_examples(name).read_text(encoding="utf-8").splitlines()]
    assert 8 <= len(lines) <= 15
    assert any(not line["triples"] for line in lines), "one example shows that a text may state nothing"
    for line in lines:
        for triple in line["triples"]:
            prop = ontology.properties[triple["predicate"]]
            assert triple["subject"] in line["text"]
            assert triple["object"] in line["text"]
            assert ontology.is_a(triple["subject_class"], prop.domain), triple
            assert triple["object_class"] in prop.datatypes or ontology.is_a(triple["object_class"], prop.range_classes), triple


@pytest.mark.skipif(not (DATA / "re-docred").is_dir(), reason=f"no training data under {DATA}; set KGBUILD_DATA")
@pytest.mark.parametrize("name", bundled())
def test_what_the_compact_model_can_learn_is_what_the_readme_says(name):
    learnable = set(KNOWLEDGENET)
    for file in (DATA / "text2kgbench/wikidata_tekgen/ontologies").glob("*.json"):
        learnable |= {relation["pid"] for relation in json.loads(file.read_text())["relations"]}
    documents = json.loads((DATA / "re-docred/dev_revised.json").read_text())
    learnable |= {label["r"] for document in documents for label in document["labels"]}
    learnable |= set(json.loads((DATA / "fewrel/val_wiki.json").read_text()))
    uncovered = {prop.name for prop in read(name).properties.values() if prop.iri.rsplit("/", 1)[1] not in learnable}
    assert uncovered == UNCOVERED[name]
    readme = (ROOT / "ontologies" / name / "README.md").read_text()
    assert all(f"`{prop}`" in readme for prop in uncovered)
