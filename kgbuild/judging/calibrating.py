"""From labelled triples and a model's answers about them to a calibration, and how well it holds on texts it was not fitted to.

answers + labels -> a curve (Platt's for few labels, isotonic for many) -> probabilities -> the band for a target precision
"""

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kgbuild.compact.calibration import expected_calibration_error, fit_curve
from kgbuild.errors import InputError
from kgbuild.extraction.claims import ClaimReader
from kgbuild.extraction.rows import Row
from kgbuild.ids import digest
from kgbuild.judging.calibration import JudgeCalibration, Sigmoid, Steps, sigmoid
from kgbuild.judging.judge import Band
from kgbuild.judging.llm_support import Answer, LlmSupport
from kgbuild.judging.protocol import Candidates
from kgbuild.judging.rows import ReadClaims, read_claims
from kgbuild.judging.rules import judge_by_rules
from kgbuild.ontology.model import Ontology
from kgbuild.records import CandidateTriple, Outcome

MIN_EXAMPLES = 10
"""Of each kind, stated and not stated; fewer say nothing about a curve."""

ISOTONIC_FROM = 1000
"""Examples from which on the curve may have any rising form: with fewer, it would follow their noise.
Source: Niculescu-Mizil and Caruana, "Predicting Good Probabilities with Supervised Learning", 2005."""

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled answer. text: a digest of the passage; all that was asked about one passage is held out together."""

    text: str
    log_odds: float
    stated: bool


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How a calibration does on passages it was not fitted to: each fold by a calibration of the other folds.

    ece_before, ece_after: expected calibration error of P(yes) as the model has it, and as calibrated.
    precision: share of the accepted that is stated, None where none was accepted. accepted, rejected, unsure: shares of all.
    """

    ece_before: float
    ece_after: float
    precision: float | None
    accepted: float
    rejected: float
    unsure: float


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What a calibration was made of, and what it is worth.

    stated: examples that their text states. unused: labelled triples that gave no example, by reason.
    label_mass: the median of what yes and no had of the probability together; None where the server told the word alone.
    """

    calibration: JudgeCalibration
    stated: int
    unused: Mapping[str, int]
    label_mass: float | None
    held_out: HeldOut


def calibrate(rows: Sequence[Row], support: LlmSupport, ontology: Ontology, target_precision: float) -> CalibrationReport:
    """Ask a model about labelled triples, and fit its calibration to what it answers.

    rows: as `kgbuild judge` reads them, each triple with "supported": true or false, or with the right "verdict". Only triples that
    break no rule are asked about, since no others are when judging. Raises InputError when the labels are too few, or when the
    answers do not tell what is stated from what is not; ModelUnavailable.
    """
    unused: Counter[str] = Counter()
    reader = ClaimReader(ontology)
    labelled = [found for row in rows if (found := _labelled(row, reader, ontology, unused)) is not None]
    answers = support.answers([candidates for candidates, _ in labelled])
    examples: list[Example] = []
    masses: list[float] = []
    for (candidates, labels), given in zip(labelled, answers, strict=True):
        for stated, answer in zip(labels, given, strict=True):
            if not isinstance(answer, Answer):
                unused[answer.reason] += 1
                continue
            examples.append(Example(digest(candidates.chunk.text), answer.log_odds, stated))
            masses.extend([] if answer.label_mass is None else [answer.label_mass])
    calibration = fit(examples, support.model_name, support.prompt_digest, target_precision, unused)
    return CalibrationReport(
        calibration,
        stated=sum(example.stated for example in examples),
        unused=dict(sorted(unused.items())),
        label_mass=round(statistics.median(masses), 4) if masses else None,
        held_out=held_out(examples, target_precision),
    )


def _labelled(
    row: Mapping[str, Any], reader: ClaimReader, ontology: Ontology, unused: Counter[str]
) -> tuple[Candidates, list[bool]] | None:
    """Return the triples of a row that can be asked about, and whether the row says that they are stated."""
    found = read_claims(row, reader)
    if not isinstance(found, ReadClaims):
        unused["unreadable row"] += 1
        return None
    chunk = found.candidates.chunk
    readable = iter(found.candidates.triples)
    asked: list[CandidateTriple] = []
    labels: list[bool] = []
    for triple, problem in zip(row["triples"], found.problems, strict=True):
        if problem is not None:
            unused["unreadable triple"] += 1
            continue
        candidate, label = next(readable), _label(triple)
        if label is None:
            unused["without a label"] += 1
        elif (verdict := judge_by_rules(candidate, chunk, ontology)).outcome is Outcome.REJECTED:
            unused[str(verdict.reason)] += 1
        else:
            asked.append(candidate)
            labels.append(label)
    return Candidates(chunk, tuple(asked)), labels


def _label(triple: Mapping[str, Any]) -> bool | None:
    if isinstance(supported := triple.get("supported"), bool):
        return supported
    match triple.get("verdict"):
        case "accepted":
            return True
        case "rejected":
            return False
    return None


def fit(
    examples: Sequence[Example], model: str, prompt: str, target_precision: float, unused: Mapping[str, int] | None = None
) -> JudgeCalibration:
    """Fit a curve and pick the band. Raises InputError when the examples do not allow it. unused: why others are none, counted."""
    stated = sum(example.stated for example in examples)
    if min(stated, len(examples) - stated) < MIN_EXAMPLES:
        others = "".join(f", {n} {reason}" for reason, n in sorted((unused or {}).items()))
        raise InputError(
            "kgbuild calibrate",
            f"of {len(examples)} labelled triples that got an answer {stated} are stated; {MIN_EXAMPLES} of each kind are needed"
            + (f" (not used{others})" if others else ""),
            "Label more triples, wrong ones among them" + (", and see to those not used" if others else ""),
        )
    curve = _curve(examples)
    if curve is None:
        remedy = "Use another model; `kgbuild doctor` tells what this one can do"
        raise InputError(model, "says yes no more often to what is stated than to what is not", remedy)
    probabilities = [curve.probability(example.log_odds) for example in examples]
    band = pick_band(probabilities, [example.stated for example in examples], target_precision)
    if band is None:
        best = best_precision(probabilities, [example.stated for example in examples])
        remedy = "Ask for less with --target-precision, label more triples, or use another model"
        raise InputError(model, f"no threshold reaches a precision of {target_precision:g} for sure (the best: {best:.2f})", remedy)
    return JudgeCalibration(model, prompt, curve, band, target_precision, len(examples))


def _curve(examples: Sequence[Example]) -> Sigmoid | Steps | None:
    """Return the curve that fits best of those that rise; None where the best does not."""
    log_odds, stated = [example.log_odds for example in examples], [example.stated for example in examples]
    if len(examples) < ISOTONIC_FROM:
        fitted = fit_curve(log_odds, stated, [""] * len(examples))
        return Sigmoid(fitted.slope, fitted.intercept + fitted.offsets[""]) if fitted.slope > 0 else None
    steps = fit_isotonic(log_odds, stated)
    return steps if len(steps.log_odds) > 1 else None


def fit_isotonic(log_odds: Sequence[float], stated: Sequence[bool]) -> Steps:
    """Fit the rising function that is closest to the labels in the mean square, by pooling neighbours that fall.

    Source: Ayer et al., "An Empirical Distribution Function for Sampling with Incomplete Information", 1955.
    """
    totals: dict[float, list[float]] = {}
    for x, label in zip(log_odds, stated, strict=True):
        total = totals.setdefault(x, [0.0, 0.0])
        total[0] += label
        total[1] += 1
    pools: list[list[float]] = []  # first and last log-odds, labels that are true, all labels
    for x, (true, count) in sorted(totals.items()):
        pools.append([x, x, true, count])
        while len(pools) > 1 and pools[-2][2] / pools[-2][3] >= pools[-1][2] / pools[-1][3]:
            _, last, true, count = pools.pop()
            pools[-1] = [pools[-1][0], last, pools[-1][2] + true, pools[-1][3] + count]
    ends = [(x, true / count) for first, last, true, count in pools for x in dict.fromkeys((first, last))]
    return Steps(tuple(x for x, _ in ends), tuple(probability for _, probability in ends))


def pick_band(probabilities: Sequence[float], stated: Sequence[bool], target_precision: float) -> Band | None:
    """Return the narrowest band that keeps to the target on these labels; None where nothing could be accepted.

    At least the target's share of what is accepted is stated, and at least the same share of what is rejected is not: surely
    enough that a few lucky labels decide nothing, see `at_least`. Each edge lies halfway between two probabilities, so that the
    last digit of one decides nothing either.
    """
    ladder = _ladder(probabilities, stated)
    accept_from = next((step.edge for step in ladder if at_least(step.stated_above, step.above) >= target_precision), None)
    if accept_from is None:
        return None
    below = (step for step in reversed(ladder) if step.edge <= accept_from)
    return Band(
        next((step.edge for step in below if at_least(step.unstated_below, step.below) >= target_precision), 0.0), accept_from
    )


def best_precision(probabilities: Sequence[float], stated: Sequence[bool]) -> float:
    """Return the highest precision that any threshold surely reaches."""
    return max(at_least(step.stated_above, step.above) for step in _ladder(probabilities, stated))


def at_least(right: int, of: int) -> float:
    """Return the share that is right, less one standard error: the precision seen above the best of many thresholds flatters.

    Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", 1927.

    >>> round(at_least(1, 1), 2), round(at_least(19, 19), 2), round(at_least(980, 1000), 3)
    (0.5, 0.95, 0.975)
    """
    if of == 0:
        return 0.0
    share = right / of
    return (share + 0.5 / of - math.sqrt(share * (1 - share) / of + 0.25 / of**2)) / (1 + 1 / of)


@dataclass(frozen=True, slots=True)
class _Step:
    """A threshold, and how many lie above and below it."""

    edge: float
    above: int
    stated_above: int
    below: int
    unstated_below: int


def _ladder(probabilities: Sequence[float], stated: Sequence[bool]) -> list[_Step]:
    """Return every threshold that tells probabilities apart, rising: the least one, and those halfway between neighbours."""
    ordered = sorted(zip(probabilities, stated, strict=True))
    all_stated = sum(stated)
    steps: list[_Step] = []
    stated_below = 0
    for below, (probability, is_stated) in enumerate(ordered):
        before = ordered[below - 1][0] if below else None
        if before is None or probability > before:
            edge = probability if before is None else (before + probability) / 2
            steps.append(_Step(edge, len(ordered) - below, all_stated - stated_below, below, below - stated_below))
        stated_below += is_stated
    return steps


def held_out(examples: Sequence[Example], target_precision: float) -> HeldOut:
    """Calibrate every fold of passages by the others; one whose others do not allow it is left to the model as it is."""
    texts = sorted({example.text for example in examples})
    fold_of = {text: number % FOLDS for number, text in enumerate(texts)}
    outcomes: list[tuple[float, Band, bool]] = []
    for fold in range(FOLDS):
        others = [example for example in examples if fold_of[example.text] != fold]
        curve = _curve(others)
        probability = sigmoid if curve is None else curve.probability
        known = [probability(example.log_odds) for example in others]
        band = pick_band(known, [example.stated for example in others], target_precision) or Band(0.0, 1.0)
        held = [example for example in examples if fold_of[example.text] == fold]
        outcomes += [(probability(example.log_odds), band, example.stated) for example in held]
    right = [stated for _, _, stated in outcomes]
    accepted = [stated for probability, band, stated in outcomes if probability >= band.accept_from]
    rejected = sum(probability < band.reject_below for probability, band, _ in outcomes)
    return HeldOut(
        ece_before=expected_calibration_error(
            [sigmoid(example.log_odds) for example in examples], [example.stated for example in examples]
        ),
        ece_after=expected_calibration_error([probability for probability, _, _ in outcomes], right),
        precision=round(sum(accepted) / len(accepted), 4) if accepted else None,
        accepted=round(len(accepted) / len(right), 4),
        rejected=round(rejected / len(right), 4),
        unsure=round((len(right) - len(accepted) - rejected) / len(right), 4),
    )
