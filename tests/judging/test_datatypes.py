import pytest

from kgbuild.judging.datatypes import date_datatype, fits


@pytest.mark.parametrize(
    ("value", "datatype", "expected"),
    [
        # A string, and "any literal", take anything.
        ("anything at all", "string", True),
        ("anything at all", "literal", True),
        # Numbers are plain: no unit, no thousands separator, no exponent.
        ("-12", "integer", True),
        ("1.5", "integer", False),
        ("1,500", "integer", False),
        ("12 km", "decimal", False),
        ("12", "decimal", True),
        ("-0.5", "decimal", True),
        ("1e3", "decimal", False),
        # A digit is one of 0 to 9.
        ("١٢", "integer", False),
        ("true", "boolean", True),
        ("yes", "boolean", False),
        # A date is one of the calendar.
        ("1998-03-14", "date", True),
        ("1998-13-01", "date", False),
        ("1998-02-29", "date", False),
        ("2000-02-29", "date", True),
        ("1900-02-29", "date", False),
        ("14 March 1998", "date", False),
        # Years before 1 and after 9999 count; a year has four digits.
        ("-0044-03-15", "date", True),
        ("98", "gYear", False),
        ("13800000000-01", "gYearMonth", False),
        # More digits than Python reads as a number.
        ("1" * 5000, "gYear", False),
        ("1" * 5000 + "-02-03", "date", False),
        # A date known less or more precisely than asked for is a date all the same.
        ("1998", "date", True),
        ("1998-03", "date", True),
        ("1998-03-14", "gYear", True),
        ("1998-03-14T12:30", "date", True),
        ("1998-03-14T25:30", "dateTime", False),
        ("1998-03-14T12:30:00.5Z", "dateTime", True),
        # A web address may lack its scheme; plain words are none.
        ("https://acme.example/a?b", "anyURI", True),
        ("acme.example", "anyURI", True),
        ("Acme", "anyURI", False),
        ("see acme.example", "anyURI", False),
        ("P3Y6M", "duration", True),
        ("PT1.5S", "duration", True),
        ("P", "duration", False),
        ("P1YT", "duration", False),
        ("3 years", "duration", False),
        # What no XSD datatype is takes nothing.
        ("1", "Company", False),
    ],
)
def test_a_value_fits_the_datatypes_whose_form_it_has(value, datatype, expected):
    assert fits(value, datatype) is expected


@pytest.mark.parametrize(
    ("value", "datatype"),
    [("1998", "gYear"), ("1998-03", "gYearMonth"), ("1998-03-14", "date"), ("1998-03-14T12:30", "dateTime"), ("March", None)],
)
def test_the_datatype_of_a_date_is_its_form(value, datatype):
    assert date_datatype(value) == datatype
