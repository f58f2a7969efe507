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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import groupby

from kgbuild.compact.literals import find_literals, normalise
from kgbuild.extraction.grounding import UNSPACED, Flattened
from kgbuild.extraction.wording import called
from kgbuild.judging.datatypes import fits
from kgbuild.ontology.model import ANY_LITERAL, TIMES, Ontology, Property

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

_TEXTUAL = frozenset({"string", ANY_LITERAL})
_PIECE = re.compile(rf"[{UNSPACED}]|\d+(?:[.,:]\d+)+|[^\W{UNSPACED}]+|.", re.DOTALL)
_BOUND = r"""/(\\"|[\p{L}\p{N}_(«“‘„'‹［¡¿#@$€£¥§&+…~°-]).*/ & /(.*[^\s,;:(«“„‹［¡¿])/"""
"""A span begins with a word or what may open a name, and does not end in what only goes on or opens."""


@dataclass(frozen=True)
class Copyable:
    """What a reply may copy from a text: pieces that follow one another in a run, each a word, a number, a mark or a blank.

    runs: the sentences, cut where a piece is too long to be a name, such as a key or a picture in base 64.
    """

    runs: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, text: Flattened) -> "Copyable":
        sentences = (list(_pieces(sentence.of(text.text))) for sentence in text.sentences)
        return cls(tuple(run for sentence in sentences for run in _cut_at_long(sentence)))

    @cached_property
    def has_words(self) -> bool:
        return any(_is_word(piece) for run in self.runs for piece in run)

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
            match datatype:
                case "integer" | "decimal" | "boolean":
                    more = [word for run in self.runs for word in run if word.isalpha() and len(word) <= MAX_SPELLED]
                case "anyURI":
                    more = [word.strip(".,;:!?()") for run in self.runs for word in "".join(run).split() if "." in word]
                case _:
                    more = []
            words = dict.fromkeys((*self._written, *more))
            known = self._literals[datatype] = tuple(word for word in words if _reads_as(word, datatype))
        return known

    @cached_property
    def _literals(self) -> dict[str, tuple[str, ...]]:
        return {}

    @cached_property
    def _written(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(found.text for run in self.runs for found in find_literals("".join(run))))


@lru_cache(maxsize=65536)
def _reads_as(words: str, datatype: str) -> bool:
    """Cached: the short words of a language come back in every chunk."""
    value = normalise(words, datatype)
    return value is not None and _is_word(words) and fits(value, datatype)


def _cut_at_long(pieces: Sequence[str]) -> Iterator[tuple[str, ...]]:
    if max(map(len, pieces), default=0) <= MAX_PIECE_CHARS:  # as in most sentences
        yield tuple(pieces)
        return
    for is_long, run in groupby(pieces, lambda piece: len(piece) > MAX_PIECE_CHARS):
        if not is_long:
            yield tuple(run)


def _is_word(piece: str) -> bool:
    return any(character.isalnum() for character in piece)


def _pieces(sentence: str) -> Iterator[str]:
    """Cut a sentence into pieces; marks stay with their letters, and letters around them together."""
    if sentence.isascii() or not any(map(_joins, set(sentence))):  # as in most sentences
        yield from _PIECE.findall(sentence)
        return
    kept = ""
    for piece in _PIECE.findall(sentence):
        joins = _joins(piece[0]) or (_joins(kept[-1:]) and piece[0].isalnum() and not re.match(f"[{UNSPACED}]", piece))
        if kept and not (joins and _is_word(kept)):
            yield kept
            kept = ""
        kept += piece
    if kept:
        yield kept


def _joins(character: str) -> bool:
    return character in ("\u200c", "\u200d") or unicodedata.category(character or " ").startswith("M")


@dataclass(frozen=True, slots=True)
class Signature:
    """Properties that take the same: one branch of grammar or schema for all of them. Names are those that a model reads.

    object_classes: of an object that is an entity. literals: words that an object without class may be; None for any.
    qualifiers: by name, the words that each may be; None for any.
    """

    properties: tuple[str, ...]
    subject_classes: tuple[str, ...]
    object_classes: tuple[str, ...]
    literals: tuple[str, ...] | None
    qualifiers: tuple[tuple[str, tuple[str, ...] | None], ...]


def signatures(ontology: Ontology, text: Copyable) -> tuple[Signature, ...]:
    """Return what the ontology allows of a text, with subclasses; a property whose literals the text does not have is left out.

    Under `typing: soft` every class goes with every property; datatypes hold all the same.
    """
    if ontology.is_open:
        everything = tuple(dict.fromkeys(word for datatype in ("date", "decimal") for word in text.literals(datatype)))
        return (Signature((), OPEN_CLASSES, OPEN_CLASSES, everything, _qualifiers(TIMES, ontology, text)),)
    grouped: dict[Signature, list[str]] = {}
    for name, branch in _branches(ontology, text):
        grouped.setdefault(branch, []).append(name)
    return tuple(
        Signature(tuple(names), branch.subject_classes, branch.object_classes, branch.literals, branch.qualifiers)
        for branch, names in grouped.items()
    )


def has_signatures(ontology: Ontology, text: Copyable) -> bool:
    """Tell whether the ontology allows anything of a text, without working out all that it does."""
    return ontology.is_open or next(_branches(ontology, text), None) is not None


def _branches(ontology: Ontology, text: Copyable) -> Iterator[tuple[str, Signature]]:
    """Yield each property that the text may have a triple of, by the name that a model reads, with its signature alone."""
    class_names = called(ontology.classes)

    @cache
    def classes(wanted: tuple[str, ...]) -> tuple[str, ...]:
        allowed = (name for name in ontology.classes if ontology.typing == "soft" or ontology.is_a(name, wanted))
        return tuple(class_names[name] for name in allowed)

    for name, prop in zip(called(ontology.properties).values(), ontology.properties.values(), strict=True):
        branch = _branch(prop, ontology, text, classes)
        if branch.subject_classes and (branch.object_classes or branch.literals != ()):
            yield name, branch


def _branch(prop: Property, ontology: Ontology, text: Copyable, classes: Callable[[tuple[str, ...]], tuple[str, ...]]) -> Signature:
    """Return the signature of a property alone. classes: what a model reads for classes and all below them."""
    takes_anything = not prop.range
    exact = [name for name in prop.datatypes if name not in _TEXTUAL]
    words = dict.fromkeys(word for datatype in exact for word in text.literals(datatype))
    return Signature(
        (),
        classes(prop.domain),
        classes(prop.range_classes) if takes_anything or prop.range_classes else (),
        None if _TEXTUAL & set(prop.datatypes) else tuple(words),
        _qualifiers(prop.allowed_qualifiers, ontology, text),
    )


def _qualifiers(names: Iterable[str], ontology: Ontology, text: Copyable) -> tuple[tuple[str, tuple[str, ...] | None], ...]:
    """Return the qualifiers that the text has words for. One that no property of the ontology describes may be any words."""
    allowed = ((name, _qualifier_words(name, ontology, text)) for name in names)
    return tuple((name, words) for name, words in allowed if words != ())


def _qualifier_words(name: str, ontology: Ontology, text: Copyable) -> tuple[str, ...] | None:
    known = ontology.properties.get(name)
    datatypes = ("date",) if name in TIMES else known.datatypes if known is not None else ()
    if not datatypes or _TEXTUAL & set(datatypes):
        return None
    return tuple(dict.fromkeys(word for datatype in datatypes for word in text.literals(datatype)))


# -- Lark, in llguidance's dialect


def lark_grammar(text: Copyable, ontology: Ontology, sentences: Sequence[int]) -> str | None:
    """Write the grammar of replies about a text.

    sentences: the numbers that evidence may have, counted from 1. Returns: None where the text has nothing to copy; a server would
    stop in the middle of such a reply.

    A subject's class decides which properties may follow; classes with the same choice share a rule, and so do properties with the
    same objects, so that 60 properties under 30 classes are some 100 rules.
    """
    branches = signatures(ontology, text)
    if not text.has_words or not branches or not sentences:
        return None
    rules = _Rules(text, ontology)
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
    first = [
        "%llguidance {}",  # first, so that a `::=` in the text is never taken for another kind of grammar
        f'start: "[" (triple ("," triple){{0,{MAX_TRIPLES - 1}}})? "]"',
        f"triple: {_lark('{' + _key('sentence'))} SENTENCE {_lark(',' + _key('subject'))} span "
        f'{_lark("," + _key("subject_class"))} ({classes}) "}}"',
        f"SENTENCE: {_any_of(map(str, sentences))}",
    ]
    return "\n".join((*first, *rules.written())) + "\n"


class _Rules:
    """Names the rules of one grammar, each written once however often it is used."""

    def __init__(self, text: Copyable, ontology: Ontology) -> None:
        self._text = text
        self._is_open = ontology.is_open
        self._names: dict[str, str] = {}

    def branch(self, branch: Signature) -> str:
        names = "PREDICATE" if self._is_open else self._shared("property", _any_of(_json(name) for name in branch.properties))
        objects = []
        if branch.object_classes:
            classes = self._shared("class", _any_of(_json(name) for name in branch.object_classes))
            objects.append(f"span {_lark(',' + _key('object_class'))} {classes}")
        if branch.literals != ():
            objects.append(self._words(branch.literals))
        return self._shared(
            "branch",
            f"{_lark(',' + _key('property'))} {names} {_lark(',' + _key('object'))} ({' | '.join(objects)})"
            f"{self._qualifiers(branch.qualifiers)}",
        )

    def _words(self, words: tuple[str, ...] | None) -> str:
        return "span" if words is None else self._shared("words", _any_of(map(_json, words)))

    def _qualifiers(self, qualifiers: Sequence[tuple[str, tuple[str, ...] | None]]) -> str:
        """Return an optional object with any choice of the qualifiers, each once, in their order."""
        if not qualifiers:
            return ""
        each = [f"{_lark(_key(name))} {self._words(words)}" for name, words in qualifiers]
        choices = [first + "".join(f' ("," {other})?' for other in each[number + 1 :]) for number, first in enumerate(each)]
        return f' ({_lark("," + _key("qualifiers") + "{")} ({" | ".join(choices)}) "}}")?'

    def _shared(self, kind: str, body: str) -> str:
        return self._names.setdefault(body, f"{kind}_{len(self._names)}")

    def written(self) -> Iterator[str]:
        yield from (f"{name}: {body}" for body, name in self._names.items())
        # A line break stands between two runs, where no span can cross it: spans match no line break.
        pieces = [piece for run in self._text.runs for piece in (*map(_escaped, run), "\n")]
        yield 'span: "\\"" SPAN "\\""'
        yield f"SPAN: SUBSTRING & /\\S+( \\S+){{0,{MAX_SPAN_WORDS - 1}}}/ & {_BOUND} & /.*[\\p{{L}}\\p{{N}}].*/"
        yield f"SUBSTRING: %regex {json.dumps({'substring_chunks': pieces}, ensure_ascii=False)}"
        if self._is_open:
            yield 'PREDICATE: /"[a-z]{2,16}( [a-z]{1,16}){0,3}"/'


def _any_of(strings: Iterable[str]) -> str:
    return " | ".join(map(_lark, strings))


def _key(name: str) -> str:
    return f'"{name}":'


_json = json.JSONEncoder(ensure_ascii=False).encode


def _escaped(words: str) -> str:
    """Return words as they stand inside a JSON string."""
    return _json(words)[1:-1]


def _lark(text: str) -> str:
    """Return text as a string of Lark."""
    return _json(text)


# -- JSON schema, for servers that know no grammars


def span_schema(text: Copyable, ontology: Ontology, sentences: Sequence[int]) -> str | None:
    """Write the schema that holds the same, with short spans listed. None where there is nothing to copy, or too much."""
    spans = text.spans(MAX_ENUM_WORDS)
    if not spans or sum(map(len, spans)) > MAX_ENUM_CHARS:
        return None
    return _schema(signatures(ontology, text), {"enum": list(spans)}, sentences)


def plain_schema(text: Copyable, ontology: Ontology, sentences: Sequence[int]) -> str | None:
    """Write the schema without the words: classes and properties hold, what is copied is found in the text or rejected later."""
    return _schema(signatures(ontology, text), {"type": "string", "maxLength": 200}, sentences) if text.has_words else None


def _schema(branches: Sequence[Signature], span: Mapping[str, object], sentences: Sequence[int]) -> str | None:
    """The list stands in an object, since some servers take no list. Every string is bounded: a model may never end one itself."""
    if not branches or not sentences:
        return None
    triples = [triple for branch in branches for triple in _triple_schemas(branch, sentences)]
    schema = {
        "$defs": {"span": span},
        **_object({"triples": {"type": "array", "maxItems": MAX_TRIPLES, "items": {"anyOf": triples}}}, ("triples",)),
        "x-guidance": {"whitespace_flexible": False},
    }
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"))


def _triple_schemas(branch: Signature, sentences: Sequence[int]) -> Iterator[dict[str, object]]:
    span = {"$ref": "#/$defs/span"}
    fields: dict[str, object] = {
        "sentence": {"enum": list(sentences)},
        "subject": span,
        "subject_class": {"enum": list(branch.subject_classes)},
        "property": {"enum": list(branch.properties)} if branch.properties else {"type": "string", "maxLength": 60},
    }
    qualifiers: dict[str, object] = {name: span if words is None else {"enum": list(words)} for name, words in branch.qualifiers}
    optional = {"qualifiers": _object(qualifiers, ())} if qualifiers else {}
    if branch.object_classes:
        entity = fields | {"object": span, "object_class": {"enum": list(branch.object_classes)}}
        yield _object(entity | optional, tuple(entity))
    if branch.literals != ():
        literal = fields | {"object": span if branch.literals is None else {"enum": list(branch.literals)}}
        yield _object(literal | optional, tuple(literal))


def _object(properties: Mapping[str, object], required: Sequence[str]) -> dict[str, object]:
    return {"type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False}
