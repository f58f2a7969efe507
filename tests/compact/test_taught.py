import json
from dataclasses import replace

import pytest

from kgbuild.compact.anaphora import Anaphor, Referent
from kgbuild.compact.taught import (
    JudgedText,
    LabelledText,
    judged_rows,
    labelled_apart,
    lesson,
    names_elsewhere,
    read_labelled,
    row_json,
    spelled_out,
)
from kgbuild.errors import InputError
from kgbuild.ontology.model import Ontology, Property
from kgbuild.records import JudgedTriple, Reason, Span, Verdict
from tests.builders import chunks_of, document, triple

FAMILY = Ontology("family", {}, {"born_on": Property("born_on", "date of birth"), "hums": Property("hums", "hums")})
KEYS = {"born_on": "P569", "hums": "hums"}


def taught(text: str, *triples: tuple[str, str, str]) -> tuple[list[tuple[str, str, str]], list[str]]:
    rows = [{"subject": s, "predicate": p, "object": o} for s, p, o in triples]
    learnt = lesson([LabelledText.model_validate({"id": 1, "text": text, "triples": rows})], FAMILY, KEYS)
    stated = [(s.subject.of(e.text), s.predicate, s.object.of(e.text)) for e in learnt.examples for s in e.statements]
    return stated, [reason for _, _, reason in learnt.unused]


@pytest.mark.parametrize(
    ("text", "labelled", "stated"),
    [
        ("Ada hums Brahms.", ("Ada", "hums", "Brahms"), ("Ada", "hums", "Brahms")),
        # A property may be named by its label; it is taught under its key.
        ("Ada was born in 1815.", ("Ada", "Date of birth", "1815"), ("Ada", "P569", "1815")),
        # Case and blanks of the label do not matter, the text's own words are taught.
        ("ADA  LOVELACE hums Brahms.", ("Ada Lovelace", "hums", "brahms"), ("ADA  LOVELACE", "hums", "Brahms")),
        # What stands there to the letter is taken to the letter: signs, currencies, last marks.
        ("Ada hums $5 million of C++.", ("Ada", "hums", "$5 million"), ("Ada", "hums", "$5 million")),
        ("Ada hums $5 million of C++.", ("Ada", "hums", "C++"), ("Ada", "hums", "C++")),
        ("Yahoo! hums −5 °C.", ("Yahoo!", "hums", "−5 °C"), ("Yahoo!", "hums", "−5 °C")),
        # Digits on both sides of a point are no neighbours.
        ("Ada hums 1.5 and 15.2 and 15.", ("Ada", "hums", "15"), ("Ada", "hums", "15")),
        ("Ada hums 1,500 or 500.", ("Ada", "hums", "500"), ("Ada", "hums", "500")),
        # Accents may stand by themselves; vowel signs of Indic scripts are letters.
        ("Ada hums Rene\u0301.", ("Ada", "hums", "René"), ("Ada", "hums", "Rene\u0301")),
        ("Ada hums Rene\u0301.", ("Ada", "hums", "Rene"), ("Ada", "hums", "Rene\u0301")),
        ("Ada hums कमला, कमल.", ("Ada", "hums", "कमल"), ("Ada", "hums", "कमल")),
        ("Ada hums कमल, कमला.", ("Ada", "hums", "कमला"), ("Ada", "hums", "कमला")),
        # The sentence is the one that holds both.
        ("Ada was there. Ada hums Brahms.", ("Ada", "hums", "Brahms"), ("Ada", "hums", "Brahms")),
        # The one that has both to the letter goes before one that only names them.
        ("Lovelace hums brahms. Ada Lovelace hums Brahms.", ("Ada Lovelace", "hums", "Brahms"), ("Ada Lovelace", "hums", "Brahms")),
    ],
)
def test_a_labelled_triple_is_found_in_its_text(text, labelled, stated):
    assert taught(text, labelled) == ([stated], [])


@pytest.mark.parametrize(
    ("text", "subject", "object_", "places"),
    [
        # A label inside the longer one's words is no place of its own, wherever these stand, and whatever the case.
        ("Henry Ford founded Ford.", "Ford", "Henry Ford", (19, 0)),
        ("Henry Ford founded Ford.", "Henry Ford", "Ford", (0, 19)),
        ("HENRY FORD founded Ford.", "Ford", "Henry Ford", (19, 0)),
        ("Henry Ford founded FORD.", "Ford", "Henry Ford", (19, 0)),
        ("New York Life is based in New York.", "New York Life", "New York", (0, 26)),
        ("Henry Ford, born Henry Ford, founded Ford.", "Ford", "Henry Ford", (37, 0)),
        # What is written to the letter is found before what is only named.
        ("Ford's founder is Henry.", "Ford's", "Henry Ford", (0, 18)),
        # One without words of its own has no place, and of two equal labels nobody knows which is which.
        ("Henry Ford was Henry Ford.", "Ford", "Henry Ford", None),
        ("Mexico is in Mexico.", "Mexico", "Mexico", None),
    ],
)
def test_two_labels_share_no_words(text, subject, object_, places):
    row = {"text": text, "triples": [{"subject": subject, "predicate": "hums", "object": object_}]}
    (example,) = lesson([LabelledText.model_validate(row)], FAMILY, KEYS).examples
    assert [(s.subject.start, s.object.start) for s in example.statements] == ([places] if places else [])


TWICE = "Ada hums Brahms. Ada, and Ada again, hums Brahms. Ada hums."


@pytest.mark.parametrize(
    ("known", "places"),
    [
        ({}, (0, 9)),
        # The sentence of the evidence is the one, though others hold both.
        ({"evidence": {"start": 17, "end": 49}}, (17, 42)),
        # Where it does not hold both, or is no place of the text, another does.
        ({"evidence": {"start": 50, "end": 59}}, (0, 9)),
        ({"evidence": {"start": 500, "end": 590}}, (0, 9)),
        ({"evidence": {"start": 7, "end": 7}}, (0, 9)),
        ({"evidence": "Ada hums Brahms."}, (0, 9)),
        ({"evidence": None}, (0, 9)),
        # Places that are known count, where they hold the words.
        ({"subject_at": {"start": 26, "end": 29}, "object_at": {"start": 42, "end": 48}}, (26, 42)),
        ({"subject_at": {"start": 27, "end": 29}, "object_at": {"start": 42, "end": 48}}, (0, 9)),
        ({"subject_at": {"start": 0, "end": 3}, "object_at": {"start": 42, "end": 48}}, (0, 9)),
    ],
)
def test_a_triple_is_taught_where_it_is_known_to_be_stated(known, places):
    row = {"text": TWICE, "triples": [{"subject": "Ada", "predicate": "hums", "object": "Brahms", **known}]}
    taught = LabelledText.model_validate(row)
    starts = {e.text: TWICE.index(e.text) for e in lesson([taught], FAMILY, KEYS).examples}
    stated = [(e, s) for e in lesson([taught], FAMILY, KEYS).examples for s in e.statements]
    assert [(starts[e.text] + s.subject.start, starts[e.text] + s.object.start) for e, s in stated] == [places]
    # What a person is given to correct has words alone.
    assert json.loads(row_json(taught))["triples"] == [{"subject": "Ada", "predicate": "hums", "object": "Brahms"}]


def test_what_is_only_named_counts_nowhere_but_in_the_evidence():
    text = "Lovelace hums Brahms. She hums."
    row = {"text": text, "triples": [{"subject": "Ada Lovelace", "predicate": "hums", "object": "Brahms"}]}
    assert not lesson([LabelledText.model_validate(row)], FAMILY, KEYS).unused
    row["triples"][0]["evidence"] = {"start": 22, "end": 31}
    assert lesson([LabelledText.model_validate(row)], FAMILY, KEYS).unused


@pytest.mark.parametrize(
    ("text", "labelled", "reason"),
    [
        ("Ada hums Brahms.", ("Ada", "sings", "Brahms"), "no property 'sings' in the ontology"),
        ("Ada hums Brahms.", ("Ada", "hums", "Liszt"), "subject and object stand in no one sentence of the text"),
        ("Ada hums 1.5 km.", ("Ada", "hums", "15 km"), "subject and object stand in no one sentence of the text"),
        ("Ada hums.", ("Ada", "hums", " "), "subject and object stand in no one sentence of the text"),
        ("Ada was there. Grace hums Brahms.", ("Ada", "hums", "Brahms"), "subject and object stand in no one sentence of the text"),
    ],
)
def test_a_labelled_triple_that_teaches_nothing_is_named(text, labelled, reason):
    assert taught(text, labelled) == ([], [reason])


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        # A line that is none is named in the words of JSON, after one as extract writes it and a blank one.
        ('{"id": "b"}', "text: is missing"),
        ('{"text": 7}', "text: must be text"),
        ('{"text": "Ada hums.", "triples": null}', "triples: must be a list"),
        ('{"text": "Ada hums.", "triples": ["Ada"]}', "triples.0: must be an object with subject, predicate and object"),
        ('{"text": "Ada hums.", "triples": [{"subject": "Ada"}]}', "triples.0.predicate: is missing"),
    ],
)
def test_what_extract_writes_is_read_and_a_wrong_line_is_named(tmp_path, line, problem):
    path = tmp_path / "examples.jsonl"
    path.write_text('{"id": "a", "text": "Ada hums.", "triples": [], "error": null}\n\n' + line + "\n", "utf-8")
    with pytest.raises(InputError, match=rf"examples\.jsonl:3: {problem}"):
        read_labelled(path)


@pytest.mark.parametrize(
    ("lines", "apart"),
    [
        # Each of two lines teaches that what the other adds is not stated.
        ([("Ada hums.", ["Ada"]), ("Ada hums.", [])], ["Ada hums."]),
        # The same labels in another order are the same.
        ([("Ada hums.", ["Ada", "Eva"]), ("Ada hums.", ["Eva", "Ada"]), ("Eva hums.", [])], []),
    ],
)
def test_a_text_labelled_in_two_ways_is_named(lines, apart):
    rows = [{"text": text, "triples": [{"subject": s, "predicate": "hums", "object": "x"} for s in names]} for text, names in lines]
    assert list(labelled_apart(map(LabelledText.model_validate, rows))) == apart


HABITS = Ontology(
    "habits",
    {},
    {
        "plays": Property("plays", "plays", range=("Game",)),
        "likes": Property("likes", "likes"),
        "born_in": Property("born_in", "born in", range=("Place",), functional=True),
        "married": Property("married", "married", range=("Person",), max_cardinality=1),
        "said": Property("said", "said", range=("string",)),
    },
)


@pytest.mark.parametrize(
    ("text", "labelled", "added"),
    [
        # Labels name a part of an enumeration: the others are as much of it.
        ("Ada plays Go, Chess and Bridge.", ["Ada plays Chess"], ["Ada plays Go", "Ada plays Bridge"]),
        ("Ada plays Go, Chess and Bridge.", ["Ada plays Chess", "Ada plays Go"], ["Ada plays Bridge"]),
        ("Ada plays Go, Chess and Bridge.", ["Ada plays Chess", "Ada plays Go", "Ada plays Bridge"], []),
        # So they are where anything can be an object, but not where there can be one alone, or no name.
        ("Ada likes Go and Chess.", ["Ada likes Chess"], ["Ada likes Go"]),
        ("Ada was born in London and Paris.", ["Ada born_in London"], []),
        ("Ada married Bob and Carl.", ["Ada married Bob"], []),
        ("Ada said Yes and No.", ["Ada said Yes"], []),
        # What is an object already is so of what is said of it, and nothing is said of itself.
        ("Ada plays Chess and likes Go and Bridge.", ["Ada plays Chess", "Ada likes Go"], ["Ada likes Bridge"]),
        ("Ada plays Chess and Go.", ["Ada plays Chess", "Ada likes Go"], []),
        ("Ada and Bob like each other.", ["Ada likes Bob"], []),
        ("Ada and Bob play Chess and Go.", ["Ada plays Chess", "Bob plays Chess"], ["Ada plays Go", "Bob plays Go"]),
        # Each sentence is one of its own.
        ("Ada plays Go. Bob plays Chess and Go.", ["Ada plays Go"], []),
    ],
)
def test_what_is_said_of_one_name_of_an_enumeration_is_said_of_all(text, labelled, added):
    triples = [dict(zip(("subject", "predicate", "object"), words.split(), strict=True)) for words in labelled]
    row = {"id": 1, "text": text, "triples": triples}
    keys = {name: name for name in HABITS.properties}
    learnt = lesson([LabelledText.model_validate(row)], HABITS, keys)
    assert learnt.added == tuple(("1", words.replace(" ", " | ")) for words in added)
    stated = {f"{s.subject.of(e.text)} {s.predicate} {s.object.of(e.text)}" for e in learnt.examples for s in e.statements}
    assert stated == {*labelled, *added}
    # Whoever judged the text has judged all of it.
    assert not lesson([JudgedText.model_validate(row)], HABITS, keys).added


@pytest.mark.parametrize("id_", [7, 1.5, "a", True, None])
def test_an_id_is_any_scalar_of_json(tmp_path, id_):
    (tmp_path / "examples.jsonl").write_text(json.dumps({"id": id_, "text": "Ada hums\u2028Brahms."}, ensure_ascii=False), "utf-8")
    (row,) = read_labelled(tmp_path / "examples.jsonl")
    assert (row.id, row.text) == (id_, "Ada hums\u2028Brahms.")


def test_a_row_is_read_as_it_was_written(tmp_path):
    row = LabelledText.model_validate({"id": 7, "text": "Ada hums Brahms.", "triples": []})
    (tmp_path / "examples.jsonl").write_text(row_json(row) + "\n", "utf-8")
    assert read_labelled(tmp_path / "examples.jsonl") == (row,)


SUNG = "Ada hums Brahms. Grace hums Liszt. Ada hums Brahms.\nEva hums."


def judged(outcome: Verdict, subject: str, object_: str, at: int | None, evidence: tuple[int, int] | None) -> JudgedTriple:
    """Build a judged triple of the first line of SUNG; the object stands behind the subject, if it is known where that stands."""
    made = triple(f"{subject}:Person", "hums", f"{object_}:Person", chunk_id=chunks_of(document(SUNG))[0].id)
    places = (None, None) if at is None else (at, SUNG.index(object_, at + 1))
    spans = [
        place if place is None else Span(place, place + len(name)) for name, place in zip((subject, object_), places, strict=True)
    ]
    arguments = {"subject": replace(made.subject, span=spans[0]), "object": replace(made.object, span=spans[1])}
    return JudgedTriple(replace(made, **arguments, evidence=Span(*evidence) if evidence else None), outcome)


ACCEPTED, UNSURE = Verdict.accepted(), Verdict.undecided(Reason.UNSURE, "in between")
REJECTED = Verdict.rejected(Reason.NOT_SUPPORTED, "")


@pytest.mark.parametrize(
    ("text", "is_elsewhere"),
    [
        ("Ada was here. She hums Brahms.", True),
        # A sentence names both sides, or the text is no more than a sentence.
        ("Ada was here. Ada hums Brahms.", False),
        ("She hums Brahms.", False),
    ],
)
def test_a_passage_may_state_what_no_sentence_of_it_names(text, is_elsewhere):
    row = {"text": text, "triples": [{"subject": "Ada", "predicate": "hums", "object": "Brahms"}]}
    assert names_elsewhere(LabelledText.model_validate(row)) is is_elsewhere


def test_what_stands_for_a_name_is_taught_as_the_name():
    text = "Ada Lovelace was here. Liszt, too. She hums Brahms, he hums. Eva hums Ada Lovelace."
    triples = [
        {"subject": "Ada Lovelace", "predicate": "hums", "object": "Brahms", "evidence": Span(0, 51)},
        {"subject": "Eva", "predicate": "hums", "object": "Ada Lovelace", "subject_at": Span(61, 64), "object_at": Span(70, 82)},
    ]
    row = JudgedText.model_validate({"id": 1, "text": text, "triples": triples, "undecided": [Span(23, 34)]})
    she = Anaphor(Span(35, 38), Referent("Ada Lovelace", Span(0, 12), 0), True, False, 0.9)
    spelled = spelled_out(row, [she])
    assert spelled.text == "Ada Lovelace was here. Liszt, too. Ada Lovelace hums Brahms, he hums. Eva hums Ada Lovelace."
    assert [place and place.of(spelled.text) for place in (spelled.triples[1].subject_at, spelled.triples[1].object_at)] == [
        "Eva",
        "Ada Lovelace",
    ]
    assert isinstance(spelled, JudgedText)
    assert [sentence.of(spelled.text) for sentence in spelled.undecided] == ["Liszt, too."]
    learnt = lesson([spelled], FAMILY, KEYS)
    assert not learnt.unused
    assert [(e.text, s.subject.of(e.text), s.object.of(e.text)) for e in learnt.examples for s in e.statements] == [
        ("Ada Lovelace hums Brahms, he hums.", "Ada Lovelace", "Brahms"),
        ("Eva hums Ada Lovelace.", "Eva", "Ada Lovelace"),
    ]


def test_what_judge_writes_is_taken_at_its_word(tmp_path):
    text = "Acme was founded by Ann. Globex was founded by Bob. Initech was founded by Eve."
    triples = [
        {"subject": "Acme", "predicate": "founded by", "object": "Ann", "verdict": "accepted"},
        {"subject": "Acme", "predicate": "founded by", "object": "Bob", "verdict": "rejected"},
        {
            "subject": "Globex",
            "predicate": "founded by",
            "object": "Bob",
            "verdict": "undecided",
            "evidence": {"start": 25, "end": 51},
        },
    ]
    (tmp_path / "judged.jsonl").write_text(json.dumps({"id": 1, "text": text, "triples": triples}))
    (row,) = read_labelled(tmp_path / "judged.jsonl")
    assert [(triple.subject, triple.object) for triple in row.triples] == [("Acme", "Ann")]
    assert [sentence.of(text) for sentence in row.undecided] == ["Globex was founded by Bob."]


@pytest.mark.parametrize(
    ("facts", "taught"),
    [
        # A chunk with an accepted triple teaches where it is stated, and that nothing is where nothing was accepted.
        ([(ACCEPTED, "Ada", "Brahms", 0, (0, 16))], {0: "Ada", 1: "", 2: ""}),
        ([(ACCEPTED, "Ada", "Brahms", 35, (35, 51))], {0: "", 1: "", 2: "Ada"}),
        # Without known places of the names, the evidence says which sentence.
        ([(ACCEPTED, "Ada", "Brahms", None, (35, 51))], {0: "", 1: "", 2: "Ada"}),
        # What was rejected is not stated.
        ([(ACCEPTED, "Ada", "Brahms", 0, (0, 16)), (REJECTED, "Grace", "Liszt", 17, (17, 34))], {0: "Ada", 1: "", 2: ""}),
        # A sentence that was left undecided teaches nothing at all; the others of its chunk do.
        ([(ACCEPTED, "Ada", "Brahms", 0, (0, 16)), (UNSURE, "Grace", "Liszt", 17, (17, 34))], {0: "Ada", 2: ""}),
        ([(ACCEPTED, "Ada", "Brahms", 0, (0, 16)), (UNSURE, "Grace", "Brahms", 17, (17, 51))], {0: "Ada"}),
        ([(ACCEPTED, "Ada", "Brahms", 0, (0, 16)), (UNSURE, "Brahms", "Liszt", 9, (0, 16))], {1: "", 2: ""}),
        # Without evidence it may be stated anywhere.
        ([(ACCEPTED, "Ada", "Brahms", 0, (0, 16)), (UNSURE, "Grace", "Liszt", None, None)], {}),
        # Chunks without an accepted triple teach nothing.
        ([(UNSURE, "Grace", "Liszt", 17, (17, 34))], None),
    ],
)
def test_judged_facts_teach_where_nothing_was_left_undecided(facts, taught):
    rows = judged_rows(chunks_of(document(SUNG)), [judged(*fact) for fact in facts])
    learnt = lesson(rows, FAMILY, KEYS)
    told = {int(e.id.rpartition("#")[2]): "".join(s.subject.of(e.text) for s in e.statements) for e in learnt.examples}
    assert (told if rows else None) == taught
    # Nothing is lost in silence.
    accepted = sum(outcome is ACCEPTED for outcome, *_ in facts)
    assert sum(map(bool, told.values())) + len(learnt.unused) == (accepted if rows else 0)
    assert all(len(row.undecided) == 3 - len(told) for row in rows)
