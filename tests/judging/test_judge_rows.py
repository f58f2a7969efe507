import copy

import pytest

from kgbuild.extraction.claims import Claim, ClaimReader
from kgbuild.extraction.rows import extract_rows, read_row, write_row
from kgbuild.judging.judge import RulesThenSupport
from kgbuild.judging.rows import judge_rows, passage_of
from kgbuild.ontology.model import Ontology, OntologyClass, Property
from kgbuild.records import Literal, Mention, Span
from tests.spelled import STAFF, SpelledAddress

ATLAS = Ontology(
    "atlas",
    {
        "Q5": OntologyClass("Q5", "human", aliases=("person",)),
        "Place": OntologyClass("Place", "place"),
        "City": OntologyClass("City", "city", parent="Place"),
        "Country": OntologyClass("Country", "country", parent="Place"),
        "Work": OntologyClass("Work", "work"),
    },
    {
        "P19": Property("P19", "place of birth", domain=("Q5",), range=("City",), aliases=("born in",)),
        "lies_in": Property("lies_in", "lies in", domain=("City", "Country"), range=("Country", "City")),
        "birthDate": Property("birthDate", "birth date", domain=("Q5",), range=("date",)),
        "height": Property("height", "height", domain=("Q5",), range=("decimal",)),
        "named_for": Property("named_for", "named for", domain=("Place",), range=("Q5", "gYear", "string")),
        "see": Property("see", "see"),
        "motto": Property("motto", "motto", range=("literal",)),
        # Two properties of one label: which one is meant depends on the classes.
        "set_in": Property("set_in", "setting", domain=("Work",), range=("Place",)),
        "city_setting": Property("city_setting", "setting", domain=("City",), range=("Country",)),
    },
)
ADA = "Ada Lovelace was born in London on 10 December 1815. She was 1.70 m tall. London lies in England."


def judged(text, *triples, ontology=ATLAS, **fields):
    rows = [{"id": 1, "text": text, "triples": list(triples), **fields}]
    return judge_rows(rows, RulesThenSupport(ontology), ClaimReader(ontology))[0]


def claim(subject, predicate, object_, **more):
    return {"subject": subject, "predicate": predicate, "object": object_, **more}


def candidate(text, subject, predicate, object_, ontology=ATLAS, **more):
    return ClaimReader(ontology).candidate(Claim.model_validate(claim(subject, predicate, object_, **more)), passage_of(text))


@pytest.mark.parametrize(
    ("triple", "reason"),
    [
        # A predicate is a name, a label or an alias, in any spelling of its words.
        (claim("Ada Lovelace", "P19", "London"), None),
        (claim("Ada Lovelace", "place of birth", "London"), None),
        (claim("Ada Lovelace", "placeOfBirth", "London"), None),
        (claim("Ada Lovelace", "BORN_IN", "London"), None),
        (claim("Ada Lovelace", "birth_date", "10 December 1815"), None),
        (claim("Ada Lovelace", "birthplace", "London"), "unknown property"),
        # A given class is a name, a label or an alias too, and it counts.
        (claim("Ada Lovelace", "P19", "London", subject_class="human"), None),
        (claim("Ada Lovelace", "P19", "London", subject_class="Person", object_class="City"), None),
        (claim("Ada Lovelace", "P19", "London", subject_class="City"), "outside domain"),
        (claim("Ada Lovelace", "P19", "London", object_class="country"), "outside range"),
        (claim("Ada Lovelace", "P19", "London", object_class="Starship"), "unknown class"),
        (claim("Ada Lovelace", "P19", "London", subject_class=None, object_class=""), None),
        # A literal is what its property says; a datatype may stand where a class does.
        (claim("Ada Lovelace", "height", "1.70 m"), None),
        (claim("Ada Lovelace", "height", "1.70 m", object_class="xsd:decimal"), None),
        (claim("Ada Lovelace", "birthDate", "10 December 1815", object_class="Date"), None),
        (claim("Ada Lovelace", "birthDate", "London"), "wrong datatype"),
        (claim("Ada Lovelace", "birthDate", "London", object_class="City"), "wrong datatype"),
        (claim("Ada Lovelace", "P19", "London", object_class="string"), "wrong datatype"),
        # A number is as good as its digits.
        (claim("Ada Lovelace", "birthDate", 1815), None),
        (claim("Ada Lovelace", "height", 1.7), "not in text"),
        # Words of the text only, whole ones, in their own case.
        (claim("Ada Byron", "P19", "London"), "not in text"),
        (claim("Ada Lovelace", "P19", "Paris"), "not in text"),
        (claim("Ada Lovelace", "P19", "Lond"), None),  # as in "Berlin" in "Berlins": at most two letters more
        (claim("Ada Lovelace", "P19", "Lon"), "not in text"),
        (claim("Love", "P19", "London"), "not in text"),
        (claim("ada lovelace", "P19", "London"), "not in text"),
        (claim("Ada  Lovelace", "P19", "London"), None),
        (claim("", "P19", "London"), "not in text"),
        (claim("Ada Lovelace", "P19", " "), "not in text"),
        (claim("Ada Lovelace", "nonsense", "Paris"), "not in text"),
        # No class is asked of a property without domain or range.
        (claim("Ada Lovelace", "see", "London"), None),
        (claim("England", "motto", "tall"), None),
        # A thing is no relation of its own.
        (claim("London", "P19", "London", subject_class="City", object_class="City"), "outside domain"),
    ],
)
def test_words_are_read_as_the_ontology_allows(triple, reason):
    (answer,) = judged(ADA, triple)["triples"]
    assert (answer["reason"], answer["verdict"]) == (reason, "rejected" if reason else "accepted")
    assert answer["probability"] is None
    assert ("detail" in answer) == (reason is not None)


def test_of_several_classes_the_first_that_the_rules_accept_counts():
    # Luxembourg the City lies in Luxembourg the Country; as two cities or two countries it would be a loop.
    (answer,) = judged("Luxembourg lies in Luxembourg.", claim("Luxembourg", "lies_in", "Luxembourg"))["triples"]
    assert answer["verdict"] == "accepted"
    found = candidate("Luxembourg lies in Luxembourg.", "Luxembourg", "lies_in", "Luxembourg")
    assert (found.subject.class_name, found.object.class_name) == ("City", "Country")


def test_of_several_properties_of_one_label_the_one_whose_classes_fit_is_meant():
    text = "Emma plays in Surrey."
    assert candidate(text, "Emma", "setting", "Surrey", subject_class="work").predicate == "set_in"
    assert candidate(text, "Emma", "setting", "Surrey", subject_class="city").predicate == "city_setting"


@pytest.mark.parametrize(
    ("object_", "given", "kind", "said"),
    [
        # Where the range has classes too, what reads as a number or date is one, and other words are a name.
        ("1815", None, Literal, "gYear"),
        ("Ada", None, Mention, "Q5"),
        ("Ada", "string", Literal, "string"),
        ("1815", "human", Mention, "Q5"),
    ],
)
def test_an_object_that_may_be_either_is_what_it_reads_as(object_, given, kind, said):
    found = candidate("Adaville is named for Ada and 1815.", "Adaville", "named_for", object_, object_class=given).object
    assert isinstance(found, kind)
    assert (found.class_name if isinstance(found, Mention) else found.datatype) == said


def test_a_literal_keeps_its_words_and_gets_a_value():
    found = candidate(ADA, "Ada Lovelace", "birth date", "10 December 1815").object
    assert found == Literal(Span(35, 51), "10 December 1815", "1815-12-10", "date")


@pytest.mark.parametrize(
    ("text", "subject", "object_", "evidence"),
    [
        # The sentence that holds both ...
        ("Ada left. Ada met Bob. Bob left.", "Ada", "Bob", "Ada met Bob."),
        # ... or the smallest run of sentences.
        ("Ada rests. Ada left. Eve came. It rained. Bob left.", "Ada", "Bob", "Ada left. Eve came. It rained. Bob left."),
        ("Bob left. Ada came.", "Ada", "Bob", "Bob left. Ada came."),
        # Of several in one sentence, the first.
        ("Ada met Bob. Ada saw Bob.", "Ada", "Bob", "Ada met Bob."),
        # Names are whole words where they can be: no Ada in Adam, no 18 in 1815.
        ("Adam met Bob. Later Ada met Bob.", "Ada", "Bob", "Later Ada met Bob."),
        ("In 1815 Ada met 18 Bobs. Ada is 18.", "18", "is", "Ada is 18."),
        # In scripts without spaces there is no telling.
        ("東京は日本の首都です。", "東京", "日本", "東京は日本の首都です。"),
        ("Angela Merkels Mann heißt Joachim Sauer.", "Angela Merkel", "Joachim Sauer", "Angela Merkels Mann heißt Joachim Sauer."),
        # White space is as it comes.
        ("Ada\nLovelace met  Bob.", "Ada Lovelace", "Bob", "Ada\nLovelace met  Bob."),
    ],
)
def test_evidence_that_is_not_given_is_the_fewest_sentences_that_hold_both(text, subject, object_, evidence):
    found = candidate(text, subject, "see", object_)
    assert found.quote == evidence
    assert found.evidence.of(text) == evidence
    assert found.evidence.contains(found.subject.span)
    assert found.evidence.contains(found.object.span)


def test_a_name_inside_the_other_is_taken_only_where_there_is_none_beside_it():
    text = "The Bank of England sits in England."
    assert candidate(text, "Bank of England", "see", "England").object.span == Span(28, 35)
    assert candidate(text[:19], "Bank of England", "see", "England").object.span == Span(12, 19)


def test_given_evidence_says_which_place_is_meant():
    text = "Ada met Bob. Ada left. Bob wept. Ada met Bob again."
    start = text.rindex("Ada")
    found = candidate(text, "Ada", "see", "Bob", evidence={"start": start, "end": len(text)})
    assert (found.evidence, found.subject.span.start, found.object.span.start) == (Span(start, len(text)), start, start + 8)


def test_words_outside_the_given_evidence_may_still_be_in_the_text():
    found = candidate("Ada met Bob. She left for Paris.", "Ada", "see", "Paris", evidence={"start": 13, "end": 32})
    assert (found.quote, found.subject.span) == ("She left for Paris.", Span(0, 3))


@pytest.mark.parametrize(
    "evidence", [{"start": 0, "end": 1000}, {"start": -1, "end": 3}, {"start": 5, "end": 5}, {"start": 9, "end": 2}]
)
def test_evidence_outside_the_text_is_not_in_the_text(evidence):
    (answer,) = judged(ADA, claim("Ada Lovelace", "P19", "London", evidence=evidence))["triples"]
    assert (answer["verdict"], answer["reason"]) == ("rejected", "not in text")
    assert f"characters {evidence['start']} to {evidence['end']}" in answer["detail"]


def test_rows_and_triples_keep_order_number_and_every_field():
    given = [
        {
            "id": 7,
            "text": ADA,
            "mine": {"a": 1},
            "triples": [claim("Ada Lovelace", "P19", "London", note=[1]), claim("Bob", "P19", "London")],
        },
        {"id": 7, "text": ADA, "triples": []},
        {"id": None, "text": "", "triples": [claim("Ada", "P19", "London")]},
    ]
    before = copy.deepcopy(given)
    answers = judge_rows(given, RulesThenSupport(ATLAS), ClaimReader(ATLAS))
    assert given == before
    for row, answer in zip(given, answers, strict=True):
        assert {name: value for name, value in answer.items() if name != "triples"} == {
            n: v for n, v in row.items() if n != "triples"
        }
        for triple, with_verdict in zip(row["triples"], answer["triples"], strict=True):
            assert triple.items() <= with_verdict.items()
            assert with_verdict.keys() - triple.keys() <= {"verdict", "reason", "probability", "detail"}
    assert [[t["verdict"] for t in answer["triples"]] for answer in answers] == [["accepted", "rejected"], [], ["rejected"]]


def test_judging_again_replaces_the_earlier_verdict():
    earlier = claim("Ada Lovelace", "P19", "London", verdict="rejected", reason="unsure", detail="why", probability=0.4)
    (answer,) = judged(ADA, earlier)["triples"]
    assert answer == claim("Ada Lovelace", "P19", "London", verdict="accepted", reason=None, probability=None)


def test_a_triple_that_is_none_stays_in_its_place_and_is_named():
    answer = judged(ADA, claim("Ada Lovelace", "P19", "London"), 7, {"subject": "Ada"}, claim("Bob", "P19", ["x"]))
    assert [t["verdict"] if isinstance(t, dict) else t for t in answer["triples"]] == ["accepted", 7, None, None]
    assert answer["error"].startswith("triple 2: not a JSON object; triple 3: predicate: Field required; triple 4: object: ")


@pytest.mark.parametrize("score", [2.5, -4, "nan", "inf", float("nan")])
def test_a_score_is_a_probability(score):
    answer = judged(ADA, claim("Ada Lovelace", "P19", "London", score=score))
    assert answer["triples"][0]["verdict"] is None
    assert answer["error"].startswith("triple 1: score: Input should be ")


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"id": 1, "triples": []}, "there is no text"),
        ({"id": 1, "text": ADA}, "there is no list of triples"),
        ({"id": 1, "text": ADA, "triples": {"subject": "Ada"}}, "there is no list of triples"),
        ({"id": {}, "text": ADA, "triples": []}, "the id is a list or an object"),
        ({"id": None, "error": "line 1: not JSON"}, "line 1: not JSON"),
    ],
)
def test_a_row_that_cannot_be_used_says_so(row, error):
    (answer,) = judge_rows([row], RulesThenSupport(ATLAS), ClaimReader(ATLAS))
    assert answer["error"].startswith(error)
    assert answer["triples"] == []


def test_what_extraction_writes_is_what_judging_reads():
    text = "Ada:Person employer Acme:Company. Acme:Company founded_in 1998. Acme:Company born_in London:City."
    (row,) = extract_rows([{"id": "x", "text": text}], SpelledAddress().open(), 400, 400)
    (answer,) = judge_rows([read_row(write_row(row).encode(), 1)], RulesThenSupport(STAFF), ClaimReader(STAFF))
    verdicts = [(t["predicate"], t["verdict"], t["reason"]) for t in answer["triples"]]
    assert verdicts == [("employer", "accepted", None), ("founded_in", "accepted", None), ("born_in", "rejected", "outside domain")]


def test_half_a_surrogate_pair_is_no_obstacle():
    (answer,) = judged("Ada \ud800 met Bob.", claim("Ada \ud800", "see", "Bob"))["triples"]
    assert (answer["verdict"], answer["subject"]) == ("accepted", "Ada \ud800")


def test_without_an_ontology_the_words_alone_are_judged():
    answer = judged(ADA, claim("Ada Lovelace", "whatever", "London"), claim("Bob", "whatever", "London"), ontology=None)
    assert [t["reason"] for t in answer["triples"]] == [None, "not in text"]


def test_a_name_that_a_hostile_text_repeats_costs_little():
    text = "a b " * 100_000
    found = candidate(text, "a", "see", "b")
    assert (found.subject.span, found.object.span) == (Span(0, 1), Span(2, 3))
