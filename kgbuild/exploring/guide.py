"""The guide that Neo4j Browser shows beside the graph: slides with queries to click."""

from collections.abc import Iterable, Sequence
from html import escape

from kgbuild.exploring.contents import Contents
from kgbuild.exploring.queries import SavedQuery
from kgbuild.exploring.style import class_colours

COMMON_RELATIONSHIPS = 12
"""Kinds of facts that the first slide lists."""


def guide_page(held: Contents, queries: Sequence[SavedQuery], style_url: str | None) -> str:
    """Return the guide as a page that Browser shows in its sidebar, and any other browser as well.

    style_url: where Browser finds the style sheet; None when nobody serves it.
    """
    slides = [_first_slide(held, style_url), *(_slide(group) for group in _groups(queries))]
    inner = "\n".join(f'<slide>\n<div style="padding:0 16px">\n{slide}\n</div>\n</slide>' for slide in slides)
    return f'<!doctype html>\n<meta charset="utf-8">\n<title>{_text(held.title)}</title>\n{inner}\n'


def _first_slide(held: Contents, style_url: str | None) -> str:
    colours = class_colours(held)
    dot = '<span style="color:{}">&#9679;</span> {}'
    classes = _table((dot.format(colours[label], _text(label)), number) for label, number in held.entities.items())
    common = sorted(held.relationships.items(), key=lambda item: (-item[1], item[0]))[:COMMON_RELATIONSHIPS]
    facts = _table((" &rarr; ".join(map(_text, names)), number) for names, number in common)
    colouring = ""
    if style_url is not None:
        colouring = f"<h4>Colours</h4>\n<p>One for each class: run this once.</p>\n{_runnable(f':style {style_url}')}"
    return f"""<p>{sum(held.entities.values()):,} entities and {held.facts:,} facts from {held.documents:,} documents.</p>
{colouring}
<h4>How to read it</h4>
<p>A node is an entity, an edge is a fact. Click an edge: <code>quotes</code> are the words that state it,
<code>evidence</code> tells where they stand. Double-click a node to see its neighbours. Facts with a value, such as a date,
are properties of the node; <code>kgbuild explain ID</code> shows the words behind each of its <code>fact_ids</code>.</p>
<h4>Entities</h4>
{classes}
<h4>Most frequent facts</h4>
{facts}"""


def _table(rows: Iterable[tuple[str, int]]) -> str:
    inner = "".join(f'<tr><td>{name}</td><td style="padding-left:16px">{number:,}</td></tr>\n' for name, number in rows)
    return f"<table>{inner}</table>"


def _groups(queries: Sequence[SavedQuery]) -> Sequence[Sequence[SavedQuery]]:
    """Three to a slide, in their order."""
    return [queries[at : at + 3] for at in range(0, len(queries), 3)]


def _slide(group: Sequence[SavedQuery]) -> str:
    return "\n".join(f"<h4>{_text(query.title)}</h4>\n<p>{_text(query.about)}</p>\n{_runnable(query.cypher)}" for query in group)


def _runnable(command: str) -> str:
    """Write a command that one click puts into Browser's editor."""
    return f'<pre class="code runnable">{_text(command)}</pre>'


def _text(text: str) -> str:
    # Browser removes from guides whatever looks like an event handler (` onwards = "x"`), even in text; `=` written so does not.
    return escape(text).replace("=", "&#61;")
