"""`kgbuild export` and `view`: the graph as files, and as one page to look at."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from kgbuild.cli.console import DEFAULT_GRAPH, GraphOption, err, out
from kgbuild.errors import InputError

FORMATS = ("jsonl", "parquet", "graphml", "turtle", "neo4j-admin", "judge-training", "extraction-training")


def export(
    out_path: Annotated[Path, Argument(metavar="OUT", help="A folder for jsonl, parquet and neo4j-admin, a file for the others.")],
    to: Annotated[str, Option("--to", metavar="FORMAT", help=f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}.")],
    graph: GraphOption = DEFAULT_GRAPH,
) -> None:
    """Write the published graph to files. Every quote is checked against its document on the way.

    judge-training and extraction-training are conversations to fine-tune a language model with: docs/fine-tuning.md.
    """
    from kgbuild.ledger import Snapshot
    from kgbuild.stores.files import (
        export_extraction_training,
        export_graphml,
        export_jsonl,
        export_judge_training,
        export_neo4j_admin,
        export_parquet,
        export_turtle,
    )

    _refuse_ledger(out_path, graph)
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
                    "Run the line above where the server is stopped; --overwrite-destination replaces what its database holds. Then"
                    " `kgbuild verify --store URL --repair` compares it and makes constraints and indexes, and builds refresh it",
                    soft_wrap=True,
                )
            case "judge-training":
                _print_examples(export_judge_training(snapshot, out_path), out_path)
                return
            case "extraction-training":
                _print_examples(export_extraction_training(snapshot, out_path), out_path)
                return
            case _:
                raise InputError("--to", f"{to!r} is no format", f"Use one of: {', '.join(FORMATS)}")
        facts = snapshot.counts()["facts"]
    err.print(f"Wrote {facts:,} facts to {out_path}", soft_wrap=True, markup=False)


def _print_examples(counts: Mapping[str, int], out_path: Path) -> None:
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in counts.items())
    err.print(
        f"Wrote {sum(counts.values()):,} examples to {out_path}" + (f": {kinds}" if kinds else ""), soft_wrap=True, markup=False
    )


def _refuse_ledger(path: Path, graph: Path) -> None:
    from kgbuild.ledger import LEDGER_FILE

    if path.resolve() == (graph / LEDGER_FILE).resolve():
        raise InputError(path, "is the graph's own ledger", "Name another file to write")


def view(
    output: Annotated[Path, Option("--output", metavar="FILE", help="Where to write the page.")] = Path("graph.html"),
    graph: GraphOption = DEFAULT_GRAPH,
) -> None:
    """Write one HTML page to search entities, walk to their neighbours and read the evidence; it needs no network."""
    from kgbuild.ledger import Snapshot
    from kgbuild.stores.html import write_view

    _refuse_ledger(output, graph)
    with Snapshot.open(graph) as snapshot:
        write_view(snapshot, output)
    out.print(f"Open {output.resolve()} in a browser", soft_wrap=True, markup=False)
