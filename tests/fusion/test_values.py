import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kgbuild.fusion.values import canonical, compatible, refines
from kgbuild.judging.datatypes import fits
from kgbuild.records import LiteralValue
from tests.builders import literal


@pytest.mark.parametrize(
    ("written", "declared", "expected"),
    [
        # Numbers are equal by value, however they are written, and lose no digit.
        ("1500^integer", ["integer"], ("1500", "integer")),
        ("+01500^integer", ["integer"], ("1500", "integer")),
        ("1500.00^decimal", ["decimal"], ("1500", "decimal")),
        ("1500^integer", ["decimal"], ("1500", "decimal")),
        ("-0.0^decimal", ["decimal"], ("0", "decimal")),
        (".5^decimal", ["decimal"], ("0.5", "decimal")),
        ("123456789012345678901234567890.10^decimal", ["decimal"], ("123456789012345678901234567890.1", "decimal")),
        # Where nothing is declared, the value says whether it is a whole number.
        ("1500.0^decimal", [], ("1500", "integer")),
        ("1500.5^decimal", ["literal"], ("1500.5", "decimal")),
        # Digits that are no number stay as they are.
        ("007^string", ["string"], ("007", "string")),
        ("007^string", [], ("007", "string")),
        ("7^integer", ["string"], ("7", "string")),
        # A date keeps its precision, up to what is declared.
        ("1998^gYear", ["date"], ("1998", "gYear")),
        ("1998-03^gYearMonth", ["date"], ("1998-03", "gYearMonth")),
        ("1998^date", ["date"], ("1998", "gYear")),
        ("1998-03-14^date", ["gYear"], ("1998", "gYear")),
        ("1998-03-14T12:30Z^dateTime", ["date"], ("1998-03-14", "date")),
        ("-0044-03-15^date", ["gYearMonth"], ("-0044-03", "gYearMonth")),
        ("1998-03-14^date", ["gYear", "date"], ("1998-03-14", "date")),
        ("1998-03-14^date", [], ("1998-03-14", "date")),
        # A literal of several possible datatypes keeps its own, or takes the first that it fits.
        ("1998^gYear", ["string", "gYear"], ("1998", "gYear")),
        ("1998^string", ["date", "string"], ("1998", "string")),
        ("1998^string", ["date"], ("1998", "gYear")),
        ("soon^string", ["date"], ("soon", "string")),
        ("1^boolean", ["boolean"], ("true", "boolean")),
        # White space and the composition of letters do not tell strings apart; case does.
        ("Cafe\u0301  de\nParis^string", [], ("Café de Paris", "string")),
        ("ACME^string", [], ("ACME", "string")),
    ],
)
def test_equal_values_have_one_form(written, declared, expected):
    assert canonical(literal(written), declared) == expected


def value(written: str) -> LiteralValue:
    text, _, datatype = written.rpartition("^")
    return LiteralValue(text, text, datatype)


@pytest.mark.parametrize(
    ("one", "other", "can_both_be", "is_more_precise"),
    [
        ("1998^gYear", "1998^gYear", True, False),
        # A year and a day in it are one date, known more and less precisely.
        ("1998-03-14^date", "1998^gYear", True, True),
        ("1998-03-14^date", "1998-03^gYearMonth", True, True),
        ("1998-03-14T12:30^dateTime", "1998-03-14^date", True, True),
        ("1998^gYear", "1998-03-14^date", True, False),
        ("1998-03-14^date", "1999^gYear", False, False),
        ("1998-03-14^date", "1998-03-15^date", False, False),
        # A longer year only begins like the shorter one.
        ("19980^gYear", "1998^gYear", False, False),
        # Only dates have precision; strings may differ in case.
        ("1998-03^string", "1998^string", False, False),
        ("ACME^string", "Acme^string", True, False),
        ("5^integer", "6^integer", False, False),
    ],
)
def test_two_values_can_both_be_the_one_value_or_not(one, other, can_both_be, is_more_precise):
    assert compatible(value(one), value(other)) is compatible(value(other), value(one)) is can_both_be
    assert refines(value(one), value(other)) is is_more_precise


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.sampled_from(["", "+"]), st.integers(0, 3))
def test_numbers_have_one_form_exactly_when_they_are_equal(number, plus, zeros):
    written = f"{number:f}"
    padded = written if written.startswith("-") else f"{plus}{'0' * zeros}{written}"
    assert canonical(literal(f"{padded}{'0' * zeros}^decimal")) == canonical(literal(f"{written}^decimal"))
    assert canonical(literal(f"{number + 1:f}^decimal")) != canonical(literal(f"{written}^decimal"))


@given(st.sampled_from(["1500.0^decimal", "1998^date", "1998-03-14T12:30^dateTime", " a  b^string", "1^boolean"]), st.data())
def test_a_canonical_value_is_its_own_canonical_value(written, data):
    declared = data.draw(
        st.lists(st.sampled_from(["integer", "decimal", "date", "gYear", "string", "boolean", "literal"]), max_size=2)
    )
    assume(not declared or any(fits(literal(written).value, datatype) for datatype in declared))
    first = canonical(literal(written), declared)
    assert canonical(literal("^".join(first)), declared) == first
