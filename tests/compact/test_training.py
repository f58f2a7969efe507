"""Training from a handful of sentences, in an environment that has torch."""
# ruff: noqa: E402

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("onnx", reason="training needs the train extra")

import numpy as np

from kgbuild.compact import graph, learning, training
from kgbuild.compact.decoding import ordinary_sentences
from kgbuild.compact.encoding import Sentence, encode
from kgbuild.compact.learning import Teacher, padded
from kgbuild.compact.network import LAYERS, Network
from kgbuild.compact.taught import LabelledText, LabelledTriple
from kgbuild.compact.training import TrainingReport, train
from kgbuild.compact.weights import FILES, SHIPPED, open_weights
from kgbuild.errors import InputError
from kgbuild.extraction.compact import CompactExtractor
from kgbuild.ontology.model import Ontology, OntologyClass, Property
from kgbuild.ontology.reading import read
from kgbuild.records import Chunk, Span
from tests.compact.simulated_gpu import NAME, simulated_gpu

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
OTHER_DISHES = ("Chili", "Minestrone", "Jambalaya", "Beef Wellington", "Pozole", "Feijoada", "Shepherd's Pie", "Bouillabaisse")
OTHER_SPICES = ("oregano", "basil", "nutmeg", "black pepper", "tarragon", "cloves", "fennel seeds", "rosemary")
OTHER_PATTERNS = ("A good pinch of {1} goes into {0}.", "Without {1} no {0} is ever complete.", "{0} gets its flavour from {1}.")
SAID_OTHERWISE = [OTHER_PATTERNS[n % 3].format(DISHES[n % 12], SPICES[(n + n // 12) % 12]) for n in range(60)]
EARLIER = (
    ("company", "Ada Lovelace was born in London."),
    ("company", "Braun was founded in 1921 by Max Braun in Frankfurt."),
    ("company", "Tim Cook is the chief executive of Apple."),
    ("company", "SEAT is a subsidiary of the Volkswagen Group."),
    ("company", "The headquarters of Lego are in Billund."),
    ("works", "Stalker is a 1979 film directed by Andrei Tarkovsky."),
    ("works", "Moby-Dick was written by Herman Melville."),
    ("places", "The Danube flows into the Black Sea."),
    ("places", "Vaduz is the capital of Liechtenstein."),
    ("places", "Lugano is a city in Ticino, Switzerland."),
)


def sentences() -> list[Sentence]:
    return [sentence for text in ordinary_sentences() for sentence in encode(text, open_weights().tokenizer)]


def kitchen_rows() -> list[LabelledText]:
    """Thirty sentences, each of another dish and spice."""
    rows = []
    for number in range(30):
        dish, spice = DISHES[number % 12], SPICES[(number + number // 12 * 5) % 12]
        stated = LabelledTriple(subject=dish, predicate="seasoned_with", object=spice)
        rows.append(LabelledText(id=number, text=PATTERNS[number % 2].format(dish, spice), triples=(stated,)))
    return rows


@pytest.fixture(scope="module", autouse=True)
def on_the_cpu() -> Iterator[None]:
    """Also where there is a GPU, which adds in no fixed order: equal seeds would not give equal bytes there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: False)
        yield


@pytest.fixture(scope="module")
def taught(tmp_path_factory) -> tuple[TrainingReport, Path, list[tuple[int, int, float]]]:
    output = tmp_path_factory.mktemp("weights")
    told: list[tuple[int, int, float]] = []
    report = train(
        kitchen_rows(), KITCHEN, output, seed=1, progress=lambda *seen: told.append(seen), command="kgbuild train kitchen.jsonl"
    )
    return report, output, told


def stated(weights: Path | None, text: str, ontology: Ontology = KITCHEN) -> set[tuple[str, str, str]]:
    chunk = Chunk("chk_test", "doc_test", 0, Span(0, len(text)), text)
    extractor = CompactExtractor.open(ontology, weights)
    least = open_weights(weights).calibration.accept_from
    return {(c.subject.text, c.predicate, c.object.text) for c in extractor.extract([chunk])[0].candidates if c.score >= least}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_names_never_seen_are_found_in_the_patterns_taught(taught, pattern):
    _, output, _ = taught
    pairs = [(dish, OTHER_SPICES[(n + by) % 8]) for n, dish in enumerate(OTHER_DISHES) for by in (0, 3)]
    found = [(dish, "seasoned_with", spice) in stated(output, pattern.format(dish, spice)) for dish, spice in pairs]
    # No label stands for a single sentence, so a few may slip: in most of them both names are found, to the letter.
    assert sum(found) >= 0.75 * len(found)
    assert stated(None, pattern.format(*pairs[0])) == set()


def test_the_threshold_of_what_is_taught_is_never_above_the_score_where_the_loss_parts_right_from_wrong(taught):
    _, output, _ = taught
    calibration = open_weights(output).calibration
    key = open_weights(output).properties[-1].key
    # A score is what the network says; 0 parts right from wrong in its loss, whatever the examples' own rate asks for.
    assert calibration.extraction.probabilities([[0.0]], [key])[0, 0] >= calibration.accept_from - 1e-3


def test_what_was_known_before_is_still_known(taught):
    report, output, _ = taught
    before = {(text, *triple) for name, text in EARLIER for triple in stated(None, text, read(name))}
    after = {(text, *triple) for name, text in EARLIER for triple in stated(output, text, read(name))}
    assert len(before) > len(EARLIER)
    assert len(before & after) >= 0.8 * len(before)
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
    for words in (
        "kgbuild train kitchen.jsonl",
        "seed 1, on CPU",
        "seasoned with",
        "licence",
        "held-out",
        open_weights().digest[:12],
    ):
        assert words in card


def test_weights_survive_the_way_to_onnx_and_back(tmp_path):
    arrays = graph.read(SHIPPED)
    graph.write(arrays, tmp_path, graph.read_easing(SHIPPED))
    again = graph.read(tmp_path)
    assert again.keys() == arrays.keys()
    for name, values in arrays.items():
        assert np.allclose(values, again[name], atol=1e-4), name


def shipped_network() -> Network:
    return training._network(open_weights(), len(open_weights().properties)).eval()


def test_a_sentence_is_read_in_a_batch_as_it_is_alone():
    network, parts = shipped_network(), sentences()
    assert len({len(part.pieces) for part in parts}) > 3
    with torch.no_grad():
        batch = padded(parts)
        together = network.states(batch, network.frozen_states(batch))
        for part, states in zip(parts, together, strict=True):
            one = padded([part])
            alone = network.states(one, network.frozen_states(one))[0]
            assert torch.allclose(states[: len(part.pieces)], alone, atol=1e-4)
            assert not states[len(part.pieces) :].any()


@pytest.mark.parametrize("remembered", [1, 5, 1000])
def test_what_a_teacher_remembers_is_what_it_reads(remembered, monkeypatch):
    monkeypatch.setattr(learning, "REMEMBERED", remembered)
    network, parts = shipped_network(), sentences()
    teacher = Teacher(network, torch.empty(0), torch.empty(0), ())
    # Some again and some twice, and one that differs from another in the shapes of its words alone.
    shouted = Sentence(parts[3].words, parts[3].pieces, parts[3].shapes[::-1].copy(), parts[3].first, parts[3].last)
    for told in (parts[:6], [*parts[3:9], parts[4]], [shouted, *parts[8:2:-1]], parts[:6]):
        batch = padded(told)
        with torch.no_grad():
            below = network.frozen_states(batch)
            above = batch.packing.packed(network.states(batch, below))
        for kept, states in zip(teacher.states(told), (below, above), strict=True):
            assert torch.allclose(kept, states, atol=1e-4)


def test_inputs_that_reach_far_are_eased_and_rounding_then_costs_less(tmp_path):
    arrays = graph.read(SHIPPED)
    easing = graph.easing_for(arrays, sentences())
    # The first marker reaches far at one place of every layer's inner input; most inputs are left alone.
    assert all((easing[f"layers.{n}.up"] < 0.5).any() and np.median(easing[f"layers.{n}.up"]) == 1 for n in range(LAYERS))
    assert all(((ease > 0) & (ease <= 1)).all() for ease in easing.values())

    def states(folder: str, easing: graph.Easing | None) -> np.ndarray:
        graph.write(arrays, tmp_path / folder, easing)
        for name in ("tokenizer.json", "properties.tsv", "calibration.json"):
            (tmp_path / folder / name).write_bytes((SHIPPED / name).read_bytes())
        weights = open_weights(tmp_path / folder)
        return np.concatenate([weights.states(sentence.pieces, sentence.shapes) for sentence in sentences()])

    exact, eased = states("exact", None), states("eased", easing)
    uneased = states("uneased", {name: np.ones_like(ease) for name, ease in easing.items()})
    assert np.abs(eased - exact).mean() < 0.8 * np.abs(uneased - exact).mean()


def test_unlabelled_sentences_lower_the_threshold_of_what_they_say_in_other_words(taught, tmp_path):
    _, examples_alone, _ = taught
    report = train(kitchen_rows(), KITCHEN, tmp_path, seed=1, unlabelled=SAID_OTHERWISE)
    # In words that training never saw statements score lower, and the examples, which say everything in two ways, cannot know it.
    # Every example states one triple, so of these sentences too one each is asked for.
    found = [sum(len(stated(weights, text)) for text in SAID_OTHERWISE) for weights in (examples_alone, tmp_path)]
    assert found[0] < found[1] <= len(SAID_OTHERWISE)
    assert report.unlabelled == len(set(SAID_OTHERWISE))
    assert f"{report.unlabelled} unlabelled sentences" in (tmp_path / "README.md").read_text("utf-8")
    # Nothing but thresholds comes from them, and the judge's follow too.
    assert all(
        (tmp_path / name).read_bytes() == (examples_alone / name).read_bytes() for name in FILES if name != "calibration.json"
    )
    key = open_weights(tmp_path).properties[-1].key
    alone, lowered = (open_weights(weights).calibration for weights in (examples_alone, tmp_path))
    assert lowered.extraction.offsets[key] > alone.extraction.offsets[key]
    assert lowered.judging.offsets[key] > alone.judging.offsets[key]


@pytest.fixture
def hasty(monkeypatch) -> None:
    """Training of two steps, for what does not depend on what was learnt."""
    monkeypatch.setattr(training, "LEAST_STEPS", 2)
    monkeypatch.setattr(training, "MOST_STEPS", 2)


@pytest.mark.usefixtures("hasty")
def test_equal_seeds_draw_equal_unlabelled_sentences(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "MOST_UNLABELLED", 50)
    monkeypatch.setattr(training, "LEAST_SCORE", 1e-4)  # what two steps have taught scores little
    reports = [
        train(kitchen_rows(), KITCHEN, tmp_path / name, seed=seed, unlabelled=SAID_OTHERWISE)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert [report.unlabelled for report in reports] == [50, 50, 50]
    a, b, c = ((tmp_path / name / "calibration.json").read_text("utf-8") for name in "abc")
    assert a == b
    assert a != c


@pytest.mark.usefixtures("hasty")
def test_what_training_does_not_read_is_named_and_not_counted(tmp_path):
    far = LabelledText(
        id="far",
        text="Word " * 120 + "and Goulash is seasoned with Paprika and Cumin.",
        triples=(LabelledTriple(subject="Goulash", predicate="seasoned_with", object="Paprika"),),
    )
    near = far.model_copy(update={"id": "near", "text": "Goulash is seasoned with Paprika and Cumin."})
    with pytest.raises(InputError, match="they teach nothing: not within the first 96 pieces"):
        train([far], KITCHEN, tmp_path)
    report = train([*kitchen_rows(), far, near], KITCHEN, tmp_path)
    assert [(id_, shown) for id_, shown, _ in report.unused] == [("far", "Goulash | seasoned_with | Paprika")]
    assert report.added == (("near", "Goulash | seasoned_with | Cumin"),)


@pytest.mark.usefixtures("hasty")
def test_what_a_passage_says_of_it_is_taught_of_what_it_names(tmp_path):
    triple = LabelledTriple(subject="Goulash", predicate="seasoned_with", object="Paprika")
    row = LabelledText(id="it", text="Goulash is a dish of Hungary. It is seasoned with Paprika.", triples=(triple,))
    assert not train([*kitchen_rows(), row], KITCHEN, tmp_path / "named").unused
    unnamed = row.model_copy(update={"text": "Goulash is a dish of Hungary. Nobody seasons anything with Paprika."})
    assert [id_ for id_, _, _ in train([*kitchen_rows(), unnamed], KITCHEN, tmp_path / "unnamed").unused] == ["it"]


@pytest.mark.usefixtures("hasty")
def test_properties_that_share_an_iri_are_taught_as_one(tmp_path):
    iri = "http://www.wikidata.org/entity/P9999"
    properties = {name: Property(name, name, domain=("Dish",), range=("Spice",), iri=iri) for name in ("seasoned_with", "spiced")}
    report = train(kitchen_rows(), replace(KITCHEN, properties=properties, digest="twice"), tmp_path)
    assert report.properties_new == ("seasoned_with",)
    assert [entry.key for entry in open_weights(tmp_path).properties].count("P9999") == 1


@pytest.mark.usefixtures("hasty")
def test_a_gpu_is_used_where_there_is_one_and_gives_the_same_weights(tmp_path, monkeypatch):
    reports = [train(kitchen_rows(), KITCHEN, tmp_path / "cpu", seed=1)]
    with simulated_gpu(monkeypatch) as gpu:
        reports.append(train(kitchen_rows(), KITCHEN, tmp_path / "gpu", seed=1))
    assert [report.device for report in reports] == ["CPU", NAME]
    # Hundreds for each reading of a batch, by the network and by its teacher.
    assert gpu.operations > 1000
    assert all((tmp_path / "gpu" / name).read_bytes() == (tmp_path / "cpu" / name).read_bytes() for name in FILES)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("unlabelled", "problem"),
    [
        # Too few sentences to say how often anything is stated.
        ([], "0 usable sentences besides the examples"),
        (SAID_OTHERWISE[:10], "10 usable sentences besides the examples"),
        # The examples themselves, trained on, say nothing of how new sentences score.
        ([row.text for row in kitchen_rows()] * 10, "0 usable sentences besides the examples"),
    ],
)
def test_too_few_unlabelled_sentences_are_refused(tmp_path, unlabelled, problem):
    with pytest.raises(InputError, match=problem):
        train(kitchen_rows(), KITCHEN, tmp_path / "weights", unlabelled=unlabelled)
    assert not (tmp_path / "weights").exists()


def test_examples_that_teach_nothing_are_refused(tmp_path):
    row = LabelledText(id=1, text="Nothing here.", triples=(LabelledTriple(subject="A", predicate="hums", object="B"),))
    with pytest.raises(InputError, match="they teach nothing: no property 'hums' in the ontology"):
        train([row], read("company"), tmp_path)
