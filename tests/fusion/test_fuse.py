from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.fusion.fuse import fuse, self_loops
from kgbuild.ids import fact_id
from kgbuild.ontology.model import Property
from kgbuild.records import LiteralValue, Reason, Verdict
from tests.fusion.claims import claim, entities_of, thing, words_of

THINGS = thing(
    Property("employer", "employer"),
    Property("spouse", "spouse", symmetric=True),
    Property("founded_on", "founded on", range=("date",)),
    Property("height", "height", range=("decimal",)),
    Property("parent", "parent", inverse_of="child"),
    Property("child", "child", inverse_of="parent"),
    Property("since", "since", range=("gYear",)),
)


@pytest.mark.parametrize(
    ("claims", "facts"),
    [
        ([], []),
        # One fact, however many documents state it.
        ([claim("Ada", "employer", "Acme"), claim("Ada", "employer", "Acme", "doc_b")], ["Ada employer Acme"]),
        # Another subject, property or object is another fact.
        (
            [claim("Ada", "employer", "Acme"), claim("Bob", "employer", "Acme"), claim("Ada", "employer", "Bolt")],
            ["Ada employer Acme", "Ada employer Bolt", "Bob employer Acme"],
        ),
        # Values that are written differently are equal, values that differ are not.
        (
            [
                claim("Ada", "height", "1.70 m = 1.70^decimal"),
                claim("Ada", "height", "1.7^decimal"),
                claim("Ada", "height", "2^integer"),
            ],
            ["Ada height 1.7", "Ada height 2"],
        ),
        # A year and a day in it are two facts that agree.
        (
            [claim("Acme", "founded_on", "1998^gYear"), claim("Acme", "founded_on", "1998-03-14^date")],
            ["Acme founded_on 1998", "Acme founded_on 1998-03-14"],
        ),
        # What holds at another time is another fact.
        (
            [claim("Ada", "employer", "Acme", start="2019^gYear"), claim("Ada", "employer", "Acme")],
            ["Ada employer Acme", "Ada employer Acme 2019.."],
        ),
        # A qualifier's value is read as its property's: the day of a year is the year.
        (
            [claim("Ada", "employer", "Acme", since="2019^gYear"), claim("Ada", "employer", "Acme", since="2019-05-01^date")],
            ["Ada employer Acme 2019.."],
        ),
        # Both directions of a symmetric property are one fact.
        ([claim("Bob", "spouse", "Ada"), claim("Ada", "spouse", "Bob")], ["Ada spouse Bob"]),
        # Both directions of another are two, and an inverse is kept as claimed.
        ([claim("Bob", "employer", "Ada"), claim("Ada", "employer", "Bob")], ["Ada employer Bob", "Bob employer Ada"]),
        ([claim("Bob", "parent", "Ada"), claim("Ada", "child", "Bob")], ["Ada child Bob", "Bob parent Ada"]),
    ],
)
def test_equal_facts_are_one(claims, facts):
    found = fuse(claims, entities_of(claims), {}, THINGS)
    assert sorted(words_of(fact) for fact in found) == facts
    assert [fact.id for fact in found] == sorted({fact.id for fact in found})


def test_a_fact_keeps_all_its_evidence_sorted_by_place():
    claims = [
        claim("Ada", "employer", "Acme", "doc_b", "Ada is at Acme.", 0.5, at=7),
        claim("Ada", "employer", "Acme", "doc_a", "Ada joined Acme.", 0.8, at=20),
        claim("Ada", "employer", "Acme", "doc_a", "Acme hired Ada.", 0.6, at=3),
    ]
    (fact,) = fuse(claims, entities_of(claims), {"doc_a": "1998-05-01", "doc_b": None}, None)
    assert [(e.document_id, e.chunk_id, e.span.start, e.quote, e.probability, e.stated_on) for e in fact.evidence] == [
        ("doc_a", "chk_doc_a", 3, "Acme hired Ada.", 0.6, "1998-05-01"),
        ("doc_a", "chk_doc_a", 20, "Ada joined Acme.", 0.8, "1998-05-01"),
        ("doc_b", "chk_doc_b", 7, "Ada is at Acme.", 0.5, None),
    ]
    assert fact.confidence == 0.9


def test_words_found_twice_are_evidence_once():
    once = claim("Ada", "employer", "Acme", quote="Ada joined Acme.", p=0.6)
    # The same words, found by way of another mention of Ada, and by another extractor.
    again = replace(once, triple=replace(once.triple, id="tri_again"), verdict=Verdict.accepted(0.7, "test"))
    elsewhere = replace(once, triple=replace(once.triple, extractor="llm"))
    (fact,) = fuse([once, again, elsewhere], entities_of([once]), {}, None)
    assert [(e.extractor, e.probability) for e in fact.evidence] == [("llm", 0.6), ("test", 0.7)]


def test_without_a_judged_probability_the_extractors_score_counts():
    judged = claim("Ada", "employer", "Acme")
    by_rules = replace(judged, triple=replace(judged.triple, score=0.35), verdict=Verdict.accepted())
    (fact,) = fuse([by_rules], entities_of([by_rules]), {}, None)
    assert (fact.confidence, fact.evidence[0].judge) == (0.35, "rules")


def test_only_what_was_accepted_is_held():
    accepted = claim("Ada", "employer", "Acme")
    others = [
        replace(claim("Ada", "employer", "Bolt"), verdict=Verdict.rejected(Reason.NOT_SUPPORTED, "no")),
        replace(claim("Ada", "employer", "Cog"), verdict=Verdict.undecided(Reason.UNSURE, "perhaps")),
    ]
    assert [words_of(fact) for fact in fuse([*others, accepted], entities_of([accepted]), {}, None)] == ["Ada employer Acme"]


def test_a_triple_between_two_names_of_one_entity_is_named_and_states_nothing():
    claims = [claim("IBM", "employer", "Big Blue"), claim("Ada", "employer", "Big Blue")]
    entity_of = {id_: "IBM" if name == "Big Blue" else name for id_, name in entities_of(claims).items()}
    assert [words_of(fact) for fact in fuse(claims, entity_of, {}, None)] == ["Ada employer IBM"]
    assert self_loops(claims, entity_of) == (claims[0].triple.id,)


def test_a_literal_is_written_in_the_least_of_its_ways():
    claims = [
        claim("Acme", "founded_on", f"{words} = 1998-03-14^date", at=n) for n, words in enumerate(["14 March 1998", "14/3/98"])
    ]
    (fact,) = fuse(claims, entities_of(claims), {}, THINGS)
    assert fact.object == LiteralValue("14 March 1998", "1998-03-14", "date")


@pytest.mark.parametrize(
    ("judged", "id_"),
    [
        (claim("Ada", "employer", "Acme"), fact_id("Ada", "employer", "Acme")),
        (claim("Acme", "founded_on", "1998^date"), fact_id("Acme", "founded_on", "gYear:1998")),
        (
            claim("Ada", "employer", "Acme", start="2019^gYear"),
            fact_id("Ada", "employer", "Acme", [("start", "gYear:2019")]),
        ),
    ],
)
def test_an_id_says_what_the_fact_says(judged, id_):
    assert [fact.id for fact in fuse([judged], entities_of([judged]), {}, THINGS)] == [id_]


names = st.sampled_from(["Ada", "Bob", "Cy"])
claims = st.builds(
    claim,
    names,
    st.sampled_from(["employer", "spouse", "founded_on"]),
    st.sampled_from(["Ada", "Bob", "1998^gYear", "1998-03-14^date"]),
    st.sampled_from(["doc_a", "doc_b", "doc_c"]),
    st.sampled_from(["", "the same words"]),
    st.sampled_from([0.2, 1 / 3, 0.9]),
    st.sampled_from([0, 10]),
)
EVERYTHING = thing(
    Property("employer", "employer", asymmetric=True, max_cardinality=2),
    Property("spouse", "spouse", symmetric=True, functional=True),
    Property("founded_on", "founded on", range=("date",), functional=True, inverse_functional=True),
)
DATES = {"doc_a": "1998", "doc_b": "2001-05-01", "doc_c": None}


@given(st.lists(claims), st.randoms(use_true_random=False))
def test_facts_depend_on_the_set_of_triples_and_on_no_order(stated, random):
    shuffled = [*stated, *stated[:2]]
    random.shuffle(shuffled)
    entity_of = entities_of(stated)
    assert fuse(shuffled, entity_of, DATES, EVERYTHING) == fuse(stated, entity_of, DATES, EVERYTHING)


@given(st.lists(claims))
def test_each_accepted_triple_is_evidence_of_one_fact_and_no_fact_has_other_evidence(stated):
    entity_of = entities_of(stated)
    loops = self_loops(stated, entity_of)
    places = {
        (judged.triple.predicate, judged.triple.subject.document_id, judged.triple.evidence, judged.triple.quote)
        for judged in stated
        if judged.triple.id not in loops
    }
    facts = fuse(stated, entity_of, DATES, EVERYTHING)
    assert {(fact.predicate, e.document_id, e.span, e.quote) for fact in facts for e in fact.evidence} == places
