"""`kgbuild explore`: the graph in Neo4j Browser, with colours, saved queries and a guide."""

from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit

from typer import Option

from kgbuild.cli.console import DEFAULT_GRAPH, DEFAULT_STORE, GraphOption, err, escape, out
from kgbuild.errors import InputError

BROWSER_PORT = 7474


def explore(
    graph: GraphOption = DEFAULT_GRAPH,
    store: Annotated[
        str, Option("--store", metavar="URL", help="The Neo4j server that the graph is published in.")
    ] = DEFAULT_STORE,
    output: Annotated[
        Path | None, Option("--output", metavar="DIR", help="Write the style sheet, the queries, the guide and the schema there.")
    ] = None,
    serve: Annotated[
        int | None,
        Option("--serve", metavar="PORT", min=0, max=65535, help="Show the guide and the colours in Browser from this port."),
    ] = None,
    schema: Annotated[
        bool, Option("--schema", help="Print the schema in words, for a model that writes Cypher, and nothing else.")
    ] = False,
) -> None:
    """Look around in Neo4j Browser: one colour for each class, saved queries, and a guide that leads through the graph."""
    from kgbuild.exploring import Guide, contents, saved_queries, schema_text, write_exploration
    from kgbuild.ledger import Snapshot

    browser = _browser_url(store)
    with Snapshot.open(graph) as snapshot:
        held = contents(snapshot)
    if schema:
        print(schema_text(held), end="")
        return
    if output is not None:
        write_exploration(held, output)
        out.print(f"Open {browser} and drop these on its window, one after the other:", soft_wrap=True, markup=False)
        out.print(f"  {output / 'style.grass'}   colours and captions", soft_wrap=True, markup=False)
        out.print(f"  {output / 'queries.zip'}   the queries, as saved ones", soft_wrap=True, markup=False)
        out.print(
            f"The same queries are in {output / 'queries'}, the guide in {output / 'guide.html'}.", soft_wrap=True, markup=False
        )
    if serve is not None:
        with closing(Guide(held, serve)) as guide, suppress(KeyboardInterrupt):
            out.print(f"Open {browser}?cmd=guide&arg={quote(guide.url, safe='')}", soft_wrap=True, markup=False)
            out.print(f"or type into Browser:  :guide {guide.url}", soft_wrap=True, markup=False)
            err.print("Ctrl-C ends it.")
            guide.serve()
    elif output is None:
        for query in saved_queries(held):
            out.print(f"[dim]{escape(query.script)}[/dim]", soft_wrap=True, highlight=False)
        err.print(
            f"Paste one into {browser}, or see them there with a guide and colours: --serve 8474, or --output DIR", soft_wrap=True
        )


def _browser_url(store: str) -> str:
    """Return where a server's Browser is, on the port it has unless configured otherwise."""
    try:
        hostname = urlsplit(store).hostname
    except ValueError:  # half a bracket, as in bolt://[::1
        hostname = None
    if not hostname:
        raise InputError("--store", f"{store!r} is no address of a server", "Give one such as bolt://localhost:7687")
    host = f"[{hostname}]" if ":" in hostname else hostname
    return f"http://{host}:{BROWSER_PORT}/browser/"
