"""OWL and RDFS: what is read, and that the rest is named."""

from pathlib import Path

import pytest

from kgbuild.ontology import Severity, check, read

PETS = Path(__file__).parent / "data" / "pets.ttl"


@pytest.fixture(scope="module")
def pets():
    return read(PETS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # English first; other English labels are aliases; the IRI is kept.
        ("Animal", {"label": "animal", "aliases": ("beast", "creature"), "description": "A living thing that moves."}),
        ("Animal", {"iri": "http://example.org/pets#Animal"}),
        # Several parents; owl:Thing is no parent.
        ("Dog", {"parent": "Animal", "other_parents": ("Companion",)}),
        ("Person_2", {"parent": None, "label": "Person_2", "iri": "http://example.org/pets#Person"}),
        # Two IRIs with one ending get two names, by the order of the IRIs.
        ("Person", {"iri": "http://example.org/other/Person"}),
        # A class that only a range names.
        ("Room", {"iri": "http://example.org/pets#Room"}),
    ],
)
def test_a_class_is_read(pets, name, expected):
    assert {field: getattr(pets.classes[name], field) for field in expected} == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # A union in the domain; one side of an inverse is enough, and what it says of domain and range.
        ("keeps", {"domain": ("Office", "Person_2"), "range": ("Animal",), "asymmetric": True, "inverse_of": "keptBy"}),
        ("keptBy", {"domain": ("Animal",), "range": ("Office", "Person_2"), "inverse_of": "keeps"}),
        # XSD datatypes, narrower ones widened; a datatype property without a range takes any literal.
        ("bornOn", {"range": ("date",), "functional": True}),
        ("weight", {"range": ("decimal",), "domain": ()}),
        ("nickname", {"range": ("literal",)}),
        ("shoeSize", {"range": ("string",)}),
        # owl:Thing is no restriction.
        ("likes", {"domain": (), "symmetric": True}),
        # A characteristic is enough to be a property.
        ("ancestor", {"transitive": True}),
        # A cardinality on the class that is the domain.
        ("room", {"max_cardinality": 2}),
        # Several domains are taken for their union; a name is made an identifier.
        ("lives_in", {"domain": ("Animal", "Person_2"), "range": ()}),
    ],
)
def test_a_property_is_read(pets, name, expected):
    assert {field: getattr(pets.properties[name], field) for field in expected} == expected


def test_the_ontology_itself_is_read(pets):
    assert (pets.name, pets.title, pets.description) == ("pets", "Pets", "Animals and their keepers.")
    assert pets.disjoint == (("Animal", "Person_2"),)
    assert "note" not in pets.properties


@pytest.mark.parametrize(
    "problem",
    [
        "<http://example.org/pets#Room> stands where a class is expected, but is not declared",
        "two IRIs end in 'Person'; <http://example.org/pets#Person> is called 'Person_2'",
        "the datatype <http://www.w3.org/2001/XMLSchema#hexBinary> is not known",
        "restrictions of the kind someValuesFrom are not read",
        "sub-properties are not read (1 statement)",
        "'lives_in' has several domains, in OWL their intersection; read as their union",
        "the range of 'lives_in' is an expression that is not understood",
        "annotation properties are not extracted (1 declared)",
        "individuals are not read (1 declared)",
    ],
)
def test_what_is_not_understood_is_named(problem):
    problems = check(PETS)
    assert problem in [p.problem for p in problems]
    assert {p.severity for p in problems} == {Severity.WARNING}
