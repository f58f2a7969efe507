"""What to label next: sentences that state something the weights are unsure of, spread over the ontology's properties."""

import pytest

from kgbuild import ontology as ontologies
from kgbuild.compact.suggesting import suggest

COMPANY = ontologies.read("company")
STATING = [
    "Robert Bosch was born in Albeck on 23 September 1861 and opened a workshop in Stuttgart.",
    "Toyota builds the Corolla, the Prius and the Hilux in many countries.",
    "Leena Nair had worked for Unilever and became chief executive of Chanel in January 2022.",
]


@pytest.fixture(scope="module")
def suggested():
    return suggest([" ".join([*STATING, "It was a quiet day and nobody had much to say.", STATING[0]])], COMPANY, 10)


def test_a_sentence_is_suggested_once_and_only_if_it_may_state_something(suggested):
    assert {row.text for row in suggested} <= {*STATING, "It was a quiet day and nobody had much to say."}
    assert len({row.text for row in suggested}) == len(suggested)
    assert suggested[0].text in STATING


def test_guesses_are_filled_in_with_the_words_of_the_sentence(suggested):
    triples = [(row, triple) for row in suggested for triple in row.triples]
    assert triples
    for row, triple in triples:
        assert triple.subject in row.text
        assert triple.object in row.text
        assert triple.predicate in COMPANY.properties


def test_no_more_are_suggested_than_were_asked_for():
    assert len(suggest(STATING, COMPANY, 2)) == 2
    assert suggest([], COMPANY, 2) == ()
    # Too short to state anything, and too long to be a sentence.
    assert suggest(["Yes.", "word " * 500], COMPANY, 2) == ()
