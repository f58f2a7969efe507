"""Training from a handful of sentences, in an environment that has torch."""
# ruff: noqa: E402

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("onnx", reason="training needs the train extra")

import numpy as np

from kgbuild.compact import graph
from kgbuild.compact.taught import LabelledText, LabelledTriple
from kgbuild.compact.training import TrainingReport, train
from kgbuild.compact.weights import SHIPPED, open_weights
from kgbuild.errors import InputError
from kgbuild.extraction.compact import CompactExtractor
from kgbuild.ontology.model import Ontology, OntologyClass, Property
from kgbuild.ontology.reading import read
from kgbuild.records import Chunk, Span

pytestmark = pytest.mark.slow
torch.set_num_threads(1)  # two threads that wait for each other on a busy machine take three times as long

KITCHEN = Ontology(
    "kitchen",
    {
        "Dish": OntologyClass("Dish", "dish"),
        "Spice": OntologyClass("Spice", "spice"),
        "Person": OntologyClass("Person", "person"),
        "Place": OntologyClass("Place", "place"),
    },
    {
        "seasoned_with": Property("seasoned_with", "seasoned with", domain=("Dish",), range=("Spice",)),
        "born_in": Property("born_in", "place of birth", domain=("Person",), range=("Place",)),
    },
    digest="kitchen",
)
DISHES = "Goulash Paella Borscht Bigos Moussaka Risotto Ratatouille Sauerbraten Tagine Ceviche Laksa Pho".split()
SPICES = "paprika saffron dill marjoram cinnamon sage thyme juniper cumin coriander lemongrass anise".split()
PATTERNS = ("{} is seasoned with {}.", "Cooks season {} with {} before it is served.")
BORN = "Ada Lovelace was born in London."


def kitchen_rows() -> list[LabelledText]:
    """Thirty sentences, each of another dish and spice."""
    rows = []
    for number in range(30):
        dish, spice = DISHES[number % 12], SPICES[(number + number // 12 * 5) % 12]
        stated = LabelledTriple(subject=dish, predicate="seasoned_with", object=spice)
        rows.append(LabelledText(id=number, text=PATTERNS[number % 2].format(dish, spice), triples=(stated,)))
    return rows


@pytest.fixture(scope="module")
def taught(tmp_path_factory) -> tuple[TrainingReport, Path, list[tuple[int, int, float]]]:
    output = tmp_path_factory.mktemp("weights")
    told: list[tuple[int, int, float]] = []
    report = train(
        kitchen_rows(), KITCHEN, output, seed=1, progress=lambda *seen: told.append(seen), command="kgbuild train kitchen.jsonl"
    )
    return report, output, told


def stated(weights: Path | None, text: str) -> set[tuple[str, str, str]]:
    chunk = Chunk("chk_test", "doc_test", 0, Span(0, len(text)), text)
    extractor = CompactExtractor.open(KITCHEN, weights)
    least = open_weights(weights).calibration.accept_from
    return {(c.subject.text, c.predicate, c.object.text) for c in extractor.extract([chunk])[0].candidates if c.score >= least}


def test_a_new_property_is_found_in_sentences_never_seen(taught):
    _, output, _ = taught
    assert ("Chili", "seasoned_with", "oregano") in stated(output, "Chili is seasoned with oregano.")
    assert stated(None, "Chili is seasoned with oregano.") == set()


def test_what_was_known_before_is_still_known(taught):
    report, output, _ = taught
    assert ("Ada Lovelace", "born_in", "London") in stated(None, BORN)
    assert ("Ada Lovelace", "born_in", "London") in stated(output, BORN)
    assert report.kept >= 0.9


def test_the_report_says_what_changed(taught):
    report, _, told = taught
    assert report.properties_new == ("seasoned with",)
    assert report.before.f1 == 0
    assert report.after.f1 > 0.5
    assert report.sentences + report.held_out == len(kitchen_rows())
    assert report.held_out > 0
    assert [step for step, _, _ in told] == list(range(1, told[-1][1] + 1))


def test_a_model_card_lies_beside_the_weights(taught):
    _, output, _ = taught
    card = (output / "README.md").read_text("utf-8")
    for words in ("kgbuild train kitchen.jsonl", "seed 1", "seasoned with", "licence", "held-out", open_weights().digest[:12]):
        assert words in card


def test_weights_survive_the_way_to_onnx_and_back(tmp_path):
    arrays = graph.read(SHIPPED)
    graph.write(arrays, tmp_path)
    again = graph.read(tmp_path)
    assert again.keys() == arrays.keys()
    for name, values in arrays.items():
        assert np.allclose(values, again[name], atol=1e-4), name


def test_examples_that_teach_nothing_are_refused(tmp_path):
    row = LabelledText(id=1, text="Nothing here.", triples=(LabelledTriple(subject="A", predicate="hums", object="B"),))
    with pytest.raises(InputError, match="they teach nothing: no property 'hums' in the ontology"):
        train([row], read("company"), tmp_path)
