"""`kgbuild evaluate`: scores on a benchmark, or of a graph against gold facts written by hand."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from kgbuild.cli.console import DEFAULT_GRAPH, GraphOption, JsonOption, out, print_json
from kgbuild.errors import InputError
from kgbuild.progress import DrawnProgress
from kgbuild.settings import Settings

if TYPE_CHECKING:
    from kgbuild.evaluation.gold import Benchmark, Triple
    from kgbuild.extraction import Extractor
    from kgbuild.judging import Judge
    from kgbuild.ontology.model import Ontology


def evaluate(
    benchmark: Annotated[str, Argument(metavar="BENCHMARK", help="text2kgbench, or gold for a graph against gold facts.")],
    data: Annotated[Path, Option("--data", metavar="DIR", help="The benchmark's folder; for gold, a file of gold facts.")],
    predictions: Annotated[
        Path | None, Option(metavar="FILE", help='Score these instead: lines of {"id", "triples": [[subject, predicate, object]]}.')
    ] = None,
    part: Annotated[str, Option(help="Of text2kgbench: wikidata_tekgen or dbpedia_webnlg.")] = "wikidata_tekgen",
    weights: Annotated[Path | None, Option(metavar="FILE", help="Weights of the compact model; those shipped by default.")] = None,
    graph: GraphOption = DEFAULT_GRAPH,
    as_json: JsonOption = False,
) -> None:
    """Score the compact model, or recorded predictions, by a benchmark's official metric and the strict one."""
    match benchmark:
        case "text2kgbench":
            _text2kgbench(data, part, predictions, weights or Settings.read().weights, as_json)
        case "gold":
            _gold(data, graph, as_json)
        case _:
            raise InputError(benchmark, "is no benchmark", "Use one of: text2kgbench, gold")


def _text2kgbench(data: Path, part: str, predictions: Path | None, weights: Path | None, as_json: bool) -> None:
    from kgbuild.evaluation.gold import read_text2kgbench
    from kgbuild.evaluation.report import as_json as report_as_json
    from kgbuild.evaluation.report import as_table, report_text2kgbench
    from kgbuild.evaluation.text2kgbench import BASELINES, baseline_predictions, read_predictions, score_text2kgbench

    gold = read_text2kgbench(data, part)
    if predictions is None:
        model, predicted = _compact_predictions(gold, data, part, weights)
    else:
        model = str(predictions)
        predicted = read_predictions(predictions)
    reports = [report_text2kgbench(gold, score_text2kgbench(gold, predicted), model)]
    for baseline in BASELINES:
        recorded = baseline_predictions(data, part, baseline)
        reports.append(report_text2kgbench(gold, score_text2kgbench(gold, recorded), f"{baseline}, recorded answers"))
    if as_json:
        print_json([json.loads(report_as_json(report)) for report in reports])
        return
    out.print("\n\n".join(map(as_table, reports)), soft_wrap=True, markup=False)


def _compact_predictions(
    gold: "Benchmark", data: Path, part: str, weights: Path | None
) -> tuple[str, dict[str, tuple["Triple", ...]]]:
    from kgbuild.evaluation.predicting import predict_text2kgbench
    from kgbuild.extraction import opened
    from kgbuild.judging import open_judge
    from kgbuild.planning import extractor_address, judge_address

    def open_(ontology: "Ontology") -> tuple["Extractor", "Judge"]:
        extractor = opened(extractor_address("compact", ontology, weights, uncovered=False))
        names.add(extractor.name)
        return extractor, open_judge(judge_address("score", ontology, weights))

    names: set[str] = set()
    with DrawnProgress() as progress:
        progress.begin("sentences", sum(len(ontology.sentences) for ontology in gold.ontologies))
        predicted = predict_text2kgbench(gold, data, part, open_, progress.advance)
    return ", ".join(sorted(names)), predicted


def _gold(data: Path, graph: Path, as_json: bool) -> None:
    from kgbuild.evaluation.gold import read_gold_facts
    from kgbuild.evaluation.graph import score_graph
    from kgbuild.ledger import Snapshot

    facts = read_gold_facts(data)
    with Snapshot.open(graph) as snapshot:
        score = score_graph(snapshot.entities(), snapshot.facts(), facts, snapshot.ontology)
    scores = score.scores
    if as_json:
        counts = {"predicted": score.predicted, "gold": score.gold}
        print_json({"precision": scores.precision, "recall": scores.recall, "f1": scores.f1, **counts})
        return
    out.print(
        f"Against {score.gold:,} gold facts: precision {scores.precision:.2f}, recall {scores.recall:.2f}, F1 {scores.f1:.2f}"
    )
