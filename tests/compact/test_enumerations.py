"""Which names an enumeration holds besides the one that is known, and which two stand in one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.compact.enumerations import enumerated, listed_together
from kgbuild.records import Span


def others(text, name):
    start = text.index(name)
    return [span.of(text) for span in enumerated(text, Span(start, start + len(name)))]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        # Before and after it, with articles, with and without a comma before the last.
        ("It runs on MS-DOS, the Amiga, and the Atari ST.", "Amiga", ["MS-DOS", "Atari ST"]),
        ("By Evan Roth, Theo Watson and Chris Sugrue.", "Chris Sugrue", ["Evan Roth", "Theo Watson"]),
        ("She wrote for the BBC as well as Channel 4.", "BBC", ["Channel 4"]),
        # What a name may be made of.
        ("For the 990/10, 990/10A and 990/12.", "990/12", ["990/10", "990/10A"]),
        ("By G. D. Madgulkar and Sudhir Phadke.", "Sudhir Phadke", ["G. D. Madgulkar"]),
        ("They are T.O.P, Teddy and the Lab of Art & Technology.", "Teddy", ["T.O.P", "Lab of Art & Technology"]),
        ("Offices in Łódź, Ústí and Órgiva.", "Ústí", ["Łódź", "Órgiva"]),
        ("With 3 Doors Down and Évora.", "Évora", ["3 Doors Down"]),
        # It ends with its last name, whatever stands behind that.
        ("Xbox, Windows and Wii versions, and Linux.", "Windows", ["Xbox", "Wii"]),
        ("Sold for Amiga and Atari ST and PC.", "Atari ST", ["Amiga"]),
        # Places that lie in one another.
        ("Born in Paris, Texas.", "Paris", []),
        ("Born in Springwells, Wayne County, Michigan.", "Wayne County", []),
        # One or the other, nobody knows which.
        ("It is by Falk or Ohm.", "Ohm", []),
        ("It is by Ada, Falk or Ohm.", "Falk", []),
        # Another clause, another verb, another kind of thing.
        ("It is by Bob Smith, and Alice Jones sang it.", "Bob Smith", []),
        ("Designed by David Joiner and published by MicroIllusions.", "David Joiner", []),
        ("It came to Japan in 1982 and 1984, and Europe.", "Japan", []),
        # The sentence that it begins.
        ("In 2011, Cyan Worlds and OpenUru.org announced it.", "Cyan Worlds", ["OpenUru.org"]),
        ("In Paris and London they sang.", "London", ["Paris"]),
        ("Paris", "Paris", []),
    ],
)
def test_the_other_names_are_found(text, name, expected):
    assert others(text, name) == expected


NAMES = st.lists(st.sampled_from(["Ada", "Bolt Labs", "C. D. Falk", "PDP-10", "T.O.P", "Élan"]), min_size=2, unique=True)


@given(NAMES, st.sampled_from(["and", "as well as"]), st.booleans(), st.sampled_from(["", "the "]))
def test_each_name_finds_all_the_others_in_their_order(names, conjunction, oxford, article):
    *first, last = [article + name for name in names]
    comma = "," if oxford and len(names) > 2 else ""
    text = f"it was known to {', '.join(first)}{comma} {conjunction} {last} from then on."
    for name in names:
        assert others(text, name) == [other for other in names if other != name]


@given(st.text("AbC 1,.&-", max_size=30), st.integers(0, 29), st.integers(1, 9))
def test_no_name_overlaps_another(text, start, length):
    span = Span(start, start + length)
    if span.end <= len(text):
        found = [*enumerated(text, span), span]
        assert all(a == b or not a.overlaps(b) for a in found for b in found)
        assert all(0 <= a.start < a.end <= len(text) for a in found)


@pytest.mark.parametrize(
    ("text", "one", "other", "expected"),
    [
        # What is said of one name of an enumeration is said of all: it does not make one of them the owner or parent of another.
        ("Volvo owns Mack, Renault Trucks and Eicher.", "Mack", "Eicher", True),
        ("Volvo owns Mack, Renault Trucks and Eicher.", "Eicher", "Renault Trucks", True),
        ("Volvo owns Mack as well as Eicher.", "Mack", "Eicher", True),
        # Whom it says it of is none of its names.
        ("Volvo owns Mack, Renault Trucks and Eicher.", "Volvo", "Eicher", False),
        ("Volvo owns Mack and its maker Eicher.", "Mack", "Eicher", False),
        # Of two with a comma between them one may lie in the other.
        ("It is sold in Turin, Italy, and Lyon.", "Turin", "Italy", False),
        ("It is sold in Turin, Italy, and Lyon.", "Italy", "Lyon", True),
    ],
)
def test_names_listed_together_are_known(text, one, other, expected):
    a, b = (Span(text.index(words), text.index(words) + len(words)) for words in (one, other))
    assert listed_together(text, a, b) is listed_together(text, b, a) is expected
