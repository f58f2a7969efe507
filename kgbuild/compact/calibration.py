"""Scores into probabilities, and probabilities into thresholds."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kgbuild.serialisation import from_json

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """Probability of a score: 1 / (1 + exp(-(slope * score + intercept + offset of its property))).

    offsets: by property key; a property without one has 0.
    """

    slope: float
    intercept: float
    offsets: Mapping[str, float]

    def probabilities(self, scores: ArrayLike, keys: Sequence[str]) -> Floats:
        """scores: (..., P), one column for each key."""
        offsets = np.array([self.offsets.get(key, 0.0) for key in keys])
        return sigmoid(self.slope * np.asarray(scores, dtype=np.float64) + self.intercept + offsets)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a folder of weights turns scores into decisions.

    extraction: that a statement the model proposes is right; it is proposed from `unsure_from` on, taken as right from
    `accept_from` on. judging: that a statement somebody else proposes is right; it is refused below `judge_reject_below`, taken as
    right from `judge_accept_from` on. In between both leave it to others.
    """

    extraction: Curve
    unsure_from: float
    accept_from: float
    judging: Curve
    judge_reject_below: float
    judge_accept_from: float


def read_calibration(path: Path) -> Calibration:
    """Raises ValueError where the file holds none."""
    held = from_json(Calibration, path.read_bytes())
    if not (0 <= held.unsure_from <= held.accept_from < 1 and 0 <= held.judge_reject_below <= held.judge_accept_from < 1):
        raise ValueError("thresholds are no probabilities in their order")
    return held


def write_calibration(calibration: Calibration, path: Path) -> None:
    path.write_text(json.dumps(asdict(calibration), indent=1, sort_keys=True) + "\n", "utf-8")


def sigmoid(values: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(values, -60, 60)))


def fit_curve(
    scores: ArrayLike, right: ArrayLike, keys: Sequence[str], weights: ArrayLike | None = None, own_strength: float = 4.0
) -> Curve:
    """Fit a curve to labelled scores by logistic regression, solved with Newton's method.

    own_strength: how hard the offset of a property is pulled to 0: as if by so many average answers.
    Source: Platt, "Probabilistic Outputs for Support Vector Machines", 1999; offsets with a Gaussian prior.
    """
    names = sorted(set(keys))
    numbers = {name: number for number, name in enumerate(names)}
    x = np.asarray(scores, dtype=np.float64)
    y = np.asarray(right, dtype=np.float64)
    w = np.ones_like(x) if weights is None else np.asarray(weights, dtype=np.float64)
    features = np.zeros((len(x), 2 + len(names)))
    features[:, 0], features[:, 1] = x, 1.0
    features[np.arange(len(x)), [2 + numbers[key] for key in keys]] = 1.0
    prior = np.full(features.shape[1], own_strength / 4)
    prior[:2] = 1e-3
    centre = np.eye(1, features.shape[1])[0]

    def cost(theta: Floats) -> float:
        z = features @ theta
        return float((w * (np.logaddexp(0, z) - y * z)).sum() + (prior * (theta - centre) ** 2).sum() / 2)

    theta = centre.copy()
    for _ in range(100):
        p = sigmoid(features @ theta)
        gradient = features.T @ (w * (p - y)) + prior * (theta - centre)
        curvature = (features * (w * p * (1 - p))[:, None]).T @ features + np.diag(prior)
        step = np.linalg.solve(curvature, gradient)
        if np.abs(step).max() < 1e-7:
            break
        share, at = 1.0, cost(theta)
        while share > 1e-6 and cost(theta - share * step) > at:
            share /= 2  # a full step overshoots where scores lie far from the curve
        theta = theta - share * step
    offsets = {name: round(float(value), 4) for name, value in zip(names, theta[2:], strict=True)}
    return Curve(round(float(theta[0]), 4), round(float(theta[1]), 4), offsets)


def expected_calibration_error(probabilities: ArrayLike, right: ArrayLike, bins: int = 10) -> float:
    """Return the mean gap between stated and observed probability, over bins of equal width weighted by their share.

    Source: Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", 2015.

    >>> expected_calibration_error([0.9, 0.9, 0.1, 0.1], [1, 1, 0, 0])
    0.1
    """
    p, y = np.asarray(probabilities, dtype=np.float64), np.asarray(right, dtype=np.float64)
    places = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [abs(p[places == b].mean() - y[places == b].mean()) * (places == b).mean() for b in range(bins) if (places == b).any()]
    return round(float(sum(gaps)), 4)
