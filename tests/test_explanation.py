"""Where a record comes from: the words, who says so, and what stands against it."""

from pathlib import Path

import pytest

from kgbuild.errors import GraphError
from kgbuild.explanation import ChunkExplained, EntityExplained, FactExplained, TripleExplained, explain
from kgbuild.extraction.compact import CompactAddress
from kgbuild.judging import JudgeAddress
from kgbuild.ledger import Snapshot
from kgbuild.ontology.reading import read
from kgbuild.records import Document, Outcome, Reason
from tests.test_pipeline import built, write

TEXTS = {
    "a.txt": "It rained. Ada:Person born_in London:City. It was cold.\nBob:Person born_in London:City.",
    "b.txt": "Ada:Person born_in Paris:City. Ada:Person employer Rome:City.",
}


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    built(write(tmp_path / "docs", TEXTS), tmp_path / "graph")
    return tmp_path / "graph"


def test_a_fact_is_explained_by_its_words_in_their_line_and_by_its_rivals(graph):
    with Snapshot.open(graph) as snapshot:
        names = {entity.id: entity.name for entity in snapshot.entities()}
        facts = {(names[fact.subject_id], names[fact.object.entity_id]): fact for fact in snapshot.facts()}
        explained = explain(snapshot, facts["Ada", "London"].id)
        assert isinstance(explained, FactExplained)
        (statement,) = explained.statements
        quoted = statement.quoted
        assert (quoted.uri, quoted.words) == ("a.txt", "Ada:Person born_in London:City")
        assert (quoted.before, quoted.after) == ("It rained. ", ". It was cold.")
        assert quoted.span.of(TEXTS["a.txt"]) == quoted.words
        # Only the triples of this fact, not Bob's.
        assert len(statement.triple_ids) == 1
        assert statement.named == ("Ada", "London")
        assert [(other, status) for _, other, status in explained.beside] == [("Paris", facts["Ada", "Paris"].status)]


def test_a_rejected_triple_is_explained_by_the_rule_that_decided(graph):
    with Snapshot.open(graph) as snapshot:
        (rejected,) = snapshot.rejected()
        explained = explain(snapshot, rejected.triple.id)
        assert isinstance(explained, TripleExplained)
        assert (explained.judged.verdict.outcome, explained.judged.verdict.reason) == (Outcome.REJECTED, Reason.OUTSIDE_RANGE)
        assert explained.quoted is not None
        assert explained.quoted.uri == "b.txt"
        assert explained.fact_ids == ()


def test_a_sentence_of_several_facts_states_each_by_its_own_triple(tmp_path):
    company = read("company")
    text = "Microsoft was founded by Bill Gates and Paul Allen in 1975. It is said that it was founded by Bill Gates."
    plan = {"extractor": CompactAddress(company), "judge": JudgeAddress("score", company), "ontology": company}
    built(write(tmp_path / "docs", {"a.txt": text}), tmp_path / "graph", **plan)
    with Snapshot.open(tmp_path / "graph") as snapshot:
        founders = [judged for judged in snapshot.judged() if judged.triple.predicate == "founded_by"]
        assert len({judged.triple.evidence for judged in founders}) < len(founders)
        for judged in snapshot.judged():
            explained = explain(snapshot, judged.triple.id)
            stated = [explain(snapshot, id_) for id_ in explained.fact_ids]
            assert bool(stated) == (judged.verdict.outcome is Outcome.ACCEPTED)
            for fact in stated:
                assert fact.object in (judged.triple.object.text, getattr(judged.triple.object, "value", ""))
                assert judged.triple.id in {id_ for statement in fact.statements for id_ in statement.triple_ids}
        for fact in snapshot.facts():
            named = {name for statement in explain(snapshot, fact.id).statements for name in statement.named}
            assert len(named) == 2


def test_a_fact_stands_beside_what_it_clashes_with_about_another_subject(tmp_path):
    text = "Acme:Company led_by Eve:Person. Acme:Company led_by Eve:Person. Bolt:Company led_by Eve:Person."
    built(write(tmp_path / "docs", {"a.txt": text}), tmp_path / "graph")
    with Snapshot.open(tmp_path / "graph") as snapshot:
        beside = {explain(snapshot, fact.id).subject: explain(snapshot, fact.id).beside for fact in snapshot.facts()}
    assert [words for _, words, _ in beside["Bolt"]] == ["Acme — led_by — Eve"]
    assert [words for _, words, _ in beside["Acme"]] == ["Bolt — led_by — Eve"]


def test_a_mention_is_explained_by_its_entity(graph):
    with Snapshot.open(graph) as snapshot:
        for entity in snapshot.entities():
            assert {explain(snapshot, id_).entity.id for id_ in entity.mention_ids} == {entity.id}


def test_every_kind_of_record_is_found_by_its_id(graph):
    with Snapshot.open(graph) as snapshot:
        for records, kind in (
            (snapshot.documents(), Document),
            (snapshot.chunks(), ChunkExplained),
            (snapshot.entities(), EntityExplained),
            (snapshot.facts(), FactExplained),
        ):
            assert all(isinstance(explain(snapshot, record.id), kind) for record in list(records))
        for unknown in ("fct_unknown", "nonsense", ""):
            assert explain(snapshot, unknown) is None


def test_what_went_with_its_document_is_not_found_any_more(graph):
    with Snapshot.open(graph) as snapshot:
        before = {record.id for kind in ("documents", "chunks", "facts") for record in getattr(snapshot, kind)()}
    built(write(graph.parent / "docs", {"a.txt": TEXTS["a.txt"]}), graph)
    with Snapshot.open(graph) as snapshot:
        left = {record.id for kind in ("documents", "chunks", "facts") for record in getattr(snapshot, kind)()}
        assert {id_ for id_ in before if explain(snapshot, id_) is not None} == left & before
        (document,) = {id_ for id_ in before - left if id_.startswith("doc")}
        with pytest.raises(GraphError, match="has no document"):
            snapshot.text_of(document)
