"""`kgbuild status`, `report` and `rejected`: what is in a graph, what the last build did, and what it did not take and why."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from kgbuild.cli.console import DEFAULT_GRAPH, DEFAULT_STORE, GraphOption, JsonOption, escape, out, print_json
from kgbuild.errors import InputError
from kgbuild.records import Failure, Mention, Outcome, Reason

if TYPE_CHECKING:
    from kgbuild.report import Report

SHOWN_FAILURES = 10
SHOWN_URIS = 5
BULK_FACTS = 1_000_000
"""From here on a first load into Neo4j takes minutes, and a bulk import a fraction of them."""


def status(graph: GraphOption = DEFAULT_GRAPH, as_json: JsonOption = False) -> None:
    """Say what is in a graph: documents, entities, facts, and where it came from."""
    from kgbuild.ledger import Snapshot

    with Snapshot.open(graph) as snapshot:
        counts = {"generation": snapshot.generation, **snapshot.counts()}
        if not snapshot.generation:
            raise InputError(graph, "no build has finished yet", "Run `kgbuild build` on it, or again")
        origin = {"documents_folder": snapshot.value("root"), "ontology": snapshot.ontology.name}
    if as_json:
        print_json({**origin, **counts})
        return
    out.print(
        f"Graph {graph}, generation {counts.pop('generation')}, from {origin['documents_folder']} under {origin['ontology']}",
        soft_wrap=True,
        markup=False,
    )
    out.print(", ".join(f"{n:,} {kind}" for kind, n in counts.items()))


def report(graph: GraphOption = DEFAULT_GRAPH, as_json: JsonOption = False) -> None:
    """Show the report of the last build."""
    from kgbuild.ledger import Snapshot
    from kgbuild.report import Report
    from kgbuild.serialisation import from_json, to_dict
    from kgbuild.stores.embedded import view_problem

    with Snapshot.open(graph) as snapshot:
        text = snapshot.last_report()
    if text is None:
        raise InputError(graph, "no build has finished yet", "Run the same `kgbuild build` again")
    made, problem = from_json(Report, text), view_problem(graph)
    if as_json:
        print_json({**to_dict(made), "view_problem": problem})
        return
    print_report(made)
    if problem is not None:
        out.print(f"[yellow]No Cypher queries:[/yellow] {escape(problem)}", soft_wrap=True)


def rejected(
    reason: Annotated[str | None, Option(metavar="R", help="Only those with this reason, such as 'outside range'.")] = None,
    limit: Annotated[int, Option(min=1, help="How many to show.")] = 20,
    graph: GraphOption = DEFAULT_GRAPH,
    as_json: JsonOption = False,
) -> None:
    """List candidate triples that were rejected or left undecided, with the rule that decided."""
    from kgbuild.ledger import Snapshot
    from kgbuild.serialisation import to_dict

    if reason is not None and reason not in {*Reason}:
        raise InputError("--reason", f"{reason!r} is not a reason", f"Use one of: {', '.join(Reason)}")
    with Snapshot.open(graph) as snapshot:
        counts = {
            str(given): n
            for (outcome, given), n in snapshot.verdict_counts().items()
            if outcome != Outcome.ACCEPTED and given is not None
        }
        wanted = (judged for judged in snapshot.rejected() if reason in (None, judged.verdict.reason))
        shown = [judged for _, judged in zip(range(limit), wanted, strict=False)]
    total = sum(n for given, n in counts.items() if reason in (None, given))
    if as_json:
        print_json({"counts": counts, "triples": [to_dict(judged) for judged in shown]})
        return
    if not shown:
        out.print("No candidate was rejected." if reason is None else f"No candidate was rejected for being {reason!r}.")
        return
    for judged in shown:
        triple, verdict = judged.triple, judged.verdict
        object_ = _typed(triple.object) if isinstance(triple.object, Mention) else triple.object.text
        words = escape(f"{_typed(triple.subject)} — {triple.predicate} — {object_}")
        out.print(f"{triple.id}  [bold]{words}[/bold]", soft_wrap=True)
        undecided = "undecided, " if verdict.outcome is Outcome.UNDECIDED else ""
        out.print(f"  {undecided}{verdict.reason}: {escape(verdict.detail)}", soft_wrap=True)
    if total > len(shown):
        out.print(f"… and {total - len(shown):,} more; show them with --limit")
    out.print("Why in full: kgbuild explain ID")


def _typed(mention: Mention) -> str:
    return f"{mention.text}:{mention.class_name}"


def print_report(made: "Report") -> None:
    """Print a report for a person."""
    from kgbuild.report import costs_in_words, published_in_words, saved_in_words

    if made.changed:
        gone = f", {made.documents_removed:,} removed" if made.documents_removed else ""
        out.print(f"[bold]{made.documents:,} documents[/bold] ({made.documents_read:,} read{gone}) in {made.chunks:,} chunks")
    else:
        out.print(f"[bold]Nothing changed[/bold]: {made.documents:,} documents in {made.chunks:,} chunks, as they were")
    below = f"; {made.below_threshold:,} more scored too low to claim" if made.below_threshold else ""
    out.print(f"{made.candidates:,} candidate triples: {made.accepted:,} accepted{_by_reason(made)}{below}")
    if ways := [(name, n) for name, n in made.extractors.items() if name.startswith("llm/")]:
        out.print("Claimed by " + ", ".join(f"{escape(name)} ({n:,})" for name, n in ways), soft_wrap=True)
    disputed = f", {made.disputed:,} of them disputed by others" if made.disputed else ""
    out.print(f"{made.mentions:,} mentions of [bold]{made.entities:,} entities[/bold], [bold]{made.facts:,} facts[/bold]{disputed}")
    if made.judge.startswith("llm/"):
        out.print(f"Judged by {escape(made.judge)}", soft_wrap=True)
    if made.loops:
        out.print(f"{made.loops:,} accepted triples state nothing: their two sides are one entity")
    if made.uncovered:
        names = ", ".join(made.uncovered)
        out.print(f"[yellow]{len(made.uncovered)} properties not covered[/yellow] by the weights, so not looked for: {names}")
    if made.failures:
        out.print(f"[yellow]{len(made.failures):,} could not be read in full:[/yellow]")
        alike = _alike(made.failures)
        for (reason, detail), uris in list(alike.items())[:SHOWN_FAILURES]:
            more = f" and {len(uris) - SHOWN_URIS:,} more" if len(uris) > SHOWN_URIS else ""
            where = escape(", ".join(uris[:SHOWN_URIS])) + more
            out.print(f"  {where}: {reason}" + (f" ({escape(detail)})" if detail else ""), soft_wrap=True)
        if len(alike) > SHOWN_FAILURES or any(len(uris) > SHOWN_URIS for uris in alike.values()):
            out.print("  each one: kgbuild report --json")
    if made.documents_kept:
        out.print(f"{made.documents_kept:,} documents of files that cannot be read now stay as they were")
    if made.spared:
        out.print(f"Calls to the language model saved: {saved_in_words(made)} chunks were clear without it")
    for stage, words in costs_in_words(made).items():
        out.print(f"[dim]{stage}: {words}[/dim]")
    if made.published is not None:
        out.print(f"Published to {made.store}: {published_in_words(made.published)}", soft_wrap=True, markup=False)
    if made.changed:
        out.print(f"[dim]{sum(made.seconds.values()):.1f} s{_seconds(made.seconds)}[/dim]")


def _alike(failures: Sequence[Failure]) -> dict[tuple[str, str], list[str]]:
    """Group what failed for the same reason: a server that refuses every chunk says it once. Each uri is named once a group."""
    uris: dict[tuple[str, str], dict[str, None]] = {}
    for failure in failures:
        uris.setdefault((failure.reason, failure.detail), {})[failure.uri] = None
    return {why: list(where) for why, where in uris.items()}


def _by_reason(made: "Report") -> str:
    parts = [f"{n:,} {reason}" for reason, n in made.rejected.items()]
    undecided = [f"{n:,} {reason}" for reason, n in made.undecided.items()]
    rejected = f", {sum(made.rejected.values()):,} rejected ({', '.join(parts)})" if parts else ""
    return rejected + (f", {sum(made.undecided.values()):,} undecided ({', '.join(undecided)})" if undecided else "")


def _seconds(seconds: Mapping[str, float]) -> str:
    """Name the stages that took a while, such as ": reading 1.2, placing 0.3"."""
    shown = ", ".join(f"{stage} {spent:.1f}" for stage, spent in seconds.items() if spent >= 0.05)
    return shown and f": {shown}"


def next_steps(graph: Path, facts: int, store: str | None = None) -> None:
    """Say what one would do next. store: where the graph was published."""
    option = "" if graph == DEFAULT_GRAPH else f" --graph {shlex.quote(str(graph))}"
    lines = [
        "",
        f"Look around:  kgbuild view{option}          one HTML page to search and walk the graph",
        f"Ask it:       kgbuild query 'MATCH (a:Entity) RETURN a.class_name, count(*)'{option}",
        f"See why not:  kgbuild rejected{option}",
    ]
    if store is not None:
        at = "" if store == DEFAULT_STORE else f" --store {shlex.quote(store)}"
        lines.append(f"In Neo4j:     kgbuild explore --serve 8474{option}{at}          colours, queries and a guide in Browser")
    elif facts >= BULK_FACTS:
        lines.append(f"Load it:      kgbuild export --to neo4j-admin FOLDER{option}          fastest into an empty Neo4j")
    for line in lines:
        out.print(line, soft_wrap=True, markup=False)
