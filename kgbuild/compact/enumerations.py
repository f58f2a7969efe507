"""Enumerations: of "for the Amiga, the Atari ST and MS-DOS", what is said of one name is said of all."""

import re

from kgbuild.records import Span

_CAPITAL = "".join(filter(str.isupper, map(chr, range(0x530))))  # Latin, Greek and Cyrillic
_WORD = rf"(?:[{_CAPITAL}0-9][\w'’/+-]*(?:\.\w+)+|[{_CAPITAL}]\.|[{_CAPITAL}0-9](?:[\w'’/+-]*\w)?)"
_FUNCTION_WORD = r"(?:After|Although|As|At|Before|Both|By|During|For|From|In|On|Since|When|While|With)\b"
_YEAR = rf"\d+(?![\w/-]|[ ][{_CAPITAL}])"  # or a number, but no "3 Doors Down"
_NAME = rf"(?!{_FUNCTION_WORD}|{_YEAR})(?P<name>{_WORD}(?:[ ](?:(?:of|the|de|von|van|&)[ ])*{_WORD})*)"
_ARTICLE = r"(?:(?:the|an?)[ ])?"
_BETWEEN = r"(?P<between>,?[ ](?:and|as[ ]well[ ]as)[ ]|,[ ])"
_AFTER = re.compile(_BETWEEN + _ARTICLE + _NAME)
_BEFORE = re.compile(rf"(?<![\w.]){_NAME}{_BETWEEN}{_ARTICLE}$")
_COMMA = ", "
_LONGEST = 100
"""Characters that a name and what parts it from the next may have."""


def enumerated(text: str, name: Span) -> tuple[Span, ...]:
    """Return the other names of the enumeration that a name is part of; none where it is in none.

    Commas alone make none, as places lie in one another ("Paris, Texas"). A comma before the "and" of two may begin another clause,
    and what is said of "one or the other" is said of neither.

    >>> text = "It runs on MS-DOS, the Amiga, and the Atari ST."
    >>> [span.of(text) for span in enumerated(text, Span(23, 28))]
    ['MS-DOS', 'Atari ST']
    """
    names: list[Span] = []
    separators: list[str] = []
    start, end = name.start, name.end
    while (found := _BEFORE.search(text, max(0, start - _LONGEST), start)) and (not separators or found["between"] == _COMMA):
        start = found.start("name")
        names.insert(0, Span(*found.span("name")))
        separators.insert(0, found["between"])
    while (not separators or separators[-1] == _COMMA) and (found := _AFTER.match(text, end)):
        end = found.end()
        names.append(Span(*found.span("name")))
        separators.append(found["between"])
    if not separators or separators[-1] == _COMMA or (len(separators) == 1 and separators[0].startswith(",")):
        return ()
    return tuple(names)


def listed_together(text: str, one: Span, other: Span) -> bool:
    """Tell whether two mentions are names of one enumeration: it sets none of them apart from the others, as owner or parent.

    Two with a comma between them may be a place and the one around it.

    >>> text = "Acme makes the Falcon, the Kestrel and the Merlin."
    >>> falcon, kestrel, merlin = Span(15, 21), Span(27, 34), Span(43, 49)
    >>> listed_together(text, falcon, merlin), listed_together(text, merlin, kestrel), listed_together(text, Span(0, 4), merlin)
    (True, True, False)
    """
    first, second = sorted((one, other))
    return text[first.end : second.start] != ", " and second in enumerated(text, first)
