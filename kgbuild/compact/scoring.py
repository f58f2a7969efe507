"""A sentence and the properties asked for -> every scored statement. Nothing is decided here.

A sentence is scored by itself, on one thread, and scores are rounded: the same text gives the same scores in any batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kgbuild.compact.encoding import MAX_WORDS, Sentence, encode, word_range
from kgbuild.compact.weights import Weights
from kgbuild.records import Span

MENTIONS = 20
"""Mentions of a sentence that are paired, besides its literals. Training pairs as many."""
DECIMALS = 4
"""Scores are rounded to this many, far above the last bit in which processors differ."""

_DISTANCE_EDGES = np.array([1, 2, 3, 6, 12])

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Questions:
    """Label vectors of the properties and classes asked for. labels: (P, 3H); biases: (P,); classes: (C, H)."""

    labels: Floats
    biases: Floats
    classes: Floats


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of one sentence. spans: its mentions, relative to the text given. mention_scores: (N,); kinds: (N, C).

    subjects, objects: (K,) numbers of spans of each pair; scores: (K, P).
    """

    spans: tuple[Span, ...]
    mention_scores: Floats
    kinds: Floats
    subjects: Ints
    objects: Ints
    scores: Floats


def questions(weights: Weights, wordings: Sequence[str], own: Sequence[int | None], class_wordings: Sequence[str]) -> Questions:
    """Read labels. own: number of the trained property whose correction applies, None for a label never trained."""
    none = len(weights.properties)
    states = [weights.label_state(text) for text in (*wordings, *class_wordings)]
    numbers = [none if number is None else number for number in own] + [none] * len(class_wordings)
    if not states:
        raise ValueError("an ontology without properties and classes asks nothing")
    labels, biases, classes = weights.labels.run(None, {"states": np.stack(states), "own": np.array(numbers, dtype=np.int64)})
    return Questions(labels[: len(wordings)], biases[: len(wordings)], classes[len(wordings) :])


def score(weights: Weights, asked: Questions, text: str, literals: Sequence[Span]) -> list[Scored]:
    """Find the mentions of a sentence and score every pair of them; one result, or one for each part of a very long sentence.

    literals: spans that are paired as objects too, however unlike a mention they look.
    """
    results: list[Scored] = []
    for sentence in encode(text, weights.tokenizer):
        states = weights.states(sentence.pieces, sentence.shapes)
        starts, ends = _runs(len(sentence.words))
        places = {"states": states, "first": sentence.first, "last": sentence.last}
        found: Floats = weights.mentions.run(None, {**places, "starts": starts, "ends": ends})[0]
        found = np.round(found, DECIMALS)
        best = np.argsort(-found, kind="stable")[:MENTIONS]
        ranges = [(int(starts[n]), int(ends[n])) for n in best]
        inside = [s for s in literals if sentence.words[0].start <= s.start and s.end <= sentence.words[-1].end]
        ranges += [r for span in inside if (r := word_range(sentence, span)) and r not in ranges]
        order = {place: float(found[n]) for n, place in enumerate(zip(starts.tolist(), ends.tolist(), strict=True))}
        ranges = sorted(set(ranges))
        mention_scores = np.array([order[r] for r in ranges], dtype=np.float32)
        pairs = [(a, b) for a in range(len(ranges)) for b in range(len(ranges)) if not _overlap(ranges[a], ranges[b])]
        results.append(_paired(weights, asked, sentence, states, ranges, mention_scores, pairs))
    return results


def score_pairs(
    weights: Weights, asked: Questions, text: str, spans: Sequence[Span], pairs: Sequence[tuple[int, int]]
) -> list[Floats | None]:
    """Score given spans in given pairs: for each pair (P,) scores, or None where the model cannot read both in one pass."""
    answers: list[Floats | None] = [None] * len(pairs)
    for sentence in encode(text, weights.tokenizer):
        inside = [sentence.words[0].start <= span.start and span.end <= sentence.words[-1].end for span in spans]
        places = [word_range(sentence, span) if there else None for span, there in zip(spans, inside, strict=True)]
        ranges = sorted({place for place in places if place})
        readable: list[tuple[int, tuple[int, int]]] = []
        for number, (subject, object_) in enumerate(pairs):
            a, b = places[subject], places[object_]
            if a and b and not _overlap(a, b):
                readable.append((number, (ranges.index(a), ranges.index(b))))
        if readable:
            states = weights.states(sentence.pieces, sentence.shapes)
            unscored = np.zeros(len(ranges), dtype=np.float32)
            scored = _paired(weights, asked, sentence, states, ranges, unscored, [pair for _, pair in readable])
            for row, (number, _) in enumerate(readable):
                answers[number] = scored.scores[row]
    return answers


def _runs(words: int) -> tuple[Ints, Ints]:
    """Return first and last words of every run of up to MAX_WORDS words."""
    start = np.repeat(np.arange(words), MAX_WORDS)
    end = start + np.tile(np.arange(MAX_WORDS), words)
    fits = end < words
    return start[fits], end[fits]


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _paired(
    weights: Weights,
    asked: Questions,
    sentence: Sentence,
    states: Floats,
    ranges: Sequence[tuple[int, int]],
    mention_scores: Floats,
    pairs: Sequence[tuple[int, int]],
) -> Scored:
    subjects, objects = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    starts, ends = np.array(ranges, dtype=np.int64).reshape(-1, 2).T
    left = np.minimum(ends[subjects], ends[objects]) + 1
    right = np.maximum(starts[subjects], starts[objects]) - 1
    gap = np.maximum(right - left + 1, 0)
    turned = starts[subjects] > starts[objects]
    scores, kinds = weights.pairs.run(
        None,
        {
            "states": states,
            "first": sentence.first,
            "last": sentence.last,
            "starts": np.ascontiguousarray(starts),
            "ends": np.ascontiguousarray(ends),
            "subjects": np.ascontiguousarray(subjects),
            "objects": np.ascontiguousarray(objects),
            "left": np.where(gap > 0, left, 0),
            "right": np.where(gap > 0, right, -1),
            "distance": np.searchsorted(_DISTANCE_EDGES, gap, side="right") + 6 * turned,
            "labels": asked.labels,
            "biases": asked.biases,
            "classes": asked.classes,
        },
    )
    spans = tuple(Span(sentence.words[first].start, sentence.words[last].end) for first, last in ranges)
    return Scored(spans, mention_scores, np.round(kinds, DECIMALS), subjects, objects, np.round(scores, DECIMALS))
