"""An extractor that asks a server, for tests of all that lies between."""

import atexit
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kgbuild.extraction.llm import LlmExtractor
from kgbuild.judging import JudgeAddress
from kgbuild.llm.openai_compatible import OpenAICompatible
from kgbuild.llm.protocol import Replies
from kgbuild.llm.running import run_all
from kgbuild.pipeline import BuildPlan, build
from kgbuild.report import Report
from kgbuild.runner import InThreads
from tests.spelled import STAFF, Unwatched

PAUSES_S = (0.01, 0.02, 0.04, 0.08)
PATIENCE_S = 2.0
KEY = "sk-0123456789"


@dataclass(frozen=True, slots=True)
class AskingAddress:
    """The extractor that `--extractor llm` opens, with a client that waits less between the times it asks."""

    url: str
    requests: int = 8

    def open(self, replies: Replies) -> LlmExtractor:
        return LlmExtractor(_model(self.url, self.requests), STAFF, replies)


@cache
def _model(url: str, requests: int) -> OpenAICompatible:
    model = OpenAICompatible(url, "m", requests, PATIENCE_S, KEY, PAUSES_S)
    atexit.register(lambda: run_all([model.close()]))
    return model


def plan(documents: Path, graph: Path, url: str, budget_tokens: int | None = None, requests: int = 8) -> BuildPlan:
    address, judge = AskingAddress(url, requests), JudgeAddress("rules", STAFF)
    return BuildPlan(documents, graph, STAFF, address, judge, llm=url, requests=requests, budget_tokens=budget_tokens)


def texts(numbers: Iterable[int]) -> dict[str, str]:
    """Return documents of one chunk each, which `server.employers` reads."""
    return {
        f"{n:03}.txt": f"Person N{n} works for Firm {chr(65 + n % 26)}. Person N{n} was born in City {chr(65 + n % 7)}."
        for n in numbers
    }


def built(documents: Path, graph: Path, url: str, **options: int) -> Report:
    return build(plan(documents, graph, url, **options), InThreads(2), Unwatched())


def build_command(documents: Path, graph: Path, url: str) -> list[str]:
    """The command with which a person builds with the model `m` of a server."""
    command = [sys.executable, "-m", "kgbuild", "build", str(documents), "--ontology", "company", "--graph", str(graph)]
    return [*command, "--extractor", "llm", "--llm", f"server:m@{url}"]
