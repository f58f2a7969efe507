"""`kgbuild calibrate`: labelled triples in, what a language model's answers as a judge are worth out."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from kgbuild.cli.console import JsonOption, out, print_json, warn
from kgbuild.cli.extractor_options import LlmOption
from kgbuild.cli.stages import OntologyOption
from kgbuild.errors import InputError

if TYPE_CHECKING:
    from kgbuild.judging.calibrating import CalibrationReport

LITTLE_LABEL_MASS = 0.5


def calibrate(
    labelled: Annotated[
        Path, Argument(metavar="LABELLED", help='Rows as of `kgbuild judge`, each triple with "supported": true or false.')
    ],
    output: Annotated[Path, Option("--output", metavar="FILE", help="Where to write the calibration.")],
    llm: LlmOption = None,
    ontology: OntologyOption = None,
    target_precision: Annotated[
        float, Option(min=0.5, max=0.99, help="Of what is accepted, this share is to be stated by its text.")
    ] = 0.95,
    as_json: JsonOption = False,
) -> None:
    """Measure what a language model's yes and no are worth, and choose when it accepts, rejects and abstains.

    LABELLED holds lines of {"id", "text", "triples": [{"subject", "predicate", "object", "supported": true or false}]}; what
    `kgbuild judge` wrote is read too, once a person has set each "verdict" right. A few hundred triples give a useful curve; wrong
    ones of the kind that your extractor makes belong among them. Name FILE to `kgbuild build` or `judge` with --calibration.
    """
    from kgbuild.extraction.rows import read_row
    from kgbuild.judging.calibrating import calibrate as measure
    from kgbuild.judging.calibration import calibration_json
    from kgbuild.judging.llm_support import LlmSupport
    from kgbuild.llm import open_model
    from kgbuild.llm.protocol import NoReplies
    from kgbuild.planning import ontology_for
    from kgbuild.serialisation import to_dict
    from kgbuild.stores.files.target import new_file

    if not llm:
        raise InputError("--llm", "no language model is named", "Use server:MODEL@URL or recorded:FILE")
    meant = ontology_for("llm", ontology)
    try:
        lines = labelled.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(labelled, f"cannot be read ({error.strerror})", "Name a file of labelled rows") from None
    rows = [read_row(line, number) for number, line in enumerate(lines, 1) if line.strip()]
    with new_file(output) as file:  # opened before anything is asked, which may cost
        report = measure(rows, LlmSupport(meant, open_model(llm), NoReplies()), meant, target_precision)
        file.write(calibration_json(report.calibration))
    if as_json:
        print_json(json.loads(json.dumps(to_dict(report))))
    else:
        _print_report(report, output)
    if report.label_mass is not None and report.label_mass < LITTLE_LABEL_MASS:
        warn(f"the model gives yes and no only {report.label_mass:.0%} of the probability together: it would say something else")


def _print_report(report: "CalibrationReport", output: Path) -> None:
    made, held = report.calibration, report.held_out
    out.print(f"Asked {made.model} about {made.examples} labelled triples, {report.stated} of them stated by their text")
    if report.unused:
        out.print(f"Not used: {', '.join(f'{n} {reason}' for reason, n in report.unused.items())}", soft_wrap=True)
    if report.label_mass is not None:
        out.print(f"Yes and no had {report.label_mass:.2f} of the probability together (median)")
    out.print(f"Expected calibration error on held-out texts: {held.ece_before:.3f} before, [bold]{held.ece_after:.3f}[/bold] now")
    precision = "nothing was accepted there" if held.precision is None else f"{held.precision:.2f} of the accepted are stated"
    out.print(
        f"On held-out texts: {held.accepted:.0%} accepted, {held.unsure:.0%} unsure, {held.rejected:.0%} rejected; {precision}"
    )
    out.print(f"Accepts from {made.band.accept_from:.3f} on, rejects below {made.band.reject_below:.3f}, abstains in between")
    out.print(f"Use it:  kgbuild judge --extractor llm --calibration {shlex.quote(str(output))} …", soft_wrap=True, markup=False)
