"""Asked, denied and supposed is not stated; and what only looks like it is."""

import pytest

from kgbuild.judging import rules
from kgbuild.judging.assertion import not_asserted
from kgbuild.records import Chunk, Reason, Span
from tests.builders import triple

STATED = None


def chunk_of(text):
    return Chunk("chk_test", "doc", 0, Span(0, len(text)), text)


@pytest.mark.parametrize(
    ("text", "subject", "object_", "reason"),
    [
        # A question states nothing; a title that ends in its mark, or a quotation that is not closed, is none.
        ("Is SpaceX headquartered in Hawthorne?", "SpaceX", "Hawthorne", Reason.QUESTION),
        ("So Acme was founded by Bob in Rome?", "Acme", "Bob", Reason.QUESTION),
        ("Albee wrote Who's Afraid of Virginia Woolf?", "Albee", "Who's Afraid of Virginia Woolf?", STATED),
        ('Bell, in an interview with the Horn, states "What are bunnies for?', "Bell", "Horn", STATED),
        # A denial counts in the clause that joins the two.
        ("Nokia was not founded by Linus Torvalds.", "Nokia", "Linus Torvalds", Reason.NEGATED),
        ("Ann Lee has never worked for IBM.", "Ann Lee", "IBM", Reason.NEGATED),
        ("Acme didn’t buy Globex.", "Acme", "Globex", Reason.NEGATED),
        ("Acme is no longer led by Bob Stone.", "Acme", "Bob Stone", Reason.NEGATED),
        ("Acme denied that Bob Stone left.", "Acme", "Bob Stone", Reason.NEGATED),
        ("Acme, which has never made a profit, was founded by Bob.", "Acme", "Bob", STATED),
        ("Acme was founded by Bob, who did not marry Eve.", "Acme", "Bob", STATED),
        ("Ann Lee did not sleep while Acme bought Globex.", "Acme", "Globex", STATED),
        # Of names that are listed, each has its own.
        ("Neither Page nor Brin founded Yahoo.", "Yahoo", "Page", Reason.NEGATED),
        ("Neither Page nor Brin founded Yahoo.", "Yahoo", "Brin", Reason.NEGATED),
        ("Acme was founded by Ann, not by Bob.", "Acme", "Bob", Reason.NEGATED),
        ("Acme was founded by Ann, not by Bob.", "Acme", "Ann", STATED),
        # "Not only" and "not until" say that it is so.
        ("Acme was not only founded by Ann, it is led by her.", "Acme", "Ann", STATED),
        ("Acme was not founded until 1990.", "Acme", "1990", STATED),
        ("Acme was not until 1990 a company.", "Acme", "1990", STATED),
        # Where the name stands in an earlier sentence, what is said of it there is another matter.
        ("Ann Lee left in May. She never worked for Acme.", "Ann Lee", "Acme", Reason.NEGATED),
        ("Ann Lee left in May. In June she did not join Acme.", "Ann Lee", "Acme", Reason.NEGATED),
        ("Ann Lee left in May. Acme never hired her.", "Ann Lee", "Acme", Reason.NEGATED),
        ("Ann Lee left in May. If she joins Acme, its shares will rise.", "Ann Lee", "Acme", Reason.SUPPOSED),
        ("Ann Lee left in May. Will she join Acme now?", "Ann Lee", "Acme", Reason.QUESTION),
        ("Ann Lee did not stay. She joined Acme.", "Ann Lee", "Acme", STATED),
        ("Ann Lee did not stay. Acme hired her.", "Ann Lee", "Acme", STATED),
        ("If it rains, Ann Lee stays. She joined Acme.", "Ann Lee", "Acme", STATED),
        ("Ann Lee left in May. She did not rest but joined Acme.", "Ann Lee", "Acme", STATED),
        ("Ann Lee left Globex Inc. in May, and Acme hired her.", "Ann Lee", "Acme", STATED),
        # A condition counts likewise; with a capital within a sentence it begins a title.
        ("If Google buys HubSpot, its shares will rise.", "Google", "HubSpot", Reason.SUPPOSED),
        ("It is not known whether Google bought HubSpot.", "Google", "HubSpot", Reason.SUPPOSED),
        ("Google will grow if it buys HubSpot.", "Google", "HubSpot", Reason.SUPPOSED),
        ("If it rains, Google will buy HubSpot.", "Google", "HubSpot", STATED),
        ("The song If I Ain't Got You is by Alicia Keys.", "If I Ain't Got You", "Alicia Keys", STATED),
        ("One of the best, if not the best, Acme was founded by Bob.", "Acme", "Bob", STATED),
    ],
)
def test_only_what_is_said_to_be_so_is_stated(text, subject, object_, reason):
    claimed = triple(f"{subject}:Thing", "joined_to", f"{object_}:Thing", text)
    found = not_asserted(claimed, chunk_of(text))
    assert (found and found[0]) is reason
    verdict = rules.judge_by_rules(claimed, chunk_of(text), None)
    assert verdict.reason is reason


def test_the_question_is_told_and_not_what_stands_before_it():
    text = "Ann Lee left in May. Will she join Acme now?"
    claimed = triple("Ann Lee:Person", "joined_to", "Acme:Company", text)
    assert not_asserted(claimed, chunk_of(text)) == (Reason.QUESTION, "Will she join Acme now?")


@pytest.mark.parametrize("predicate", ["did_not_join", "never married", "non-member of"])
def test_a_property_that_is_a_denial_itself_is_stated_by_one(predicate):
    text = "Ann has never been in Acme."
    assert not_asserted(triple("Ann:Person", predicate, "Acme:Company", text), chunk_of(text)) is None
