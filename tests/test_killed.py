"""`kill -9` at any moment, then the same command, equals one clean run: real processes, killed at random times."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_pipeline import built, exported, write

PEOPLE = 240


def corpus(folder: Path) -> Path:
    texts = {
        f"{n:03}.txt": f"Person N{n}:Person employer Firm {chr(65 + n % 26)}:Company. Person N{n}:Person born_in City {chr(65 + n % 7)}:City."
        for n in range(PEOPLE)
    }
    return write(folder, texts)


def command(folder: Path, graph: Path) -> list[str]:
    return [sys.executable, "-m", "tests.build_spelled", str(folder), str(graph), "0.004"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_build_killed_at_any_moment_ends_as_a_clean_one(tmp_path, seed):
    folder = corpus(tmp_path / "docs")
    moments = random.Random(seed)
    for _ in range(5):
        process = subprocess.Popen(command(folder, tmp_path / "graph"), cwd=Path(__file__).parents[1])
        try:
            # Between starting up and being done: some kills come before the first write, some in the midst, some too late.
            process.wait(timeout=moments.uniform(0.3, 3.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    subprocess.run(command(folder, tmp_path / "graph"), check=True, cwd=Path(__file__).parents[1])
    built(folder, tmp_path / "fresh")
    assert exported(tmp_path / "graph") == exported(tmp_path / "fresh")
