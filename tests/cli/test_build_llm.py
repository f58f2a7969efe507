"""`kgbuild build` with a language model, as a person runs it: on recorded replies, or beside a server on this machine."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kgbuild.cli import app
from kgbuild.ledger import Snapshot
from kgbuild.ontology import read
from tests.llm.server import LoopbackServer


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in a folder where documents and recorded replies lie, and return what it prints; `graph` is KGBUILD_GRAPH."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KGBUILD_GRAPH", str(tmp_path / "graph"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    (tmp_path / "documents").mkdir()

    def invoke(*arguments, exit_code=0):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert result.exit_code == exit_code, (result.output, result.exception)
        return result.stdout

    return invoke


def document(name, text, *triples, folder="documents"):
    """Write a document and the reply about it, of triples "sentence | subject:Class | property | object:Class | name=words"."""
    with open(f"{folder}/{name}", "w") as file:
        file.write(text)
    with open("replies.jsonl", "a") as file:
        file.write(json.dumps({"asked": f"] {text[:14]}", "reply": json.dumps([*map(triple, triples)])}) + "\n")


def triple(words):
    sentence, subject, predicate, object_, *qualifiers = words.split(" | ")
    (subject, subject_class), (object_, object_class) = (end.partition(":")[::2] for end in (subject, object_))
    made = {"sentence": int(sentence), "subject": subject, "subject_class": subject_class, "property": predicate, "object": object_}
    made |= {"object_class": object_class} if object_class else {}
    return made | ({"qualifiers": dict(pair.split("=") for pair in qualifiers)} if qualifiers else {})


def answers(**replies):
    """Record what else is answered: by words of the question, with spaces for underscores."""
    with open("replies.jsonl", "a") as file:
        file.writelines(json.dumps({"asked": words.replace("_", " "), "reply": reply}) + "\n" for words, reply in replies.items())


def built(run, *options):
    return json.loads(run("build", "documents", "--llm", f"recorded:{Path('replies.jsonl').resolve()}", *options, "--json"))


def facts():
    with Snapshot.open(Path("graph")) as snapshot:
        return {
            (snapshot.entity(fact.subject_id).name, fact.predicate, getattr(fact.object, "text", None) or _name(snapshot, fact))
            for fact in snapshot.facts()
        }


def _name(snapshot, fact):
    return snapshot.entity(fact.object.entity_id).name


# -- without an ontology


@pytest.fixture
def friends(run):
    document(
        "ada.txt",
        "Ada Byron likes Rex. Ada Byron was born in London on 3 May 1840.",
        "1 | Ada Byron:Person | likes | Rex:Pet Dog",
        "2 | Ada Byron:Person | was born in | London:Place",
        "2 | Ada Byron:Person | date of birth | 3 May 1840",
    )
    document(
        "bob.txt",
        "Bob Stone likes Rex and hates Tom.",
        "1 | Bob Stone:Person | liked | Rex:Pet Dog",
        "1 | Bob Stone:Person | hates | Tom:Cat",
    )
    answers(Does_the_passage_state_the_fact="yes")
    return built(run, "--extractor", "llm")


def test_what_names_a_known_property_is_kept_as_it_and_the_rest_is_marked_open_in_report_and_export(run, friends):
    way = "llm/recorded/replies/grammar"
    assert (friends["extractors"], friends["facts"]) == ({f"{way}/open": 3, way: 2}, 5)
    run("export", "--to", "jsonl", "out")
    with open("out/facts.jsonl") as file:
        exported = [json.loads(line) for line in file]
    assert {(fact["predicate"], fact["evidence"][0]["extractor"]) for fact in exported} == {
        ("born_in", way),
        ("date_of_birth", way),
        ("likes", f"{way}/open"),
        ("liked", f"{way}/open"),
        ("hates", f"{way}/open"),
    }


def test_an_ontology_is_proposed_checked_and_built_with(run, friends):
    mine = Path("mine")
    mine.mkdir()
    said = run("ontology", "induce", mine / "ontology.yaml")
    assert "2 classes, 1 property" in said
    assert "3 predicates: born_in (1), date_of_birth (1), hates (1)" in said
    assert "0 errors" in run("ontology", "check", mine)
    proposed = read(mine)
    assert (proposed.name, list(proposed.properties), set(proposed.classes)) == ("mine", ["liked"], {"Person", "Pet_Dog"})
    assert proposed.properties["liked"].aliases == ("likes",)
    run("ontology", "induce", "all.yaml", "--min-count", 1)
    assert "birthplace" in read("all.yaml").properties["born_in"].aliases

    report = built(run, "--extractor", "llm", "--ontology", mine)
    assert facts() == {("Ada Byron", "liked", "Rex"), ("Bob Stone", "liked", "Rex")}
    assert report["rejected"] == {"unknown property": 3}


def test_a_proposal_takes_nothing_from_one_that_was_edited(run, friends):
    run("ontology", "induce", "mine.yaml", "--min-count", 1, "--json")
    with open("mine.yaml", "a") as file:
        file.write("# edited\n")
    run("ontology", "induce", "mine.yaml", exit_code=1)
    with open("mine.yaml") as file:
        assert "# edited" in file.read()


def test_a_judge_is_asked_and_calibrated_without_an_ontology_too(run):
    rows, replies = [], []
    for n in range(30):
        triple = {"subject": f"N{n} Hart", "predicate": "likes", "object": "Rex", "supported": n % 3 > 0}
        rows.append({"id": n, "text": f"N{n} Hart likes Rex.", "triples": [triple]})
        replies.append({"asked": f"Fact: N{n} Hart | likes | Rex", "logprobs": [-0.1, -3] if n % 3 else [-3, -0.1]})
    Path("rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    Path("replies.jsonl").write_text("\n".join(map(json.dumps, replies)))
    llm = ("--llm", f"recorded:{Path('replies.jsonl').resolve()}")
    run("calibrate", "rows.jsonl", *llm, "--output", "c.json", "--target-precision", 0.9)
    run("judge", "rows.jsonl", "--extractor", "llm", *llm, "--calibration", "c.json", "--output", "judged.jsonl")
    verdicts = [json.loads(line)["triples"][0]["verdict"] for line in Path("judged.jsonl").read_text().splitlines()]
    assert verdicts == ["accepted" if n % 3 else "rejected" for n in range(30)]


# -- qualifiers


def test_qualifiers_arrive_in_the_graph_and_in_what_explain_says(run):
    document(
        "ada.txt",
        "Ada Byron was chief executive of Acme from May 1840 to 1852.",
        "1 | Acme:Company | chief_executive | Ada Byron:Person | start=May 1840 | end=1852 | nonsense=Acme",
    )
    answers(Does_the_passage_state_the_fact="yes")
    assert read("company").properties["chief_executive"].temporal
    built(run, "--extractor", "llm", "--ontology", "company")
    with Snapshot.open(Path("graph")) as snapshot:
        (fact,) = snapshot.facts()
    assert (fact.valid_from, fact.valid_to) == ("1840-05", "1852")
    assert [(q.name, q.value.text, q.value.value) for q in fact.qualifiers] == [
        ("end", "1852", "1852"),
        ("start", "May 1840", "1840-05"),
    ]
    said = run("explain", fact.id)
    assert "valid from 1840-05 to 1852" in said
    assert "start: 1840-05" in said


# -- denoising and decontextualisation

FILLER = "Nothing else happened on that long and sunny day in June. " * 30
STORY = "Ada Byron met friends. Later she joined Acme, a marvel of its age."
JOINED = "Ada Byron joined Acme."


def helper(body):
    """Answer as a model that reads "she" only where it was helped."""
    asked = body["messages"][-1]["content"]
    if asked.startswith("Rewrite the passage so that"):
        return asked.partition("Passage:\n")[2].partition("\n")[0].replace("Later she", "Later Ada Byron")
    if asked.startswith("List what"):
        return "Ada Byron, Acme"
    if asked.startswith("Rewrite the passage as"):
        return JOINED if STORY[-20:] in asked else "Nothing."
    if asked.startswith("Does the passage"):
        return "yes"
    helped = JOINED in asked or "Later Ada Byron joined" in asked
    number = re.search(r"\[(\d+)] Later she", asked)
    return json.dumps([triple(f"{number[1]} | Ada Byron:Person | employer | Acme:Company")] if helped and number else [])


@pytest.mark.parametrize(
    ("options", "rewriting"),
    [
        ((), 0),
        # The first chunk has nothing before it to take names from.
        (("--decontextualise",), 1),
        # Of each chunk the entities are asked for, then the sentences about them.
        (("--denoise",), 4),
        (("--denoise", "--decontextualise"), 5),
    ],
)
def test_a_rewritten_passage_helps_reading_and_evidence_stays_in_the_text_as_read(run, options, rewriting):
    text = f"{FILLER}\n\n{STORY}"
    with open("documents/ada.txt", "w") as file:
        file.write(text)
    with LoopbackServer(answer=helper).running() as server:
        llm = ("--extractor", "llm", "--ontology", "company", "--llm", f"server:m@{server.url}")
        report = json.loads(run("build", "documents", *llm, *options, "--json"))
    assert report["usage"].get("denoising", {}).get("requests", 0) == rewriting
    with Snapshot.open(Path("graph")) as snapshot:
        spans = [(evidence.span, evidence.quote) for fact in snapshot.facts() for evidence in fact.evidence]
    assert [(span.of(text), quote) for span, quote in spans] == [(STORY[23:], STORY[23:])] * bool(rewriting)


# -- cascade


def test_a_cascade_says_how_many_calls_it_saved(run):
    clear = "Acme Steel was founded in 1901 by Ruth Baker."
    for name, text in (("clear.txt", clear), ("doubtful.txt", "Nobody knows what Globex Corporation saw in Bob Stone.")):
        with open(f"documents/{name}", "w") as file:
            file.write(text)
    with LoopbackServer(answer=lambda body: "[]").running() as server:
        llm = ("--extractor", "cascade", "--ontology", "company", "--llm", f"server:m@{server.url}")
        said = run("build", "documents", *llm)
        asked = [body for body in server.asked if "Passage:" in body["messages"][-1]["content"]]
    assert "Calls to the language model saved: 1 of 2 (50%) chunks were clear without it" in said
    assert [clear in body["messages"][-1]["content"] for body in asked] == [False]
    report = json.loads(run("report", "--json"))
    assert (report["extracted"], report["spared"], report["usage"]["extracting"]["requests"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        # The compact model finds a fact in each sentence that names something, by what "the company" stands for.
        ("Acme Steel was founded in 1901. The company was founded by Ruth Baker.", False),
        # It has nothing of the first, which is evidence only of what the second is about.
        ("Acme Steel is as old as Globex. The company was founded by Ruth Baker.", True),
    ],
)
def test_a_cascade_asks_where_a_sentence_only_names_what_another_states(run, text, asked):
    Path("documents/acme.txt").write_text(text)
    with LoopbackServer(answer=lambda body: "[]").running() as server:
        run("build", "documents", "--extractor", "cascade", "--ontology", "company", "--llm", f"server:m@{server.url}")
        assert any("Passage:" in body["messages"][-1]["content"] for body in server.asked) is asked


# -- cost


def test_what_requests_cost_is_told_before_and_after(run, monkeypatch):
    monkeypatch.setenv("KGBUILD_PRICES", "1000000 2000000 500000")  # a token asked costs 1, one answered 2, a cached one .5
    document("ada.txt", "Ada Byron likes Rex.", "1 | Ada Byron:Person | likes | Rex:Dog")
    llm = ("--extractor", "llm", "--llm", f"recorded:{Path('replies.jsonl').resolve()}")
    answers(Does_the_passage_state_the_fact="yes")
    expected = json.loads(run("build", "documents", *llm, "--dry-run", "--json"))
    assert expected["cost"] == expected["prompt_tokens"] + 2 * expected["reply_tokens"]
    assert f"answered, {expected['cost']:,.2f} in all" in run("build", "documents", *llm, "--dry-run")
    report = built(run, "--extractor", "llm")
    assert report["cost"] == {
        stage: used["prompt_tokens"] + 2 * used["completion_tokens"] for stage, used in report["usage"].items()
    }
    assert f"answered, {report['cost']['judging']:,.2f} in all" in run("report")
    monkeypatch.delenv("KGBUILD_PRICES")
    assert json.loads(run("build", "documents", *llm, "--dry-run", "--json"))["cost"] is None
