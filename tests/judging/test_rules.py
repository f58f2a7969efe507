from dataclasses import replace

import pytest

from kgbuild.judging.rules import judge_by_rules
from kgbuild.ontology.model import Ontology, OntologyClass, Property
from kgbuild.records import CandidateTriple, Chunk, Outcome, Qualifier, Reason, Span
from tests.builders import literal, triple

ANYTHING = Property("anything", "anything")
COMPANIES = Ontology(
    "companies",
    {
        "Person": OntologyClass("Person", "person"),
        "Organization": OntologyClass("Organization", "organization"),
        "Company": OntologyClass("Company", "company", parent="Organization"),
        "City": OntologyClass("City", "city"),
        "State": OntologyClass("State", "state"),
    },
    {
        "employer": Property("employer", "employer", domain=("Person",), range=("Organization",)),
        "member_of": Property("member_of", "member of", domain=("Person", "Company"), range=("Organization", "City")),
        "born_on": Property("born_on", "born on", domain=("Person",), range=("date",)),
        "motto": Property("motto", "motto", domain=("Organization",), range=("literal",)),
        "owner": Property("owner", "owner", range=("Person", "string")),
        "located_in": Property("located_in", "located in", range=("State", "Organization")),
        "anything": ANYTHING,
    },
)
SOFT = replace(COMPANIES, typing="soft")


def chunk_of(candidate: CandidateTriple) -> Chunk:
    return Chunk("chk_test", "", 0, Span(0, len(candidate.quote)), candidate.quote)


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        # The property must be one of the ontology's; its label is not its name.
        (triple("Ada:Person", "works for", "Acme:Company"), Reason.UNKNOWN_PROPERTY),
        # So must both classes, and "no class" is none.
        (triple("Ada:Human", "employer", "Acme:Company"), Reason.UNKNOWN_CLASS),
        (triple("Ada:Person", "employer", "Acme:"), Reason.UNKNOWN_CLASS),
        # The subject's class must be in the domain or a descendant of it.
        (triple("Acme:Company", "employer", "Bolt:Company"), Reason.OUTSIDE_DOMAIN),
        (triple("Acme:Company", "motto", "Onwards^string"), None),
        # The same holds for the range: a Company is an Organization, a Person is not.
        (triple("Ada:Person", "employer", "Bob:Person"), Reason.OUTSIDE_RANGE),
        (triple("Ada:Person", "employer", "Acme:Company"), None),
        # One class of several is enough, on either side.
        (triple("Acme:Company", "member_of", "Bonn:City"), None),
        (triple("Bonn:City", "member_of", "Acme:Company"), Reason.OUTSIDE_DOMAIN),
        # A literal must fit the datatype by its value, whatever its words.
        (triple("Ada:Person", "born_on", "10 December 1815 = 1815-12-10^date"), None),
        (triple("Ada:Person", "born_on", "10 December 1815^date"), Reason.WRONG_DATATYPE),
        # A year is a date known less precisely.
        (triple("Ada:Person", "born_on", "1815^gYear"), None),
        # "Any literal" takes every literal, but no entity.
        (triple("Acme:Company", "motto", "Onward^string"), None),
        (triple("Acme:Company", "motto", "Bolt:Company"), Reason.WRONG_DATATYPE),
        # A property between entities takes no literal, a property of literals no entity.
        (triple("Ada:Person", "employer", "Acme^string"), Reason.WRONG_DATATYPE),
        (triple("Ada:Person", "born_on", "Bonn:City"), Reason.WRONG_DATATYPE),
        # A range of classes and datatypes takes either, and nothing else.
        (triple("Acme:Company", "owner", "Ada:Person"), None),
        (triple("Acme:Company", "owner", "the people^string"), None),
        (triple("Acme:Company", "owner", "Bonn:City"), Reason.OUTSIDE_RANGE),
        # No domain and no range is no restriction.
        (triple("Bonn:City", "anything", "Ada:Person"), None),
        (triple("Bonn:City", "anything", "1815^gYear"), None),
        # Nothing relates to itself, however it is written; two things of one name may be related.
        (triple("Acme:Company", "located_in", "the ACME:Organization"), Reason.SELF_LOOP),
        (triple("New York:City", "located_in", "New York:State"), None),
        # A literal may repeat the subject's name.
        (triple("Acme:Company", "motto", "Acme^string"), None),
    ],
)
def test_the_first_broken_rule_is_the_reason(candidate, reason):
    verdict = judge_by_rules(candidate, chunk_of(candidate), COMPANIES)
    assert verdict.reason == reason
    assert verdict.outcome is (Outcome.ACCEPTED if reason is None else Outcome.REJECTED)


ADA = triple("Ada:Person", "employer", "Acme:Company", text="Since 1840 Ada has worked for Acme.")
SINCE = Qualifier("start", replace(literal("1840^gYear"), span=Span(6, 10)))


@pytest.mark.parametrize(
    ("candidate", "detail"),
    [
        (ADA, None),
        (replace(ADA, qualifiers=(SINCE,)), None),
        # Each of the words must have a place in the text ...
        (replace(ADA, evidence=None), "quote: Since 1840 Ada has worked for Acme."),
        (replace(ADA, subject=replace(ADA.subject, span=None)), "subject: Ada"),
        (replace(ADA, object=replace(ADA.object, span=None)), "object: Acme"),
        (replace(ADA, object=literal("Acme^string")), "object: Acme"),
        (replace(ADA, qualifiers=(Qualifier("start", literal("1841^gYear")),)), "start: 1841"),
        # ... in this chunk ...
        (replace(ADA, evidence=Span(5, 36)), "quote: Since 1840 Ada has worked for Acme. (5-36 is outside the chunk)"),
        # ... and be the very words that are there.
        (replace(ADA, quote="Ada worked"), "quote: Ada worked (the text at 0-35 is 'Since 1840 Ada has worked for Acme.')"),
        (replace(ADA, subject=replace(ADA.subject, text="ada")), "subject: ada (the text at 11-14 is 'Ada')"),
        # The words come before every other rule.
        (replace(ADA, evidence=None, predicate="nonsense"), "quote: Since 1840 Ada has worked for Acme."),
    ],
)
@pytest.mark.parametrize("ontology", [COMPANIES, SOFT, None], ids=["hard typing", "soft typing", "no ontology"])
def test_a_candidate_has_its_words_where_it_says(candidate, detail, ontology):
    verdict = judge_by_rules(candidate, chunk_of(ADA), ontology)
    assert (verdict.reason, verdict.detail) == ((None, "") if detail is None else (Reason.NOT_IN_TEXT, detail))


def test_spans_count_from_the_start_of_the_document():
    chunk = Chunk("chk_test", "", 3, Span(1000, 1035), ADA.quote)
    elsewhere = replace(
        ADA,
        subject=replace(ADA.subject, span=ADA.subject.span.shifted(1000)),
        object=replace(ADA.object, span=ADA.object.span.shifted(1000)),
        evidence=ADA.evidence.shifted(1000),
    )
    assert judge_by_rules(elsewhere, chunk, COMPANIES).outcome is Outcome.ACCEPTED
    assert judge_by_rules(ADA, chunk, COMPANIES).reason is Reason.NOT_IN_TEXT


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        # A pronoun names nothing by itself; a name may look like one in capitals.
        ("he", Reason.PRONOUN),
        ("Which", Reason.PRONOUN),
        ("WHO", None),
        ("US", None),
        ("Whitman", None),
    ],
)
def test_a_pronoun_is_no_name(name, reason):
    for candidate in (
        triple(f"{name}:Person", "employer", "Acme:Company"),
        triple("Ada:Person", "employer", f"{name}:Company"),
    ):
        chunk = Chunk("chk_test", "", 0, Span(0, len(candidate.quote)), candidate.quote)
        assert judge_by_rules(candidate, chunk, COMPANIES).reason == reason


@pytest.mark.parametrize(
    ("candidate", "outcome", "reason"),
    [
        # Off the domain or the range is for a model to decide ...
        (triple("Acme:Company", "employer", "Bolt:Company"), Outcome.UNDECIDED, Reason.OFF_TYPE),
        (triple("Ada:Person", "employer", "Bob:Person"), Outcome.UNDECIDED, Reason.OFF_TYPE),
        # ... unless another rule is broken as well: soft typing softens nothing else.
        (triple("Ada:Human", "employer", "Acme:Company"), Outcome.REJECTED, Reason.UNKNOWN_CLASS),
        (triple("Acme:Company", "born_on", "never^date"), Outcome.REJECTED, Reason.WRONG_DATATYPE),
        (triple("Acme:Company", "employer", "The Acme:Company"), Outcome.REJECTED, Reason.SELF_LOOP),
        (triple("Ada:Person", "employer", "Acme:Company"), Outcome.ACCEPTED, None),
    ],
)
def test_soft_typing_keeps_what_is_only_off_type(candidate, outcome, reason):
    verdict = judge_by_rules(candidate, chunk_of(candidate), SOFT)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        # Without an ontology any property and class will do, or none.
        (triple("Ada:", "admires", "Acme:Whatever"), None),
        (triple("Ada:Person", "admires", "1815^gYear"), None),
        (triple("Acme:Firm", "admires", "ACME:"), Reason.SELF_LOOP),
    ],
)
def test_without_an_ontology_only_words_and_self_loops_are_checked(candidate, reason):
    assert judge_by_rules(candidate, chunk_of(candidate), None).reason == reason
