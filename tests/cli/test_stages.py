"""The stage commands as a shell runs them: pipes, files, bad lines and bad arguments."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import kgbuild
from kgbuild.cli import main

KGBUILD = [sys.executable, "-c", "from kgbuild.cli import main; main()"]
SHIPPED = Path(kgbuild.__file__).parent / "compact" / "weights" / "base" / "encoder.onnx"
TEXT = "Ada Lovelace works for Acme Inc in London."
TRIPLES = [{"subject": "Ada Lovelace", "predicate": "employer", "object": "Acme Inc"}]
JUDGE = ("judge", "--ontology", "company", "--extractor", "rules")


def run(*arguments, stdin="", **options):
    return subprocess.run([*KGBUILD, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=120, **options)


def lines(*rows):
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)


def parsed(text):
    return [json.loads(line) for line in text.splitlines()]


def test_judge_reads_stdin_and_writes_stdout_by_default():
    done = run(*JUDGE, stdin=lines({"id": 1, "text": TEXT, "triples": TRIPLES}, "", "nonsense", {"id": True, "triples": []}))
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third = parsed(done.stdout)
    assert (first["id"], first["triples"][0]["verdict"]) == (1, "accepted")
    assert second == {"id": None, "error": "line 3: not JSON (Expecting value at character 1)", "triples": []}
    assert (third["id"], "there is no text" in third["error"]) == (True, True)


def test_files_may_stand_for_both_ends_even_the_same_file(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(lines({"id": "ä\u2028", "text": TEXT, "triples": TRIPLES}), "utf-8")
    through_pipes = run(*JUDGE, "-", stdin=rows.read_text("utf-8"))
    done = run(*JUDGE, rows, "--output", rows)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert rows.read_text("utf-8") == through_pipes.stdout
    assert list(tmp_path.iterdir()) == [rows]


def test_the_locale_does_not_change_a_byte(tmp_path):
    row = lines({"id": 1, "text": "Ada wörks for Acme.", "triples": []})
    plain = run(
        *JUDGE, stdin=row, env={**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}, encoding="utf-8"
    )
    assert parsed(plain.stdout)[0]["text"] == "Ada wörks for Acme."


def test_rows_are_written_while_others_are_still_to_come():
    row = lines({"id": 1, "text": TEXT, "triples": TRIPLES}).encode()
    environment = {**os.environ, "KGBUILD_THREADS": "1"}
    with subprocess.Popen([*KGBUILD, *JUDGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(row * 300)
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == 1
        process.stdin.close()
        assert process.stdout.read().count(b"\n") == 299


def test_a_reader_that_has_seen_enough_is_no_traceback(tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(lines({"id": 1, "text": TEXT, "triples": TRIPLES}) * 3000)
    with subprocess.Popen([*KGBUILD, *JUDGE, rows], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("judge", "no.jsonl", "--ontology", "company", "--extractor", "rules"),
            "no.jsonl: cannot be read (No such file or directory)",
        ),
        (("judge", ".", "--ontology", "company", "--extractor", "rules"), ".: cannot be read (Is a directory)"),
        (("resolve", "no.jsonl"), "no.jsonl: cannot be read (No such file or directory)"),
        (("fuse", "no.jsonl"), "no.jsonl: cannot be read (No such file or directory)"),
        (("judge",), "--ontology: "),
        (("extract",), "--ontology: "),
        (("judge", "--ontology", "nowhere"), "nowhere: no such ontology"),
        (("fuse", "--ontology", "nowhere"), "nowhere: no such ontology"),
        (("extract", "--ontology", "company", "--extractor", "magic"), "--extractor: 'magic'"),
        (("judge", "--ontology", "company", "--extractor", "magic"), "--extractor: 'magic'"),
        (("extract", "--ontology", "company", "--weights", "nowhere"), "nowhere: not a folder of weights"),
        (("judge", "--ontology", "company", "--weights", "nowhere"), "nowhere: not a folder of weights"),
        (("resolve", "--output", "."), ".: is a folder"),
        (("resolve", "--output", "/dev/null/out"), "/dev/null/out: cannot be written"),
        (("resolve", "--output", "/dev/full"), "/dev/full: cannot be written (No space left on device)"),
    ],
)
def test_an_expected_error_is_one_line(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["kgbuild", *arguments])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines({"id": 1, "name": "Acme"}).encode())))
    with pytest.raises(SystemExit) as exit_:
        main()
    written = capsys.readouterr()
    assert (exit_.value.code, written.out) == (1, "")
    assert written.err.startswith(f"error: {said}")
    assert written.err.count("\n") == 1


def test_a_full_disk_behind_stdout_is_one_line_too():
    with open("/dev/full", "w") as full:
        done = subprocess.run([*KGBUILD, "resolve"], input='{"id":1,"name":"Acme"}', stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("error: stdout: cannot be written (No space left on device)")


def test_resolve_keeps_order_and_number_whatever_is_wrong_with_some():
    rows = lines(
        {"id": 1, "name": "Acme"}, "nonsense", {"id": 2}, {"id": "c", "name": "The ACME", "class": "Company"}, {"id": 4, "name": 7}
    )
    done = run("resolve", stdin=rows)
    answers = parsed(done.stdout)
    assert [row["id"] for row in answers] == [1, None, 2, "c", 4]
    assert answers[0]["entity_id"] == answers[3]["entity_id"] is not None
    errors = [row.get("error", "") for row in answers]
    assert [error.partition(":")[0] for error in errors] == ["", "line 2", "name", "", "name"]


def test_judged_triples_are_fused():
    judged = run(*JUDGE, stdin=lines({"id": 7, "text": TEXT, "triples": [*TRIPLES, *TRIPLES]}, {"id": 8})).stdout
    unjudged = lines({"id": 9, "text": TEXT, "triples": TRIPLES})
    done = run("fuse", "--ontology", "company", stdin=judged + unjudged)
    fact, error = parsed(done.stdout)
    assert (fact["subject_name"], fact["predicate"], fact["object_name"], fact["evidence"][0]["document_id"]) == (
        "Ada Lovelace",
        "employer",
        "Acme Inc",
        7,
    )
    assert error["id"] == 8
    assert done.stderr.startswith("warning: 1 triples have no verdict")


def test_nothing_in_is_nothing_out():
    for command in (JUDGE, ("resolve",), ("fuse",)):
        done = run(*command)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not SHIPPED.exists(), reason="no weights are shipped yet")
def test_extract_pipes_into_judge_and_fuse():
    text = "Acme Inc was founded in 1998 by Ada Lovelace. Acme Inc has its headquarters in London."
    extracted = run("extract", "--ontology", "company", stdin=lines({"id": 1, "text": text}, "nonsense", {"id": None, "text": ""}))
    assert extracted.returncode == 0
    first, bad, empty = parsed(extracted.stdout)
    assert first["triples"]
    assert (bad["id"], bad["triples"], empty["triples"]) == (None, [], [])
    for triple in first["triples"]:
        quote = text[triple["evidence"]["start"] : triple["evidence"]["end"]]
        assert triple["subject"] in quote
        assert triple["object"] in quote
    judged = run("judge", "--ontology", "company", stdin=extracted.stdout)
    verdicts = [triple["verdict"] for triple in parsed(judged.stdout)[0]["triples"]]
    assert len(verdicts) == len(first["triples"])
    assert set(verdicts) <= {"accepted", "rejected", "undecided"}
    fused = run("fuse", "--ontology", "company", stdin=judged.stdout)
    assert sum("predicate" in line for line in parsed(fused.stdout)) <= verdicts.count("accepted")
