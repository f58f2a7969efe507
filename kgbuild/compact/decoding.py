"""Scores -> statements: which literals a property takes, one boundary for each argument, one class for each mention."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from kgbuild.chunking import sentence_spans
from kgbuild.compact.calibration import Curve
from kgbuild.compact.catalogue import spoken
from kgbuild.compact.coverage import Coverage, property_key, wording
from kgbuild.compact.literals import find_literals
from kgbuild.compact.scoring import Questions, Scored, questions, score
from kgbuild.compact.weights import Weights
from kgbuild.judging.datatypes import fits
from kgbuild.ontology.model import ANY_LITERAL, Ontology, Property
from kgbuild.ontology.reading import bundled, worked_examples
from kgbuild.records import Literal, Span

COUNTED_FROM = 0.05
"""A pair below this probability is not even counted as a candidate that was left out."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A statement with the probability that the sentence makes it; spans are relative to the sentence.

    The classes are the likeliest that the property's domain and range allow; object_class is None for a literal.
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
    )
    guessed = [n for n, entry in enumerate(trained) if entry is None]
    return replace(prepared, curve=_at_usual_rate(prepared, guessed)) if guessed else prepared


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


def guesses(reader: Reader, sentence: str, counted_from: float = COUNTED_FROM) -> tuple[Guess, ...]:
    """Return the statements a sentence may make with at least `counted_from`, likeliest first in each part of it.

    Of statements that differ only in where a mention begins or ends the likeliest stays; of a statement and its reverse too, unless
    the property is symmetric; and of those that take one number for two quantities, an area and a height. Pronouns name nothing.
    """
    found = {literal.span: literal for literal in find_literals(sentence) if literal.span is not None}
    kept: list[Guess] = []
    for scored in score(reader.weights, reader.asked, sentence, list(found)):
        spans = [span if span in found else whole(span, sentence) for span in scored.spans]
        for row, column, probability in _likely(reader, scored, spans, counted_from):
            guess = _guess(reader, sentence, found, spans, scored, row, column, probability)
            if guess is not None and not any(_excludes(other, guess, sentence, reader.properties[column]) for other in kept):
                kept.append(guess)
    return tuple(kept)


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
    if _is_pronoun(subject.of(sentence)) or (subject in found and found[subject].datatype != "gYear"):
        return None
    takes = object_value(prop, object_, sentence, found)
    subject_class = _class_of(reader, prop.domain, scored.kinds[scored.subjects[row]])
    if takes is None or subject_class is None:
        return None
    if isinstance(takes, Literal):
        return Guess(subject, subject_class, prop.name, object_, None, takes, probability)
    object_class = _class_of(reader, prop.range_classes, scored.kinds[scored.objects[row]])
    if object_class is None or _is_pronoun(object_.of(sentence)):
        return None
    return Guess(subject, subject_class, prop.name, object_, object_class, None, probability)


_PRONOUNS = frozenset(
    "he she it they him her his hers its their theirs them i we you me us my our your who whom whose which that this these those "
    "there here himself herself itself themselves one another other others former latter".split()
)


def _is_pronoun(words: str) -> bool:
    return words.casefold() in _PRONOUNS


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
        return _is_number(kept) and guess.literal is not None and _overlap(kept.object, guess.object)
    words = [span.of(sentence).casefold() for span in (kept.subject, kept.object, guess.subject, guess.object)]
    same = words[:2] == words[2:] or (_overlap(kept.subject, guess.subject) and _overlap(kept.object, guess.object))
    turned = _overlap(kept.subject, guess.object) and _overlap(kept.object, guess.subject)
    return same or (turned and not prop.symmetric)


def _is_number(guess: Guess) -> bool:
    return guess.literal is not None and guess.literal.datatype in ("integer", "decimal")


def _overlap(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


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


def _class_of(reader: Reader, allowed: Sequence[str], kinds: NDArray[np.float32]) -> str | None:
    """Return the likeliest class that is one of `allowed` or below; any class of the ontology where nothing is demanded."""
    fitting = [n for n, name in enumerate(reader.class_names) if reader.ontology.is_a(name, allowed)]
    if not fitting:
        return None
    return reader.class_names[max(fitting, key=lambda n: (float(kinds[n]), -n))]
