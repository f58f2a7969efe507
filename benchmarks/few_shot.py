"""How much a few labelled sentences teach: the curve on ontologies that the base weights never saw.

    python benchmarks/few_shot.py DATA BASE [--ontologies 7_space 6_computer 10_culture] [--sizes 0 25 10 50 100] [--draws 3]
                                            [--labelled-only] [--completed]

DATA holds text2kgbench. BASE: weights trained without the ontologies and without any of their properties, which
`python -m kgbuild.compact.recipe DATA ENCODER BASE --without 7_space 6_computer 10_culture` makes. The sentences come from the
train split, without those that also stand in a test set, drawn at random among those whose statements can be found in their words.
The other sentences of the split, without their labels, are the unlabelled ones that thresholds follow from; with --labelled-only
thresholds follow from the labelled ones alone. Scores are of the whole test split; size 0 asks the base weights as they are, and
gives Vicuna-13B's recorded answers to the same sentences, which are the line to beat. One JSON line a run.

Of computer the split lists only some of what a sentence states: of a game that ran on five machines, two. With --completed, for
`--ontologies 6_computer --sizes 25`, the same sentences are taught with all that they state, as labelled by hand: 70 statements
more in 33 of the 68 sentences of three draws.
"""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402

from kgbuild.compact.corpora import squeezed, test_sentences  # noqa: E402
from kgbuild.compact.taught import LabelledText, LabelledTriple, lesson  # noqa: E402
from kgbuild.compact.training import train  # noqa: E402
from kgbuild.compact.weights import open_weights  # noqa: E402
from kgbuild.evaluation.gold import Benchmark, read_text2kgbench  # noqa: E402
from kgbuild.evaluation.predicting import predict_text2kgbench  # noqa: E402
from kgbuild.evaluation.text2kgbench import baseline_predictions, score_text2kgbench  # noqa: E402
from kgbuild.extraction.compact import CompactExtractor  # noqa: E402
from kgbuild.judging import JudgeAddress, open_judge  # noqa: E402
from kgbuild.ontology.model import Ontology  # noqa: E402
from kgbuild.ontology.reading import read  # noqa: E402

PART = "wikidata_tekgen"
COMPLETED = Path(__file__).with_name("few_shot_completed.jsonl")
"""What the split does not list of sentences drawn of computer, by their digests: subject, property and object of each statement,
names as their places in the sentence."""


def train_sentences(data: Path, name: str) -> list[LabelledText]:
    """Return the train sentences that stand in no test set."""
    tested = test_sentences(data)
    triples: dict[str, list[LabelledTriple]] = {}
    for line in (data / "text2kgbench" / PART / "train" / f"ont_{name}_train.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if squeezed(row["sent"]) not in tested:
            triple = LabelledTriple(subject=row["sub_label"], predicate=row["rel_label"].strip(), object=row["obj_label"])
            triples.setdefault(row["sent"], []).append(triple)
    return [LabelledText(id=number, text=text, triples=tuple(stated)) for number, (text, stated) in enumerate(triples.items())]


def labelled(data: Path, name: str, ontology: Ontology) -> list[LabelledText]:
    """Return the train sentences whose every statement can be found in their words."""
    keys = {prop: prop for prop in ontology.properties}
    return [row for row in train_sentences(data, name) if not lesson([row], ontology, keys).unused]


def completed(rows: Sequence[LabelledText]) -> list[LabelledText]:
    """Return the rows with what their sentences state besides. Raises KeyError for a sentence that was not looked at."""
    added = {line["sentence"]: line["added"] for line in map(json.loads, COMPLETED.read_text("utf-8").splitlines())}

    def besides(text: str) -> Iterator[LabelledTriple]:
        for subject, predicate, object_ in added[sha256(text.encode()).hexdigest()[:16]]:
            yield LabelledTriple(subject=text[slice(*subject)], predicate=predicate, object=text[slice(*object_)])

    return [row.model_copy(update={"triples": (*row.triples, *besides(row.text))}) for row in rows]


def score(data: Path, benchmark: Benchmark, weights: Path | None, uncovered: bool = False) -> dict[str, float]:
    """Score weights on the test sentences; None for the recorded answers of Vicuna-13B."""
    folder = data / "text2kgbench"
    if weights is None:
        answers = baseline_predictions(folder, PART, "Vicuna-13B")
        predictions = {id_: answers[id_] for id_ in benchmark.sentence_ids if id_ in answers}
    else:
        predictions = predict_text2kgbench(
            benchmark,
            folder,
            PART,
            lambda ontology: (
                CompactExtractor.open(ontology, weights, uncovered),
                open_judge(JudgeAddress("score", ontology, str(weights))),
            ),
            lambda done: None,
        )
    scored = score_text2kgbench(benchmark, predictions)
    return {
        "official_f1": round(scored.official.f1, 3),
        "strict_micro_f1": round(scored.strict_micro.f1, 3),
        "precision": round(scored.strict_micro.precision, 3),
        "recall": round(scored.strict_micro.recall, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("--ontologies", nargs="+", default=["7_space", "6_computer", "10_culture"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[0, 25, 10, 50, 100])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--labelled-only", action="store_true")
    parser.add_argument("--completed", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    every = read_text2kgbench(asked.data / "text2kgbench", PART)
    benchmarks = {o.name: replace(every, ontologies=(o,)) for o in every.ontologies if o.name in asked.ontologies}
    folder = asked.data / "text2kgbench" / PART / "ontologies"
    ontologies = {name: read(folder / f"{name}_ontology.json") for name in asked.ontologies}
    known = {entry.key for entry in open_weights(asked.base).properties}
    for name, ontology in ontologies.items():
        if seen := known & ontology.properties.keys():
            parser.error(f"{asked.base} was taught {sorted(seen)} of {name}")
    for size in asked.sizes:
        if size == 0:
            for name in ontologies:
                print(json.dumps({"ontology": name, "vicuna": score(asked.data, benchmarks[name], None)}), flush=True)
                untaught = score(asked.data, benchmarks[name], asked.base, uncovered=True)
                print(json.dumps({"ontology": name, "size": 0, **untaught}), flush=True)
            continue
        for draw in range(asked.draws):
            for name, ontology in ontologies.items():
                rows = labelled(asked.data, name, ontology)
                drawn = random.Random(f"{name} {draw}").sample(rows, min(size, len(rows)))
                drawn = completed(drawn) if asked.completed else drawn
                used = {row.text for row in drawn}
                others = [row.text for row in train_sentences(asked.data, name) if row.text not in used]
                with tempfile.TemporaryDirectory() as output:
                    unlabelled = None if asked.labelled_only else others
                    report = train(drawn, ontology, Path(output), asked.base, seed=draw, unlabelled=unlabelled)
                    scores = score(asked.data, benchmarks[name], Path(output))
                told = {"size": len(drawn), "draw": draw, "unlabelled": report.unlabelled}
                cost = {"cpu_s": report.cpu_s, "steps": report.steps, "kept": report.kept}
                print(json.dumps({"ontology": name, **told, **cost, **scores}), flush=True)


if __name__ == "__main__":
    main()
