from itertools import product

import pytest

from kgbuild.fusion.fuse import fuse
from kgbuild.fusion.validity import overlap
from kgbuild.records import Fact
from tests.fusion.claims import claim, entities_of


def fact(**times: str) -> Fact:
    claims = [claim("Ada", "employer", "Acme", **times)]
    (found,) = fuse(claims, entities_of(claims), {}, None)
    return found


@pytest.mark.parametrize(
    ("qualifiers", "valid_from", "valid_to"),
    [
        ({}, None, None),
        ({"start": "2019^gYear"}, "2019", None),
        ({"start": "2019-05-01^date", "end": "2021^gYear"}, "2019-05-01", "2021"),
        # Wikidata's names count too, in any of their spellings.
        ({"start time": "2019^gYear", "End-Time": "2021^gYear"}, "2019", "2021"),
        ({"point_in_time": "2019^gYear"}, "2019", "2019"),
        # A qualifier of another name, or that is no date, gives no time.
        ({"role": "2019^gYear"}, None, None),
        ({"start": "the war^string"}, None, None),
        # Of several the widest, by the calendar and not by the alphabet.
        ({"start": "2019^gYear", "valid_from": "2018-12-31^date"}, "2018-12-31", None),
        ({"start": "-0044^gYear", "since": "-0100^gYear"}, "-0100", None),
        # A time that ends before it starts is none; one that may do so, to the precision that is known, is one.
        ({"start": "2005^gYear", "end": "2000^gYear"}, None, None),
        ({"start": "-0044^gYear", "end": "-0100^gYear"}, None, None),
        ({"start": "2005-06^gYearMonth", "end": "2005^gYear"}, "2005-06", "2005"),
    ],
)
def test_the_time_a_fact_holds_is_read_from_its_qualifiers(qualifiers, valid_from, valid_to):
    found = fact(**qualifiers)
    assert (found.valid_from, found.valid_to) == (valid_from, valid_to)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        # Unknown may be any time.
        (("", ""), ("", ""), True),
        (("", ""), ("1990", "1995"), True),
        (("1990", ""), ("1995", ""), True),
        (("1990", "1995"), ("1993", "1999"), True),
        (("1990", "1995"), ("1996", "1999"), False),
        # One that ends when the other starts is followed by it, to the precision that is known.
        (("1990", "1995"), ("1995", "1999"), False),
        (("1990", "1995"), ("1995-06", "1999"), False),
        (("1990", "1995-06-30"), ("1995", "1999"), False),
        (("1990", "1995-06-30"), ("1995-05", "1999"), True),
        # Two of the same time overlap, however short it is.
        (("1995", "1995"), ("1995", "1995"), True),
        (("1995", "1995"), ("1990", "1999"), True),
        # Years before 1 are counted backwards.
        (("-0100", "-0044"), ("-0050", "-0030"), True),
        (("-0100", "-0050"), ("-0044", "-0030"), False),
    ],
)
def test_times_overlap_or_not(one, other, expected):
    first, second = (
        fact(**{name: f"{date}^date" for name, date in zip(("start", "end"), times, strict=True) if date}) for times in (one, other)
    )
    assert overlap(first, second) is overlap(second, first) is expected


def test_times_overlap_as_the_sets_of_their_years_do():
    # Whole years, where no two times only touch: compared with the years themselves.
    years = [(start, end) for start, end in product(range(2000, 2006), repeat=2) if start < end]
    facts = {(start, end): fact(start=f"{start}^gYear", end=f"{end}^gYear") for start, end in years}
    for one, other in product(years, repeat=2):
        assert overlap(facts[one], facts[other]) is bool(set(range(*one)) & set(range(*other)))
