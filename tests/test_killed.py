"""`kill -9` at any moment, or a disk that fills up, then the same command, equals one clean run: real processes."""

import random
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_pipeline import built, exported, write

ROOT = Path(__file__).parents[1]
PEOPLE = 240


def corpus(folder: Path) -> Path:
    def text(n: int) -> str:
        person = f"Person N{n}:Person"
        return f"{person} employer Firm {chr(65 + n % 26)}:Company. {person} born_in City {chr(65 + n % 7)}:City."

    texts = {f"{n:03}.txt": text(n) for n in range(PEOPLE)}
    return write(folder, texts)


def command(folder: Path, graph: Path) -> list[str]:
    return [sys.executable, "-m", "tests.build_spelled", str(folder), str(graph), "0.004"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_build_killed_at_any_moment_ends_as_a_clean_one(tmp_path, seed):
    folder = corpus(tmp_path / "docs")
    moments = random.Random(seed)
    for _ in range(5):
        process = subprocess.Popen(command(folder, tmp_path / "graph"), cwd=ROOT)
        try:
            # Between starting up and being done: some kills come before the first write, some in the midst, some too late.
            process.wait(timeout=moments.uniform(0.3, 3.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    subprocess.run(command(folder, tmp_path / "graph"), check=True, cwd=ROOT)
    built(folder, tmp_path / "fresh")
    assert exported(tmp_path / "graph") == exported(tmp_path / "fresh")


@pytest.mark.slow
@pytest.mark.parametrize("bytes_", [50_000, 150_000, 400_000])
def test_a_disk_that_fills_up_is_named_and_loses_nothing(tmp_path, bytes_):
    folder = corpus(tmp_path / "docs")

    def no_large_files() -> None:  # a file that may not grow any more fails as one on a full disk does
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, bytes_))

    full = subprocess.run(command(folder, tmp_path / "graph"), cwd=ROOT, preexec_fn=no_large_files, capture_output=True, text=True)
    assert full.returncode == 1
    assert "GraphError" in full.stderr.splitlines()[-1]
    assert "cannot be written" in full.stderr.splitlines()[-1]
    subprocess.run(command(folder, tmp_path / "graph"), check=True, cwd=ROOT)
    built(folder, tmp_path / "fresh")
    assert exported(tmp_path / "graph") == exported(tmp_path / "fresh")
