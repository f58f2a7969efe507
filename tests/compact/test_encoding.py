import unicodedata

import numpy as np
import pytest

from kgbuild.compact.encoding import MAX_PIECES, MAX_WORDS, encode, word_range
from kgbuild.compact.weights import open_weights
from kgbuild.records import Span


@pytest.fixture(scope="module")
def tokenizer():
    return open_weights().tokenizer


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # Every mark of punctuation is a word of its own, so that a mention can end before it.
        ("Acme Inc. (Ohio)", ["Acme", "Inc", ".", "(", "Ohio", ")"]),
        ("Jean-Claude's", ["Jean", "-", "Claude", "'", "s"]),
        # Offsets count code points of the text as read, whatever the tokeniser makes of them.
        ("Élodie  émue 😀", ["Élodie", "émue", "😀"]),
        # An accent that stands by itself belongs to its word, as in the pieces.
        ("Citroe\u0308n e\u0301mue", ["Citroe\u0308n", "e\u0301mue"]),
        # A word that leaves no piece at all is kept.
        ("a \u200bb", ["a", "\u200b", "b"]),
    ],
)
def test_words_are_spans_of_the_text(text, words, tokenizer):
    (sentence,) = encode(text, tokenizer)
    assert [span.of(text) for span in sentence.words] == words
    assert len(sentence.first) == len(sentence.last) == len(words)


def test_pieces_stand_between_two_markers_and_words_point_at_theirs(tokenizer):
    (sentence,) = encode("Antidisestablishmentarianism is long", tokenizer)
    assert sentence.first[0] == 1
    assert sentence.last[0] > sentence.first[0]
    assert np.array_equal(sentence.first[1:], sentence.last[:-1] + 1)
    assert len(sentence.pieces) == len(sentence.shapes) == sentence.last[-1] + 2


@pytest.mark.parametrize(
    ("word", "shape"), [("acme", 1), ("Acme", 2), ("ACME", 3), ("1984", 4), ("McAcme", 5), ("B2B", 5), ("(", 6)]
)
def test_the_shape_tells_what_the_uncased_pieces_do_not(word, shape, tokenizer):
    (sentence,) = encode(word, tokenizer)
    assert set(sentence.shapes[1:-1].tolist()) == {shape}


def test_a_text_is_read_alike_in_either_form_of_its_accents(tokenizer):
    text = "André Citroën was born in Zürich's Old Town."
    composed, apart = (encode(unicodedata.normalize(form, text), tokenizer)[0] for form in ("NFC", "NFD"))
    assert composed.pieces.tolist() == apart.pieces.tolist()
    assert composed.shapes.tolist() == apart.shapes.tolist()


def test_a_text_without_words_has_no_sentence(tokenizer):
    assert encode("  \n ", tokenizer) == []


def test_a_long_text_is_read_in_parts_that_miss_no_word(tokenizer):
    text = "word " * 500
    parts = encode(text, tokenizer)
    assert [span for part in parts for span in part.words] == [Span(5 * n, 5 * n + 4) for n in range(500)]
    assert all(len(part.pieces) <= MAX_PIECES + 2 for part in parts)


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (Span(0, 8), (0, 1)),
        # A span that cuts a word takes the whole of it.
        (Span(2, 6), (0, 1)),
        # A span longer than a mention can be has none.
        (Span(0, 5 * (MAX_WORDS + 1)), None),
    ],
)
def test_a_span_becomes_first_and_last_word(span, words, tokenizer):
    (sentence,) = encode("Acme " * 30, tokenizer)
    assert word_range(sentence, span) == words
