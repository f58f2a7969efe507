"""The runner for one process: batches in a few threads, results in the order of the batches.

The work of a batch lies in onnxruntime and in servers, which let go of Python's global lock, so threads are enough.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from kgbuild.llm.running import stop

Item = TypeVar("Item")
Context = TypeVar("Context")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class InThreads:
    """A `Runner` with so many threads. Batches are taken as they are needed, so that memory stays flat."""

    threads: int

    def __call__(
        self,
        step: Callable[[Sequence[Item], Context], Result],
        batches: Iterable[Sequence[Item]],
        context: Context,
        at_a_time: int | None = None,
    ) -> Iterator[Result]:
        threads = at_a_time or self.threads
        with ThreadPoolExecutor(threads) as pool:
            pending: deque[Future[Result]] = deque()
            try:
                for batch in batches:
                    pending.append(pool.submit(step, batch, context))
                    if len(pending) > threads:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            except BaseException:  # Ctrl-C, or a batch that ends the run: what other batches wait for is not wanted any more
                stop()
                raise
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
