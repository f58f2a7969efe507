"""Finding an ontology by its address."""

import subprocess
import sys
from pathlib import Path

import pytest

from kgbuild.errors import OntologyError
from kgbuild.ontology import bundled, read, reading, worked_examples

YAML = "classes: {Person: {label: person}}\nproperties:\n  likes: {label: likes, description: d}\n"
TURTLE = "@prefix owl: <http://www.w3.org/2002/07/owl#> . <http://a/likes> a owl:ObjectProperty . <http://a/Person> a owl:Class ."


@pytest.mark.parametrize(
    ("file", "text", "address", "name"),
    [
        # A file is called by its stem, or by the folder it is the ontology of.
        ("pets.yaml", YAML, "pets.yaml", "pets"),
        ("pets.yml", YAML, "pets.yml", "pets"),
        ("pets/ontology.yaml", YAML, "pets", "pets"),
        ("pets/ontology.yaml", YAML, "pets/ontology.yaml", "pets"),
        ("pets.yaml", f"name: animals\n{YAML}", "pets.yaml", "animals"),
        # JSON with the same fields; a byte order mark is not part of the text.
        ("pets.json", '{"classes": {"Person": {}}, "properties": {"likes": {"label": "likes"}}}', "pets.json", "pets"),
        ("pets.yaml", f"\ufeff{YAML}", "pets.yaml", "pets"),
        # OWL; `.owl` may hold either syntax.
        ("pets.ttl", TURTLE, "pets.ttl", "pets"),
        ("pets.owl", TURTLE, "pets.owl", "pets"),
        ("pets/ontology.ttl", TURTLE, "pets", "pets"),
        # A bundled name comes first; a path says so.
        ("company/ontology.yaml", YAML, "company", "company"),
    ],
)
def test_an_address_is_a_name_a_file_or_a_folder(tmp_path, monkeypatch, file, text, address, name):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ontology = read(address)
    assert ontology.name == name
    assert ("likes" in ontology.properties) is (address != "company")
    assert "likes" in read(tmp_path / address).properties


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "compny",
            "compny: no such ontology. Give a file (.yaml, .yml, .json, .ttl, .turtle, .rdf, .owl, .xml) or a bundled name: ",
        ),
        ("empty", "empty: no ontology.yaml in this folder."),
        ("words.txt", "words.txt: unknown format '.txt'."),
        ("latin.yaml", "latin.yaml: not UTF-8 at byte 7."),
        ("broken.ttl", "broken.ttl:2: not RDF:"),
        ("cut.ttl", "cut.ttl:1: not RDF:"),
        ("broken.rdf", "broken.rdf:1: not RDF:"),
        ("broken.json", "broken.json:1: not JSON:"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_a_remedy(tmp_path, monkeypatch, address, message):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("words.txt").write_text("words")
    Path("latin.yaml").write_bytes(b"label: \xe9t\xe9")
    Path("broken.ttl").write_text("@prefix a: <b> .\na:b a:c .\n")
    Path("cut.ttl").write_text('<a> <b> "c"^^')
    Path("broken.rdf").write_text("<rdf:RDF")
    Path("broken.json").write_text('{"properties": }')
    with pytest.raises(OntologyError) as error:
        read(address)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def test_an_installed_package_has_its_ontologies_inside(tmp_path, monkeypatch):
    (tmp_path / "bundled/ontologies/pets").mkdir(parents=True)
    (tmp_path / "bundled/ontologies/pets/ontology.yaml").write_text(YAML)
    (tmp_path / "bundled/ontologies/pets/examples.jsonl").write_text("{}\n")
    monkeypatch.setattr(reading.kgbuild, "__file__", str(tmp_path / "__init__.py"))
    assert bundled() == ("pets",)
    assert "likes" in read("pets").properties
    assert worked_examples("pets") == tmp_path / "bundled/ontologies/pets/examples.jsonl"


def test_one_side_of_an_inverse_is_enough(tmp_path):
    file = tmp_path / "pets.yaml"
    file.write_text(
        "classes: {Person: {}, Dog: {}}\nproperties:\n  keeps: {domain: Person, inverse_of: kept_by}\n  kept_by: {domain: Dog}\n"
    )
    keeps, kept_by = read(file).properties["keeps"], read(file).properties["kept_by"]
    assert (keeps.domain, keeps.range, keeps.inverse_of) == (("Person",), ("Dog",), "kept_by")
    assert (kept_by.domain, kept_by.range, kept_by.inverse_of) == (("Dog",), ("Person",), "keeps")


def test_yaml_means_what_it_says(tmp_path):
    """No Norway problem: only true and false are booleans, a date stays text, a number is a label if it stands for one."""
    file = tmp_path / "pets.yaml"
    file.write_text(
        "classes: {Person: {}}\nproperties:\n"
        "  no: {label: no, description: 2001-01-01, aliases: [on, 7], range: xsd:date, functional: true}\n"
    )
    prop = read(file).properties["no"]
    assert (prop.label, prop.description, prop.aliases, prop.range, prop.functional) == (
        "no",
        "2001-01-01",
        ("on", "7"),
        ("date",),
        True,
    )


def test_reading_yaml_does_not_import_rdflib():
    code = "import sys, kgbuild.ontology as o; o.read('company'); sys.exit('rdflib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
