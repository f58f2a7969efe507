from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.fusion.confidence import source_probabilities
from kgbuild.fusion.conflicts import ClashRule, clashes
from kgbuild.fusion.fuse import fuse
from kgbuild.fusion.groups import fact_group_keys
from kgbuild.fusion.validity import overlap
from kgbuild.fusion.values import compatible
from kgbuild.ontology.model import Property
from kgbuild.records import EntityRef, Fact, LiteralValue, Status
from tests.fusion.claims import claim, entities_of, thing, words_of

RULES = thing(
    Property("seat", "seat", functional=True),
    Property("founded_on", "founded on", range=("date",), functional=True),
    Property("motto", "motto", range=("string",), functional=True),
    Property("ceo", "CEO", functional=True, temporal=True),
    Property("capital_of", "capital of", inverse_functional=True),
    Property("code", "code", range=("string",), inverse_functional=True),
    Property("spouse", "spouse", symmetric=True, functional=True),
    Property("founder", "founder", max_cardinality=2),
    Property("parent", "parent", asymmetric=True),
    Property("employer", "employer"),
)


def sources(count: int, subject: str, predicate: str, object_: str, p: float = 0.8, **qualifiers: str):
    """Claims of one fact by several documents in words of their own."""
    return [claim(subject, predicate, object_, f"doc_{n}", p=p, **qualifiers) for n in range(count)]


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        # Of a functional property, the value that more independent sources state stays, and the others are disputed.
        (
            [*sources(2, "Acme", "seat", "Bonn", 0.5), *sources(1, "Acme", "seat", "Rome", 0.9)],
            {"Acme seat Bonn": "asserted", "Acme seat Rome": "disputed"},
        ),
        # Copies are no sources: then the confidence decides.
        (
            [
                claim("Acme", "seat", "Bonn", "doc_a", "Acme sits in Bonn.", 0.5),
                claim("Acme", "seat", "Bonn", "doc_b", "Acme sits in Bonn.", 0.5),
                claim("Acme", "seat", "Rome", "doc_c", p=0.6),
            ],
            {"Acme seat Bonn": "disputed", "Acme seat Rome": "asserted"},
        ),
        # Then what was stated last, an undated document being the oldest (doc_1998 and doc_2005 are of these years).
        (
            [
                claim("Acme", "seat", "Bonn", "doc_1998"),
                claim("Acme", "seat", "Rome", "doc_2005"),
                claim("Acme", "seat", "Oslo", "doc_a"),
            ],
            {"Acme seat Bonn": "disputed", "Acme seat Rome": "asserted", "Acme seat Oslo": "disputed"},
        ),
        # Other subjects and other properties do not clash.
        (
            [
                claim("Acme", "seat", "Bonn"),
                claim("Bolt", "seat", "Rome"),
                claim("Acme", "employer", "Rome"),
                claim("Acme", "employer", "Oslo"),
            ],
            {
                "Acme seat Bonn": "asserted",
                "Bolt seat Rome": "asserted",
                "Acme employer Rome": "asserted",
                "Acme employer Oslo": "asserted",
            },
        ),
        # A year and a day in it agree; the day stands, and the year is superseded by it, whichever has more sources.
        (
            [*sources(3, "Acme", "founded_on", "1998^gYear"), *sources(1, "Acme", "founded_on", "1998-03-14^date")],
            {"Acme founded_on 1998": "superseded", "Acme founded_on 1998-03-14": "asserted"},
        ),
        # What agrees with the preferred side is not disputed with its rivals.
        (
            [
                *sources(3, "Acme", "founded_on", "1998^gYear"),
                *sources(1, "Acme", "founded_on", "1998-03-14^date"),
                *sources(2, "Acme", "founded_on", "1997-05-01^date"),
            ],
            {
                "Acme founded_on 1998": "superseded",
                "Acme founded_on 1998-03-14": "asserted",
                "Acme founded_on 1997-05-01": "disputed",
            },
        ),
        # A disputed day does not supersede the year.
        (
            [
                *sources(3, "Acme", "founded_on", "1997^gYear"),
                claim("Acme", "founded_on", "1998-03-14^date"),
                claim("Acme", "founded_on", "1998^gYear"),
            ],
            {"Acme founded_on 1997": "asserted", "Acme founded_on 1998-03-14": "disputed", "Acme founded_on 1998": "disputed"},
        ),
        # Case is no contradiction.
        (
            [claim("Acme", "motto", "Onward^string"), claim("Acme", "motto", "ONWARD^string")],
            {"Acme motto Onward": "asserted", "Acme motto ONWARD": "asserted"},
        ),
        # One value at a time: terms that follow one another agree, terms that overlap clash with those they overlap only.
        (
            [
                *sources(3, "Acme", "ceo", "Ada", start="1990^gYear", end="2000^gYear"),
                *sources(2, "Acme", "ceo", "Bob", start="1998^gYear", end="2005^gYear"),
                *sources(1, "Acme", "ceo", "Cy", start="2001^gYear"),
            ],
            {"Acme ceo Ada 1990..2000": "asserted", "Acme ceo Bob 1998..2005": "disputed", "Acme ceo Cy 2001..": "asserted"},
        ),
        # An undated term may be any.
        (
            [*sources(2, "Acme", "ceo", "Ada", start="1990^gYear", end="2000^gYear"), claim("Acme", "ceo", "Bob")],
            {"Acme ceo Ada 1990..2000": "asserted", "Acme ceo Bob": "disputed"},
        ),
        # The same value at two times, or at a known and an unknown time, is no clash.
        (
            [claim("Acme", "ceo", "Ada", start="1990^gYear"), claim("Acme", "ceo", "Ada")],
            {"Acme ceo Ada 1990..": "asserted", "Acme ceo Ada": "asserted"},
        ),
        # Of an inverse functional property, one subject per object, be it an entity or a value.
        (
            [
                *sources(2, "Bonn", "capital_of", "Germany"),
                *sources(1, "Rome", "capital_of", "Germany"),
                claim("Rome", "capital_of", "Italy"),
            ],
            {"Bonn capital_of Germany": "asserted", "Rome capital_of Germany": "disputed", "Rome capital_of Italy": "asserted"},
        ),
        (
            [*sources(2, "Bonn", "code", "BN^string"), claim("Rome", "code", "BN^string")],
            {"Bonn code BN": "asserted", "Rome code BN": "disputed"},
        ),
        # A symmetric fact counts at both its ends; a fact that lost at one of them still counts at the other.
        (
            [*sources(2, "Ada", "spouse", "Bob"), claim("Cy", "spouse", "Bob", p=0.9), claim("Cy", "spouse", "Dan")],
            {"Ada spouse Bob": "asserted", "Bob spouse Cy": "disputed", "Cy spouse Dan": "disputed"},
        ),
        # As many values as the property allows, the best ones.
        (
            [*sources(3, "Acme", "founder", "Ada"), *sources(2, "Acme", "founder", "Bob"), *sources(1, "Acme", "founder", "Cy")],
            {"Acme founder Ada": "asserted", "Acme founder Bob": "asserted", "Acme founder Cy": "disputed"},
        ),
        # That many at one time: here never more than two.
        (
            [
                *sources(3, "Acme", "founder", "Ada", start="1990^gYear", end="1995^gYear"),
                *sources(2, "Acme", "founder", "Bob", start="1996^gYear", end="1999^gYear"),
                *sources(1, "Acme", "founder", "Cy", start="1990^gYear", end="1999^gYear"),
            ],
            {
                "Acme founder Ada 1990..1995": "asserted",
                "Acme founder Bob 1996..1999": "asserted",
                "Acme founder Cy 1990..1999": "asserted",
            },
        ),
        # Of an asymmetric property, one direction.
        (
            [*sources(2, "Ada", "parent", "Bob"), claim("Bob", "parent", "Ada"), claim("Bob", "parent", "Cy")],
            {"Ada parent Bob": "asserted", "Bob parent Ada": "disputed", "Bob parent Cy": "asserted"},
        ),
    ],
)
def test_every_side_is_kept_and_the_best_stays_asserted(claims, status):
    dates = {"doc_1998": "1998", "doc_2005": "2005-05-01"}
    found = fuse(claims, entities_of(claims), dates, RULES)
    assert {words_of(fact): str(fact.status) for fact in found} == status


def test_without_an_ontology_nothing_clashes():
    stated = [claim("Acme", "seat", "Bonn"), claim("Acme", "seat", "Rome")]
    found = fuse(stated, entities_of(stated), {}, None)
    assert ({fact.status for fact in found}, clashes(found, None)) == ({Status.ASSERTED}, ())


def test_a_clash_names_its_rule_what_it_is_about_and_all_its_sides():
    stated = [
        *sources(2, "Acme", "seat", "Bonn"),
        claim("Acme", "seat", "Rome"),
        claim("Bolt", "seat", "Rome"),
        *sources(2, "Rome", "capital_of", "Italy"),
        claim("Bonn", "capital_of", "Italy"),
        *sources(2, "Bob", "parent", "Ada"),
        claim("Ada", "parent", "Bob"),
    ]
    facts = fuse(stated, entities_of(stated), {}, RULES)
    words = {fact.id: words_of(fact) for fact in facts}
    found = clashes(facts, RULES)
    assert [(c.rule, c.predicate, c.about, {words[id_] for id_ in c.fact_ids}, words[c.preferred_id]) for c in found] == [
        (
            ClashRule.INVERSE_FUNCTIONAL,
            "capital_of",
            "Italy",
            {"Rome capital_of Italy", "Bonn capital_of Italy"},
            "Rome capital_of Italy",
        ),
        (ClashRule.FUNCTIONAL, "seat", "Acme", {"Acme seat Bonn", "Acme seat Rome"}, "Acme seat Bonn"),
        (ClashRule.ASYMMETRIC, "parent", "Ada", {"Ada parent Bob", "Bob parent Ada"}, "Bob parent Ada"),
    ]
    by_id = {fact.id: fact for fact in facts}
    assert all(c.group in fact_group_keys(by_id[id_], RULES) for c in found for id_ in c.fact_ids)


def test_separate_disagreements_about_one_thing_are_separate_clashes():
    stated = [
        *sources(2, "Acme", "ceo", "Ada", start="1990^gYear", end="1995^gYear"),
        claim("Acme", "ceo", "Bob", start="1990^gYear", end="1995^gYear"),
        *sources(2, "Acme", "ceo", "Cy", start="2000^gYear", end="2005^gYear"),
        claim("Acme", "ceo", "Dan", start="2000^gYear", end="2005^gYear"),
    ]
    facts = fuse(stated, entities_of(stated), {}, RULES)
    words = {fact.id: words_of(fact).split()[2] for fact in facts}
    assert sorted("".join(sorted(words[id_][0] for id_ in c.fact_ids)) for c in clashes(facts, RULES)) == ["AB", "CD"]


years = st.sampled_from([None, "1990^gYear", "1995^gYear", "2000^gYear"])


@st.composite
def stated(draw: st.DrawFn):
    """A claim about a handful of things, so that clashes are frequent."""
    predicate = draw(st.sampled_from([*RULES.properties]))
    dated = predicate in ("founded_on", "motto", "code")
    object_ = draw(st.sampled_from(["1998^gYear", "1998-03-14^date", "1998-05-01^date"] if dated else ["Ada", "Bob", "Cy", "Dan"]))
    times = {"start": draw(years), "end": draw(years)}
    return claim(
        draw(st.sampled_from(["Ada", "Bob", "Cy"])),
        predicate,
        object_,
        draw(st.sampled_from(["doc_a", "doc_b"])),
        p=draw(st.sampled_from([0.5, 0.8])),
        **{name: year for name, year in times.items() if year},
    )


def can_both_be_true(one: Fact, other: Fact) -> bool:
    """The oracle: the rules of the ontology on two facts alone, for properties that allow one value or any number."""
    prop = RULES.properties[one.predicate]
    if one.predicate != other.predicate or not overlap(one, other):
        return True
    ends = [{fact.subject_id, getattr(fact.object, "entity_id", fact.object)} for fact in (one, other)]
    if prop.symmetric:
        return ends[0] == ends[1] or not ends[0] & ends[1]
    values_differ = one.object != other.object
    if isinstance(one.object, LiteralValue) and isinstance(other.object, LiteralValue):
        values_differ = not compatible(one.object, other.object)
    if prop.functional and one.subject_id == other.subject_id and values_differ:
        return False
    if prop.inverse_functional and one.object == other.object and one.subject_id != other.subject_id:
        return False
    return not (prop.asymmetric and one.object == EntityRef(other.subject_id) and other.object == EntityRef(one.subject_id))


@given(st.lists(stated(), max_size=14))
def test_what_is_not_disputed_can_all_be_true_together(claims):
    facts = fuse(claims, entities_of(claims), {}, RULES)
    held = [fact for fact in facts if fact.status is not Status.DISPUTED and fact.predicate != "founder"]
    assert all(can_both_be_true(one, other) for one, other in combinations(held, 2))


@given(st.lists(stated(), max_size=14))
def test_what_is_disputed_has_a_better_fact_that_excludes_it(claims):
    facts = fuse(claims, entities_of(claims), {}, RULES)
    for fact in facts:
        if fact.status is Status.DISPUTED and fact.predicate != "founder":
            rivals = [other for other in facts if other is not fact and not can_both_be_true(fact, other)]
            strength = len(source_probabilities(fact.evidence)), fact.confidence
            assert any((len(source_probabilities(o.evidence)), o.confidence) >= strength for o in rivals)


@given(st.lists(stated(), max_size=14))
def test_clashes_name_exactly_the_disputed_facts_and_what_they_dispute(claims):
    facts = fuse(claims, entities_of(claims), {}, RULES)
    found = clashes(facts, RULES)
    in_clashes = {id_ for clash in found for id_ in clash.fact_ids}
    assert {fact.id for fact in facts if fact.status is Status.DISPUTED} <= in_clashes
    for clash in found:
        assert clash.preferred_id in clash.fact_ids
        assert len(clash.fact_ids) > 1
