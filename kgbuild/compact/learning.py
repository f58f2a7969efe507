"""Examples into tensors, tensors into a loss, and the loop that both the recipe and `train` run."""

import math
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from kgbuild.compact.catalogue import TrainedProperty, label_text, spoken
from kgbuild.compact.encoding import MAX_WORDS, Sentence, encode, word_range
from kgbuild.compact.examples import Example, Statement
from kgbuild.compact.network import Batch, Network, Reading, weighted_zlpr
from kgbuild.compact.renaming import with_words
from kgbuild.records import Span

CANDIDATES = 20
"""Spans scored in pairs for each sentence: those of the gold statements and the best others."""
MAX_TRAINING_PIECES = 96

# How much an answer that gold does not list counts as wrong: 1 is certainly wrong.
SHARES_AN_ARGUMENT = 0.35
SAME_PAIR_OTHER_PROPERTY = 0.5
SWAPPED_OR_WRONG_BOUNDARY = 1.0
UNLISTED_MENTION = 0.1

KEPT, KEPT_WITHIN = 0.5, 12.0
"""How much the mean squared distance from earlier scores counts, and the score beyond which, up or down, distance is nothing."""
CLAIMED_FROM = -2.0
"""The score at which an answer counts half in that mean: little below what is taken as right."""
REMINDED = 0.06
"""How much mentions count that change in sentences without labels."""

REMEMBERED = 512
"""Sentences whose reading by the teacher is kept: at most 300 kB each."""

LABEL_DROPOUT, TYPE_DROPOUT, OWN_DROPOUT = 0.3, 0.3, 0.3
SWAP_SHARE = 0.25
"""Share of the sentences in which one entity is replaced by another that stood in the same place of the same property."""
SYMMETRIC = frozenset({"P26", "P3373", "P190"})

GROUPS = (
    frozenset({"human", "fictional character"}),
    frozenset({
        "organization", "company", "sports club", "political party", "university", "record label", "broadcaster",
        "film production company", "publisher", "military branch", "sports organization", "religious order", "parliament",
        "observatory", "sports league",
    }),
    frozenset({
        "place", "country", "city", "body of water", "river", "landform", "territory", "stadium", "facility", "bridge",
    }),
    frozenset({
        "work", "book", "film", "musical work", "album", "song", "literary work", "written work", "television series",
        "software", "periodical", "series", "product",
    }),
    frozenset({"event", "war", "public election", "sports season", "spaceflight"}),
)  # fmt: skip
"""Classes that one thing may well have at once: none of them is a wrong answer for another."""
CLASS_NAMES = {
    "human": ("human", "person", "people"),
    "organization": ("organization", "organisation", "institution", "group"),
    "company": ("company", "business", "corporation", "firm"),
    "place": ("place", "location", "area"),
    "city": ("city", "town", "settlement"),
    "work": ("work", "creative work"),
    "film": ("film", "movie"),
    "date": ("date", "time", "year"),
    "university": ("university", "school", "college"),
    "event": ("event", "occurrence"),
}
UNSPECIFIC = frozenset({"entity", "class"})


@dataclass(frozen=True)
class Task:
    """What is being learnt. silence: for each source, how much a statement it leaves out counts as wrong, one number a property.

    signatures: (source, key) -> domain and range as that source names them. exhaustive_mentions: sources that mark every mention;
    unlabelled: sources that mark nothing, whose sentences only show whether earlier answers are kept. unasked: properties of which
    nothing is learnt now, since no sentence states them: passes of nothing but noes are hard to unlearn.
    """

    properties: tuple[TrainedProperty, ...]
    silence: Mapping[str, NDArray[np.float32]]
    signatures: Mapping[tuple[str, str], tuple[str, str]]
    exhaustive_mentions: frozenset[str]
    unlabelled: frozenset[str] = frozenset()
    unasked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Schedule:
    """How long and how fast. Rates are the highest, reached after `warm_up` steps, then falling in a line to a twentieth.

    falls_over: steps that the fall takes, `steps` where 0; longer than `steps` for a stage that another one goes on from.
    own_rate: of the corrections that belong to one property each, `head_rate` where 0.
    """

    steps: int
    warm_up: int
    encoder_rate: float
    head_rate: float
    batch_size: int = 16
    dropout: float = 0.1
    falls_over: int = 0
    own_rate: float = 0.0


class Labels:
    """Vectors of every wording of every label, read by the encoder now and then and taken as given in between."""

    def __init__(self, task: Task, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.texts: list[str] = []
        numbers: dict[str, int] = {}

        def number(text: str) -> int:
            if text not in numbers:
                numbers[text] = len(self.texts)
                self.texts.append(text)
            return numbers[text]

        types: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for (_, key), signature in sorted(task.signatures.items()):
            types[key].append(signature)
        self._plain: list[list[int]] = []
        self._typed: list[list[int]] = []
        for entry in task.properties:
            signatures = [(entry.domain, entry.range), *(s for s in types[entry.key] if s != (entry.domain, entry.range))]
            names = (entry.label, *entry.aliases)
            self._plain.append([number(label_text(name)) for name in names])
            self._typed.append([number(label_text(names[0], [d] if d else [], [r] if r else [])) for d, r in signatures])
        self.class_names = sorted({n for p in task.properties for n in (p.domain, p.range)} - UNSPECIFIC - {""})
        self._classes = [[number(spoken(text)) for text in CLASS_NAMES.get(name, (name,))] for name in self.class_names]
        self.vectors = torch.zeros(len(self.texts), 1)

    def refresh(self, network: Network) -> None:
        """Read every wording with the encoder as it is now."""
        sentences = [encode(text, self._tokenizer)[0] for text in self.texts]
        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i].pieces))
        vectors: list[Tensor] = [torch.empty(0)] * len(order)
        was_training = network.training
        network.eval()
        with torch.no_grad():
            for begin in range(0, len(order), 64):
                numbers = order[begin : begin + 64]
                read = network.label_states(padded([sentences[i] for i in numbers], network.bias.device)).cpu()
                for number, vector in zip(numbers, read, strict=True):
                    vectors[number] = vector
        network.train(was_training)
        self.vectors = torch.stack(vectors)

    def settled(self) -> Tensor:
        """The wording of each property that inference uses: (P, D)."""
        return self.vectors[[typed[0] for typed in self._typed]]

    def drawn(self, rng: random.Random) -> tuple[Tensor, Tensor]:
        """Draw one wording of each property and of each class: (P, D) and (C, D)."""
        chosen: list[int] = []
        for plain, typed in zip(self._plain, self._typed, strict=True):
            if rng.random() < LABEL_DROPOUT and len(plain) > 1:
                chosen.append(rng.choice(plain[1:]))
            else:
                chosen.append(plain[0] if rng.random() < TYPE_DROPOUT else rng.choice(typed))
        classes = [rng.choice(numbers) for numbers in self._classes]
        return self.vectors[chosen], self.vectors[classes]


def padded(sentences: Sequence[Sentence], device: torch.device | None = None) -> Batch:
    """Pad sentences to one length, on their right."""
    pieces = max(len(s.pieces) for s in sentences)
    words = max(len(s.words) for s in sentences)

    def table(rows: Sequence[NDArray[np.int64]], width: int) -> Tensor:
        return torch.from_numpy(np.stack([np.pad(row, (0, width - len(row))) for row in rows])).to(device)

    return Batch(
        table([s.pieces for s in sentences], pieces),
        table([s.shapes for s in sentences], pieces),
        table([s.first for s in sentences], words),
        table([s.last for s in sentences], words),
        torch.tensor([len(s.pieces) for s in sentences], device=device),
        torch.tensor([len(s.words) for s in sentences], device=device),
    )


@dataclass(frozen=True)
class Drawn:
    """An example in words: (first word, last word) of its mentions, and its statements between mentions by number."""

    example: Example
    sentence: Sentence
    mentions: tuple[tuple[int, int], ...]
    statements: tuple[tuple[int, int, int], ...]
    not_stated: tuple[tuple[int, int, int], ...]


class Feed:
    """Turns examples into batches: swaps entities, encodes, groups sentences of like length."""

    def __init__(
        self, task: Task, examples: Sequence[Example], tokenizer: Tokenizer, rng: random.Random, swap_share: float = SWAP_SHARE
    ) -> None:
        self._task, self._tokenizer, self._rng, self._swap_share = task, tokenizer, rng, swap_share
        self._numbers = {entry.key: number for number, entry in enumerate(task.properties)}
        self._fillers: dict[tuple[str, str], list[str]] = defaultdict(list)
        for example in examples:
            for statement in example.statements:
                self._fillers["subject", statement.predicate].append(statement.subject.of(example.text))
                self._fillers["object", statement.predicate].append(statement.object.of(example.text))

    def drawn(self, example: Example) -> Drawn | None:
        if example.statements and self._rng.random() < self._swap_share:
            statement = self._rng.choice(example.statements)
            role = self._rng.choice(("subject", "object"))
            old = statement.subject if role == "subject" else statement.object
            fillers = self._fillers.get((role, statement.predicate))
            if fillers and not any(character.isdigit() for character in old.of(example.text)):
                example = with_words(example, old, self._rng.choice(fillers))
        parts = encode(example.text, self._tokenizer)
        if not parts:
            return None
        sentence = cut(parts[0])
        ranges = {span: place for span in example.mentions if (place := inside(sentence, span))}
        mentions = tuple(sorted(set(ranges.values())))

        def numbered(statements: Sequence[Statement]) -> tuple[tuple[int, int, int], ...]:
            return tuple(
                (mentions.index(ranges[s.subject]), self._numbers[s.predicate], mentions.index(ranges[s.object]))
                for s in statements
                if s.subject in ranges and s.object in ranges and s.predicate in self._numbers
            )

        return Drawn(example, sentence, mentions, numbered(example.statements), numbered(example.not_stated))

    def batches(self, examples: Sequence[Example], batch_size: int) -> Iterator[list[Drawn]]:
        """Yield every example once, in random batches of like length."""
        drawn = [item for item in map(self.drawn, self._rng.sample(examples, len(examples))) if item]
        pool = batch_size * 24
        batches: list[list[Drawn]] = []
        for begin in range(0, len(drawn), pool):
            group = sorted(drawn[begin : begin + pool], key=lambda item: len(item.sentence.pieces))
            batches += [group[at : at + batch_size] for at in range(0, len(group), batch_size)]
        self._rng.shuffle(batches)
        yield from batches


def inside(sentence: Sentence, span: Span) -> tuple[int, int] | None:
    """Return the first and the last word of a mention; None where the sentence as cut lacks some, or it is too long for one."""
    return word_range(sentence, span) if sentence.words and span.end <= sentence.words[-1].end else None


def cut(sentence: Sentence) -> Sentence:
    """Keep the words whose pieces fit into training's shorter length."""
    if len(sentence.pieces) <= MAX_TRAINING_PIECES:
        return sentence
    words = int((sentence.last < MAX_TRAINING_PIECES - 1).sum())
    end = int(sentence.last[words - 1]) + 1
    return Sentence(
        sentence.words[:words],
        np.append(sentence.pieces[:end], sentence.pieces[-1]),
        np.append(sentence.shapes[:end], 0),
        sentence.first[:words],
        sentence.last[:words],
    )


def mention_targets(task: Task, batch: Sequence[Drawn], words: int) -> tuple[Tensor, Tensor]:
    """Return which runs of words are mentions and how much each other run counts as wrong, both (B, W * MAX_WORDS)."""
    positive = np.zeros((len(batch), words, MAX_WORDS), dtype=bool)
    weight = np.full((len(batch), words, MAX_WORDS), UNLISTED_MENTION, dtype=np.float32)
    start = np.arange(words)[:, None]
    end = start + np.arange(MAX_WORDS)
    for row, item in enumerate(batch):
        if item.example.source in task.exhaustive_mentions:
            weight[row] = 1.0
        for first, last in item.mentions:
            weight[row][(start <= last) & (end >= first)] = 1.0
        for first, last in item.mentions:
            positive[row, first, last - first] = True
        if item.example.source in task.unlabelled:
            weight[row] = 0.0
        weight[row][end >= len(item.sentence.words)] = 0.0
    return torch.from_numpy(positive).flatten(1), torch.from_numpy(weight).flatten(1)


def candidates(batch: Sequence[Drawn], scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Choose the spans to pair: gold first, then the best scored. Returns first words, last words and validity, each (B, N)."""
    scores = scores.detach().flatten(1).cpu()
    best = scores.topk(min(CANDIDATES, scores.shape[1]), dim=1)
    starts = np.zeros((len(batch), CANDIDATES), dtype=np.int64)
    ends = np.zeros_like(starts)
    there = np.zeros(starts.shape, dtype=bool)
    for row, item in enumerate(batch):
        spans = list(item.mentions[:CANDIDATES])
        for score, place in zip(best.values[row].tolist(), best.indices[row].tolist(), strict=True):
            span = (place // MAX_WORDS, place // MAX_WORDS + place % MAX_WORDS)
            if len(spans) < CANDIDATES and score > float("-inf") and span not in spans:
                spans.append(span)
        for column, (first, last) in enumerate(spans):
            starts[row, column], ends[row, column], there[row, column] = first, last, True
    return torch.from_numpy(starts), torch.from_numpy(ends), torch.from_numpy(there)


def pair_targets(
    task: Task, batch: Sequence[Drawn], starts: NDArray[np.int64], ends: NDArray[np.int64], there: NDArray[np.bool_]
) -> tuple[Tensor, Tensor]:
    """Return which statements are right and how much each other one counts as wrong, both (B, N, N, P)."""
    count = len(task.properties)
    positive = np.zeros((len(batch), CANDIDATES, CANDIDATES, count), dtype=bool)
    weight = np.zeros(positive.shape, dtype=np.float32)
    symmetric = {number for number, entry in enumerate(task.properties) if entry.key in SYMMETRIC}
    unasked = [number for number, entry in enumerate(task.properties) if entry.key in task.unasked]
    for row, item in enumerate(batch):
        silence = task.silence[item.example.source]
        weight[row] = silence
        overlaps = (starts[row][:, None] <= ends[row][None]) & (starts[row][None] <= ends[row][:, None])
        for subject, _, object_ in item.statements:
            if max(subject, object_) >= CANDIDATES:
                continue
            strict = np.maximum(silence, SHARES_AN_ARGUMENT * (silence > 0.15))
            weight[row, subject] = np.maximum(weight[row, subject], strict)
            weight[row, :, object_] = np.maximum(weight[row, :, object_], strict)
        for subject, property_, object_ in item.statements:
            if max(subject, object_) >= CANDIDATES:
                continue
            weight[row, subject, object_] = np.maximum(weight[row, subject, object_], SAME_PAIR_OTHER_PROPERTY)
            weight[row, object_, subject] = np.maximum(weight[row, object_, subject], SAME_PAIR_OTHER_PROPERTY)
            weight[row, object_, subject, property_] = 0.0 if property_ in symmetric else SWAPPED_OR_WRONG_BOUNDARY
            weight[row, overlaps[subject], object_, property_] = SWAPPED_OR_WRONG_BOUNDARY
            weight[row, subject, overlaps[object_], property_] = SWAPPED_OR_WRONG_BOUNDARY
        for subject, property_, object_ in item.not_stated:
            if max(subject, object_) < CANDIDATES:
                weight[row, subject, object_, property_] = 0.0
        weight[row][overlaps | ~there[row][:, None] | ~there[row][None]] = 0.0
        weight[row][..., unasked] = 0.0
        for subject, property_, object_ in item.statements:
            if max(subject, object_) < CANDIDATES:
                positive[row, subject, object_, property_] = True
    return torch.from_numpy(positive), torch.from_numpy(weight)


def kind_loss(task: Task, batch: Sequence[Drawn], scores: Tensor, names: Sequence[str]) -> Tensor:
    """Return the loss of naming each argument's class among those it cannot also have. scores: (B, N, C)."""
    numbers = {name: number for number, name in enumerate(names)}
    told_apart = [[a == b or not any({a, b} <= group for group in GROUPS) for b in names] for a in names]
    rivals = torch.tensor(told_apart, device=scores.device)
    rows: list[Tensor] = []
    wanted: list[int] = []
    for row, item in enumerate(batch):
        for subject, property_, object_ in item.statements:
            entry = task.properties[property_]
            for mention, name in ((subject, entry.domain), (object_, entry.range)):
                if name in numbers and mention < CANDIDATES:
                    number = numbers[name]
                    rows.append(scores[row, mention].masked_fill(~rivals[number], float("-inf")))
                    wanted.append(number)
    if not rows:
        return scores.sum() * 0
    return functional.cross_entropy(torch.stack(rows), torch.tensor(wanted, device=scores.device))


@dataclass(frozen=True)
class Teacher:
    """The weights that training started from, whose answers are kept: `columns` are the properties not taught anew.

    Their frozen layers are those of the network that is trained. labels: (P, 3H); biases: (P,).
    """

    network: Network
    labels: Tensor
    biases: Tensor
    columns: tuple[int, ...]
    _read: dict[tuple[bytes, bytes], tuple[Tensor, Tensor]] = field(init=False, default_factory=dict)

    def states(self, sentences: Sequence[Sentence]) -> tuple[Tensor, Tensor]:
        """Return what the frozen layers and what all of them make of sentences: (N, D) both, packed.

        It never changes, so the sentences read last are remembered: half of a batch comes again in the next passes.
        """
        keys = [(sentence.pieces.tobytes(), sentence.shapes.tobytes()) for sentence in sentences]
        new = {key: sentence for key, sentence in zip(keys, sentences, strict=True) if key not in self._read}
        if new:
            batch = padded(list(new.values()), self.biases.device)
            with torch.no_grad():
                below = self.network.frozen_states(batch)
                above = batch.packing.packed(self.network.states(batch, below))
            parts = (states.split(batch.piece_counts.tolist()) for states in (below, above))
            self._read.update(zip(new, zip(*parts, strict=True), strict=True))
        found = [self._read[key] for key in keys]
        for key in list(self._read)[:-REMEMBERED]:
            del self._read[key]
        below, above = (torch.cat(states) for states in zip(*found, strict=True))
        return below, above


def loss_of(
    network: Network,
    task: Task,
    labels: Labels,
    batch: Sequence[Drawn],
    rng: random.Random,
    dropout: float,
    teacher: Teacher | None = None,
) -> Tensor:
    """Return mention, statement and class loss of a batch, added up, and with a teacher how far its answers were left behind."""
    device = network.bias.device
    read = [item.sentence for item in batch]
    sentences = padded(read, device)
    if teacher is None:
        below = network.frozen_states(sentences)
    else:
        below, above = teacher.states(read)
    reading = network.read(sentences, below, dropout)
    mention_scores = network.mentions(reading)
    is_mention, mention_weight = (t.to(device) for t in mention_targets(task, batch, mention_scores.shape[1]))
    mention_loss = weighted_zlpr(mention_scores.flatten(1), is_mention, mention_weight).mean()

    spans = candidates(batch, mention_scores)
    positive, weight = (t.to(device) for t in pair_targets(task, batch, *(t.numpy() for t in spans)))
    starts, ends, there = (t.to(device) for t in spans)
    roles = functional.dropout(network.roles(reading, starts, ends), dropout, network.training)
    wordings, class_wordings = (t.to(device) for t in labels.drawn(rng))
    keep = torch.tensor([rng.random() >= OWN_DROPOUT for _ in task.properties], dtype=torch.float32, device=device)
    columns = [] if teacher is None else list(teacher.columns)
    if columns:  # compared with the teacher's answers, so asked in the teacher's words
        wordings[columns] = labels.settled().to(device)[columns]
        keep[columns] = 1.0
    vectors = network.label(wordings) + network.own.weight * keep[:, None]
    biases = network.bias + network.own_bias.weight[:, 0] * keep
    scores = network.pairs(reading, starts, ends, roles, vectors, biases)
    pair_loss = weighted_zlpr(scores.flatten(1), positive.flatten(1), weight.flatten(1)).mean()

    kinds = network.kinds(roles, network.class_label(class_wordings))
    loss = 0.5 * mention_loss + pair_loss + 0.2 * kind_loss(task, batch, kinds, labels.class_names)
    if teacher is None:
        return loss
    with torch.no_grad():
        theirs = Reading.of(sentences, sentences.packing.padded(above))
        their_roles = teacher.network.roles(theirs, starts, ends)
        their_mentions = teacher.network.mentions(theirs)
        their_scores = teacher.network.pairs(theirs, starts, ends, their_roles, teacher.labels, teacher.biases)[..., columns]
    our_scores = scores[..., columns]
    moved = our_scores.clamp(-KEPT_WITHIN, KEPT_WITHIN) - their_scores.clamp(-KEPT_WITHIN, KEPT_WITHIN)
    # A sentence has tens of thousands of answers and claims a handful, which a mean over all of them would let sink.
    claimed = (torch.maximum(our_scores.detach(), their_scores) - CLAIMED_FROM).sigmoid()
    claimed = claimed * (there[:, :, None] & there[:, None])[..., None]
    left_behind = (moved**2 * claimed).flatten(1).sum(1) / (1 + claimed.flatten(1).sum(1))
    unlabelled = torch.tensor([item.example.source in task.unlabelled for item in batch], device=device).float()
    mentions_left_behind = ((mention_scores.sigmoid() - their_mentions.sigmoid()) ** 2).flatten(1).sum(1)
    return loss + (KEPT * left_behind + REMINDED * unlabelled * mentions_left_behind).mean()


def rate_at(step: int, schedule: Schedule) -> float:
    """Return the share of the highest rate: up in a line, then down to a twentieth."""
    if step < schedule.warm_up:
        return (step + 1) / schedule.warm_up
    falls_over = schedule.falls_over or schedule.steps
    return max(0.05, 1 - 0.95 * (step - schedule.warm_up) / max(1, falls_over - schedule.warm_up))


def optimiser_for(network: Network, schedule: Schedule) -> torch.optim.Optimizer:
    rates = {"layers": schedule.encoder_rate, "own": schedule.own_rate, "own_bias": schedule.own_rate}
    groups: dict[float, list[torch.nn.Parameter]] = defaultdict(list)
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            groups[rates.get(name.partition(".")[0]) or schedule.head_rate].append(parameter)
    by_rate = [{"params": parameters, "lr": rate} for rate, parameters in groups.items()]
    return torch.optim.AdamW(by_rate, weight_decay=0.01, fused=True)  # in a fifth of the time that it takes array by array


def learn(
    network: Network,
    task: Task,
    labels: Labels,
    feed: Feed,
    draw: Callable[[], Sequence[Example]],
    schedule: Schedule,
    rng: random.Random,
    each_step: Callable[[int, float], None],
    refresh_every: int = 100,
) -> None:
    """Train for `schedule.steps` steps. draw: gives the examples of the next pass. each_step: told the step and its loss."""
    optimiser = optimiser_for(network, schedule)
    highest = [group["lr"] for group in optimiser.param_groups]
    network.train()
    step = 0
    while step < schedule.steps:
        for batch in feed.batches(draw(), schedule.batch_size):
            if step % refresh_every == 0:
                labels.refresh(network)
            share = rate_at(step, schedule)
            for group, rate in zip(optimiser.param_groups, highest, strict=True):
                group["lr"] = rate * share
            loss = loss_of(network, task, labels, batch, rng, schedule.dropout)
            if not math.isfinite(value := loss.item()):
                raise FloatingPointError(f"the loss of step {step} is {value}")
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_([p for p in network.parameters() if p.requires_grad], 1.0)
            optimiser.step()
            each_step(step, value)
            step += 1
            if step == schedule.steps:
                return
