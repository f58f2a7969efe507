"""`kgbuild ontology`: what it prints and what it exits with."""

import json

import pytest
from typer.testing import CliRunner

from kgbuild.cli.ontology import app
from kgbuild.errors import OntologyError
from kgbuild.ontology import read

GOOD = """\
classes: {Person: {label: p, description: d}}
properties:
  knows: {label: k, description: d, domain: Person, range: Person}
"""
DOUBTFUL = GOOD.replace("label: k, ", "")
BAD = GOOD.replace("range: Person", "range: Dog")


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("text", "exit_code", "last_line"),
    [
        (GOOD, 0, "0 errors, 0 warnings"),
        # A warning is no failure, an error is.
        (DOUBTFUL, 0, "0 errors, 1 warning"),
        (BAD, 1, "1 error, 0 warnings"),
    ],
)
def test_check_reports_everything_and_exits_by_the_worst(tmp_path, text, exit_code, last_line):
    file = tmp_path / "pets.yaml"
    file.write_text(text)
    result = run("check", file)
    assert (result.exit_code, result.output.splitlines()[-1]) == (exit_code, last_line)
    as_json = run("check", file, "--json")
    assert as_json.exit_code == exit_code
    assert len(json.loads(as_json.output)) == len(result.output.splitlines()) - 1


def test_check_says_where_what_and_what_to_do(tmp_path):
    file = tmp_path / "pets.yaml"
    file.write_text(BAD)
    assert json.loads(run("check", file, "--json").output)[0]["place"] == f"{file}:3"
    assert (
        f"{file}:3: error: the range of 'knows' is 'Dog', neither a class nor a datatype. Use one of: Person;"
        in run("check", file).output
    )


def test_show_prints_classes_and_properties():
    output = run("show", "company").output
    assert "14 classes" in output
    assert "34 properties" in output
    assert json.loads(run("show", "company", "--json").output)["digest"] == read("company").digest


def test_convert_writes_what_reads_the_same(tmp_path):
    assert run("convert", "company", tmp_path / "company.ttl").exit_code == 0
    assert read(tmp_path / "company.ttl").digest == read("company").digest


@pytest.mark.parametrize("arguments", [("check", "nowhere"), ("show", "nowhere"), ("convert", "company", "company.docx")])
def test_an_expected_error_is_one_line_for_the_main_app_to_print(arguments):
    result = run(*arguments)
    assert isinstance(result.exception, OntologyError)
    assert "\n" not in str(result.exception)
