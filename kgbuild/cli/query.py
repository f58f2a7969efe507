"""`kgbuild query`: Cypher on the graph, without a server."""

import json
from contextlib import closing
from typing import Annotated

from rich.table import Table
from typer import Argument, Option

from kgbuild.cli.console import DEFAULT_GRAPH, GraphOption, JsonOption, escape, out, print_json
from kgbuild.errors import InputError


def query(
    cypher: Annotated[
        str, Argument(metavar="CYPHER", help="A query that reads, such as 'MATCH (a)-[r]->(b) RETURN a.name, b.name'.")
    ],
    limit: Annotated[int, Option(min=1, help="Rows to show at most.")] = 1000,
    graph: GraphOption = DEFAULT_GRAPH,
    as_json: JsonOption = False,
) -> None:
    """Ask the graph in Cypher; nodes are Document, Chunk and Entity, and every property is a relationship such as BORN_IN."""
    from kgbuild.ledger import Snapshot, writing
    from kgbuild.stores.embedded import EmbeddedStore

    with Snapshot.open(graph) as snapshot, closing(EmbeddedStore(graph, writing)) as store:
        store.publish(snapshot, snapshot.differences(None))
        answer = store.query(cypher, max_rows=limit)
    if as_json:
        if twice := sorted({name for name in answer.columns if answer.columns.count(name) > 1}):
            raise InputError("--json", f"several columns are called {twice[0]!r}", "Name them apart with AS")
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        print_json(json.loads(json.dumps(rows), parse_constant=lambda _: None))  # JSON has no NaN and no infinity
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in answer.columns:
        table.add_column(escape(column), overflow="fold")  # an id cut short is of no use
    for row in answer.rows:
        table.add_row(*("" if value is None else escape(str(value)) for value in row))
    out.print(table)
    more = "" if answer.complete else "; there are more, raise --limit"
    out.print(f"[dim]{len(answer.rows):,} row{'s' * (len(answer.rows) != 1)}{more}[/dim]")
