"""What a sentence cannot state at once, whatever the scores say."""

import pytest

from kgbuild.compact.coverage import coverage
from kgbuild.compact.decoding import guesses, reader
from kgbuild.compact.weights import open_weights
from kgbuild.ontology.reading import read


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
