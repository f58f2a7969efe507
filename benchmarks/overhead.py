"""What orchestration and the ledger cost around an extractor: wall time against the extractor's own, and memory.

    python benchmarks/overhead.py [--chunks 2000] [--ms-per-chunk 20] [--threads 2] [--prefect]

Each chunk is a document of its own that states two facts, so every stage has work. The baseline is the same number of chunks
extracted by the same extractor in the same number of threads, without anything around it. spaCy's language data, which
every extractor that reads sentences loads too, is loaded before.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import flows  # noqa: E402, F401 - before Prefect, for its quiet settings
from kgbuild.chunking import sentence_spans  # noqa: E402
from kgbuild.judging import JudgeAddress  # noqa: E402
from kgbuild.pipeline import CHUNKS_PER_BATCH, BuildPlan, Runner, build  # noqa: E402
from kgbuild.report import Report  # noqa: E402
from kgbuild.runner import InThreads  # noqa: E402
from tests.spelled import STAFF, SpelledAddress, Unwatched  # noqa: E402


def corpus(folder: Path, documents: int) -> Path:
    folder.mkdir()
    for n in range(documents):
        person, firm, city = f"Person N{n}", f"Firm F{n % 500}", f"City C{n % 50}"
        text = f"{person}:Person employer {firm}:Company. {person}:Person born_in {city}:City."
        (folder / f"{n:06}.txt").write_text(text, "utf-8")
    return folder


def baseline_s(chunks: int, seconds_per_chunk: float, threads: int) -> float:
    batches = [min(CHUNKS_PER_BATCH, chunks - start) for start in range(0, chunks, CHUNKS_PER_BATCH)]
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda size: time.sleep(seconds_per_chunk * size), batches))
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chunks", type=int, default=2000)
    parser.add_argument("--ms-per-chunk", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prefect", action="store_true", help="run the batches as Prefect tasks, with a server of its own")
    options = parser.parse_args()
    seconds = options.ms_per_chunk / 1000

    with tempfile.TemporaryDirectory() as scratch:
        folder = corpus(Path(scratch) / "documents", options.chunks)
        sentence_spans("Loads the language data, which takes spaCy two seconds once a process.")
        alone = baseline_s(options.chunks, seconds, options.threads)
        plan = BuildPlan(folder, Path(scratch) / "graph", STAFF, SpelledAddress(seconds), JudgeAddress("rules", STAFF))
        report, wall = _with_prefect(plan, options.threads) if options.prefect else _timed(plan, InThreads(options.threads))
        began = time.perf_counter()
        idle = build(plan, InThreads(options.threads), Unwatched())
        idle_s = time.perf_counter() - began
    assert report.facts
    assert not idle.changed
    measured = {
        "chunks": report.chunks,
        "facts": report.facts,
        "extractor alone s": round(alone, 2),
        "build s": round(wall, 2),
        "overhead, share of the build": round(1 - alone / wall, 3),
        "ms per chunk around the extractor": round((wall - alone) / options.chunks * 1000, 2),
        "second build s": round(idle_s, 2),
        "peak memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "seconds": dict(report.seconds),
    }
    print(json.dumps(measured, indent=2))


def _timed(plan: BuildPlan, run: Runner) -> tuple[Report, float]:
    began = time.perf_counter()
    return build(plan, run, Unwatched()), time.perf_counter() - began


def _with_prefect(plan: BuildPlan, threads: int) -> tuple[Report, float]:
    """Time the flow alone, not the start of a server for it."""
    from prefect import flow

    from flows.build_graph import AsPrefectTasks
    from flows.server import prefect_api

    with prefect_api():

        @flow(name="overhead", persist_result=False)
        def measured() -> tuple[Report, float]:
            return _timed(plan, AsPrefectTasks(threads))

        return measured()


if __name__ == "__main__":
    main()
