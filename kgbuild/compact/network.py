"""The two towers in torch, for training. Inference runs the same arithmetic from `graph.py`, without torch.

A sentence is read once by a MiniLM. Every run of up to MAX_WORDS words is scored as a mention; each ordered pair of the best
mentions is scored against a vector for each property, which comes from the property's label, read by the same encoder, plus a
correction learnt for the property itself. Sizes: D encoder width, M and H widths of the mention and the pair layers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from kgbuild.compact.encoding import MAX_WORDS, SHAPES

LAYERS, HEADS, D, INNER, VOCABULARY, POSITIONS = 6, 12, 384, 1536, 30522, 512
M, H = 128, 256
FROZEN_LAYERS = 2
"""The embeddings and this many layers stay as they were pretrained; word shapes join the sum above them."""
DISTANCES = 12
"""Buckets of the distance between two mentions, half of them for "the object stands first"."""

Arrays = Mapping[str, NDArray[np.float32]]


class Packing:
    """Which of B sentences' T places hold a piece, N in all: but for attention, an encoder computes nothing of padding.

    counts: pieces of each sentence, (B,). mask: what attention adds for each place, (B, 1, 1, T).
    """

    def __init__(self, counts: Tensor, places: int) -> None:
        there = torch.arange(places, device=counts.device)[None] < counts[:, None]
        self.mask = torch.zeros(there.shape, device=counts.device).masked_fill(~there, -1e9)[:, None, None]
        self._shape, self._rows = there.shape, there.flatten().nonzero()[:, 0]

    def packed(self, states: Tensor) -> Tensor:
        """(B, T, X) -> (N, X)."""
        return states.flatten(0, 1).index_select(0, self._rows)

    def padded(self, states: Tensor) -> Tensor:
        """(N, X) -> (B, T, X), zero where no piece is."""
        everywhere = states.new_zeros(self._shape.numel(), states.shape[-1])
        return everywhere.index_copy(0, self._rows, states).view(*self._shape, -1)


@dataclass(frozen=True)
class Batch:
    """B sentences padded to T pieces and W words.

    pieces, shapes: (B, T); first, last: (B, W), see `encoding.Sentence`; piece_counts, word_counts: (B,).
    """

    pieces: Tensor
    shapes: Tensor
    first: Tensor
    last: Tensor
    piece_counts: Tensor
    word_counts: Tensor

    @cached_property
    def packing(self) -> Packing:
        return Packing(self.piece_counts, self.pieces.shape[1])


@dataclass(frozen=True)
class Reading:
    """What the encoder made of a batch. first, last: (B, W, D), the states of each word's first and last piece."""

    first: Tensor
    last: Tensor
    word_counts: Tensor

    @classmethod
    def of(cls, batch: Batch, states: Tensor) -> "Reading":
        """states: (B, T, D), of each piece."""

        def at(places: Tensor) -> Tensor:
            return states.gather(1, places[..., None].expand(-1, -1, D))

        return cls(at(batch.first), at(batch.last), batch.word_counts)


class Layer(nn.Module):
    """One encoder layer, as BERT has it."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(D, D) for _ in range(4))
        self.up, self.down = nn.Linear(D, INNER), nn.Linear(INNER, D)
        self.after_attention, self.after_inner = nn.LayerNorm(D, eps=1e-12), nn.LayerNorm(D, eps=1e-12)

    def forward(self, states: Tensor, packing: Packing, dropout: float) -> Tensor:
        """(N, D) -> (N, D)."""

        def heads(x: Tensor) -> Tensor:
            return packing.padded(x).unflatten(-1, (HEADS, D // HEADS)).transpose(1, 2)

        def dropped(x: Tensor) -> Tensor:
            # Drawn for the padding too: one seed gives the shipped weights only as long as it is drawn the way it was for them.
            return packing.packed(functional.dropout(packing.padded(x), dropout, self.training)) if dropout else x

        mixed = functional.scaled_dot_product_attention(
            heads(self.query(states)), heads(self.key(states)), heads(self.value(states)), attn_mask=packing.mask
        )
        mixed = self.out(packing.packed(mixed.transpose(1, 2).flatten(2)))
        states = self.after_attention(states + dropped(mixed))
        return self.after_inner(states + dropped(self.down(functional.gelu(self.up(states)))))


class Network(nn.Module):
    """Mention scorer and pair scorer over one encoder. `properties`: how many properties have a correction of their own."""

    def __init__(self, properties: int) -> None:
        super().__init__()
        self.words, self.positions = nn.Embedding(VOCABULARY, D), nn.Embedding(POSITIONS, D)
        self.after_embedding = nn.LayerNorm(D, eps=1e-12)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.shape = nn.Embedding(SHAPES, D)
        self.mention_first, self.mention_last = nn.Linear(D, M), nn.Linear(D, M, bias=False)
        self.mention_inside, self.mention_width = nn.Linear(D, M, bias=False), nn.Embedding(MAX_WORDS, M)
        self.mention_out = nn.Linear(M, 1)
        self.role_first, self.role_last = nn.Linear(D, 2 * H), nn.Linear(D, 2 * H, bias=False)
        self.role_inside, self.role_width = nn.Linear(D, 2 * H, bias=False), nn.Embedding(MAX_WORDS, 2 * H)
        self.between, self.distance = nn.Linear(D, H, bias=False), nn.Embedding(DISTANCES, H)
        self.pair = nn.Linear(H, H)
        self.label = nn.Linear(D, 3 * H)
        self.own = nn.Embedding(properties, 3 * H)
        self.own_bias = nn.Embedding(properties, 1)
        self.bias = nn.Parameter(torch.tensor(-3.0))
        self.kind, self.class_label = nn.Linear(2 * H, H), nn.Linear(D, H)
        for table in (self.shape, self.own, self.own_bias, self.mention_width, self.role_width, self.distance):
            nn.init.zeros_(table.weight)

    def freeze(self) -> None:
        """Keep the embeddings and the lowest layers as they are."""
        for part in (self.words, self.positions, self.after_embedding, *self.layers[:FROZEN_LAYERS]):
            part.requires_grad_(False)

    def frozen_states(self, batch: Batch) -> Tensor:
        """Read a batch as far as all that was trained from the same encoder reads it alike: (N, D)."""
        places = torch.arange(batch.pieces.shape[1], device=batch.pieces.device)
        states = batch.packing.packed(self.after_embedding(self.words(batch.pieces) + self.positions(places)))
        for layer in self.layers[:FROZEN_LAYERS]:
            states = layer(states, batch.packing, 0.0)
        return states

    def states(self, batch: Batch, below: Tensor, dropout: float = 0.0) -> Tensor:
        """Read a batch on from its frozen states: (N, D) -> (B, T, D), zero in the padding."""
        states = below + batch.packing.packed(self.shape(batch.shapes))
        for layer in self.layers[FROZEN_LAYERS:]:
            states = layer(states, batch.packing, dropout)
        return batch.packing.padded(states)

    def read(self, batch: Batch, below: Tensor, dropout: float = 0.0) -> Reading:
        return Reading.of(batch, functional.dropout(self.states(batch, below, dropout), dropout, self.training))

    def mentions(self, reading: Reading) -> Tensor:
        """Score every run of words: (B, W, MAX_WORDS), minus infinity where a run would leave the sentence."""
        words = reading.first.shape[1]
        device = reading.first.device
        start = torch.arange(words, device=device)[:, None].expand(-1, MAX_WORDS)
        end = start + torch.arange(MAX_WORDS, device=device)
        inside = end.clamp(max=words - 1)
        running = _running(self.mention_inside((reading.first + reading.last) / 2))
        width = torch.arange(1, MAX_WORDS + 1, device=device)[:, None]
        hidden = self.mention_first(reading.first)[:, :, None] + self.mention_last(reading.last)[:, inside]
        hidden = hidden + (running[:, inside + 1] - running[:, start]) / width + self.mention_width.weight
        scores = self.mention_out(functional.relu(hidden)).squeeze(-1)
        return scores.masked_fill(end[None] >= reading.word_counts[:, None, None], float("-inf"))

    def roles(self, reading: Reading, starts: Tensor, ends: Tensor) -> Tensor:
        """Describe spans as subject and as object. starts, ends: first and last word, (B, N) -> (B, N, 2H)."""

        def at(table: Tensor, places: Tensor) -> Tensor:
            return table.gather(1, places[..., None].expand(-1, -1, table.shape[-1]))

        running = _running(self.role_inside((reading.first + reading.last) / 2))
        width = (ends - starts).clamp(0, MAX_WORDS - 1)
        mean = (at(running, ends + 1) - at(running, starts)) / (width + 1)[..., None]
        return at(self.role_first(reading.first), starts) + at(self.role_last(reading.last), ends) + mean + self.role_width(width)

    def pairs(self, reading: Reading, starts: Tensor, ends: Tensor, roles: Tensor, labels: Tensor, biases: Tensor) -> Tensor:
        """Score each ordered pair of spans against each property: (B, N, N, P). labels: (P, 3H); biases: (P,)."""
        running = _running(self.between((reading.first + reading.last) / 2))
        left = torch.minimum(ends[:, :, None], ends[:, None])
        right = torch.maximum(starts[:, :, None], starts[:, None])
        gap = (right - left - 1).clamp(min=0)
        batch = torch.arange(len(starts), device=starts.device)[:, None, None]
        middle = running[batch, torch.where(gap > 0, right, 0)] - running[batch, torch.where(gap > 0, left + 1, 0)]
        middle = middle / gap.clamp(min=1)[..., None]
        subject, object_ = roles.split(H, dim=-1)
        turned = starts[:, :, None] > starts[:, None]
        hidden = subject[:, :, None] + object_[:, None] + middle + self.distance(distance_bucket(gap, turned))
        hidden = functional.relu(hidden)
        hidden = hidden + functional.relu(self.pair(hidden))
        by_pair, by_subject, by_object = labels.split(H, dim=-1)
        scores = hidden @ by_pair.T
        scores = scores + (functional.relu(subject) @ by_subject.T)[:, :, None]
        scores = scores + (functional.relu(object_) @ by_object.T)[:, None]
        return scores / H**0.5 + biases

    def kinds(self, roles: Tensor, classes: Tensor) -> Tensor:
        """Score each span against each class: (B, N, C). classes: (C, H), from `class_label`."""
        return self.kind(functional.relu(roles)) @ classes.T / H**0.5

    def label_states(self, batch: Batch) -> Tensor:
        """Read labels: the mean of the states between the markers, (B, D)."""
        states = self.states(batch, self.frozen_states(batch))
        places = torch.arange(batch.pieces.shape[1], device=states.device)[None]
        inside = ((places > 0) & (places < batch.piece_counts[:, None] - 1)).float()[..., None]
        return (states * inside).sum(1) / inside.sum(1)


def distance_bucket(gap: Tensor, turned: Tensor) -> Tensor:
    """Return 0..5 for 0, 1, 2, 3-5, 6-11 and 12 or more words between two mentions, plus 6 when the object stands first."""
    edges = torch.tensor([1, 2, 3, 6, 12], device=gap.device)
    return torch.bucketize(gap, edges, right=True) + turned.long() * (DISTANCES // 2)


def _running(values: Tensor) -> Tensor:
    """Return running sums over the words, beginning with zero: (B, W, X) -> (B, W + 1, X)."""
    return functional.pad(values.cumsum(1), (0, 0, 1, 0))


def weighted_zlpr(scores: Tensor, positive: Tensor, weight: Tensor) -> Tensor:
    """Return the zero-bounded log-sum-exp loss of each row; right answers should score above 0, wrong ones below.

    scores, positive, weight: (B, X); a wrong answer counts `weight` times, not at all at 0.
    Source: Su et al., "ZLPR: A Novel Loss for Multi-label Classification", 2022.
    """
    nothing = torch.zeros_like(scores[:, :1])
    wrong = (scores + weight.clamp(min=1e-30).log()).masked_fill(positive | (weight <= 0), float("-inf"))
    right = (-scores).masked_fill(~positive, float("-inf"))
    return torch.logsumexp(torch.cat([nothing, wrong], 1), 1) + torch.logsumexp(torch.cat([nothing, right], 1), 1)


def from_minilm(states: Mapping[str, Tensor], properties: int) -> Network:
    """Start from a pretrained BERT-shaped encoder, given under the names its publishers use."""
    network = Network(properties)
    names = {
        "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
        "out": "attention.output.dense", "after_attention": "attention.output.LayerNorm",
        "up": "intermediate.dense", "down": "output.dense", "after_inner": "output.LayerNorm",
    }  # fmt: skip
    taken: dict[str, Any] = {
        "words.weight": states["embeddings.word_embeddings.weight"],
        "positions.weight": states["embeddings.position_embeddings.weight"] + states["embeddings.token_type_embeddings.weight"][0],
    }
    for part in ("weight", "bias"):
        taken[f"after_embedding.{part}"] = states[f"embeddings.LayerNorm.{part}"]
        for number in range(LAYERS):
            for ours, theirs in names.items():
                taken[f"layers.{number}.{ours}.{part}"] = states[f"encoder.layer.{number}.{theirs}.{part}"]
    network.load_state_dict(taken, strict=False)
    return network
