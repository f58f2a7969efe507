"""OWL and RDFS: what is read, and that the rest is named."""

from pathlib import Path

import pytest

from kgbuild.ontology import Severity, check, read, write

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


TURTLE = """\
@prefix : <http://x/> . @prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:A a owl:Class . :B a owl:Class . :p a owl:ObjectProperty ; rdfs:domain :A .
"""
CIRCLE = "a list of classes that goes round in a circle is not read"
TENFOLD = "".join(f"_:u{n} owl:unionOf ({' '.join([f'_:u{n - 1}'] * 10)}) . " for n in range(1, 9))


@pytest.mark.parametrize(
    ("statements", "problem"),
    [
        # A list whose rest is a part before it never ends, wherever it stands.
        ("_:l rdf:first :A ; rdf:rest _:l . :A owl:disjointUnionOf _:l .", CIRCLE),
        ("_:l rdf:first :A ; rdf:rest _:l . :q a owl:ObjectProperty ; rdfs:domain [ owl:unionOf _:l ] .", CIRCLE),
        ("_:l rdf:first :A ; rdf:rest _:l . [] a owl:AllDisjointClasses ; owl:members _:l .", CIRCLE),
        # Unions and facets of one another.
        ("_:a owl:unionOf (_:b) . _:b owl:unionOf (_:a :A) . :q a owl:ObjectProperty ; rdfs:domain _:a .", None),
        (f"{TENFOLD} _:u0 owl:unionOf (:A :B) . :q a owl:ObjectProperty ; rdfs:domain _:u8 .", None),
        (
            ":q a owl:DatatypeProperty ; rdfs:range _:d . _:d owl:onDatatype _:e . _:e owl:onDatatype _:d .",
            "the range of 'q' is an expression that is not understood",
        ),
        # A number that Python will not read.
        (
            f':A rdfs:subClassOf [ a owl:Restriction ; owl:onProperty :p ; owl:maxCardinality "{"9" * 5000}" ] .',
            "a cardinality of 5000 digits is not read",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_never_ends_is_named_and_the_rest_is_read(tmp_path, statements, problem):
    (tmp_path / "o.ttl").write_text(TURTLE + statements)
    problems = check(tmp_path / "o.ttl")
    assert {p.severity for p in problems} == {Severity.WARNING}
    assert problem is None or problem in [p.problem for p in problems]
    assert read(tmp_path / "o.ttl").properties["p"].domain == ("A",)


@pytest.mark.parametrize("suffix", [".ttl", ".rdf"])
def test_an_iri_that_none_may_be_is_kept(tmp_path, suffix):
    (tmp_path / "o.ttl").write_text(TURTLE + r"<http://x/\u0020c> a owl:Class .")
    ontology = read(tmp_path / "o.ttl")
    write(ontology, tmp_path / f"again{suffix}")
    again = read(tmp_path / f"again{suffix}")
    assert again.classes["_c"].iri == "http://x/ c"
    assert again.digest == ontology.digest


XML = """\
<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [
  <!ENTITY rdfs "http://www.w3.org/2000/01/rdf-schema#"> <!ENTITY owl "http://www.w3.org/2002/07/owl#"> {entities}
]>
<rdf:RDF xmlns:owl="&owl;" xmlns:rdfs="&rdfs;" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <owl:Class rdf:about="http://x/A"/>
  <rdf:Description rdf:about="http://x/p"><rdf:type rdf:resource="&owl;ObjectProperty"/><rdfs:label>{label}</rdfs:label>
  </rdf:Description>
</rdf:RDF>
"""
TEN_OF_TEN = '<!ENTITY e0 "lol">' + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("entities", "label", "meant"),
    [
        # OWL tools write namespaces as entities, and now and then one in terms of another.
        ("", "in &lt;A&gt;", "in <A>"),
        ('<!ENTITY a "A">', "in &a;", "in A"),
        ('<!ENTITY a "A"> <!ENTITY in "in &a;">', "&in;", "in A"),
    ],
)
def test_an_entity_is_what_it_stands_for(tmp_path, entities, label, meant):
    (tmp_path / "o.rdf").write_text(XML.format(entities=entities, label=label))
    assert read(tmp_path / "o.rdf").properties["p"].label == meant


@pytest.mark.parametrize(
    ("entities", "label"),
    [(TEN_OF_TEN, "&e9;"), (f'<!ENTITY a "{"A" * 30}">', "&a;" * 300_000), ("", "A\n" * 300_000)],
    ids=["entities of entities", "one entity often", "lines"],
)
def test_what_would_be_endless_text_is_an_error(tmp_path, entities, label):
    (tmp_path / "o.rdf").write_text(XML.format(entities=entities, label=label))
    (problem,) = check(tmp_path / "o.rdf")
    assert problem.severity is Severity.ERROR
    assert problem.problem == "not RDF: an element holds more than 100,000 characters, with its entities written out"
