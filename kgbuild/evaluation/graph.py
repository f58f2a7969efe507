"""A graph against gold facts written by hand, such as those of the demo."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kgbuild.evaluation.alignment import Alignment, align
from kgbuild.evaluation.gold import GoldFact
from kgbuild.evaluation.scores import Scores, with_f1
from kgbuild.ontology.model import Ontology
from kgbuild.records import Entity, Fact


@dataclass(frozen=True, slots=True)
class GraphScore:
    """precision: the right ones among the facts; recall: the found ones among the gold; predicted, gold: how many there are."""

    scores: Scores
    predicted: int
    gold: int
    alignment: Alignment


def score_graph(entities: Iterable[Entity], facts: Iterable[Fact], gold: Sequence[GoldFact], ontology: Ontology) -> GraphScore:
    """Score the facts of a graph; `align` says what counts as right."""
    alignment = align(entities, facts, gold, ontology)
    predicted = len(alignment.right) + len(alignment.wrong)
    stated = len(alignment.found) + len(alignment.missed)
    precision = len(alignment.right) / predicted if predicted else 0.0
    recall = len(alignment.found) / stated if stated else 0.0
    return GraphScore(with_f1(precision, recall), predicted, stated, alignment)
