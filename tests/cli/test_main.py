"""The rim of every command: an expected error is one line on stderr and exit code 1."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_pipeline import ADA, built, write

FULL = Path("/dev/full")


def kgbuild(*words, stdout=subprocess.PIPE):
    return subprocess.run([sys.executable, "-m", "kgbuild", *map(str, words)], stdout=stdout, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def graph(tmp_path):
    built(write(tmp_path / "docs", {"a.txt": ADA}), tmp_path / "graph")
    return tmp_path / "graph"


@pytest.mark.parametrize("id_", ["no\nsuch\x1b[31mid", "a\u2028b", "[/nope] [bold]x[/bold]"])
def test_an_error_is_one_line_whatever_was_typed(graph, id_):
    done = kgbuild("explain", id_, "--graph", graph)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "\x1b[31m" not in done.stderr
    assert id_.startswith("[") == (id_ in done.stderr)


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_output_that_finds_no_room_is_one_line(graph, options):
    with FULL.open("w") as full:
        done = kgbuild("status", "--graph", graph, *options, stdout=full)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "the output: cannot be written (No space left on device)" in done.stderr
