"""Builds beside servers that fail: nothing is lost, nothing is doubled, and no reply that was found valid is asked for twice."""

import json
import multiprocessing
import os
import random
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kgbuild.cli import app
from kgbuild.errors import ModelUnavailable
from kgbuild.ids import digest
from kgbuild.ledger import Ledger, Snapshot
from kgbuild.ledger.segments import read_segment, segment_files
from kgbuild.pipeline import CHUNKS_PER_BATCH
from kgbuild.planning import preview
from kgbuild.report import Report
from kgbuild.runner import InThreads
from tests.llm.asking import KEY, build_command, built, plan, texts
from tests.llm.server import Body, LoopbackServer, key_of
from tests.test_pipeline import exported, write

ROOT = Path(__file__).parents[2]
PASSING = ("500", "503", "429", "abort", "reset", "garbage", "no choices")


def clean(folder: Path) -> dict[str, bytes]:
    """Return what the folder gives when nothing fails."""
    graph = folder.parent / "clean"
    with LoopbackServer().running() as server:
        report = built(folder, graph, server.url)
    assert not report.failures
    return exported(graph)


def kept(graph: Path) -> set[str]:
    """Return the keys of the replies that a graph directory holds, whatever was last done to it."""
    in_segments = {key for path in segment_files(graph, "replies") for (key, _, _), _ in read_segment(path)}
    with Ledger.open(graph) as ledger:
        in_ledger = {str(key) for (key,) in ledger._db.execute("SELECT key FROM reply")}
    assert in_segments <= in_ledger
    return in_ledger


def answered(server: LoopbackServer) -> list[int]:
    """Return how often each passage was answered; probes of what the server can do are left out."""
    passages = {key_of(body) for body in server.asked if is_about("Person", body)}
    return [times for key, times in server.answered.items() if key in passages]


def stormy(seed: int, longest: int) -> LoopbackServer:
    """Return a server that fails each request in its own way up to so many times in a row, and answers then."""

    def trouble(body: Body, times: int) -> str | None:
        chance = random.Random(digest(seed, key_of(body)))
        troubles = chance.choices(PASSING, k=chance.randint(0, longest))
        return troubles[times] if times < len(troubles) else None

    return LoopbackServer(trouble=trouble)


@pytest.mark.parametrize("seed", range(3))
def test_what_passes_leaves_no_trace(tmp_path, seed):
    folder = write(tmp_path / "docs", texts(range(60)))
    with stormy(seed, longest=4).running() as server:  # the client asks five times
        report = built(folder, tmp_path / "graph", server.url)
    assert len(server.asked) > 1.5 * len(server.answered)
    assert not report.failures
    assert exported(tmp_path / "graph") == clean(folder)
    assert set(answered(server)) == {1}


def test_what_lasts_longer_is_named_and_asked_again_by_the_next_run(tmp_path):
    folder = write(tmp_path / "docs", texts(range(60)))
    with stormy(7, longest=12).running() as server:
        first = built(folder, tmp_path / "graph", server.url)
        assert {(failure.reason, failure.retryable) for failure in first.failures} == {("model unavailable", True)}
        assert 0 < len(first.failures) == 60 - first.facts // 2
        for _ in range(3):
            report = built(folder, tmp_path / "graph", server.url)
    assert not report.failures
    assert exported(tmp_path / "graph") == clean(folder)
    assert set(answered(server)) == {1}
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_a_server_that_dribbles_is_not_waited_for(tmp_path):
    folder = write(tmp_path / "docs", texts(range(6)))
    slow = LoopbackServer(trouble=lambda body, times: "slow" if times == 0 and is_about("Person", body) else None)
    with slow.running() as server:
        report = built(folder, tmp_path / "graph", server.url)
    assert not report.failures
    assert exported(tmp_path / "graph") == clean(folder)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        # What the server says of the request itself is final: asked once for each way of asking, and by no later run.
        ("400", "no usable reply"),
        ("422", "no usable reply"),
        ("filter", "no usable reply"),
        # A passage of one sentence whose reply has no end cannot be asked about in parts.
        ("length", "reply cut short"),
    ],
)
def test_what_will_not_pass_is_named_and_not_asked_again(tmp_path, trouble, reason):
    texts_ = {"bad.txt": "Person BAD works for Firm B.", **texts(range(4))}
    folder = write(tmp_path / "docs", texts_)
    with LoopbackServer(trouble=lambda body, times: trouble if is_about("BAD", body) else None).running() as server:
        report = built(folder, tmp_path / "graph", server.url)
        asked = len(server.asked)
        assert [(f.uri, f.reason, f.retryable) for f in report.failures] == [("bad.txt", reason, False)]
        assert not built(folder, tmp_path / "graph", server.url).changed
    assert len(server.asked) == asked
    assert sum(is_about("BAD", body) for body in server.asked) == 1


def test_a_passage_whose_reply_was_cut_is_asked_about_in_halves(tmp_path):
    sentences = ("Person A works for Firm A.", "Person B works for Firm B.", "Person C works for Firm C.")
    folder = write(tmp_path / "docs", {"long.txt": "\n\n".join(sentences)})
    with LoopbackServer(trouble=lambda body, times: "length" if is_about("[2]", body) else None).running() as server:
        report = built(folder, tmp_path / "graph", server.url)
    assert (report.failures, report.facts) == ((), 3)
    with Snapshot.open(tmp_path / "graph") as snapshot:
        (document,) = snapshot.documents()
        evidence = [piece for fact in snapshot.facts() for piece in fact.evidence]
        assert {piece.span.of(document.text) for piece in evidence} == {piece.quote for piece in evidence} == set(sentences)


def is_about(word: str, body: Body) -> bool:
    return word in body["messages"][-1]["content"]


def test_a_run_with_nothing_to_ask_sends_nothing(tmp_path):
    folder = write(tmp_path / "docs", texts(range(5)))
    with LoopbackServer().running() as server:
        built(folder, tmp_path / "graph", server.url)
        before = len(server.asked), len(server.others), len(server.headers)
        assert not built(folder, tmp_path / "graph", server.url).changed
        assert (len(server.asked), len(server.others), len(server.headers)) == before


def test_a_server_that_is_away_ends_the_run_and_its_return_goes_on(tmp_path):
    folder = write(tmp_path / "docs", texts(range(270)))  # two batches at a time, and a third one that gets no answer at all
    answering = CHUNKS_PER_BATCH - 20  # the server is away before the first batch is done, and so before the third begins
    server = LoopbackServer()
    with server.running():
        server.trouble = lambda body, times: "reset" if len(server.asked) > answering else None
        with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1"):
            built(folder, tmp_path / "graph", server.url)
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1"):
        built(folder, tmp_path / "graph", server.url)
    before, asked = kept(tmp_path / "graph"), len(server.asked)
    assert before
    server.trouble = lambda body, times: None
    with server.running():
        report = built(folder, tmp_path / "graph", server.url)
    assert not report.failures
    assert not before & {key_of(body) for body in server.asked[asked:]}
    assert exported(tmp_path / "graph") == clean(folder)


def test_a_server_that_is_killed_and_started_again_in_the_midst_of_a_run(tmp_path):
    folder = write(tmp_path / "docs", texts(range(60)))
    server = LoopbackServer(latency_s=0.02, slots=4)
    with ThreadPoolExecutor(1) as pool:
        with server.running():
            first = pool.submit(built, folder, tmp_path / "graph", server.url)
            while len(server.asked) < 25:
                time.sleep(0.01)
        before = {key for path in segment_files(tmp_path / "graph", "replies") for (key, _, _), _ in read_segment(path)}
        asked = len(server.asked)
        with server.running():
            assert {failure.reason for failure in first.result().failures} <= {"model unavailable"}
            assert not built(folder, tmp_path / "graph", server.url).failures
    assert before
    assert not before & {key_of(body) for body in server.asked[asked:]}
    assert exported(tmp_path / "graph") == clean(folder)


@pytest.mark.slow
def test_a_build_killed_at_any_moment_pays_for_no_reply_twice(tmp_path):
    folder = write(tmp_path / "docs", texts(range(180)))
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.llm.asking", "spacy"])  # each process starts with what takes seconds to import
    moments = random.Random(0)
    server = LoopbackServer(latency_s=0.05, slots=4)
    paid: set[str] = set()
    killed = 0
    with server.running():
        for _ in range(5):
            asked = len(server.asked)
            process = processes.Process(target=built, args=(folder, tmp_path / "graph", server.url))
            process.start()
            limit = asked + moments.randint(6, 40)
            while process.is_alive() and len(server.asked) < limit:
                time.sleep(0.01)
            killed += process.is_alive()
            process.kill()
            process.join()
            assert not paid & {key_of(body) for body in server.asked[asked:]}
            paid |= kept(tmp_path / "graph")
        asked = len(server.asked)
        built(folder, tmp_path / "graph", server.url)
        assert not paid & {key_of(body) for body in server.asked[asked:]}
    assert killed == 5
    assert len(paid) > 20
    assert exported(tmp_path / "graph") == clean(folder)


def budgets(report: Report) -> int:
    return sum(usage.prompt_tokens + usage.completion_tokens for usage in report.usage.values())


def test_a_budget_stops_a_run_cleanly_and_the_next_goes_on(tmp_path):
    folder = write(tmp_path / "docs", texts(range(40)))
    whole = clean(folder)
    with LoopbackServer().running() as server:
        reports = []
        while not reports or reports[-1].failures:
            reports.append(built(folder, tmp_path / "graph", server.url, budget_tokens=6000))
            assert len(reports) < 20
    assert len(reports) > 2
    for report in reports[:-1]:
        assert {(f.reason, f.retryable) for f in report.failures} == {("budget spent", True)}
        assert report.facts == 2 * (40 - len(report.failures))  # it publishes what it has
    assert all(3000 < budgets(report) <= 6000 for report in reports[:-1])
    assert set(answered(server)) == {1}
    assert exported(tmp_path / "graph") == whole


def test_what_a_run_spends_is_counted_by_stage_and_once(tmp_path):
    folder = write(tmp_path / "docs", texts(range(12)))
    with LoopbackServer(trouble=lambda body, times: "500" if times == 0 else None).running() as server:
        report = built(folder, tmp_path / "graph", server.url)
        again = built(folder, tmp_path / "graph", server.url)
    extracting = report.usage["extracting"]
    bodies = {key_of(body): body for body in server.asked if is_about("Person N", body)}
    asked = sum(len(message["content"].split()) for body in bodies.values() for message in body["messages"])
    assert (extracting.requests, extracting.prompt_tokens) == (12, asked)
    assert 0 < extracting.cached_tokens < extracting.prompt_tokens
    assert again.usage == {}


@pytest.mark.parametrize("again", ["rebuilt", "elsewhere"])
def test_two_graphs_of_one_process_share_nothing_though_they_are_called_the_same(again, tmp_path, monkeypatch):
    folder, graph = write(tmp_path / "docs", texts(range(4))), Path("graph")
    with LoopbackServer().running() as server:
        monkeypatch.chdir(tmp_path)
        first = built(folder, graph, server.url)
        if again == "rebuilt":
            shutil.rmtree(graph)
        else:
            (tmp_path / "elsewhere").mkdir()
            monkeypatch.chdir(tmp_path / "elsewhere")
        second = built(folder, graph, server.url)
    assert first.usage["extracting"].requests == second.usage["extracting"].requests == 4
    assert len(kept(graph)) >= 4


def test_what_a_run_will_ask_is_estimated_without_asking(tmp_path):
    folder = write(tmp_path / "docs", texts(range(12)))
    with LoopbackServer().running() as server:
        planned = plan(folder, tmp_path / "graph", server.url)
        before = preview(planned, InThreads(2))
        assert not server.headers
        assert not (tmp_path / "graph").exists()
        built(folder, tmp_path / "graph", server.url, budget_tokens=3000)
        between = preview(planned, InThreads(2))
        report = built(folder, tmp_path / "graph", server.url)
        after = preview(planned, InThreads(2))
    left = report.usage["extracting"]
    assert (before.requests, between.requests, after.requests) == (12, left.requests, 0)
    assert 0 < left.requests < 12
    assert left.prompt_tokens <= between.prompt_tokens < before.prompt_tokens
    assert left.completion_tokens <= between.reply_tokens < before.reply_tokens


def test_a_dry_run_tells_people_and_scripts_what_will_be_asked(tmp_path):
    folder = write(tmp_path / "docs", texts(range(12)))
    command = ["build", str(folder), "--ontology", "company", "--graph", str(tmp_path / "graph"), "--dry-run"]
    with LoopbackServer().running() as server:
        command += ["--extractor", "llm", "--llm", f"server:m@{server.url}"]
        told, listed = CliRunner().invoke(app, command).stdout, json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
        assert not server.headers
    assert not (tmp_path / "graph").exists()
    assert listed["requests"] == 12
    assert listed["prompt_tokens"] > 12 * 1000  # the ontology alone has that many words and marks
    assert listed["reply_tokens"] == 12 * 2000
    assert "12 requests to the language model" in told
    assert f"{listed['prompt_tokens']:,} tokens asked, at most 24,000 answered" in told


def test_the_key_stands_nowhere_but_in_the_request(tmp_path):
    secret = "sk-very-secret-0123456789"
    folder = write(tmp_path / "docs", texts(range(3)))
    echoing = LoopbackServer(answer=lambda body: f"Incorrect API key provided: {secret}.", trouble=lambda body, times: "401")
    environment = os.environ | {"OPENAI_API_KEY": secret}
    with echoing.running() as server:
        command = build_command(folder, tmp_path / "graph", server.url)
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {secret}"}
    assert done.returncode == 1
    assert "OPENAI_API_KEY" in done.stderr
    assert secret not in done.stdout + done.stderr
    assert all(secret.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
