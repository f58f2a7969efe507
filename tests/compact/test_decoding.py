"""What a sentence cannot state at once, whatever the scores say."""

import pytest

from kgbuild.compact.coverage import coverage
from kgbuild.compact.decoding import guesses, object_value, reader
from kgbuild.compact.literals import find_literals
from kgbuild.compact.weights import open_weights
from kgbuild.ontology.model import Property
from kgbuild.ontology.reading import read
from kgbuild.records import Literal, Span


def literals(name: str, text: str) -> list[tuple[str, str]]:
    """Return every property with a literal that the shipped weights give any chance."""
    ontology, weights = read(name), open_weights()
    asked = reader(weights, ontology, coverage(ontology, weights), with_uncovered=False)
    return [(g.predicate, g.object.of(text)) for g in guesses(asked, text, counted_from=0.01) if g.literal]


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        # A number is an area, a height or a count of people, whatever else the model thinks likely, and so are its parts.
        ("La Paz sits at an altitude of 3,640 metres.", [("elevation", "3,640 metres")]),
        ("Denver is 1,609 metres above the sea.", [("elevation", "1,609 metres")]),
        ("Leeds had 751,485 inhabitants.", [("population", "751,485")]),
    ],
)
def test_a_number_is_one_quantity(text, stated):
    assert literals("places", text) == stated


def test_a_date_may_date_two_things():
    assert {prop for prop, _ in literals("company", "Acme was founded in 1901.")} == {"inception", "dissolved"}


@pytest.mark.parametrize(
    ("range_", "words", "taken"),
    [
        # A number or date that the range names is taken for its worth.
        (("integer",), "21000", ("21000", "integer")),
        (("date",), "3 May 1998", ("1998-05-03", "date")),
        (("integer", "string"), "21000", ("21000", "integer")),
        # A string is the words, also where they could be read as a number or a date: area codes, postal codes, register numbers.
        (("string",), "Leeds", ("Leeds", "string")),
        (("string",), "21000", ("21000", "string")),
        (("Place", "string"), "3 May 1998", ("3 May 1998", "string")),
        # What is no number is none.
        (("integer",), "Leeds", None),
        (("integer",), "3 May 1998", None),
    ],
)
def test_an_object_is_what_the_range_takes(range_, words, taken):
    text = f"It has {words} there"
    span = Span(7, 7 + len(words))
    found = {literal.span: literal for literal in find_literals(text) if literal.span}
    value = object_value(Property("p", "p", range=range_), span, text, found)
    assert value == (taken and Literal(span, words, *taken))
