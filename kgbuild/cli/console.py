"""What commands share: where they print, and the options they have in common."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

WIDE = 1000
"""Columns of a table that goes to a file or another program: nothing is cut."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False)

DEFAULT_GRAPH = Path("kgraph")
GraphOption = Annotated[Path, typer.Option("--graph", metavar="DIR", envvar="KGBUILD_GRAPH", help="The graph directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


def print_json(value: Any) -> None:
    """Print plain data as JSON; documents may hold any character, so none is escaped or styled."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def warn(message: str) -> None:
    err.print(f"[yellow]warning:[/yellow] {message}", markup=True, soft_wrap=True)
