"""Rows to a database in bounded, sorted windows, by several writers of which no two ever touch the same node.

Rows of a window are dealt to partitions by the nodes they touch: a relationship belongs to the pair of its ends' partitions. As
in a tournament, a round takes disjoint pairs, one per writer, so that within a round no writer waits for another, let alone in a
circle.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, TypeVar
from zlib import crc32

from neo4j import Driver, ManagedTransaction, SummaryCounters, unit_of_work

from kgbuild.stores.protocol import Publication

Item = TypeVar("Item")

WRITERS = 2
"""More gain nothing on two processors, and make transactions small: a window falls into WRITERS * (2 * WRITERS - 1) of them."""
WINDOW_ROWS, WINDOW_CHARS = 24_000, 8_000_000
"""What is held in memory and sent before the next receipt; up to three windows exist at a time."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a statement. nodes: ids of those it touches, one or two. values: what the statement calls `row`."""

    statement: str
    nodes: tuple[str, ...]
    values: Mapping[str, Any]
    chars: int = 0

    @property
    def key(self) -> tuple[str, ...]:
        """What tells a row from the others of a window; rows of one key are one."""
        return (self.statement, *self.nodes, self.values.get("id") or "")


class Writer:
    """Writes rows and counts what the database says it did. Every transaction is tried again while that may help, see `connecting`.

    graph_id: stands in the metadata of transactions, by which those of a process that was killed are known.
    """

    def __init__(self, driver: Driver, database: str | None, graph_id: str) -> None:
        self._driver, self._database = driver, database
        marked = unit_of_work(metadata={"kgbuild": graph_id})
        self._written, self._answered = marked(_written), marked(_answered)
        self._counters: list[SummaryCounters] = []

    def write(self, rows: Iterable[Row], written: Callable[[int], None], writers: int = WRITERS) -> None:
        """Write rows; after each window say how many were taken from `rows` since the last. The next window is made meanwhile.

        writers: one for rows that delete relationships, which Neo4j locks together with their neighbours in the lists of both ends.
        """
        with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(writers) as pool:
            under_way: tuple[int, Future[None]] | None = None
            for window in _windows(rows):
                if under_way is not None:
                    under_way[1].result()
                    written(under_way[0])
                under_way = len(window), ahead.submit(self._write_window, window, writers, pool)
            if under_way is not None:
                under_way[1].result()
                written(under_way[0])

    def run(self, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        """Run one statement in a transaction of its own and return its records."""
        with self._driver.session(database=self._database) as session:
            records, counters = session.execute_write(self._answered, statement, parameters)
        self._counters.append(counters)
        return records

    def _write_window(self, window: Sequence[Row], writers: int, pool: ThreadPoolExecutor) -> None:
        rows = {row.key: row for row in window}
        for lanes in rounds([rows[key] for key in sorted(rows)], writers):
            for counters in pool.map(self._write_lane, lanes):
                self._counters += counters

    def _write_lane(self, lane: Sequence[Row]) -> list[SummaryCounters]:
        by_statement: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for row in lane:
            by_statement[row.statement].append(row.values)
        with self._driver.session(database=self._database) as session:
            return session.execute_write(self._written, by_statement)

    def counts(self) -> Publication:
        """Return what the database says was done by all transactions so far."""

        def total(name: str) -> int:
            return sum(getattr(counters, name) for counters in self._counters)

        return Publication(
            nodes_created=total("nodes_created"),
            nodes_deleted=total("nodes_deleted"),
            relationships_created=total("relationships_created"),
            relationships_deleted=total("relationships_deleted"),
            properties_set=total("properties_set"),
        )


def _written(transaction: ManagedTransaction, rows: Mapping[str, list[Mapping[str, Any]]]) -> list[SummaryCounters]:
    return [transaction.run(statement, rows=values).consume().counters for statement, values in rows.items()]


def _answered(
    transaction: ManagedTransaction, statement: str, parameters: dict[str, Any]
) -> tuple[list[dict[str, Any]], SummaryCounters]:
    result = transaction.run(statement, parameters)
    return result.data(), result.consume().counters


def _windows(rows: Iterable[Row]) -> Iterator[list[Row]]:
    window: list[Row] = []
    chars = 0
    for row in rows:
        window.append(row)
        chars += row.chars
        if len(window) == WINDOW_ROWS or chars > WINDOW_CHARS:
            yield window
            window, chars = [], 0
    if window:
        yield window


def rounds(rows: Sequence[Row], writers: int = WRITERS) -> Iterator[list[list[Row]]]:
    """Deal rows to rounds of at most so many lanes; no node is touched by two lanes of a round. Empty lanes are left out."""
    seats = _seats(2 * writers)
    dealt: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        first, *rest = sorted({crc32(node.encode()) % (2 * writers) for node in row.nodes})
        dealt[seats[first, rest[0] if rest else first]].append(row)
    for round_ in range(2 * writers - 1):
        lanes = [dealt[round_, lane] for lane in range(writers) if dealt[round_, lane]]
        if lanes:
            yield lanes


@cache
def _seats(partitions: int) -> dict[tuple[int, int], tuple[int, int]]:
    """Give every pair of partitions, and each alone, a round and a lane: the circle method of a round-robin tournament."""
    seats: dict[tuple[int, int], tuple[int, int]] = {}
    turning = list(range(1, partitions))
    for round_ in range(partitions - 1):
        circle = [0, *turning[round_:], *turning[:round_]]
        for lane in range(partitions // 2):
            first, second = sorted((circle[lane], circle[-1 - lane]))
            seats[first, second] = round_, lane
            for alone in chain((first,), (second,)):
                # Rows of one partition alone, nodes all of them, go where they find all lanes at once: to the first round.
                seats.setdefault((alone, alone), (round_, lane))
    return seats
