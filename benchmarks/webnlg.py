"""Text2KGBench's WebNLG part with weights trained for it: `python benchmarks/webnlg.py DATA [--passes 8] [--weights WEIGHTS]`.

DATA holds text2kgbench. Training starts from the shipped weights and takes the part's train sentences alone, without those that
stand in a test set, one network for all its ontologies. Every eighth subject is held out with its sentences, for the thresholds.
WebNLG may not be used commercially, so the weights are scored and thrown away (--weights keeps them, or reads those kept before).

The gold writes names and values in DBpedia's way ("U.S._Route_83", "1988-11-22" in quotes): how each property writes its objects,
and which name stands for which words, is learnt from the train sentences too. Texts are read whole, as they were labelled. Recorded
answers of Vicuna-13B and Alpaca-LoRA-13B stand beside. One JSON line a figure.
"""

import argparse
import hashlib
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from kgbuild.compact import graph  # noqa: E402
from kgbuild.compact.catalogue import TrainedProperty, spoken  # noqa: E402
from kgbuild.compact.corpora import squeezed, test_sentences  # noqa: E402
from kgbuild.compact.coverage import coverage  # noqa: E402
from kgbuild.compact.decoding import guesses, reader  # noqa: E402
from kgbuild.compact.examples import Example, Statement, aligned  # noqa: E402
from kgbuild.compact.learning import Feed, Labels, Schedule, Task, learn  # noqa: E402
from kgbuild.compact.literals import find_literals  # noqa: E402
from kgbuild.compact.network import Network  # noqa: E402
from kgbuild.compact.recipe import PLAIN  # noqa: E402
from kgbuild.compact.training import write_weights  # noqa: E402
from kgbuild.compact.weights import Weights, open_weights  # noqa: E402
from kgbuild.evaluation.gold import Benchmark, GoldSentence, Triple, json_lines, read_text2kgbench  # noqa: E402
from kgbuild.evaluation.text2kgbench import baseline_predictions, score_text2kgbench, triple_key  # noqa: E402
from kgbuild.ontology.model import Ontology  # noqa: E402
from kgbuild.ontology.reading import read  # noqa: E402
from kgbuild.records import Span  # noqa: E402

PART = "dbpedia_webnlg"
HELD_OUT_ONE_IN = 8
SEED = 1
SILENCE, SILENCE_ELSEWHERE = 1.0, 0.3
"""How much a triple that a text does not list counts as wrong: the texts were written from their triples and state no others."""
ENCODER_RATE, HEAD_RATE, WARM_UP, BATCH_SIZE = 1e-4, 1e-3, 60, 16
THRESHOLDS = tuple(round(0.02 * n, 2) for n in range(1, 46))

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_UNIT = re.compile(r"\s*\(([^()]*)\)$")


def train_sentences(data: Path, name: str) -> list[GoldSentence]:
    """Return the train sentences that stand in no test set."""
    tested = test_sentences(data)
    rows = json_lines(data / "text2kgbench" / PART / "train" / f"ont_{name}_train.jsonl")
    return [
        GoldSentence(row["id"], row["sent"], tuple((t["sub"], t["rel"], t["obj"]) for t in row["triples"]))
        for row in rows
        if squeezed(row["sent"]) not in tested
    ]


def is_held_out(sentence: GoldSentence) -> bool:
    """Tell whether a sentence is kept for the thresholds: by the subject it is about, so that its names are new."""
    return int(hashlib.sha256(sentence.triples[0][0].encode()).hexdigest(), 16) % HELD_OUT_ONE_IN == 0 if sentence.triples else True


def plain(name: str) -> str:
    return name.strip('"').replace("_", " ").strip()


def number_in(text: str) -> float | None:
    found = _NUMBER.search(text)
    return float(found[0].replace(",", "")) if found else None


def placed(text: str, name: str) -> Span | None:
    """Find the words for a name or value of the gold: a date or number by its value, anything else by its words."""
    words = plain(name)
    bare = _UNIT.sub("", words)
    is_number = re.fullmatch(r"-?\d[\d.,]*(?:E\d+)?", bare) is not None
    for literal in find_literals(text):
        if literal.span and (literal.value == words or (is_number and number_in(literal.text) == float(bare.replace(",", "")))):
            return literal.span
    return aligned(text, words)


def example_of(sentence: GoldSentence, source: str, keys: Mapping[str, str]) -> Example:
    """Turn a sentence into what training takes; triples whose words it does not hold are left out. keys: by label."""
    statements: set[Statement] = set()
    mentions: set[Span] = set()
    for subject, label, object_ in sentence.triples:
        a, b = placed(sentence.text, subject), placed(sentence.text, object_)
        mentions |= {span for span in (a, b) if span}
        if a and b and label in keys and not _overlap(a, b):
            statements.add(Statement(a, keys[label], b))
    ordered = sorted(statements, key=lambda s: (s.subject, s.object, s.predicate))
    return Example(sentence.id, sentence.text, tuple(ordered), tuple(sorted(mentions)), source)


@dataclass(frozen=True)
class Writing:
    """How the gold writes: names by the words for them, and for each property the way of its objects that fits most often."""

    names: Mapping[str, str]
    ways: Mapping[str, str]
    units: Mapping[str, str]

    def subject(self, words: str) -> str:
        return self.names.get(words.casefold(), words)

    def object(self, label: str, words: str, value: str) -> str:
        way = self.ways.get(label, "name")
        return written(way, words, value, self.units.get(label, ""), self.names)


WAYS = ("name", "words", "quoted words", "value", "quoted value", "whole", "quoted whole", "decimal", "decimal with unit")


def written(way: str, words: str, value: str, unit: str, names: Mapping[str, str]) -> str:
    """Write an object. value: what the words are worth as a date or number, the words themselves otherwise."""
    number = number_in(words)
    match way:
        case "name":
            return names.get(words.casefold(), words)
        case "value" | "quoted value":
            said = value
        case "whole" | "quoted whole":
            said = words if number is None else f"{number:.0f}"
        case "decimal" | "decimal with unit":
            said = words if number is None else f"{number}"
            return f"{said} ({unit})" if way == "decimal with unit" and unit else said
        case _:
            said = words
    return f'"{said}"' if way.startswith("quoted") else said


def writing_of(sentences: Sequence[GoldSentence]) -> Writing:
    """Learn how the gold writes from train sentences."""
    called: dict[str, Counter[str]] = defaultdict(Counter)
    units: dict[str, Counter[str]] = defaultdict(Counter)
    objects: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for sentence in sentences:
        values = {literal.span: literal.value for literal in find_literals(sentence.text)}
        for subject, label, object_ in sentence.triples:
            if unit := _UNIT.search(plain(object_)):
                units[label][unit[1]] += 1
            for name in (subject, object_):
                span = placed(sentence.text, name)
                if span is None:
                    continue
                words = span.of(sentence.text)
                if not name.startswith('"') and not words[0].isdigit():
                    called[words.casefold()][name] += 1
                if name is object_:
                    objects[label].append((words, values.get(span, words), object_))
    names = {words: counter.most_common(1)[0][0] for words, counter in called.items()}
    unit_of = {label: counter.most_common(1)[0][0] for label, counter in units.items()}

    def fits(way: str, label: str) -> int:
        made = (written(way, words, value, unit_of.get(label, ""), names) for words, value, _ in objects[label])
        return sum(
            triple_key(("", "", m)) == triple_key(("", "", gold)) for m, (*_, gold) in zip(made, objects[label], strict=True)
        )

    return Writing(names, {label: max(WAYS, key=lambda way: fits(way, label)) for label in objects}, unit_of)


def properties_of(ontologies: Mapping[str, Ontology], base: Weights) -> tuple[tuple[TrainedProperty, ...], dict[str, int]]:
    """Return the part's properties, each once, and which of the base weights' properties those known by their names begin as."""
    found: dict[str, TrainedProperty] = {}
    known: dict[str, int] = {}
    for ontology in ontologies.values():
        for entry in coverage(ontology, base).covered:
            known[entry.name] = entry.number
        for prop in ontology.properties.values():
            domain, range_ = (spoken(names[0]) if names else "" for names in (prop.domain, prop.range_classes))
            found.setdefault(prop.name, TrainedProperty(prop.name, spoken(prop.label), (), domain, range_))
    return tuple(found.values()), known


def train(ontologies: Mapping[str, Ontology], examples: Sequence[Example], passes: int, output: Path) -> None:
    """Train from the shipped weights and write new ones that take scores as they come."""
    base = open_weights(None)
    properties, known = properties_of(ontologies, base)
    arrays = graph.read(base.folder)
    for table in ("own.weight", "own_bias.weight"):
        shipped = arrays[table]
        arrays[table] = np.stack([shipped[known[p.key]] if p.key in known else 0 * shipped[0] for p in properties])
    network = Network(len(properties))
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    network.freeze()
    silence = {
        name: np.array([SILENCE if p.key in ontology.properties else SILENCE_ELSEWHERE for p in properties], np.float32)
        for name, ontology in ontologies.items()
    }
    task = Task(properties, silence, {}, frozenset(ontologies))
    rng = random.Random(SEED)
    torch.manual_seed(SEED)
    feed = Feed(task, examples, base.tokenizer, rng)
    steps = passes * -(-len(examples) // BATCH_SIZE)
    schedule = Schedule(steps, WARM_UP, ENCODER_RATE, HEAD_RATE, BATCH_SIZE)
    began = time.process_time()

    def each_step(step: int, loss: float) -> None:
        if (step + 1) % 50 == 0:
            print(
                f"step {step + 1} of {steps}, loss {loss:.3f}, {time.process_time() - began:.0f} CPU-s", file=sys.stderr, flush=True
            )

    learn(network, task, Labels(task, base.tokenizer), feed, lambda: examples, schedule, rng, each_step)
    output.mkdir(parents=True, exist_ok=True)
    learnt = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    write_weights(learnt, properties, PLAIN, base.folder / "tokenizer.json", output)


def predicted(
    weights: Weights, ontology: Ontology, sentences: Sequence[GoldSentence], writing: Writing
) -> Iterator[tuple[str, list[tuple[float, Triple]]]]:
    """Yield each sentence's id with the triples that it may state, written as the gold writes, with their probabilities."""
    asked = reader(weights, ontology, coverage(ontology, weights), with_uncovered=False)
    for sentence in sentences:
        found: list[tuple[float, Triple]] = []
        for guess in guesses(asked, sentence.text, THRESHOLDS[0]) if sentence.text.strip() else ():
            label = ontology.properties[guess.predicate].label
            words = guess.object.of(sentence.text)
            value = guess.literal.value if guess.literal else words
            triple = (writing.subject(guess.subject.of(sentence.text)), label, writing.object(label, words, value))
            found.append((guess.probability, triple))
        yield sentence.id, found


def all_predicted(
    benchmark: Benchmark, ontologies: Mapping[str, Ontology], weights: Weights, writing: Writing
) -> dict[str, list[tuple[float, Triple]]]:
    return {
        id_: found
        for gold in benchmark.ontologies
        for id_, found in predicted(weights, ontologies[gold.name], gold.sentences, writing)
    }


def from_(threshold: float, found: Mapping[str, list[tuple[float, Triple]]]) -> dict[str, tuple[Triple, ...]]:
    return {id_: tuple(dict.fromkeys(triple for p, triple in rows if p >= threshold)) for id_, rows in found.items()}


def told(system: str, benchmark: Benchmark, predictions: Mapping[str, tuple[Triple, ...]], **more: object) -> None:
    score = score_text2kgbench(benchmark, predictions)
    figures = {
        "official_f1": score.official.f1,
        "strict_macro_f1": score.strict.f1,
        "strict_micro_f1": score.strict_micro.f1,
        "strict_precision": score.strict_micro.precision,
        "strict_recall": score.strict_micro.recall,
        "conformance": score.total.conformance,
        "subject_hallucination": score.total.subject_hallucination,
        "object_hallucination": score.total.object_hallucination,
    }
    rounded = {name: round(value, 3) for name, value in figures.items()}
    by_ontology = {o.name: round(o.official.f1, 3) for o in score.ontologies}
    print(json.dumps({"system": system, **more, **rounded, "official_f1_by_ontology": by_ontology}), flush=True)


def _overlap(a: Span, b: Span) -> bool:
    return a.start < b.end and b.start < a.end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--passes", type=int, default=8)
    parser.add_argument("--weights", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    folder = asked.data / "text2kgbench"
    benchmark = read_text2kgbench(folder, PART)
    for model in ("Vicuna-13B", "Alpaca-LoRA-13B"):
        told(model, benchmark, baseline_predictions(folder, PART, model))
    ontologies = {gold.name: read(folder / PART / "ontologies" / f"{gold.name}_ontology.json") for gold in benchmark.ontologies}
    sentences = {name: train_sentences(asked.data, name) for name in ontologies}
    used = {name: [s for s in rows if not is_held_out(s)] for name, rows in sentences.items()}
    held_out = replace(
        benchmark,
        ontologies=tuple(
            replace(gold, sentences=tuple(s for s in sentences[gold.name] if is_held_out(s))) for gold in benchmark.ontologies
        ),
    )
    with tempfile.TemporaryDirectory() as folder_:
        output = asked.weights or Path(folder_)
        if not (output / "properties.tsv").exists():
            examples = [
                example_of(s, name, {p.label: p.name for p in ontologies[name].properties.values()})
                for name, rows in used.items()
                for s in rows
            ]
            train(ontologies, [e for e in examples if e.statements], asked.passes, output)
        weights = open_weights(output)
        writing = writing_of([s for rows in used.values() for s in rows])
        tried = all_predicted(held_out, ontologies, weights, writing)
        scores = {threshold: score_text2kgbench(held_out, from_(threshold, tried)) for threshold in THRESHOLDS}
        found = all_predicted(benchmark, ontologies, weights, writing_of([s for rows in sentences.values() for s in rows]))
        for measure, of in (("official", lambda s: s.official.f1), ("strict", lambda s: s.strict_micro.f1)):
            best: float = max(scores, key=lambda threshold: of(scores[threshold]))
            held = round(of(scores[best]), 3)
            told(
                f"compact, threshold of the best {measure} F1 held out",
                benchmark,
                from_(best, found),
                threshold=best,
                held_out_f1=held,
            )


if __name__ == "__main__":
    main()
