"""A sentence as the network reads it: words, their pieces, their shapes. The same code serves training and inference."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from kgbuild.records import Span

MAX_WORDS = 16
"""Longest mention, in words."""
MAX_PIECES = 160
"""Longest run of word pieces read at once, its two markers not counted; a longer sentence is read in parts."""
SHAPES = 7
"""Kinds of `shape`: marker, lower case, Capitalised, ALL CAPITALS, digits, mixed, punctuation. The pieces carry no case."""

_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*|[^\w\s]|_")
"""Accents that stand by themselves (NFD) belong to their word, as in the pieces, which carry none."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """words: spans of the words and punctuation marks, relative to the text the sentence was cut from.

    pieces: ids of the word pieces between the two markers. shapes: one per piece. first, last: for each word, where in
    `pieces` its first and last piece stand.
    """

    words: tuple[Span, ...]
    pieces: NDArray[np.int64]
    shapes: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]


def _shape(word: str) -> int:
    word = unicodedata.normalize("NFC", word)
    if word.isdigit():
        return 4
    if not word[0].isalnum():
        return 6
    if word.islower() or not word.isalpha():
        return 1 if word.islower() else 5
    if word[0].isupper() and (len(word) == 1 or word[1:].islower()):
        return 2
    return 3 if word.isupper() else 5


def encode(text: str, tokenizer: Tokenizer) -> list[Sentence]:
    """Cut a text into words and pieces; more than one part only where the text is longer than MAX_PIECES."""
    words = [Span(*match.span()) for match in _WORD.finditer(text)]
    if not words:
        return []
    surfaces = [span.of(text) for span in words]
    encoding = tokenizer.encode(surfaces, is_pretokenized=True, add_special_tokens=False)
    unknown = tokenizer.token_to_id("[UNK]")
    pieces_of: list[list[int]] = [[] for _ in words]
    for piece, word in zip(encoding.ids, encoding.word_ids, strict=True):
        if word is not None:
            pieces_of[word].append(piece)
    parts: list[Sentence] = []
    begin, size = 0, 0
    for at, pieces in enumerate(pieces_of):
        pieces_of[at] = pieces[:MAX_PIECES] or [unknown or 0]  # a word of control characters alone has no piece
        if size + len(pieces_of[at]) > MAX_PIECES:
            parts.append(_part(words[begin:at], surfaces[begin:at], pieces_of[begin:at], tokenizer))
            begin, size = at, 0
        size += len(pieces_of[at])
    parts.append(_part(words[begin:], surfaces[begin:], pieces_of[begin:], tokenizer))
    return parts


def _part(words: Sequence[Span], surfaces: Sequence[str], pieces_of: Sequence[Sequence[int]], tokenizer: Tokenizer) -> Sentence:
    lengths = np.array([len(pieces) for pieces in pieces_of])
    ends = np.cumsum(lengths)
    flat = [piece for pieces in pieces_of for piece in pieces]
    shapes = np.repeat([_shape(surface) for surface in surfaces], lengths)
    markers = [tokenizer.token_to_id("[CLS]")], [tokenizer.token_to_id("[SEP]")]
    return Sentence(
        tuple(words),
        np.array([*markers[0], *flat, *markers[1]], dtype=np.int64),
        np.concatenate([[0], shapes, [0]]).astype(np.int64),
        (ends - lengths + 1).astype(np.int64),
        ends.astype(np.int64),
    )


def word_range(sentence: Sentence, span: Span) -> tuple[int, int] | None:
    """Return the first and the last word that a span touches; None when it touches none or is longer than a mention."""
    touched = [number for number, word in enumerate(sentence.words) if word.start < span.end and span.start < word.end]
    if not touched or len(touched) > MAX_WORDS:
        return None
    return touched[0], touched[-1]
