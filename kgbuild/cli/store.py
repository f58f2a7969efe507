"""`kgbuild verify`; and the option with which commands name a store, asking for user and password where a person can be asked."""

import os
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from typer import Option

from kgbuild.cli.console import DEFAULT_GRAPH, GraphOption, JsonOption, err, escape, out, print_json
from kgbuild.errors import InputError, LoginRefused

if TYPE_CHECKING:
    from kgbuild.ledger import Snapshot
    from kgbuild.stores.neo4j.verifying import Comparison

StoreOption = Annotated[
    str | None,
    Option(
        "--store", metavar="URL", help="A Neo4j server, such as bolt://localhost:7687, with /DATABASE after it if it has several."
    ),
]


def reached(store: str) -> str:
    """Return the address of a store that answers and lets us in; a person at a terminal is asked for a password if need be."""
    from kgbuild.stores import check_store

    try:
        check_store(store)
    except LoginRefused:
        if os.environ.get("NEO4J_PASSWORD") or not sys.stdin.isatty():
            raise
        os.environ["NEO4J_USERNAME"] = typer.prompt("User", default="neo4j", err=True)
        os.environ["NEO4J_PASSWORD"] = typer.prompt("Password", hide_input=True, err=True)
        check_store(store)
    return store


def verify(
    store: StoreOption = None,
    repair: Annotated[
        bool, Option("--repair", help="Make the store hold the graph: write what is missing, remove what is too much.")
    ] = False,
    graph: GraphOption = DEFAULT_GRAPH,
    as_json: JsonOption = False,
) -> None:
    """Compare what a store holds with the graph: numbers and contents, by kind of node and type of relationship.

    What others keep in the same database is no difference. Exits 1 when something differs and is not repaired.
    """
    from kgbuild.ledger import Ledger, Snapshot
    from kgbuild.report import published_in_words
    from kgbuild.serialisation import to_dict
    from kgbuild.stores import open_store

    with Snapshot.open(graph) as snapshot:
        address = reached(store or _published_to(snapshot, graph))
        with closing(open_store(address)) as opened:
            generation, comparisons = opened.generation(), opened.verify(snapshot)
        equal = generation == snapshot.generation and all(comparison.equal for comparison in comparisons.values())
        if repair and not equal:
            with Ledger.open(graph) as ledger, closing(open_store(address, ledger)) as opened:
                mended = opened.repair(snapshot)
    if as_json:
        kinds = {kind: to_dict(comparison) for kind, comparison in comparisons.items()}
        held = {"store": address, "equal": equal, "generation": generation, "graph_generation": snapshot.generation}
        print_json({**held, "repaired": repair and not equal, "kinds": kinds})
    else:
        _print_comparisons(comparisons)
        if equal:
            out.print(f"{address} holds generation {snapshot.generation}, whole", soft_wrap=True, markup=False)
        elif repair:
            written = published_in_words(mended)
            out.print(f"Repaired {address}: it holds generation {snapshot.generation} ({written})", soft_wrap=True, markup=False)
        else:
            holds = f"generation {generation}" if generation is not None else "no whole generation"
            differs = f"{address} holds {holds} and differs from generation {snapshot.generation} of the graph"
            err.print(f"{differs}: mend it with --repair", soft_wrap=True, markup=False)
    if not equal and not repair:
        raise typer.Exit(1)


def stores_of(snapshot: "Snapshot") -> list[str]:
    """Return the addresses of the stores that a graph was published to."""
    from kgbuild.stores.neo4j.receipts import Receipt

    return sorted({Receipt.parse(payload).url for payload in snapshot.receipts().values()})


def _published_to(snapshot: "Snapshot", graph: Path) -> str:
    """Return the one store that a graph was published to."""
    urls = stores_of(snapshot)
    if len(urls) != 1:
        problem = f"{graph} was published to {', '.join(urls)}" if urls else f"{graph} was not published to any store"
        raise InputError("--store", problem, "Name the one to compare")
    return urls[0]


def _print_comparisons(comparisons: "Mapping[str, Comparison]") -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "graph", "store", "missing", "different", "too much", "among them"):
        table.add_column(column, justify="right" if column not in ("", "among them") else "left", overflow="fold")
    for kind, found in comparisons.items():
        numbers = (found.expected, found.found, found.missing, found.different, found.extra)
        named = "; ".join(found.named) + ("; …" if found.missing + found.different + found.extra > len(found.named) else "")
        table.add_row(escape(kind), *(f"{number:,}" for number in numbers), escape(named))
    out.print(table)
