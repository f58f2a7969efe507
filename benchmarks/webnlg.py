"""Text2KGBench's WebNLG part with weights trained for it: `python benchmarks/webnlg.py DATA [--passes 10] [--weights FOLDER]`.

DATA holds text2kgbench. Training starts from the shipped weights and takes the part's train sentences alone, without those that
stand in a test set, one network for all its ontologies. It is done twice: first without every sixth subject and what shares rare
names with it, to choose on those sentences which triples are told, for each measure; then with all sentences, as many passes, and
the choice applied. WebNLG may not be used commercially, so the weights are scored and thrown away (--weights keeps them in FOLDER,
or reads those kept before).

The gold writes names and values in DBpedia's way ("U.S._Route_83", "1988-11-22" in quotes); how, is learnt from the train sentences
too. Texts are read whole, as they were labelled. Recorded answers of Vicuna-13B and Alpaca-LoRA-13B stand beside, and the score
of a reader that misses nothing. One JSON line a figure.
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
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402

from benchmarks.placing import overlap, placed, plain  # noqa: E402
from benchmarks.webnlg_writing import Writing, writing_of  # noqa: E402
from kgbuild.compact import graph  # noqa: E402
from kgbuild.compact.catalogue import TrainedProperty, spoken  # noqa: E402
from kgbuild.compact.corpora import squeezed, test_sentences  # noqa: E402
from kgbuild.compact.coverage import coverage  # noqa: E402
from kgbuild.compact.decoding import Reader, guesses, reader  # noqa: E402
from kgbuild.compact.examples import Example, Statement  # noqa: E402
from kgbuild.compact.learning import Feed, Labels, Schedule, Task, learn  # noqa: E402
from kgbuild.compact.literals import find_literals  # noqa: E402
from kgbuild.compact.network import Network  # noqa: E402
from kgbuild.compact.recipe import PLAIN  # noqa: E402
from kgbuild.compact.renaming import Names  # noqa: E402
from kgbuild.compact.training import write_weights  # noqa: E402
from kgbuild.compact.weights import Weights, open_weights  # noqa: E402
from kgbuild.evaluation.gold import Benchmark, GoldSentence, Triple, read_text2kgbench  # noqa: E402
from kgbuild.evaluation.text2kgbench import BenchmarkScore, baseline_predictions, score_text2kgbench  # noqa: E402
from kgbuild.ontology.model import Ontology, Property  # noqa: E402
from kgbuild.ontology.reading import read  # noqa: E402
from kgbuild.records import Span  # noqa: E402
from kgbuild.serialisation import json_lines  # noqa: E402

PART = "dbpedia_webnlg"
HELD_OUT_ONE_IN, RARE_BELOW = 6, 15
"""Every sixth subject is held out; a name in fewer sentences than fifteen is rare."""
SEED = 1
SILENCE, SILENCE_ELSEWHERE, SILENCE_UNSEEN = 1.0, 0.3, 0.15
"""How much a triple that a text does not list counts as wrong: the texts were written from their triples and state no others. Less
for properties that its ontology does not have, and less again for those that it has and none of its train texts states.
"""
PASSES = 10
RENAMED, MADE = 0.5, 0.5
"""Share of the arguments that get another name in each pass, and of these the share whose name is made of rare words."""
ENCODER_RATE, HEAD_RATE, WARM_UP, BATCH_SIZE = 1e-4, 1e-3, 60, 16
SEEN_SHARE = 0.1
THRESHOLDS = (0.001, 0.002, 0.005, *(round(0.01 * n, 2) for n in range(1, 10)), *(round(0.02 * n, 2) for n in range(5, 46)))
MOST_A_PROPERTY = (1, 2, 100)
"""Triples of one property that a text may get, the likeliest first."""


def train_sentences(data: Path, name: str) -> list[GoldSentence]:
    """Return the train sentences that stand in no test set."""
    tested = test_sentences(data)
    rows = json_lines(data / "text2kgbench" / PART / "train" / f"ont_{name}_train.jsonl")
    return [
        GoldSentence(row["id"], row["sent"], tuple((t["sub"], t["rel"], t["obj"]) for t in row["triples"]))
        for _, row in rows
        if squeezed(row["sent"]) not in tested
    ]


Sentences = Mapping[str, Sequence[GoldSentence]]
"""Sentences by ontology."""


def split(sentences: Sentences) -> tuple[dict[str, list[GoldSentence]], dict[str, list[GoldSentence]]]:
    """Split into sentences to learn from and sentences to choose by, as foreign to one another as train and test are.

    Every sixth subject is held out with its sentences; what else names anything rare that those name is in neither.
    """
    counted = Counter(name for rows in sentences.values() for sentence in rows for name in _names(sentence))
    held_out = {ontology: [s for s in rows if _is_held_out(s)] for ontology, rows in sentences.items()}
    theirs = {name for rows in held_out.values() for s in rows for name in _names(s) if counted[name] < RARE_BELOW}
    used = {ontology: [s for s in rows if not _is_held_out(s) and not _names(s) & theirs] for ontology, rows in sentences.items()}
    return used, held_out


def _is_held_out(sentence: GoldSentence) -> bool:
    subject = sentence.triples[0][0]
    return int(hashlib.sha256(subject.encode()).hexdigest(), 16) % HELD_OUT_ONE_IN == 0


def _names(sentence: GoldSentence) -> set[str]:
    return {plain(name) for subject, _, object_ in sentence.triples for name in (subject, object_)}


def example_of(sentence: GoldSentence, source: str, keys: Mapping[str, str]) -> Example:
    """Turn a sentence into what training takes; triples whose words it does not hold are left out. keys: by label.

    Where a name stands more than once, the triple between its other places is neither right nor wrong.
    """
    text, literals = sentence.text, find_literals(sentence.text)
    pairs = [(placed(text, subject, object_, literals), label) for subject, label, object_ in sentence.triples]
    named = {span for spans, _ in pairs for span in spans if span}
    alike = {span: {span, *_elsewhere(text, span, named)} for span in named}
    stated = {Statement(a, keys[label], b) for (a, b), label in pairs if a and b and label in keys and not overlap(a, b)}
    again = {Statement(x, s.predicate, y) for s in stated for x in alike[s.subject] for y in alike[s.object] if not overlap(x, y)}
    mentions = {span for spans in alike.values() for span in spans}
    statements, unsaid = (tuple(sorted(s, key=lambda s: (s.subject, s.object, s.predicate))) for s in (stated, again - stated))
    return Example(sentence.id, text, statements, tuple(sorted(mentions)), source, unsaid)


def _elsewhere(text: str, span: Span, named: Collection[Span]) -> Iterator[Span]:
    """Yield where else the same words stand and are no part of another name."""
    for words in re.finditer(rf"(?<!\w){re.escape(span.of(text))}(?!\w)", text):
        if not any(overlap(Span(*words.span()), other) for other in named):
            yield Span(*words.span())


def ranges_seen(ontologies: Mapping[str, Ontology], sentences: Sentences) -> dict[str, Ontology]:
    """Let each property take the kinds of literals that a tenth of its objects are: the published ranges name others for some."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for rows in sentences.values():
        for sentence in rows:
            literals = find_literals(sentence.text)
            at = {literal.span: literal.datatype for literal in literals}
            for subject, label, object_ in sentence.triples:
                if (span := placed(sentence.text, subject, object_, literals)[1]) is not None:
                    kinds[label][at.get(span, "string")] += 1

    def seen(prop: Property) -> Property:
        counted = kinds[prop.label]
        usual = [kind for kind, n in counted.items() if n >= SEEN_SHARE * counted.total()]
        usual = [kind for kind in usual if kind != "string" or not prop.range_classes]
        return replace(prop, range=tuple(dict.fromkeys((*prop.range, *usual))))

    return {
        name: replace(ontology, properties={key: seen(prop) for key, prop in ontology.properties.items()})
        for name, ontology in ontologies.items()
    }


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


def train(ontologies: Mapping[str, Ontology], sentences: Sentences, passes: int, output: Path) -> None:
    """Train from the shipped weights and write new ones that take scores as they come."""
    keys = {name: {prop.label: prop.name for prop in ontology.properties.values()} for name, ontology in ontologies.items()}
    read_as = [example_of(sentence, name, keys[name]) for name, rows in sentences.items() for sentence in rows]
    examples = [example for example in read_as if example.statements]
    base = open_weights(None)
    properties, known = properties_of(ontologies, base)
    arrays = graph.read(base.folder)
    for table in ("own.weight", "own_bias.weight"):
        shipped = arrays[table]
        arrays[table] = np.stack([shipped[known[p.key]] if p.key in known else 0 * shipped[0] for p in properties])
    network = Network(len(properties))
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    network.freeze()
    stated: dict[str, set[str]] = defaultdict(set)
    for example in examples:
        stated[example.source] |= {s.predicate for s in example.statements}

    def silence_on(key: str, name: str) -> float:
        if key in stated[name]:
            return SILENCE
        return SILENCE_UNSEEN if key in ontologies[name].properties else SILENCE_ELSEWHERE

    silence = {name: np.array([silence_on(p.key, name) for p in properties], np.float32) for name in ontologies}
    task = Task(properties, silence, {}, frozenset(ontologies))
    rng = random.Random(SEED)
    torch.manual_seed(SEED)
    feed = Feed(task, examples, base.tokenizer, rng, swap_share=0.0)
    names = Names(examples, base.tokenizer)
    steps = passes * -(-len(examples) // BATCH_SIZE)
    schedule = Schedule(steps, WARM_UP, ENCODER_RATE, HEAD_RATE, BATCH_SIZE)
    began = time.process_time()

    def each_step(step: int, loss: float) -> None:
        if (step + 1) % 50 == 0:
            print(
                f"step {step + 1} of {steps}, loss {loss:.3f}, {time.process_time() - began:.0f} CPU-s", file=sys.stderr, flush=True
            )

    def renamed() -> list[Example]:
        return [names.renamed(example, rng, RENAMED, MADE) for example in examples]

    learn(network, task, Labels(task, base.tokenizer), feed, renamed, schedule, rng, each_step)
    output.mkdir(parents=True, exist_ok=True)
    learnt = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    write_weights(learnt, graph.read_easing(base.folder), properties, PLAIN, base.folder / "tokenizer.json", output)


Found = Mapping[str, Sequence[tuple[float, Triple]]]
"""Sentence id -> triples with their probabilities, the likeliest first."""


def all_found(
    benchmark: Benchmark, ontologies: Mapping[str, Ontology], weights: Weights, writing: Writing, copy_subjects: bool = False
) -> Found:
    """Return what each sentence may state, written as the gold writes; copy_subjects: but for subjects, in the text's words."""
    return {
        sentence.id: answered(asked, gold.name, sentence, writing, copy_subjects)
        for gold in benchmark.ontologies
        for asked in [reader(weights, ontologies[gold.name], coverage(ontologies[gold.name], weights), with_uncovered=False)]
        for sentence in gold.sentences
    }


def answered(
    asked: Reader, ontology: str, sentence: GoldSentence, writing: Writing, copy_subjects: bool
) -> list[tuple[float, Triple]]:
    triples: list[tuple[float, Triple]] = []
    for guess in guesses(asked, sentence.text, THRESHOLDS[0]):
        label = asked.ontology.properties[guess.predicate].label
        words = guess.subject.of(sentence.text)
        subject = words if copy_subjects else writing.subject(ontology, words)
        triples.append((guess.probability, (subject, label, writing.object(label, guess.object.of(sentence.text), guess.literal))))
    return sorted(triples, key=lambda row: -row[0])


def reachable(benchmark: Benchmark, writing: Writing) -> dict[str, tuple[Triple, ...]]:
    """Return the gold triples whose words the texts hold, written as learnt: what a perfect reader would be scored on."""
    told: dict[str, tuple[Triple, ...]] = {}
    for gold in benchmark.ontologies:
        for sentence in gold.sentences:
            literals = find_literals(sentence.text)
            at = {literal.span: literal for literal in literals}
            spans = [(placed(sentence.text, a, b, literals), label) for a, label, b in sentence.triples]
            told[sentence.id] = tuple(
                (writing.subject(gold.name, a.of(sentence.text)), label, writing.object(label, b.of(sentence.text), at.get(b)))
                for (a, b), label in spans
                if a and b and not overlap(a, b)
            )
    return told


@dataclass(frozen=True)
class Emission:
    """Which triples are told: those from `threshold` on, of each property the `most` likeliest of a text."""

    threshold: float
    most: int

    def of(self, found: Found) -> dict[str, tuple[Triple, ...]]:
        return {id_: tuple(self._told(rows)) for id_, rows in found.items()}

    def _told(self, rows: Sequence[tuple[float, Triple]]) -> Iterator[Triple]:
        told: Counter[str] = Counter()
        for triple in dict.fromkeys(triple for probability, triple in rows if probability >= self.threshold):
            told[triple[1]] += 1
            if told[triple[1]] <= self.most:
                yield triple


MEASURES: Mapping[str, Callable[[BenchmarkScore], float]] = {
    "official": lambda score: score.official.f1,
    "strict micro": lambda score: score.strict_micro.f1,
}


def chosen(benchmark: Benchmark, found: Found) -> dict[str, tuple[Emission, float]]:
    """Return the emission that is best by each measure, and what it reaches."""
    emissions = [Emission(threshold, most) for threshold in THRESHOLDS for most in MOST_A_PROPERTY]
    scores = {emission: score_text2kgbench(benchmark, emission.of(found)) for emission in emissions}
    best = {name: max(scores, key=lambda emission: of(scores[emission])) for name, of in MEASURES.items()}
    return {name: (emission, MEASURES[name](scores[emission])) for name, emission in best.items()}


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--passes", type=int, default=PASSES)
    parser.add_argument("--weights", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    folder = asked.data / "text2kgbench"
    benchmark = read_text2kgbench(folder, PART)
    for model in ("Vicuna-13B", "Alpaca-LoRA-13B"):
        told(model, benchmark, baseline_predictions(folder, PART, model))
    ontologies = {gold.name: read(folder / PART / "ontologies" / f"{gold.name}_ontology.json") for gold in benchmark.ontologies}
    sentences = {name: train_sentences(asked.data, name) for name in ontologies}
    told("every gold triple whose words stand in the text", benchmark, reachable(benchmark, writing_of(sentences)))
    used, held_out = split(sentences)
    began = time.process_time()

    def taught(benchmark: Benchmark, rows: Sentences, output: Path, copy_subjects: bool = False) -> Found:
        if not (output / "properties.tsv").exists():
            train(ontologies, rows, asked.passes, output)
        return all_found(benchmark, ranges_seen(ontologies, rows), open_weights(output), writing_of(rows), copy_subjects)

    with tempfile.TemporaryDirectory() as temporary:
        weights = asked.weights or Path(temporary)
        unseen = tuple(replace(gold, sentences=tuple(held_out[gold.name])) for gold in benchmark.ontologies if held_out[gold.name])
        choices = chosen(
            replace(benchmark, ontologies=unseen), taught(replace(benchmark, ontologies=unseen), used, weights / "part")
        )
        answers = taught(benchmark, sentences, weights / "all")
        copied = taught(benchmark, sentences, weights / "all", copy_subjects=True)
    cpu_s = round(time.process_time() - began)
    for measure, (emission, held) in choices.items():
        how = {"threshold": emission.threshold, "most_a_property": emission.most, "held_out_f1": round(held, 3), "cpu_s": cpu_s}
        told(f"compact, best {measure} F1 held out", benchmark, emission.of(answers), **how)
        told("the same, subjects in the text's words", benchmark, emission.of(copied))


if __name__ == "__main__":
    main()
