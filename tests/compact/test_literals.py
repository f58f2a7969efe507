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
        ("on 14 July, 14–16 July, from 14 to 16 July, July 14–16", []),
        # Years before and after Christ.
        ("from 44 BC to AD 79", [("44 BC", "-0044", "gYear"), ("AD 79", "0079", "gYear")]),
        ("12 July 100 BC", [("12 July 100 BC", "-0100-07-12", "date")]),
        ("March 15, 44 BC", [("March 15, 44 BC", "-0044-03-15", "date")]),
        ("14–16 July 1098 BC", [("14", "-1098-07-14", "date"), ("16 July 1098 BC", "-1098-07-16", "date")]),
        ("24 August AD 79", [("24 August AD 79", "0079-08-24", "date")]),
        ("(509–27 BC)", [("509", "-0509", "gYear"), ("27 BC", "-0027", "gYear")]),
        ("300–400 AD", [("300", "0300", "gYear"), ("400 AD", "0400", "gYear")]),
        ("from 138 to 129 BC", [("138", "-0138", "gYear"), ("129 BC", "-0129", "gYear")]),
        ("1095–99 AD", [("1095", "1095", "gYear"), ("99 AD", "1099", "gYear")]),
        # ... but not where the first may be of the other era.
        ("63–14 AD", []),
        # A range is two literals that share what is written once.
        ("1914–18", [("1914", "1914", "gYear"), ("18", "1918", "gYear")]),
        ("1914-1918", [("1914", "1914", "gYear"), ("1918", "1918", "gYear")]),
        # ... in the American order too; a first day has a month of its own, but no later one.
        ("August 5–21, 2016", [("August 5", "2016-08-05", "date"), ("21, 2016", "2016-08-21", "date")]),
        ("Aug. 5 and 6, 2016", [("Aug. 5", "2016-08-05", "date"), ("6, 2016", "2016-08-06", "date")]),
        (
            "from September 29 to October 1, 1938",
            [("September 29", "1938-09-29", "date"), ("October 1, 1938", "1938-10-01", "date")],
        ),
        ("28 August – 3 September 2016", [("28 August", "2016-08-28", "date"), ("3 September 2016", "2016-09-03", "date")]),
        ("28 December – 3 January 2016", [("3 January 2016", "2016-01-03", "date")]),
        ("5–10 km", [("5", "5000", "decimal"), ("10 km", "10000", "decimal")]),
        ("10-15 million", [("10", "10000000", "integer"), ("15 million", "15000000", "integer")]),
        ("14–16 July 1789", [("14", "1789-07-14", "date"), ("16 July 1789", "1789-07-16", "date")]),
        ("from 14 to 16 July 1789", [("14", "1789-07-14", "date"), ("16 July 1789", "1789-07-16", "date")]),
        ("$5–$10 million", [("$5", "5000000", "decimal"), ("$10 million", "10000000", "decimal")]),
        ("$5–10m", [("$5", "5000000", "decimal"), ("10m", "10000000", "decimal")]),
        ("1500–2000 euros", [("1500", "1500", "decimal"), ("2000 euros", "2000", "decimal")]),
        ("between 5 and 10 million", [("5", "5000000", "integer"), ("10 million", "10000000", "integer")]),
        ("from 5 to 10 million", [("5", "5000000", "integer"), ("10 million", "10000000", "integer")]),
        ("50 to 60 years", [("50", "P50Y", "duration"), ("60 years", "P60Y", "duration")]),
        ("-10 to -5 °C", [("-10", "-10", "decimal"), ("-5 °C", "-5", "decimal")]),
        ("66–56 million years", [("66", "P66000000Y", "duration"), ("56 million years", "P56000000Y", "duration")]),
        # ... which the first number does not do when it is written in full or is a year.
        ("$500,000–1 million", [("$500,000", "500000", "decimal"), ("1 million", "1000000", "decimal")]),
        ("5 dollars to 10 million dollars", [("5 dollars", "5", "decimal"), ("10 million dollars", "10000000", "decimal")]),
        ("from 1990 to 2 million", [("1990", "1990", "gYear"), ("2 million", "2000000", "integer")]),
        ("gave $5 to 10 million people", [("$5", "5", "decimal"), ("10 million", "10000000", "integer")]),
        ("5 and 10 million", [("5", "5", "integer"), ("10 million", "10000000", "integer")]),
        # Where it may or may not, it is left out.
        ("$900–1 million", [("1 million", "1000000", "decimal")]),
        ("Section 5 – 10 km on", [("10 km", "10000", "decimal")]),
        # Separators of thousands and decimals, of all countries.
        ("1,500,000 or 1.500.000 or 1 500 000", [(n, "1500000", "integer") for n in ("1,500,000", "1.500.000", "1 500 000")]),
        # Two groups of digits between spaces may be two numbers, a day and a number, or one.
        ("317 240 employees, $12 500, 317 240.5 km, in May 12 500 people, in May 12 500 000 people", []),
        ("10 – 12 500 km", [("10", "10", "integer")]),
        ("5 May 1998 300 people", [("5 May 1998", "1998-05-05", "date"), ("300", "300", "integer")]),
        ("in 1998 300 people", [("1998", "1998", "gYear"), ("300", "300", "integer")]),
        ("317 240,000 of 86 000", [("317", "317", "integer"), ("240,000", "240000", "integer"), ("86 000", "86000", "integer")]),
        ("1,500.75 or 1.500,75", [(n, "1500.75", "decimal") for n in ("1,500.75", "1.500,75")]),
        ("3.5 and 3,5", [("3.5", "3.5", "decimal"), ("3,5", "3.5", "decimal")]),
        ("3.5 million", [("3.5 million", "3500000", "integer")]),
        ("₹1,00,000 or 12,34,567", [("₹1,00,000", "100000", "decimal"), ("12,34,567", "1234567", "integer")]),
        ("1.5 × 10^6", [("1.5 × 10^6", "1500000", "integer")]),
        ("10^6 or 10⁶", [("10^6", "1000000", "integer"), ("10⁶", "1000000", "integer")]),
        ("3 1/2 miles or 3½ miles", [("3 1/2 miles", "5632.704", "decimal"), ("3½ miles", "5632.704", "decimal")]),
        ("3 9/11, 4 5/2", [("3", "3", "integer"), ("4", "4", "integer")]),
        # A number is exact however long, or left out.
        (f"-{'1234567890' * 4}", [(f"-{'1234567890' * 4}", f"-{'1234567890' * 4}", "integer")]),
        ("5 × 10^99", [("5 × 10^99", f"5{'0' * 99}", "integer")]),
        ("10^100, 2^10, x^-2, 3 1/3 miles", []),
        # In a row of a table a comma separates values.
        ("Acme,1998,12,500,Berlin", [("1998", "1998", "gYear"), ("12", "12", "integer"), ("500", "500", "integer")]),
        ("Acme,10,20,300,Berlin", [("10", "10", "integer"), ("20", "20", "integer"), ("300", "300", "integer")]),
        # A counted number is no year.
        ("1500 employees", [("1500", "1500", "integer")]),
        # Quantities are in SI units, a percent is a hundredth, money keeps its amount.
        ("8,848 m", [("8,848 m", "8848", "decimal")]),
        ("100 km/h", [("100 km/h", "27.7777777778", "decimal")]),
        ("5kg at 68 °F", [("5kg", "5", "decimal"), ("68 °F", "20", "decimal")]),
        ("120 km^2", [("120 km^2", "120000000", "decimal")]),
        # The sign stands before the digits, the currency or as a word; a hyphen that joins is none, nor is taking away.
        ("−5 °C", [("−5 °C", "-5", "decimal")]),
        ("-$5 million, −€3.2bn", [("-$5 million", "-5000000", "decimal"), ("−€3.2bn", "-3200000000", "decimal")]),
        ("US-$5, 10-$20", [("5", "5", "integer"), ("10", "10", "decimal"), ("$20", "20", "decimal")]),
        ("the cost--$5", [("$5", "5", "decimal")]),
        ("$10 - $20", [("$10", "10", "decimal"), ("$20", "20", "decimal")]),
        ("at minus 212 m", [("minus 212 m", "-212", "decimal")]),
        ("the price minus 5 percent, 5 minus 3", [("5 percent", "0.05", "decimal"), ("5", "5", "integer"), ("3", "3", "integer")]),
        ("45 % or 45 per cent", [("45 %", "0.45", "decimal"), ("45 per cent", "0.45", "decimal")]),
        ("$3.5 million", [("$3.5 million", "3500000", "decimal")]),
        ("€5bn, 20 Mio. Euro", [("€5bn", "5000000000", "decimal"), ("20 Mio. Euro", "20000000", "decimal")]),
        # A letter is a multiplier where a currency or what is counted in millions follows; both belong to the literal.
        ("5.3m euros, 5–6m €", [("5.3m euros", "5300000", "decimal"), ("5", "5000000", "decimal"), ("6m €", "6000000", "decimal")]),
        ("2.3m people, 50k users", [("2.3m people", "2300000", "integer"), ("50k users", "50000", "integer")]),
        ("a population of 11.7m.", [("11.7m", "11.7", "decimal")]),
        # Units as they are abbreviated, the dot within.
        ("1,500 sq. km, 3 sq.km", [("1,500 sq. km", "1500000000", "decimal"), ("3 sq.km", "3000000", "decimal")]),
        ("2 sq. mi. or 2 mi²", [(n, "5179976.22067", "decimal") for n in ("2 sq. mi.", "2 mi²")]),
        ("300 sq. ft. of 300 sqm", [("300 sq. ft.", "27.870912", "decimal"), ("300 sqm", "300", "decimal")]),
        ("5 cu. m, 10 yds", [("5 cu. m", "5", "decimal"), ("10 yds", "9.144", "decimal")]),
        ("2 yrs or 3 hr", [("2 yrs", "P2Y", "duration"), ("3 hr", "PT3H", "duration")]),
        # A quantity in several units is one, each unit smaller than that before.
        ("6 ft 2 in, -6 ft. 2½ in", [("6 ft 2 in", "1.8796", "decimal"), ("-6 ft. 2½ in", "-1.8923", "decimal")]),
        ("5 lb 3 oz or 1 m 50 cm", [("5 lb 3 oz", "2.35301041938", "decimal"), ("1 m 50 cm", "1.5", "decimal")]),
        ("from 5 ft 2 in to 6 ft", [("5 ft 2 in", "1.5748", "decimal"), ("6 ft", "1.8288", "decimal")]),
        ("3 hours, 15 minutes and 9.5 seconds", [("3 hours, 15 minutes and 9.5 seconds", "PT3H15M9.5S", "duration")]),
        ("5 years and 3 months or 2 h 22 m", [("5 years and 3 months", "P5Y3M", "duration"), ("2 h 22 m", "PT2H22M", "duration")]),
        ("5 years and 2.5 months", []),
        # ... which these are not: as much as the larger unit, two races, a week, a pace, a range, two sentences.
        ("5 hours, 90 minutes", [("5 hours", "PT5H", "duration"), ("90 minutes", "PT1H30M", "duration")]),
        ("5 km and 800 m", [("5 km", "5000", "decimal"), ("800 m", "800", "decimal")]),
        ("a 5-day, 8-hour week", [("5-day", "P5D", "duration"), ("8-hour", "PT8H", "duration")]),
        ("5 days, 8 hours a day", [("5 days", "P5D", "duration"), ("8 hours", "PT8H", "duration")]),
        ("between 1 year and 6 months", [("1 year", "P1Y", "duration"), ("6 months", "P6M", "duration")]),
        ("It took 5 hours. 20 minutes later", [("5 hours", "PT5H", "duration"), ("20 minutes", "PT20M", "duration")]),
        # Behind a number like a year, a word that is also a unit is one only where it can hardly be another.
        ("in 2010 bar exams", [("2010", "2010", "gYear")]),
        ("in 2000 W. Bush won", [("2000", "2000", "gYear")]),
        ("in 2010 days before", [("2010", "2010", "gYear")]),
        ("the 2021 W Series", [("2021", "2021", "gYear")]),
        ("after 1000 days.", [("1000 days", "P1000D", "duration")]),
        ("a 1000-day war", [("1000-day", "P1000D", "duration")]),
        ("a 1200 W motor of 1000 W.", [("1200 W", "1200", "decimal"), ("1000 W", "1000", "decimal")]),
        # Spans of time are durations.
        ("90 minutes", [("90 minutes", "PT1H30M", "duration")]),
        ("34 years, 18 months", [("34 years", "P34Y", "duration"), ("18 months", "P1Y6M", "duration")]),
        ("-5 days", [("-5 days", "-P5D", "duration")]),
        ("1.67 × 10^34 years", [("1.67 × 10^34 years", f"P167{'0' * 32}Y", "duration")]),
        ("1 × 10^30 days", [("1 × 10^30 days", f"P1{'0' * 30}D", "duration")]),
        ("5 × 10^40 seconds", [("5 × 10^40 seconds", "P578703703703703703703703703703703703DT16H53M20S", "duration")]),
        (f"{'9' * 39} years", [(f"{'9' * 39} years", f"P{'9' * 39}Y", "duration")]),
        # Months are whole: a number that says more than the nearest one is left out.
        ("78.3 years, 2.5 months, 1.37 years", [("78.3 years", "P78Y4M", "duration")]),
        # A web address ends before the punctuation behind it, of which its own brackets are none.
        ("see https://acme.example/2010.", [("https://acme.example/2010", "https://acme.example/2010", "anyURI")]),
        ("(https://acme.example/a_(b)).", [("https://acme.example/a_(b)", "https://acme.example/a_(b)", "anyURI")]),
        ("(https://acme.example/a)", [("https://acme.example/a", "https://acme.example/a", "anyURI")]),
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
        ("3 hours 15 minutes", "integer", "11700"),
        ("5 years and 3 months", "decimal", None),
        ("2.3m people", "integer", "2300000"),
        ("12 July 100 BC", "date", "-0100-07-12"),
        ("317 240", "integer", None),
        ("5 million years", "integer", "5000000"),
        ("2.5 months", "decimal", "2.5"),
        ("minus 212 m", "decimal", "-212"),
        # What has no short form is a value too.
        (f"1{'0' * 99}", "integer", f"1{'0' * 99}"),
        ("1 × 10^-99", "decimal", f"0.{'0' * 98}1"),
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
            " days",
            " years",
            " ft ",
            " in",
            "m people",
            " 240",
            " sq. mi.",
            " months",
            " × 10^34",
            " × 10^-99",
            "10^99",
            "⁶",
            "9" * 39,
            "8,76,969",
            " 1/2",
            "½",
            "minus ",
            "€",
            "bn",
            " to ",
            "between ",
            " and ",
            "https://a.b/(",
            ")",
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
        assert literal.datatype == "anyURI" or len(literal.value) < 200
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


@pytest.mark.parametrize(
    "text",
    [
        *("1", "1,", "1-", "1 000 ", "1.1", "$", "10:", "Jan ", "1 Jan ", "1–", " 5 m", "a1", "http://"),
        *("-$", "1,11,", "10^", "10^9", "minus 1 ", "1 to ", "between 1 and ", "1½", "1 1/2 ", "1–1 BC "),
        *(
            "1 240 ",
            "1 h 1 min 1 s ",
            "1 h, ",
            "1 day and ",
            "May 1 ",
            "May 1–",
            "May 1 240 240 ",
            "1 May – ",
            "1m people ",
            "1 sq. ",
        ),
    ],
)
def test_time_is_linear_in_hostile_text(text):
    assert growth(find_literals, text * (100_000 // len(text))) < LINEAR


@pytest.mark.parametrize("text", ["10^" + "9" * 100_000, "https://a.b/" + ")" * 100_000, "https://a.b/" + "()" * 50_000])
def test_time_is_linear_in_one_long_literal(text):
    assert growth(find_literals, text) < LINEAR


def test_a_megabyte_of_digits_is_no_number():
    assert find_literals("1" * 1_000_000) == ()
