"""Without an ontology: what names a known property is kept as it, the rest is marked open."""

import pytest

from kgbuild import ontology as ontologies
from kgbuild.extraction.claims import Claim
from kgbuild.extraction.open_mode import as_known_or_open, predicate_name

KNOWN, OPEN = "llm/m/text", "llm/m/text/open"


@pytest.mark.parametrize(
    ("triple", "predicate", "object_class", "extractor"),
    [
        # A property's name, label or alias, in whatever form.
        ("Acme:Organization | founded_by | Ada:Person", "founded_by", "Person", KNOWN),
        ("Acme:Organization | was founded by | Ada:Person", "founded_by", "Person", KNOWN),
        ("Ada:Person | worksFor | Acme:Organization", "employer", "Organization", KNOWN),
        ("Paris:Place | is the capital of | France:Place", "capital_of", "Place", KNOWN),
        ("Alien:Work | directed by | Ridley Scott:Person", "director", "Person", KNOWN),
        # A literal is read as the property's datatype; one that it cannot be is another property.
        ("Acme:Organization | number of employees | 1,250", "number_of_employees", "integer", KNOWN),
        ("Acme:Organization | number of employees | many", "number_of_employees", "string", OPEN),
        # Classes must fit, the wider for the narrower too: a Place may be the City that is wanted.
        ("Ada:Person | born in | London:Place", "born_in", "Place", KNOWN),
        ("Ada:Person | born in | poverty:Concept", "born_in", "Concept", OPEN),
        ("Rex:Animal | works for | Acme:Organization", "works_for", "Organization", OPEN),
        ("Ada | works for | Acme:Organization", "works_for", "Organization", OPEN),
        # The direction is the property's: who founded is not what was founded.
        ("Ada:Person | founded | Acme:Organization", "founded", "Organization", OPEN),
        # Nobody knows it.
        ("Ada:Person | likes | Rex:Animal", "likes", "Animal", OPEN),
        ("Ada:Person | likes | red wine", "likes", "string", OPEN),
        ("Ada:Person | seen on | 3 May 1840", "seen_on", "date", OPEN),
    ],
)
def test_what_names_a_known_property_is_kept_as_it_and_the_rest_marked_open(triple, predicate, object_class, extractor):
    (subject, subject_class), words, (object_, class_name) = (
        part if n == 1 else (part.partition(":")[0], part.partition(":")[2] or None) for n, part in enumerate(triple.split(" | "))
    )
    claim = Claim(
        subject=subject,
        predicate=words,
        object=object_,
        subject_class=subject_class,
        object_class=class_name,
        extractor="llm/m/text",
    )
    found = as_known_or_open(claim)
    assert (found.predicate, found.object_class, found.extractor) == (predicate, object_class, extractor)
    assert (extractor == OPEN) or any(predicate in ontologies.read(name).properties for name in ontologies.bundled())


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("was born in", "born_in"),
        ("has been a member of", "member_of"),
        # What is nothing but auxiliary verbs and articles stays.
        ("is a", "is_a"),
        ("has been", "has_been"),
        ("has", "has"),
        # Any script, marks and all.
        ("родился в", "родился_в"),
        ("में जन्मा", "में_जन्मा"),
        # No letters at all.
        ("→", "related_to"),
        ("", "related_to"),
        ("x\x00y\ud800", "x_y"),
    ],
)
def test_a_predicate_has_one_form(words, name):
    assert predicate_name(words) == name
