"""The flow: the same graph as in one process, a report kept as an artifact, and errors that are one line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import flows  # noqa: F401 - sets Prefect's quiet settings before Prefect is imported
from tests.spelled import Unwatched
from tests.test_pipeline import ADA, BOB, built, exported, plan, write

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prefect_server() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        yield


@pytest.mark.usefixtures("prefect_server")
def test_batches_as_prefect_tasks_give_the_graph_of_one_process(tmp_path):
    from prefect import flow

    from flows.build_graph import AsPrefectTasks
    from kgbuild.pipeline import build

    folder = write(tmp_path / "docs", {"a.txt": ADA, "b.txt": BOB})
    report = flow(lambda: build(plan(folder, tmp_path / "flow"), AsPrefectTasks(2), Unwatched()), name="test")()
    built(folder, tmp_path / "process")
    assert report.facts == 4
    assert exported(tmp_path / "flow") == exported(tmp_path / "process")


@pytest.mark.usefixtures("prefect_server")
def test_the_report_is_kept_as_an_artifact(tmp_path):
    from prefect.client.orchestration import get_client

    from flows.build_graph import build_graph

    folder = write(tmp_path / "docs", {"a.txt": "Larry Page and Sergey Brin founded Google in 1998."})
    report = build_graph(documents=folder, graph=tmp_path / "graph", ontology="company")
    with get_client(sync_client=True) as client:
        kept = client.request("POST", "/artifacts/filter", json={}).json()
    assert any(artifact["key"] == "kgbuild-report" and f"Generation {report.generation}" in artifact["data"] for artifact in kept)


def test_an_expected_error_in_a_flow_is_one_line(tmp_path):
    command = [sys.executable, "-m", "kgbuild", "build", str(tmp_path / "missing"), "--ontology", "company", "--prefect"]
    environment = os.environ | {"PREFECT_HOME": str(tmp_path / "prefect"), "KGBUILD_GRAPH": str(tmp_path / "graph")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "is not a folder" in done.stderr


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/api", "nonsense"])
def test_a_configured_server_that_does_not_answer_is_one_line(tmp_path, url):
    folder = write(tmp_path / "docs", {"a.txt": ADA})
    command = [sys.executable, "-m", "kgbuild", "build", str(folder), "--ontology", "company", "--graph", str(tmp_path / "graph")]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | {"PREFECT_API_URL": url}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"PREFECT_API_URL: no Prefect API answers at {url}" in done.stderr
