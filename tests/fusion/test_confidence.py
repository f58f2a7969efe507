import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.fusion.confidence import confidence, source_probabilities
from kgbuild.records import Evidence, Span


def says(document: str, quote: str, p: float, on: str | None = None, start: int = 0) -> Evidence:
    return Evidence(document, "chk", Span(start, start + 1), quote, "test", "rules", p, on)


@pytest.mark.parametrize(
    ("evidence", "sources"),
    [
        ([says("a", "x", 0.8)], [0.8]),
        # Two documents in words of their own are two sources.
        ([says("a", "x", 0.8), says("b", "y", 0.5)], [0.5, 0.8]),
        # One document is one source, as good as its best evidence.
        ([says("a", "x", 0.6), says("a", "y", 0.8)], [0.8]),
        # The same words count once, white space and case aside, at the best that was made of them.
        ([says("a", "Ada founded Acme.", 0.6), says("b", "ada founded\nAcme.", 0.8)], [0.8]),
        # They belong to the document that had them first: b has nothing of its own, c has.
        ([says("a", "x", 0.6, "1998"), says("b", "x", 0.6, "1999"), says("c", "x", 0.6, "1999"), says("c", "y", 0.5)], [0.5, 0.6]),
        # Words copied from two documents are theirs, and the copy is no third source.
        (
            [says("a", "x", 0.6, "1998"), says("b", "y", 0.5, "1998"), says("c", "x", 0.9, "2001"), says("c", "y", 0.5, "2001")],
            [0.5, 0.9],
        ),
        # An undated document comes after every dated one.
        ([says("a", "x", 0.6), says("a", "y", 0.7), says("b", "x", 0.6, "2020")], [0.6, 0.7]),
    ],
)
def test_sources_are_documents_with_words_of_their_own(evidence, sources):
    assert source_probabilities(evidence) == sources


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        # One source is as sure as its evidence; two can only be wrong together.
        ([says("a", "x", 0.8)], 0.8),
        ([says("a", "x", 0.8), says("b", "y", 0.5)], 0.9),
        ([says("a", "x", 1.0), says("b", "y", 0.5)], 1.0),
        # Four decimals.
        ([says("a", "x", 1 / 3)], 0.3333),
    ],
)
def test_confidence_is_that_not_all_sources_are_wrong(evidence, expected):
    assert confidence(evidence) == expected


pieces = st.builds(
    says,
    st.sampled_from("abcd"),
    st.sampled_from("wxyz"),
    st.floats(0, 1),
    st.sampled_from([None, "1998", "1999-05-01"]),
    st.integers(0, 3),
)


@given(st.lists(pieces, min_size=1), st.randoms(use_true_random=False))
def test_the_order_of_evidence_and_its_repetition_change_no_digit(evidence, random):
    shuffled = [*evidence, *evidence[:2]]
    random.shuffle(shuffled)
    assert confidence(shuffled) == confidence(evidence)


@given(st.lists(pieces, min_size=1))
def test_confidence_lies_between_the_best_evidence_and_all_of_it_taken_as_independent(evidence):
    most = 1 - math.prod(1 - piece.probability for piece in evidence)
    best = max(piece.probability for piece in evidence)
    assert best - 1e-4 <= confidence(evidence) <= most + 1e-4
    assert len(source_probabilities(evidence)) <= min(len({e.document_id for e in evidence}), len({e.quote for e in evidence}))
