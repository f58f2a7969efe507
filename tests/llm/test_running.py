"""Coroutines run from code that waits: results in order, errors in their place, and an end when one is wanted."""

import asyncio
import os
import signal
import subprocess
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from pathlib import Path

import pytest

from kgbuild.errors import ModelUnavailable, ReplyRefused
from kgbuild.llm.running import event_loop, run_all, stop
from tests.llm.asking import build_command, texts
from tests.llm.server import LoopbackServer
from tests.test_pipeline import write

ROOT = Path(__file__).parents[2]


async def soon(value):
    await asyncio.sleep(0.01)
    if isinstance(value, Exception):
        raise value
    return value


def test_results_and_expected_errors_come_in_order():
    away, refused = ModelUnavailable("here", "is away", "Wait"), ReplyRefused("here", "is wrong", "Ask otherwise")
    assert run_all(map(soon, [1, away, "two", refused])) == [1, away, "two", refused]
    assert run_all([]) == []


def test_a_bug_is_raised_and_ends_the_others():
    ended = []

    async def waits():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)

    with pytest.raises(ZeroDivisionError):
        run_all([waits(), soon(ZeroDivisionError())])
    assert ended == [True]


def test_many_threads_share_one_loop():
    async def loop_of(n):
        await asyncio.sleep(0.01)
        return n, asyncio.get_running_loop()

    with ThreadPoolExecutor(16) as pool:
        found = [pair for pairs in pool.map(lambda n: run_all([loop_of(n), loop_of(-n)]), range(1, 40)) for pair in pairs]
    assert [n for n, _ in found] == [sign * n for n in range(1, 40) for sign in (1, -1)]
    assert {loop for _, loop in found} == {event_loop()}


def test_stopping_ends_every_wait():
    outcome = []

    def wait():
        try:
            run_all([asyncio.sleep(3600)])
        except CancelledError:
            outcome.append("stopped")

    threads = [threading.Thread(target=wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    while len(outcome) < 5:
        stop()
        time.sleep(0.01)
    for thread in threads:
        thread.join(30)
    assert run_all([soon("goes on")]) == ["goes on"]


@pytest.mark.slow
def test_ctrl_c_does_not_wait_for_replies(tmp_path):
    folder = write(tmp_path / "docs", texts(range(10)))
    with LoopbackServer(latency_s=600).running() as server:
        command = build_command(folder, tmp_path / "graph", server.url)
        environment = os.environ | {"KGBUILD_REPLY_SECONDS": "900"}
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not server.asked:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=300)
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1].startswith("Stopped.")
    assert "Traceback" not in errors
