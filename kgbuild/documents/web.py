"""Web pages: the words a reader sees, with headings, paragraphs, lists and tables as sections.

The extracted text is what evidence points into, so a change of what it looks like raises `documents.VERSION`.
"""

import json
import re
from collections import deque
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from kgbuild.documents.dates import published_on
from kgbuild.documents.language import declared_language
from kgbuild.documents.parsed import Parsed, Unparsed
from kgbuild.records import Section, Span

_LEFT_OUT = frozenset(
    (
        *("script", "style", "noscript", "template", "head", "nav", "svg", "math", "iframe", "object", "canvas", "audio", "video"),
        *("button", "select", "input", "textarea", "option", "-comment", "-doctype"),
    )
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LINES_BEFORE = {
    **dict.fromkeys(("p", "ul", "ol", "dl", "table", "pre", "blockquote", "figure", "hr", *_HEADINGS), 2),
    **dict.fromkeys(("div", "section", "article", "main", "aside", "header", "footer", "li", "dt", "dd", "tr", "br", "address"), 1),
    **dict.fromkeys(
        ("caption", "figcaption", "details", "summary", "form", "fieldset", "legend", "body", "thead", "tbody", "tfoot"), 1
    ),
    **dict.fromkeys(("td", "th", "center", "hgroup", "dialog", "search"), 1),  # cells of a row that holds data stay on its line
}
_SECTION_KINDS = {
    **dict.fromkeys(_HEADINGS, "heading"),
    **dict.fromkeys(("ul", "ol", "dl"), "list"),
    "table": "table",
    "tr": "row",
    "p": "paragraph",
    "blockquote": "paragraph",
    "pre": "code",
}
_NESTING = re.compile(r"<(/?)(?:div|section|article|main|aside|ul|ol|dl|blockquote|details|figure|center|nav|pre)\b", re.IGNORECASE)
_MAX_DEPTH = 5000
"""Deeper blocks cost the parser quadratic time, and no page that people read has them."""

_BLANKS = re.compile(r"[ \t\n\r\f]+")
_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_.:-]{2,40})")
_DATE_META = (
    *("article:published_time", "og:article:published_time", "datepublished", "date", "dc.date", "dcterms.date", "dc.date.issued"),
    *(
        "dcterms.issued",
        "dcterms.created",
        "citation_publication_date",
        "publication_date",
        "pubdate",
        "parsely-pub-date",
        "sailthru.date",
    ),
)


def declared_charset(data: bytes) -> str | None:
    """Return the encoding that a page names in its first 4 KiB."""
    head = data[:4096]
    match = _CHARSET.search(head) or _XML_ENCODING.search(head)
    return match[1].decode("ascii") if match else None


def parse(html: str) -> Parsed | Unparsed:
    """Extract what a reader sees of a page; menus, scripts and what is hidden are left out."""
    if (depth := _depth(html)) > _MAX_DEPTH:
        return Unparsed("", "nested too deeply", f"{depth} blocks stand inside each other, more than {_MAX_DEPTH}")
    tree = LexborHTMLParser(html)
    meta = _meta(tree)
    page = _Page(_layout_tables(tree))
    if tree.body is not None:
        _lay_out(tree.body, page)
    heading = next((section.span.of(page.text) for section in page.sections if section.kind == "heading"), "")
    title_node = tree.css_first("head > title")
    root = tree.root
    language = (root.attributes.get("lang") or root.attributes.get("xml:lang")) if root is not None else None
    canonical = tree.css_first("link[rel=canonical]")
    stated = {
        "url": (canonical.attributes.get("href") if canonical is not None else None) or meta.get("og:url"),
        "author": meta.get("author"),
        "description": meta.get("description") or meta.get("og:description"),
    }
    return Parsed(
        page.text,
        title=_folded(title_node.text() if title_node is not None else "") or _folded(meta.get("og:title", "")) or heading,
        language=declared_language(language or meta.get("content-language", "") or meta.get("og:locale", "")),
        published_on=_date(tree, meta),
        sections=tuple(sorted(page.sections, key=lambda section: (section.span.start, -section.span.end, section.kind == "row"))),
        metadata=tuple((name, _folded(value)) for name, value in sorted(stated.items()) if value and value.strip()),
    )


def _depth(html: str) -> int:
    depth = deepest = 0
    for tag in _NESTING.finditer(html):
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


class _Page:
    """The text laid out so far, and the sections of it that are still open."""

    def __init__(self, layout_tables: frozenset[int]) -> None:
        self.layout_tables = layout_tables
        self._parts: list[str] = []
        self._length = 0
        self._open: list[tuple[str, int, int]] = []  # kind, level, and where it starts or -1
        self._lines_due, self._blank_due, self._marker_due = 0, False, ""
        self.lists = 0  # how many the next words stand in
        self.raised = 0  # how many <sup> they stand in
        self.in_row = False
        self.tables: list[bool] = []  # of the tables around the next words, whether each holds data
        self.sections: list[Section] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def break_lines(self, lines: int) -> None:
        """Begin a new line before the next word, after a blank one if two are due. Rows stay on one line, lists are set tight."""
        if self.in_row:
            self._blank_due = True
        elif not self._marker_due:
            self._lines_due = max(self._lines_due, min(lines, 1) if self.lists else lines)

    def begin_item(self) -> None:
        self.break_lines(1)
        self._marker_due = "" if self.in_row else "- "

    def end_item(self) -> None:
        self._marker_due = ""
        self.break_lines(1)

    def next_cell(self) -> None:
        self._blank_due = True
        self._put("|")
        self._blank_due = True

    def words(self, text: str) -> None:
        folded = _BLANKS.sub(" ", text)
        if self.raised and not re.search(r"[^0-9+−-]", folded.strip()):
            folded = folded.translate(_RAISED)  # 10<sup>6</sup> is no 106
        self._blank_due = self._blank_due or folded.startswith(" ")
        if words := folded.strip(" "):
            self._put(words)
            self._blank_due = folded.endswith(" ")

    def preformatted(self, text: str) -> None:
        if self.in_row:
            self.words(text)
        elif words := text.strip("\n\r"):
            self._put(words)

    def open_section(self, kind: str, level: int = 0) -> None:
        self._open.append((kind, level, -1))

    def close_section(self) -> None:
        kind, level, start = self._open.pop()
        if start >= 0:
            self.sections.append(Section(kind, Span(start, self._length), level))

    def _put(self, words: str) -> None:
        if self._lines_due and self._length:
            self._add("\n" * self._lines_due)
        elif self._blank_due and self._length and not self._parts[-1].endswith((" ", "\n")):
            self._add(" ")
        self._lines_due, self._blank_due = 0, False
        for depth in range(len(self._open) - 1, -1, -1):
            kind, level, start = self._open[depth]
            if start >= 0:
                break
            self._open[depth] = (kind, level, self._length)
        self._add(self._marker_due + words)
        self._marker_due = ""

    def _add(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def _lay_out(body: LexborNode, page: _Page) -> None:
    """Walk a page in reading order; not by recursion, since a hostile one nests a hundred thousand deep."""
    to_do: list[tuple[LexborNode, str | None]] = [
        (body, None)
    ]  # with the section that ends where the node does, None on the way in
    while to_do:
        node, section = to_do.pop()
        if section is not None:
            _leave(node, page, section)
        elif node.is_text_node:
            parent = node.parent
            put = page.preformatted if parent is not None and parent.tag == "pre" else page.words
            put(node.text_content or "")
        elif not _is_left_out(node):
            to_do.append((node, _enter(node, page)))
            to_do.extend((child, None) for child in reversed(list(node.iter(include_text=True))))


def _enter(node: LexborNode, page: _Page) -> str:
    """Lay out how a node begins; return the kind of section that it opens, empty for none."""
    tag = node.tag or ""
    if tag == "table":
        page.tables.append(not page.in_row and node.mem_id not in page.layout_tables)
    kind = "" if page.in_row else _SECTION_KINDS.get(tag, "")
    if tag in ("table", "tr") and not (page.tables and page.tables[-1]):
        kind = ""
    if tag in ("ul", "ol", "dl") and page.lists:
        kind = ""
    if tag == "li":
        page.begin_item()
    elif tag in ("td", "th") and page.in_row and _has_cell_before(node):
        page.next_cell()
    else:
        page.break_lines(_LINES_BEFORE.get(tag, 0))
    if kind:
        page.open_section(kind, _HEADINGS.get(tag, 0))
    page.lists += tag in ("ul", "ol", "dl")
    page.raised += tag == "sup"
    page.in_row = page.in_row or kind == "row"
    return kind


def _leave(node: LexborNode, page: _Page, kind: str) -> None:
    tag = node.tag or ""
    page.lists -= tag in ("ul", "ol", "dl")
    page.raised -= tag == "sup"
    if kind:
        page.close_section()
    if kind == "row":
        page.in_row = False
    if tag == "table":
        page.tables.pop()
    if tag == "li":
        page.end_item()
    else:
        page.break_lines(_LINES_BEFORE.get(tag, 0))


def _is_left_out(node: LexborNode) -> bool:
    if not node.is_element_node or node.tag in _LEFT_OUT:
        return True
    attributes = node.attributes
    if not attributes:
        return False
    hidden_by_style = re.search(r"display\s*:\s*none|visibility\s*:\s*hidden", attributes.get("style") or "")
    return "hidden" in attributes or attributes.get("role") == "navigation" or hidden_by_style is not None


def _layout_tables(tree: LexborHTMLParser) -> frozenset[int]:
    """Return the tables that arrange a page rather than hold data: those with a table or a heading inside."""
    found = {node.mem_id for node in tree.css('table[role="presentation"]')}
    for node in tree.css(", ".join(f"table {inner}" for inner in ("table", *_HEADINGS))):
        around = node.parent
        while around is not None and around.tag != "table":
            around = around.parent
        if around is not None:
            found.add(around.mem_id)
    return frozenset(found)


def _has_cell_before(cell: LexborNode) -> bool:
    before = cell.prev
    while before is not None and before.tag not in ("td", "th"):
        before = before.prev
    return before is not None


def _meta(tree: LexborHTMLParser) -> dict[str, str]:
    """Return what the page says of itself, the first of each name."""
    stated: dict[str, str] = {}
    for node in tree.css("meta"):
        attributes = node.attributes
        content = attributes.get("content")
        for name in ("property", "name", "itemprop", "http-equiv"):
            if content and (key := attributes.get(name)):
                stated.setdefault(key.lower(), content)
    return stated


def _date(tree: LexborHTMLParser, meta: dict[str, str]) -> str | None:
    """Return when the page says that it was published: in its metadata, in JSON-LD, or else in the first <time>."""
    stated = [meta[name] for name in _DATE_META if name in meta]
    stated += [date for node in tree.css('script[type="application/ld+json"]') for date in _dates_in_json_ld(node.text() or "")]
    for selector in ("time[pubdate]", "time[itemprop=datePublished]", "article time[datetime]", "time[datetime]"):
        stated += [node.attributes.get("datetime") or "" for node in tree.css(selector)[:1]]
    return next((date for each in stated if (date := published_on(each))), None)


def _dates_in_json_ld(text: str) -> Iterator[str]:
    try:
        to_do = deque([json.loads(text)])
    except (ValueError, RecursionError):
        return
    while to_do:
        held = to_do.popleft()
        if isinstance(held, dict):
            if isinstance(date := held.get("datePublished"), str):
                yield date
            to_do.extend(held.values())
        elif isinstance(held, list):
            to_do.extend(held)


def _folded(text: str) -> str:
    return " ".join(text.split())
