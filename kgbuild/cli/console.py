"""What commands share: where they print, and the options they have in common."""

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import markup
from rich.console import Console

WIDE = 1000
"""Columns of a table that goes to a file or another program: nothing is cut."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False)

DEFAULT_GRAPH = Path("kgraph")
DEFAULT_STORE = "bolt://localhost:7687"
"""Where a Neo4j server on this machine listens, unless configured otherwise."""
GraphOption = Annotated[Path, typer.Option("--graph", metavar="DIR", envvar="KGBUILD_GRAPH", help="The graph directory.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")]


def print_json(value: Any) -> None:
    """Print plain data as JSON; documents may hold any character, so none is escaped, unless the output lacks it, or styled."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:  # half a surrogate pair, or a terminal that is not Unicode's
        text = json.dumps(value, indent=2)
    sys.stdout.write(text + "\n")


def escape(text: str) -> str:
    """Keep words that are not ours from being read as markup, or as commands to the terminal; line breaks and tabs stay."""
    return markup.escape(re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lambda found: ascii(found[0])[1:-1], text))


def warn(message: str) -> None:
    err.print(f"[yellow]warning:[/yellow] {message}", markup=True, soft_wrap=True)
