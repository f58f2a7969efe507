"""What is found as a literal, and the value it gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.compact import literals
from kgbuild.compact.literals import find_literals, normalise
from kgbuild.judging.datatypes import fits
from tests.growth import LINEAR, growth


def found(text):
    return [(literal.text, literal.value, literal.datatype) for literal in find_literals(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A date is as precise as it is written.
        ("on 14 July 1789 in", [("14 July 1789", "1789-07-14", "date")]),
        ("July 14th, 1789", [("July 14th, 1789", "1789-07-14", "date")]),
        ("Am 14. Juli 1789", [("14. Juli 1789", "1789-07-14", "date")]),
        ("el 5 de mayo de 1862", [("5 de mayo de 1862", "1862-05-05", "date")]),
        ("in March 1998", [("March 1998", "1998-03", "gYearMonth")]),
        ("Acme (1998)", [("1998", "1998", "gYear")]),
        ("1998-03-14 or 1998-03", [("1998-03-14", "1998-03-14", "date"), ("1998-03", "1998-03", "gYearMonth")]),
        ("at 2024-01-02T10:00:00Z", [("2024-01-02T10:00:00Z", "2024-01-02T10:00:00Z", "dateTime")]),
        # Day and month given as numbers are read where only one order is possible; dots always mean day first.
        ("14/07/1789", [("14/07/1789", "1789-07-14", "date")]),
        ("07/14/1789", [("07/14/1789", "1789-07-14", "date")]),
        ("04.05.2010", [("04.05.2010", "2010-05-04", "date")]),
        ("04/05/2010", [("2010", "2010", "gYear")]),
        # A day the calendar does not have, or without its year, is no literal, nor are its parts.
        ("30 February 2001, 2001-02-30", []),
        ("on 14 July", []),
        # Years before and after Christ.
        ("from 44 BC to AD 79", [("44 BC", "-0044", "gYear"), ("AD 79", "0079", "gYear")]),
        # A range is two literals that share what is written once.
        ("1914–18", [("1914", "1914", "gYear"), ("18", "1918", "gYear")]),
        ("1914-1918", [("1914", "1914", "gYear"), ("1918", "1918", "gYear")]),
        ("5–10 km", [("5", "5000", "decimal"), ("10 km", "10000", "decimal")]),
        ("10-15 million", [("10", "10000000", "integer"), ("15 million", "15000000", "integer")]),
        ("14–16 July 1789", [("14", "1789-07-14", "date"), ("16 July 1789", "1789-07-16", "date")]),
        # Separators of thousands and decimals, of all countries.
        ("1,500,000 or 1.500.000 or 1 500 000", [(n, "1500000", "integer") for n in ("1,500,000", "1.500.000", "1 500 000")]),
        ("1,500.75 or 1.500,75", [(n, "1500.75", "decimal") for n in ("1,500.75", "1.500,75")]),
        ("3.5 and 3,5", [("3.5", "3.5", "decimal"), ("3,5", "3.5", "decimal")]),
        ("3.5 million", [("3.5 million", "3500000", "integer")]),
        ("1.5 × 10^6", [("1.5 × 10^6", "1500000", "integer")]),
        # In a row of a table a comma separates values.
        ("Acme,1998,12,500,Berlin", [("1998", "1998", "gYear"), ("12", "12", "integer"), ("500", "500", "integer")]),
        # A counted number is no year.
        ("1500 employees", [("1500", "1500", "integer")]),
        # Quantities are in SI units, a percent is a hundredth, money keeps its amount.
        ("8,848 m", [("8,848 m", "8848", "decimal")]),
        ("100 km/h", [("100 km/h", "27.7777777778", "decimal")]),
        ("5kg at 68 °F", [("5kg", "5", "decimal"), ("68 °F", "20", "decimal")]),
        ("−5 °C", [("−5 °C", "-5", "decimal")]),
        ("45 % or 45 per cent", [("45 %", "0.45", "decimal"), ("45 per cent", "0.45", "decimal")]),
        ("$3.5 million", [("$3.5 million", "3500000", "decimal")]),
        ("€5bn, 20 Mio. Euro", [("€5bn", "5000000000", "decimal"), ("20 Mio. Euro", "20000000", "decimal")]),
        ("in 2010 bar exams", [("2010", "2010", "gYear")]),
        # Spans of time are durations.
        ("90 minutes", [("90 minutes", "PT1H30M", "duration")]),
        ("34 years, 18 months", [("34 years", "P34Y", "duration"), ("18 months", "P1Y6M", "duration")]),
        ("see https://acme.example/2010.", [("https://acme.example/2010", "https://acme.example/2010", "anyURI")]),
        # Names, versions, clock times, fractions, decades, ordinals and keys are no numbers.
        ("COVID-19, v3.11.2, B52, 10:30, 1/2, the 1990s, 3rd, 007, 978-3-16-148410-0", []),
    ],
)
def test_a_literal_has_the_value_that_the_text_states(text, expected):
    assert found(text) == expected


@pytest.mark.parametrize("name", sorted(literals._MONTHS))
def test_every_month_name_is_known(name):
    assert found(f"{name.title()} 1998") == [(f"{name.title()} 1998", f"1998-{literals._MONTHS[name]:02}", "gYearMonth")]


@pytest.mark.parametrize(
    ("text", "datatype", "value"),
    [
        ("about 3.5 million", "integer", "3500000"),
        ("1998", "integer", "1998"),
        ("007", "integer", "7"),
        ("seven", "integer", "7"),
        ("4.0", "integer", "4"),
        ("3.5", "integer", None),
        ("1.5 km", "decimal", "1500"),
        # A duration as a number: SI up to hours, else what it counts.
        ("90 minutes", "decimal", "5400"),
        ("34 years", "integer", "34"),
        ("90 minutes", "duration", "PT1H30M"),
        # A date of any precision is one of every date datatype.
        ("March 1998", "date", "1998-03"),
        ("14 July 1789", "gYear", "1789-07-14"),
        ("circa 1850", "date", "1850"),
        ("Ada", "date", None),
        ("3.5", "date", None),
        # The whole text must be one.
        ("1998 and 1999", "gYear", None),
        ("1998 Berlin", "gYear", None),
        ("yes", "boolean", "true"),
        ("maybe", "boolean", None),
        ("https://acme.example", "anyURI", "https://acme.example"),
        ("Ada King", "anyURI", None),
        (" Ada \n King", "string", "Ada King"),
        (" Ada \n King", "literal", "Ada King"),
        ("  ", "string", None),
        ("x", "unheardOf", None),
    ],
)
def test_normalise_gives_the_value_or_none(text, datatype, value):
    assert normalise(text, datatype) == value


fragments = st.lists(
    st.sampled_from(
        [
            "1998",
            "14",
            " July ",
            "-",
            "–",
            " ",
            ",",
            ".",
            "/",
            "$",
            "5",
            "000",
            " km",
            "%",
            " million",
            "a",
            "٣",
            "²",
            "T10:00",
            " BC",
            "(",
            "min",
            "\n",
        ]
    ),
    max_size=12,
).map("".join)


@given(fragments | st.text(max_size=60))
def test_spans_are_exact_disjoint_and_in_order_and_values_fit_their_datatype(text):
    at = 0
    for literal in find_literals(text):
        assert literal.span is not None
        assert literal.text == literal.span.of(text)
        assert literal.span.start >= at
        assert fits(literal.value, literal.datatype), literal
        at = literal.span.end


@given(
    fragments | st.text(max_size=60),
    st.sampled_from(["date", "gYear", "integer", "decimal", "duration", "boolean", "anyURI", "string"]),
)
def test_a_normalised_value_fits_and_normalises_to_itself(text, datatype):
    value = normalise(text, datatype)
    if value is not None:
        assert fits(value, datatype)
        assert normalise(value, datatype) == value


@pytest.mark.parametrize("text", ["1", "1,", "1-", "1 000 ", "1.1", "$", "10:", "Jan ", "1 Jan ", "1–", " 5 m", "a1", "http://"])
def test_time_is_linear_in_hostile_text(text):
    assert growth(find_literals, text * (100_000 // len(text))) < LINEAR


def test_a_megabyte_of_digits_is_no_number():
    assert find_literals("1" * 1_000_000) == ()
