"""Labelled triples -> a calibration: curves, the band for a target precision, and how well they hold."""

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.errors import InputError
from kgbuild.judging.calibrating import Example, calibrate, fit, fit_isotonic, held_out, pick_band
from kgbuild.judging.calibration import JudgeCalibration, Sigmoid, Steps, calibration_json, read_calibration, sigmoid
from kgbuild.judging.judge import Band
from kgbuild.judging.llm_support import LlmSupport
from kgbuild.llm.protocol import NoReplies
from kgbuild.llm.recorded import Recorded, RecordedReplies
from tests.builders import COMPANIES

scores = st.integers(-8, 8).map(lambda n: n / 2)
labelled = st.lists(st.tuples(scores, st.booleans()), min_size=1, max_size=40)


def answers(slope, intercept, count, seed=1):
    """Answers of a model whose log-odds x are right with the probability sigmoid(slope * x + intercept); two to a text."""
    chance = random.Random(seed)
    found = [chance.gauss(0, 3) for _ in range(count)]
    return [Example(f"text {n // 2}", x, chance.random() < sigmoid(slope * x + intercept)) for n, x in enumerate(found)]


def error_by_hand(probabilities, stated):
    """Expected calibration error over ten bins, from its definition."""
    error = 0.0
    for low in range(10):
        inside = [
            (p, s) for p, s in zip(probabilities, stated, strict=True) if low / 10 <= p < (low + 1) / 10 or low == 9 <= p * 10
        ]
        if inside:
            error += abs(sum(p for p, _ in inside) - sum(s for _, s in inside)) / len(probabilities)
    return error


@given(labelled)
def test_an_isotonic_curve_rises_and_is_what_the_theory_says(pairs):
    curve = fit_isotonic(*zip(*pairs, strict=True))
    xs = sorted({x for x, _ in pairs})
    fitted = [curve.probability(x) for x in xs]
    assert fitted == sorted(fitted)

    # Robertson, Wright and Dykstra, 1988: the largest, over all lower ends, of the smallest mean over all upper ends.
    def mean(low, high):
        inside = [stated for x, stated in pairs if low <= x <= high]
        return sum(inside) / len(inside)

    expected = [max(min(mean(a, b) for b in xs if b >= x) for a in xs if a <= x) for x in xs]
    assert fitted == pytest.approx(expected)


@given(labelled, scores, scores)
def test_an_isotonic_curve_rises_between_and_beyond_its_points_too(pairs, one, other):
    curve = fit_isotonic(*zip(*pairs, strict=True))
    low, high = sorted((one * 1.37, other * 1.37))
    assert 0 <= curve.probability(low) <= curve.probability(high) + 1e-12
    assert curve.probability(high) <= 1


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200), st.sampled_from([0.5, 0.7, 0.8, 0.9]))
def test_a_band_keeps_to_the_target_on_its_own_labels(pairs, target):
    probabilities, stated = zip(*pairs, strict=True)
    band = pick_band(probabilities, stated, target)

    def precision(edge):
        accepted = [s for p, s in pairs if p >= edge]
        return sum(accepted) / len(accepted)

    if band is None:
        # So many right ones in a row that it can be no luck would have been accepted.
        assert not any(precision(p) == 1 and sum(q >= p for q in probabilities) > target / (1 - target) + 1 for p in probabilities)
        return
    assert precision(band.accept_from) >= target - 1e-9
    rejected = [s for p, s in pairs if p < band.reject_below]
    assert sum(not s for s in rejected) >= target * len(rejected) - 1e-9


@pytest.mark.parametrize(
    ("probabilities", "stated", "band"),
    [
        # Each edge lies halfway between two neighbours; what nothing tells apart is in between.
        ((0.1,) * 10 + (0.4, 0.6) + (0.9,) * 10, (0,) * 10 + (1, 0) + (1,) * 10, Band(0.25, 0.75)),
        # Where all is told apart there is nothing to abstain from.
        ((0.1,) * 10 + (0.9,) * 10, (0,) * 10 + (1,) * 10, Band(0.5, 0.5)),
        # Where nothing unstated was seen, nothing is rejected.
        ((0.4,) * 20, (1,) * 20, Band(0.0, 0.4)),
        # Eight in a row may be luck; ten are enough for nine tenths.
        ((0.1,) * 10 + (0.9,) * 8, (0,) * 10 + (1,) * 8, None),
        ((0.5,) * 20, (1, 0) * 10, None),
    ],
)
def test_where_the_edges_of_a_band_lie(probabilities, stated, band):
    found = pick_band(probabilities, [bool(s) for s in stated], 0.9)
    if band is None:
        assert found is None
    else:
        assert (found.reject_below, found.accept_from) == pytest.approx((band.reject_below, band.accept_from))


def test_few_labels_give_a_sigmoid_and_many_an_isotonic_curve():
    few = fit(answers(0.5, -1.0, 600), "m", "p", 0.7).curve
    assert isinstance(few, Sigmoid)
    # The curve that the answers were drawn from, within four standard errors.
    assert (few.slope, few.intercept) == (pytest.approx(0.5, abs=0.17), pytest.approx(-1.0, abs=0.45))
    many = fit(answers(0.5, -1.0, 3000), "m", "p", 0.7).curve
    assert isinstance(many, Steps)
    for x in (-4, -2, 0, 2, 4):
        assert many.probability(x) == pytest.approx(sigmoid(0.5 * x - 1), abs=0.12)


@pytest.mark.parametrize("count", [400, 2000])
def test_calibration_mends_a_model_that_is_too_sure_on_texts_it_has_not_seen(count):
    found = answers(0.5, -1.0, count)
    held = held_out(found, 0.8)
    assert held.ece_before == pytest.approx(
        error_by_hand([sigmoid(one.log_odds) for one in found], [one.stated for one in found]), abs=1e-4
    )
    assert held.ece_before > 0.12
    assert held.ece_after < 0.08
    assert held.accepted + held.rejected + held.unsure == pytest.approx(1, abs=1e-3)
    assert held.precision == pytest.approx(0.8, abs=0.1)


def test_what_was_asked_about_one_text_is_held_out_together():
    # Labels that hold for a text and not for any other: were its twin seen, it would be known.
    chance = random.Random(2)
    texts = [(f"text {n}", chance.gauss(0, 1), chance.random() < 0.5) for n in range(1500)]
    twins = [Example(*one) for one in texts for _ in range(2)]
    assert held_out(twins, 0.95).ece_after < 0.1


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (answers(0.5, 0, 12), "10 of each kind are needed"),
        ([Example(str(n), float(n), True) for n in range(50)], "of 50 labelled triples that got an answer 50 are stated"),
        (answers(-0.5, 0, 300), "says yes no more often to what is stated than to what is not"),
        ([Example(str(n), 1.0, n % 2 == 0) for n in range(2000)], "says yes no more often"),
        (answers(0.1, -1, 300), r"no threshold reaches a precision of 0\.9 for sure \(the best: 0\.\d\d\)"),
    ],
)
def test_labels_that_allow_no_calibration_are_one_line(found, said):
    with pytest.raises(InputError, match=said):
        fit(found, "m", "p", 0.9)


@pytest.mark.parametrize("curve", [Sigmoid(0.5, -1), Steps((-1.0, 2.5), (0.1, 0.9))])
def test_a_calibration_is_read_back_as_it_was_written(curve, tmp_path):
    made = JudgeCalibration("m", "p", curve, Band(0.1, 0.9), 0.95, 100)
    (tmp_path / "c.json").write_text(calibration_json(made))
    assert read_calibration(tmp_path / "c.json") == made


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model": "m"}'])
def test_a_file_that_is_no_calibration_is_one_line(text, tmp_path):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(InputError, match="kgbuild calibrate"):
        read_calibration(tmp_path / "c.json")
    with pytest.raises(InputError, match="No such file"):
        read_calibration(tmp_path / "none.json")


@pytest.mark.parametrize(
    "curve",
    [
        {"slope": "NaN", "intercept": 0},
        {"slope": 1, "intercept": "Infinity"},
        {"log_odds": [], "probabilities": []},
        {"log_odds": [0, 1], "probabilities": [0.5]},
        {"log_odds": [1, 0], "probabilities": [0.1, 0.9]},
        {"log_odds": [0, 1], "probabilities": [0.9, 0.1]},
        {"log_odds": [0, 1], "probabilities": [-5, 7]},
    ],
)
def test_a_curve_that_is_none_is_one_line(curve, tmp_path):
    made = json.loads(calibration_json(JudgeCalibration("m", "p", Sigmoid(0.5, -1), Band(0.1, 0.9), 0.95, 100)))
    (tmp_path / "c.json").write_text(json.dumps(made | {"curve": curve}).replace('"NaN"', "NaN").replace('"Infinity"', "Infinity"))
    with pytest.raises(InputError, match="kgbuild calibrate"):
        read_calibration(tmp_path / "c.json")


def row(n, *labels):
    text = f"Ada{n} Lovelace works for Acme and Bob{n} Hart may work for Bolt."
    sides = [(f"Ada{n} Lovelace", "Acme"), (f"Bob{n} Hart", "Bolt"), ("London", "Acme")]
    triples = [{"subject": s, "predicate": "employer", "object": o} | label for (s, o), label in zip(sides, labels, strict=False)]
    return {"id": n, "text": text, "triples": triples}


def test_labelled_rows_are_asked_about_as_when_judging_and_what_gives_no_example_is_counted():
    said = [Recorded(f"Fact: Ada{n} ", reply="yes", logprobs=(math.log(0.9), math.log(0.1))) for n in range(12)]
    said += [Recorded(f"Fact: Bob{n} ", reply="no", logprobs=(math.log(0.3), math.log(0.6))) for n in range(12)]
    said += [Recorded("Fact: Ada77 ", reply="<think>", logprobs=(-9.0, -9.0)), Recorded("Fact: Ada78 ", error="refused")]
    rows = [row(n, {"supported": True}, {"verdict": "rejected"}, {"supported": False}) for n in range(12)]
    rows += [row(77, {"verdict": "accepted"}, {"verdict": "undecided"}), row(78, {"supported": True}, {"supported": None})]
    rows += [{"id": "bad"}, {"id": "odd", "text": "x", "triples": [7]}]
    chat = RecordedReplies(tuple(said))
    report = calibrate(rows, LlmSupport(COMPANIES, chat, NoReplies()), COMPANIES, 0.9)
    assert (report.calibration.examples, report.stated) == (24, 12)
    assert report.unused == {
        "no plain answer": 1,
        "not in text": 12,
        "refused": 1,
        "unreadable row": 1,
        "unreadable triple": 1,
        "without a label": 2,
    }
    assert report.label_mass == pytest.approx(0.95, abs=0.051)
    assert report.calibration.model == chat.name
    assert report.held_out.precision == 1.0
    assert json.loads(calibration_json(report.calibration))["band"]["accept_from"] > 0.5
    assert len(chat.asked) == 26
