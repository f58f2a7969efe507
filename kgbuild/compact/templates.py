"""Sentences made from `templates.txt`: for properties that no public data teaches, and sentences that state several facts, or none.

A line is a sentence with slots, a tab, and what it states: subject slot, property, object slot, between semicolons. A slot's
letters say what fills it, its number tells slots of one kind apart.
"""

import random
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from kgbuild.compact.examples import Example, Statement
from kgbuild.records import Span

SOURCE = "templates"
_SLOT = re.compile(r"\{([a-z]+)(\d)\}")

# fmt: off
FROM_STATEMENTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "p": (("object", "P57"), ("object", "P161"), ("object", "P50"), ("object", "P86"), ("subject", "P569"), ("object", "P112")),
    "c": (
        ("subject", "P112"), ("subject", "P749"), ("subject", "P169"), ("object", "P272"), ("object", "P123"), ("object", "P178"),
    ),
    "ct": (("object", "P159"), ("object", "P19"), ("object", "P740")),
    "rg": (("object", "P131"),),
    "u": (("object", "P69"),),
    "w": (("subject", "P57"), ("subject", "P50"), ("subject", "P175"), ("subject", "P674")),
    "aw": (("object", "P166"),),
    "pa": (("object", "P102"),),
    "ge": (("object", "P136"),),
    "la": (("object", "P1412"), ("object", "P407")),
    "ri": (("object", "P177"), ("subject", "P403")),
    "br": (("subject", "P177"),),
    "mo": (("object", "P706"),),
    "pl": (("object", "P400"),),
}
"""Which arguments of the public examples fill a slot."""

LISTED: Mapping[str, tuple[str, ...]] = {
    "in": (
        "steel", "software", "insurance", "automotive", "pharmaceutical", "retail", "banking", "aerospace", "chemical", "energy",
        "textile", "logistics", "semiconductor", "biotechnology", "media", "telecommunications", "mining", "food", "furniture",
        "construction", "shipping", "video game", "publishing", "oil and gas", "health care", "machine tool", "paper",
    ),
    "ex": (
        "New York Stock Exchange", "London Stock Exchange", "Frankfurt Stock Exchange", "Nasdaq", "Tokyo Stock Exchange", "NYSE",
        "Euronext Paris", "Hong Kong Stock Exchange", "Toronto Stock Exchange", "SIX Swiss Exchange", "Oslo Stock Exchange",
        "Australian Securities Exchange", "Johannesburg Stock Exchange", "Bombay Stock Exchange", "NASDAQ", "Milan Stock Exchange",
    ),
    "pr": (
        "Falcon 9", "Model T", "ThinkPad", "A320", "Galaxy S5", "Walkman", "Corolla", "XC90", "Kindle", "PlayStation", "Vespa",
        "Leica M3", "747", "iPhone", "Polo", "Roomba", "Post-it note", "Game Boy", "Surface Pro", "Civic", "Trabant", "MIR-200",
        "Aspirin", "Lumia 920", "Beetle", "Titan X", "Boeing 737", "Ariane 5", "Tornado", "Nova 3", "LX-80", "Sprinter",
    ),
    "co": (
        "Argentina", "Australia", "Austria", "Bangladesh", "Belgium", "Bolivia", "Brazil", "Bulgaria", "Canada", "Chile",
        "China", "Colombia", "Croatia", "Cuba", "Denmark", "Ecuador", "Egypt", "Estonia", "Ethiopia", "Finland", "France",
        "Germany", "Ghana", "Greece", "Hungary", "Iceland", "India", "Indonesia", "Iran", "Ireland", "Israel", "Italy",
        "Japan", "Kenya", "Latvia", "Lithuania", "Malaysia", "Mexico", "Morocco", "Nepal", "the Netherlands", "New Zealand",
        "Nigeria", "Norway", "Pakistan", "Peru", "Poland", "Portugal", "Romania", "Russia", "Senegal", "Serbia", "Slovakia",
        "Slovenia", "South Africa", "South Korea", "Spain", "Sweden", "Switzerland", "Thailand", "Tunisia", "Turkey",
        "Uganda", "Ukraine", "the United Kingdom", "the United States", "Uruguay", "Venezuela", "Vietnam", "Zambia",
    ),
    "po": (
        "President", "Prime Minister", "mayor", "governor", "Senator", "foreign minister", "Minister of Finance", "Chancellor",
        "Speaker of the House", "Member of Parliament", "Attorney General", "Secretary of State", "Vice President", "judge",
        "ambassador", "treasurer", "Minister of Education", "First Minister", "city councillor", "Chief Justice",
    ),
    "cn": ("Africa", "Asia", "Europe", "South America", "North America", "Oceania"),
}
# fmt: on
_MONTHS = "January February March April May June July August September October November December".split()


def fillers(examples: Sequence[Example]) -> Mapping[str, tuple[str, ...]]:
    """Collect what fills each kind of slot."""
    arguments: dict[tuple[str, str], set[str]] = defaultdict(set)
    for example in examples:
        for s in example.statements:
            arguments["subject", s.predicate].add(s.subject.of(example.text))
            arguments["object", s.predicate].add(s.object.of(example.text))
    collected = dict(LISTED)
    for kind, places in FROM_STATEMENTS.items():
        words = {w for place in places for w in arguments[place] if 3 < len(w) < 40 and (w[0].isupper() or kind == "ge")}
        collected[kind] = tuple(sorted(w for w in words if not any(character.isdigit() for character in w)))
    return collected


def _filled(kind: str, words: Mapping[str, Sequence[str]], rng: random.Random) -> str:
    year = str(rng.randint(1850, 2024))
    match kind:
        case "y":
            return year
        case "my":
            return f"{rng.choice(_MONTHS)} {year}"
        case "d":
            day, month = rng.randint(1, 28), rng.choice(_MONTHS)
            return rng.choice((f"{day} {month} {year}", f"{month} {day}, {year}"))
        case "n":
            return f"{rng.randint(1, 999) * 10 ** rng.randint(2, 4):,}"
        case "mm":
            unit = rng.choice(("million", "billion"))
            return rng.choice((f"${rng.randint(2, 900)} {unit}", f"€{rng.randint(1, 90)}.{rng.randint(1, 9)} {unit}"))
        case "ar":
            return rng.choice((f"{rng.randint(12, 990)} km²", f"{rng.randint(1, 900)},{rng.randint(100, 999)} square kilometres"))
        case "el":
            return rng.choice((f"{rng.randint(20, 990)} metres", f"{rng.randint(1, 8)},{rng.randint(100, 999)} m"))
        case _:
            return rng.choice(words[kind])


def read_templates(path: Path) -> tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]:
    """Return each sentence with the (subject slot, property, object slot) that it states."""
    rows = [line.partition("\t") for line in path.read_text("utf-8").splitlines() if line]
    parsed = [(sentence, [tuple(part.split()) for part in facts.split(";") if part.strip()]) for sentence, _, facts in rows]
    return tuple((sentence, tuple((s, p, o) for s, p, o in facts)) for sentence, facts in parsed)


def made(
    templates: Sequence[tuple[str, tuple[tuple[str, str, str], ...]]],
    words: Mapping[str, Sequence[str]],
    count: int,
    rng: random.Random,
) -> list[Example]:
    """Fill `count` templates drawn at random."""
    examples: list[Example] = []
    for number in range(count):
        sentence, facts = rng.choice(templates)
        text, at = "", 0
        spans: dict[str, Span] = {}
        for slot in _SLOT.finditer(sentence):
            text += sentence[at : slot.start()]
            word = _filled(slot[1], words, rng)
            spans[slot[1] + slot[2]] = Span(len(text), len(text) + len(word))
            text += word
            at = slot.end()
        text += sentence[at:]
        statements = tuple(Statement(spans[s], p, spans[o]) for s, p, o in facts)
        examples.append(Example(f"template#{number}", text, statements, tuple(sorted(spans.values())), SOURCE))
    return examples
