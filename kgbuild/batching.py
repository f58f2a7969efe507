"""Items -> batches of a bounded number and size, in order, taken as they are needed: so memory stays flat."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def batched(
    items: Iterable[Item], most: int, largest: int = 0, size: Callable[[Item], int] = lambda item: 0
) -> Iterator[list[Item]]:
    """Yield the items in batches of at most `most`, whose sizes add up to `largest` at most; one that is larger stands alone.

    >>> list(batched(["a", "bb", "cc", "ddddd", "e"], most=3, largest=4, size=len))
    [['a', 'bb'], ['cc'], ['ddddd'], ['e']]
    """
    batch: list[Item] = []
    sizes = 0
    for item in items:
        if batch and sizes + size(item) > largest:
            yield batch
            batch, sizes = [], 0
        batch.append(item)
        sizes += size(item)
        if len(batch) == most:  # at once: whoever writes the items may wait for an answer before the next
            yield batch
            batch, sizes = [], 0
    if batch:
        yield batch
