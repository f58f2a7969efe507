"""Thresholds from how often a property is listed in labelled sentences, and what is found in unlabelled ones of the same source."""

from collections.abc import Mapping, Sequence

PRIOR_SENTENCES = 25
"""How hard the rate of a property is pulled to what the threshold that serves all gives it: as if by so many examples."""


def at_listed_rate(
    found: Mapping[str, Sequence[float]], listed: Mapping[str, int], examples: int, unlabelled: int, otherwise: float
) -> dict[str, float]:
    """Return for each property listed the score from which on it passes as often per sentence as it is stated.

    found: scores of the statements found in the unlabelled sentences, by property; listed: statements of each in the examples;
    examples, unlabelled: sentences of both; otherwise: the threshold where nothing is found.
    A few examples tell how often all properties together are stated, but hardly how often a rare one is. So the threshold at which
    all together pass as often as listed comes first; the rate of each is then between what it gets there and what its examples
    list (the mean of a Poisson rate under a Gamma prior), and its own threshold follows.
    Source: proportional assignment, in Yang, "A Study of Thresholding Strategies for Text Categorization", 2001.
    """
    together = [score for name in listed for score in found.get(name, ())]
    shared = _passing(together, sum(listed.values()) * unlabelled / examples, otherwise)
    thresholds: dict[str, float] = {}
    for name, count in listed.items():
        own = found.get(name, ())
        usual = sum(score >= shared for score in own)
        wanted = (count * unlabelled + PRIOR_SENTENCES * usual) / (examples + PRIOR_SENTENCES)
        thresholds[name] = _passing(own, wanted, shared)
    return thresholds


def _passing(scores: Sequence[float], wanted: float, otherwise: float) -> float:
    """Return the score that `wanted` of the scores reach, at least one; `otherwise` where there are none."""
    return sorted(scores, reverse=True)[: max(1, round(wanted))][-1] if scores else otherwise
