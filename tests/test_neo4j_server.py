"""The servers that other tests rely on: what is run where, and that nothing of them is left behind."""

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import neo4j
import pytest
from neo4j.exceptions import AuthError, ServiceUnavailable

from tests import neo4j_server
from tests.neo4j_server import NEO4J_RELEASES, RELEASES, ROOT, CannotRun, java_for, running

LTS, CURRENT = RELEASES


@pytest.mark.parametrize(
    ("installed", "lts", "current"),
    [
        # The long-term release runs on 17 and 21, the current one on 21 and newer; the oldest that will do is taken.
        ([8, 11, 17], 17, None),
        ([17, 25], 17, 25),
        ([21, 25], 21, 21),
        ([25], None, 25),
        ([], None, None),
    ],
)
def test_each_release_runs_on_a_java_it_is_supported_on(installed, lts, current, monkeypatch):
    monkeypatch.setattr(neo4j_server, "javas", lambda: {version: Path(f"java{version}") for version in installed})
    for release, wanted in ((LTS, lts), (CURRENT, current)):
        if wanted:
            assert java_for(release) == Path(f"java{wanted}")
        else:
            with pytest.raises(CannotRun, match=f"Neo4j {release.version} needs Java .*, found: "):
                java_for(release)


def test_the_server_is_the_release_it_says(neo4j_server):
    with closing(neo4j_server.driver()) as driver:
        components = driver.execute_query("CALL dbms.components() YIELD name, versions, edition").records
    assert ["Neo4j Kernel", [neo4j_server.release.version], "community"] in [record.values() for record in components]


def test_an_emptied_server_holds_nothing(neo4j_server):
    with closing(neo4j_server.driver()) as driver:
        driver.execute_query("CREATE CONSTRAINT `odd ``name` IF NOT EXISTS FOR (a:A) REQUIRE a.id IS UNIQUE")
        driver.execute_query("CREATE FULLTEXT INDEX words IF NOT EXISTS FOR (a:A) ON EACH [a.name]")
        driver.execute_query("MERGE (:A {id: 1})-[:B]->(:A {id: 2})")
        neo4j_server.empty()
        assert driver.execute_query("MATCH (n) RETURN n").records == []
        kinds = {r["type"] for r in driver.execute_query("SHOW INDEXES YIELD type").records}
        assert (driver.execute_query("SHOW CONSTRAINTS").records, kinds) == ([], {"LOOKUP"})


@pytest.fixture(scope="module", params=NEO4J_RELEASES[-1:])
def locked_server(request, tmp_path_factory):
    try:
        with running(request.param, tmp_path_factory.mktemp("locked"), password="correct horse") as server:
            yield server
    except CannotRun as reason:
        pytest.skip(str(reason))


def test_a_server_with_a_password_asks_for_it_and_keeps_its_data_when_started_again(locked_server):
    with closing(neo4j.GraphDatabase.driver(locked_server.url, auth=("neo4j", "wrong"))) as driver, pytest.raises(AuthError):
        driver.verify_connectivity()
    with closing(locked_server.driver()) as driver:
        driver.execute_query("CREATE (:Kept)")
    locked_server.stop()
    with closing(locked_server.driver()) as driver, pytest.raises(ServiceUnavailable):
        driver.verify_connectivity()
    locked_server.start()
    with closing(locked_server.driver()) as driver:
        assert len(driver.execute_query("MATCH (n:Kept) RETURN n").records) == 1


SERVING = """
import sys, time
from pathlib import Path
from tests.neo4j_server import RELEASES, running
with running(RELEASES[0], Path(sys.argv[1])) as server:
    print(server.process.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("release", NEO4J_RELEASES[:1])
def test_a_server_dies_with_the_process_that_started_it(release, neo4j_servers, tmp_path):
    neo4j_servers(release)  # skips where it cannot run
    command = [sys.executable, "-c", SERVING, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline, f"server {pid} outlives its parent"
        time.sleep(0.1)
