"""`kgbuild judge --extractor llm` and `kgbuild calibrate`, as a shell runs them."""

import json
import math
import random

import pytest

from tests.cli.test_stages import lines, parsed, run

ASKED = "Fact: {} | employer"


def texts(count, stated_if):
    """Rows of one triple each, and the replies of a model that is always sure and seldom asks itself whether it is right."""
    chance = random.Random(3)
    rows, replies = [], []
    for n in range(count):
        log_odds = chance.gauss(0, 3)
        supported = chance.random() < stated_if(log_odds)
        triple = {"subject": f"Ada{n} Hart", "predicate": "employer", "object": "Acme Inc", "supported": supported}
        rows.append({"id": n, "text": f"Ada{n} Hart works for Acme Inc.", "triples": [triple]})
        yes = 1 / (1 + math.exp(-log_odds))
        replies.append({"asked": ASKED.format(f"Ada{n} Hart"), "logprobs": [math.log(yes), math.log(1 - yes)]})
    return rows, replies


@pytest.fixture
def files(tmp_path):
    rows, replies = texts(300, lambda log_odds: 1 / (1 + math.exp(-(0.8 * log_odds - 1))))
    (tmp_path / "rows.jsonl").write_text(lines(*rows))
    (tmp_path / "replies.jsonl").write_text(lines(*replies))
    return tmp_path


def llm(files):
    return ("--ontology", "company", "--llm", f"recorded:{files / 'replies.jsonl'}")


def test_rows_and_triples_keep_their_order_and_say_what_the_model_said(files):
    done = run("judge", files / "rows.jsonl", "--extractor", "llm", *llm(files))
    assert (done.returncode, done.stderr) == (0, "")
    answered = parsed(done.stdout)
    assert [row["id"] for row in answered] == list(range(300))
    replies = parsed((files / "replies.jsonl").read_text())
    for row, reply in zip(answered, replies, strict=True):
        (triple,) = row["triples"]
        probability = math.exp(reply["logprobs"][0])
        assert triple["probability"] == pytest.approx(probability, abs=1e-5)
        expected = "accepted" if probability >= 0.8 else "rejected" if probability < 0.2 else "undecided"
        assert (triple["verdict"], triple["supported"]) == (
            expected,
            parsed((files / "rows.jsonl").read_text())[row["id"]]["triples"][0]["supported"],
        )


def test_what_was_measured_decides_from_then_on(files):
    made = run("calibrate", files / "rows.jsonl", *llm(files), "--output", files / "c.json", "--target-precision", "0.9", "--json")
    assert (made.returncode, made.stderr) == (0, "")
    report = json.loads(made.stdout)
    assert report["calibration"]["examples"] == 300
    assert report["held_out"]["ece_after"] < report["held_out"]["ece_before"]
    judged = run("judge", files / "rows.jsonl", "--extractor", "llm", *llm(files), "--calibration", files / "c.json")
    triples = [row["triples"][0] for row in parsed(judged.stdout)]
    accepted = [triple["supported"] for triple in triples if triple["verdict"] == "accepted"]
    assert sum(accepted) / len(accepted) >= 0.9
    assert 0.05 < len(accepted) / len(triples) < 0.6
    assert {triple["verdict"] for triple in triples} == {"accepted", "rejected", "undecided"}


def test_a_person_reads_what_was_measured_and_how_to_use_it(files):
    made = run("calibrate", files / "rows.jsonl", *llm(files), "--output", files / "c.json", "--target-precision", "0.9")
    assert (made.returncode, made.stderr) == (0, "")
    for said in ("300 labelled triples", "Expected calibration error on held-out texts", "abstains in between", "--calibration"):
        assert said in made.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("judge", "--ontology", "company", "--extractor", "llm"), "--llm: no language model is named"),
        (("judge", "--ontology", "company", "--extractor", "llm", "--llm", "gpt"), "--llm: 'gpt' names no model"),
        (("judge", "--ontology", "company", "--calibration", "c.json"), "--calibration: only a language model's answers have one"),
        (
            ("judge", "--ontology", "company", "--extractor", "llm", "--llm", "recorded:none", "--calibration", "c.json"),
            "c.json: cannot be read",
        ),
        (("calibrate", "rows.jsonl", "--ontology", "company", "--output", "c.json"), "--llm: no language model is named"),
        (("calibrate", "none.jsonl", "--ontology", "company", "--llm", "recorded:none", "--output", "c.json"), "none.jsonl: "),
    ],
)
def test_an_expected_error_is_one_line(arguments, said, tmp_path):
    done = run(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"error: {said}")


def test_labels_that_allow_no_calibration_write_no_file(files):
    rows = parsed((files / "rows.jsonl").read_text())[:5]
    (files / "few.jsonl").write_text(lines(*rows))
    done = run("calibrate", files / "few.jsonl", *llm(files), "--output", files / "c.json")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "10 of each kind are needed" in done.stderr
    assert not (files / "c.json").exists()
    (files / "few.jsonl").write_text("no row\n" * 40)
    done = run("calibrate", files / "few.jsonl", *llm(files), "--output", files / "c.json")
    assert "10 of each kind are needed (not used, 40 unreadable row)" in done.stderr


def test_a_calibration_that_cannot_be_written_is_refused_before_anything_is_asked(files):
    llm_that_answers_nothing = ("--ontology", "company", "--llm", "recorded:nowhere.jsonl")
    done = run("calibrate", files / "rows.jsonl", *llm_that_answers_nothing, "--output", files)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "is a folder, not a file" in done.stderr
