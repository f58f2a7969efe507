"""When a fact holds: the times that its qualifiers give, and whether two such times overlap."""

from collections.abc import Iterable
from functools import lru_cache

from kgbuild.judging.datatypes import date_datatype
from kgbuild.records import Fact, Qualifier

_START = frozenset({"start", "start_date", "start_time", "start_year", "valid_from", "since"})
_END = frozenset({"end", "end_date", "end_time", "end_year", "valid_to", "until"})
_BOTH = frozenset({"point_in_time"})


def validity(qualifiers: Iterable[Qualifier]) -> tuple[str | None, str | None]:
    """Return from when to when a fact holds, as ISO dates of any precision; None where no qualifier says, or none says a date.

    Where several say so, the earliest start and the latest end count; neither does if the end lies before the start.
    """
    starts: list[str] = []
    ends: list[str] = []
    for qualifier in qualifiers:
        name = "_".join(qualifier.name.casefold().replace("-", " ").replace("_", " ").split())
        if date_datatype(qualifier.value.value) is not None:
            starts += [qualifier.value.value] * (name in _START | _BOTH)
            ends += [qualifier.value.value] * (name in _END | _BOTH)
    start, end = min(starts, default=None, key=_order), max(ends, default=None, key=_order)
    backwards = _is_over(end, start) and not _is_over(start, end)
    return (None, None) if backwards else (start, end)


def started_by(one: Fact, other: Fact) -> bool:
    """Tell whether `one` holds from as early as `other` on."""
    if one.valid_from is None or other.valid_from is None:
        return one.valid_from is None
    return _order(one.valid_from) <= _order(other.valid_from)


def overlap(one: Fact, other: Fact) -> bool:
    """Tell whether both facts can hold at one time. An unknown start or end can be any.

    A term that ends in 2000 and one that starts in 2000 follow one another; two facts of the very same time do overlap.
    """
    if (one.valid_from, one.valid_to) == (other.valid_from, other.valid_to):
        return True
    return not (_is_over(one.valid_to, other.valid_from) or _is_over(other.valid_to, one.valid_from))


def _is_over(end: str | None, start: str | None) -> bool:
    """Tell whether what ends at `end` is over when the other starts, taking dates that may be equal as equal."""
    if end is None or start is None:
        return False
    precision = min(len(_order(end)), len(_order(start)))
    return _order(end)[:precision] <= _order(start)[:precision]


@lru_cache(maxsize=50_000)  # facts of one group are compared each with each
def _order(date: str) -> tuple[int | str, ...]:
    """Return year, month, day and time, as far as the date says; comparable, years before 1 included."""
    day, _, time = date.partition("T")
    sign, digits = (-1, day[1:]) if day.startswith("-") else (1, day)
    year, *rest = (int(part) for part in digits.split("-"))
    return sign * year, *rest, *([time] if time else [])
