"""Ontology + chunk -> the grammar, or the JSON schema, that a reply must satisfy.

    [{"sentence":3,"subject":"Ada","subject_class":"Person","property":"place_of_birth","object":"London","object_class":"City"}]

What holds of every reply by construction: it is JSON without free white space; classes and property are a combination that the
ontology allows, subclasses included; subject, object and qualifiers are whole words of one sentence, copied; an object without
`object_class` is a literal and reads as the property's datatype. `[]` is always allowed: nothing has to be made up.

The evidence comes first (E2G, "evidence first, then the triple") and is the number of a sentence: as binding as its text and as
verbatim, since the sentences are numbered in the prompt, but a token instead of thirty, and no second copy that could go wrong.
Source: Ma et al., "E2G: Evidence to Generate", 2024.

A grammar holds only what the server masks step by step: a model can still be led into a span that it did not mean. So judging
follows as for any other extractor.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import groupby

from kgbuild.compact.literals import find_literals, normalise
from kgbuild.extraction.grounding import UNSPACED, Flattened
from kgbuild.extraction.wording import called
from kgbuild.judging.datatypes import fits
from kgbuild.ontology.model import ANY_LITERAL, TIMES, Ontology

MAX_TRIPLES = 40
"""Triples in one reply; who reaches the bound may have had more to say, and is asked about half of the text at a time."""

MAX_SPAN_WORDS = 12
MAX_ENUM_WORDS = 5
MAX_ENUM_CHARS = 60_000
"""Of all spans that a JSON schema lists. Servers refuse or choke on longer lists; a plain schema follows then."""

OPEN_CLASSES = ("Person", "Organization", "Place", "Event", "Work", "Product", "Concept")
"""What subjects and objects may be where no ontology says."""

MAX_PIECE_CHARS = 60
MAX_SPELLED = 5
"""Letters of the longest number that is read as such when it is spelled out."""

_PREDICATE_LETTER = r"[\p{Ll}\p{Lo}\p{M}]"
"""Lower case, or of a script that has none."""

_TEXTUAL = frozenset({"string", ANY_LITERAL})
_PIECE = re.compile(rf"[{UNSPACED}]|\d+(?:[.,:]\d+)+|[^\W{UNSPACED}]+|.", re.DOTALL)
_RARE = re.compile("[\u0300-\u036f\u0483-\u0489\u0591-\u200f\u2028-\U0010ffff]")
"""All of UNSPACED, all that joins, and every digit but 0 to 9. A text without any is cut by simpler rules, to the same pieces."""
_NUMBER = re.compile(r"(?<!\w)[0-9]+(?:[.,:][0-9]+)+")
_IN_NUMBER = re.compile(r"[.,:](?<=[0-9].)[0-9]")

_CUT, _END_OF_RUN, _BETWEEN = "\0", "\0\n\0", '","'
"""Control characters mean something here, since a flattened text has none."""
_HELD = str.maketrans(".,:", "\x01\x02\x03")
_LET_GO = str.maketrans("\x01\x02\x03", ".,:")
_NO_MARKS = frozenset("_\0\x01\x02\x03")

_BOUND = r"""/(\\"|[\p{L}\p{N}_(«“‘„'‹［¡¿#@$€£¥§&+…~°-]).*/ & /(.*[^\s,;:(«“„‹［¡¿])/"""
"""A span begins with a word or what may open a name, and does not end in what only goes on or opens."""


@dataclass(frozen=True)
class Copyable:
    """What a reply may copy from a text: pieces that follow one another in a run, each a word, a number, a mark or a blank.

    texts: the runs, each in one: the sentences, cut where a piece is too long to be a name, such as a key or a picture in base 64.
    """

    texts: tuple[str, ...]

    @classmethod
    def of(cls, text: Flattened) -> "Copyable":
        sentences = tuple([sentence.of(text.text) for sentence in text.sentences])
        if max(map(len, text.text.split()), default=0) <= MAX_PIECE_CHARS:  # as in most texts
            return cls(sentences)
        return cls(tuple(run for sentence in cls(sentences).runs for run in _cut_at_long(sentence)))

    @cached_property
    def runs(self) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(run.split(_CUT)) for run in self._pieces.split(_END_OF_RUN)) if self.texts else ()

    @cached_property
    def has_words(self) -> bool:
        return any(map(_is_word, self.texts))

    def spans(self, max_words: int) -> tuple[str, ...]:
        """Return every run of pieces with that many words at most, each once, that begins and ends with a word."""
        found: dict[str, None] = {}
        for run in self.runs:
            words = [n for n, piece in enumerate(run) if _is_word(piece)]
            for first, at in enumerate(words):
                for last in words[first : first + max_words]:
                    found["".join(run[at : last + 1])] = None
        return tuple(found)

    def literals(self, datatype: str) -> tuple[str, ...]:
        """Return what reads as a value of a datatype, each once; texts, which are any words, have none."""
        if (known := self._literals.get(datatype)) is None:
            more: Iterable[str]
            match datatype:
                case "integer" | "decimal" | "boolean":
                    more = self._short_words
                case "anyURI":
                    more = [word.strip(".,;:!?()") for text in self.texts for word in text.split() if "." in word]
                case _:
                    more = []
            words = dict.fromkeys((*self._written, *more))
            known = self._literals[datatype] = tuple(word for word in words if _reads_as(word, datatype))
        return known

    def literals_of(self, datatypes: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for datatype in datatypes for word in self.literals(datatype)))

    def substring_chunks(self) -> str:
        """Write the pieces as a JSON list, each as it stands inside a JSON string; no span can cross the line break after a run."""
        inside = self._pieces.replace("\\", r"\\\\").replace('"', r"\\\"").replace("\n", r"\n")
        return f'["{inside.replace(_CUT, _BETWEEN)}{_BETWEEN}\\n"]'

    @cached_property
    def _pieces(self) -> str:
        """All pieces, in one string of which the rest is made in few steps: _CUT between two, a line break between two runs."""
        text = "\n".join(self.texts)
        return _cut(text) if text.isascii() or not _RARE.search(text) else _END_OF_RUN.join(map(_cut_any, self.texts))

    @cached_property
    def _literals(self) -> dict[str, tuple[str, ...]]:
        return {}

    @cached_property
    def _short_words(self) -> tuple[str, ...]:
        """What may be a number spelled out, or yes and no."""
        pieces = dict.fromkeys(self._pieces.split(_CUT))
        return tuple(piece for piece in pieces if len(piece) <= MAX_SPELLED and piece.isalpha())

    @cached_property
    def _written(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(found.text for text in self.texts for found in find_literals(text)))


@lru_cache(maxsize=65536)
def _reads_as(words: str, datatype: str) -> bool:
    """Cached: the short words of a language come back in every chunk."""
    value = normalise(words, datatype)
    return value is not None and _is_word(words) and fits(value, datatype)


def _cut_at_long(pieces: Sequence[str]) -> Iterator[str]:
    for is_long, run in groupby(pieces, lambda piece: len(piece) > MAX_PIECE_CHARS):
        if not is_long:
            yield "".join(run)


def _is_word(piece: str) -> bool:
    return any(character.isalnum() for character in piece)


def _cut(text: str) -> str:
    """Put _CUT between the pieces of a text without rare characters: around each mark, blank and line break.

    Whole texts at a time, since what a letter costs counts here: the same by a pattern for each piece takes four times as long.
    """
    has_numbers = _IN_NUMBER.search(text) is not None
    if has_numbers:
        text = _NUMBER.sub(lambda number: number[0].translate(_HELD) + _CUT, text)
    for mark in {character for character in set(text) if not character.isalnum()} - _NO_MARKS:
        text = text.replace(mark, f"{_CUT}{mark}{_CUT}")
    pieces = text.replace(_CUT + _CUT, _CUT).strip(_CUT)
    return pieces.translate(_LET_GO) if has_numbers else pieces


def _cut_any(sentence: str) -> str:
    """Put _CUT between the pieces of a sentence; marks stay with their letters, and letters around them together."""
    if not _RARE.search(sentence):
        return _cut(sentence)
    pieces: list[str] = []
    for piece in _PIECE.findall(sentence):
        kept = pieces[-1] if pieces else ""
        joins = _joins(piece[0]) or (_joins(kept[-1:]) and piece[0].isalnum() and not re.match(f"[{UNSPACED}]", piece))
        if kept and joins and _is_word(kept):
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return _CUT.join(pieces)


def _joins(character: str) -> bool:
    return character in ("\u200c", "\u200d") or unicodedata.category(character or " ").startswith("M")


@dataclass(frozen=True, slots=True)
class Signature:
    """Properties that take the same: one branch of grammar or schema for all of them. Names are those that a model reads.

    object_classes: of an object that is an entity. literals: the datatypes that an object without class may read as; None for any
    words. qualifiers: by name, the datatypes that each may read as; None for any words.
    """

    properties: tuple[str, ...]
    subject_classes: tuple[str, ...]
    object_classes: tuple[str, ...]
    literals: tuple[str, ...] | None
    qualifiers: tuple[tuple[str, tuple[str, ...] | None], ...]

    def within(self, datatypes: frozenset[str]) -> "Signature | None":
        """Return what is left of it in a text that has words for these datatypes only; None for nothing."""
        literals = None if self.literals is None else tuple(filter(datatypes.__contains__, self.literals))
        if literals == () and not self.object_classes:
            return None
        known = ((name, wanted and tuple(filter(datatypes.__contains__, wanted))) for name, wanted in self.qualifiers)
        return replace(self, literals=literals, qualifiers=tuple((name, wanted) for name, wanted in known if wanted != ()))


class Shapes:
    """The replies that an ontology allows, as a grammar or a schema for each text.

    Whatever a text decides but for its words is worked out once for all texts like it: which datatypes it has any words for.
    Under `typing: soft` every class goes with every property; datatypes hold all the same.
    """

    def __init__(self, ontology: Ontology) -> None:
        self._is_open = ontology.is_open
        self._every = tuple(_signatures(ontology))
        self._datatypes = {name for branch in self._every for wanted in _wanted(branch) for name in wanted}
        self._within = lru_cache(maxsize=256)(self._signatures_within)
        self._rules = lru_cache(maxsize=256)(self._rules_of)

    def allow(self, text: Copyable) -> bool:
        """Tell whether any triple can be made of a text."""
        return text.has_words and bool(self.signatures(text))

    def signatures(self, text: Copyable) -> tuple[Signature, ...]:
        """Return what the ontology allows of a text; a property whose literals the text does not have is left out."""
        return self._within(self._datatypes_of(text))

    def _datatypes_of(self, text: Copyable) -> frozenset[str]:
        return frozenset(name for name in self._datatypes if text.literals(name))

    def _signatures_within(self, datatypes: frozenset[str]) -> tuple[Signature, ...]:
        grouped: dict[Signature, list[str]] = {}
        for branch in self._every:
            if (left := branch.within(datatypes)) is not None:
                grouped.setdefault(replace(left, properties=()), []).extend(left.properties)
        return tuple(replace(branch, properties=tuple(names)) for branch, names in grouped.items())

    # -- Lark, in llguidance's dialect

    def grammar(self, text: Copyable, sentences: Sequence[int]) -> str | None:
        """Write the grammar of replies about a text.

        sentences: the numbers that evidence may have, counted from 1. Returns: None where the text has nothing to copy; a server
        would stop in the middle of such a reply.
        """
        if not self.allow(text) or not sentences:
            return None
        rules, words = self._rules(self._datatypes_of(text))
        values = (f"{name}: {_any_of(map(_json, text.literals_of(datatypes)))}" for name, datatypes in words)
        substring = f'SUBSTRING: %regex {{"substring_chunks": {text.substring_chunks()}}}'
        return "\n".join((*rules, f"SENTENCE: {_any_of(map(str, sentences))}", *values, substring)) + "\n"

    def _rules_of(self, datatypes: frozenset[str]) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
        """Return the rules that texts with words for these datatypes share, and those to be written for each of them, by datatypes.

        A subject's class decides which properties may follow; classes with the same choice share a rule, and so do properties with
        the same objects, so that 60 properties under 30 classes are some 100 rules.
        """
        branches = self._within(datatypes)
        rules = _Rules(self._is_open)
        by_class: dict[str, tuple[int, ...]] = {}
        for number, branch in enumerate(branches):
            for name in branch.subject_classes:
                by_class[name] = (*by_class.get(name, ()), number)
        by_choice: dict[tuple[int, ...], list[str]] = {}
        for name, choice in by_class.items():
            by_choice.setdefault(choice, []).append(name)
        branch_rules = [rules.branch(branch) for branch in branches]
        classes = " | ".join(
            f"({_any_of(_json(name) for name in names)}) ({' | '.join(branch_rules[n] for n in choice)})"
            for choice, names in by_choice.items()
        )
        first = (
            "%llguidance {}",  # first, so that a `::=` in the text is never taken for another kind of grammar
            f'start: "[" (triple ("," triple){{0,{MAX_TRIPLES - 1}}})? "]"',
            f"triple: {_lark('{' + _key('sentence'))} SENTENCE {_lark(',' + _key('subject'))} span "
            f'{_lark("," + _key("subject_class"))} ({classes}) "}}"',
        )
        return (*first, *rules.written()), rules.words()

    # -- JSON schema, for servers that know no grammars

    def span_schema(self, text: Copyable, sentences: Sequence[int]) -> str | None:
        """Write the schema that holds the same, with short spans listed. None where there is nothing to copy, or too much."""
        spans = text.spans(MAX_ENUM_WORDS)
        if not spans or sum(map(len, spans)) > MAX_ENUM_CHARS:
            return None
        return self._schema(text, {"enum": list(spans)}, sentences)

    def plain_schema(self, text: Copyable, sentences: Sequence[int]) -> str | None:
        """Write the schema without the words: classes and properties hold, what is copied is found in the text or rejected."""
        return self._schema(text, {"type": "string", "maxLength": 200}, sentences) if text.has_words else None

    def _schema(self, text: Copyable, span: Mapping[str, object], sentences: Sequence[int]) -> str | None:
        """The list stands in an object: some servers take no list. Every string is bounded: a model may never end one itself."""
        branches = self.signatures(text)
        if not branches or not sentences:
            return None
        triples = [triple for branch in branches for triple in _triple_schemas(branch, text, sentences)]
        schema = {
            "$defs": {"span": span},
            **_object({"triples": {"type": "array", "maxItems": MAX_TRIPLES, "items": {"anyOf": triples}}}, ("triples",)),
            "x-guidance": {"whitespace_flexible": False},
        }
        return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def _signatures(ontology: Ontology) -> Iterator[Signature]:
    """Yield the signature of each property alone, subclasses included, as in a text that has words for every datatype."""
    if ontology.is_open:
        times = tuple((name, _TIME) for name in TIMES)
        yield Signature((), OPEN_CLASSES, OPEN_CLASSES, ("date", "decimal"), times)
        return
    class_names = called(ontology.classes)

    def classes(wanted: Iterable[str]) -> tuple[str, ...]:
        allowed = (name for name in ontology.classes if ontology.typing == "soft" or ontology.is_a(name, wanted))
        return tuple(class_names[name] for name in allowed)

    def qualifier(name: str) -> tuple[str, tuple[str, ...] | None]:
        """One that no property of the ontology describes may be any words."""
        known = ontology.properties.get(name)
        return name, _TIME if name in TIMES else _exact(known.datatypes) if known and known.datatypes else None

    for name, prop in zip(called(ontology.properties).values(), ontology.properties.values(), strict=True):
        if subjects := classes(prop.domain):
            objects = classes(prop.range_classes) if prop.range_classes or not prop.range else ()
            yield Signature((name,), subjects, objects, _exact(prop.datatypes), tuple(map(qualifier, prop.allowed_qualifiers)))


_TIME = ("date",)


def _exact(datatypes: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the datatypes; None where any words are a value of one of them."""
    return None if _TEXTUAL & set(datatypes) else datatypes


def _wanted(branch: Signature) -> Iterator[tuple[str, ...]]:
    yield from (wanted for wanted in (branch.literals, *(wanted for _, wanted in branch.qualifiers)) if wanted)


class _Rules:
    """Names the rules of one grammar, each written once however often it is used."""

    def __init__(self, is_open: bool) -> None:
        self._is_open = is_open
        self._names: dict[str, str] = {}
        self._words: dict[tuple[str, ...], str] = {}

    def branch(self, branch: Signature) -> str:
        names = "PREDICATE" if self._is_open else self._shared("property", _any_of(_json(name) for name in branch.properties))
        objects = []
        if branch.object_classes:
            classes = self._shared("class", _any_of(_json(name) for name in branch.object_classes))
            objects.append(f"span {_lark(',' + _key('object_class'))} {classes}")
        if branch.literals != ():
            objects.append(self._reading_as(branch.literals))
        return self._shared(
            "branch",
            f"{_lark(',' + _key('property'))} {names} {_lark(',' + _key('object'))} ({' | '.join(objects)})"
            f"{self._qualifiers(branch.qualifiers)}",
        )

    def _reading_as(self, datatypes: tuple[str, ...] | None) -> str:
        return "span" if datatypes is None else self._words.setdefault(datatypes, f"words_{len(self._words)}")

    def _qualifiers(self, qualifiers: Sequence[tuple[str, tuple[str, ...] | None]]) -> str:
        """Return an optional object with any choice of the qualifiers, each once, in their order."""
        if not qualifiers:
            return ""
        each = [f"{_lark(_key(name))} {self._reading_as(datatypes)}" for name, datatypes in qualifiers]
        choices = [first + "".join(f' ("," {other})?' for other in each[number + 1 :]) for number, first in enumerate(each)]
        return f' ({_lark("," + _key("qualifiers") + "{")} ({" | ".join(choices)}) "}}")?'

    def _shared(self, kind: str, body: str) -> str:
        return self._names.setdefault(body, f"{kind}_{len(self._names)}")

    def words(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Return the rules of literals, by name the datatypes that the words may read as."""
        return tuple((name, datatypes) for datatypes, name in self._words.items())

    def written(self) -> Iterator[str]:
        yield from (f"{name}: {body}" for body, name in self._names.items())
        yield 'span: "\\"" SPAN "\\""'
        yield f"SPAN: SUBSTRING & /\\S+( \\S+){{0,{MAX_SPAN_WORDS - 1}}}/ & {_BOUND} & /.*[\\p{{L}}\\p{{N}}].*/"
        if self._is_open:
            yield rf'PREDICATE: /"{_PREDICATE_LETTER}{{2,16}}( {_PREDICATE_LETTER}{{1,16}}){{0,3}}"/'


def _any_of(strings: Iterable[str]) -> str:
    return " | ".join(map(_lark, strings))


def _key(name: str) -> str:
    return f'"{name}":'


_json = json.JSONEncoder(ensure_ascii=False).encode


def _lark(text: str) -> str:
    """Return text as a string of Lark."""
    return _json(text)


def _triple_schemas(branch: Signature, text: Copyable, sentences: Sequence[int]) -> Iterator[dict[str, object]]:
    span: dict[str, object] = {"$ref": "#/$defs/span"}

    def reading_as(datatypes: tuple[str, ...] | None) -> dict[str, object]:
        return span if datatypes is None else {"enum": list(text.literals_of(datatypes))}

    fields: dict[str, object] = {
        "sentence": {"enum": list(sentences)},
        "subject": span,
        "subject_class": {"enum": list(branch.subject_classes)},
        "property": {"enum": list(branch.properties)} if branch.properties else {"type": "string", "maxLength": 60},
    }
    qualifiers: dict[str, object] = {name: reading_as(datatypes) for name, datatypes in branch.qualifiers}
    optional = {"qualifiers": _object(qualifiers, ())} if qualifiers else {}
    if branch.object_classes:
        entity = fields | {"object": span, "object_class": {"enum": list(branch.object_classes)}}
        yield _object(entity | optional, tuple(entity))
    if branch.literals != ():
        literal = fields | {"object": reading_as(branch.literals)}
        yield _object(literal | optional, tuple(literal))


def _object(properties: Mapping[str, object], required: Sequence[str]) -> dict[str, object]:
    return {"type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False}
