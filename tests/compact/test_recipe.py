"""What the recipe of the shipped weights decides, beside the training itself."""

import pytest

pytest.importorskip("torch", reason="the recipe needs the train extra")
pytest.importorskip("onnx", reason="the recipe needs the train extra")

import random

import numpy as np

from kgbuild.compact.catalogue import TrainedProperty
from kgbuild.compact.examples import Example, Statement
from kgbuild.compact.learning import Feed, pair_targets
from kgbuild.compact.recipe import STAGES, Answer, Corpora, best_threshold, main, task_of
from kgbuild.compact.weights import open_weights
from kgbuild.records import Span

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


@pytest.mark.parametrize(
    ("stage", "asked"),
    [
        # Only made-up sentences state P452, industry, and the first stage has none.
        (STAGES[0], False),
        (STAGES[1], True),
    ],
)
def test_a_stage_learns_nothing_about_what_none_of_its_sentences_states(stage, asked):
    born, industry = (TrainedProperty(key, label, (), "", "") for key, label in (("P19", "place of birth"), ("P452", "industry")))
    text = "Ada was born in London."
    example = Example("1", text, (Statement(Span(0, 3), "P19", Span(16, 22)),), (Span(0, 3), Span(16, 22)), "fewrel")
    task = task_of((born, industry), Corpora((), (), (), (example,), ()), {}, stage)
    drawn = Feed(task, [example], open_weights().tokenizer, random.Random(0), swap_share=0.0).drawn(example)
    starts, ends = (np.array([[mention[end] for mention in drawn.mentions] + [9] * 18]) for end in (0, 1))
    there = np.arange(20)[None] < len(drawn.mentions)
    _, weight = pair_targets(task, [drawn], starts, ends, there)
    # The pair that states the one property is what counts most against all others.
    assert bool(weight[..., 1].any()) is asked
    assert weight[..., 0].any()


def test_an_ontology_that_the_data_lacks_cannot_be_left_out(tmp_path, monkeypatch, capsys):
    ontologies = tmp_path / "text2kgbench" / "wikidata_tekgen" / "ontologies"
    ontologies.mkdir(parents=True)
    (ontologies / "7_space_ontology.json").write_text(
        '{"id": "ont_7_space", "concepts": [], "relations": [{"pid": "P1", "domain": "Q1", "range": "Q2"}]}', "utf-8"
    )
    monkeypatch.setattr("sys.argv", ["recipe", str(tmp_path), "encoder", "output", "--without", "7_space", "3_space"])
    with pytest.raises(SystemExit):
        main()
    assert "DATA has no ontology 3_space. It has 7_space" in capsys.readouterr().err
