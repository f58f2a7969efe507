"""Stores at the command line, on real servers: `kgbuild build --store`, `verify`, and what `doctor` says of them."""

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kgbuild.cli import app
from kgbuild.cli.doctor import State, examine
from kgbuild.cli.report import BULK_FACTS, next_steps
from kgbuild.settings import Settings
from kgbuild.stores.projection import MARKER
from tests.test_pipeline import ADA, BOB, built, write


@pytest.fixture(autouse=True)
def no_login(monkeypatch):
    monkeypatch.delenv("NEO4J_USERNAME", raising=False)
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)


@pytest.fixture
def published(tmp_path, cleared_neo4j):
    built(write(tmp_path / "documents", {"a.txt": ADA, "b.txt": BOB}), tmp_path / "graph", store=cleared_neo4j.url)
    return tmp_path / "graph"


def run(server, statement):
    with closing(server.driver()) as driver:
        driver.execute_query(statement)


def verify(graph, *options):
    return CliRunner().invoke(app, ["verify", "--graph", str(graph), *options])


def of_store(graph):
    (finding,) = (f for f in examine(Settings.read({}), graph, None, None, {}) if f.subject.startswith("store "))
    return finding


def test_verify_finds_the_store_by_itself_and_repairs_it(published, neo4j_server):
    whole = verify(published)
    assert (whole.exit_code, whole.stdout.splitlines()[-1]) == (0, f"{neo4j_server.url} holds generation 1, whole")
    run(neo4j_server, "MATCH ()-[r:EMPLOYER]->() DELETE r")
    damaged = verify(published)
    assert (damaged.exit_code, damaged.stderr.count("\n")) == (1, 1)
    assert "mend it with --repair" in damaged.stderr
    repaired = verify(published, "--repair")
    assert repaired.exit_code == 0
    assert "2 relationships added" in repaired.stdout
    told = json.loads(verify(published, "--json").stdout)
    assert (told["equal"], told["kinds"]["EMPLOYER"]["found"]) == (True, 2)


@pytest.mark.parametrize(
    ("damage", "state", "words"),
    [
        (None, State.FINE, "holds generation 1"),
        (f"MATCH (m:{MARKER}) SET m.generation = 0", State.ATTENTION, "holds generation 0 of 1"),
        (f"MATCH (m:{MARKER}) REMOVE m.generation", State.ATTENTION, "holds no whole generation of 1"),
        (f"MATCH (m:{MARKER}) SET m.graph_id = 'another'", State.ATTENTION, "holds another graph"),
        ("MATCH (n) DETACH DELETE n", State.ATTENTION, "holds no graph any more"),
    ],
)
def test_doctor_says_what_a_store_holds(damage, state, words, published, neo4j_server):
    if damage:
        run(neo4j_server, damage)
    finding = of_store(published)
    assert (finding.subject, finding.state) == (f"store {neo4j_server.url}", state)
    assert words in finding.detail


@pytest.mark.parametrize(("facts", "advised"), [(BULK_FACTS - 1, False), (BULK_FACTS, True)])
def test_a_build_of_very_many_facts_says_how_they_are_loaded_fastest(facts, advised, tmp_path, capsys):
    next_steps(tmp_path, facts)
    assert ("--to neo4j-admin" in capsys.readouterr().out) == advised


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (None, None),
        # The server that `explore` would look for anyway needs no name.
        ("bolt://localhost:7687", "kgbuild explore --serve 8474 --graph g  "),
        ("neo4j://db:7688", "kgbuild explore --serve 8474 --graph g --store neo4j://db:7688 "),
    ],
)
def test_a_build_that_was_published_says_how_to_look_at_it_in_browser(store, said, capsys):
    next_steps(Path("g"), 10, store)
    out = capsys.readouterr().out
    assert (said in out) if said else ("explore" not in out)
