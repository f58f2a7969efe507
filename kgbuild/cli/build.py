"""`kgbuild build`: documents in, the graph brought up to date, a report out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from kgbuild.cli.console import DEFAULT_GRAPH, GraphOption, JsonOption, escape, out, print_json, warn
from kgbuild.cli.extractor_options import (
    CalibrationOption,
    DecontextualiseOption,
    DenoiseOption,
    ExtractorOption,
    LlmOption,
    ProbeOption,
)
from kgbuild.cli.report import next_steps, print_report
from kgbuild.cli.store import StoreOption, reached
from kgbuild.settings import Settings

if TYPE_CHECKING:
    from kgbuild.planning import Preview


def build(
    documents: Annotated[Path, Argument(metavar="DOCUMENTS", help="A folder of txt, md, html, csv or jsonl files.")],
    ontology: Annotated[
        str | None, Option(metavar="ONTOLOGY", help="A bundled name or a file; a graph remembers the one it was built with.")
    ] = None,
    graph: GraphOption = DEFAULT_GRAPH,
    extractor: ExtractorOption = "compact",
    llm: LlmOption = None,
    budget_tokens: Annotated[
        int | None, Option(metavar="N", min=1, help="Ask no more once this run has spent so many tokens; the next one goes on.")
    ] = None,
    calibration: CalibrationOption = None,
    probe: ProbeOption = False,
    denoise: DenoiseOption = False,
    decontextualise: DecontextualiseOption = False,
    weights: Annotated[Path | None, Option(metavar="FILE", help="Weights of the compact model; those shipped by default.")] = None,
    uncovered: Annotated[bool, Option("--uncovered", help="Also look for properties that the weights were never taught.")] = False,
    retry_failed: Annotated[bool, Option("--retry-failed", help="Ask again for chunks that failed for good.")] = False,
    replace_root: Annotated[bool, Option("--replace-root", help="Let the graph follow another folder of documents.")] = False,
    store: StoreOption = None,
    prefect: Annotated[bool, Option("--prefect", help="Run as a Prefect flow, even without PREFECT_API_URL.")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Build a graph from a folder of documents, or bring it up to date with the folder.

    Run it again at any time: only what changed is read, and an interrupted build goes on where it stopped.
    """
    from kgbuild.extraction.llm import LlmOptions
    from kgbuild.pipeline import build as run_build
    from kgbuild.pipeline import check_documents
    from kgbuild.planning import build_plan, preview, remade
    from kgbuild.progress import DrawnProgress
    from kgbuild.runner import InThreads
    from kgbuild.serialisation import to_dict

    settings = Settings.read()
    options = {"uncovered": uncovered, "retry_failed": retry_failed, "replace_root": replace_root}
    asking = {"probe": probe, "denoise": denoise, "decontextualise": decontextualise}
    plan = build_plan(
        documents, graph, ontology, extractor, weights, llm, LlmOptions(**asking), budget_tokens, calibration, store, **options
    )
    check_documents(plan)  # before a server is started for it
    if dry_run:
        expected = preview(plan, InThreads(settings.threads))
        print_json(to_dict(expected)) if as_json else _print_preview(expected)
        return
    if store is not None:
        reached(store)  # before hours of work are put into what could not be published
    if reasons := remade(plan):
        whose = f"every document of {escape(str(graph))}"
        warn(f"{whose} is worked on again: {escape(', '.join(reasons))}. Until that is done the graph stays as it is")
    if prefect or settings.prefect_api_url:
        from flows.build_graph import run_quietly

        parameters = {
            "documents": documents,
            "graph": graph,
            "ontology": ontology,
            "extractor": extractor,
            "weights": weights,
            "llm": llm,
            "budget_tokens": budget_tokens,
            "calibration": calibration,
            "store": store,
        }
        made = run_quietly({**parameters, **asking, **options})
    else:
        with DrawnProgress() as progress:
            made = run_build(plan, InThreads(settings.threads), progress)
    if as_json:
        print_json(to_dict(made))
        return
    print_report(made)
    if made.changed:
        next_steps(graph, made.facts, store)


def _print_preview(expected: "Preview") -> None:
    from kgbuild.report import money

    out.print(
        f"{expected.files:,} files in {expected.documents}: {expected.to_read:,} to read, {expected.removed:,} gone since",
        soft_wrap=True,
        markup=False,
    )
    if expected.out_of_reach:
        out.print(f"{expected.out_of_reach:,} more cannot be reached now: what they gave stays")
    if expected.remade:
        out.print(f"Every document that stays is worked on again: {escape(', '.join(expected.remade))}", soft_wrap=True)
    if expected.to_extract:
        out.print(f"{expected.to_extract:,} chunks read before have to be extracted from", soft_wrap=True)
    if expected.requests is not None:
        paid = "" if expected.cost is None else f", {money(expected.cost)} in all"
        out.print(
            f"{expected.requests:,} requests to the language model, or more: about {expected.prompt_tokens:,} tokens asked, at most"
            f" {expected.reply_tokens:,} answered{paid}. Judging what they find comes on top",
            soft_wrap=True,
        )
    if expected.uncovered:
        out.print(f"Not covered by the weights, so not looked for: {', '.join(expected.uncovered)}", soft_wrap=True)
        out.print("Teach them with `kgbuild train`, or look for them anyway with --uncovered")
