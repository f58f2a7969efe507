"""Comma- and tab-separated tables: the text as it is, each row a section."""

import csv
import json
import re
from itertools import dropwhile

from kgbuild.documents.parsed import Parsed
from kgbuild.records import Section, Span

_LINE = re.compile(r"[^\n\r]*(?:\r\n|\n|\r|$)")
_SEPARATORS = ",;\t|"
_STATED_SEPARATOR = re.compile(r"sep=(\S|\t)")
"""A first line that Excel reads and writes, and that is no row."""
_MAX_LINES_PER_ROW = 1000
"""A quotation mark that nothing closes would make one row of all that follows."""


def parse(text: str, separator: str | None = None) -> Parsed:
    """Read a table. The first row is taken for the column names, which chunking keeps beside every later row.

    separator: what stands between cells; None to take the one that a first line `sep=;` names, or else that line has most of.
    """
    lines = [match.span() for match in _LINE.finditer(text) if match.end() > match.start()]
    lines = list(dropwhile(lambda line: not text[slice(*line)].strip(), lines))
    first_line = text[slice(*lines[0])].rstrip("\n\r") if lines else ""
    if separator is None and (stated := _STATED_SEPARATOR.fullmatch(first_line)):
        separator, lines = stated[1], lines[1:]
    separator = separator or max(_SEPARATORS, key=first_line.count)
    rows = _rows(text, lines, separator)
    spans = [Span(start, start + len(row)) for start, end in rows if (row := text[start:end].rstrip("\n\r")).strip()]
    if not spans:
        return Parsed(text)
    columns = _cells(spans[0].of(text), separator)
    return Parsed(
        text,
        sections=(Section("table", Span(spans[0].start, spans[-1].end)), *(Section("row", span) for span in spans)),
        metadata=(("columns", json.dumps(columns, ensure_ascii=False)),),
    )


def _rows(text: str, lines: list[tuple[int, int]], separator: str) -> list[tuple[int, int]]:
    """Return where each row begins and ends: at a line, or over several where a quoted cell holds line breaks."""
    rows: list[tuple[int, int]] = []
    reader = csv.reader((text[start:end] for start, end in lines), delimiter=separator)
    at = 0
    try:
        for _ in reader:
            if reader.line_num - at > _MAX_LINES_PER_ROW:
                raise csv.Error("a quotation mark is never closed")
            rows.append((lines[at][0], lines[reader.line_num - 1][1]))
            at = reader.line_num
    except csv.Error:  # also a cell of more than 128 KiB: from here on a row is a line
        rows.extend(lines[at:])
    return rows


def _cells(row: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([row], delimiter=separator), [])
    except csv.Error:
        return row.split(separator)
