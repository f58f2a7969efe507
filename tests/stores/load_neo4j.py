"""Publishes a graph in a process of its own, for tests that kill it: GRAPH URL are its arguments. Says each window it wrote."""

import sys
from contextlib import ExitStack, closing
from pathlib import Path

from kgbuild.ledger import Ledger, Snapshot
from kgbuild.stores import open_store
from kgbuild.stores.neo4j import writing

if __name__ == "__main__":
    graph, url = sys.argv[1:]
    writing.WINDOW_ROWS = 40  # a small graph in many windows
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.open(Path(graph)))
        snapshot = stack.enter_context(Snapshot.open(Path(graph)))
        store = stack.enter_context(closing(open_store(url, ledger, lambda rows: print("wrote", rows, flush=True))))
        store.publish(snapshot, snapshot.differences(store.generation()))
