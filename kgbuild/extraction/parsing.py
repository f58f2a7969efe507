"""Reply text -> claims, however the reply is written: nothing that a model said clearly is lost to a missing quote.

    thoughts left out -> JSON anywhere in the reply, property(subject, object) on a line -> claims, or one reason for none

Objects are read one by one, each by itself: text around them, trailing commas between them and a reply that ends in the middle of
the last one cost at most that last one. An object is read as JSON, or as YAML's flow style, which is JSON with single quotes, bare
words and trailing commas.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

import yaml
from pydantic import ValidationError

from kgbuild.extraction.claims import Claim

VERSION = 4
"""Raised by hand whenever equal replies would give other claims."""


class Silence(StrEnum):
    """Why a reply gives no claim."""

    NOTHING_STATED = "nothing stated"
    EMPTY = "empty reply"
    ONLY_THOUGHTS = "nothing but thoughts"
    SCHEMA = "the schema instead of an answer"
    PLACEHOLDERS = "the form instead of an answer"
    NOT_TRIPLES = "JSON without triples"
    NO_TRIPLES = "no triple in the reply"


@dataclass(frozen=True, slots=True)
class Stated:
    """A claim with the evidence that was given for it: the number of a sentence, or its words."""

    claim: Claim
    sentence: int | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reply says, each statement once however often it says so. `silence` is None exactly when there are claims.

    unread: statements beside the claims that are none: a side missing, empty, or no words.
    """

    stated: tuple[Stated, ...]
    silence: Silence | None = None
    unread: int = 0


def parse(reply: str) -> Answer:
    """Read a reply.

    >>> [s.claim.object for s in parse("Sure: [{'subject': 'Ada', 'property': 'born_in', 'object': 'London'}, {'subj").stated]
    ['London']
    >>> parse("born_in(Ada, London)").stated[0].claim.predicate, str(parse("[]").silence)
    ('born_in', 'nothing stated')
    """
    text = without_thoughts(reply)
    if not text.strip():
        return Answer((), Silence.ONLY_THOUGHTS if reply.strip() else Silence.EMPTY)
    values = list(_values(text))
    found = [part for value in values for part in _stated(value)]
    stated = [*(part for part in found if part is not None), *_calls(text)] or list(_tuples(text))
    if stated:
        said = {part.claim.model_dump_json(): part for part in reversed(stated) if not _is_placeholder(part.claim)}
        unread = found.count(None) + sum(_is_placeholder(part.claim) for part in stated)
        return Answer(tuple(reversed(said.values())), None, unread) if said else Answer((), Silence.PLACEHOLDERS)
    if any(_is_schema(value) for value in values):
        return Answer((), Silence.SCHEMA)
    if any(_says_nothing(value) for value in values) or _NOTHING.search(text):
        return Answer((), Silence.NOTHING_STATED)
    return Answer((), Silence.NOT_TRIPLES if values else Silence.NO_TRIPLES)


_THOUGHTS = re.compile(r"<(think|thinking|reasoning)>.*?(</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_WHAT = "(?:triples?|triplets?|facts?|relations?|information)"
_NOTHING = re.compile(
    rf"\A\W*(?:none|n/a|empty)\W*(?:\n|\Z)|\bno (?:\w+ ){{0,2}}{_WHAT}\b"
    rf"|\bnot (?:contain|state|include|mention|provide|match|have|see) (?:\w+ ){{0,3}}{_WHAT}\b",
    re.IGNORECASE,
)


def without_thoughts(reply: str) -> str:
    """Leave out what stands between <think> and </think>, which a template may open before the reply, and a reply never close."""
    before, closed, after = reply.rpartition("</think>")
    return after if closed and "<think>" not in before else _THOUGHTS.sub("", reply)


# -- JSON, anywhere

_OPENS = re.compile(r"[\[{]")
_DECODER = json.JSONDecoder(strict=False, parse_int=str)  # a number is words here, and may have more digits than Python reads
_MAX_OBJECT = 4000
"""Characters of an object that is no JSON and read all the same, and the objects in it that it may have."""
_MAX_INSIDE = 50
_MAX_IN_VAIN = 500
"""Brackets that open nothing; what has more is out of its mind, and would take long to read."""


def _values(text: str) -> Iterator[object]:
    """Yield the lists and objects of a text, outermost first; inside one that cannot be read, those that can."""
    at = in_vain = 0
    while in_vain < _MAX_IN_VAIN and (opens := _OPENS.search(text, at)) is not None:
        value, at = _value(text, opens.start())
        if value is not None:
            yield value
        in_vain += value is None


def _value(text: str, at: int) -> tuple[object, int]:
    """Return the value that begins at a place, and where it ends; None and the next place where none does."""
    try:
        return _DECODER.raw_decode(text, at)
    except (json.JSONDecodeError, RecursionError):
        pass
    if text[at] == "{" and (end := _closing(text, at)) is not None and text.count("{", at, end) <= _MAX_INSIDE:
        try:
            return yaml.load(text[at:end], yaml.CBaseLoader), end  # no types but text, lists and objects
        except (yaml.YAMLError, RecursionError):
            pass
    return None, at + 1


def _closing(text: str, at: int) -> int | None:
    """Return where the object that opens here has closed, brackets counted without regard to quotes; None where it never does."""
    depth = 0
    for place in range(at, min(at + _MAX_OBJECT, len(text))):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place + 1
    return None


def _stated(value: object) -> Iterator[Stated | None]:
    """Yield the triples in a value of JSON, however deep they lie: objects with a subject, or lists of three names.

    None stands for what has the form of a triple and is none, and for a list of names that stands among triples.
    """
    if isinstance(value, list):
        if len(value) == 3 and _is_names(value) and not isinstance(value[2], (list, dict)):
            yield _claimed(dict(zip(("subject", "property", "object"), value, strict=True)))
            return
        parts = [list(_stated(part)) for part in value]
        is_of_triples = any(any(found) for found in parts)
        for part, found in zip(value, parts, strict=True):
            yield from found or ([None] if is_of_triples and _is_names(part) else [])
    elif isinstance(value, dict):
        claimed = _claimed(value)
        shared = [] if claimed else _with_shared_subject(value)
        others = [] if claimed or _is_schema(value) else [part for name, part in value.items() if name not in _SIDES]
        inside = shared or [found for part in others for found in _stated(part)]
        yield from [claimed] if claimed else inside
        if not claimed and not inside and value.keys() & _SIDES and not _says_nothing(value):
            yield None


def _is_names(value: object) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(isinstance(name, str) for name in value[:2])


_NAMES: Mapping[str, tuple[str, ...]] = {
    "subject": ("subject", "head", "source", "subj", "s"),
    "predicate": ("property", "predicate", "relation", "relationship", "rel", "p"),
    "object": ("object", "tail", "target", "obj", "o"),
    "subject_class": ("subject_class", "subject_type", "head_type", "source_type"),
    "object_class": ("object_class", "object_type", "tail_type", "target_type"),
    "qualifiers": ("qualifiers",),
}
"""What fields are called by models that do not keep to the form."""


_SIDES = {name for side in ("subject", "predicate", "object") for name in _NAMES[side]}


def _claimed(value: Mapping[str, object]) -> Stated | None:
    """Return the triple that an object is, if it is one. A class that is no word takes nothing from it."""
    fields: dict[str, object] = {}
    for field, names in _NAMES.items():
        given = next((value[name] for name in names if name in value), None)
        if isinstance(given, dict) and field != "qualifiers":
            given = given.get("name")
        if given not in (None, "") and (isinstance(given, str) or not field.endswith("_class")):
            fields[field] = given
    try:
        claim = Claim.model_validate(fields)
    except ValidationError:
        return None
    sentence = value.get("sentence")
    number = sentence if isinstance(sentence, str) else ""
    evidence = value.get("evidence", value.get("quote"))
    return Stated(claim, int(number) if re.fullmatch(r"\d{1,6}", number) else None, evidence if isinstance(evidence, str) else "")


def _with_shared_subject(value: Mapping[str, object]) -> list[Stated | None]:
    """Return a triple for each of several objects that an object of JSON lists, None for one that is no word."""
    name = next((name for name in _NAMES["object"] if name in value), "")
    objects = value.get(name)
    if not isinstance(objects, list) or not objects:
        return []
    found = [_claimed({**value, name: object_}) for object_ in objects]
    return list(found) if any(found) else []


def _is_schema(value: object) -> bool:
    return isinstance(value, dict) and bool(value.keys() & {"$defs", "$schema", "properties", "anyOf", "items", "required"})


def _says_nothing(value: object) -> bool:
    return value == [] or (isinstance(value, dict) and any(part == [] for part in value.values()))


def _is_placeholder(claim: Claim) -> bool:
    return not claim.subject.strip(" .…") or not claim.object.strip(" .…")


# -- property(subject, object)

_CALL = re.compile(r"(?:^[\s*•{(-]*(?P<words>[^\W\d_]+(?: [^\W\d_]+){1,2})|(?<!\w)(?P<word>\w{1,100}))\(")
_MAX_ARGUMENTS = 500
"""Characters of both names of a call together."""


def _calls(text: str) -> Iterator[Stated]:
    """Yield what is written as property(subject, object) on one line: brackets may nest, and the first comma parts the names."""
    if "(" not in text:  # as in most replies under a grammar
        return
    in_vain = 0
    for line in text.replace("\\_", "_").splitlines():
        at = 0
        while in_vain < _MAX_IN_VAIN and (called := _CALL.search(line, at)) is not None:
            in_vain += 1
            at = called.end()
            comma, end = _arguments(line, at)
            if comma is not None and end is not None:
                subject, object_ = _bare(line[at:comma]), _bare(line[comma + 1 : end])
                if subject and object_:
                    yield Stated(Claim(subject=subject, predicate=called["words"] or called["word"], object=object_))
                    at = end
                    in_vain -= 1


def _arguments(line: str, at: int) -> tuple[int | None, int | None]:
    """Return the places of the first comma outside nested brackets and of the bracket that closes the call."""
    depth, comma = 0, None
    for place in range(at, min(at + _MAX_ARGUMENTS, len(line))):
        if line[place] == ")" and depth == 0:
            return comma, place
        depth += (line[place] == "(") - (line[place] == ")")
        if line[place] == "," and depth == 0 and comma is None:
            comma = place
    return comma, None


_TUPLE = re.compile(
    r"""\(\s*(["'])(?>([^\n]{1,200}?)\1\s*,)\s*(["'])(?>([^\n]{1,200}?)\3\s*,)"""
    r"""\s*(?:(["'])(?>([^\n]{1,200}?)\5\s*\))|([^\s,()"'][^\n,()"']{0,200}?)\s*\))"""
)


def _tuples(text: str) -> Iterator[Stated]:
    """Yield what is written as ("subject", "property", "object") on one line."""
    for found in _TUPLE.finditer(text):
        yield Stated(Claim(subject=found[2], predicate=found[4], object=found[6] or found[7]))


def _bare(name: str) -> str:
    return name.strip().strip("\"'“”").strip()
