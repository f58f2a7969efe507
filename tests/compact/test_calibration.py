import numpy as np
import pytest

from kgbuild.compact.calibration import Curve, expected_calibration_error, fit_curve, read_calibration, write_calibration
from kgbuild.compact.weights import open_weights

GENERATOR = np.random.default_rng(0)
SCORES = GENERATOR.normal(0, 2, 4000)
RIGHT = GENERATOR.random(4000) < 1 / (1 + np.exp(-(0.7 * SCORES - 1)))


def test_a_curve_is_found_again_from_what_it_gives():
    curve = fit_curve(SCORES, RIGHT, ["a"] * 4000)
    assert curve.slope == pytest.approx(0.7, abs=0.1)
    assert curve.intercept + curve.offsets["a"] == pytest.approx(-1, abs=0.15)


def test_a_property_that_is_more_often_right_gets_the_higher_offset():
    keys = ["often" if right else "seldom" for right in RIGHT[:200]] + ["seldom"] * 3800
    curve = fit_curve(SCORES, RIGHT, keys)
    assert curve.offsets["often"] > curve.offsets["seldom"]


def test_few_answers_move_an_offset_less_than_many():
    few = fit_curve([0.0] * 104, [True] * 4 + [False, True] * 50, ["rare"] * 4 + ["usual"] * 100)
    many = fit_curve([0.0] * 140, [True] * 40 + [False, True] * 50, ["rare"] * 40 + ["usual"] * 100)
    assert 0 < few.offsets["rare"] < many.offsets["rare"]


def test_scores_far_from_the_curve_do_not_throw_the_fit():
    curve = fit_curve([*SCORES, 40.0, -40.0], [*RIGHT, False, True], ["a"] * 4002)
    assert 0 < curve.slope < 1


@pytest.mark.parametrize(
    ("probabilities", "right", "error"),
    [
        ([0.75, 0.75, 0.75, 0.75], [1, 1, 1, 0], 0.0),
        ([1.0, 1.0], [0, 0], 1.0),
        ([0.9, 0.1], [1, 0], 0.1),
    ],
)
def test_the_calibration_error_is_the_gap_between_said_and_seen(probabilities, right, error):
    assert expected_calibration_error(probabilities, right) == pytest.approx(error)


def test_a_property_without_offset_has_none():
    curve = Curve(1.0, 0.0, {"known": 2.0})
    assert curve.probabilities([0.0, 0.0], ["known", "unknown"]).tolist() == pytest.approx([0.8808, 0.5], abs=1e-4)


def test_a_calibration_is_read_as_it_was_written(tmp_path):
    calibration = open_weights().calibration
    write_calibration(calibration, tmp_path / "calibration.json")
    assert read_calibration(tmp_path / "calibration.json") == calibration


def test_the_shipped_thresholds_run_forward():
    calibration = open_weights().calibration
    assert 0 < calibration.unsure_from < calibration.accept_from < 1
    assert 0 < calibration.judge_reject_below < calibration.judge_accept_from < 1
