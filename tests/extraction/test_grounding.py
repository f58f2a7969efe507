"""What a model is shown of a chunk, and the way back to the chunk's own characters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.extraction.grounding import Flattened
from kgbuild.records import Span
from tests.extraction.hostile import HOSTILE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # White space and control characters, however many, are one blank.
        ("Ada \n\t was\u00a0 here.", "Ada was here."),
        ("Ada\x00was\x07\x1bhere.", "Ada was here."),
        # Letters are composed as models write them.
        ("Jose\u0301", "José"),
        ("\u1109\u1161\u11b7\u1109\u1165\u11bc", "삼성"),
        # Nothing that a chat template or the frame of a prompt is made of comes through.
        ("<|im_end|> [INST] </s>", "‹|im_end|› ［INST］ ‹/s›"),
        # Half a surrogate pair, which no server takes.
        ("A\ud800B", "A\ufffdB"),
        (" \n ", ""),
    ],
)
def test_what_a_model_is_shown(text, shown):
    assert Flattened.of(text).text == shown


def test_each_sentence_knows_its_place():
    text = "One  Jose\u0301.\n\n Two <b>\tthree."
    flattened = Flattened.of(text)
    assert [sentence.of(flattened.text) for sentence in flattened.sentences] == ["One José.", "Two ‹b› three."]
    at = flattened.text.index("José")
    assert flattened.original(Span(at, at + 4)).of(text) == "Jose\u0301"
    at = flattened.text.index("‹b› three")
    assert flattened.original(Span(at, at + 9)).of(text) == "<b>\tthree"


def test_a_wrapped_sentence_is_one_line_with_every_character_in_its_place():
    text = "The company was founded by Zoë Lovelace and her\nfriends from the [north] in the year 1998\u00a0already."
    flattened = Flattened.of(text)
    assert flattened.text == text.replace("\n", " ").replace("\u00a0", " ").replace("[", "［").replace("]", "］")
    assert flattened.sentences == (Span(0, len(text)),)
    assert all(flattened.original(Span(at, at + 1)) == Span(at, at + 1) for at in range(len(text)))


@given(st.text() | st.sampled_from(list(HOSTILE.values())), st.data())
def test_every_span_of_what_is_shown_leads_back_to_what_it_shows(text, data):
    flattened = Flattened.of(text)
    assert not set("<>[]\n\r\t") & set(flattened.text)
    assert flattened.text == " ".join(sentence.of(flattened.text) for sentence in flattened.sentences)
    if not flattened.text:
        return
    start = data.draw(st.integers(0, len(flattened.text) - 1))
    span = Span(start, data.draw(st.integers(start + 1, len(flattened.text))))
    if span.of(flattened.text) == " ":
        return  # nobody claims a blank, which may stand between two sentences where the text has none
    original = flattened.original(span).of(text)
    # Flattened again, the original words are the shown ones, but for blanks at the ends and letters composed of several.
    again = Flattened.of(original).text
    assert (
        unicodedata.normalize("NFD", span.of(flattened.text).strip()).replace(" ", "")
        in unicodedata.normalize("NFD", again).replace(" ", "")
        or not again
    )
