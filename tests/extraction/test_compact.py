"""The compact extractor with the shipped weights."""

import json
import subprocess
import sys

import pytest

from kgbuild.extraction import opened
from kgbuild.extraction.compact import CompactAddress, CompactExtractor
from kgbuild.ontology.model import Ontology, OntologyClass, Property
from kgbuild.ontology.reading import bundled, read
from kgbuild.records import Chunk, Literal, Mention, Span
from tests.builders import chunks_of, document

TEXT = """Ada Lovelace was born in London on 10 December 1815.
Acme Steel was founded in 1901 by Ruth Baker and is headquartered in Dayton, Ohio.
The meeting was short, and the coffee was cold.
In May 2004 Globex Corporation bought Initech Inc. for $75 million."""


@pytest.fixture(scope="module")
def extractor() -> CompactExtractor:
    return CompactExtractor.open(read("company"))


@pytest.fixture(scope="module")
def chunks() -> tuple[Chunk, ...]:
    return chunks_of(document("Preface.\n" + TEXT))


def stated(extractor: CompactExtractor, text: str) -> set[tuple[str, str, str]]:
    extraction = extractor.extract([Chunk("chk_test", "doc_test", 0, Span(0, len(text)), text)])[0]
    return {(t.subject.text, t.predicate, t.object.text) for t in extraction.candidates if t.score >= 0.3}


@pytest.mark.parametrize(
    ("text", "triple"),
    [
        # A property between things of two classes.
        ("Ada Lovelace was born in London on 10 December 1815.", ("Ada Lovelace", "born_in", "London")),
        # A property that takes a date takes it as written.
        ("Ada Lovelace was born in London on 10 December 1815.", ("Ada Lovelace", "date_of_birth", "10 December 1815")),
        # The subject may stand after the object.
        ("Acme Steel was founded in 1901 by Ruth Baker.", ("Acme Steel", "founded_by", "Ruth Baker")),
        ("In May 2004 Globex Corporation bought Initech for $75 million.", ("Initech", "owned_by", "Globex Corporation")),
        # A property that public data does not teach was taught by made-up sentences.
        (
            "Shares of Acme Steel are traded on the London Stock Exchange.",
            ("Acme Steel", "stock_exchange", "London Stock Exchange"),
        ),
    ],
)
def test_a_stated_triple_is_found(text, triple, extractor):
    assert triple in stated(extractor, text)


@pytest.mark.parametrize(
    "text",
    [
        "The meeting was short, and the coffee was cold.",
        "It rained all day.",
        "Please close the door when you leave.",
        "12 34 56",
        "…",
        "\x00\x01 \u200b",
    ],
)
def test_nothing_is_found_where_nothing_is_stated(text, extractor):
    assert stated(extractor, text) == set()


def test_every_span_holds_its_words_and_evidence_both(extractor, chunks):
    whole = "Preface.\n" + TEXT
    candidates = [c for extraction in extractor.extract(chunks) for c in extraction.candidates]
    assert candidates
    for candidate in candidates:
        assert candidate.evidence is not None
        assert candidate.evidence.of(whole) == candidate.quote
        for argument in (candidate.subject, candidate.object):
            assert argument.span is not None
            assert argument.span.of(whole) == argument.text
            assert candidate.evidence.contains(argument.span)


@pytest.mark.parametrize(
    ("text", "subject", "predicate", "object_", "evidence"),
    [
        # What a pronoun or "the company" stands for is named in an earlier sentence: both are the evidence.
        (
            "Ann Lee was born in Rome. She studied at Yale.",
            "Ann Lee",
            "educated_at",
            "Yale",
            "Ann Lee was born in Rome. She studied at Yale.",
        ),
        (
            "Ann Lee was born in Rome.\nHer husband is Bob Ray.",
            "Ann Lee",
            "spouse",
            "Bob Ray",
            "Ann Lee was born in Rome.\nHer husband is Bob Ray.",
        ),
        (
            "Acme Steel is old. It has its headquarters in Dayton.",
            "Acme Steel",
            "headquarters",
            "Dayton",
            "Acme Steel is old. It has its headquarters in Dayton.",
        ),
        (
            "Acme Steel is old. The company was founded in 1901.",
            "Acme Steel",
            "inception",
            "1901",
            "Acme Steel is old. The company was founded in 1901.",
        ),
        # It may be the object.
        (
            "Ann Lee was born in Rome. Acme Steel was founded by her in 1901.",
            "Acme Steel",
            "founded_by",
            "Ann Lee",
            "Ann Lee was born in Rome. Acme Steel was founded by her in 1901.",
        ),
        # What does not lean on an earlier sentence has its own alone.
        ("Ann Lee was born in Rome. She studied at Yale.", "Ann Lee", "born_in", "Rome", "Ann Lee was born in Rome."),
    ],
)
def test_what_a_pronoun_stands_for_is_found_where_it_is_named(text, subject, predicate, object_, evidence, extractor):
    before = "Preface.\n\n"
    extraction = extractor.extract([Chunk("chk_test", "doc_test", 0, Span(40, 40 + len(before + text)), before + text)])[0]
    found = [c for c in extraction.candidates if (c.subject.text, c.predicate, c.object.text) == (subject, predicate, object_)]
    assert [candidate.quote for candidate in found] == [evidence]
    for candidate in found:
        assert candidate.evidence == Span(40, 40 + len(evidence)).shifted((before + text).index(evidence))
        for argument in (candidate.subject, candidate.object):
            assert argument.span.shifted(-40).of(before + text) == argument.text


def test_a_literal_keeps_its_words_and_has_a_normalised_value(extractor, chunks):
    literals = {c.object.text: c.object for e in extractor.extract(chunks) for c in e.candidates if isinstance(c.object, Literal)}
    assert literals["10 December 1815"].value == "1815-12-10"
    assert literals["10 December 1815"].datatype == "date"


@pytest.mark.parametrize("name", bundled())
def test_classes_and_properties_fit_the_ontology(name, chunks):
    ontology = read(name)
    for extraction in CompactExtractor.open(ontology).extract(chunks):
        for candidate in extraction.candidates:
            prop = ontology.properties[candidate.predicate]
            assert ontology.is_a(candidate.subject.class_name, prop.domain)
            if isinstance(candidate.object, Mention):
                assert ontology.is_a(candidate.object.class_name, prop.range_classes)
            else:
                assert prop.datatypes


def test_the_other_chunks_of_a_batch_make_no_difference(extractor, chunks):
    together = extractor.extract(chunks)
    alone = [extractor.extract([chunk])[0] for chunk in reversed(chunks)][::-1]
    assert together == alone


def test_another_process_finds_the_same_to_the_last_digit(extractor, chunks):
    here = [[c.id, c.score] for e in extractor.extract(chunks) for c in e.candidates]
    code = (
        "import json, sys; sys.path.insert(0, '.')\n"
        "from kgbuild.extraction.compact import CompactExtractor\n"
        "from kgbuild.ontology.reading import read\n"
        "from tests.builders import chunks_of, document\n"
        "from tests.extraction.test_compact import TEXT\n"
        "chunks = chunks_of(document('Preface.\\n' + TEXT))[::-1]\n"
        "made = CompactExtractor.open(read('company')).extract(chunks)[::-1]\n"
        "print(json.dumps([[c.id, c.score] for e in made for c in e.candidates]))\n"
    )
    there = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert json.loads(there) == here


UNTAUGHT = Ontology(
    "kitchen",
    {"Dish": OntologyClass("Dish", "dish"), "Spice": OntologyClass("Spice", "spice")},
    {"seasoned_with": Property("seasoned_with", "seasoned with", domain=("Dish",), range=("Spice",))},
    digest="kitchen",
)


def test_properties_never_taught_are_left_out_unless_asked_for():
    text = "Goulash is seasoned with paprika, and the pudding with nutmeg."
    chunk = Chunk("chk_test", "doc_test", 0, Span(0, len(text)), text)
    assert CompactExtractor.open(UNTAUGHT).extract([chunk])[0].candidates == ()
    guessed = CompactExtractor.open(UNTAUGHT, uncovered=True).extract([chunk])[0]
    assert {c.predicate for c in guessed.candidates} <= {"seasoned_with"}


def test_the_key_tells_ontology_weights_and_guessing_apart(extractor):
    keys = {extractor.key, CompactExtractor.open(UNTAUGHT).key, CompactExtractor.open(UNTAUGHT, uncovered=True).key}
    assert len(keys) == 3


def test_the_same_address_opens_the_same_extractor():
    assert opened(CompactAddress(UNTAUGHT)) is opened(CompactAddress(UNTAUGHT))


def test_a_very_long_sentence_is_read_in_parts(extractor):
    text = " and ".join(["Ada Lovelace was born in London"] * 120)
    assert ("Ada Lovelace", "born_in", "London") in stated(extractor, text)
