"""How WebNLG's gold writes what a text says, learnt from sentences whose triples are known.

It takes names and values from DBpedia: "Auburn,_Alabama" where a text has Auburn, "1988-11-22" in quotes, "4.0 (kilograms)".
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from benchmarks.placing import BRACKETS, UNIT, number_in, placed, plain
from kgbuild.compact.literals import find_literals
from kgbuild.evaluation.gold import GoldSentence
from kgbuild.evaluation.text2kgbench import triple_key
from kgbuild.records import Literal

_YEAR = re.compile(r"\d{4}")
_LEAST_NAMES = 4
"""Names of a kind from which their brackets count as its habit."""


WAYS = (
    "name", "quoted name", "name and ending", "words", "quoted words", "value", "quoted value", "first of January", "whole",
    "quoted whole", "whole with unit", "decimal", "decimal with unit", "decimal value", "decimal value with unit",
)  # fmt: skip


@dataclass(frozen=True)
class Writing:
    """How the gold writes.

    names: by the words for them; by_label: the same for the objects of one property, (label, words) -> name.
    spellings: (word, place in the name) -> the word as names have it. dotted: whether an initial in a name has its dot.
    brackets: (ontology, is one word) -> what most subjects of the kind have in brackets.
    ways: for each property the one of WAYS that fits its objects most often; ways_of: for kinds of literals, where a property has
    none. units, endings: what most objects of a property have in brackets, and after the words for them.
    """

    names: Mapping[str, str]
    by_label: Mapping[tuple[str, str], str]
    spellings: Mapping[tuple[str, str], str]
    dotted: bool
    brackets: Mapping[tuple[str, bool], str]
    ways: Mapping[str, str]
    ways_of: Mapping[str, str]
    units: Mapping[str, str]
    endings: Mapping[str, str]

    def subject(self, ontology: str, words: str) -> str:
        if known := self.names.get(words.casefold()):
            return known
        bracket = self.brackets.get((ontology, " " not in words))
        return self.spelt(words) + (f" ({bracket})" if bracket else "")

    def object(self, label: str, words: str, literal: Literal | None) -> str:
        way = self.ways.get(label) or self.ways_of.get(_kind(literal), "name")
        return self.by_label.get((label, words.casefold())) or self.written(way, label, words, literal)

    def written(self, way: str, label: str, words: str, literal: Literal | None) -> str:
        number, value = number_in(words), literal.value if literal else words
        match way.removeprefix("quoted ").removesuffix(" with unit"):
            case "name":
                said = self.names.get(words.casefold()) or self.spelt(words)
            case "name and ending":
                said = self.names.get(words.casefold()) or self.spelt(words) + self.endings.get(label, "")
            case "value":
                said = value
            case "first of January":
                said = f"{value}-01-01" if _YEAR.fullmatch(value) else value
            case "whole" if number is not None:
                said = f"{number:.0f}"
            case "decimal" if number is not None:
                said = f"{number}"
            case "decimal value" if (exact := number_in(value)) is not None:
                said = f"{exact}"
            case _:
                said = words
        if way.endswith(" with unit") and label in self.units:
            said = f"{said} ({self.units[label]})"
        return f'"{said}"' if way.startswith("quoted") else said

    def spelt(self, words: str) -> str:
        parts = words.split()
        return " ".join(
            f"{part}." if self.dotted and _is_initial(parts, at) else self.spellings.get((part, _place(at, len(parts))), part)
            for at, part in enumerate(parts)
        )


def _is_initial(parts: Sequence[str], at: int) -> bool:
    """Tell whether a word is one letter between two names; A is an article, I a number."""
    letter = re.fullmatch(r"[B-HJ-Z]", parts[at]) is not None
    return letter and 0 < at < len(parts) - 1 and parts[at - 1][0].isupper() and parts[at + 1][0].isupper()


def _place(at: int, of: int) -> str:
    return "first" if at == 0 else "last" if at == of - 1 else "middle"


def _kind(literal: Literal | None) -> str:
    return literal.datatype if literal and literal.datatype != "string" else "words"


def _squashed(words: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", words).casefold() if c.isalnum())


def writing_of(sentences: Mapping[str, Sequence[GoldSentence]]) -> Writing:
    """Learn how the gold writes from sentences, by ontology."""
    names: dict[str, Counter[str]] = defaultdict(Counter)
    by_label: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    units: dict[str, Counter[str]] = defaultdict(Counter)
    endings: dict[str, Counter[str]] = defaultdict(Counter)
    objects: list[tuple[str, str, Literal | None, str]] = []
    spelt: set[tuple[str, str, str, str]] = set()
    subjects: set[tuple[str, str]] = set()
    for ontology, rows in sentences.items():
        for sentence in rows:
            literals = find_literals(sentence.text)
            at = {literal.span: literal for literal in literals}
            for subject, label, object_ in sentence.triples:
                subjects.add((ontology, plain(subject)))
                if unit := UNIT.search(plain(object_)):
                    units[label][unit[1]] += 1
                spans = placed(sentence.text, subject, object_, literals)
                for name, span in zip((subject, object_), spans, strict=True):
                    if span is not None and not name.startswith('"') and not span.of(sentence.text)[0].isdigit():
                        words = span.of(sentence.text)
                        names[words.casefold()][name] += 1
                        spelt.update((name, *spelling) for spelling in _spellings(words, name))
                if spans[1] is not None:
                    words = spans[1].of(sentence.text)
                    objects.append((label, words, at.get(spans[1]), object_))
                    by_label[label, words.casefold()][object_] += 1
                    if plain(object_).casefold().startswith(words.casefold()):
                        endings[label][plain(object_)[len(words) :]] += 1
    spellings: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for _, part, place, spelling in spelt:
        spellings[part, place][spelling] += 1
    dots = [spelling.endswith(".") for _, part, place, spelling in spelt if len(part) == 1 and place == "middle"]
    brackets: dict[tuple[str, bool], Counter[str]] = defaultdict(Counter)
    for ontology, name in subjects:
        bracket = UNIT.search(name)
        brackets[ontology, " " not in UNIT.sub("", name)][bracket[1] if bracket else ""] += 1
    habits = {kind: counter for kind, counter in brackets.items() if counter.total() >= _LEAST_NAMES}
    learnt = Writing(
        names={},  # a way is judged by what it makes of new names
        by_label={},
        spellings={place: word for place, word in _usual(spellings).items() if not word.endswith(",")},
        dotted=2 * sum(dots) > len(dots),
        brackets={kind: bracket for kind, bracket in _usual(habits).items() if bracket},
        ways={},
        ways_of={},
        units={label: _commonest(counter) for label, counter in units.items()},
        endings={label: _commonest(counter) for label, counter in endings.items()},
    )
    return replace(
        learnt,
        names={words: _commonest(counter) for words, counter in names.items()},
        by_label={place: _commonest(counter) for place, counter in by_label.items()},
        ways=_ways(learnt, objects, lambda label, literal: label),
        ways_of=_ways(learnt, objects, lambda label, literal: _kind(literal)),
    )


Kind = TypeVar("Kind")
Object = tuple[str, str, Literal | None, str]
"""Property, words, what they are worth, and the gold's writing of it."""


def _ways(learnt: Writing, objects: Sequence[Object], of: Callable[[str, Literal | None], str]) -> dict[str, str]:
    groups: dict[str, list[Object]] = defaultdict(list)
    for each in set(objects):
        groups[of(each[0], each[2])].append(each)

    def fits(way: str, group: Sequence[Object]) -> int:
        return sum(_same(learnt.written(way, label, words, literal), gold) for label, words, literal, gold in group)

    return {name: max(WAYS, key=lambda way: fits(way, group)) for name, group in groups.items()}


def _same(a: str, b: str) -> bool:
    return triple_key(("", "", a)) == triple_key(("", "", b))


def _spellings(words: str, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield (word, place, spelling) where a name differs from the words for it in dots, accents and the like alone."""
    parts, spelt = words.split(), BRACKETS.sub("", plain(name)).split()
    if len(parts) == len(spelt) and all(_squashed(a) == _squashed(b) for a, b in zip(parts, spelt, strict=True)):
        for at, (part, spelling) in enumerate(zip(parts, spelt, strict=True)):
            yield part, _place(at, len(parts)), spelling


def _commonest(counter: Counter[str]) -> str:
    return min(counter, key=lambda name: (-counter[name], name))


def _usual(counters: Mapping[Kind, Counter[str]]) -> dict[Kind, str]:
    """Return what more than half of each count is."""
    best = {key: _commonest(counter) for key, counter in counters.items()}
    return {key: name for key, name in best.items() if 2 * counters[key][name] > counters[key].total()}
