"""Places in a sentence with names put in lead back to the passage, whatever was put where."""

from hypothesis import given
from hypothesis import strategies as st

from kgbuild.compact.anaphora import Anaphor, Referent, Resolved
from kgbuild.records import Span

START = 1_000
"""Where the sentence begins in its passage."""


@st.composite
def sentences(draw):
    """A sentence, and some of its words with the names that they stand for."""
    words = draw(st.lists(st.text(alphabet="abcß ", min_size=1, max_size=5), min_size=1, max_size=9))
    anaphors = []
    at = 0
    for word in words:
        if draw(st.booleans()):
            place = draw(st.integers(0, 100))
            name = draw(st.text(alphabet="XYZ ", min_size=1, max_size=6))
            referent = Referent(name, Span(place, place + len(name)), 0)
            anaphors.append(Anaphor(Span(at, at + len(word)), referent, None, draw(st.booleans()), 0.9))
        at += len(word)
    return "".join(words), anaphors


@given(sentences())
def test_what_was_not_replaced_stands_where_it_stood(sentence_and_anaphors):
    sentence, anaphors = sentence_and_anaphors
    resolved = Resolved.of(sentence, START, anaphors)
    places = [resolved.origin(Span(at, at + 1)) for at in range(len(resolved.text))]
    kept = [place for place in places if isinstance(place, Span)]
    replaced = {place for anaphor in anaphors for place in range(anaphor.span.start, anaphor.span.end)}
    assert [place.start - START for place in kept] == [at for at in range(len(sentence)) if at not in replaced]
    assert all(
        place.shifted(-START).of(sentence) == resolved.text[at] for at, place in enumerate(places) if isinstance(place, Span)
    )


@given(sentences())
def test_a_name_that_was_put_in_is_what_it_stands_for(sentence_and_anaphors):
    sentence, anaphors = sentence_and_anaphors
    resolved = Resolved.of(sentence, START, anaphors)
    put_in = [(span, origin) for span, origin in resolved.pieces if isinstance(origin, Anaphor)]
    assert [origin for _, origin in put_in] == anaphors
    for span, anaphor in put_in:
        assert span.of(resolved.text) == anaphor.stands_for.words + ("'s" if anaphor.is_possessive else "")
        assert resolved.origin(span) is anaphor


@given(sentences(), st.data())
def test_what_is_part_name_and_part_other_words_has_no_place(sentence_and_anaphors, data):
    sentence, anaphors = sentence_and_anaphors
    resolved = Resolved.of(sentence, START, anaphors)
    start = data.draw(st.integers(0, len(resolved.text) - 1))
    span = Span(start, data.draw(st.integers(start + 1, len(resolved.text))))
    is_within_one = any(piece.contains(span) for piece, _ in resolved.pieces)
    assert (resolved.origin(span) is not None) == is_within_one
