"""The runner for one process: batches in a few threads, results in the order of the batches.

The work of a batch lies in onnxruntime and in servers, which let go of Python's global lock, so threads are enough.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")
Context = TypeVar("Context")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class InThreads:
    """A `Runner` with so many threads. Batches are taken as they are needed, so that memory stays flat."""

    threads: int

    def __call__(
        self, step: Callable[[Sequence[Item], Context], Result], batches: Iterable[Sequence[Item]], context: Context
    ) -> Iterator[Result]:
        with ThreadPoolExecutor(self.threads) as pool:
            pending: deque[Future[Result]] = deque()
            try:
                for batch in batches:
                    pending.append(pool.submit(step, batch, context))
                    if len(pending) > self.threads:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
