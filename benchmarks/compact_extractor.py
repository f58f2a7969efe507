"""The compact extractor on Text2KGBench's TekGen part, its speed, what 8 bits cost, and how often it speaks without cause.

    python benchmarks/compact_extractor.py DATA [--weights WEIGHTS] [--precise WEIGHTS]

DATA holds text2kgbench and re-docred. --precise: the same weights in 32 bits, which `python -m kgbuild.compact.recipe` leaves as
`precise/` beside its output. Baselines are the recorded answers of Vicuna-13B and Alpaca-LoRA-13B to the same sentences. One JSON
line a figure; speed is in sentences per CPU-second on one core.
"""

import argparse
import json
import platform
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kgbuild.compact.calibration import expected_calibration_error  # noqa: E402
from kgbuild.compact.coverage import coverage  # noqa: E402
from kgbuild.compact.decoding import guesses, reader  # noqa: E402
from kgbuild.compact.weights import open_weights  # noqa: E402
from kgbuild.evaluation.gold import Benchmark, read_text2kgbench  # noqa: E402
from kgbuild.evaluation.predicting import predict_text2kgbench  # noqa: E402
from kgbuild.evaluation.text2kgbench import Predictions, baseline_predictions, score_text2kgbench  # noqa: E402
from kgbuild.extraction.compact import CompactExtractor  # noqa: E402
from kgbuild.judging import JudgeAddress, open_judge  # noqa: E402
from kgbuild.ontology.reading import bundled, read  # noqa: E402

PART = "wikidata_tekgen"


def told(figure: str, **values: object) -> None:
    print(json.dumps({"figure": figure, **values}), flush=True)


def told_score(system: str, benchmark: Benchmark, predictions: Predictions) -> None:
    """The metric's share of invented subjects counts some that are copied: it glues the last word of a sentence to a class label
    before it compares stems. So the share of subjects that are the sentence's own characters stands beside it."""
    score = score_text2kgbench(benchmark, predictions)
    total = score.total
    subjects = [
        (triple[0], sentence.text)
        for ontology in benchmark.ontologies
        for sentence in ontology.sentences
        for triple in predictions.get(sentence.id, ())
    ]
    told(
        "TekGen",
        system=system,
        official_f1=round(score.official.f1, 3),
        strict_macro_f1=round(score.strict.f1, 3),
        strict_micro_f1=round(score.strict_micro.f1, 3),
        strict_precision=round(score.strict_micro.precision, 3),
        strict_recall=round(score.strict_micro.recall, 3),
        conformance=round(total.conformance, 4),
        subject_hallucination=round(total.subject_hallucination, 4),
        subjects_copied=sum(subject in text for subject, text in subjects) / len(subjects),
        object_hallucination=round(total.object_hallucination, 4),
        official_f1_by_ontology={o.name: round(o.official.f1, 3) for o in score.ontologies},
    )


def tekgen(data: Path, weights: Path | None, system: str) -> None:
    folder = data / "text2kgbench"
    benchmark = read_text2kgbench(folder, PART)
    address = str(weights) if weights else None
    predictions = predict_text2kgbench(
        benchmark,
        folder,
        PART,
        lambda ontology: (CompactExtractor.open(ontology, weights), open_judge(JudgeAddress("score", ontology, address))),
        lambda done: None,
    )
    told_score(system, benchmark, predictions)


def calibration(data: Path, weights: Path | None) -> None:
    """Compare the extractor's probabilities with how often its statements stand in the test gold."""
    folder = data / "text2kgbench"
    opened = open_weights(weights)
    probabilities: list[float] = []
    right: list[bool] = []
    for gold in read_text2kgbench(folder, PART).ontologies:
        ontology = read(folder / PART / "ontologies" / f"{gold.name}_ontology.json")
        asked = reader(opened, ontology, coverage(ontology, opened), with_uncovered=False)
        for sentence in gold.sentences:
            wanted = {tuple(part.replace(" ", "").casefold() for part in triple) for triple in sentence.triples}
            for guess in guesses(asked, sentence.text, opened.calibration.unsure_from):
                if guess.literal is None or guess.literal.datatype == "string":
                    label = ontology.properties[guess.predicate].label
                    made = (guess.subject.of(sentence.text), label, guess.object.of(sentence.text))
                    probabilities.append(guess.probability)
                    right.append(tuple(part.replace(" ", "").casefold() for part in made) in wanted)
    told(
        "calibration",
        statements=len(right),
        right=round(sum(right) / len(right), 3),
        ece=expected_calibration_error(probabilities, right),
    )


def speed(data: Path, weights: Path | None) -> None:
    """Time reading the test sentences of one ontology with 20 properties of the bundled ones."""
    opened = open_weights(weights)
    company = read("company")
    properties = dict(list(company.properties.items())[:23])
    ontology = type(company)(company.name, company.classes, properties)
    asked = reader(opened, ontology, coverage(ontology, opened), with_uncovered=False)
    texts = [s.text for o in read_text2kgbench(data / "text2kgbench", PART).ontologies for s in o.sentences][:1000]
    began = time.process_time()
    for text in texts:
        guesses(asked, text)
    per_s = len(texts) / (time.process_time() - began)
    told(
        "speed",
        properties=len(asked.properties),
        sentences=len(texts),
        per_cpu_s=round(per_s),
        machine=platform.processor() or platform.machine(),
    )


def silence(data: Path, weights: Path | None) -> None:
    """Count statements accepted in Re-DocRED sentences that name at most one thing, so that they can state no relation."""
    opened = open_weights(weights)
    documents = json.loads((data / "re-docred" / "dev_revised.json").read_text("utf-8"))
    texts: list[str] = []
    for document in documents:
        named: list[set[int]] = [set() for _ in document["sents"]]
        for number, cluster in enumerate(document["vertexSet"]):
            for mention in cluster:
                named[mention["sent_id"]].add(number)
        texts += [" ".join(words) for words, things in zip(document["sents"], named, strict=True) if len(things) < 2]
    for name in bundled():
        ontology = read(name)
        asked = reader(opened, ontology, coverage(ontology, opened), with_uncovered=False)
        spoken = [[g for g in guesses(asked, text) if g.probability >= opened.calibration.accept_from] for text in texts]
        told(
            "silence",
            ontology=name,
            sentences=len(texts),
            statements_per_1000=round(1000 * sum(map(len, spoken)) / len(texts), 1),
            sentences_that_speak_per_1000=round(1000 * sum(map(bool, spoken)) / len(texts), 1),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--precise", type=Path)
    asked = parser.parse_args()
    folder = asked.data / "text2kgbench"
    benchmark = read_text2kgbench(folder, PART)
    for model in ("Vicuna-13B", "Alpaca-LoRA-13B"):
        told_score(model, benchmark, baseline_predictions(folder, PART, model))
    tekgen(asked.data, asked.weights, "compact, 8 bits")
    if asked.precise:
        tekgen(asked.data, asked.precise, "compact, 32 bits")
    calibration(asked.data, asked.weights)
    speed(asked.data, asked.weights)
    silence(asked.data, asked.weights)


if __name__ == "__main__":
    main()
