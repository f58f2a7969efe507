"""`kgbuild train`: labelled examples, or the judged facts of a graph, in; weights that know the ontology out."""

import json
import os
import random
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from typer import Argument, Option

from kgbuild.cli.console import JsonOption, err, escape, out, print_json, warn
from kgbuild.errors import InputError

if TYPE_CHECKING:
    from kgbuild.compact.taught import JudgedText

SHOWN_UNUSED, SHOWN_CHARS = 5, 80


def train(
    examples: Annotated[
        Path | None,
        Argument(metavar="[EXAMPLES]", help='Labelled lines: {"id", "text", "triples": [{"subject", "predicate", "object"}]}.'),
    ] = None,
    graph: Annotated[
        Path | None, Option("--graph", metavar="DIR", help="Learn from the judged facts of this graph instead.")
    ] = None,
    ontology: Annotated[str | None, Option(metavar="ONTOLOGY", help="A bundled name or a file.")] = None,
    output: Annotated[Path | None, Option("--output", metavar="WEIGHTS", help="A folder for the new weights.")] = None,
    base: Annotated[
        Path | None, Option("--base", metavar="WEIGHTS", help="Weights to start from; those shipped by default.")
    ] = None,
    unlabelled: Annotated[
        Path | None,
        Option(
            "--unlabelled",
            metavar="DOCUMENTS",
            help="A folder of documents that EXAMPLES were drawn from at random: thresholds follow from how much is stated there.",
        ),
    ] = None,
    seed: Annotated[
        int, Option(min=0, max=2**63 - 1, help="Equal seeds give equal weights on one machine's CPU, with as many threads.")
    ] = 0,
    suggest: Annotated[
        int | None,
        Option(metavar="N", min=1, help="Write the N sentences of EXAMPLES, a folder of documents, most worth labelling."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Teach the compact model an ontology from 25 to 100 labelled sentences, in a minute or two on a CPU, or on an NVIDIA GPU.

    Start with `kgbuild train --suggest 25 DOCUMENTS --ontology O > examples.jsonl`, correct what it guessed, and train on that.

    With --unlabelled as much is accepted of other sentences as the examples list: right where they were drawn at random.

    Those that --suggest chose state more than others do, and too much would be accepted: leave --unlabelled out with them.
    """
    if suggest is not None:
        _suggest(examples, suggest, ontology, base)
        return
    if (examples is None) == (graph is None):
        raise InputError("kgbuild train", "needs either EXAMPLES or --graph", "Give one of the two")
    if graph is not None and unlabelled is not None:
        remedy = "Leave one of the two out"
        raise InputError(
            "--unlabelled", "needs EXAMPLES drawn at random; a graph teaches from passages that state something", remedy
        )
    if unlabelled is not None and not unlabelled.is_dir():
        raise InputError("--unlabelled", f"{unlabelled} is no folder", "Name a folder of documents")
    if output is None:
        raise InputError("--output", "is missing", "Name a folder for the new weights")
    if missing := [module for module in ("torch", "onnx") if find_spec(module) is None]:
        raise InputError("kgbuild train", f"needs {' and '.join(missing)}", "Install it with `pip install 'kgbuild[train]'`")
    # Read when torch is loaded: threads that spin for one whose core another process has make a minute eight.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from kgbuild.compact.taught import JudgedText, labelled_apart, read_labelled
    from kgbuild.compact.training import TrainingReport
    from kgbuild.compact.training import train as learn
    from kgbuild.compact.weights import FILES
    from kgbuild.planning import read_ontology, remembered_ontology
    from kgbuild.serialisation import to_json
    from kgbuild.stores.files.target import new_folder

    rows = _rows_of(graph) if graph is not None else read_labelled(examples or Path())
    undecided = sum(len(row.undecided) for row in rows if isinstance(row, JudgedText))
    if graph is None and (texts := labelled_apart(rows)):
        first = escape(" ".join(texts[0].split())[:SHOWN_CHARS])
        several = "stands in several lines with different triples, so that one teaches against the other"
        more = f", and {len(texts) - 1} texts more" if len(texts) > 1 else ""
        warn(f"“{first}” {several}{more}")
    meant = remembered_ontology(graph) if graph is not None and ontology is None else None
    with new_folder(output, [*FILES, "README.md"]) as folder, _bar() as progress:
        report: TrainingReport = learn(
            rows,
            meant or read_ontology(ontology),
            folder,
            base,
            seed,
            progress,
            command=shlex.join(["kgbuild", *sys.argv[1:]]),
            unlabelled=_texts_of(unlabelled, seed) if unlabelled is not None else None,
        )
    report = replace(report, output=output)
    if as_json:
        print_json(json.loads(to_json(report)) | {"undecided_sentences": undecided})
        return
    held = f"{report.held_out} held-out sentences" if report.held_out else "the same sentences, too few to hold any out"
    out.print(
        f"Taught {report.statements} triples in {report.sentences} sentences: "
        f"{report.steps} steps on {escape(report.device)}, {report.cpu_s:.0f} CPU-seconds"
    )
    if report.added:
        id_, triple = report.added[0]
        words = "are of names that stand beside a labelled one in an enumeration, such as"
        out.print(f"{len(report.added)} triples {words} {escape(id_)}: {escape(triple)}", soft_wrap=True)
    if undecided:
        out.print(f"Left out {undecided} sentences: triples of theirs were left undecided")
    for words, names in (("New", report.properties_new), ("Taught further", report.properties_known)):
        if names:
            out.print(f"{words}: {escape(', '.join(names))}", soft_wrap=True)
    out.print(f"F1 on {held}: {report.before.f1:.2f} before, [bold]{report.after.f1:.2f}[/bold] now")
    if report.unlabelled:
        out.print(f"Thresholds follow from {report.unlabelled} unlabelled sentences")
    out.print(f"{report.kept:.0%} of what was found before about other properties is still found")
    for id_, triple, reason in report.unused[:SHOWN_UNUSED]:
        err.print(f"[yellow]not used:[/yellow] {escape(id_)}: {escape(triple)}: {escape(reason)}", soft_wrap=True)
    if len(report.unused) > SHOWN_UNUSED:
        err.print(f"… and {len(report.unused) - SHOWN_UNUSED} more: --json names them")
    use = f"kgbuild build DOCUMENTS --ontology {shlex.quote(ontology) if ontology else '…'} --weights {shlex.quote(str(output))}"
    out.print(f"Use them:  {use}", soft_wrap=True, markup=False)


def _rows_of(graph: Path) -> tuple["JudgedText", ...]:
    from kgbuild.compact.taught import judged_rows
    from kgbuild.ledger import Snapshot

    with Snapshot.open(graph) as snapshot:
        return judged_rows(snapshot.chunks(), snapshot.judged())


def _texts_of(folder: Path, seed: int | None = None) -> Iterator[str]:
    """Yield the passages of a folder's documents; a seed shuffles the documents, for one who will not read them all."""
    from kgbuild.batches import Reading, read_batch
    from kgbuild.documents import find_files

    uris = [file.uri for file in find_files(folder)]
    if seed is not None:
        random.Random(seed).shuffle(uris)
    for uri in uris:
        for read in read_batch([uri], Reading(str(folder))):
            for failure in read.failures:
                warn(f"{escape(failure.uri)}: {escape(failure.reason)} ({escape(failure.detail)})")
            yield from (chunk.text for _, chunks in read.documents for chunk in chunks)


def _suggest(documents: Path | None, count: int, ontology: str | None, base: Path | None) -> None:
    from kgbuild.compact.sentences import WORDS
    from kgbuild.compact.suggesting import suggest
    from kgbuild.compact.taught import row_json
    from kgbuild.planning import read_ontology

    if documents is None or not documents.is_dir():
        raise InputError("--suggest", "needs a folder of documents", "Give it as the argument")
    rows = suggest(_texts_of(documents), read_ontology(ontology), count, base)
    if not rows:
        problem = f"no sentence of {WORDS.start} to {WORDS.stop - 1} words there may state a property of the ontology"
        raise InputError(documents, problem, "Give other documents")
    for row in rows:
        sys.stdout.write(row_json(row) + "\n")


@contextmanager
def _bar() -> Iterator["_Steps"]:
    columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.fields[loss]}"))
    with Progress(*columns, console=err, disable=not err.is_terminal) as bars:
        yield _Steps(bars)


class _Steps:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task = bars.add_task("training", total=None, loss="")

    def __call__(self, step: int, of: int, loss: float) -> None:
        self._bars.update(self._task, completed=step, total=of, loss=f"loss {loss:.2f}")
