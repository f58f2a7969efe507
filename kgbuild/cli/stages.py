"""`kgbuild extract | judge | resolve | fuse`: one stage at a time, JSON lines in, JSON lines out."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from io import TextIOWrapper
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from kgbuild.batching import batched
from kgbuild.cli.console import err, warn
from kgbuild.cli.extractor_options import (
    CalibrationOption,
    DecontextualiseOption,
    DenoiseOption,
    ExtractorOption,
    LlmOption,
    ProbeOption,
)
from kgbuild.errors import InputError, StoreError
from kgbuild.progress import DrawnProgress
from kgbuild.settings import Settings

if TYPE_CHECKING:
    from kgbuild.extraction.rows import Row

ROWS_PER_BATCH, BYTES_PER_BATCH = 64, 1_000_000
"""What is read before the first line is written; memory is bounded by a few batches, and by a single line that is longer."""

InputArgument = Annotated[Path | None, Argument(metavar="INPUT", help="A file of JSON lines; stdin by default, or with -.")]
OutputOption = Annotated[Path | None, Option("--output", metavar="FILE", help="Where to write; stdout by default.")]
OntologyOption = Annotated[str | None, Option("--ontology", metavar="ONTOLOGY", help="A bundled name, a file or a folder.")]
JUDGES = ("compact", "llm", "rules")
WeightsOption = Annotated[
    Path | None, Option("--weights", metavar="FILE", help="Weights of the compact model; those shipped by default.")
]


def extract(
    input_: InputArgument = None,
    output: OutputOption = None,
    ontology: OntologyOption = None,
    extractor: ExtractorOption = "compact",
    llm: LlmOption = None,
    probe: ProbeOption = False,
    denoise: DenoiseOption = False,
    decontextualise: DecontextualiseOption = False,
    weights: WeightsOption = None,
    uncovered: Annotated[bool, Option("--uncovered", help="Also look for properties that the weights were never taught.")] = False,
) -> None:
    """Find triples in texts, one JSON object a line.

    In: {"id", "text"}. Out: the same with "triples": [{"subject", "subject_class", "predicate", "object", "object_class",
    "evidence": {"start", "end"}, "score"}], and "error" where something went wrong. Offsets count characters of the text.
    Pipe it into `kgbuild judge`.
    """
    from kgbuild.batches import Reading
    from kgbuild.extraction import opened
    from kgbuild.extraction.llm import LlmOptions
    from kgbuild.extraction.rows import extract_rows
    from kgbuild.planning import extractor_address, ontology_for, uncovered_properties

    meant, folder = ontology_for(extractor, ontology), weights or Settings.read().weights
    options = LlmOptions(probe, denoise, decontextualise)
    address = extractor_address(extractor, meant, folder, llm, options, uncovered=uncovered)
    if extractor == "compact" and not uncovered and (missing := uncovered_properties(meant, folder)):
        warn(f"not covered by the weights, so not looked for: {', '.join(missing)}")
    reading, chosen = Reading(""), opened(address)

    def extracted(rows: "Sequence[Row]", _: None) -> "list[Row]":
        return extract_rows(rows, chosen, reading.max_tokens, reading.context_chars)

    _row_by_row(extracted, input_, output, "extracting")


def judge(
    input_: InputArgument = None,
    output: OutputOption = None,
    ontology: OntologyOption = None,
    extractor: Annotated[
        str, Option(help="What is asked about triples that break no rule: compact or llm; with rules, nothing is.")
    ] = "compact",
    llm: LlmOption = None,
    calibration: CalibrationOption = None,
    weights: WeightsOption = None,
    uncovered: Annotated[
        bool, Option("--uncovered", help="As for extract; where the weights were never taught a property, rules decide.")
    ] = False,
) -> None:
    """Decide which triples their text states under an ontology, one JSON object a line.

    In: {"id", "text", "triples": [{"subject", "predicate", "object"}]}. Out: the same with "verdict" (accepted, rejected or
    undecided), "reason" and "probability" on each triple, and "detail" where it was not accepted. Predicates and classes go by
    name, label or alias; "subject_class", "object_class" and "evidence": {"start", "end"} may be given too.
    """
    from kgbuild.extraction.claims import ClaimReader
    from kgbuild.judging import open_judge
    from kgbuild.judging.rows import judge_rows
    from kgbuild.planning import judge_address, ontology_for

    if extractor not in JUDGES:
        raise InputError("--extractor", f"{extractor!r} judges nothing", f"Use one of: {', '.join(JUDGES)}")
    meant = ontology_for(extractor, ontology)
    judging = open_judge(judge_address(extractor, meant, weights or Settings.read().weights, llm, calibration))
    reader = ClaimReader(meant)

    def judged(rows: "Sequence[Row]", _: None) -> "list[Row]":
        return judge_rows(rows, judging, reader)

    _row_by_row(judged, input_, output, "judging")


def resolve(input_: InputArgument = None, output: OutputOption = None) -> None:
    """Tell which names stand for one entity, one JSON object a line.

    In: {"id", "name", "class" or null, "context"?: [["o", predicate, object] | ["s", predicate, subject], ...]}.
    Out: {"id", "entity_id", "canonical_name", "score"}, row by row, once all were read.
    """
    from kgbuild.resolution.rows import resolve_rows

    with _lines(input_) as lines:
        rows = [row for row, _ in lines]
    usable: list[Row] = []
    problems: dict[int, str] = {}
    for number, row in enumerate(rows):
        try:
            resolve_rows([row])
            usable.append(row)
        except InputError as error:
            problems[number] = str(row["error"]) if "error" in row and "name" not in row else error.problem
    resolved = iter(resolve_rows(usable))
    with _writer(output) as write:
        write(_unresolved(row, problems[n]) if n in problems else next(resolved) for n, row in enumerate(rows))


def fuse(input_: InputArgument = None, output: OutputOption = None, ontology: OntologyOption = None) -> None:
    """Merge judged triples into facts, one JSON object a line, once all were read.

    In: what `kgbuild judge` writes; only accepted triples count. Out: facts as in the facts.jsonl of `kgbuild export`, with
    "document_id" the id of the row, and "subject_name" and "object_name" beside the ids; then {"id", "error"} for rows that could
    not be used. Entities are resolved among the rows. With an ontology, facts that cannot all be true are marked disputed.
    """
    from kgbuild.fusion.rows import fuse_rows
    from kgbuild.planning import read_ontology

    meant = read_ontology(ontology) if ontology is not None else None
    with _lines(input_) as lines:
        fused = fuse_rows((row for row, _ in lines), meant)
    with _writer(output) as write:
        write((*fused.facts, *fused.errors))
    if fused.unjudged:
        warn(f"{fused.unjudged:,} triples have no verdict and were left out. Pipe them through kgbuild judge")
    if fused.loops:
        warn(f"{fused.loops:,} accepted triples state nothing: their two sides are one entity")


def _row_by_row(step: "Callable[[Sequence[Row], None], list[Row]]", input_: Path | None, output: Path | None, stage: str) -> None:
    """Take each row through a stage, several batches at a time, and write it as soon as it and those before it are done."""
    from kgbuild.runner import InThreads

    with _lines(input_) as lines, _writer(output) as write, _progress(output) as progress:
        progress.begin(stage, None)
        batches = batched(lines, ROWS_PER_BATCH, BYTES_PER_BATCH, size=itemgetter(1))
        for rows in InThreads(Settings.read().threads)(step, ([row for row, _ in batch] for batch in batches), None):
            write(rows)
            progress.advance(len(rows))


@contextmanager
def _lines(input_: Path | None) -> "Iterator[Iterator[tuple[Row, int]]]":
    """Open the input as rows, each with the bytes of its line; blank lines are none. Raises InputError when it cannot be opened."""
    from kgbuild.extraction.rows import read_row

    with ExitStack() as closing:
        if input_ is None or str(input_) == "-":
            if sys.stdin.isatty():
                err.print("Reading rows from the keyboard; Ctrl-D ends them", style="dim")
            source = sys.stdin.buffer
        else:
            try:
                source = closing.enter_context(input_.open("rb"))
            except OSError as error:
                raise InputError(
                    input_, f"cannot be read ({error.strerror})", "Name a file of JSON lines, or pipe them in"
                ) from None
        yield ((read_row(line, number), len(line)) for number, line in enumerate(source, 1) if line.strip())


@contextmanager
def _writer(output: Path | None) -> "Iterator[Callable[[Iterable[Row]], None]]":
    """Open the output. A file takes its place once it is whole, so that the input may be named as the output too."""
    from kgbuild.extraction.rows import write_row

    with ExitStack() as closing:
        if output is None or str(output) == "-":
            stream, flush = sys.stdout, True
        else:
            from kgbuild.stores.files.target import is_stream, new_file  # pulls in pyarrow

            stream, flush = closing.enter_context(new_file(output)), is_stream(output)
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", newline="\n")

        def write(rows: "Iterable[Row]") -> None:
            written = "".join(f"{write_row(row)}\n" for row in rows)
            if not flush:
                stream.write(written)
                return
            try:
                stream.write(written)
                stream.flush()
            except BrokenPipeError:
                raise  # the reader of a pipe has seen enough
            except OSError as error:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # for what Python writes when it ends
                raise StoreError(
                    output or "stdout", f"cannot be written ({error.strerror})", "Free space or write elsewhere"
                ) from None

        yield write


def _progress(output: Path | None) -> AbstractContextManager[DrawnProgress]:
    """Draw progress unless the rows themselves go to the same terminal."""
    return DrawnProgress() if output is not None or not sys.stdout.isatty() else nullcontext(DrawnProgress())


def _unresolved(row: "Row", problem: str) -> "Row":
    from kgbuild.extraction.rows import with_id

    given = with_id(row)
    return {"id": given["id"], "entity_id": None, "canonical_name": None, "score": None, "error": problem}
