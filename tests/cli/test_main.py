"""The rim of every command: an expected error is one line on stderr and exit code 1."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kgbuild.__main__ import main
from kgbuild.ledger import Ledger
from tests.test_pipeline import ADA, built, write

FULL = Path("/dev/full")


def kgbuild(*words, stdout=subprocess.PIPE):
    return subprocess.run([sys.executable, "-m", "kgbuild", *map(str, words)], stdout=stdout, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def graph(tmp_path):
    built(write(tmp_path / "docs", {"a.txt": ADA}), tmp_path / "graph")
    return tmp_path / "graph"


@pytest.mark.parametrize("id_", ["no\nsuch\x1b[31mid", "a\u2028b", "[/nope] [bold]x[/bold]"])
def test_an_error_is_one_line_whatever_was_typed(graph, id_):
    done = kgbuild("explain", id_, "--graph", graph)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "\x1b[31m" not in done.stderr
    assert id_.startswith("[") == (id_ in done.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ("status", "--graph", "graph"),
        ("build", "docs", "--ontology", "company", "--graph", "elsewhere"),
        ("ontology", "check", "mine.yaml"),
    ],
)
def test_a_folder_that_may_not_be_entered_is_one_line(tmp_path, words):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    try:
        if os.access(closed, os.X_OK):
            pytest.skip("root may enter everywhere")
        done = kgbuild(*(closed / word if word in ("graph", "docs", "mine.yaml") else word for word in words))
        doctor = kgbuild("doctor", "--graph", closed / "graph")
    finally:
        closed.chmod(0o700)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert f"{closed}" in done.stderr
    assert (doctor.returncode, doctor.stderr) == (1, "")
    assert "cannot be read (Permission denied)" in doctor.stdout


def test_a_path_is_shown_as_it_is_and_quoted_where_it_is_part_of_a_command(tmp_path):
    folder = write(tmp_path / "my [draft] docs", {"a.txt": "Nothing to find."})
    built = kgbuild("build", folder, "--ontology", "company", "--graph", tmp_path / "a [b] c")
    assert f"kgbuild rejected --graph '{tmp_path / 'a [b] c'}'" in built.stdout
    assert str(folder) in kgbuild("status", "--graph", tmp_path / "a [b] c").stdout
    assert str(folder) in kgbuild("build", folder, "--graph", tmp_path / "a [b] c", "--dry-run").stdout
    page = tmp_path / "v [x].html"
    assert str(page) in kgbuild("view", "--output", page, "--graph", tmp_path / "a [b] c").stdout


def test_an_answer_in_json_is_json(graph):
    done = kgbuild("query", "MATCH (a:Entity) RETURN 0.0/0.0 AS a, [1.0/0.0] AS b LIMIT 1", "--json", "--graph", graph)
    assert json.loads(done.stdout, parse_constant=pytest.fail) == [{"a": None, "b": [None]}]
    done = kgbuild("query", "MATCH (a)-[r]->(b) RETURN a.name AS n, b.name AS n", "--json", "--graph", graph)
    assert done.stderr == "error: --json: several columns are called 'n'. Name them apart with AS.\n"


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_terminal_that_lacks_a_character_is_shown_its_number(tmp_path, encoding):
    docs = write(tmp_path / "docs", {"a.txt": ADA, "b — ❤.jsonl": '{"text": "Ada.", "title": "\\ud800"}'})
    built(docs, tmp_path / "graph")
    env = os.environ | {"PYTHONIOENCODING": encoding}
    for words in (("query", "MATCH (d:Document) RETURN d.uri"), ("query", "MATCH (d:Document) RETURN d.uri", "--json")):
        command = [sys.executable, "-m", "kgbuild", *words, "--graph", str(tmp_path / "graph")]
        done = subprocess.run(command, capture_output=True, env=env, check=True)
        shown = done.stdout.decode(encoding)
        assert ("❤" in shown) == (encoding == "utf-8")
        assert "\\u2764" in shown or "❤" in shown
        if "--json" in words:
            assert any("❤" in row["d.uri"] for row in json.loads(shown))


def test_the_ledger_is_not_written_over(graph):
    for words in (("export", "--to", "turtle"), ("view", "--output")):
        done = kgbuild(*words, graph / "ledger.sqlite", "--graph", graph)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
        assert "is the graph's own ledger" in done.stderr
    assert kgbuild("status", "--graph", graph).returncode == 0


def test_a_folder_of_any_name_is_built_from(tmp_path):
    docs = write(tmp_path / os.fsdecode(b"docs-\xff"), {"a.txt": ADA})
    assert built(docs, tmp_path / "run:1").facts
    assert not built(docs, tmp_path / "run:1").changed
    assert r"docs-\xff" in kgbuild("status", "--graph", tmp_path / "run:1").stdout
    assert kgbuild("query", "MATCH (d:Document) RETURN d.uri", "--graph", tmp_path / "run:1").returncode == 0


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_output_that_finds_no_room_is_one_line(graph, options):
    with FULL.open("w") as full:
        done = kgbuild("status", "--graph", graph, *options, stdout=full)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "the output: cannot be written (No space left on device)" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.05, 0.4, 1.5, 3.0])
def test_ctrl_c_is_one_line_at_any_moment(tmp_path, seconds):
    folder = write(tmp_path / "docs", {f"{n}.txt": "Ada Lovelace was born in London in 1815. " * 200 for n in range(40)})
    command = [sys.executable, "-m", "kgbuild", "build", folder, "--ontology", "company", "--graph", tmp_path / "graph"]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    # Before Python has begun to run us, it answers for itself.
    if process.returncode != -signal.SIGINT and not re.search("Fatal Python error: init_|Could not import runpy", errors):
        assert process.returncode == 130
        assert errors.count("\n") == 1
        assert errors.startswith("Stopped.")


@pytest.mark.parametrize(
    ("cause", "ends"),
    [
        # Ctrl-C while an extension module is loaded.
        (KeyboardInterrupt(), SystemExit),
        # What is not installed is.
        (None, ImportError),
        (OSError("no such library"), ImportError),
    ],
)
def test_a_failed_import_that_ctrl_c_caused_is_a_stop(monkeypatch, capsys, cause, ends):
    def interrupted():
        raise ImportError("initialization failed") from cause

    monkeypatch.setattr("kgbuild.cli.main", interrupted)
    with pytest.raises(ends) as end:
        main()
    if ends is SystemExit:
        assert end.value.code == 130
        assert capsys.readouterr().err == "Stopped.\n"


def test_a_property_is_shown_as_it_is_called(tmp_path):
    built(write(tmp_path / "docs", {"a.txt": "Ada:Person likes[/x] Acme:Company."}), tmp_path / "graph")
    shown = kgbuild("rejected", "--graph", tmp_path / "graph")
    assert "Ada:Person — likes[/x] — Acme:Company" in shown.stdout
    explained = kgbuild("explain", shown.stdout.split()[0], "--graph", tmp_path / "graph")
    assert "Ada (Person) — likes[/x] — Acme (Company)" in explained.stdout


def test_a_graph_that_no_build_has_finished_says_so(tmp_path):
    with Ledger.open(tmp_path / "graph"):
        pass
    done = kgbuild("status", "--graph", tmp_path / "graph")
    assert done.stderr == f"error: {tmp_path / 'graph'}: no build has finished yet. Run `kgbuild build` on it, or again.\n"


def test_half_an_address_is_one_line(graph):
    done = kgbuild("explore", "--store", "bolt://[::1", "--graph", graph)
    assert done.stderr == "error: --store: 'bolt://[::1' is no address of a server. Give one such as bolt://localhost:7687.\n"
