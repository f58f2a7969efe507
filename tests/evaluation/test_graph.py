"""When a fact of a graph counts as one of the gold."""

import json

import pytest

from kgbuild.errors import InputError
from kgbuild.evaluation.gold import GoldFact, read_gold_facts
from kgbuild.evaluation.graph import score_graph
from kgbuild.ontology.model import Ontology, Property
from kgbuild.records import Derivation, Entity, EntityRef, Evidence, Fact, LiteralValue, Span

ONTOLOGY = Ontology(
    "test",
    {},
    {
        prop.name: prop
        for prop in (
            Property("founded_by", "founded by"),
            Property("inception", "inception", range=("date",)),
            Property("staff", "staff", range=("integer",)),
            Property("subsidiary", "subsidiary", inverse_of="parent"),
            Property("parent", "parent", inverse_of="subsidiary"),
            Property("spouse", "spouse", symmetric=True),
        )
    },
)
ENTITIES = (
    Entity("ent_acme", "Acme Corp", "Company", aliases=("ACME",)),
    Entity("ent_bolt", "Bolt", "Company"),
    Entity("ent_ada", "Ada King", "Person", aliases=("Ada Lovelace",)),
    Entity("ent_will", "William King", "Person"),
)
EVIDENCE = (Evidence("doc_1", "chk_1", Span(0, 1), "x", "test", "rules", 1.0),)


def fact(subject, predicate, object_, derived_from=None):
    value = object_ if isinstance(object_, LiteralValue) else EntityRef(object_)
    return Fact(f"fct_{subject}{predicate}{object_}", subject, predicate, value, 1.0, EVIDENCE, derived_from=derived_from)


def gold(subject, predicate, object_, *object_aliases, document="a.txt"):
    return GoldFact(document, subject, predicate, object_, object_aliases=object_aliases)


@pytest.mark.parametrize(
    ("predicted", "stated", "is_right"),
    [
        # Any name or alias, case and blanks aside.
        (fact("ent_acme", "founded_by", "ent_ada"), gold("acme  corp", "founded_by", "Ada Lovelace"), True),
        (fact("ent_acme", "founded_by", "ent_ada"), gold("Acme", "founded_by", "Countess", "ada king"), True),
        (fact("ent_acme", "founded_by", "ent_ada"), gold("Acme", "founded_by", "William King"), False),
        # The predicate itself, or its inverse the other way round.
        (fact("ent_acme", "founded_by", "ent_ada"), gold("Acme", "led_by", "Ada King"), False),
        (fact("ent_acme", "subsidiary", "ent_bolt"), gold("Bolt", "parent", "Acme"), True),
        (fact("ent_acme", "subsidiary", "ent_bolt"), gold("Acme", "parent", "Bolt"), False),
        (fact("ent_will", "spouse", "ent_ada"), gold("Ada King", "spouse", "William King"), True),
        # A literal by its text, its value, or the value of the gold's words.
        (
            fact("ent_acme", "inception", LiteralValue("14 March 1998", "1998-03-14", "date")),
            gold("Acme", "inception", "March 14, 1998"),
            True,
        ),
        (fact("ent_acme", "inception", LiteralValue("1998", "1998", "gYear")), gold("Acme", "inception", "14 March 1998"), False),
        (fact("ent_acme", "staff", LiteralValue("1,500", "1500", "integer")), gold("Acme", "staff", "1500"), True),
    ],
)
def test_a_fact_is_right_when_predicate_and_names_match(predicted, stated, is_right):
    score = score_graph(ENTITIES, [predicted], [stated], ONTOLOGY)
    assert (score.scores.precision, score.scores.recall) == (float(is_right), float(is_right))
    assert score.alignment.wrong == (() if is_right else (predicted,))


def test_gold_lines_of_several_documents_are_one_fact_and_inferred_facts_do_not_count():
    lines = [
        gold("Acme Corp", "founded_by", "Ada King", "Ada", document="a.txt"),
        gold("Acme Corp", "founded_by", "Ada", document="b.txt"),
        gold("Bolt", "founded_by", "William King"),
    ]
    facts = [
        fact("ent_acme", "founded_by", "ent_ada"),
        fact("ent_bolt", "founded_by", "ent_ada"),
        fact("ent_bolt", "founded_by", "ent_will", derived_from=Derivation("rule", ("fct_1",))),
    ]
    score = score_graph(ENTITIES, facts, lines, ONTOLOGY)
    assert (score.predicted, score.gold) == (2, 2)
    assert (score.scores.precision, score.scores.recall, score.scores.f1) == (0.5, 0.5, 0.5)
    assert score.alignment.found == ((lines[0], lines[1]),)
    assert score.alignment.missed == ((lines[2],),)


def test_an_empty_graph_scores_nothing():
    score = score_graph([], [], [gold("a", "b", "c")], ONTOLOGY)
    assert (score.scores.f1, score.predicted, score.gold) == (0, 0, 1)


def test_gold_facts_are_read_line_by_line(tmp_path):
    file = tmp_path / "gold.jsonl"
    row = {"document": "a.txt", "subject": "Acme", "predicate": "founded_by", "object": "Ada"}
    file.write_text(json.dumps(row) + "\n\n" + json.dumps(row | {"object_aliases": ["Countess"]}) + "\n")
    assert read_gold_facts(file) == (gold("Acme", "founded_by", "Ada"), gold("Acme", "founded_by", "Ada", "Countess"))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("\n", "gold.jsonl: holds no fact"),
        ('{"document": "a"}', ":1: subject: Field required"),
        ('{"document": "a", "subject": "s", "predicate": "p", "object": 3}', ":1: object"),
        ("{", "is no JSON"),
        ("[1]", "is no JSON object"),
        ("\xff", "is no UTF-8 at byte 0"),
    ],
)
def test_a_gold_line_that_is_none_is_named(tmp_path, line, problem):
    (tmp_path / "gold.jsonl").write_text(line, "latin-1")
    with pytest.raises(InputError, match=problem):
        read_gold_facts(tmp_path / "gold.jsonl")
