"""What a build did, counted: the same record on the terminal, as JSON, in the ledger and as a Prefect artifact."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kgbuild.ledger import Snapshot
from kgbuild.llm.protocol import Usage
from kgbuild.records import Failure, Outcome, Status
from kgbuild.settings import Prices
from kgbuild.stores.protocol import Publication


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of the published generation, and what this run had to do for it.

    changed: False when there was nothing to do.
    documents_read, documents_removed: what this run added to the graph or processed again, and what it took out.
    documents_kept: those that stay as they were, though their files could not be read this time.
    remade: what made every document be worked on again: the extractor, the judge, the ontology or options differ from those before.
    below_threshold: what the extractor scored too low to claim. rejected, undecided: candidates by reason.
    uncovered: properties of the ontology that the extractor does not know, and so did not look for.
    disputed: facts that clash with a preferred one. loops: accepted triples whose two sides
    are one entity, so that they state nothing. seconds: wall-clock seconds by stage.
    usage: what this run's requests to a language model took, by stage. cost: the same in money, where prices are known.
    extractors: candidates by who claimed them, and in which way a language model was asked: its grammar, or what it fell back to.
    extracted: chunks that this run extracted from. spared: those of them that a cascade did not have to put to its language model.
    judge: who judged, and from which probabilities on it accepts and rejects.
    store: where the generation was published to, if anywhere; published: what that changed there.
    """

    generation: int
    changed: bool
    documents: int
    documents_read: int
    documents_removed: int
    chunks: int
    candidates: int
    below_threshold: int
    accepted: int
    rejected: Mapping[str, int]
    undecided: Mapping[str, int]
    mentions: int
    entities: int
    facts: int
    disputed: int
    loops: int
    failures: tuple[Failure, ...]
    uncovered: tuple[str, ...]
    seconds: Mapping[str, float]
    extractors: Mapping[str, int] = field(default_factory=dict)
    usage: Mapping[str, Usage] = field(default_factory=dict)
    cost: Mapping[str, float] = field(default_factory=dict)
    extracted: int = 0
    spared: int = 0
    remade: tuple[str, ...] = ()
    documents_kept: int = 0
    judge: str = ""
    store: str | None = None
    published: Publication | None = None


def report_of(
    snapshot: Snapshot,
    *,
    changed: bool,
    documents_read: int,
    documents_removed: int,
    documents_kept: int,
    remade: tuple[str, ...],
    uncovered: tuple[str, ...],
    seconds: Mapping[str, float],
    usage: Mapping[str, Usage],
    prices: Prices | None,
    extracted: int,
    spared: int,
    judge: str,
) -> Report:
    """Count a published generation."""
    counts, verdicts = snapshot.counts(), snapshot.verdict_counts()

    def by_reason(outcome: Outcome) -> dict[str, int]:
        return {reason or "": n for (given, reason), n in verdicts.items() if given == outcome}

    return Report(
        generation=snapshot.generation,
        changed=changed,
        documents=counts["documents"],
        documents_read=documents_read,
        documents_removed=documents_removed,
        documents_kept=documents_kept,
        remade=remade,
        chunks=counts["chunks"],
        candidates=sum(verdicts.values()),
        below_threshold=snapshot.below_threshold(),
        accepted=verdicts.get((Outcome.ACCEPTED, None), 0),
        rejected=by_reason(Outcome.REJECTED),
        undecided=by_reason(Outcome.UNDECIDED),
        mentions=counts["mentions"],
        entities=counts["entities"],
        facts=counts["facts"],
        disputed=snapshot.status_counts().get(Status.DISPUTED, 0),
        loops=snapshot.loops(),
        failures=tuple(snapshot.failures()),
        uncovered=uncovered,
        seconds=seconds,
        extractors=snapshot.extractor_counts(),
        usage=usage,
        cost={stage: cost(of, prices) for stage, of in usage.items()} if prices else {},
        extracted=extracted,
        spared=spared,
        judge=judge,
    )


def cost(usage: Usage, prices: Prices) -> float:
    """Return what requests cost, in the currency of the prices.

    >>> cost(Usage(2_000_000, 500_000, cached_tokens=1_000_000), Prices(asked=0.2, answered=0.6, cached=0.1))
    0.6
    """
    asked = usage.prompt_tokens - usage.cached_tokens
    millions = asked * prices.asked + usage.cached_tokens * prices.cached + usage.completion_tokens * prices.answered
    return round(millions / 1_000_000, 6)


def costs_in_words(report: Report) -> dict[str, str]:
    """Say of each stage what its requests took: the tokens, and the money where prices are known."""
    paid = {stage: f", {money(amount)} in all" for stage, amount in report.cost.items()}
    return {stage: in_words(usage) + paid.get(stage, "") for stage, usage in report.usage.items()}


def money(amount: float) -> str:
    """Write an amount of whatever currency, of a small one what matters.

    >>> money(1234.567), money(0.00218), money(0)
    ('1,234.57', '0.0022', '0')
    """
    return f"{amount:,.2f}" if amount >= 1 else f"{amount:.2g}"


def in_words(usage: Usage) -> str:
    """Say what requests took, such as "12 requests: 3,000 tokens asked (60 % cached), 240 answered"."""
    cached = f" ({usage.cached_tokens / usage.prompt_tokens:.0%} cached)" if usage.cached_tokens else ""
    return f"{usage.requests:,} requests: {usage.prompt_tokens:,} tokens asked{cached}, {usage.completion_tokens:,} answered"


def saved_in_words(report: Report) -> str:
    """Say what a cascade saved, such as "60 of 80 (75 %)"."""
    return f"{report.spared:,} of {report.extracted:,} ({report.spared / report.extracted:.0%})"


def in_markdown(report: Report) -> str:
    """Write a report as a page for people, in Markdown."""
    rows = [
        ("documents", f"{report.documents:,} ({report.documents_read:,} read, {report.documents_removed:,} removed)"),
        *([("all worked on again, for", ", ".join(report.remade))] if report.remade else []),
        *([("documents kept, though unreadable now", f"{report.documents_kept:,}")] if report.documents_kept else []),
        ("chunks", f"{report.chunks:,}"),
        ("candidates", f"{report.candidates:,}, and {report.below_threshold:,} below the threshold"),
        ("accepted", f"{report.accepted:,}"),
        *((f"rejected: {reason}", f"{n:,}") for reason, n in report.rejected.items()),
        *((f"undecided: {reason}", f"{n:,}") for reason, n in report.undecided.items()),
        ("entities", f"{report.entities:,}, from {report.mentions:,} mentions"),
        ("facts", f"{report.facts:,}, {report.disputed:,} of them disputed"),
        ("failures", f"{len(report.failures):,}"),
        *((f"candidates of {extractor}", f"{n:,}") for extractor, n in report.extractors.items()),
        *([("calls to the language model saved", saved_in_words(report))] if report.spared else []),
        *((f"tokens {stage}", words) for stage, words in costs_in_words(report).items()),
        *([(f"published to {report.store}", published_in_words(report.published))] if report.published else []),
        *((f"seconds {stage}", f"{seconds:.1f}") for stage, seconds in report.seconds.items()),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    failed = "".join(f"\n- `{failure.uri}`: {failure.reason} {failure.detail}" for failure in report.failures)
    title = f"Generation {report.generation}" if report.changed else f"Generation {report.generation}, nothing changed"
    return f"# {title}\n\n| | |\n|---|---|\n{table}\n{failed}\n"


def published_in_words(done: Publication) -> str:
    """Say in one line what a publication changed in a store."""
    stripped = f", {len(done.stripped):,} nodes kept but stripped, since others tied theirs to them" if done.stripped else ""
    return (
        f"{done.nodes_created:,} nodes and {done.relationships_created:,} relationships added,"
        f" {done.nodes_deleted:,} and {done.relationships_deleted:,} removed{stripped}"
    )
