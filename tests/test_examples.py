"""The demo corpus: what is in it, and that its gold says what its documents say."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from kgbuild.documents import find_files, read_file
from kgbuild.ontology import read

EXAMPLES = Path(__file__).parents[1] / "examples"
READ = [read_file(file.path, file.uri) for file in find_files(EXAMPLES / "documents")]
TEXTS = {document.uri: document.text for documents, _ in READ for document in documents}
FAILURES = {failure.uri: failure.reason for _, failures in READ for failure in failures}
GOLD = [json.loads(line) for line in (EXAMPLES / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
COMPANY = read("company")
NO_FACTS = {"notes/minutes.md", "news/wire.jsonl#weather"}
DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


def test_the_corpus_has_many_documents_in_many_formats():
    assert len(TEXTS) >= 28
    assert {Path(uri.partition("#")[0]).suffix for uri in TEXTS} == {".txt", ".md", ".html", ".jsonl", ".csv"}


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        # What gives no document at all, and what gives one with holes in it.
        ("hostile/annual-report.pdf", None),
        ("hostile/empty.txt", None),
        ("hostile/broken-bytes.txt", "broken encoding"),
    ],
)
def test_every_kind_of_failure_is_shown(uri, reason):
    assert uri in FAILURES
    assert reason in (None, FAILURES[uri])
    assert (uri in TEXTS) is (reason is not None)


def test_one_document_is_a_single_line_of_a_megabyte():
    text = TEXTS["hostile/one-long-line.txt"]
    assert len(text) > 1_000_000
    assert "\n" not in text


def test_every_document_that_states_a_fact_has_gold():
    assert set(TEXTS) - {line["document"] for line in GOLD} == NO_FACTS


@pytest.mark.parametrize(
    "line", GOLD, ids=lambda line: f"{line['document']}: {line['subject']} {line['predicate']} {line['object']}"
)
def test_gold_keeps_to_the_words_of_its_document_and_to_the_ontology(line):
    assert set(line) <= {"document", "subject", "predicate", "object", "subject_aliases", "object_aliases"}
    text = TEXTS[line["document"]]
    prop = COMPANY.properties[line["predicate"]]
    # The first name stands in the text word for word; the aliases are other forms of it, or the ISO form of a date.
    for name in (line["subject"], line["object"], *line.get("subject_aliases", ())):
        assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text), f"{name!r} does not occur"
    values = [line["object"], *line.get("object_aliases", ())]
    assert prop.datatypes != ("date",) or any(DATE.fullmatch(value) for value in values)
    assert prop.datatypes != ("integer",) or any(value.isdecimal() for value in values)


def test_gold_has_each_fact_of_a_document_once():
    """An inverse or a mirror image is the same fact, so only one of the two stands in the gold."""
    counts = Counter((line["document"], *COMPANY.one_way(line["subject"], line["predicate"], line["object"])) for line in GOLD)
    assert [fact for fact, count in counts.items() if count > 1] == []


def test_no_name_stands_on_both_sides_of_disjoint_classes():
    """Whoever is born somewhere is a Person, whatever has a head office an Organization; none is both."""
    classes: dict[str, set[str]] = {}
    for line in GOLD:
        prop = COMPANY.properties[line["predicate"]]
        for name, allowed in ((line["subject"], prop.domain), (line["object"], prop.range_classes)):
            if len(allowed) == 1:
                top = COMPANY.ancestors(allowed[0]) & {"Person", "Organization", "Place", "Award"}
                classes.setdefault(name, set()).update(top)
    assert {name: found for name, found in classes.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("subject", "predicate", "values"),
    [
        ("Microsoft", "inception", {"1975-04-04", "1976-04-04"}),
        ("Soichiro Honda", "date_of_birth", {"1906-11-17", "1907-11-07"}),
    ],
)
def test_two_pairs_of_documents_contradict_each_other(subject, predicate, values):
    stated = {
        next(value for value in (line["object"], *line.get("object_aliases", ())) if DATE.fullmatch(value))
        for line in GOLD
        if subject in (line["subject"], *line.get("subject_aliases", ())) and line["predicate"] == predicate
    }
    assert COMPANY.properties[predicate].functional
    assert stated == values


def test_facts_are_stated_by_several_documents_under_different_names():
    sources: dict[tuple[str, str], set[str]] = {}
    for line in GOLD:
        if "IBM" in (line["subject"], *line.get("subject_aliases", ())) or "Big Blue" in line.get("subject_aliases", ()):
            sources.setdefault((line["predicate"], line["object"]), set()).add(line["document"])
    assert {key: len(documents) for key, documents in sources.items() if len(documents) > 1} == {
        ("headquarters", "Armonk"): 2,
        ("chief_executive", "Arvind Krishna"): 2,
        ("chief_executive", "Ginni Rometty"): 2,
    }
