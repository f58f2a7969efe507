"""Markdown: the text as it is, with its headings, tables, lists and code as sections."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import yaml

from kgbuild.documents.dates import date_in_head, published_on
from kgbuild.documents.language import declared_language
from kgbuild.documents.parsed import Parsed
from kgbuild.records import Section, Span
from kgbuild.serialisation import storable

_LINE = re.compile(r"([^\n\r]*)(?:\r\n|\n|\r|$)")
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)
_MAX_FRONT_MATTER_CHARS = 20_000
_MAX_TITLE_CHARS = 200
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)(.*)")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LIST_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_TABLE_RULE = re.compile(r"(?=[^-]*-)[ \t|:-]++$")


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str

    @property
    def is_blank(self) -> bool:
        return not self.text.strip()


def parse(text: str) -> Parsed:
    """Read Markdown. Title, date and language come from the front matter; without one, the first top heading is the title."""
    stated, body_start = _front_matter(text)
    lines = [_Line(*match.span(1), match[1]) for match in _LINE.finditer(text, body_start) if match.end() > match.start()]
    sections = tuple(_sections(lines))
    if body_start:
        sections = (Section("code", Span(0, body_start)), *sections)
    headings = [section for section in sections if section.kind == "heading"]
    first = min(headings, key=lambda heading: heading.level, default=None)
    return Parsed(
        text,
        title=stated.get("title", "") or (_heading_words(first.span.of(text)) if first else ""),
        language=declared_language(stated.get("lang", "") or stated.get("language", "")),
        published_on=published_on(stated.get("date", "") or stated.get("published", "")) or date_in_head(text[body_start:]),
        sections=sections,
        metadata=tuple((name, stated[name]) for name in ("author", "url") if name in stated),
    )


def _front_matter(text: str) -> tuple[dict[str, str], int]:
    """Return the simple values of the YAML block that opens a text, and where the text goes on behind it."""
    match = _FRONT_MATTER.match(text, 0, _MAX_FRONT_MATTER_CHARS)
    if match is None:
        return {}, 0
    try:
        stated = yaml.load(match[1], Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError):  # not YAML after all
        return {}, 0
    if not isinstance(stated, dict):
        return {}, 0
    texts = {str(name).lower(): storable(value) for name, value in stated.items() if isinstance(value, str)}
    return {name: value for name, value in texts.items() if value not in ("~", "null")}, match.end()


def _sections(lines: list[_Line]) -> Iterator[Section]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.is_blank:
            at += 1
        elif heading := _HEADING.match(line.text):
            yield Section("heading", Span(line.start, line.end), len(heading[1]))
            at += 1
        elif fence := _FENCE.match(line.text):
            after = next((n for n in range(at + 1, len(lines)) if lines[n].text.strip().startswith(fence[1])), len(lines) - 1)
            yield Section("code", Span(line.start, lines[after].end))
            at = after + 1
        elif _begins_table(lines, at):
            after = _first_after(lines, at + 2, lambda following: "|" in following.text)
            yield Section("table", Span(line.start, lines[after - 1].end))
            # The rule under the column names belongs to them: it is no row of its own, and no sentence.
            yield Section("row", Span(line.start, lines[at + 1].end))
            yield from (Section("row", Span(row.start, row.end)) for row in lines[at + 2 : after])
            at = after
        elif _LIST_ITEM.match(line.text):
            after = _first_after(lines, at + 1, _goes_on)
            yield Section("list", Span(line.start, lines[after - 1].end))
            at = after
        elif at + 1 < len(lines) and (underline := _UNDERLINE.match(lines[at + 1].text)):
            yield Section("heading", Span(line.start, lines[at + 1].end), 1 if underline[1][0] == "=" else 2)
            at += 2
        else:
            after = at + 1
            while (
                after < len(lines)
                and _goes_on(lines[after])
                and not _LIST_ITEM.match(lines[after].text)
                and not _begins_table(lines, after)
            ):
                after += 1
            yield Section("paragraph", Span(line.start, lines[after - 1].end))
            at = after


def _first_after(lines: list[_Line], at: int, belongs: Callable[[_Line], bool]) -> int:
    while at < len(lines) and belongs(lines[at]) and not lines[at].is_blank:
        at += 1
    return at


def _goes_on(line: _Line) -> bool:
    """Tell whether a line belongs to the paragraph or list above it."""
    return not (line.is_blank or _HEADING.match(line.text) or _FENCE.match(line.text))


def _begins_table(lines: list[_Line], at: int) -> bool:
    return (
        "|" in lines[at].text
        and at + 1 < len(lines)
        and "|" in lines[at + 1].text
        and _TABLE_RULE.match(lines[at + 1].text) is not None
    )


def _heading_words(heading: str) -> str:
    first_line = heading.splitlines()[0][:_MAX_TITLE_CHARS]
    words = re.sub(r"^\s*#{1,6}\s+|\s+#+\s*$", "", first_line)
    return " ".join(re.sub(r"[*_`]", "", words).split())
