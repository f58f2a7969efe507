import json
from dataclasses import replace

import pytest

from kgbuild.compact.taught import LabelledText, judged_rows, lesson, read_labelled, row_json
from kgbuild.errors import InputError
from kgbuild.ontology.model import Ontology, Property
from kgbuild.records import JudgedTriple, Reason, Verdict
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
    ],
)
def test_a_labelled_triple_is_found_in_its_text(text, labelled, stated):
    assert taught(text, labelled) == ([stated], [])


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


def test_what_extract_writes_is_read_and_a_wrong_line_is_named(tmp_path):
    path = tmp_path / "examples.jsonl"
    path.write_text('{"id": "a", "text": "Ada hums.", "triples": [], "error": null}\n\n{"id": "b"}\n', "utf-8")
    with pytest.raises(InputError, match=r"examples\.jsonl:3: text: Field required"):
        read_labelled(path)


@pytest.mark.parametrize("id_", [7, 1.5, "a", True, None])
def test_an_id_is_any_scalar_of_json(tmp_path, id_):
    (tmp_path / "examples.jsonl").write_text(json.dumps({"id": id_, "text": "Ada hums\u2028Brahms."}, ensure_ascii=False), "utf-8")
    (row,) = read_labelled(tmp_path / "examples.jsonl")
    assert (row.id, row.text) == (id_, "Ada hums\u2028Brahms.")


def test_a_row_is_read_as_it_was_written(tmp_path):
    row = LabelledText.model_validate({"id": 7, "text": "Ada hums Brahms.", "triples": []})
    (tmp_path / "examples.jsonl").write_text(row_json(row) + "\n", "utf-8")
    assert read_labelled(tmp_path / "examples.jsonl") == (row,)


def test_judged_facts_teach_where_nothing_was_left_undecided():
    chunks = chunks_of(document("Ada hums Brahms.\nGrace hums Liszt.\nNobody hums."))
    accepted = [triple("Ada:Person", "hums", "Brahms:Person"), triple("Grace:Person", "hums", "Liszt:Person")]
    placed = [replace(t, chunk_id=chunk.id) for chunk, t in zip(chunks, accepted, strict=False)]
    unsure = replace(triple("Liszt:Person", "hums", "Grace:Person"), chunk_id=chunks[1].id)
    judged = [JudgedTriple(t, Verdict.accepted()) for t in placed]
    judged.append(JudgedTriple(unsure, Verdict.undecided(Reason.UNSURE, "in between")))
    (row,) = judged_rows(chunks, judged)
    assert row.text == "Ada hums Brahms."
    assert [(t.subject, t.predicate, t.object) for t in row.triples] == [("Ada", "hums", "Brahms")]
