"""The compact judge on the recorded answers of Vicuna-13B and Alpaca-LoRA-13B to Text2KGBench's TekGen part.

    python benchmarks/compact_judge.py DATA [--weights WEIGHTS]

Every answered triple is looked up in its sentence; those whose words stand there and whose predicate the ontology has are judged.
Strict micro scores before, with grounding and rules alone, and with the judge, which accepts from its own threshold on. Balanced
accuracy and expected calibration error are over the judged triples, against the gold. One JSON line a figure.
"""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.placing import placed  # noqa: E402
from kgbuild import ids  # noqa: E402
from kgbuild.compact.literals import find_literals, normalise  # noqa: E402
from kgbuild.evaluation.gold import GoldSentence, Triple, read_text2kgbench  # noqa: E402
from kgbuild.evaluation.scores import balanced_accuracy, expected_calibration_error  # noqa: E402
from kgbuild.evaluation.text2kgbench import baseline_predictions, score_text2kgbench, triple_key  # noqa: E402
from kgbuild.judging import Candidates  # noqa: E402
from kgbuild.judging.compact_support import CompactSupport  # noqa: E402
from kgbuild.judging.protocol import Opinion  # noqa: E402
from kgbuild.ontology.model import Ontology, Property  # noqa: E402
from kgbuild.ontology.reading import read  # noqa: E402
from kgbuild.records import CandidateTriple, Chunk, Literal, Mention, Span  # noqa: E402

PART = "wikidata_tekgen"


def candidate(triple: Triple, prop: Property, sentence: GoldSentence) -> CandidateTriple | None:
    """Return an answered triple with the places of its words; None when they do not stand in the sentence."""
    subject, object_ = placed(sentence.text, triple[0], triple[2], find_literals(sentence.text), loosely=False)
    if subject is None or object_ is None:
        return None
    words = object_.of(sentence.text)
    dated = normalise(words, "date")
    whole = Span(0, len(sentence.text))
    value = Literal(object_, words, dated, "date") if dated else Mention("", "", object_, words, "")
    named = Mention("", "", subject, subject.of(sentence.text), "")
    return ids.identified(CandidateTriple("", "", named, prop.name, value, whole, sentence.text))


def judged(
    triples: Iterable[Triple], sentence: GoldSentence, ontology: Ontology, support: CompactSupport
) -> list[tuple[Triple, Opinion]]:
    """Return the triples that are grounded and conform, each with the probability that the judge gives it."""
    names = {prop.label.strip().casefold(): prop for prop in ontology.properties.values()}
    asked: list[tuple[Triple, CandidateTriple]] = []
    for triple in dict.fromkeys(triples):
        prop = names.get(triple[1].replace("_", " ").strip().casefold())
        if prop is not None and (placed := candidate(triple, prop, sentence)) is not None:
            asked.append((triple, placed))
    chunk = Chunk("", "", 0, Span(0, max(1, len(sentence.text))), sentence.text)
    (probabilities,) = support.opinions([Candidates(chunk, tuple(placed for _, placed in asked))])
    return [(triple, probability) for (triple, _), probability in zip(asked, probabilities, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--weights", type=Path)
    asked = parser.parse_args()
    folder = asked.data / "text2kgbench"
    benchmark = read_text2kgbench(folder, PART)
    for model in ("Vicuna-13B", "Alpaca-LoRA-13B"):
        answers = baseline_predictions(folder, PART, model)
        grounded: dict[str, list[Triple]] = {}
        accepted: dict[str, list[Triple]] = {}
        probabilities: list[float] = []
        verdicts: list[bool] = []
        right: list[bool] = []
        for gold in benchmark.ontologies:
            ontology = read(folder / PART / "ontologies" / f"{gold.name}_ontology.json")
            support = CompactSupport.open(ontology, asked.weights)
            for sentence in gold.sentences:
                rows = judged(answers.get(sentence.id, ()), sentence, ontology, support)
                wanted = {triple_key(triple) for triple in sentence.triples}
                grounded[sentence.id] = [triple for triple, _ in rows]
                accepted[sentence.id] = [t for t, p in rows if not isinstance(p, float) or p >= support.band.accept_from]
                for triple, probability in rows:
                    if isinstance(probability, float):
                        probabilities.append(probability)
                        verdicts.append(probability >= support.band.accept_from)
                        right.append(triple_key(triple) in wanted)
        for stage, predictions in (("before", answers), ("grounded, in the ontology", grounded), ("judged", accepted)):
            score = score_text2kgbench(benchmark, predictions)
            micro = score.strict_micro
            figures = {name: round(getattr(micro, name), 3) for name in ("precision", "recall", "f1")}
            print(json.dumps({"model": model, "stage": stage, "official_f1": round(score.official.f1, 3), "strict_micro": figures}))
        print(
            json.dumps(
                {
                    "model": model,
                    "judged": len(right),
                    "right": round(sum(right) / len(right), 3),
                    "balanced_accuracy": round(balanced_accuracy(verdicts, right), 3),
                    "ece": round(expected_calibration_error(probabilities, right), 3),
                }
            )
        )


if __name__ == "__main__":
    main()
