"""How much of a server's capacity a build uses, and what the client costs, on a server of fixed latency in a process of its own.

    python benchmarks/llm_throughput.py [--slots 16 64 256] [--rounds 10] [--latency 1.0] [--repeats 3]

Per number of slots, `rounds` times as many chunks are asked about, in each way after the other, all of it `repeats` times; what is
printed are medians, how far the share of bare and the CPU go up and down, and the CPU as a share of bare's:
  ideal      the server's own time: rounds * latency
  line       as bare, with requests of one line and no grammar: the least that a request costs on this machine
  bare       the openai client on its aiohttp transport and a semaphore, with the very requests that kgbuild sends, grammars and all
  asking     `llm.asking.ask` with the memory of replies in a graph directory: what every stage asks through
  build      `kgbuild build`, its stage of extraction: keys, prompts, grammars, requests, memory, parsing, grounding, ledger
  graphrag   the LLMEntityRelationExtractor of neo4j-graphrag with as many requests at a time, where that is installed
CPU is that of this process, all threads. A chunk is read, and asked about, before: language data and a connection are warm.
A shared machine counts more CPU for the same work in one second than in the next: how much more, the yardstick tells, a loop of
plain Python.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import openai  # noqa: E402
from openai import DefaultAioHttpClient  # noqa: E402

from kgbuild.errors import KgbuildError  # noqa: E402
from kgbuild.extraction.grammar import Copyable, Shapes  # noqa: E402
from kgbuild.extraction.grounding import Flattened  # noqa: E402
from kgbuild.extraction.llm import LlmAddress, LlmExtractor  # noqa: E402
from kgbuild.judging import JudgeAddress  # noqa: E402
from kgbuild.ledger import Ledger, worker_replies  # noqa: E402
from kgbuild.llm import open_model  # noqa: E402
from kgbuild.llm.asking import ask  # noqa: E402
from kgbuild.llm.protocol import Capabilities, Grammar, Message, NoReplies, Request  # noqa: E402
from kgbuild.llm.running import run_all  # noqa: E402
from kgbuild.llm.wire import body_of  # noqa: E402
from kgbuild.pipeline import BuildPlan, build  # noqa: E402
from kgbuild.records import Chunk, Span  # noqa: E402
from kgbuild.runner import InThreads  # noqa: E402
from tests.spelled import STAFF, Unwatched  # noqa: E402

FILLER = "The report goes on to tell, at some length, how the work was done and who was thanked for it. "
SHAPES = Shapes(STAFF)
NOTHING = '{"nodes": [], "relationships": []}'


def text(n: int) -> str:
    return f"Person N{n} works for Firm {n % 500}. {FILLER * 12}Person N{n} was born in City {n % 50}."


def chunks(count: int) -> list[Chunk]:
    return [Chunk(f"c{n}", "d", n, Span(0, len(text(n))), text(n)) for n in range(count)]


def grammar(chunk: Chunk) -> str | None:
    flattened = Flattened.of(chunk.text)
    return SHAPES.grammar(Copyable.of(flattened), range(1, len(flattened.sentences) + 1))


@contextmanager
def served(slots: int, latency_s: float, reply: str = "") -> Iterator[str]:
    """Yield the URL of a server that ends with the block."""
    command = [sys.executable, "-m", "tests.llm.server", "--slots", str(slots), "--latency", str(latency_s), "--reply", reply]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.kill()


class Clock:
    """Seconds of wall time and of this process's CPU since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def per(self, requests: int) -> tuple[float, float]:
        """Return seconds, and milliseconds of CPU a request."""
        return time.perf_counter() - self._wall, (time.process_time() - self._cpu) / requests * 1000


def bare(url: str, slots: int, bodies: list[dict[str, Any]]) -> tuple[float, float]:
    async def run() -> tuple[float, float]:
        async with openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0, http_client=DefaultAioHttpClient()) as client:
            free = asyncio.Semaphore(slots)

            async def one(body: dict[str, Any]) -> None:
                of_vllm = {name: value for name, value in body.items() if name == "structured_outputs"}
                of_protocol = {name: value for name, value in body.items() if name not in of_vllm}
                async with free:
                    completion = await client.chat.completions.create(**of_protocol, extra_body=of_vllm)
                assert completion.choices[0].finish_reason == "stop"

            await one(bodies[0])
            clock = Clock()
            await asyncio.gather(*map(one, bodies))
            return clock.per(len(bodies))

    return asyncio.run(run())


def asking(url: str, requests: list[Request], folder: Path) -> tuple[float, float]:
    model = open_model(f"server:m@{url}")
    with Ledger.open(folder) as ledger, worker_replies(folder, ledger.start_run(), None) as replies:
        run_all([model.complete(requests[0])])
        clock = Clock()
        answers = run_all(ask(model, request, lambda reply: reply.text, replies, "asking") for request in requests)
        assert not any(isinstance(answer, KgbuildError) for answer in answers)
        return clock.per(len(requests))


def built(url: str, slots: int, count: int, folder: Path) -> tuple[float, float]:
    """Build from one document a chunk; CPU is of the stage of extraction alone."""
    documents = folder / "documents"
    documents.mkdir(parents=True)
    for n in range(count):
        (documents / f"{n:06}.txt").write_text(text(n), "utf-8")
    address = f"server:m@{url}"
    run_all([open_model(address).capabilities()])
    watched = Watched()
    judge = JudgeAddress("rules", STAFF)
    plan = BuildPlan(documents, folder / "graph", STAFF, LlmAddress(address, STAFF), judge, llm=address, requests=slots)
    report = build(plan, InThreads(os.cpu_count() or 1), watched)
    assert report.facts == 2 * count, report
    return report.seconds["extracting"], watched.cpu_s / count * 1000


class Watched(Unwatched):
    """Notes the CPU time of the stage of extraction."""

    cpu_s = 0.0

    def begin(self, stage: str, total: int | None) -> None:
        match stage:
            case "extracting":
                self._began = time.process_time()
            case "judging":
                self.cpu_s = time.process_time() - self._began


def graphrag(url: str, slots: int, texts: list[str]) -> tuple[float, float]:
    from neo4j_graphrag.components.entity_relation_extractor import LLMEntityRelationExtractor
    from neo4j_graphrag.components.schema import GraphSchema, NodeType
    from neo4j_graphrag.components.types import TextChunk, TextChunks
    from neo4j_graphrag.llm import OpenAILLM

    async def run() -> tuple[float, float]:
        llm = OpenAILLM("m", {"temperature": 0, "max_tokens": 2000}, base_url=url, api_key="none")
        extractor = LLMEntityRelationExtractor(llm, create_lexical_graph=False, max_concurrency=slots)
        schema = GraphSchema(node_types=tuple(NodeType(label=name) for name in STAFF.classes))
        given = TextChunks(chunks=[TextChunk(text=words, index=n) for n, words in enumerate(texts)])
        await extractor.run(TextChunks(chunks=given.chunks[:1]), schema=schema)
        clock = Clock()
        await extractor.run(given, schema=schema)
        taken = clock.per(len(texts))
        await llm.async_client.close()
        return taken

    return asyncio.run(run())


def yardstick() -> list[float]:
    """Return the nanoseconds of CPU that a step of plain Python takes, of bursts of some 10 ms with a rest between two."""
    kept: dict[int, str] = {}
    steps = 100_000

    def burst() -> float:
        time.sleep(0.25)
        began = time.process_time()
        for n in range(steps):
            kept[n % 1000] = str(n)
        return (time.process_time() - began) / steps * 1e9

    return [burst() for _ in range(12)]


def ways(slots: int, rounds: int, latency_s: float) -> dict[str, tuple[float, float]]:
    """Return seconds and milliseconds of CPU a request for each way of asking, measured one after the other."""
    count = slots * rounds
    extractor = LlmExtractor(open_model("server:m@http://nowhere.invalid/v1"), STAFF, NoReplies())
    requests = [
        replace(request, constraint=Grammar(lark))
        for chunk in chunks(count)
        if (request := extractor.first_request(chunk)) is not None and (lark := grammar(chunk)) is not None
    ]
    assert len(requests) == count
    bodies = [body_of(request, "m", Capabilities(), {}) for request in requests]
    lines = [body_of(Request((Message("user", f"Say {n}"),), 16), "m", Capabilities(), {}) for n in range(count)]
    measured: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        with served(slots, latency_s) as url:
            measured["line"] = bare(url, slots, lines)
        with served(slots, latency_s) as url:
            measured["bare"] = bare(url, slots, bodies)
        with served(slots, latency_s) as url:
            measured["asking"] = asking(url, requests, Path(scratch) / "asking")
        with served(slots, latency_s) as url:
            measured["build"] = built(url, slots, count, Path(scratch) / "build")
        if find_spec("neo4j_graphrag") is not None:
            with served(slots, latency_s, NOTHING) as url:
                measured["graphrag"] = graphrag(url, slots, [text(n) for n in range(count)])
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, nargs="+", default=[16, 64, 256])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds that the server takes for each request")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    for slots in options.slots:
        os.environ["KGBUILD_REQUESTS"] = str(slots)
        runs = [ways(slots, options.rounds, options.latency) for _ in range(options.repeats)]
        count, ideal_s = slots * options.rounds, options.rounds * options.latency
        print(f"{slots} slots, {count:,} requests of {options.latency:g} s: ideal {ideal_s:.1f} s; load {os.getloadavg()[0]:.1f}")
        steps = yardstick()
        print(f"  yardstick {median(steps):.0f} ns CPU a step ({min(steps):.0f} to {max(steps):.0f})")
        for way in runs[0]:
            seconds, cpu_ms = median(run[way][0] for run in runs), [run[way][1] for run in runs]
            shares = [run["bare"][0] / run[way][0] for run in runs]
            spread = f"{median(shares):6.1%} of bare ({min(shares):.1%} to {max(shares):.1%})"
            cpu = f"{median(cpu_ms):6.2f} ms CPU a request ({min(cpu_ms):.2f} to {max(cpu_ms):.2f})"
            cpu += f", {median(run[way][1] / run['bare'][1] for run in runs):.2f} of bare"
            print(f"  {way:<9}{seconds:7.2f} s {count / seconds:7.1f} requests/s  {spread}  {cpu}", flush=True)


if __name__ == "__main__":
    main()
