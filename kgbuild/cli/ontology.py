"""`kgbuild ontology`: check, show and convert an ontology."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from kgbuild import ontology
from kgbuild.cli.console import JsonOption, out, print_json
from kgbuild.ontology import Severity

app = typer.Typer(help="Check, show and convert an ontology.", no_args_is_help=True)

AddressArgument = Annotated[
    str, typer.Argument(metavar="ONTOLOGY", help="A bundled name, a file, or a folder with an ontology.yaml.")
]
COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


@app.command()
def check(address: AddressArgument, json: JsonOption = False) -> None:
    """Report everything wrong or doubtful about an ontology, with line and remedy. Exits 1 when there are errors."""
    problems = ontology.check(address)
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    if json:
        print_json([asdict(problem) for problem in problems])
    else:
        for problem in problems:
            severity = (str(problem.severity), COLOURS[problem.severity])
            out.print(Text.assemble(f"{problem.place}: ", severity, f": {problem.problem}. {problem.remedy}."), soft_wrap=True)
        out.print(f"{_counted(errors, 'error')}, {_counted(len(problems) - errors, 'warning')}")
    if errors:
        raise typer.Exit(1)


@app.command()
def show(address: AddressArgument, json: JsonOption = False) -> None:
    """Show the classes as a tree and the properties with domain, range and flags."""
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
    ontology.write(ontology.read(address), output)
    out.print(Text(f"wrote {output}"))


PLURALS = {"class": "classes", "property": "properties"}


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else PLURALS.get(noun, f'{noun}s')}"
