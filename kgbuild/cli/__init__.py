"""Commands: each parses, calls one function and prints. An expected error is one line on stderr and exit code 1."""

import re
import sys
from errno import EDQUOT, EIO, ENOSPC
from io import TextIOWrapper

import typer

from kgbuild.cli import build, calibrate, doctor, evaluate, explain, explore, export, ontology, query, report, stages, store, train
from kgbuild.cli.console import err, escape
from kgbuild.errors import KgbuildError

INTERRUPTED = 130
"""The exit code with which Typer answers Ctrl-C."""

app = typer.Typer(
    help="Turn a folder of documents into a knowledge graph in which every fact can be traced to the words that state it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(build.build)
app.command()(report.status)
app.command()(report.report)
app.command()(report.rejected)
app.command()(explain.explain)
app.command()(query.query)
app.command()(export.view)
app.command()(explore.explore)
app.command()(export.export)
app.command()(stages.extract)
app.command()(stages.judge)
app.command()(stages.resolve)
app.command()(stages.fuse)
app.command()(train.train)
app.command()(calibrate.calibrate)
app.command()(evaluate.evaluate)
app.command()(store.verify)
app.command()(doctor.doctor)
app.add_typer(ontology.app, name="ontology")


def main() -> None:
    """Run the command line; expected errors become one line and exit code 1, everything else is a bug and shows its traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that is not Unicode's shows what it lacks by its number
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            err.print("Stopped. What a build did is kept: run the same command again to go on.")
        raise
    except KgbuildError as error:
        _print_error(str(error))
        raise SystemExit(1) from None
    except BrokenPipeError:  # the reader of our output, `head` say, has seen enough
        sys.stderr.close()
        raise SystemExit(1) from None
    except PermissionError as error:
        if not error.filename:
            raise
        remedy = "Give yourself the right to it, or name another path"
        _print_error(f"{error.filename}: cannot be reached ({error.strerror}). {remedy}.")
        raise SystemExit(1) from None
    except OSError as error:
        if error.errno not in (ENOSPC, EDQUOT, EIO):
            raise
        _print_error(f"{error.filename or 'the output'}: cannot be written ({error.strerror}). Make room and try again.")
        sys.stdout = None  # what it still holds cannot be written at the end either
        raise SystemExit(1) from None


def _print_error(message: str) -> None:
    """Print an error on one line, whatever stands in the names it quotes."""
    line = re.sub(r"[\t\n\u2028\u2029]", lambda found: ascii(found[0])[1:-1], message)
    err.print(f"[bold red]error:[/bold red] {escape(line)}", soft_wrap=True)
