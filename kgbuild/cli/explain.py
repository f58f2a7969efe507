"""`kgbuild explain`: where a record comes from, in words."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from typer import Argument

from kgbuild.cli.console import DEFAULT_GRAPH, GraphOption, JsonOption, escape, out, print_json
from kgbuild.errors import InputError
from kgbuild.records import Document, JudgedTriple, Mention, Outcome, Status

if TYPE_CHECKING:
    from kgbuild.explanation import EntityExplained, FactExplained, Quoted, Statement, TripleExplained


SHOWN_STATEMENTS = 20


def explain(
    id_: Annotated[str, Argument(metavar="ID", help="A fact, triple, entity, chunk or document id.")],
    graph: GraphOption = DEFAULT_GRAPH,
    as_json: JsonOption = False,
) -> None:
    """Show where a record comes from: the words, the document, who extracted it and who judged it."""
    from kgbuild.explanation import ChunkExplained, EntityExplained, FactExplained, TripleExplained
    from kgbuild.explanation import explain as explanation
    from kgbuild.ledger import Snapshot
    from kgbuild.serialisation import to_dict

    with Snapshot.open(graph) as snapshot:
        explained = explanation(snapshot, id_)
    if explained is None:
        raise InputError(
            id_, f"is in no record of the published graph in {graph}", "Find ids with `kgbuild query`, `view` or `rejected`"
        )
    if as_json:
        print_json(to_dict(explained))
        return
    match explained:
        case FactExplained():
            _print_fact(explained)
        case TripleExplained():
            _print_triple(explained)
        case EntityExplained():
            _print_entity(explained)
        case ChunkExplained():
            span = explained.chunk.span
            _say(f"{escape(explained.uri)}, characters {span.start} to {span.end}, chunk {explained.chunk.index}")
            _say(f"[dim]{escape(' > '.join(explained.chunk.heading_path))}[/dim]")
            _say(escape(explained.chunk.text))
            _say(f"\n{len(explained.triples)} candidate triples")
            for judged in explained.triples:
                _say(f"  {judged.triple.id}  {_in_words(judged)}: {_verdict(judged)}")
        case Document():
            dated = f", dated {explained.published_on}" if explained.published_on else ""
            _say(f"[bold]{escape(explained.title or explained.uri)}[/bold]")
            size = f"{len(explained.text):,} characters"
            _say(f"{escape(explained.uri)}, {explained.media_type}, language {explained.language}{dated}, {size}")
            for name, value in explained.metadata:
                _say(f"  {escape(name)}: {escape(value)}")


def _print_fact(explained: "FactExplained") -> None:
    fact = explained.fact
    status = "" if fact.status is Status.ASSERTED else f" [yellow]{fact.status}[/yellow]"
    _say(f"[bold]{escape(explained.subject)} — {escape(fact.predicate)} — {escape(explained.object)}[/bold]{status}")
    when = " ".join(f"{word} {date}" for word, date in (("from", fact.valid_from), ("to", fact.valid_to)) if date)
    _say(f"confidence {fact.confidence:.2f}, {_counted(explained.statements)}{', valid ' + when if when else ''}")
    for qualifier in fact.qualifiers:
        _say(f"  {escape(qualifier.name)}: {escape(qualifier.value.value)}")
    for statement in explained.statements[:SHOWN_STATEMENTS]:
        _say("")
        _print_quoted(statement.quoted, statement.named)
        by = escape(f"extracted by {statement.extractor}, judged by {statement.judge}")
        _say(f"  {by}, probability {statement.probability:.2f}")
        for id_ in statement.triple_ids:
            _say(f"  [dim]as claimed: {id_}[/dim]")
    if len(explained.statements) > SHOWN_STATEMENTS:
        _say(f"\n… and {len(explained.statements) - SHOWN_STATEMENTS:,} more places: --json shows them all")
    if explained.beside:
        _say(f"\nBeside it, {escape(explained.subject)} — {escape(fact.predicate)}:")
        for id_, object_, other in explained.beside:
            _say(f"  {escape(object_)} ({other})  [dim]{id_}[/dim]")


def _print_triple(explained: "TripleExplained") -> None:
    judged = explained.judged
    _say(f"[bold]{_in_words(judged)}[/bold]")
    _say(_verdict(judged))
    triple, judge = judged.triple, judged.verdict.judge
    _say(escape(f"extracted by {triple.extractor} with score {triple.score:.2f}, judged by {judge}"))
    if explained.quoted is not None:
        _say("")
        _print_quoted(explained.quoted, (judged.triple.subject.text, judged.triple.object.text))
    else:
        _say(f"its words stand nowhere in the text: “{escape(judged.triple.quote)}”")
    for id_ in explained.fact_ids:
        _say(f"  states fact {id_}")


def _print_entity(explained: "EntityExplained") -> None:
    entity = explained.entity
    _say(f"[bold]{escape(entity.name)}[/bold], {escape(entity.class_name)}")
    if entity.aliases:
        _say(f"also written {', '.join(escape(alias) for alias in entity.aliases)}")
    _say(f"{len(entity.mention_ids)} mentions; in {', '.join(map(escape, explained.documents))}")
    for id_, subject, predicate, object_, status in explained.facts:
        mark = "" if status is Status.ASSERTED else f" [yellow]({status})[/yellow]"
        _say(f"  {escape(subject)} — {escape(predicate)} — {escape(object_)}{mark}  [dim]{id_}[/dim]")


def _print_quoted(quoted: "Quoted", named: Iterable[str]) -> None:
    words = escape(quoted.words)
    names = sorted({escape(name) for name in named if name}, key=len, reverse=True)
    if names:
        words = re.sub("|".join(map(re.escape, names)), lambda found: f"[bold cyan]{found[0]}[/bold cyan]", words)
    _say(f"  [dim]{escape(quoted.before)}[/dim]“{words}”[dim]{escape(quoted.after)}[/dim]")
    title = f" ({escape(quoted.title)})" if quoted.title else ""
    dated = f", dated {quoted.stated_on}" if quoted.stated_on else ""
    _say(f"  {escape(quoted.uri)}{title}, characters {quoted.span.start} to {quoted.span.end}{dated}")


def _in_words(judged: JudgedTriple) -> str:
    triple = judged.triple
    object_ = triple.object
    kind = object_.class_name if isinstance(object_, Mention) else object_.datatype
    subject = f"{triple.subject.text} ({triple.subject.class_name})"
    return escape(f"{subject} — {triple.predicate} — {object_.text} ({kind})")


def _verdict(judged: JudgedTriple) -> str:
    verdict = judged.verdict
    if verdict.outcome is Outcome.ACCEPTED:
        return "[green]accepted[/green]"
    detail = f": {escape(verdict.detail)}" if verdict.detail else ""
    return f"[red]{verdict.outcome}[/red], {verdict.reason}{detail}"


def _counted(statements: tuple["Statement", ...]) -> str:
    documents = len({statement.quoted.uri for statement in statements})
    return f"stated {len(statements)} time{'s' * (len(statements) != 1)} in {documents} document{'s' * (documents != 1)}"


def _say(line: str) -> None:
    out.print(line, soft_wrap=True)
