"""Sentences of one's documents: each once, of usual length, drawn by the seed."""

import pytest

from kgbuild.compact import sentences
from kgbuild.compact.sentences import drawn, sentences_of

TEXTS = [f"The old mill number {n} stands at the river." for n in range(40)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        # A text gives its sentences, blanks made single.
        (
            ["It rained all day  long. Nobody had\nbrought an umbrella."],
            ["It rained all day long.", "Nobody had brought an umbrella."],
        ),
        # The same words are one sentence, however they are punctuated or capitalised.
        (["It rained all day long.", "It rained, all day long!", "IT RAINED ALL DAY LONG."], ["It rained all day long."]),
        # Too short to state anything, and too long to be a sentence.
        (["Yes.", "word " * 500], []),
        ([], []),
    ],
)
def test_sentences_come_once_and_of_usual_length(texts, expected):
    assert list(sentences_of(texts)) == expected


def test_equal_seeds_draw_equal_sentences_and_other_seeds_others():
    assert drawn(TEXTS, 10, 1) == drawn(iter(TEXTS), 10, 1)
    assert set(drawn(TEXTS, 10, 1)) != set(drawn(TEXTS, 10, 2))
    assert len(set(drawn(TEXTS, 10, 1))) == 10


def test_what_is_known_already_is_not_drawn():
    known = [text.upper() for text in TEXTS[:30]]
    assert set(drawn(TEXTS, 40, 1, besides=known)) == set(TEXTS[30:])


def test_no_more_is_read_than_is_drawn_from(monkeypatch):
    monkeypatch.setattr(sentences, "DRAWN_FROM", 20)
    texts = iter(TEXTS)
    assert set(drawn(texts, 40, 1)) == set(TEXTS[:20])
    assert next(texts) == TEXTS[20]
