"""JSON and JSON lines: each object a document, its text in one of its fields."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial

from kgbuild.documents.dates import published_on
from kgbuild.documents.finding import printable
from kgbuild.documents.language import declared_language
from kgbuild.documents.parsed import Parsed, Unparsed
from kgbuild.ids import content_hash
from kgbuild.serialisation import storable

_TEXT_FIELDS = ("text", "content", "body")
_TITLE_FIELDS = ("title", "headline")
_DATE_FIELDS = ("published_on", "date", "published", "published_at", "date_published", "datePublished")
_LANGUAGE_FIELDS = ("language", "lang")
_MAX_METADATA_CHARS = 1000


def parse_lines(text: str) -> Iterator[Parsed | Unparsed]:
    """Read JSON lines, one document a line. A line that gives none is named, the others go on."""
    lines = ((f"line-{number}", partial(str, line)) for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1) if line.strip())
    return _documents(lines)


def parse_json(text: str) -> Iterator[Parsed | Unparsed]:
    """Read a JSON file that is one object with a text, or a list of such."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Unparsed("", "bad JSON", _in_words(error))
        return
    if isinstance(content, list):
        # Each record stands for its own words, so that an edited neighbour changes nothing.
        yield from _documents((f"record-{number}", partial(json.dumps, record)) for number, record in enumerate(content, 1))
    else:
        document = _document("", content, text)
        yield replace(document, key="", source=None) if isinstance(document, Parsed) else document


def _documents(records: Iterable[tuple[str, Callable[[], str]]]) -> Iterator[Parsed | Unparsed]:
    seen: set[str] = set()
    for where, written in records:
        try:
            source = written()  # may nest too deeply for this and not for being read
            record = json.loads(source)
        except (ValueError, RecursionError) as error:
            yield Unparsed(where, "bad JSON", _in_words(error))
            continue
        document = _document(where, record, source)
        if isinstance(document, Parsed) and document.key in seen:
            yield Unparsed(where, "duplicate id", f"{document.key!r} stands before; the first one counts")
        else:
            yield document
        if isinstance(document, Parsed):
            seen.add(document.key)


def _document(where: str, record: object, source: str) -> Parsed | Unparsed:
    if not isinstance(record, dict):
        return Unparsed(where, "not an object", f"a document is an object with a field {' or '.join(map(repr, _TEXT_FIELDS))}")
    name = next((name for name in _TEXT_FIELDS if isinstance(record.get(name), str) and record[name].strip()), None)
    if name is None:
        return Unparsed(where, "no text", f"none of the fields {', '.join(map(repr, _TEXT_FIELDS))} holds any")
    data = source.encode("utf-8", "surrogatepass")
    used = {name, "id", *_TITLE_FIELDS, *_LANGUAGE_FIELDS}
    return Parsed(
        storable(record[name]),
        title=_first(record, _TITLE_FIELDS),
        language=declared_language(_first(record, _LANGUAGE_FIELDS)),
        published_on=next((date for field in _DATE_FIELDS if (date := published_on(_as_text(record.get(field))))), None),
        metadata=tuple(
            sorted((storable(key), value) for key, held in record.items() if key not in used and (value := _as_text(held)))
        ),
        # Without an id a record is known by its content: a line put in before it must not make another document of it.
        key=printable(_as_text(record.get("id"))) or content_hash(data)[:12],
        source=data,
    )


def _first(record: dict[str, object], names: tuple[str, ...]) -> str:
    return next((text for name in names if (text := _as_text(record.get(name)).strip())), "")


def _as_text(value: object) -> str:
    """Return a simple JSON value as text; empty for null, lists, objects and what is too long to be metadata."""
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value) if isinstance(value, (str, int, float)) else ""
    return storable(text) if len(text) <= _MAX_METADATA_CHARS else ""


def _in_words(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
