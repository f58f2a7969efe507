"""What the recipe of the shipped weights decides, beside the training itself."""

import pytest

pytest.importorskip("torch", reason="the recipe needs the train extra")
pytest.importorskip("onnx", reason="the recipe needs the train extra")

import numpy as np

from kgbuild.compact.recipe import Answer, best_threshold

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("scored", "expected"),
    [
        # One sentence each, which lists one statement: (probability, right). From above .2 to .6 F1 is the same, elsewhere less.
        ([(0.605, True), (0.205, False)], 0.4),
        # Answers of other properties than the sentence lists count for nothing.
        ([(0.605, True), (0.205, False), (0.5, None)], 0.4),
    ],
)
def test_the_threshold_is_the_middle_of_those_that_do_equally_well(scored, expected):
    answers = [Answer(0, "P1" if right is not None else "P2", 0.0, bool(right), right is not None) for _, right in scored]
    probabilities = np.array([probability for probability, _ in scored])
    assert best_threshold(answers, probabilities, [("tekgen/ont_1_movie", 1)]) == pytest.approx(expected, abs=0.011)
