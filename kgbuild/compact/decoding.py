"""Scores -> statements: which literals a property takes, one boundary for each argument, one class for each mention."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from kgbuild.chunking import sentence_spans
from kgbuild.compact.anaphora import Vocabulary
from kgbuild.compact.calibration import Curve
from kgbuild.compact.catalogue import TrainedProperty, spoken
from kgbuild.compact.coverage import Coverage, property_key, wording
from kgbuild.compact.enumerations import enumerated, listed_together
from kgbuild.compact.literals import find_literals, is_an_area
from kgbuild.compact.scoring import Questions, Scored, questions, score
from kgbuild.compact.weights import Weights
from kgbuild.judging.datatypes import fits
from kgbuild.judging.rules import PRONOUNS
from kgbuild.ontology.model import ANY_LITERAL, Ontology, Property
from kgbuild.ontology.reading import bundled, worked_examples
from kgbuild.records import Literal, Span

COUNTED_FROM = 0.05
"""A pair below this probability is not even counted as a candidate that was left out."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A statement with the probability that the sentence makes it; spans are relative to the sentence.

    The classes are allowed by the property's domain and range; object_class is None for a literal.
    """

    subject: Span
    subject_class: str
    predicate: str
    object: Span
    object_class: str | None
    literal: Literal | None
    probability: float


@dataclass(frozen=True, eq=False)
class Reader:
    """An ontology put to the weights: what to ask, and how the answers become probabilities."""

    weights: Weights
    ontology: Ontology
    properties: tuple[Property, ...]
    keys: tuple[str, ...]
    class_names: tuple[str, ...]
    asked: Questions
    curve: Curve
    names: Mapping[str, re.Pattern[str]]
    """By property: what it is called, in words of a sentence."""

    @cached_property
    def key_of(self) -> dict[str, str]:
        """By property: its key among the trained ones."""
        return {prop.name: key for prop, key in zip(self.properties, self.keys, strict=True)}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Which words stand for what the ontology knows."""
        return Vocabulary(self.ontology)


def reader(weights: Weights, ontology: Ontology, covered: Coverage, with_uncovered: bool) -> Reader:
    """Prepare the properties that the weights were taught, and the others where asked for."""
    numbers: dict[str, int | None] = {entry.name: entry.number for entry in covered.covered}
    if with_uncovered:
        numbers |= {entry.name: None for entry in covered.uncovered}
    properties = tuple(prop for prop in ontology.properties.values() if prop.name in numbers)
    own = [numbers[prop.name] for prop in properties]
    trained = [None if number is None else weights.properties[number] for number in own]
    wordings = [wording(prop, ontology, entry) for prop, entry in zip(properties, trained, strict=True)]
    keys = tuple(entry.key if entry else property_key(prop) for prop, entry in zip(properties, trained, strict=True))
    classes = tuple(ontology.classes)
    labels = [spoken(ontology.classes[name].label) for name in classes]
    prepared = Reader(
        weights,
        ontology,
        properties,
        keys,
        classes,
        questions(weights, wordings, own, labels),
        weights.calibration.extraction,
        {prop.name: _called(prop, entry) for prop, entry in zip(properties, trained, strict=True)},
    )
    guessed = [n for n, entry in enumerate(trained) if entry is None]
    return replace(prepared, curve=_at_usual_rate(prepared, guessed)) if guessed else prepared


def _called(prop: Property, trained: TrainedProperty | None) -> re.Pattern[str]:
    names = {prop.label, *prop.aliases, *((trained.label, *trained.aliases) if trained else ())}
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b", re.IGNORECASE)


UNCOVERED_SHARE = 0.05
"""Share of ordinary sentences that may state an untaught property, for want of anything better to set its threshold by."""


def _at_usual_rate(reader: Reader, columns: Sequence[int]) -> Curve:
    """Shift the scores of untaught properties so that each is accepted in UNCOVERED_SHARE of the bundled worked examples."""
    best: list[NDArray[np.float32]] = []
    for text in ordinary_sentences():
        scores = [scored.scores[:, columns] for scored in score(reader.weights, reader.asked, text, [])]
        best.append(np.concatenate(scores).max(axis=0, initial=-20.0))
    usual = np.quantile(np.stack(best), 1 - UNCOVERED_SHARE, axis=0)
    curve, accept_from = reader.curve, reader.weights.calibration.accept_from
    wanted = np.log(accept_from / (1 - accept_from))
    offsets = {
        reader.keys[column]: round(float(wanted - curve.intercept - curve.slope * score_), 4)
        for column, score_ in zip(columns, usual.tolist(), strict=True)
    }
    return replace(curve, offsets={**curve.offsets, **offsets})


@cache
def ordinary_sentences() -> tuple[str, ...]:
    """Return the sentences of the bundled ontologies' worked examples."""
    paths = [path for name in bundled() if (path := worked_examples(name)) is not None]
    texts = [json.loads(line)["text"] for path in paths for line in path.read_text("utf-8").splitlines() if line]
    return tuple(span.of(text) for text in texts for span in sentence_spans(text))


@dataclass(frozen=True, eq=False)
class Heard:
    """A sentence as the model reads it. literals: by their spans; parts: one, or several of a very long sentence."""

    sentence: str
    literals: Mapping[Span, Literal]
    parts: tuple[Scored, ...]


def hear(reader: Reader, sentence: str) -> Heard:
    """Find the literals of a sentence and score all that it may state."""
    literals = {literal.span: literal for literal in find_literals(sentence) if literal.span is not None}
    return Heard(sentence, literals, tuple(score(reader.weights, reader.asked, sentence, list(literals))))


def guesses(reader: Reader, sentence: str, counted_from: float = COUNTED_FROM) -> tuple[Guess, ...]:
    """Return the statements a sentence may make with at least `counted_from`, likeliest first in each part of it.

    Of statements that differ only in where a mention begins or ends the likeliest stays; of a statement and its reverse too, unless
    the property is symmetric; of those that take one number for two quantities, an area and a height; of two properties between the
    same two, the one that the sentence calls by its name, or the likelier; and of a place and the one around it, where only one can
    be meant, the first. Pronouns name nothing.
    """
    return decoded(reader, hear(reader, sentence), counted_from)


def decoded(reader: Reader, heard: Heard, counted_from: float = COUNTED_FROM) -> tuple[Guess, ...]:
    """Return the guesses of a sentence that was heard."""
    sentence, found = heard.sentence, heard.literals
    kept: list[Guess] = []
    kinds: dict[Span, NDArray[np.float32]] = {}
    for scored in heard.parts:
        spans = [literal_in(span, sentence, found) or whole(span, sentence) for span in scored.spans]
        for row, column, probability in _likely(reader, scored, spans, counted_from):
            guess = _guess(reader, sentence, found, spans, scored, row, column, probability)
            if guess is not None and not any(_excludes(other, guess, sentence, reader.properties[column]) for other in kept):
                kept.append(guess)
                kinds.setdefault(guess.subject, scored.kinds[scored.subjects[row]])
                kinds.setdefault(guess.object, scored.kinds[scored.objects[row]])
    named = without_unnamed_rivals(reader, kept, sentence)
    return _of_one_class_each(reader, without_what_lies_around(reader, named, sentence), sentence, kinds)


def _likely(reader: Reader, scored: Scored, spans: Sequence[Span], counted_from: float) -> list[tuple[int, int, float]]:
    """Return pair, property and probability of every answer from `counted_from` on, likeliest first, ties by place."""
    probabilities = np.round(reader.curve.probabilities(scored.scores, reader.keys), 4)
    rows, columns = np.nonzero(probabilities >= counted_from)
    places = zip(rows.tolist(), columns.tolist(), strict=True)
    answers = [(row, column, float(probabilities[row, column])) for row, column in places]
    return sorted(answers, key=lambda a: (-a[2], spans[scored.subjects[a[0]]], spans[scored.objects[a[0]]], a[1]))


def _guess(
    reader: Reader,
    sentence: str,
    found: Mapping[Span, Literal],
    spans: Sequence[Span],
    scored: Scored,
    row: int,
    column: int,
    probability: float,
) -> Guess | None:
    """Return an answer as a statement; None where its arguments cannot be what the property takes."""
    prop = reader.properties[column]
    subject, object_ = spans[scored.subjects[row]], spans[scored.objects[row]]
    if _is_pronoun(subject, sentence) or (subject in found and found[subject].datatype != "gYear"):
        return None
    takes = object_value(prop, object_, sentence, found)
    subject_class = _class_of(reader, prop.domain, scored.kinds[scored.subjects[row]])
    if takes is None or subject_class is None:
        return None
    if isinstance(takes, Literal):
        if reader.keys[column] in _NO_AREAS and is_an_area(takes.text):
            return None
        return Guess(subject, subject_class, prop.name, object_, None, takes, probability)
    object_class = _class_of(reader, prop.range_classes, scored.kinds[scored.objects[row]])
    if (
        object_class is None
        or _is_pronoun(object_, sentence)
        or (not prop.symmetric and listed_together(sentence, subject, object_))
    ):
        return None
    return Guess(subject, subject_class, prop.name, object_, object_class, None, probability)


_NO_AREAS = frozenset({"P2044", "P1082", "P1128", "P2130"})
"""Trained properties that measure heights, count people or tell costs."""
_NAMES_NOTHING = PRONOUNS | frozenset("there here themself oneself one another other others former latter".split())


def _is_pronoun(span: Span, sentence: str) -> bool:
    """In capitals it is a name, as for `judging.rules`: US, IT, WHO; but where all is in capitals, they say nothing."""
    words = span.of(sentence)
    return words.casefold() in _NAMES_NOTHING and (words[1:].islower() or len(words) == 1 or sentence.isupper())


def object_value(prop: Property, span: Span, sentence: str, found: Mapping[Span, Literal]) -> Literal | bool | None:
    """Say what an object would be: a literal, True for something of a class, None where the property takes neither."""
    literal = found.get(span)
    if prop.datatypes or not prop.range:
        if literal is not None and any(fits(literal.value, datatype) for datatype in prop.datatypes if datatype != "string"):
            return literal
        words = span.of(sentence)
        if "string" in prop.datatypes or (literal is None and (ANY_LITERAL in prop.datatypes or not prop.range)):
            return Literal(span, words, words, "string")
    if not prop.range_classes or (literal is not None and literal.datatype not in ("gYear", "integer", "decimal")):
        return None
    return True


def _excludes(kept: Guess, guess: Guess, sentence: str, prop: Property) -> bool:
    """Tell whether a likelier statement leaves no room for this one."""
    if kept.predicate != guess.predicate:
        return _is_number(kept) and guess.literal is not None and kept.object.overlaps(guess.object)
    words = [span.of(sentence).casefold() for span in (kept.subject, kept.object, guess.subject, guess.object)]
    same = words[:2] == words[2:] or (kept.subject.overlaps(guess.subject) and kept.object.overlaps(guess.object))
    turned = kept.subject.overlaps(guess.object) and kept.object.overlaps(guess.subject)
    return same or (turned and not prop.symmetric)


def _is_number(guess: Guess) -> bool:
    return guess.literal is not None and guess.literal.datatype in ("integer", "decimal")


RIVAL_FROM = 0.35
"""Below it 9 of 109 such statements are listed in TekGen's validation set and 2 of 32 in prose of our own; from it to one half
12 of 57 and 1 of 10; of all that are accepted half. For F1 a statement is worth making that is right as often as F1 / 2."""
_EDUCATED_AT, _EMPLOYER, _HEADQUARTERS, _FORMED_IN = "P69", "P108", "P159", "P740"
_FOUNDING = re.compile(r"\b(?:found|form|establish|start|set up|creat|incorporat|launch|beg[au]n)", re.IGNORECASE)


def without_unnamed_rivals(reader: Reader, kept: Sequence[Guess], sentence: str) -> list[Guess]:
    """Of "Ann, chief executive of Acme" drop that she chairs it: of a pair, what is less likely than another property.

    What the sentence calls by its name stays, and so does an inverse or, beside that Seoul is of South Korea, that it lies there.
    From RIVAL_FROM on it only gives way to a property called by its name.
    Nobody is educated and employed in the same words: of 800 such pairs in four corpora none is listed as both. Of "founded Acme in
    Rome" drop that it sits there, which some of the data that the weights learnt from take for granted.
    """
    called = {name for name, pattern in reader.names.items() if pattern.search(sentence)}
    accepted = [guess for guess in kept if guess.probability >= reader.weights.calibration.accept_from]

    def is_rival(one: Guess, other: Guess) -> bool:
        if {one.subject, one.object} != {other.subject, other.object}:
            return False
        keys = reader.key_of[one.predicate], reader.key_of[other.predicate]
        if keys == (_FORMED_IN, _HEADQUARTERS) and _FOUNDING.search(sentence):
            return True
        properties = reader.ontology.properties[one.predicate], reader.ontology.properties[other.predicate]
        is_implied = properties[0].inverse_of == other.predicate or any(prop.transitive for prop in properties)
        gives_way = one.predicate in called or other.probability < RIVAL_FROM or set(keys) == {_EDUCATED_AT, _EMPLOYER}
        return gives_way and not is_implied and one.probability > other.probability

    return [guess for guess in kept if guess.predicate in called or not any(is_rival(one, guess) for one in accepted)]


_OF_ONE_PLACE = frozenset({_HEADQUARTERS, _FORMED_IN, "P551"})
"""Trained properties that have one place at a time, if not for ever: headquarters, place of formation, residence."""
_AROUND = re.compile(r", |,? (?:(?:an?|the) [a-z][a-z -]{0,30} (?:in|of)|(?:that|which) lies in|in) (?:the )?")


def without_what_lies_around(reader: Reader, kept: Sequence[Guess], sentence: str) -> list[Guess]:
    """Of "in Springwells Township, Michigan" keep the first place where a property has one: the others say where that lies.

    The first that is likely enough to be accepted, or the first of all where none is.
    """
    stated: dict[tuple[str, str], list[Guess]] = {}
    for guess in kept:
        has_one = reader.ontology.properties[guess.predicate].functional or reader.key_of[guess.predicate] in _OF_ONE_PLACE
        if has_one and guess.object_class is not None:
            stated.setdefault((guess.predicate, guess.subject.of(sentence).casefold()), []).append(guess)
    dropped: set[Guess] = set()
    for guesses_ in stated.values():
        for places in _side_by_side(guesses_, sentence):
            accepted = (guess for guess in places if guess.probability >= reader.weights.calibration.accept_from)
            dropped |= set(places) - {next(accepted, places[0])}
    return [guess for guess in kept if guess not in dropped]


def _side_by_side(stated: Sequence[Guess], sentence: str) -> list[list[Guess]]:
    """Group statements whose objects are written next to each other, but for "a town in", and are no enumeration."""
    groups: list[list[Guess]] = []
    for guess in sorted(stated, key=lambda guess: guess.object):
        last = groups[-1][-1].object if groups else None
        is_around = (
            last is not None and last.end <= guess.object.start and _AROUND.fullmatch(sentence, last.end, guess.object.start)
        )
        if last is not None and is_around and guess.object not in enumerated(sentence, last):
            groups[-1].append(guess)
        else:
            groups.append([guess])
    return groups


_ABBREVIATED = re.compile(r"\b(?:Jr|Sr|Inc|Corp|Co|Ltd|Bros|[A-Z])$")
_CLOSERS = {")": "(", "]": "["}


def whole(span: Span, sentence: str) -> Span:
    """Take in the bracket that a mention opens, and the dot of the abbreviation it ends in.

    >>> text = "All Good Things (Come to an End) is by Acme Inc. of Ohio."
    >>> whole(Span(0, 31), text).of(text), whole(Span(39, 47), text).of(text)
    ('All Good Things (Come to an End)', 'Acme Inc.')
    """
    words, after = span.of(sentence), sentence[span.end :]
    blanks = len(after) - len(after.lstrip(" "))
    closer = after[blanks : blanks + 1]
    if closer in _CLOSERS and words.count(_CLOSERS[closer]) > words.count(closer):
        return Span(span.start, span.end + blanks + 1)
    if after.startswith(".") and after[1:].strip() and _ABBREVIATED.search(words):
        return Span(span.start, span.end + 1)
    return span


_AROUND_A_LITERAL = frozenset(" \t\n\r\u00a0.,;:()[]")
"""What may stand beside a number or date and change nothing of it, unlike quotes (inches), dashes and the per mille sign."""


def literal_in(span: Span, sentence: str, found: Iterable[Span]) -> Span | None:
    """Return the literal that a span is but for punctuation beside it, such as the dot of its unit.

    >>> text = "It is 14,115 ft. high."
    >>> literal_in(Span(6, 16), text, [Span(6, 15)]).of(text)
    '14,115 ft'
    """
    held = [literal for literal in found if span.contains(literal)]
    if len(held) != 1:
        return None
    beside = sentence[span.start : held[0].start] + sentence[held[0].end : span.end]
    return held[0] if _AROUND_A_LITERAL.issuperset(beside) else None


def _class_of(reader: Reader, allowed: Sequence[str], kinds: NDArray[np.float32]) -> str | None:
    """Return the likeliest class that is one of `allowed` or below; any class of the ontology where nothing is demanded."""
    return next(iter(_allowed(reader, allowed, _likeliest_first(reader, kinds))), None)


def _likeliest_first(reader: Reader, kinds: NDArray[np.float32]) -> list[str]:
    return [reader.class_names[n] for n in np.argsort(-kinds, kind="stable").tolist()]


def _allowed(reader: Reader, any_of: Sequence[str], class_names: Iterable[str]) -> list[str]:
    return [name for name in class_names if reader.ontology.is_a(name, any_of)]


def _of_one_class_each(
    reader: Reader, kept: Sequence[Guess], sentence: str, kinds: Mapping[Span, NDArray[np.float32]]
) -> tuple[Guess, ...]:
    """Give a mention, and its words elsewhere in the sentence, the likeliest class that all its properties allow.

    The names of one enumeration are of one class, the likeliest of all together. Of the statements likely enough to be accepted the
    likelier choose first; one that would leave no class in common with them keeps its own, and so does any other that does not
    allow their choice.
    """
    common: dict[str, list[str]] = {}

    def narrowed(span: Span, any_of: Sequence[str]) -> None:
        words = span.of(sentence).casefold()
        listed = [kinds[name] for name in (span, *enumerated(sentence, span)) if name in kinds]
        classes = common.get(words) or _likeliest_first(reader, np.sum(listed, axis=0))
        common[words] = _allowed(reader, any_of, classes) or classes

    def chosen(span: Span, any_of: Sequence[str], own: str) -> str:
        return next(iter(_allowed(reader, any_of, common.get(span.of(sentence).casefold(), ())[:1])), own)

    for guess in sorted(kept, key=lambda guess: -guess.probability):
        if guess.probability >= reader.weights.calibration.accept_from:
            prop = reader.ontology.properties[guess.predicate]
            narrowed(guess.subject, prop.domain)
            if guess.object_class is not None:
                narrowed(guess.object, prop.range_classes)
    agreed: list[Guess] = []
    for guess in kept:
        prop = reader.ontology.properties[guess.predicate]
        subject_class = chosen(guess.subject, prop.domain, guess.subject_class)
        object_class = guess.object_class and chosen(guess.object, prop.range_classes, guess.object_class)
        agreed.append(replace(guess, subject_class=subject_class, object_class=object_class))
    return tuple(agreed)
