"""When two literals state the same value, and when they can both be true."""

import unicodedata
from collections.abc import Sequence

from kgbuild.judging.datatypes import DATE_DATATYPES, date_datatype, fits
from kgbuild.ontology.model import ANY_LITERAL
from kgbuild.records import Literal, LiteralValue


def canonical(literal: Literal, declared: Sequence[str] = ()) -> tuple[str, str]:
    """Return value and datatype such that two literals state the same exactly when both are equal.

    declared: the property's datatypes; the literal takes the first that it fits, of those akin to its own if there are any. A date
    keeps the precision it was written with, up to the finest that is declared. Where nothing is declared, a whole number is an
    integer.

    >>> canonical(Literal(None, "1,500.0", "1500.0", "decimal"))
    ('1500', 'integer')
    >>> canonical(Literal(None, "14 March 1998", "1998-03-14", "date"), ["gYear"])
    ('1998', 'gYear')
    """
    wanted = () if ANY_LITERAL in declared else declared
    alike_first = sorted(wanted, key=lambda name: _kind(name) != _kind(literal.datatype))
    datatype = next((name for name in alike_first if fits(literal.value, name)), literal.datatype)
    if datatype in DATE_DATATYPES and date_datatype(literal.value) is not None:
        finest = max((name for name in wanted if name in DATE_DATATYPES), key=DATE_DATATYPES.index, default="dateTime")
        return _cut(literal.value, finest)
    if _kind(datatype) == "number" and fits(literal.value, "decimal"):
        value = _plain_number(literal.value)
        possible = ("decimal",) if "." in value else ("integer", "decimal")
        return value, next((name for name in wanted if name in possible), possible[0])
    if datatype == "boolean":
        return {"1": "true", "0": "false"}.get(literal.value, literal.value), datatype
    return " ".join(unicodedata.normalize("NFC", literal.value).split()), datatype


def refines(one: LiteralValue, other: LiteralValue) -> bool:
    """Tell whether `one` is the same date as `other`, known more precisely: 1998-03-14 refines 1998."""
    if one.datatype not in DATE_DATATYPES or other.datatype not in DATE_DATATYPES:
        return False
    rest = one.value.removeprefix(other.value)
    return len(rest) < len(one.value) and rest.startswith(("-", "T"))


def compatible(one: LiteralValue, other: LiteralValue) -> bool:
    """Tell whether both can be the one value of a functional property."""
    if (one.value, one.datatype) == (other.value, other.datatype) or refines(one, other) or refines(other, one):
        return True
    return one.datatype == other.datatype == "string" and one.value.casefold() == other.value.casefold()


def _kind(datatype: str) -> str:
    if datatype in DATE_DATATYPES:
        return "date"
    return "number" if datatype in ("integer", "decimal") else datatype


def _cut(date: str, finest: str) -> tuple[str, str]:
    """Return the date with what is finer than the datatype left off."""
    while (datatype := date_datatype(date)) is not None and DATE_DATATYPES.index(datatype) > DATE_DATATYPES.index(finest):
        date = date.partition("T")[0] if datatype == "dateTime" else date.rpartition("-")[0]
    return date, datatype or "gYear"


def _plain_number(number: str) -> str:
    """Return the number without plus sign, leading and trailing zeros, by characters, so that no digit is lost to rounding."""
    sign, digits = ("-", number[1:]) if number.startswith("-") else ("", number.removeprefix("+"))
    whole, _, fraction = digits.partition(".")
    whole, fraction = whole.lstrip("0") or "0", fraction.rstrip("0")
    value = f"{whole}.{fraction}" if fraction else whole
    return value if value == "0" else sign + value
