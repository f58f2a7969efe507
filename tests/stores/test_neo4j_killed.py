"""`kill -9` of the loader at any moment, a server that goes away: the same command again, and the graph is that of a clean load."""

import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kgbuild.ledger import Ledger, Snapshot
from kgbuild.stores import open_store
from tests.neo4j_server import NEO4J_RELEASES, CannotRun, running
from tests.stores.test_neo4j import held
from tests.test_pipeline import built, write

ROOT = Path(__file__).parents[2]
PEOPLE, KILLS = 160, 20

pytestmark = pytest.mark.slow


def corpus(folder, first):
    def text(n):
        person = f"Person N{n}:Person"
        return f"{person} employer Firm {chr(65 + n % 26)}:Company. {person} born_in City {chr(65 + n % 7)}:City."

    return write(folder, {f"{n:03}.txt": text(n) for n in range(first, first + PEOPLE)})


def loader(graph, server):
    command = [sys.executable, "-m", "tests.stores.load_neo4j", str(graph), server.url]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def windows_read(process, number):
    """Read what the loader says of so many windows; tell whether it was still at it."""
    return all(process.stdout.readline() for _ in range(number))


def loaded(graph, server):
    process = loader(graph, server)
    output = process.communicate()
    assert process.returncode == 0, output


def clean_load(graph, server, tmp_path):
    """What a load of the graph into an empty database gives."""
    server.empty()
    # a copy of the ledger knows of no store
    fresh = tmp_path / f"copy-{random.random()}"
    fresh.mkdir()
    (fresh / "ledger.sqlite").write_bytes((graph / "ledger.sqlite").read_bytes())
    with Ledger.open(fresh) as ledger, Snapshot.open(fresh) as snapshot, closing(open_store(server.url, ledger)) as store:
        store.publish(snapshot, snapshot.differences(None))
    return held(server)


@pytest.fixture(autouse=True)
def no_login(monkeypatch):
    monkeypatch.delenv("NEO4J_USERNAME", raising=False)
    monkeypatch.delenv("NEO4J_PASSWORD", raising=False)


def test_a_loader_killed_at_any_moment_ends_as_a_clean_load(empty_neo4j, tmp_path):
    moments = random.Random(6)
    graph = tmp_path / "graph"
    kills = 0
    for first in (0, 40, 90):  # a first load, then two refreshes of which the second begins before the first is whole
        built(corpus(tmp_path / "documents", first), graph)
        for _ in range(KILLS // 3 + 1):
            process = loader(graph, empty_neo4j)
            if windows_read(process, moments.randrange(4)):
                process.kill()
                kills += 1
            process.communicate()
        if first == 0:
            loaded(graph, empty_neo4j)
    loaded(graph, empty_neo4j)
    assert kills >= KILLS
    reached = held(empty_neo4j)
    assert reached == clean_load(graph, empty_neo4j, tmp_path)


@pytest.mark.parametrize("release", NEO4J_RELEASES)
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_server_that_goes_away_in_the_middle_ends_as_a_clean_load(release, end, tmp_path):
    graph = tmp_path / "graph"
    built(corpus(tmp_path / "documents", 0), graph)
    try:
        with running(release, tmp_path / "neo4j") as server:
            process = loader(graph, server)
            assert windows_read(process, 5)
            getattr(server, end)()
            server.start()
            process.communicate()  # it went on by itself, or it ended with one line: the next run decides
            loaded(graph, server)
            assert held(server) == clean_load(graph, server, tmp_path)
    except CannotRun as reason:
        pytest.skip(str(reason))
