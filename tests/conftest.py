"""Servers that tests share. A test that asks for one is marked by its parameter; where it cannot run, it is skipped by name."""

from contextlib import ExitStack

import pytest

from tests.neo4j_server import NEO4J_RELEASES, CannotRun, running


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
                except CannotRun as reason:
                    started[release] = str(reason)
            if isinstance(started[release], str):
                pytest.skip(started[release])
            return started[release]

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
