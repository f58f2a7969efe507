"""Which written values fit which XSD datatype."""

import re

from kgbuild.ontology.model import ANY_LITERAL

DATE_DATATYPES = ("gYear", "gYearMonth", "date", "dateTime")
"""From the least to the most precise."""

# A year has at most nine digits: more are no year of anybody's calendar, and Python does not read thousands of them as a number.
_PARTIAL_DATE = re.compile(
    r"(?P<year>-?[0-9]{4,9})(-(?P<month>[0-9]{2})(-(?P<day>[0-9]{2})"
    r"(?P<time>T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_FORMS = {
    "integer": re.compile(r"[+-]?[0-9]+"),
    "decimal": re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"),
    "boolean": re.compile(r"true|false|1|0"),
    # Wider than RFC 3986, which also takes relative references: a web address without its scheme, but no plain words.
    "anyURI": re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+|[^\s.]+(\.[^\s.]+)+"),
    "duration": re.compile(
        r"-?P(?=[0-9T])([0-9]+Y)?([0-9]+M)?([0-9]+W)?([0-9]+D)?(T(?=[0-9])([0-9]+H)?([0-9]+M)?([0-9]+(\.[0-9]+)?S)?)?"
    ),
}


def fits(value: str, datatype: str) -> bool:
    """Tell whether a normalised value is one of the datatype.

    Dates of every precision fit every date datatype: a text that says "in 1998" states a founding date, only not to the day, and
    one that says "on 14 March 1998" states the year too (fusion cuts it to the year).

    >>> fits("1998", "date"), fits("1998-02-30", "date"), fits("about 1998", "gYear")
    (True, False, False)
    """
    if datatype in DATE_DATATYPES:
        return date_datatype(value) is not None
    form = _FORMS.get(datatype)
    return datatype in ("string", ANY_LITERAL) or (form is not None and form.fullmatch(value) is not None)


def date_datatype(value: str) -> str | None:
    """Return the datatype that an ISO date of any precision has by its form, None for what is no date of the calendar."""
    if (found := _PARTIAL_DATE.fullmatch(value)) is None:
        return None
    if found["month"] is None:
        return "gYear"
    year, month = int(found["year"]), int(found["month"])
    if not 1 <= month <= 12:
        return None
    if found["day"] is None:
        return "gYearMonth"
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = 28 if month == 2 and not leap else _DAYS[month - 1]
    if not 1 <= int(found["day"]) <= days:
        return None
    return "date" if found["time"] is None else "dateTime"
