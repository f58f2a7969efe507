"""Teaches weights an ontology from a few labelled sentences: `kgbuild train`. Needs the `train` extra (torch, onnx).

Training starts from the 8-bit weights themselves. Half of the arguments get other names in each pass, so that it is the words
around them that are learnt. A fifth of the sentences is held out to choose when to stop and to report; what the weights knew before
is kept by holding their answers, where nothing new is taught, on the same sentences and on the bundled ontologies' worked examples
(Li and Hoiem, "Learning without Forgetting", 2016). The thresholds of what is taught follow from its own examples or, better, from
unlabelled sentences of the same source.
"""

import copy
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from kgbuild.compact import graph
from kgbuild.compact.anaphora import Anaphor
from kgbuild.compact.calibration import Calibration, Curve, write_calibration
from kgbuild.compact.catalogue import TrainedProperty, write_properties
from kgbuild.compact.coverage import coverage, property_key
from kgbuild.compact.decoding import guesses, ordinary_sentences, reader
from kgbuild.compact.encoding import MAX_WORDS, encode
from kgbuild.compact.examples import Example
from kgbuild.compact.learning import (
    MAX_TRAINING_PIECES,
    Feed,
    Labels,
    Schedule,
    Task,
    Teacher,
    cut,
    inside,
    loss_of,
    optimiser_for,
    rate_at,
)
from kgbuild.compact.network import Network
from kgbuild.compact.passages import read_passage
from kgbuild.compact.renaming import Names
from kgbuild.compact.sentences import drawn
from kgbuild.compact.taught import SOURCE, LabelledText, Lesson, lesson, names_elsewhere, spelled_out
from kgbuild.compact.thresholds import at_listed_rate
from kgbuild.compact.weights import Weights, open_weights
from kgbuild.errors import InputError
from kgbuild.ontology.model import ANY_LITERAL, Ontology
from kgbuild.ontology.reading import bundled, read

HELD_OUT_SHARE = 0.2
HOLDS_OUT_FROM = 15
"""With fewer sentences than this none is held out, and training takes its usual number of steps."""
LOOK_EVERY, LOOK_FROM = 15, 2 / 3
"""Steps between two looks at the held-out sentences, and the share of all steps from which they are looked at."""
BATCH_SIZE = 16
RENAMED, MADE = 0.5, 0.5
"""Share of the arguments that get another name in each pass, and of these the share whose name is made of rare words."""
REMINDER = "reminder"
"""Source of the bundled ontologies' worked examples, read without their labels: there the weights shall answer as before."""
LEAST_STEPS, MOST_STEPS, WARM_UP = 75, 200, 8
ENCODER_RATE, HEAD_RATE, OWN_RATE = 3e-5, 4e-4, 5e-3
"""What all properties share moves little, or what was known before sinks; what is a new property's own moves fast."""
UNLISTED = 0.15
"""How much a statement of the ontology that a labelled sentence leaves out counts as wrong: what is listed of a text has gaps."""
LEAST_SCORE, MOST_SCORE = 0.1, 0.5
"""Lowest threshold of what is taught, and the highest that examples alone set, as probabilities of plain scores.

At .5 the loss parts right from wrong."""
LEAST_UNLABELLED, MOST_UNLABELLED = 50, 200
"""Unlabelled sentences that thresholds are set by: fewer say too little of what is rare, more cost time and say little more."""

Progress = Callable[[int, int, float], None]
"""Told the step, how many there are at most, and the loss."""


@dataclass(frozen=True, slots=True)
class Score:
    """How well a folder of weights extracts from some sentences: exact triples over all sentences."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What training did.

    properties_new, properties_known: names of the properties taught that the base weights had not, and had, been taught.
    held_out: sentences not trained on; before, after: scores on them, or on the training sentences where none could be held out.
    unlabelled: sentences that the thresholds follow from; 0 where they follow from the examples.
    kept: share of the base weights' statements about properties not taught now, on sentences read in no training, still made.
    unused: labelled triples that could not be used, with the reason. added: triples that no label says, of the other names of
    enumerations.
    device: what it ran on, "CPU" or the GPU's own name: the two give different weights from one seed.
    """

    output: Path
    sentences: int
    statements: int
    properties_new: tuple[str, ...]
    properties_known: tuple[str, ...]
    steps: int
    held_out: int
    unlabelled: int
    before: Score
    after: Score
    kept: float
    unused: tuple[tuple[str, str, str], ...]
    added: tuple[tuple[str, str], ...]
    device: str
    cpu_s: float


def train(
    rows: Sequence[LabelledText],
    ontology: Ontology,
    output: Path,
    base: Path | None = None,
    seed: int = 0,
    progress: Progress = lambda step, of, loss: None,
    command: str = "",
    unlabelled: Iterable[str] | None = None,
) -> TrainingReport:
    """Teach the properties of `rows` to the weights in `base` (the shipped ones by default) and write new weights to `output`.

    unlabelled: texts of the source that `rows` were drawn from at random; thresholds are put where as much is accepted of their
    sentences as the examples list. With rows chosen because they state much that would be too much.
    command: how this was asked for, for the model card.
    """
    began = time.process_time()
    base_weights = open_weights(base)
    known_as = {entry.name: base_weights.properties[entry.number].key for entry in coverage(ontology, base_weights).covered}
    keys = {name: known_as.get(name, property_key(prop)) for name, prop in ontology.properties.items()}
    learnt = _as_read(lesson(_spelled_out(rows, ontology, base_weights), ontology, keys), keys, base_weights.tokenizer)
    taught = frozenset(s.predicate for example in learnt.examples for s in example.statements)
    if not taught:
        why = learnt.unused[0][2] if learnt.unused else "no line has a triple"
        raise InputError("the examples", f"they teach nothing: {why}", "Label at least one triple whose words stand in its text")
    new_texts = _drawn(unlabelled, seed, learnt.examples) if unlabelled is not None else ()
    rng = random.Random(seed)
    torch.manual_seed(seed)
    held_out, used = _split(learnt.examples, rng)
    new = _new_properties(base_weights, ontology, keys, taught)
    properties = (*base_weights.properties, *new)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, before = (_network(base_weights, len(properties)).to(device) for _ in range(2))
    task = _task(properties, frozenset(keys.values()))
    labels = Labels(task, base_weights.tokenizer)
    steps = _learn(network, before, task, labels, used, held_out, taught, base_weights.tokenizer, rng, progress)

    arrays = {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}
    easing, tokenizer = graph.read_easing(base_weights.folder), base_weights.folder / "tokenizer.json"
    write_weights(arrays, easing, properties, base_weights.calibration, tokenizer, output)
    calibration = _calibrated(output, base_weights.calibration, (*used, *held_out), new_texts, ontology, keys)
    write_calibration(calibration, output / "calibration.json")
    texts = list(held_out or used)
    report = TrainingReport(
        output=output,
        sentences=len(used),
        statements=sum(len(example.statements) for example in used),
        properties_new=tuple(entry.label for entry in new),
        properties_known=tuple(sorted(entry.label for entry in base_weights.properties if entry.key in taught)),
        steps=steps,
        held_out=len(held_out),
        unlabelled=len(new_texts),
        before=score_on(texts, ontology, keys, base_weights),
        after=score_on(texts, ontology, keys, open_weights(output)),
        kept=_kept(base_weights, open_weights(output), taught),
        unused=learnt.unused,
        added=learnt.added,
        device=torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        cpu_s=round(time.process_time() - began, 1),
    )
    (output / "README.md").write_text(_card(report, base_weights, ontology, seed, command), "utf-8")
    return report


def _spelled_out(rows: Sequence[LabelledText], ontology: Ontology, weights: Weights) -> list[LabelledText]:
    """Put names in place of what stands for them in passages that state something of what the sentence does not name."""
    elsewhere = [names_elsewhere(row) for row in rows]
    if not any(elsewhere):
        return list(rows)
    asked = reader(weights, ontology, coverage(ontology, weights), with_uncovered=True)

    def anaphors(text: str) -> list[Anaphor]:
        return [anaphor for read in read_passage(asked, text) for anaphor in read.anaphors]

    return [spelled_out(row, anaphors(row.text)) if there else row for row, there in zip(rows, elsewhere, strict=True)]


def _as_read(learnt: Lesson, keys: Mapping[str, str], tokenizer: Tokenizer) -> Lesson:
    """Leave out what training does not read: arguments beyond its length, or longer than a mention."""
    names = {key: name for name, key in keys.items()}
    unseen = f"not within the first {MAX_TRAINING_PIECES} pieces of words of its sentence, or over {MAX_WORDS} words long"
    examples: list[Example] = []
    unread: list[tuple[str, str, str]] = []
    for example in learnt.examples:
        parts = encode(example.text, tokenizer)
        sentence = cut(parts[0]) if parts else None
        read = tuple(s for s in example.statements if sentence and inside(sentence, s.subject) and inside(sentence, s.object))
        for s in example.statements:
            if s not in read:
                shown = f"{s.subject.of(example.text)} | {names[s.predicate]} | {s.object.of(example.text)}"
                unread.append((example.id.rpartition("#")[0], shown, unseen))
        examples.append(replace(example, statements=read))
    nowhere = {(id_, shown) for id_, shown, _ in unread}
    added = tuple(one for one in learnt.added if one not in nowhere)
    return Lesson(tuple(examples), (*learnt.unused, *(one for one in unread if one[:2] not in learnt.added)), added)


def _drawn(texts: Iterable[str], seed: int, examples: Sequence[Example]) -> tuple[str, ...]:
    """Draw the unlabelled sentences; the examples themselves, trained on, would score higher than new ones do."""
    sentences = drawn(texts, MOST_UNLABELLED, seed, besides=[example.text for example in examples])
    if len(sentences) < LEAST_UNLABELLED:
        problem = f"{len(sentences)} usable sentences besides the examples, at least {LEAST_UNLABELLED} are needed"
        raise InputError("the unlabelled documents", problem, "Give more of them, or none")
    return sentences


def _split(examples: Sequence[Example], rng: random.Random) -> tuple[list[Example], list[Example]]:
    """Split into held-out and used; a sentence that comes twice stays on one side."""
    texts = sorted({example.text for example in examples})
    rng.shuffle(texts)
    count = round(len(texts) * HELD_OUT_SHARE) if len(texts) >= HOLDS_OUT_FROM else 0
    out = frozenset(texts[:count])
    return [e for e in examples if e.text in out], [e for e in examples if e.text not in out]


def _new_properties(
    base: Weights, ontology: Ontology, keys: Mapping[str, str], taught: Collection[str]
) -> tuple[TrainedProperty, ...]:
    """Return the properties taught that the base weights do not know; those that share a key are one."""
    known = {entry.key for entry in base.properties}
    labels = {name: c.label for name, c in ontology.classes.items()}
    new: dict[str, TrainedProperty] = {}
    for prop in ontology.properties.values():
        key = keys[prop.name]
        if key in taught and key not in known and key not in new:
            domain = labels.get(prop.domain[0], prop.domain[0]) if prop.domain else ""
            range_ = labels.get(prop.range[0], "" if prop.range[0] == ANY_LITERAL else prop.range[0]) if prop.range else ""
            new[key] = TrainedProperty(key, prop.label, prop.aliases, domain, range_)
    return tuple(new.values())


def _network(base: Weights, properties: int) -> Network:
    """Return the base weights as a network with room for more properties, whose corrections begin at nothing."""
    arrays = graph.read(base.folder)
    for name in ("own.weight", "own_bias.weight"):
        arrays[name] = np.pad(arrays[name], ((0, properties - len(arrays[name])), (0, 0)))
    network = Network(properties)
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    network.freeze()
    return network


def _task(properties: tuple[TrainedProperty, ...], in_ontology: Collection[str]) -> Task:
    """Silence means something about the ontology's own properties alone; the others nobody was asked to label."""
    silence = np.array([UNLISTED if entry.key in in_ontology else 0.0 for entry in properties], np.float32)
    return Task(properties, {SOURCE: silence, REMINDER: 0 * silence}, {}, frozenset(), frozenset({REMINDER}))


def _learn(
    network: Network,
    before: Network,
    task: Task,
    labels: Labels,
    used: Sequence[Example],
    held_out: Sequence[Example],
    taught: Collection[str],
    tokenizer: Tokenizer,
    rng: random.Random,
    progress: Progress,
) -> int:
    """Train in place and return after how many steps the held-out loss was least, which is the state kept."""
    labels.refresh(before)
    number = torch.arange(len(task.properties), device=before.bias.device)
    with torch.no_grad():
        vectors = before.label(labels.settled().to(before.bias.device)) + before.own(number)
        biases = before.bias + before.own_bias(number)[:, 0]
    kept = tuple(n for n, entry in enumerate(task.properties) if entry.key not in taught)
    teacher = Teacher(before.eval(), vectors, biases, kept)
    names = Names(used, tokenizer)
    feed = Feed(task, used, tokenizer, rng, swap_share=0.0)
    again = random.Random(0)
    unseen = [item for e in held_out for as_ in (e, names.renamed(e, again, 1.0, MADE)) if (item := feed.drawn(as_))]
    schedule = Schedule(steps_for(len(used)), WARM_UP, ENCODER_RATE, HEAD_RATE, BATCH_SIZE, own_rate=OWN_RATE)
    optimiser = optimiser_for(network, schedule)
    highest = [group["lr"] for group in optimiser.param_groups]
    best, best_step, best_state = math.inf, schedule.steps, None
    reminders = [_unlabelled(text) for text in _ordinary_sentences()[0]]
    step = 0
    while step < schedule.steps:
        drawn = [
            *(names.renamed(e, rng, RENAMED, MADE) for e in used),
            *rng.sample(reminders, min(len(reminders), max(4, len(used) // 2))),
        ]
        for batch in feed.batches(drawn, schedule.batch_size):
            network.train()
            for group, rate in zip(optimiser.param_groups, highest, strict=True):
                group["lr"] = rate * rate_at(step, schedule)
            loss = loss_of(network, task, labels, batch, rng, schedule.dropout, teacher)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for p in network.parameters() if p.requires_grad], 1.0)
            optimiser.step()
            step += 1
            progress(step, schedule.steps, loss.item())
            if unseen and (step % LOOK_EVERY == 0 or step == schedule.steps) and step >= schedule.steps * LOOK_FROM:
                network.eval()
                with torch.no_grad():
                    now = loss_of(network, task, labels, unseen, random.Random(0), 0.0).item()
                if now < best:
                    best, best_step, best_state = now, step, copy.deepcopy(network.state_dict())
            if step == schedule.steps:
                break
    if best_state is not None:
        network.load_state_dict(best_state)
    network.eval()
    return best_step


def steps_for(sentences: int) -> int:
    """Return how many steps to take: enough passes for a handful, fewer for many."""
    return round(min(MOST_STEPS, max(LEAST_STEPS, 18 * sentences / BATCH_SIZE)))


def _calibrated(
    output: Path,
    base: Calibration,
    examples: Sequence[Example],
    unlabelled: Sequence[str],
    ontology: Ontology,
    keys: Mapping[str, str],
) -> Calibration:
    """Put the thresholds of what is taught where as many statements pass as the examples list.

    The weights in `output` are asked with plain scores of what is taught: of the unlabelled sentences or, without them, of the
    examples as they are and under other names, since trained on, they alone would score higher than new sentences do. From examples
    one threshold serves all of it, and none above MOST_SCORE: as many as are listed would be too few where only some is listed.
    """
    middle = (base.judge_reject_below + base.judge_accept_from) / 2
    plain = Curve(1.0, 0.0, {})
    write_calibration(replace(base, extraction=plain, judging=plain), output / "calibration.json")
    weights = open_weights(output)
    asked = reader(weights, ontology, coverage(ontology, weights), with_uncovered=False)
    listed = Counter(statement.predicate for example in examples for statement in example.statements)

    def found(texts: Iterable[str]) -> dict[str, list[float]]:
        scores: dict[str, list[float]] = {key: [] for key in listed}
        for guess in (guess for text in texts for guess in guesses(asked, text, LEAST_SCORE)):
            if (key := keys[guess.predicate]) in scores:
                scores[key].append(_logit(min(guess.probability, 0.9999)))
        return scores

    if unlabelled:
        thresholds = at_listed_rate(found(unlabelled), listed, len(examples), len(unlabelled), _logit(MOST_SCORE))
    else:
        names, rng = Names(examples, weights.tokenizer), random.Random(0)
        renamed = [names.renamed(example, rng, 1.0, MADE) for example in examples]
        scores = [score for own in found(e.text for e in (*examples, *renamed)).values() for score in own]
        wanted = sum(len(example.statements) for example in (*examples, *renamed))
        parting = sorted(scores, reverse=True)[:wanted][-1] if scores else math.inf
        thresholds = dict.fromkeys(listed, min(parting, _logit(MOST_SCORE)))

    def parted(curve: Curve, probability: float) -> Curve:
        offsets = {key: round(_logit(probability) - curve.intercept - curve.slope * at, 4) for key, at in thresholds.items()}
        return replace(curve, offsets={**curve.offsets, **offsets})

    return replace(base, extraction=parted(base.extraction, base.accept_from), judging=parted(base.judging, middle))


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def write_weights(
    arrays: Mapping[str, NDArray[np.float32]],
    easing: graph.Easing,
    properties: Sequence[TrainedProperty],
    calibration: Calibration,
    tokenizer: Path,
    output: Path,
) -> None:
    """Write a folder of weights, all but its model card."""
    graph.write(arrays, output, easing)
    write_properties(properties, output / "properties.tsv")
    write_calibration(calibration, output / "calibration.json")
    (output / "tokenizer.json").write_bytes(tokenizer.read_bytes())


def score_on(examples: Sequence[Example], ontology: Ontology, keys: Mapping[str, str], weights: Weights) -> Score:
    """Score weights on labelled sentences: a triple is right when property, subject and object words are those labelled."""
    made = _statements(examples, ontology, keys, weights)
    gold = {
        (number, s.subject.of(e.text).casefold(), s.predicate, s.object.of(e.text).casefold())
        for number, e in enumerate(examples)
        for s in e.statements
    }
    right = len(made & gold)
    precision, recall = right / max(1, len(made)), right / max(1, len(gold))
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return Score(round(precision, 3), round(recall, 3), round(f1, 3))


def _statements(
    examples: Sequence[Example], ontology: Ontology, keys: Mapping[str, str], weights: Weights
) -> set[tuple[int, str, str, str]]:
    """Return the triples that weights accept, by sentence, with the property's key and the words in lower case."""
    asked = reader(weights, ontology, coverage(ontology, weights), with_uncovered=False)
    if not asked.properties:
        return set()
    return {
        (number, g.subject.of(e.text).casefold(), keys[g.predicate], g.object.of(e.text).casefold())
        for number, e in enumerate(examples)
        for g in guesses(asked, e.text)
        if g.probability >= weights.calibration.accept_from
    }


def _kept(base: Weights, now: Weights, taught: Collection[str]) -> float:
    """Return the share of the base weights' triples about properties not taught now that the new weights make too.

    Asked of sentences that state what the bundled ontologies are about, none of them read in training.
    """
    made = [0, 0]
    sentences = [_unlabelled(text) for text in _ordinary_sentences()[1]]
    for name in bundled():
        ontology = read(name)
        keys = {entry.name: now.properties[entry.number].key for entry in coverage(ontology, now).covered}
        before = {triple for triple in _statements(sentences, ontology, keys, base) if triple[2] not in taught}
        made[0] += len(before)
        made[1] += len(before & _statements(sentences, ontology, keys, now))
    return round(made[1] / made[0], 3) if made[0] else 1.0


def _ordinary_sentences() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return sentences to be reminded by in training, and others to measure by what was kept."""
    texts = ordinary_sentences()
    measured = texts[:: round(1 / HELD_OUT_SHARE)]
    return tuple(text for text in texts if text not in measured), measured


def _unlabelled(text: str) -> Example:
    return Example(f"reminder of {text}", text, (), (), REMINDER)


def _card(report: TrainingReport, base: Weights, ontology: Ontology, seed: int, command: str) -> str:
    """Write the model card."""
    scored = "held-out sentences" if report.held_out else "the training sentences themselves (too few to hold any out)"
    return f"""# Weights for the ontology {ontology.name}

Made by `{command or "kgbuild.compact.training.train"}`, seed {seed}, on {report.device},
in {report.cpu_s:g} CPU-seconds and {report.steps} steps.

- Started from weights {base.digest[:12]}; their model card says what they were trained on and under which licences.
- Data: {report.sentences} labelled sentences with {report.statements} statements, {report.held_out} more held out;
  {len(report.added)} statements of all are of further names in enumerations of which the labels hold a part.
  Their licence is that of the texts they were taken from.
- Taught for the first time: {", ".join(report.properties_new) or "nothing"}.
- Taught further: {", ".join(report.properties_known) or "nothing"}.
- Thresholds follow from {f"{report.unlabelled} unlabelled sentences" if report.unlabelled else "the examples themselves"}.
- Earlier statements of other properties still made, on other sentences: {report.kept:.3f}.

| on {scored} | precision | recall | F1 |
|---|---|---|---|
| weights it started from | {report.before.precision:.3f} | {report.before.recall:.3f} | {report.before.f1:.3f} |
| these weights | {report.after.precision:.3f} | {report.after.recall:.3f} | {report.after.f1:.3f} |
"""
