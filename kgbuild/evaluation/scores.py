"""How good predictions are: pure functions, each with the paper it comes from."""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from math import fsum


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and their harmonic mean, each 0 to 1."""

    precision: float
    recall: float
    f1: float


NO_SCORES = Scores(0.0, 0.0, 0.0)


def scores_of(correct: int, predicted: int, gold: int) -> Scores:
    """Return the scores of counts; a ratio of nothing is 0.

    >>> scores_of(correct=1, predicted=2, gold=4)
    Scores(precision=0.5, recall=0.25, f1=0.3333333333333333)
    """
    return with_f1(correct / predicted if predicted else 0.0, correct / gold if gold else 0.0)


def with_f1(precision: float, recall: float) -> Scores:
    total = precision + recall
    return Scores(precision, recall, 2 * precision * recall / total if total else 0.0)


def scores_of_sets(predicted: Collection[Hashable], gold: Collection[Hashable]) -> Scores:
    """Compare two sets of things that count as equal when they are equal."""
    predicted, gold = set(predicted), set(gold)
    return scores_of(len(predicted & gold), len(predicted), len(gold))


def mean(scores: Iterable[Scores]) -> Scores:
    """Average each of the three; the mean F1 is that of the F1s, not of the mean precision and recall."""
    each = list(scores)
    if not each:
        return NO_SCORES
    count = len(each)
    return Scores(sum(s.precision for s in each) / count, sum(s.recall for s in each) / count, sum(s.f1 for s in each) / count)


def b_cubed(predicted: Iterable[Collection[Hashable]], gold: Iterable[Collection[Hashable]]) -> Scores:
    """Compare two clusterings of the same items, item by item.

    An item that only one side has is alone on the other.
    Source: Bagga and Baldwin, "Algorithms for Scoring Coreference Chains", 1998.

    >>> b_cubed([{"a", "b", "c", "d"}], [{"a", "b"}, {"c", "d"}])
    Scores(precision=0.5, recall=1.0, f1=0.6666666666666666)
    """
    in_predicted, in_gold = _cluster_of(predicted), _cluster_of(gold)
    items = in_predicted.keys() | in_gold.keys()
    if not items:
        return NO_SCORES
    # Items of one predicted and one gold cluster score alike: this is linear in items, however large the clusters.
    cells = Counter((in_predicted.get(item, ("alone", item)), in_gold.get(item, ("alone", item))) for item in items)
    sizes: tuple[defaultdict[Hashable, int], defaultdict[Hashable, int]] = (defaultdict(int), defaultdict(int))
    for (predicted_id, gold_id), count in cells.items():
        sizes[0][predicted_id] += count
        sizes[1][gold_id] += count
    # fsum, since the order of a set's items must not show in the last digit.
    precision = fsum(count * count / sizes[0][predicted_id] for (predicted_id, _), count in cells.items()) / len(items)
    recall = fsum(count * count / sizes[1][gold_id] for (_, gold_id), count in cells.items()) / len(items)
    return with_f1(precision, recall)


def _cluster_of(clusters: Iterable[Collection[Hashable]]) -> dict[Hashable, Hashable]:
    return {item: ("cluster", number) for number, cluster in enumerate(clusters) for item in cluster}


def expected_calibration_error(probabilities: Sequence[float], outcomes: Sequence[bool], bins: int = 10) -> float:
    """Return how far probabilities are from the frequency of what they predict: the mean gap over bins of equal width, by size.

    Source: Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", 2015.

    >>> expected_calibration_error([0.9, 0.9, 0.1, 0.1], [True, False, False, False])
    0.25
    """
    members: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    for probability, outcome in zip(probabilities, outcomes, strict=True):
        members[min(int(probability * bins), bins - 1)].append((probability, outcome))
    gaps = (abs(sum(probability - outcome for probability, outcome in held)) for held in members.values())
    return sum(gaps) / len(probabilities) if probabilities else 0.0


def balanced_accuracy(predicted: Sequence[bool], gold: Sequence[bool]) -> float:
    """Return the mean of the recall of true and of false; 0.5 is what guessing gives, however rare one of them is.

    With only one of them in the gold, it is the recall of that one.
    Source: Brodersen et al., "The Balanced Accuracy and Its Posterior Distribution", 2010.

    >>> balanced_accuracy([True, True, True, False], [True, True, False, False])
    0.75
    """
    recalls = []
    for value in (True, False):
        answers = [answer for answer, truth in zip(predicted, gold, strict=True) if truth is value]
        if answers:
            recalls.append(sum(answer is value for answer in answers) / len(answers))
    return sum(recalls) / len(recalls) if recalls else 0.0
