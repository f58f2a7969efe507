"""Publishes a graph, for tests that kill the process it is done in."""

from contextlib import ExitStack, closing
from multiprocessing.connection import Connection
from pathlib import Path

from kgbuild.ledger import Ledger, Snapshot
from kgbuild.stores import open_store
from kgbuild.stores.neo4j import writing


def load(graph: Path, url: str, windows: Connection) -> None:
    """Bring a store up to date with a graph. windows: is sent the number of rows of each window when it is written."""
    writing.WINDOW_ROWS = 40  # a small graph in many windows
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.open(graph))
        snapshot = stack.enter_context(Snapshot.open(graph))
        store = stack.enter_context(closing(open_store(url, ledger, windows.send)))
        store.publish(snapshot, snapshot.differences(store.generation()))
