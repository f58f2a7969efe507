"""`kill -9` of the loader at any moment, a server that goes away: the same command again, and the graph is that of a clean load."""

import multiprocessing
import random
from contextlib import closing

import pytest

from kgbuild.ledger import Ledger, Snapshot
from kgbuild.stores import open_store
from tests.neo4j_server import NEO4J_RELEASES
from tests.stores.load_neo4j import load
from tests.stores.test_neo4j import held
from tests.test_pipeline import built, write

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.stores.load_neo4j"])
PEOPLE, KILLS = 160, 20

pytestmark = pytest.mark.slow


def corpus(folder, first):
    def text(n):
        person = f"Person N{n}:Person"
        return f"{person} employer Firm {chr(65 + n % 26)}:Company. {person} born_in City {chr(65 + n % 7)}:City."

    return write(folder, {f"{n:03}.txt": text(n) for n in range(first, first + PEOPLE)})


class Loader:
    """A process that publishes a graph, which can be watched and killed."""

    def __init__(self, graph, server):
        self._windows, sender = PROCESSES.Pipe(duplex=False)
        self.process = PROCESSES.Process(target=load, args=(graph, server.url, sender), daemon=True)
        self.process.start()
        sender.close()

    def wrote_windows(self, number):
        """Wait until so many windows are written; tell whether it was still at it."""
        try:
            return all(self._windows.recv() for _ in range(number))
        except EOFError:
            return False

    def ended(self):
        """Wait for the end; tell whether it was a good one."""
        self.wrote_windows(10**9)  # or it would wait for room in the pipe
        self.process.join()
        return self.process.exitcode == 0


def clean_load(graph, server, tmp_path):
    """What a load of the graph into an empty database gives."""
    server.clear()
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


def test_a_loader_killed_at_any_moment_ends_as_a_clean_load(cleared_neo4j, tmp_path):
    moments = random.Random(6)
    graph = tmp_path / "graph"
    kills = 0
    for first in (0, 40, 90):  # a first load, then two refreshes of which the second begins before the first is whole
        built(corpus(tmp_path / "documents", first), graph)
        for _ in range(KILLS // 3 + 1):
            loader = Loader(graph, cleared_neo4j)
            if loader.wrote_windows(moments.randrange(4)):
                loader.process.kill()
                kills += 1
            loader.ended()
        if first == 0:
            assert Loader(graph, cleared_neo4j).ended()
    assert Loader(graph, cleared_neo4j).ended()
    assert kills >= KILLS
    reached = held(cleared_neo4j)
    assert reached == clean_load(graph, cleared_neo4j, tmp_path)


@pytest.mark.parametrize("release", NEO4J_RELEASES[-1:])  # one: what is tested is the loader
def test_a_server_that_goes_away_in_the_middle_ends_as_a_clean_load(release, neo4j_servers, tmp_path):
    server, graph = neo4j_servers(release), tmp_path / "graph"
    server.clear()
    # It is stopped in the middle of a first load, as a system does, and killed in the middle of a refresh.
    for first, end in ((0, server.stop), (40, server.kill)):
        built(corpus(tmp_path / "documents", first), graph)
        loader = Loader(graph, server)
        assert loader.wrote_windows(5)
        try:
            end()
        finally:
            server.start()  # other tests need it too
        loader.ended()  # it went on by itself, or it ended with one line: the next run decides
        assert Loader(graph, server).ended()
    assert held(server) == clean_load(graph, server, tmp_path)
