"""Examples to fine-tune language models with: the questions that kgbuild asks, and answers that its graph is sure of."""

import json
from dataclasses import replace

import pytest

from kgbuild.extraction.grammar import Copyable, Shapes
from kgbuild.extraction.grounding import Flattened
from kgbuild.extraction.llm import LlmExtractor
from kgbuild.extraction.open_mode import OPEN
from kgbuild.ids import identified
from kgbuild.judging.llm_support import questions
from kgbuild.judging.protocol import Candidates
from kgbuild.llm.protocol import NoReplies
from kgbuild.llm.recorded import Recorded, RecordedReplies
from kgbuild.ontology.model import Property
from kgbuild.prompts import read_prompt
from kgbuild.records import Failure, JudgedTriple, Reason, Verdict, moved
from kgbuild.stores.files import export_extraction_training, export_judge_training
from tests.builders import COMPANIES, Graph, chunks_of, document, triple
from tests.extraction.test_grammar import accepts

ACCEPTED = Verdict.accepted(0.97, "judge")
UNSUPPORTED = Verdict.rejected(Reason.NOT_SUPPORTED, "probability 0.02", 0.02, "judge")
UNSURE = Verdict.undecided(Reason.UNSURE, "probability 0.5", 0.5, "judge")


ONTOLOGY = replace(
    COMPANIES,
    properties={
        **COMPANIES.properties,
        "plants": Property("plants", "plants", domain=("Organization",), range=("integer",)),
        "owns": Property("owns", "owns", domain=("Organization",), range=("Organization",)),
        "spouse": Property("spouse", "spouse", domain=("Person",), range=("Person",), symmetric=True),
        "part_of": Property("part_of", "part of", domain=("City",), range=("City",), transitive=True),
    },
)


class JudgedInMemory(Graph):
    """A graph in memory that also tells every candidate judged for it."""

    def judged(self):
        yield from sorted(self.all_rejected, key=lambda one: one.triple.id)


def graph_of(text, *claims, failures=()):
    """A graph of one text, one chunk a line; a claim is (subject, predicate, object[, verdict]), stated by its whole line."""
    source = document(text)
    chunks = chunks_of(source)
    judged = []
    for subject, predicate, object_, *given in claims:
        words = [side.rpartition(":")[0] or side.rpartition("^")[0] for side in (subject, object_)]
        first = next(chunk.text for chunk in chunks if all(word in chunk.text for word in words))
        for chunk in chunks:
            if chunk.text == first:
                candidate = moved(triple(subject, predicate, object_, first), chunk.span.start, source.id, chunk.id)
                judged.append(JudgedTriple(identified(candidate), *(given or [ACCEPTED])))
    return JudgedInMemory((source,), chunks, all_rejected=tuple(judged), all_failures=tuple(failures), ontology=ONTOLOGY)


def lines(path):
    return [json.loads(line)["messages"] for line in path.read_text("utf-8").splitlines()]


def judge_lessons(graph, tmp_path):
    """What the examples say of each fact, and how many there are of each kind."""
    counts = export_judge_training(graph, tmp_path / "judge.jsonl")
    facts = {}
    for question, answer in lines(tmp_path / "judge.jsonl"):
        (fact,) = [line.removeprefix("Fact: ") for line in question["content"].split("\n") if line.startswith("Fact: ")]
        assert fact not in facts
        facts[fact] = answer["content"]
    return facts, dict(counts)


ADA = "Ada founded Acme after she had left Bolt, based in Paris."


def test_what_is_stated_is_a_yes_and_what_is_not_a_no(tmp_path):
    graph = graph_of(
        ADA,
        ("Ada:Person", "founded", "Acme:Company"),
        ("Bolt:Company", "based_in", "Paris:City"),
        ("Ada:Person", "employer", "Acme:Company", UNSUPPORTED),
    )
    facts, counts = judge_lessons(graph, tmp_path)
    assert facts == {
        "Ada | founded | Acme": "yes",
        "Bolt | based in | Paris": "yes",
        # What a judge rejected.
        "Ada | employer | Acme": "no",
        # Another name of the sentence, in either place.
        "Ada | founded | Bolt": "no",
        "Acme | based in | Paris": "no",
    }
    assert counts == {"stated": 2, "not supported": 1, "other object": 1, "other subject": 1}


def test_the_question_is_the_one_that_the_judge_asks(tmp_path):
    graph = graph_of(ADA, ("Ada:Person", "founded", "Acme:Company"))
    export_judge_training(graph, tmp_path / "judge.jsonl")
    (chunk,) = graph.all_chunks
    asked = questions(Candidates(chunk, (graph.all_rejected[0].triple,)), ONTOLOGY, read_prompt("judge"))
    first = lines(tmp_path / "judge.jsonl")[0]
    assert [(turn["role"], turn["content"]) for turn in first] == [("user", next(iter(asked)).content), ("assistant", "yes")]


@pytest.mark.parametrize(
    ("text", "claims", "negative"),
    [
        # Swapped, where the classes allow it.
        ("Acme owns Bolt.", [("Acme:Company", "owns", "Bolt:Company")], "Bolt | owns | Acme"),
        # Another property of the same classes, once it is known that neither implies the other.
        (
            "\n".join(f"P{n} founded C{n}.\nP{n} works for D{n}." for n in range(20)),
            [
                claim
                for n in range(20)
                for claim in ((f"P{n}:Person", "founded", f"C{n}:Company"), (f"P{n}:Person", "employer", f"D{n}:Company"))
            ],
            "P7 | employer | C7",
        ),
        # Of a literal no property implies another.
        ("Acme, founded in 1900.", [("Acme:Company", "employees", "1900^integer")], "Acme | plants | 1900"),
        # A literal is exchanged for a literal.
        (
            "Ada, born on 1815-12-10, met Bob, born on 1816-02-03.",
            [("Ada:Person", "born_on", "1815-12-10^date"), ("Bob:Person", "born_on", "1816-02-03^date")],
            "Ada | born on | 1816-02-03",
        ),
    ],
)
def test_hard_negatives(text, claims, negative, tmp_path):
    facts, _ = judge_lessons(graph_of(text, *claims), tmp_path)
    assert facts[negative] == "no"


@pytest.mark.parametrize(
    ("text", "claims", "absent"),
    [
        # Names of one list: who founded Acme did so with the other.
        (
            "Ada and Bob founded Acme, and Bob left Bolt.",
            [("Ada:Person", "founded", "Acme:Company"), ("Bob:Person", "employer", "Bolt:Company")],
            "Bob | founded | Acme",
        ),
        # What was left undecided here or is accepted elsewhere.
        (
            ADA,
            [("Ada:Person", "founded", "Acme:Company"), ("Ada:Person", "founded", "Bolt:Company", UNSURE)],
            "Ada | founded | Bolt",
        ),
        (
            f"{ADA}\nADA founded BOLT.",
            [("Ada:Person", "founded", "Acme:Company"), ("ADA:Person", "founded", "BOLT:Company")],
            "Ada | founded | Bolt",
        ),
        # A property whose own word stands in the sentence.
        ("Acme has 12 plants in all.", [("Acme:Company", "employees", "12^integer")], "Acme | plants | 12"),
        # A property that may be implied: nothing is known of the two.
        ("Ada heads Acme.", [("Ada:Person", "founded", "Acme:Company")], "Ada | employer | Acme"),
        # A property that others have been found to have as well.
        (
            "\n".join(f"P{n} founded C{n}.\nP{n} works for D{n}." for n in range(20)),
            [
                claim
                for n in range(20)
                for claim in (
                    (f"P{n}:Person", "founded", f"C{n}:Company"),
                    (f"P{n}:Person", "employer", f"D{n}:Company"),
                    *([("P3:Person", "employer", "C3:Company")] if n == 3 else []),
                )
            ],
            "P7 | employer | C7",
        ),
        # A thing as its own other side.
        ("Ada founded Ada.", [("Ada:Person", "founded", "Ada:Company")], "Ada | employer | Ada"),
        # A rejected claim that another chunk states.
        (
            "Ada met Acme.\nADA works for ACME.",
            [("Ada:Person", "employer", "Acme:Company", UNSUPPORTED), ("ADA:Person", "employer", "ACME:Company")],
            "Ada | employer | Acme",
        ),
        # A symmetric property the other way round, and a transitive one further on.
        ("Ada married Bob.", [("Ada:Person", "spouse", "Bob:Person")], "Bob | spouse | Ada"),
        (
            "Soho is a part of London, which lies in England.",
            [("Soho:City", "part_of", "London:City"), ("London:City", "part_of", "England:City")],
            "Soho | part of | England",
        ),
        # What the rules refuse is never asked about.
        (ADA, [("Ada:Person", "founded", "Acme:Company")], "Acme | founded | Ada"),
    ],
)
def test_what_the_text_may_state_after_all_is_no_negative(text, claims, absent, tmp_path):
    facts, _ = judge_lessons(graph_of(text, *claims), tmp_path)
    assert "yes" in facts.values()
    assert absent not in facts


def test_chunks_that_read_alike_teach_once(tmp_path):
    graph = graph_of("Ada founded Acme.\nAda founded Acme.", ("Ada:Person", "founded", "Acme:Company"))
    facts, counts = judge_lessons(graph, tmp_path)
    assert facts["Ada | founded | Acme"] == "yes"
    assert counts["stated"] == 1


def test_equal_graphs_give_equal_bytes_in_whatever_order_their_records_come(tmp_path):
    claims = [("Ada:Person", "founded", "Acme:Company"), ("Bolt:Company", "based_in", "Paris:City")]
    for export in (export_judge_training, export_extraction_training):
        for name, order in (("one", claims), ("other", claims[::-1])):
            export(graph_of(ADA, *order), tmp_path / name)
        assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes() != b""


STATED = [
    ("Ada:Person", "founded", "Acme:Company"),
    ("Acme:Company", "employees", "250^integer"),
    ("Bolt:Company", "based_in", "Paris:City"),
]
TEXT = "Ada \u201cthe first\u201d founded Acme. It has Acme 250 people [sic].\nBolt is based in Paris.\nIt rained."


def test_an_extractor_that_answers_as_it_was_taught_finds_what_was_accepted(tmp_path):
    """The examples go back in as recorded replies: equal questions, and out come the accepted triples."""
    graph = graph_of(TEXT, *STATED)
    assert export_extraction_training(graph, tmp_path / "extraction.jsonl") == {"with triples": 2, "without any": 1}
    taught = lines(tmp_path / "extraction.jsonl")
    assert [len(turns) for turns in taught] == [3, 3, 3]
    replies = tuple(Recorded(user["content"], reply=answer["content"]) for _, user, answer in taught)
    model = RecordedReplies(replies)
    found = LlmExtractor(model, ONTOLOGY, NoReplies()).extract(list(graph.chunks()))
    assert [request.messages[0].content for request in model.asked] == [system["content"] for system, _, _ in taught]

    def said(candidate):
        object_ = candidate.object
        return [(end.span, end.text, getattr(end, "class_name", "")) for end in (candidate.subject, object_)], candidate.predicate

    assert sorted(map(str, (said(one) for extraction in found for one in extraction.candidates))) == sorted(
        str(said(one.triple)) for one in graph.all_rejected
    )


def test_without_an_ontology_the_answers_are_what_the_open_grammar_allows(tmp_path):
    claims = [("Ada:Person", "founded", "Acme:Organization"), ("Bolt:Organization", "based_in", "Paris:Place")]
    graph = replace(graph_of(TEXT, *claims), ontology=OPEN)
    export_extraction_training(graph, tmp_path / "extraction.jsonl")
    taught = [turns[-1]["content"] for turns in lines(tmp_path / "extraction.jsonl")]
    shown = [Flattened.of(chunk.text) for chunk in graph.chunks()]
    for answer in taught:
        allowed = [Shapes(OPEN).grammar(Copyable.of(text), range(1, len(text.sentences) + 1)) for text in shown]
        assert any(accepts(lark, answer) for lark in allowed), answer
    assert sum(answer != "[]" for answer in taught) == 2


@pytest.mark.parametrize(
    ("claims", "failures"),
    [
        # What nobody knows the right answer for teaches nothing: something undecided, everything rejected, a part not read.
        ([*STATED[:1], ("Ada:Person", "employer", "Acme:Company", UNSURE)], ()),
        ([("Ada:Person", "employer", "Acme:Company", UNSUPPORTED)], ()),
        (STATED[:1], ("no answer",)),
    ],
)
def test_chunks_without_a_sure_answer_are_left_out(claims, failures, tmp_path):
    graph = graph_of("Ada founded Acme.", *claims)
    failed = tuple(Failure("extraction", "note.txt", graph.all_chunks[0].id, reason, "") for reason in failures)
    assert export_extraction_training(replace(graph, all_failures=failed), tmp_path / "out.jsonl") == {}
    assert (tmp_path / "out.jsonl").read_bytes() == b""
