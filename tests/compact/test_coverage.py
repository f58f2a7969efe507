import pytest

from kgbuild.compact.coverage import coverage
from kgbuild.compact.weights import open_weights
from kgbuild.ontology.model import Ontology, Property
from kgbuild.ontology.reading import bundled, read


def covered_as(prop: Property) -> tuple[str, str] | None:
    found = coverage(Ontology("test", {}, {prop.name: prop}), open_weights()).covered
    return (found[0].how, found[0].trained_as) if found else None


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        # A Wikidata id says what is meant, whatever the name.
        (Property("gegruendet_von", "gegründet von", iri="http://www.wikidata.org/entity/P112"), ("Wikidata id", "founded by")),
        # A trained label, however it is written.
        (Property("placeOfBirth", "placeOfBirth"), ("label", "place of birth")),
        (Property("p1", "Date of Birth"), ("label", "date of birth")),
        # One of its aliases.
        (Property("p1", "alma mater"), ("alias", "educated at")),
        (Property("works_for", "works for"), ("alias", "employer")),
        # An id of another vocabulary says nothing.
        (Property("hums", "hums", iri="http://example.org/P112"), None),
        # A word in common is not enough.
        (Property("birth_weight", "birth weight"), None),
    ],
)
def test_a_property_is_covered_when_id_label_or_alias_was_trained(prop, expected):
    assert covered_as(prop) == expected


def test_what_is_not_covered_is_named_with_what_to_do():
    ontology = Ontology("test", {}, {"hums": Property("hums", "hums loudly")})
    (entry,) = coverage(ontology, open_weights()).uncovered
    assert entry.name == "hums"
    assert "hums loudly" in entry.reason
    assert "kgbuild train" in entry.remedy


@pytest.mark.parametrize("name", bundled())
def test_the_bundled_ontologies_are_covered_but_for_a_few(name):
    ontology = read(name)
    found = coverage(ontology, open_weights())
    assert {entry.name for entry in (*found.covered, *found.uncovered)} == set(ontology.properties)
    assert len(found.uncovered) <= len(ontology.properties) / 5
