"""What the stages ask an ontology."""

from dataclasses import replace

import pytest

from kgbuild.ontology.model import Ontology, OntologyClass, Property, content_digest

CLASSES = {
    class_.name: class_
    for class_ in (
        OntologyClass("Agent", "agent"),
        OntologyClass("Organization", "organization", parent="Agent"),
        OntologyClass("Place", "place"),
        OntologyClass("University", "university", parent="Organization", other_parents=("Place",)),
        OntologyClass("Chicken", "chicken", parent="Egg"),
        OntologyClass("Egg", "egg", parent="Chicken"),
    )
}
PROPERTIES = {
    prop.name: prop
    for prop in (
        Property("spouse", "spouse", symmetric=True),
        Property("parent_organization", "parent organization", inverse_of="subsidiary"),
        Property("subsidiary", "subsidiary", inverse_of="parent_organization"),
        Property("inception", "inception", domain=("Organization",), range=("date", "Place", "literal")),
    )
}
ONTOLOGY = Ontology("small", CLASSES, PROPERTIES)


@pytest.mark.parametrize(
    ("class_name", "any_of", "is_a"),
    [
        # A class is itself, and everything above it.
        ("Organization", ("Organization",), True),
        ("University", ("Agent",), True),
        # A class may have several parents.
        ("University", ("Place",), True),
        # Not what is below it or beside it.
        ("Organization", ("University",), False),
        ("Place", ("Organization", "Agent"), False),
        # No class given is no restriction; a class the ontology does not have is nothing else.
        ("Place", (), True),
        ("Dragon", ("Place",), False),
        # A cycle, which a check reports, is walked once.
        ("Chicken", ("Egg",), True),
    ],
)
def test_a_class_is_what_it_descends_from(class_name, any_of, is_a):
    assert ONTOLOGY.is_a(class_name, any_of) is is_a


def test_a_range_tells_classes_from_datatypes():
    inception = ONTOLOGY.properties["inception"]
    assert (inception.datatypes, inception.range_classes) == (("date", "literal"), ("Place",))


@pytest.mark.parametrize(
    ("triple", "one_way"),
    [
        # Of a property and its inverse, the first by name stands for both.
        (("Google", "subsidiary", "YouTube"), ("YouTube", "parent_organization", "Google")),
        (("YouTube", "parent_organization", "Google"), ("YouTube", "parent_organization", "Google")),
        # A symmetric triple and its mirror image are one.
        (("Pierre", "spouse", "Marie"), ("Marie", "spouse", "Pierre")),
        # Anything else stays, even a property the ontology does not have.
        (("B", "knows", "A"), ("B", "knows", "A")),
    ],
)
def test_a_triple_and_its_inverse_are_counted_one_way(triple, one_way):
    assert ONTOLOGY.one_way(*triple) == one_way


@pytest.mark.parametrize(
    ("other", "is_the_same"),
    [
        # Order, name, title and licence do not decide what is extracted.
        (replace(ONTOLOGY, classes=dict(reversed(CLASSES.items())), properties=dict(reversed(PROPERTIES.items()))), True),
        (replace(ONTOLOGY, name="other", title="Other", description="Other.", source="a book", licence="MIT"), True),
        (replace(ONTOLOGY, properties=PROPERTIES | {"spouse": replace(PROPERTIES["spouse"], range=("Place", "Agent"))}), False),
        # Words and flags do.
        (replace(ONTOLOGY, typing="soft"), False),
        (replace(ONTOLOGY, disjoint=(("Place", "Agent"),)), False),
        (replace(ONTOLOGY, classes=CLASSES | {"Place": replace(CLASSES["Place"], description="A location.")}), False),
        (replace(ONTOLOGY, properties=PROPERTIES | {"spouse": replace(PROPERTIES["spouse"], symmetric=False)}), False),
    ],
)
def test_the_digest_is_of_what_decides_an_extraction(other, is_the_same):
    assert (content_digest(other) == content_digest(ONTOLOGY)) is is_the_same
