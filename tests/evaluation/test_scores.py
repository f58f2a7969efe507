"""What each score is on examples that can be worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.evaluation.scores import (
    Scores,
    b_cubed,
    balanced_accuracy,
    expected_calibration_error,
    mean,
    scores_of,
    scores_of_sets,
)


@pytest.mark.parametrize(
    ("correct", "predicted", "gold", "expected"),
    [(2, 4, 8, Scores(0.5, 0.25, 1 / 3)), (0, 3, 3, Scores(0, 0, 0)), (0, 0, 3, Scores(0, 0, 0)), (0, 0, 0, Scores(0, 0, 0))],
)
def test_scores_of_counts(correct, predicted, gold, expected):
    assert scores_of(correct, predicted, gold) == expected


def test_scores_of_sets_count_each_member_once():
    assert scores_of_sets(["a", "a", "b"], ["a", "c"]) == Scores(0.5, 0.5, 0.5)


def test_the_mean_f1_is_the_mean_of_f1s():
    assert mean([Scores(1, 0, 0), Scores(0, 1, 0)]) == Scores(0.5, 0.5, 0)
    assert mean([]) == Scores(0, 0, 0)


@pytest.mark.parametrize(
    ("predicted", "gold", "precision", "recall"),
    [
        ([{1, 2, 3}], [{1, 2, 3}], 1, 1),
        # All in one: each of two pairs is half right; all apart: half found.
        ([{1, 2, 3, 4}], [{1, 2}, {3, 4}], 0.5, 1),
        ([{1}, {2}, {3}, {4}], [{1, 2}, {3, 4}], 1, 0.5),
        # The example of Bagga and Baldwin's paper: joining two large chains is worse than two small ones.
        ([{1, 2, 3, 4, 5}, {6, 7, 8, 9, 10, 11, 12}], [{1, 2, 3, 4, 5}, {6, 7}, {8, 9, 10, 11, 12}], 16 / 21, 1),
        ([{1, 2, 3, 4, 5, 8, 9, 10, 11, 12}, {6, 7}], [{1, 2, 3, 4, 5}, {6, 7}, {8, 9, 10, 11, 12}], 7 / 12, 1),
        # An item that one side lacks is alone there.
        ([{1, 2}], [{1}], 0.5, 1),
        ([], [], 0, 0),
    ],
)
def test_b_cubed(predicted, gold, precision, recall):
    scores = b_cubed(predicted, gold)
    assert (scores.precision, scores.recall) == (pytest.approx(precision), pytest.approx(recall))


clusterings = st.dictionaries(st.integers(0, 20), st.integers(0, 4), min_size=1).map(
    lambda labels: [{item for item, label in labels.items() if label == each} for each in set(labels.values())]
)


@given(clusterings, clusterings)
def test_b_cubed_turned_round_exchanges_precision_and_recall(one, other):
    there, back = b_cubed(one, other), b_cubed(other, one)
    assert there.precision == pytest.approx(back.recall)
    assert there.recall == pytest.approx(back.precision)
    assert b_cubed(one, one) == Scores(pytest.approx(1), pytest.approx(1), pytest.approx(1))


@pytest.mark.parametrize(
    ("probabilities", "outcomes", "error"),
    [
        ([1.0, 0.0], [True, False], 0),
        ([1.0, 1.0], [True, False], 0.5),
        # Within a bin probabilities are averaged; bins weigh by their size.
        ([0.55, 0.55, 0.05, 0.05], [True, False, False, False], pytest.approx(0.05)),
        ([], [], 0),
    ],
)
def test_expected_calibration_error(probabilities, outcomes, error):
    assert expected_calibration_error(probabilities, outcomes) == error


@pytest.mark.parametrize(
    ("predicted", "gold", "accuracy"),
    [
        # Always saying no is no better than guessing, however rare a yes is.
        ([False] * 4, [True, False, False, False], 0.5),
        ([True, False, False, True], [True, False, False, False], pytest.approx(5 / 6)),
        ([True, False], [True, True], 0.5),
        ([], [], 0),
    ],
)
def test_balanced_accuracy(predicted, gold, accuracy):
    assert balanced_accuracy(predicted, gold) == accuracy
