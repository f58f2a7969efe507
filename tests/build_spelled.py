"""Builds a graph in a process of its own, for tests that kill it: DOCUMENTS GRAPH SECONDS_PER_CHUNK are its arguments."""

import sys
from pathlib import Path

from kgbuild.judging import JudgeAddress
from kgbuild.pipeline import BuildPlan, build
from kgbuild.runner import InThreads
from tests.spelled import STAFF, SpelledAddress, Unwatched

if __name__ == "__main__":
    documents, graph, seconds = sys.argv[1:]
    plan = BuildPlan(Path(documents), Path(graph), STAFF, SpelledAddress(float(seconds)), JudgeAddress("rules", STAFF))
    build(plan, InThreads(2), Unwatched())
