"""Coroutines run from code that waits: one event loop a process, on a thread of its own, shared by all batches.

Requests of all batches meet on it, so that a server sees one client and one limit, and the tail of a batch overlaps with the head
of the next.
"""

import asyncio
import os
from collections.abc import Coroutine, Iterable
from concurrent.futures import Future
from functools import lru_cache
from threading import Lock, Thread
from typing import Any, TypeVar

import uvloop

from kgbuild.errors import KgbuildError

Result = TypeVar("Result")

_awaited: set[Future[Any]] = set()
_opening = Lock()


def run_all(coroutines: Iterable[Coroutine[Any, Any, Result]]) -> list[Result | KgbuildError]:
    """Run coroutines side by side and wait for all of them; safe from many threads at once, never from a coroutine.

    Returns: in their order, what each returned, or the expected error that it ended with. Any other exception is a bug: the rest is
    given up and it is raised. Raises `concurrent.futures.CancelledError` after `stop`.
    """
    future = asyncio.run_coroutine_threadsafe(_side_by_side(coroutines), event_loop())
    _awaited.add(future)
    try:
        return future.result()
    except BaseException:  # Ctrl-C while waiting in the main thread, say: nobody wants the answers any more
        future.cancel()
        raise
    finally:
        _awaited.discard(future)


def stop() -> None:
    """Give up everything that `run_all` waits for in any thread, so that a process that was told to end ends at once."""
    for future in tuple(_awaited):
        future.cancel()


def event_loop() -> asyncio.AbstractEventLoop:
    """Return the loop that this process's requests run on, started when first asked for."""
    with _opening:
        return _loop_of(os.getpid())


@lru_cache(maxsize=1)
def _loop_of(pid: int) -> asyncio.AbstractEventLoop:
    """pid: a forked child inherits the loop without its thread, and needs its own."""
    loop = uvloop.new_event_loop()
    Thread(target=loop.run_forever, name=f"requests-{pid}", daemon=True).start()
    return loop


async def _side_by_side(coroutines: Iterable[Coroutine[Any, Any, Result]]) -> list[Result | KgbuildError]:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = []
            for coroutine in coroutines:
                tasks.append(group.create_task(_expected(coroutine)))
                await asyncio.sleep(0)  # the first requests are on their way before the last ones are thought of
    except BaseExceptionGroup as bugs:
        raise bugs.exceptions[0] from None
    return [task.result() for task in tasks]


async def _expected(coroutine: Coroutine[Any, Any, Result]) -> Result | KgbuildError:
    try:
        return await coroutine
    except KgbuildError as error:
        return error
