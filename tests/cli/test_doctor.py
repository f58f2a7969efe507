import fcntl
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import kgbuild
from kgbuild.cli.doctor import Finding, State, examine, what_it_can
from kgbuild.judging import JudgeAddress
from kgbuild.llm.protocol import Capabilities
from kgbuild.pipeline import BuildPlan, build
from kgbuild.runner import InThreads
from kgbuild.settings import Settings
from tests.llm.server import LoopbackServer
from tests.llm.test_capabilities import obeying
from tests.spelled import STAFF, SpelledAddress

SECRET = "hunter2"
SHIPPED = Path(kgbuild.__file__).parent / "compact" / "weights" / "base" / "encoder.onnx"


class Silent:
    def begin(self, stage, total): ...

    def advance(self, done): ...


def found(graph, ontology=None, weights=None, llm=None, **environment) -> dict[str, Finding]:
    findings = examine(Settings.read(environment), graph, ontology, weights, environment, llm)
    return {finding.subject: finding for finding in findings}


@pytest.fixture
def graph(tmp_path):
    documents = tmp_path / "docs"
    documents.mkdir()
    (documents / "a.txt").write_text("Ada:Person employer Acme:Company.")
    plan = BuildPlan(documents, tmp_path / "graph", STAFF, SpelledAddress(), JudgeAddress("rules", STAFF))
    build(plan, InThreads(1), Silent())
    return plan.graph


def test_a_graph_is_described(graph):
    finding = found(graph)[f"graph {graph}"]
    assert finding.state is State.FINE
    assert finding.detail.startswith("generation 1, ledger version ")
    assert "1 facts, view not built yet" in finding.detail
    assert finding.detail.endswith("not locked")


def test_a_locked_graph_is_named_and_stays_readable(graph):
    with (graph / "lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        finding = found(graph)[f"graph {graph}"]
    assert finding.state is State.ATTENTION
    assert "generation 1" in finding.detail
    assert "locked: another build is writing this graph" in finding.detail


def test_looking_at_a_graph_changes_nothing(graph):
    def contents():
        beside = (".sqlite-shm", ".sqlite-wal")  # any reader of SQLite makes these
        return {path: path.read_bytes() for path in graph.rglob("*") if path.is_file() and path.suffix not in beside}

    before = contents()
    found(graph)
    assert contents() == before


def test_a_graph_inside_a_file_is_a_fault(tmp_path):
    (tmp_path / "file").write_text("x")
    finding = found(tmp_path / "file" / "graph")[f"graph {tmp_path / 'file' / 'graph'}"]
    assert (finding.state, finding.detail) == (State.BROKEN, "would lie inside a file")


def test_a_graph_that_is_not_there_yet_is_no_fault(tmp_path):
    assert found(tmp_path / "no" / "graph")[f"graph {tmp_path / 'no' / 'graph'}"].state is State.OFF
    assert not (tmp_path / "no").exists()


def test_a_folder_of_other_things_is_no_graph(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Ada")
    assert found(tmp_path)[f"graph {tmp_path}"].state is State.BROKEN


@pytest.mark.parametrize(
    ("variables", "subject", "state"),
    [
        ({}, "Neo4j", State.OFF),
        ({"NEO4J_USERNAME": "ada", "NEO4J_PASSWORD": SECRET}, "Neo4j", State.FINE),
        ({"NEO4J_PASSWORD": SECRET}, "Neo4j", State.ATTENTION),
        ({"NEO4J_USERNAME": SECRET}, "Neo4j", State.ATTENTION),
        ({}, "language model", State.OFF),
        ({"OPENAI_API_KEY": SECRET}, "language model", State.FINE),
        ({}, "Prefect", State.OFF),
        # A server that builds would go through and that is not there stops them.
        ({"PREFECT_API_URL": f"http://ada:{SECRET}@localhost:9/api"}, "Prefect", State.BROKEN),
        ({"PREFECT_API_URL": f"nonsense://{SECRET}@x"}, "Prefect", State.BROKEN),
    ],
)
def test_what_the_environment_sets_is_told_without_its_value(variables, subject, state, tmp_path):
    findings = found(tmp_path / "graph", **variables)
    assert findings[subject].state is state
    assert SECRET not in repr(findings)


def test_a_prefect_server_that_answers_is_fine(tmp_path):
    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == "/api/health" else 404)
            self.end_headers()

        def log_message(self, *_): ...

    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert found(tmp_path, PREFECT_API_URL=f"{url}/api")["Prefect"].state is State.FINE
        assert "answers with 404" in found(tmp_path, PREFECT_API_URL=url)["Prefect"].detail
        server.shutdown()


def test_weights_that_are_missing_or_damaged_are_broken(tmp_path):
    assert found(tmp_path, weights=tmp_path / "none")["weights"].state is State.BROKEN
    from kgbuild.compact.weights import FILES

    for name in FILES:
        (tmp_path / name).write_bytes(b"\x00damaged")
    finding = found(tmp_path / "graph", weights=tmp_path)["weights"]
    assert finding.state is State.BROKEN
    assert "is damaged" in finding.detail


def test_an_ontology_that_cannot_be_read_is_named(tmp_path):
    finding = found(tmp_path, ontology="nowhere")["ontology nowhere"]
    assert (finding.state, finding.detail) == (State.ATTENTION, "nowhere: no such ontology")


def test_what_every_build_needs_is_here(tmp_path):
    findings = found(tmp_path)
    for subject in ("Python", "packages", "bundled ontologies", "disk", "embedded store"):
        assert findings[subject].state is State.FINE, findings[subject]


def test_every_finding_that_wants_something_says_what(graph):
    for finding in found(graph, ontology="company", NEO4J_PASSWORD=SECRET).values():
        assert finding.remedy or finding.state in (State.FINE, State.OFF)


def test_json_and_exit_code_agree(tmp_path):
    command = [sys.executable, "-c", "from kgbuild.cli import main; main()", "doctor", "--json", "--weights", str(tmp_path)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "OPENAI_API_KEY": SECRET}, timeout=120
    )
    told = json.loads(done.stdout)
    assert (done.returncode, told["able_to_build"], done.stderr) == (1, False, "")
    assert {finding["subject"] for finding in told["findings"] if finding["state"] == "broken"} == {"weights"}
    assert SECRET not in done.stdout


@pytest.mark.skipif(not SHIPPED.exists(), reason="no weights are shipped yet")
def test_properties_that_the_weights_cover_are_told_from_those_they_do_not(tmp_path):
    (tmp_path / "ontology.yaml").write_text(
        "name: own\nclasses:\n  Person: {label: person}\n  Place: {label: place}\nproperties:\n"
        "  born_in: {label: place of birth, domain: Person, range: Place}\n"
        "  hums: {label: hums at, domain: Person, range: Place}\n"
    )
    finding = found(tmp_path / "graph", ontology=str(tmp_path))[f"ontology {tmp_path}"]
    assert finding.state is State.ATTENTION
    assert "covered by the weights: born_in. Not covered, so not looked for: hums" in finding.detail
    assert "kgbuild train" in finding.remedy


MODEL = ("model server", "grammars", "JSON schemas", "probabilities", "context")


@pytest.mark.parametrize(
    ("can", "states"),
    [
        (Capabilities("vLLM 1", 8192, True, True, True, True, 20, True), "fine fine fine fine fine"),
        # What is missing beside something better is no fault; the rest comes with a remedy.
        (Capabilities("", 8192, grammar=True, top_logprobs=5), "fine fine off fine fine"),
        (Capabilities("", None, schema=True), "fine attention fine attention off"),
        (Capabilities("", None, json_object=True), "fine attention attention attention off"),
        (Capabilities(), "fine attention attention attention off"),
    ],
)
def test_what_a_model_server_can_do_is_told_with_what_to_do_about_the_rest(can, states):
    findings = [Finding("model server", State.FINE, ""), *what_it_can(can)]
    assert [finding.subject for finding in findings] == list(MODEL)
    assert [finding.state for finding in findings] == states.split()
    for finding in findings:
        assert bool(finding.remedy) == (
            finding.state is State.ATTENTION or (finding.subject, finding.state) == ("context", State.OFF)
        )


def test_a_model_server_is_asked_what_it_can_do(tmp_path):
    with obeying("json_schema", "json_object", card={"id": "m", "max_model_len": 4096}).running() as server:
        findings = found(tmp_path, llm=f"server:m@{server.url}", OPENAI_API_KEY=SECRET)
    assert [findings[subject].state for subject in MODEL] == ["fine", "attention", "fine", "attention", "fine"]
    assert server.url in findings["model server"].detail
    assert "4,096" in findings["context"].detail
    assert SECRET not in repr(findings)


@pytest.mark.parametrize("address", ["server:m@{url}", "m", "server:m@http://ada:hunter2@h/v1", "recorded:/no/file"])
def test_a_model_that_gives_no_answer_is_broken(tmp_path, address):
    refusing = LoopbackServer(trouble=lambda body, times: "401")
    with refusing.running() as server:
        findings = found(tmp_path, llm=address.format(url=server.url))
    assert findings["model server"].state is State.BROKEN
    assert findings["model server"].remedy
    assert SECRET not in repr(findings)
    assert not set(MODEL[1:]) & findings.keys()


@pytest.mark.needs_vllm
def test_a_real_model_server_can_do_all_of_it(tmp_path):
    findings = found(tmp_path, llm=f"server:tiny@{os.environ['KGBUILD_VLLM_URL']}")
    assert {findings[subject].state for subject in MODEL} == {State.FINE}
    assert "vLLM 0." in findings["model server"].detail
    assert "2,048" in findings["context"].detail
