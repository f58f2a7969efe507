import json
from itertools import permutations

import pytest

from kgbuild.fusion.rows import fuse_rows
from kgbuild.ids import entity_id
from kgbuild.records import Fact
from kgbuild.serialisation import from_json
from tests.spelled import STAFF

ADA, ACME = entity_id("ada"), entity_id("acme")


def claim(subject, predicate, object_, verdict="accepted", **more):
    return {"subject": subject, "predicate": predicate, "object": object_, "verdict": verdict, **more}


def row(id_, text, *triples, **more):
    return {"id": id_, "text": text, "triples": list(triples), **more}


def fused(*rows, ontology=STAFF):
    return fuse_rows(rows, ontology)


def test_equal_facts_of_several_rows_are_one_with_all_their_evidence():
    done = fused(
        row("b", "Nothing. Ada works for Acme.", claim("Ada", "employer", "Acme", probability=0.8, judge="compact/1")),
        row(7, "The ACME has hired Ada.", claim("Ada", "employer", "The ACME", score=0.5, extractor="mine")),
    )
    (fact,) = done.facts
    assert (fact["subject_id"], fact["object"], fact["confidence"]) == (ADA, {"entity_id": ACME}, 0.9)
    assert (fact["subject_name"], fact["object_name"]) == ("Ada", "Acme")
    assert sorted(map(json.dumps, fact["evidence"])) == sorted(
        json.dumps(piece | {"stated_on": None})
        for piece in (
            {
                "document_id": "b",
                "chunk_id": "",
                "span": {"start": 9, "end": 28},
                "quote": "Ada works for Acme.",
                "extractor": "",
                "judge": "compact/1",
                "probability": 0.8,
            },
            {
                "document_id": 7,
                "chunk_id": "",
                "span": {"start": 0, "end": 23},
                "quote": "The ACME has hired Ada.",
                "extractor": "mine",
                "judge": "",
                "probability": 0.5,
            },
        )
    )
    assert (done.errors, done.unjudged, done.loops) == ((), 0, 0)


def test_a_line_is_a_fact_as_an_export_writes_it():
    (line,) = fused(row("a", "Acme was founded in 1998.", claim("Acme", "founded_in", "in 1998"))).facts
    fact = from_json(Fact, json.dumps(line))
    assert list(line)[: len(Fact.__slots__)] == list(Fact.__slots__)
    assert (fact.object.text, fact.object.value, fact.object.datatype) == ("in 1998", "1998", "gYear")


def test_only_accepted_triples_count_and_those_nobody_judged_are_counted():
    text = "Ada works for Acme. Eve works for Bolt."
    triples = (
        claim("Ada", "employer", "Acme"),
        claim("Eve", "employer", "Acme", "rejected"),
        claim("Eve", "employer", "Bolt", "undecided"),
        {"subject": "Eve", "predicate": "employer", "object": "Ada"},
    )
    done = fused(row(1, text, *triples))
    assert ([fact["subject_name"] for fact in done.facts], done.unjudged) == (["Ada"], 1)


def test_facts_that_cannot_both_be_true_are_disputed_under_an_ontology_only():
    rows = [
        row(1, "Ada was born in London.", claim("Ada", "born_in", "London")),
        row(2, "Ada was born in London, I hear.", claim("Ada", "born_in", "London")),
        row(3, "Ada was born in Paris.", claim("Ada", "born_in", "Paris")),
    ]
    assert {fact["object_name"]: fact["status"] for fact in fused(*rows).facts} == {"London": "asserted", "Paris": "disputed"}
    assert {fact["status"] for fact in fused(*rows, ontology=None).facts} == {"asserted"}


def test_rows_are_documents_with_their_own_dates():
    (fact,) = fused(row(1, "Ada works for Acme.", claim("Ada", "employer", "Acme"), published_on="1843-07")).facts
    assert fact["evidence"][0]["stated_on"] == "1843-07"
    (fact,) = fused(row(1, "Ada works for Acme.", claim("Ada", "employer", "Acme"), published_on=None)).facts
    assert fact["evidence"][0]["stated_on"] is None


@pytest.mark.parametrize(
    ("row_fields", "triple_fields", "problem"),
    [
        ({"published_on": "last week"}, {}, "published_on is no ISO date: 'last week'"),
        ({"published_on": 1843}, {}, "published_on is no ISO date: 1843"),
        ({}, {"probability": "0.3"}, "triple 1: the probability '0.3' is no number from 0 to 1"),
        ({}, {"probability": 1.5}, "triple 1: the probability 1.5 is no number from 0 to 1"),
        ({}, {"probability": True}, "triple 1: the probability True is no number from 0 to 1"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_and_the_fact_stands_without_it(row_fields, triple_fields, problem):
    done = fused(row(1, "Ada works for Acme.", claim("Ada", "employer", "Acme", score=0.5, **triple_fields), **row_fields))
    ((piece,),) = (fact["evidence"] for fact in done.facts)
    assert (piece["probability"], piece["stated_on"]) == (0.5, None)
    assert done.errors == ({"id": 1, "error": problem},)


@pytest.mark.parametrize("verdict", ["Accepted", "acepted", "", True, ["accepted"]])
def test_a_verdict_that_is_none_is_named(verdict):
    done = fused(row(1, "Ada works for Acme.", claim("Ada", "employer", "Acme", verdict)))
    assert (done.facts, done.unjudged) == ((), 0)
    assert done.errors == ({"id": 1, "error": f"triple 1: the verdict {verdict!r} is none of accepted, rejected, undecided"},)


def test_a_short_name_is_resolved_within_its_row():
    text = "Ada Lovelace left early. Lovelace works for Acme. Ada Lovelace owns Bolt."
    done = fused(row(1, text, claim("Lovelace", "employer", "Acme"), claim("Ada Lovelace", "owns", "Bolt", subject_class="Person")))
    assert len({fact["subject_id"] for fact in done.facts}) == 1


def test_rows_of_one_id_with_other_texts_are_kept_apart():
    done = fused(*(row(None, text, claim("Ada", "employer", "Acme")) for text in ("Ada works for Acme.", "Ada is with Acme now.")))
    assert [piece["document_id"] for piece in done.facts[0]["evidence"]] == [None, None]


def test_a_qualifier_that_is_left_out_is_named_and_its_fact_stands():
    done = fused(row(1, "Ada works for Acme.", claim("Ada", "employer", "Acme", qualifiers={"mood": "good"})))
    assert [fact["qualifiers"] for fact in done.facts] == [[]]
    assert done.errors == ({"id": 1, "error": "triple 1: the qualifier 'mood' is left out"},)


def test_what_resolution_makes_a_loop_states_nothing():
    text = "Acme owns ACME."
    done = fused(row(1, text, claim("Acme", "owns", "ACME", subject_class="Company", object_class="Company")))
    assert (done.facts, done.loops) == ((), 1)


def test_the_order_of_rows_changes_no_fact():
    rows = [
        row(n, f"Ada works for {name}. {name} owns Bolt.", claim("Ada", "employer", name), claim(name, "owns", "Bolt"))
        for n, name in enumerate(("Acme", "ACME", "Cog", "the Cog"))
    ]
    assert fused(*rows).facts == fused(*rows[::-1]).facts


def test_rows_of_one_id_and_text_are_one_document_in_any_order():
    text = "International Business Machines owns Lotus. IBM owns Tivoli."
    named = claim("International Business Machines", "owns", "Lotus")
    short = claim("IBM", "owns", "Tivoli")
    rows = [row(1, text, named, short, published_on="2002"), row(1, text, short, published_on="2001"), row(1, text, short)]
    found = [fused(*order, ontology=None).facts for order in permutations(rows)]
    assert found == [found[0]] * len(found)
    assert len({fact["subject_id"] for fact in found[0]}) == 1
    assert {piece["stated_on"] for fact in found[0] for piece in fact["evidence"]} == {"2001"}


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ({"id": 3, "triples": []}, "there is no text"),
        ({"id": 3, "text": "Ada"}, "there is no list of triples"),
        ({"id": 3, "error": "refused"}, "refused"),
        (row(3, "Ada works.", claim("Ada", "employer", "Acme")), "triple 1: accepted, yet not in the text: Acme"),
        (row(3, "Ada works.", 7), "triple 1: not a JSON object"),
        # What an earlier stage could not do is still said here, once.
        (row(3, "Ada works.", error="refused (too long)"), "refused (too long)"),
        (row(3, "Ada works.", 7, error="triple 1: not a JSON object"), "triple 1: not a JSON object"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_after_the_facts(bad, problem):
    done = fused(bad, row(1, "Ada works for Acme.", claim("Ada", "employer", "Acme")))
    assert len(done.facts) == 1
    (error,) = done.errors
    assert error["id"] == 3
    assert error["error"] == problem or (error["error"].startswith(problem) and ". Write" in error["error"])
