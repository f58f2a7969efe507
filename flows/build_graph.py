"""The build as a Prefect flow: a task is a batch, the run report an artifact."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from prefect import State, Task, flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.futures import PrefectFuture
from prefect.tasks import exponential_backoff
from prefect.utilities.annotations import quote

from flows.server import prefect_api
from kgbuild.errors import InputError, KgbuildError
from kgbuild.extraction.llm import LlmOptions
from kgbuild.pipeline import build
from kgbuild.planning import build_plan
from kgbuild.progress import DrawnProgress
from kgbuild.report import Report, in_markdown
from kgbuild.settings import Settings

Item = TypeVar("Item")
Context = TypeVar("Context")
Result = TypeVar("Result")


def a_retry_may_help(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Tell whether a batch was lost to something that passes: any error but those that say they will come again."""
    error = state.result(raise_on_failure=False)
    return not isinstance(error, KgbuildError) or error.retryable


@task(
    retries=3,
    retry_delay_seconds=exponential_backoff(5),
    retry_jitter_factor=0.5,
    retry_condition_fn=a_retry_may_help,
    cache_policy=NO_CACHE,  # the ledger knows what is done
    persist_result=False,
)
def run_batch(step: Any, batch: Any, context: Any) -> Any:
    return step(batch, context)


@dataclass(frozen=True, slots=True)
class AsPrefectTasks:
    """A `Runner` whose batches are Prefect tasks named after their step, so many at a time."""

    at_a_time: int

    def __call__(
        self,
        step: Callable[[Sequence[Item], Context], Result],
        batches: Iterable[Sequence[Item]],
        context: Context,
        at_a_time: int | None = None,
    ) -> Iterator[Result]:
        named = run_batch.with_options(name=step.__name__)
        pending: deque[PrefectFuture[Any]] = deque()
        for batch in batches:
            pending.append(named.submit(quote(step), quote(batch), quote(context)))  # quoted: not searched for futures
            if len(pending) > (at_a_time or self.at_a_time):
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


@flow(name="build graph", retries=0, persist_result=False)
def build_graph(
    documents: Path,
    graph: Path,
    ontology: str | None = None,
    extractor: str = "compact",
    weights: Path | None = None,
    llm: str | None = None,
    budget_tokens: int | None = None,
    calibration: Path | None = None,
    store: str | None = None,
    probe: bool = False,
    denoise: bool = False,
    decontextualise: bool = False,
    uncovered: bool = False,
    retry_failed: bool = False,
    replace_root: bool = False,
) -> Report:
    """Bring the graph up to date with a folder of documents; the same steps as `kgbuild build`, each batch a task.

    store: where to publish it last, logged in as NEO4J_USERNAME and NEO4J_PASSWORD say where the flow runs.
    The report is kept as an artifact, also of a run that found nothing to do.
    """
    options = LlmOptions(probe, denoise, decontextualise)
    keep = {"uncovered": uncovered, "retry_failed": retry_failed, "replace_root": replace_root}
    plan = build_plan(documents, graph, ontology, extractor, weights, llm, options, budget_tokens, calibration, store, **keep)
    with DrawnProgress() as progress:
        report = build(plan, AsPrefectTasks(Settings.read().threads), progress)
    create_markdown_artifact(in_markdown(report), key="kgbuild-report", description=f"Build of {graph.name}")
    return report


def run_quietly(parameters: Mapping[str, Any]) -> Report:
    """Run the flow on the configured Prefect API or one started for it, with errors raised to the caller and nothing logged."""
    for name in ("prefect.flow_runs", "prefect.task_runs", "prefect.events", "prefect.engine"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the caller reports the error, once
    with prefect_api() as url:
        try:
            report: Report = build_graph(**parameters)
        except RuntimeError as error:
            if "Failed to reach API" not in str(error):  # Prefect has no narrower error for it
                raise
            remedy = "It ends in /api; start a server there with `prefect server start`, or unset it"
            raise InputError("PREFECT_API_URL", f"no Prefect API answers at {url}", remedy) from None
        return report
