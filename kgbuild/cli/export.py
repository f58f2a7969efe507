"""`kgbuild export` and `view`: the graph as files, and as one page to look at."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from kgbuild.cli.console import DEFAULT_GRAPH, GraphOption, err, out
from kgbuild.errors import InputError


def export(
    out_path: Annotated[
        Path, Argument(metavar="OUT", help="A folder for jsonl, parquet and neo4j-admin, a file for graphml and turtle.")
    ],
    to: Annotated[str, Option("--to", metavar="FORMAT", help="jsonl, parquet, graphml, turtle or neo4j-admin.")],
    graph: GraphOption = DEFAULT_GRAPH,
) -> None:
    """Write the published graph to files. Every quote is checked against its document on the way."""
    from kgbuild.ledger import Snapshot
    from kgbuild.stores.files import export_graphml, export_jsonl, export_neo4j_admin, export_parquet, export_turtle

    with Snapshot.open(graph) as snapshot:
        match to:
            case "jsonl":
                export_jsonl(snapshot, out_path)
            case "parquet":
                export_parquet(snapshot, out_path)
            case "graphml":
                export_graphml(snapshot, out_path)
            case "turtle":
                export_turtle(snapshot, out_path)
            case "neo4j-admin":
                out.print(export_neo4j_admin(snapshot, out_path), soft_wrap=True, markup=False)
                err.print(
                    "Run the line above where the server is stopped; --overwrite-destination replaces what its database holds"
                )
            case _:
                raise InputError("--to", f"{to!r} is no format", "Use one of: jsonl, parquet, graphml, turtle, neo4j-admin")
        facts = snapshot.counts()["facts"]
    err.print(f"Wrote {facts:,} facts to {out_path}", soft_wrap=True, markup=False)


def view(
    output: Annotated[Path, Option("--output", metavar="FILE", help="Where to write the page.")] = Path("graph.html"),
    graph: GraphOption = DEFAULT_GRAPH,
) -> None:
    """Write one HTML page to search entities, walk to their neighbours and read the evidence; it needs no network."""
    from kgbuild.ledger import Snapshot
    from kgbuild.stores.html import write_view

    with Snapshot.open(graph) as snapshot:
        write_view(snapshot, output)
    out.print(f"Open {output.resolve()} in a browser", soft_wrap=True, markup=False)
