"""Thresholds without labels: as much passes per unlabelled sentence as the examples list per example."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.compact.thresholds import PRIOR_SENTENCES, at_listed_rate

OTHERWISE = 0.0
N = PRIOR_SENTENCES
FEW = st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(-2, 9), max_size=40))
LISTED = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 9), min_size=1)


@pytest.mark.parametrize(
    ("found", "listed", "examples", "unlabelled", "expected"),
    [
        # One property alone: twice as many sentences as examples, so twice as many statements pass as are listed.
        ({"a": [5, 4, 3, 2, 1]}, {"a": 2}, 30, 60, {"a": 2}),
        # In what order they were found is all the same.
        ({"a": [1, 4, 5, 2, 3]}, {"a": 2}, 30, 60, {"a": 2}),
        # Four shall pass together, those from 6 on, all of them a's. b is listed as often, so each is met half-way between what
        # it has there, four and none, and the two listed, as there are as many examples as the prior counts for.
        ({"a": [9, 8, 7, 6, 5], "b": [4, 3, 2, 1]}, {"a": 2, "b": 2}, N, N, {"a": 7, "b": 4}),
        # With ever more examples only what they list counts.
        ({"a": [9, 8, 7, 6, 5], "b": [4, 3, 2, 1]}, {"a": 2, "b": 2}, 100 * N, 100 * N, {"a": 8, "b": 3}),
        # With ever fewer the threshold that serves all counts, and of b, which never reaches it, the likeliest statement passes.
        ({"a": [9, 8, 7, 6, 5], "b": [4, 3, 2, 1]}, {"a": 2, "b": 2}, 1, 1, {"a": 6, "b": 4}),
        # Less is found than was listed: everything found passes.
        ({"a": [5, 4]}, {"a": 3}, 30, 60, {"a": 4}),
        # Nothing is found of one property: it takes the threshold that serves all.
        ({"a": [5, 4, 3]}, {"a": 1, "b": 1}, N, N, {"a": 4, "b": 4}),
        # Nothing is found at all.
        ({}, {"a": 3}, 30, 60, {"a": OTHERWISE}),
        # What the examples list none of has no rate, whatever is found of it.
        ({"a": [5, 4], "b": [9, 9, 9]}, {"a": 1}, 30, 30, {"a": 5}),
        ({"a": [5, 4]}, {}, 30, 30, {}),
    ],
)
def test_thresholds_follow_from_what_is_listed_and_what_is_found(found, listed, examples, unlabelled, expected):
    assert at_listed_rate(found, listed, examples, unlabelled, OTHERWISE) == expected


@given(FEW, LISTED, st.integers(9, 100), st.integers(50, 100))
def test_a_property_listed_more_often_beside_the_same_others_passes_no_harder(found, listed, examples, unlabelled):
    for name in listed:
        more = {**listed, name: listed[name] + 1}
        before, after = (at_listed_rate(found, counts, examples, unlabelled, OTHERWISE) for counts in (listed, more))
        assert after[name] <= before[name] or not found.get(name)


@given(FEW, LISTED, st.integers(9, 100), st.integers(50, 100), st.integers(-5, 5))
def test_only_the_order_of_scores_matters(found, listed, examples, unlabelled, by):
    moved = {name: [score + by for score in scores] for name, scores in found.items()}
    before, after = (at_listed_rate(scores, listed, examples, unlabelled, OTHERWISE) for scores in (found, moved))
    if any(found.get(name) for name in listed):
        assert after == {name: score + by for name, score in before.items()}


@given(st.lists(st.integers(-2, 99), min_size=1, max_size=40, unique=True), st.integers(1, 40))
def test_as_many_pass_as_were_listed(scores, count):
    at = at_listed_rate({"a": scores}, {"a": count}, 30, 30, OTHERWISE)["a"]
    assert sum(score >= at for score in scores) == min(count, len(scores))
