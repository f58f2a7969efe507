"""Records to JSON and back, exactly: what the ledger keeps as payload and what JSONL files hold, one line a record.

Field names are those of `records`, in their order; a span is `{"start", "end"}`, tuples are lists.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from kgbuild.errors import InputError

RecordT = TypeVar("RecordT")

LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a pair that stands for one character: escapes in JSON and YAML can write it, UTF-8 cannot."""


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}
"""Compiled when first needed, kept for good: compiling takes milliseconds, using one microseconds."""


def _adapter(type_: type) -> TypeAdapter[Any]:
    if type_ not in _ADAPTERS:
        _ADAPTERS[type_] = TypeAdapter(type_)
    return _ADAPTERS[type_]


def to_json(record: object) -> str:
    """Write a record as one line of JSON, without the line end.

    >>> from kgbuild.records import Span
    >>> to_json(Span(3, 8))
    '{"start":3,"end":8}'
    """
    return to_json_bytes(record).decode()


def to_json_bytes(record: object) -> bytes:
    """Write a record as `to_json` does, in UTF-8."""
    adapter = _adapter(type(record))
    try:
        return adapter.dump_json(record)
    except PydanticSerializationError:  # a lone surrogate, as a model's reply may hold: not UTF-8, yet valid JSON when escaped
        return json.dumps(adapter.dump_python(record), separators=(",", ":")).encode()


def from_json(type_: type[RecordT], text: str | bytes) -> RecordT:
    """Read one record back; raises ValueError, in one line, when the text is not such a record."""
    adapter: TypeAdapter[RecordT] = _adapter(type_)
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        try:  # the parser above refuses lone surrogates, json does not
            return adapter.validate_python(json.loads(text))
        except (ValueError, RecursionError):
            raise ValueError(f"not a {type_.__name__}: {first_problem(error)}") from None


def to_dict(record: object) -> dict[str, Any]:
    """Return the record as nested dicts and tuples, under the same names as its JSON."""
    fields: dict[str, Any] = _adapter(type(record)).dump_python(record)
    return fields


def json_lines(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a JSON lines file, each with its place, `file:line`; blank lines are left out.

    Raises InputError that says where the file or the line is none.
    """
    try:
        lines = file.read_text("utf-8-sig").split("\n")
    except OSError as error:
        raise InputError(file, f"cannot be read ({error.strerror})", "Check the path") from error
    except UnicodeDecodeError as error:
        raise InputError(file, f"is no UTF-8 at byte {error.start}", "Save it as UTF-8") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            where = f"{file}:{number}"
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                problem = "nests too deeply" if isinstance(error, RecursionError) else f"is no JSON ({error})"
                raise InputError(where, problem, "Mend the line") from error
            if not isinstance(row, dict):
                raise InputError(where, "is no JSON object", "Mend the line")
            yield where, row


def storable(text: str) -> str:
    """Replace what UTF-8 cannot hold."""
    return LONE_SURROGATE.sub("\ufffd", text)


def first_problem(error: ValidationError) -> str:
    """Return the first thing that is wrong, in one line: the field, if it is one, and what is said of it."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    problem = " ".join(first["msg"].split())
    return f"{where}: {problem}" if where else problem
