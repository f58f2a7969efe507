"""Which sentences of one's own documents are most worth labelling: `kgbuild train --suggest N DOCUMENTS`."""

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kgbuild.compact.coverage import coverage
from kgbuild.compact.decoding import Guess, Reader, guesses, reader
from kgbuild.compact.sentences import sentences_of
from kgbuild.compact.taught import LabelledText, LabelledTriple
from kgbuild.compact.weights import open_weights
from kgbuild.ontology.model import Ontology

SHOWN_FROM = 0.25
"""Guesses at least this likely are filled in for a person to keep, correct or delete."""
POOL = 2_000
"""Sentences kept to choose from, so that memory does not grow with the documents."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    """worth: by property, how unsure the weights are of their likeliest guess of it, 0 to 1."""

    text: str
    worth: dict[str, float]
    triples: tuple[LabelledTriple, ...]


def suggest(texts: Iterable[str], ontology: Ontology, count: int, base: Path | None = None) -> tuple[LabelledText, ...]:
    """Return the sentences from which the weights would learn most, best first, with their own guesses filled in.

    A sentence is worth the more, the less sure the weights are of what it states (uncertainty sampling), and the less of that has
    been chosen before: each property counts half as much for every sentence chosen for it.
    Source: Lewis and Gale, "A Sequential Algorithm for Training Text Classifiers", 1994.
    """
    weights = open_weights(base)
    asked = reader(weights, ontology, coverage(ontology, weights), with_uncovered=True)
    pool: list[tuple[float, str, _Sentence]] = []
    for words in sentences_of(texts):
        sentence = _rated(words, asked)
        if sentence.worth:
            entry = (sum(sentence.worth.values()), words, sentence)
            heapq.heappushpop(pool, entry) if len(pool) >= POOL else heapq.heappush(pool, entry)
    chosen = _spread([sentence for _, _, sentence in sorted(pool, key=lambda entry: (-entry[0], entry[1]))], count)
    return tuple(LabelledText(id=number, text=s.text, triples=s.triples) for number, s in enumerate(chosen, 1))


def _rated(text: str, asked: Reader) -> _Sentence:
    worth: dict[str, float] = {}
    shown: list[Guess] = []
    for guess in guesses(asked, text):
        unsure = 1 - abs(2 * guess.probability - 1)
        worth[guess.predicate] = max(worth.get(guess.predicate, 0.0), unsure)
        if guess.probability >= SHOWN_FROM:
            shown.append(guess)
    triples = tuple(
        LabelledTriple(subject=guess.subject.of(text), predicate=guess.predicate, object=guess.object.of(text)) for guess in shown
    )
    return _Sentence(text, worth, triples)


def _spread(pool: Sequence[_Sentence], count: int) -> list[_Sentence]:
    """Choose one by one what is worth most beside what was chosen before."""
    left = list(pool)
    chosen: list[_Sentence] = []
    times = Counter[str]()
    while left and len(chosen) < count:
        best = max(left, key=lambda s: (sum(worth / 2 ** times[name] for name, worth in s.worth.items()), s.text))
        left.remove(best)
        chosen.append(best)
        times.update(best.worth)
    return chosen
