"""The memory of replies, as a worker has it: what the ledger and this run know already, and what this run may still spend.

A worker reads the ledger and appends to segments of its own; the writer takes those in (`Ledger.take_in_replies`).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from threading import Lock
from types import TracebackType

from kgbuild.errors import BudgetSpent
from kgbuild.ledger.ledger import LEDGER_FILE, connect
from kgbuild.ledger.segments import worker_segment
from kgbuild.llm.asking import most_tokens
from kgbuild.llm.protocol import Reply, Request, Usage
from kgbuild.serialisation import from_json, to_json

_UNTAKEN = 4096
"""Replies held in memory before it is asked which of them the ledger has by now."""


class WorkerReplies:
    """The `Replies` of one run in one process, shared by its batches. Each batch uses it as a context: after the last of them no
    file stays open for reading.

    A budget holds for what this process spends: prompt tokens, cached or not, and reply tokens. A request begins only when the
    estimates of all those in flight, each with a reply of full length, fit into what is left; so the run spends more than the
    budget only by what the prompts of the last requests count more than estimated.
    """

    def __init__(self, directory: Path, run_id: int, budget_tokens: int | None) -> None:
        self._path = directory / LEDGER_FILE
        self._replies = worker_segment(directory, run_id, "replies")
        self._spent_lines = worker_segment(directory, run_id, "spent")
        self._untaken: dict[str, Reply] = {}
        self._reading = Lock()
        self._db: sqlite3.Connection | None = None
        self._batches = 0
        self._budget = budget_tokens
        self._spent = self._reserved = 0
        self._settled = asyncio.Condition()

    def __enter__(self) -> "WorkerReplies":
        with self._reading:
            self._batches += 1
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._reading:
            self._batches -= 1
            if self._db is not None and self._batches == 0:
                self._db.close()
                self._db = None

    def find(self, key: str) -> Reply | None:
        if (reply := self._untaken.get(key)) is not None:
            return reply
        payload = self._taken(key)
        return None if payload is None else from_json(Reply, payload)

    def keep(self, key: str, reply: Reply, stage: str) -> None:
        self._replies.append(key, to_json(reply), stage)
        self._count(reply.usage)
        self._untaken[key] = reply
        if len(self._untaken) % _UNTAKEN == 0:
            for taken in [key for key in self._untaken if self._taken(key) is not None]:
                del self._untaken[taken]

    def reserved(self, request: Request) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._budget is None else self._within(self._budget, most_tokens(request))

    @asynccontextmanager
    async def _within(self, budget: int, tokens: int) -> AsyncIterator[None]:
        async with self._settled:
            await self._settled.wait_for(lambda: not self._spent + tokens <= budget < self._spent + self._reserved + tokens)
            if self._spent + tokens > budget:
                problem = f"{self._spent:,} of {budget:,} tokens are spent, and the next request may take {tokens:,}"
                raise BudgetSpent("--budget-tokens", problem, "Run the same command again to go on")
            self._reserved += tokens
        try:
            yield
        finally:
            async with self._settled:
                self._reserved -= tokens
                self._settled.notify_all()

    def spent(self, stage: str, usage: Usage) -> None:
        self._spent_lines.append(stage, to_json(usage))
        self._count(usage)

    def _count(self, usage: Usage) -> None:
        self._spent += usage.prompt_tokens + usage.completion_tokens

    def _taken(self, key: str) -> str | None:
        """Return what the ledger has under the key."""
        with self._reading:
            if self._db is None:
                self._db = connect(self._path, read_only=True)
            row = self._db.execute("SELECT payload FROM reply WHERE key = ?", (key,)).fetchone()
            return None if row is None else str(row[0])


@lru_cache(maxsize=4)
def worker_replies(directory: Path, run_id: int, budget_tokens: int | None) -> WorkerReplies:
    """Return this process's memory of replies in a run."""
    return WorkerReplies(directory, run_id, budget_tokens)
