"""Labelled sentences under other names."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.compact.examples import Example, Statement, found
from kgbuild.compact.renaming import Names, other_value
from kgbuild.compact.weights import open_weights
from kgbuild.records import Span

TOKENIZER = open_weights().tokenizer
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"


def example(text: str, *stated: tuple[str, str, str]) -> Example:
    def span(words: str) -> Span:
        place = found(text, words)
        assert place is not None
        return place

    statements = tuple(Statement(span(s), p, span(o)) for s, p, o in stated)
    mentions = tuple(sorted({span for s in statements for span in (s.subject, s.object)}))
    return Example("1", text, statements, mentions, "taught")


def words_of(row: Example) -> list[tuple[str, str, str]]:
    return [(s.subject.of(row.text), s.predicate, s.object.of(row.text)) for s in row.statements]


WALKS = [
    example("Ada walks Rex, and Rex likes Ada.", ("Ada", "walks", "Rex")),
    example("Bob walks Bella.", ("Bob", "walks", "Bella")),
    example("STS-41-G flew on 5 October 1984.", ("STS-41-G", "flew", "5 October 1984")),
    example("Half-Life came before Half-Life: Decay.", ("Half-Life: Decay", "follows", "Half-Life")),
]
NAMES = Names(WALKS, TOKENIZER)


@pytest.mark.parametrize("row", WALKS, ids=lambda row: row.id)
@given(seed=st.integers(0, 10_000), made=st.sampled_from((0.0, 0.5, 1.0)))
def test_only_the_arguments_change(row, seed, made):
    again = NAMES.renamed(row, random.Random(seed), 1.0, made)
    # The statements stay, between other words, and the words around them are those that stood there.
    assert [s.predicate for s in again.statements] == [s.predicate for s in row.statements]
    for (subject, _, object_), s in zip(words_of(again), again.statements, strict=True):
        assert not (s.subject.start < s.object.end and s.object.start < s.subject.end)
        assert subject.strip() == subject
        assert object_.strip() == object_
    assert {s.subject for s in again.statements} | {s.object for s in again.statements} == set(again.mentions)
    assert around(again) == around(row)


def around(row: Example) -> str:
    """Return the text with a dot for each name, wherever it stands."""
    names = {words for s in row.statements for words in (s.subject.of(row.text), s.object.of(row.text))}
    return re.sub("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)), "·", row.text)


@given(seed=st.integers(0, 10_000))
def test_a_name_is_replaced_wherever_it_stands(seed):
    again = NAMES.renamed(WALKS[0], random.Random(seed), 1.0, 1.0)
    ((subject, _, object_),) = words_of(again)
    assert again.text == f"{subject} walks {object_}, and {object_} likes {subject}."
    # A made name may be one that is replaced, or begin like it (Adapt); hardly both at once.
    assert (subject, object_) != ("Ada", "Rex")


@given(seed=st.integers(0, 10_000))
def test_made_names_are_written_like_those_they_replace(seed):
    row = example("The Society of Friends funds paprika.", ("Society of Friends", "funds", "paprika"))
    ((subject, _, object_),) = words_of(NAMES.renamed(row, random.Random(seed), 1.0, 1.0))
    assert all(word[0].isupper() or word == "of" for word in subject.split())
    assert object_.islower()


def test_without_made_names_those_of_other_examples_are_taken():
    seen = {words_of(NAMES.renamed(WALKS[0], random.Random(seed), 1.0, 0.0))[0] for seed in range(40)}
    # A name that the sentence has already is not given a second time.
    assert seen == {("Ada", "walks", "Rex"), ("Bob", "walks", "Rex"), ("Ada", "walks", "Bella"), ("Bob", "walks", "Bella")}


def test_nothing_changes_with_no_share():
    assert NAMES.renamed(WALKS[0], random.Random(0), 0.0, 1.0) == WALKS[0]


@pytest.mark.parametrize(
    ("text", "like"),
    [
        # A date stays a date, with a month for a month and a year for a year.
        ("5 October 1984", rf"([1-9]|1\d|2[0-8]) ({MONTHS}) (18|19|20)\d\d"),
        ("2016-06-08", r"(18|19|20)\d\d-(0[1-9]|[12]\d)-(0[1-9]|[12]\d)"),
        # A number keeps its digits and what separates them; a name with numbers keeps its words.
        ("1,234,567", r"[1-9],[1-9]\d\d,[1-9]\d\d"),
        ("NGC 4571", r"NGC [1-9]\d\d\d"),
    ],
)
@given(seed=st.integers(0, 10_000))
def test_values_are_replaced_by_values_written_alike(text, like, seed):
    assert re.fullmatch(like, other_value(text, random.Random(seed)))
