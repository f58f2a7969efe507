"""Scores with model, prompt digest and ontology beside them: a figure without these cannot be got again."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from kgbuild.evaluation.gold import Benchmark
from kgbuild.evaluation.text2kgbench import BenchmarkScore, Text2KGBenchScore

COLUMNS = ("P", "R", "F1", "strict F1", "micro P", "micro R", "micro F1", "conf.", "subj. hall.", "pred. hall.", "obj. hall.")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One ontology, or all of them: `figures` stand under the report's columns."""

    name: str
    ontology_digest: str
    sentences: int
    answered: int
    figures: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """A benchmark's scores. model: what answered, with its digest or address. prompt_digest: empty where no prompt was used."""

    benchmark: str
    source: str
    version: str
    licence: str
    model: str
    prompt_digest: str
    columns: tuple[str, ...]
    rows: tuple[ReportRow, ...]
    total: ReportRow


def report_text2kgbench(benchmark: Benchmark, score: BenchmarkScore, model: str, prompt_digest: str = "") -> EvaluationReport:
    """Put the scores of Text2KGBench beside what gave them. P, R, F1: official; the rest as in `Text2KGBenchScore`."""
    digests = {ontology.name: ontology.digest for ontology in benchmark.ontologies}
    return EvaluationReport(
        benchmark.name,
        benchmark.source,
        benchmark.version,
        benchmark.licence,
        model,
        prompt_digest,
        COLUMNS,
        tuple(_row(each, digests[each.name]) for each in score.ontologies),
        _row(score.total, ""),
    )


def _row(score: Text2KGBenchScore, ontology_digest: str) -> ReportRow:
    figures = (
        *(score.official.precision, score.official.recall, score.official.f1, score.strict.f1),
        *(score.strict_micro.precision, score.strict_micro.recall, score.strict_micro.f1),
        *(score.conformance, score.subject_hallucination, score.predicate_hallucination, score.object_hallucination),
    )
    return ReportRow(score.name, ontology_digest, score.sentences, score.answered, figures)


def as_json(report: EvaluationReport) -> str:
    """Return the report for scripts, figures in full."""
    return json.dumps(asdict(report), ensure_ascii=False, indent=2, sort_keys=True)


def as_table(report: EvaluationReport) -> str:
    """Return the report for people: a line for what was measured, one for each ontology, one for all."""
    rows = [*report.rows, report.total]
    cells = [
        ["", "ontology", "sentences", "answered", *report.columns],
        *([row.name, row.ontology_digest[:8], str(row.sentences), str(row.answered), *map(_figure, row.figures)] for row in rows),
    ]
    prompt = f", prompt {report.prompt_digest[:8]}" if report.prompt_digest else ""
    heading = f"{report.benchmark} {report.version} ({report.licence}) with {report.model}{prompt}"
    return "\n".join((heading, *_aligned(cells)))


def _figure(figure: float) -> str:
    return f"{figure:.3f}"


def _aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
