"""Sentences made from `templates.txt`: for properties that no public data teaches, and sentences that state several facts, or none.

A line is a sentence with slots, a tab, and what it states: subject slot, property, object slot, between semicolons. A slot's
letters say what fills it: words of `template_words.txt`, names from the public examples, dates and numbers made up. Its number
tells slots of one kind apart.
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
# fmt: on
"""Which arguments of the public examples fill a slot."""
INVENTED_FIRMS = 0.4
"""Share of organisations that are called by somebody's last name and what a firm's name ends in."""
_MONTHS = "January February March April May June July August September October November December".split()


def read_words(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Read lines of a slot's letters, a tab, and the words that fill it, between semicolons."""
    rows = (line.partition("\t") for line in path.read_text("utf-8").splitlines())
    return {kind: tuple(word.strip() for word in words.split(";")) for kind, _, words in rows}


def fillers(examples: Sequence[Example], listed: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """Collect what fills each kind of slot: the words listed, and arguments of the examples."""
    arguments: dict[tuple[str, str], set[str]] = defaultdict(set)
    for example in examples:
        for s in example.statements:
            arguments["subject", s.predicate].add(s.subject.of(example.text))
            arguments["object", s.predicate].add(s.object.of(example.text))
    collected = dict(listed)
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
        case "c" if rng.random() < INVENTED_FIRMS:
            return f"{rng.choice(words['p']).split()[-1]} {rng.choice(words['cs'])}"
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
        drawn: set[str] = set()
        for slot in _SLOT.finditer(sentence):
            text += sentence[at : slot.start()]
            word = _filled(slot[1], words, rng)
            while word in drawn:  # no country has a border with itself
                word = _filled(slot[1], words, rng)
            drawn.add(word)
            spans[slot[1] + slot[2]] = Span(len(text), len(text) + len(word))
            text += word
            at = slot.end()
        text += sentence[at:]
        statements = tuple(Statement(spans[s], p, spans[o]) for s, p, o in facts)
        examples.append(Example(f"template#{number}", text, statements, tuple(sorted(spans.values())), SOURCE))
    return examples
