"""`kgbuild build` with the compact extractor: which options fit, and what is said before a graph is made in another way."""

import json
import shutil
import time

import pytest
from typer.testing import CliRunner

from kgbuild.cli import app
from kgbuild.compact.weights import SHIPPED, open_weights
from kgbuild.planning import build_plan
from tests.test_pipeline import write

TEXTS = {"a.txt": "Acme Steel was founded in 1901 by Ruth Baker.", "b.txt": "Ruth Baker was born in Leeds."}


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Run the command on a folder of two documents."""
    monkeypatch.setenv("KGBUILD_GRAPH", str(tmp_path / "graph"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    folder = write(tmp_path / "docs", TEXTS)
    later = time.time_ns() + 3_600_000_000_000
    monkeypatch.setattr("kgbuild.pipeline.time.time_ns", lambda: later)  # the files are old enough to be told by their times

    def invoke(*options):
        return CliRunner().invoke(app, ["build", str(folder), *map(str, options)])

    return invoke


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        # The compact extractor asks no language model,
        (("--llm", "server:m@http://localhost:1/v1"), "--llm: the compact extractor asks no language model"),
        (("--probe",), "--probe: the compact extractor asks no language model"),
        (("--denoise",), "--denoise: the compact extractor asks no language model"),
        (("--decontextualise",), "--decontextualise: the compact extractor asks no language model"),
        (("--budget-tokens", 9), "--budget-tokens: the compact extractor asks no language model"),
        # and a language model needs no examples.
        (
            ("--extractor", "llm", "--llm", "server:m@http://localhost:1/v1", "--uncovered"),
            "--uncovered: a language model looks for every property anyway",
        ),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(build, tmp_path, options, problem):
    done = build("--ontology", "company", *options)
    assert str(done.exception).startswith(f"{problem}. Leave it out, or use --extractor ")
    assert not (tmp_path / "graph").exists()


def test_what_makes_all_documents_be_worked_on_again_is_told_before_and_after(build, tmp_path):
    assert "warning" not in build("--ontology", "company").stderr
    edited = tmp_path / "company.yaml"
    CliRunner().invoke(app, ["ontology", "convert", "company", str(edited)])
    edited.write_text(edited.read_text("utf-8").replace("A human being", "A being"), "utf-8")
    for ontology, reason in (("places", "ontology places instead of company"), (edited, "ontology company in another version")):
        assert build("--ontology", "company", "--json").exit_code == 0
        expected = json.loads(build("--ontology", ontology, "--dry-run", "--json").stdout)
        assert (expected["to_read"], expected["remade"], expected["to_extract"]) == (0, [reason], 2)
        told = build("--ontology", ontology, "--dry-run").stdout
        assert f"Every document that stays is worked on again: {reason}\n2 chunks read before have to be extracted from\n" in told
        done = build("--ontology", ontology, "--json")
        assert f"is worked on again: {reason}. Until that is done the graph stays as it is\n" in done.stderr
        assert json.loads(done.stdout)["remade"] == [reason]
        # The graph remembers the ontology, so the same again is no other way; going back extracts nothing again.
        again = build("--json")
        assert (again.stderr, json.loads(again.stdout)["remade"]) == ("", [])
        back = json.loads(build("--ontology", "company", "--dry-run", "--json").stdout)
        assert (back["to_extract"], len(back["remade"])) == (0, 1)


def test_other_weights_and_other_options_are_named_too(build, tmp_path):
    assert build("--ontology", "company").exit_code == 0
    options = json.loads(build("--uncovered", "--dry-run", "--json").stdout)
    assert options["remade"] == ["other options, or another version of kgbuild"]
    other = shutil.copytree(SHIPPED, tmp_path / "weights")
    (other / "calibration.json").write_text((other / "calibration.json").read_text() + "\n")
    before, after = open_weights().digest[:6], open_weights(other).digest[:6]
    weights = json.loads(build("--weights", other, "--dry-run", "--json").stdout)
    assert f"extractor compact/{after} instead of compact/{before}" in weights["remade"]


def test_weights_of_the_environment_count_for_a_flow_too(tmp_path, monkeypatch):
    monkeypatch.setenv("KGBUILD_WEIGHTS", str(tmp_path / "mine"))
    keep = {"uncovered": True, "retry_failed": False, "replace_root": False}
    plan = build_plan(write(tmp_path / "docs", TEXTS), tmp_path / "graph", "company", "compact", None, **keep)
    assert plan.extractor.weights == str(tmp_path / "mine")
