"""What a model's answers are worth, measured on labelled triples: a curve to probabilities, and the band in which to abstain."""

import json
import math
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path

from kgbuild.errors import InputError
from kgbuild.ids import digest
from kgbuild.judging.judge import Band
from kgbuild.serialisation import from_json, to_dict


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """The probability at log-odds x is 1 / (1 + exp(-(slope * x + intercept)))."""

    slope: float
    intercept: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.intercept)):
            raise ValueError("a curve of no number")

    def probability(self, log_odds: float) -> float:
        return sigmoid(self.slope * log_odds + self.intercept)


@dataclass(frozen=True, slots=True)
class Steps:
    """Log-odds and the probabilities there, both rising: straight lines between them, level beyond the first and the last."""

    log_odds: tuple[float, ...]
    probabilities: tuple[float, ...]

    def __post_init__(self) -> None:
        rises = all(list(values) == sorted(values) for values in (self.log_odds, self.probabilities))
        is_whole = (
            0 < len(self.log_odds) == len(self.probabilities) == len(set(zip(self.log_odds, self.probabilities, strict=False)))
        )
        if not (rises and is_whole and all(map(math.isfinite, self.log_odds)) and all(0 <= p <= 1 for p in self.probabilities)):
            raise ValueError("a curve of steps that do not rise from log-odds to probabilities")

    def probability(self, log_odds: float) -> float:
        at = bisect_right(self.log_odds, log_odds)
        if at in (0, len(self.log_odds)):
            return self.probabilities[min(at, len(self.log_odds) - 1)]
        (x0, x1), (y0, y1) = self.log_odds[at - 1 : at + 1], self.probabilities[at - 1 : at + 1]
        return y0 + (y1 - y0) * (log_odds - x0) / (x1 - x0)


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


@dataclass(frozen=True, slots=True)
class JudgeCalibration:
    """How one model's answers to one prompt become decisions; see `calibrating` for how it is found.

    model, prompt: whose answers, and the digest of the prompt; another model or prompt has to be calibrated anew.
    target_precision: what the band was picked for. examples: labelled triples that it was fitted to.
    """

    model: str
    prompt: str
    curve: Sigmoid | Steps
    band: Band
    target_precision: float
    examples: int

    @property
    def digest(self) -> str:
        """A digest of what decides a verdict."""
        return digest("judge calibration", self.model, self.prompt, to_dict(self.curve), to_dict(self.band))


def read_calibration(path: Path) -> JudgeCalibration:
    """Read what `kgbuild calibrate` wrote. Raises InputError for anything else."""
    remedy = "Name a file that `kgbuild calibrate` wrote"
    try:
        return from_json(JudgeCalibration, path.read_bytes())
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", remedy) from None
    except ValueError as error:
        raise InputError(path, str(error), remedy) from None


def calibration_json(calibration: JudgeCalibration) -> str:
    return json.dumps(to_dict(calibration), indent=1) + "\n"
