"""Builds the shipped weights from public data: `python -m kgbuild.compact.recipe DATA ENCODER OUTPUT [--without ONTOLOGY...]`.

DATA holds text2kgbench, re-docred, fewrel and knowledgenet as published. ENCODER holds model.safetensors and tokenizer.json of
all-MiniLM-L6-v2 (Apache-2.0). OUTPUT receives the weights, and checkpoints under `passes/`; a broken run goes on after the last
stage that it finished. Sentences that stand in a Text2KGBench test set are never trained on; a quarter of TekGen's validation
sentences is kept for thresholds and calibration. About two hours of CPU, one on two cores.

--without leaves out Text2KGBench ontologies, such as 7_space, and every sentence that states one of their properties, whatever it
comes from: for measuring what a few examples teach. Such weights are trained in one stage and take scores as they come.
--seed is of the order of the sentences and of what the encoder does not begin with.
"""

import argparse
import hashlib
import json
import math
import os
import random
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from kgbuild.compact import corpora, graph, templates
from kgbuild.compact.calibration import Calibration, Curve, fit_curve, write_calibration
from kgbuild.compact.catalogue import TrainedProperty, read_properties
from kgbuild.compact.coverage import coverage
from kgbuild.compact.decoding import Reader, guesses, ordinary_sentences, reader
from kgbuild.compact.encoding import encode
from kgbuild.compact.examples import Example
from kgbuild.compact.learning import Feed, Labels, Schedule, Task, learn
from kgbuild.compact.literals import find_literals
from kgbuild.compact.network import from_minilm
from kgbuild.compact.scoring import score_pairs
from kgbuild.compact.training import write_weights
from kgbuild.compact.weights import Weights, open_weights
from kgbuild.ontology.reading import read as read_ontology

CATALOGUE = Path(__file__).parent / "properties.tsv"
TEMPLATES = Path(__file__).parent / "templates.txt"
TEMPLATE_WORDS = Path(__file__).parent / "template_words.txt"

LEAST_STATEMENTS = 8
"""A property with fewer examples than this, and no template, does not count as trained."""

# Sentences of one pass, besides all of TekGen's.
RE_DOCRED, RE_DOCRED_SILENT, FEWREL, KNOWLEDGENET, KNOWLEDGENET_SILENT = 1500, 600, 1800, 1500, 500

# How much a statement that a source leaves out counts as wrong: of the properties it labels, and of all others.
TEKGEN_SILENCE, TEKGEN_SILENCE_ELSEWHERE = 0.2, 0.08
KNOWLEDGENET_SILENCE = 0.4
TEMPLATE_SILENCE = 0.4
SILENCE_ELSEWHERE = 0.1


@dataclass(frozen=True)
class Stage:
    """Passes over the data under one schedule. made: sentences from templates added to each pass.

    falls_over: passes over which the rates would fall to their least; averaged: how many of the last passes the weights are the
    mean of.
    """

    passes: int
    falls_over: int
    averaged: int
    encoder_rate: float
    head_rate: float
    warm_up: int
    made: int


STAGES = (Stage(8, 11, 1, 7e-5, 6e-4, 150, 0), Stage(4, 4, 4, 3.5e-5, 3e-4, 50, 2600))
STAGES_WITHOUT = (Stage(6, 6, 3, 7e-5, 6e-4, 150, 0),)


@dataclass(frozen=True)
class Corpora:
    """Examples by source; `kept_out` is for thresholds and calibration only."""

    tekgen: tuple[Example, ...]
    kept_out: tuple[Example, ...]
    re_docred: tuple[Example, ...]
    fewrel: tuple[Example, ...]
    knowledgenet: tuple[Example, ...]

    def all(self) -> Iterator[Example]:
        yield from (*self.tekgen, *self.re_docred, *self.fewrel, *self.knowledgenet)


def is_kept_out(text: str) -> bool:
    """Tell whether a validation sentence is kept for calibration: one in four, by its letters."""
    return int(hashlib.sha256(corpora.squeezed(text).encode()).hexdigest(), 16) % 4 == 0


def read_corpora(data: Path) -> Corpora:
    tested = corpora.test_sentences(data)

    def fit(examples: Iterable[Example]) -> list[Example]:
        return [example for example in examples if corpora.squeezed(example.text) not in tested]

    validation = fit(corpora.tekgen(data, "validation"))
    kept_out = [example for example in validation if is_kept_out(example.text)]
    reserved = {corpora.squeezed(example.text) for example in kept_out}
    tekgen = [e for e in (*fit(corpora.tekgen(data, "train")), *validation) if corpora.squeezed(e.text) not in reserved]
    return Corpora(
        tuple(_with_dates(e) for e in tekgen if e.statements),
        tuple(kept_out),
        tuple(fit(corpora.re_docred(data))),
        tuple(_with_dates(e) for e in fit(corpora.fewrel(data))),
        tuple(_with_dates(e) for e in fit(corpora.knowledgenet(data))),
    )


def _with_dates(example: Example) -> Example:
    """Add the dates that a source leaves unmarked to the mentions: they are wrong answers worth seeing."""
    dates = {f.span for f in find_literals(example.text) if f.span and f.datatype in ("date", "gYear", "gYearMonth")}
    new = {d for d in dates if not any(map(d.overlaps, example.mentions))}
    return replace(example, mentions=tuple(sorted({*example.mentions, *new})))


def signatures(data: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Return what each TekGen ontology calls the domain and range of its properties, by source and key."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for path in sorted((data / "text2kgbench" / "wikidata_tekgen" / "ontologies").glob("*.json")):
        ontology = json.loads(path.read_text("utf-8"))
        labels = {concept["qid"]: concept["label"].strip() for concept in ontology["concepts"]}
        for relation in ontology["relations"]:
            found[f"tekgen/{ontology['id']}", relation["pid"]] = (
                labels.get(relation["domain"], ""),
                labels.get(relation["range"], ""),
            )
    return found


def task_of(
    properties: tuple[TrainedProperty, ...], read: Corpora, named: dict[tuple[str, str], tuple[str, str]], stage: Stage
) -> Task:
    """Say what is learnt, and how far each source's silence means no."""
    keys = [entry.key for entry in properties]
    stated = {statement.predicate for example in read.all() for statement in example.statements}
    if stage.made:
        stated |= _in_templates()

    def silence(labelled: frozenset[str], inside: float, elsewhere: float) -> NDArray[np.float32]:
        return np.array([inside if key in labelled else elsewhere for key in keys], np.float32)

    silences = {
        source: silence(frozenset(key for s, key in named if s == source), TEKGEN_SILENCE, TEKGEN_SILENCE_ELSEWHERE)
        for source in {source for source, _ in named}
    }
    in_documents = frozenset(s.predicate for e in read.re_docred for s in (*e.statements, *e.not_stated))
    silences["re-docred"] = silence(in_documents, 1.0, SILENCE_ELSEWHERE)
    in_passages = frozenset(corpora.KNOWLEDGENET_PROPERTIES.values())
    silences["knowledgenet"] = silence(in_passages, KNOWLEDGENET_SILENCE, SILENCE_ELSEWHERE)
    silences["fewrel"] = silence(frozenset(), 0.0, SILENCE_ELSEWHERE)
    silences[templates.SOURCE] = silence(frozenset(keys), TEMPLATE_SILENCE, 0.0)
    marked = frozenset({"re-docred", templates.SOURCE})
    return Task(properties, silences, named, marked, unasked=frozenset(keys) - stated)


def pass_of(read: Corpora, stage: Stage, rng: random.Random) -> list[Example]:
    """Draw the sentences of one pass."""

    def some(examples: Sequence[Example], stated: bool, count: int) -> list[Example]:
        fitting = [example for example in examples if bool(example.statements) is stated]
        return rng.sample(fitting, min(count, len(fitting)))

    drawn = [
        *read.tekgen,
        *some(read.re_docred, True, RE_DOCRED),
        *some(read.re_docred, False, RE_DOCRED_SILENT),
        *some(read.fewrel, True, FEWREL),
        *some(read.knowledgenet, True, KNOWLEDGENET),
        *some(read.knowledgenet, False, KNOWLEDGENET_SILENT),
    ]
    if stage.made:
        words = templates.fillers(list(read.all()), templates.read_words(TEMPLATE_WORDS))
        drawn += templates.made(templates.read_templates(TEMPLATES), words, stage.made, rng)
    return drawn


def trained_keys(read: Corpora, stages: Sequence[Stage]) -> frozenset[str]:
    """Return the properties that the data teaches."""
    counts = Counter(statement.predicate for example in read.all() for statement in example.statements)
    enough = frozenset(key for key, count in counts.items() if count >= LEAST_STATEMENTS)
    return enough | _in_templates() if any(stage.made for stage in stages) else enough


def _in_templates() -> frozenset[str]:
    return frozenset(key for _, facts in templates.read_templates(TEMPLATES) for _, key, _ in facts)


def tensors(path: Path) -> dict[str, Tensor]:
    """Read a safetensors file: a JSON header of names, shapes and places, then the numbers, all float32 here."""
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8 : 8 + size])
    found: dict[str, Tensor] = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            found[name] = torch.from_numpy(np.frombuffer(raw[start:end], dtype="<f4").reshape(entry["shape"]).copy())
    return found


@dataclass(frozen=True)
class Curriculum:
    """All that is taught: the examples, the properties, what the sources call their arguments, and in which stages."""

    corpora: Corpora
    properties: tuple[TrainedProperty, ...]
    signatures: dict[tuple[str, str], tuple[str, str]]
    stages: tuple[Stage, ...]


def curriculum(data: Path, without: Sequence[str] = ()) -> Curriculum:
    """Read everything, and leave out the ontologies named with all that states one of their properties."""
    read, properties, named = read_corpora(data), read_properties(CATALOGUE), signatures(data)
    if not without:
        return Curriculum(read, properties, named, STAGES)
    sources = frozenset(f"tekgen/ont_{name}" for name in without)
    unseen = frozenset(key for source, key in named if source in sources)

    def fit(examples: Sequence[Example]) -> tuple[Example, ...]:
        return tuple(e for e in examples if e.source not in sources and not any(s.predicate in unseen for s in e.statements))

    left = Corpora(*(fit(e) for e in (read.tekgen, read.kept_out, read.re_docred, read.fewrel, read.knowledgenet)))
    return Curriculum(
        left,
        tuple(entry for entry in properties if entry.key not in unseen),
        {(source, key): names for (source, key), names in named.items() if key not in unseen and source not in sources},
        STAGES_WITHOUT,
    )


def train_base(taught: Curriculum, encoder: Path, output: Path, seed: int) -> list[Path]:
    """Run the stages, or what is left of them, and return the checkpoints to average.

    Each pass leaves a checkpoint; a stage begins from the last of the one before.
    """
    read, properties = taught.corpora, taught.properties
    tokenizer = _tokenizer(encoder)
    checkpoints = output / "passes"
    checkpoints.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    network = from_minilm(tensors(encoder / "model.safetensors"), len(properties))
    network.freeze()
    for number, stage in enumerate(taught.stages):
        finished = checkpoints / f"stage{number}.pt"
        if finished.exists():
            network.load_state_dict(torch.load(finished))
            continue
        rng = random.Random(f"{seed} {number}")
        task = task_of(properties, read, taught.signatures, stage)
        labels, feed = Labels(task, tokenizer), Feed(task, list(read.all()), tokenizer, rng)
        size = -(-len(pass_of(read, stage, random.Random(0))) // 16)
        schedule = Schedule(
            stage.passes * size, stage.warm_up, stage.encoder_rate, stage.head_rate, falls_over=stage.falls_over * size
        )

        def draw(stage: Stage = stage, rng: random.Random = rng) -> list[Example]:
            return pass_of(read, stage, rng)

        def each_step(step: int, loss: float, number: int = number, size: int = size) -> None:
            if (step + 1) % 50 == 0:
                print(f"stage {number} step {step + 1} loss {loss:.3f}", flush=True)
            if (step + 1) % size == 0:
                torch.save(network.state_dict(), checkpoints / f"stage{number}-pass{(step + 1) // size}.pt")

        learn(network, task, labels, feed, draw, schedule, rng, each_step)
        torch.save(network.state_dict(), finished)
    number, stage = len(taught.stages) - 1, taught.stages[-1]
    return [checkpoints / f"stage{number}-pass{n}.pt" for n in range(stage.passes - stage.averaged + 1, stage.passes + 1)]


def _tokenizer(encoder: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(os.fspath(encoder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def averaged(paths: Sequence[Path]) -> dict[str, NDArray[np.float32]]:
    """Return the mean of checkpoints: better than any one of them, at no cost (Izmailov et al., "Averaging Weights", 2018)."""
    states = [torch.load(path) for path in paths]
    return {name: torch.stack([state[name] for state in states]).mean(0).numpy() for name in states[0]}


PLAIN = Calibration(Curve(1.0, 0.0, {}), 0.3, 0.5, Curve(1.0, 0.0, {}), 0.3, 0.5)
"""A calibration that takes scores as they come."""


def write_base(taught: Curriculum, data: Path, encoder: Path, output: Path, checkpoints: Sequence[Path]) -> None:
    """Average checkpoints, keep the corrections of properties that the data teaches, calibrate, and write the folder.

    `precise/` receives the same in 32 bits, to measure what 8 bits cost.
    """
    arrays = averaged(checkpoints)
    keys = trained_keys(taught.corpora, taught.stages)
    rows = [number for number, entry in enumerate(taught.properties) if entry.key in keys]
    arrays |= {name: arrays[name][rows] for name in ("own.weight", "own_bias.weight")}
    tokenizer = _tokenizer(encoder)
    sentences = [sentence for text in ordinary_sentences() for sentence in encode(text, tokenizer)]
    properties, easing = [taught.properties[row] for row in rows], graph.easing_for(arrays, sentences)
    write_weights(arrays, easing, properties, PLAIN, encoder / "tokenizer.json", output)
    if taught.stages == STAGES:
        write_calibration(calibrated(output, data, taught.corpora.kept_out), output / "calibration.json")
    precise = output / "precise"
    graph.write(arrays, precise, easing=None)
    for name in ("tokenizer.json", "properties.tsv", "calibration.json"):
        (precise / name).write_bytes((output / name).read_bytes())


@dataclass(frozen=True)
class Answer:
    """A statement the weights could make, beside what the sentence lists. relevant: the sentence lists one of this property."""

    sentence: int
    key: str
    score: float
    right: bool
    relevant: bool


def calibrated(folder: Path, data: Path, kept_out: Sequence[Example]) -> Calibration:
    """Fit curves and thresholds on sentences that were not trained on.

    The sentences list one statement each where many are true, so an unlisted answer counts as right as often as Elkan and Noto
    ("Learning Classifiers from Only Positive and Unlabeled Data", 2008) make it, and the threshold is the best F1 among answers
    whose property the sentence lists, which is Text2KGBench's own measure.
    """
    answers: list[Answer] = []
    claims: list[tuple[str, float, bool, float]] = []
    sizes: list[tuple[str, int]] = []
    by_source: dict[str, list[Example]] = defaultdict(list)
    for example in kept_out:
        if example.statements:
            by_source[example.source].append(example)
    weights = open_weights(folder)
    for source, examples in sorted(by_source.items()):
        name = source.removeprefix("tekgen/ont_")
        ontology = read_ontology(data / "text2kgbench" / "wikidata_tekgen" / "ontologies" / f"{name}_ontology.json")
        asked = reader(weights, ontology, coverage(ontology, weights), with_uncovered=False)
        key_of = {prop.name: key for prop, key in zip(asked.properties, asked.keys, strict=True)}
        for example in examples:
            number = len(sizes)
            sizes.append((source, len(example.statements)))
            relevant = {s.predicate for s in example.statements}
            wanted = {(s.subject.of(example.text), s.predicate, s.object.of(example.text)) for s in example.statements}
            for guess in guesses(asked, example.text, counted_from=0.02):
                key = key_of[guess.predicate]
                right = (guess.subject.of(example.text), key, guess.object.of(example.text)) in wanted
                answers.append(Answer(number, key, _logit(guess.probability), right, key in relevant))
            claims += _claims(weights, asked, example)
    scores, keys = [a.score for a in answers], [a.key for a in answers]
    is_right = np.array([a.right for a in answers], dtype=np.float64)
    first = fit_curve(scores, is_right, keys, own_strength=8)
    stated = np.array([_probability(first, a) for a in answers])
    complete = float(stated[is_right > 0].mean())
    unlisted = np.minimum((1 - complete) / complete * stated / (1 - stated), 1.0)
    extraction = fit_curve(scores, np.where(is_right > 0, 1.0, unlisted), keys, own_strength=8)
    probabilities = np.array([_probability(extraction, a) for a in answers])
    accept_from = best_threshold(answers, probabilities, sizes)
    claim_scores, claim_right, claim_weights = ([c[n] for c in claims] for n in (1, 2, 3))
    judging = fit_curve(claim_scores, claim_right, [c[0] for c in claims], claim_weights, own_strength=8)
    likely = np.array([float(judging.probabilities([score], [key])[0]) for key, score, *_ in claims])
    gold = np.sort(likely[np.array(claim_right)])
    print(f"listed answers are {complete:.2f} of the right ones; {len(answers)} answers, {len(claims)} claims")
    return Calibration(
        extraction,
        round(accept_from * 0.6, 2),
        accept_from,
        judging,
        round(float(gold[int(len(gold) * JUDGE_REFUSES)]), 2),
        round(float(gold[int(len(gold) * JUDGE_DOUBTS)]), 2),
    )


JUDGE_REFUSES, JUDGE_DOUBTS = 0.03, 0.08
"""Shares of right claims that the judge may refuse, and refuse or leave undecided."""


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability)) if probability < 1 else 10.0


def _probability(curve: Curve, answer: Answer) -> float:
    return float(curve.probabilities([answer.score], [answer.key])[0])


def best_threshold(answers: Sequence[Answer], probabilities: NDArray[np.float64], sizes: Sequence[tuple[str, int]]) -> float:
    """Return the middle of the thresholds whose F1 is within INDIFFERENT of the best.

    The curve is flat about its top, so that the best itself is a matter of chance: over halves of the sentences the middle has the
    better F1 on the other half, and half the spread.

    F1 counts answers whose property the sentence lists; it is the mean over sentences, then over sources. sizes: the source of each
    sentence and how many statements it lists.
    """
    of = [[n for n, a in enumerate(answers) if a.sentence == number and a.relevant] for number in range(len(sizes))]

    def f1(threshold: float) -> float:
        by_source: dict[str, list[float]] = defaultdict(list)
        for (source, size), numbers in zip(sizes, of, strict=True):
            chosen = [n for n in numbers if probabilities[n] >= threshold]
            by_source[source].append(2 * sum(answers[n].right for n in chosen) / (len(chosen) + size))
        return float(np.mean([np.mean(scores) for scores in by_source.values()]))

    curve = {round(step * 0.01, 2): f1(step * 0.01) for step in range(5, 80)}
    good = [threshold for threshold, value in curve.items() if value >= max(curve.values()) - INDIFFERENT]
    return round(float(np.mean(good)), 2)


INDIFFERENT = 0.02
"""A difference in F1 that some 700 sentences do not tell from chance."""


def _claims(weights: Weights, asked: Reader, example: Example) -> list[tuple[str, float, bool, float]]:
    """Return what a careless reader might claim of a sentence, scored: (property, score, right, weight).

    Each listed statement, the same pair under another property (which may be true: half a weight), the pair swapped, and the
    statement with another thing of the sentence as its object.
    """
    rows: list[tuple[str, float, bool, float]] = []
    spans = sorted({*example.mentions, *(f.span for f in find_literals(example.text) if f.span)})
    column = {key: number for number, key in enumerate(asked.keys)}
    for s in example.statements:
        if s.predicate not in column:
            continue
        others = [o for o in spans if not any(map(o.overlaps, (s.subject, s.object)))]
        pairs = [(s.subject, s.object), (s.object, s.subject), *((s.subject, other) for other in others[:2])]
        flat = [span for pair in pairs for span in pair]
        scored = score_pairs(weights, asked.asked, example.text, flat, [(2 * n, 2 * n + 1) for n in range(len(pairs))])
        for number, row in enumerate(scored):
            if row is None:
                continue
            rows.append((s.predicate, float(row[column[s.predicate]]), number == 0, 1.0 if number == 0 else 0.5))
            if number == 0:
                listed = {t.predicate for t in example.statements if (t.subject, t.object) == (s.subject, s.object)}
                rivals = sorted((key for key in asked.keys if key not in listed), key=lambda key: -float(row[column[key]]))
                rows += [(key, float(row[column[key]]), False, 0.5) for key in rivals[:1]]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--without", nargs="+", default=[])
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    known = {source.removeprefix("tekgen/ont_") for source, _ in signatures(asked.data)}
    if unknown := sorted(set(asked.without) - known):
        parser.error(f"--without: DATA has no ontology {', '.join(unknown)}. It has {', '.join(sorted(known)) or 'none'}")
    taught = curriculum(asked.data, asked.without)
    checkpoints = train_base(taught, asked.encoder, asked.output, asked.seed)
    write_base(taught, asked.data, asked.encoder, asked.output, checkpoints)


if __name__ == "__main__":
    main()
