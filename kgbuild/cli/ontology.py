"""`kgbuild ontology`: check, show, convert and induce an ontology."""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from kgbuild.cli.console import DEFAULT_GRAPH, GraphOption, JsonOption, out, print_json
from kgbuild.errors import InputError

app = typer.Typer(help="Check, show, convert and propose an ontology.", no_args_is_help=True)

AddressArgument = Annotated[
    str, typer.Argument(metavar="ONTOLOGY", help="A bundled name, a file, or a folder with an ontology.yaml.")
]
COLOURS = {"error": "bold red", "warning": "yellow"}


@app.command()
def check(address: AddressArgument, json: JsonOption = False) -> None:
    """Report everything wrong or doubtful about an ontology, with line and remedy. Exits 1 when there are errors."""
    from kgbuild import ontology

    problems = ontology.check(address)
    errors = sum(problem.severity is ontology.Severity.ERROR for problem in problems)
    if json:
        print_json([asdict(problem) for problem in problems])
    else:
        for problem in problems:
            severity = (str(problem.severity), COLOURS[problem.severity.value])
            out.print(Text.assemble(f"{problem.place}: ", severity, f": {problem.problem}. {problem.remedy}."), soft_wrap=True)
        out.print(f"{_counted(errors, 'error')}, {_counted(len(problems) - errors, 'warning')}")
    if errors:
        raise typer.Exit(1)


@app.command()
def show(address: AddressArgument, json: JsonOption = False) -> None:
    """Show the classes as a tree and the properties with domain, range and flags."""
    from kgbuild import ontology

    found = ontology.read(address)
    if json:
        print_json(ontology.as_data(found) | {"digest": found.digest})
        return
    overview = ontology.show(found)
    out.print(Text(f"{overview.name}: {overview.title}" if overview.title else overview.name, "bold"))
    for line in (overview.description, overview.source and f"{overview.source} ({overview.licence or 'no licence given'})"):
        if line:
            out.print(Text(line))
    classes = Table("class", "label", "description", title=_counted(len(overview.classes), "class"), title_justify="left")
    for class_ in overview.classes:
        classes.add_row(Text("  " * class_.depth + class_.name), Text(class_.label), Text(class_.description))
    out.print(classes)
    properties = Table(
        "property", "from", "to", "flags", "description", title=_counted(len(overview.properties), "property"), title_justify="left"
    )
    for prop in overview.properties:
        properties.add_row(*map(Text, (prop.name, prop.domain, prop.range, prop.flags, prop.description)))
    out.print(properties)


@app.command()
def convert(
    address: AddressArgument,
    output: Annotated[
        Path, typer.Argument(metavar="OUTPUT", help="Its suffix names the format: .yaml, .json, .ttl, .rdf or .owl.")
    ],
) -> None:
    """Write an ontology in another format."""
    from kgbuild import ontology

    ontology.write(ontology.read(address), output)
    out.print(Text(f"wrote {output}"))


@app.command()
def induce(
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help="The ontology.yaml to write; one that is there is kept.")],
    graph: GraphOption = DEFAULT_GRAPH,
    min_count: Annotated[int, typer.Option(min=1, help="Facts that a property needs to be proposed.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Propose an ontology from the facts of a graph, best one built without: `kgbuild build DOCUMENTS --extractor llm`.

    Edit what is proposed: merge properties, say what they mean, give classes parents. Then build again with --ontology.
    """
    from kgbuild import ontology
    from kgbuild.extraction.open_mode import known_properties
    from kgbuild.ledger import Snapshot

    if output.exists():
        raise InputError(output, "is there already, and may hold edits", "Name a new file, or remove it")
    name = output.resolve().parent.name if output.stem == "ontology" else output.stem
    with Snapshot.open(graph) as snapshot:
        entities = {entity.id: entity for entity in snapshot.entities()}
        known = known_properties() if snapshot.ontology.is_open else snapshot.ontology.properties
        proposal = ontology.induce(snapshot.facts(), entities, name, min_count, known)
    proposed = proposal.ontology
    if not proposed.properties:
        raise InputError(graph, f"no property has {min_count} facts", "Build from more documents, or lower --min-count")
    ontology.write(proposed, output)
    if as_json:
        counts = {"classes": len(proposed.classes), "properties": len(proposed.properties)}
        rare = {"predicates": proposal.left_out_predicates, "classes": proposal.left_out_classes}
        print_json({"ontology": str(output), **counts, "left_out": rare})
        return
    out.print(
        f"wrote {output}: {_counted(len(proposed.classes), 'class')}, {_counted(len(proposed.properties), 'property')}",
        soft_wrap=True,
        markup=False,
    )
    for noun, left_out in (("predicate", proposal.left_out_predicates), ("class", proposal.left_out_classes)):
        if left_out:
            shown = ", ".join(f"{name or '(none)'} ({count})" for name, count in list(left_out.items())[:SHOWN_LEFT_OUT])
            more = ", …" if len(left_out) > SHOWN_LEFT_OUT else ""
            out.print(f"left out as too rare: {_counted(len(left_out), noun)}: {shown}{more}", soft_wrap=True, markup=False)
    out.print(f"Edit it, then:  kgbuild ontology check {shlex.quote(str(output))}", soft_wrap=True, markup=False)


SHOWN_LEFT_OUT = 5
PLURALS = {"class": "classes", "property": "properties"}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else PLURALS.get(noun, f'{noun}s')}"
