"""Servers that tests share. A test that asks for one is marked by its parameter; where it cannot run, it is skipped by name."""

import re
import signal
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from kgbuild.ledger import Snapshot
from kgbuild.stores.neo4j import Neo4jAddress, Neo4jStore
from tests.neo4j_server import NEO4J_RELEASES, CannotRun, DoesNotStart, running
from tests.stores.receipts import ReceiptsInMemory

ROOT = Path(__file__).parents[1]

# Ctrl-C is tested, also where the shell started the tests in the background and with it told them to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)


_RELEASE = re.compile(r"\[.*?\b(neo4j-\d+\.\d+)")


def release_of(nodeid):
    """Return the release of Neo4j that a test is run on, as its name has it; "" where it needs none."""
    named = _RELEASE.search(nodeid)
    return named[1] if named else ""


def pytest_collection_modifyitems(items):
    """Tests on a server come first, one release after the other, then files with slow tests: what takes longest begins early."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def place(item):
        release = release_of(item.nodeid)
        return not release, release, item.path not in slow, item.path

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give all tests on one release to one worker, and other files whole: no worker starts a server that another has running."""
    from xdist.scheduler import LoadFileScheduling

    class OneServerEach(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return release_of(nodeid) or super()._split_scope(nodeid)

    return OneServerEach(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def neo4j_servers(tmp_path_factory):
    """A function from a release to its server, started when first asked for and stopped after the last test."""
    with ExitStack() as stack:
        started = {}

        def server_of(release):
            if release not in started:
                try:
                    server = running(release, tmp_path_factory.mktemp("neo4j") / release.name)
                    started[release] = stack.enter_context(server)
                except (CannotRun, DoesNotStart) as reason:
                    started[release] = reason
            match started[release]:
                case CannotRun() as reason:
                    pytest.skip(str(reason))
                case DoesNotStart() as reason:
                    raise reason  # not tried again for each test
                case server:
                    return server

        yield server_of


@pytest.fixture(scope="session", params=NEO4J_RELEASES)
def neo4j_server(request, neo4j_servers):
    """A server of each release, shared by all tests; what it holds is whatever the test before left."""
    return neo4j_servers(request.param)


@pytest.fixture
def empty_neo4j(neo4j_server):
    """The shared server of each release, emptied for this test."""
    neo4j_server.empty()
    return neo4j_server


@pytest.fixture
def cleared_neo4j(neo4j_server):
    """The shared server of each release without nodes and relationships; it may have our constraints and indexes already."""
    neo4j_server.clear()
    return neo4j_server


@pytest.fixture(scope="session")
def demo_graph(tmp_path_factory):
    """The directory of the graph that `make demo` builds."""
    graph = tmp_path_factory.mktemp("demo") / "graph"
    command = [sys.executable, "-m", "kgbuild", "build", "examples/documents", "--ontology", "company", "--graph", str(graph)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return graph


@pytest.fixture(scope="module", params=NEO4J_RELEASES)
def neo4j_demo(request, neo4j_servers, demo_graph):
    """A server of each release that holds the demo graph, for the tests of one module, which only read it."""
    server = neo4j_servers(request.param)
    server.empty()
    store = Neo4jStore(Neo4jAddress.parse(server.url), ReceiptsInMemory(), environment={})
    with closing(store), Snapshot.open(demo_graph) as snapshot:
        store.publish(snapshot, snapshot.differences(None))
    return server
