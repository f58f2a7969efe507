"""The `extract` command's lines: texts in, the triples found in them out; and what the lines of all stages have in common.

A row is a JSON object. Fields that a stage does not know come back as given, so that one stage can be piped into the next. A row
that cannot be used comes back with an `error`; one that an earlier stage gave up on passes through as it is.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from kgbuild.chunking import chunk
from kgbuild.extraction.grounding import readable
from kgbuild.extraction.protocol import Extractor
from kgbuild.records import CandidateTriple, Chunk, Document, Extraction, Mention
from kgbuild.serialisation import LONE_SURROGATE

Row = dict[str, Any]

_MAX_DIGITS = 4300
"""Of a whole number: more of them Python neither reads nor writes."""


def read_row(line: bytes, number: int) -> Row:
    """Read one line. What is no JSON object becomes a row without an id whose `error` names the line.

    >>> read_row(b'{"id": 7, "text": "Hi"}', 1), read_row(b"[]", 2)
    ({'id': 7, 'text': 'Hi'}, {'id': None, 'error': 'line 2: not a JSON object'})
    """
    try:
        value = json.loads(line.decode("utf-8-sig"), parse_int=_whole, parse_float=_finite, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        return {"id": None, "error": f"line {number}: not JSON ({error.msg} at character {error.pos + 1})"}
    except UnicodeDecodeError:
        return {"id": None, "error": f"line {number}: not UTF-8"}
    except RecursionError:
        return {"id": None, "error": f"line {number}: nested too deeply"}
    except ValueError as error:
        return {"id": None, "error": f"line {number}: not JSON ({error})"}
    return value if isinstance(value, dict) else {"id": None, "error": f"line {number}: not a JSON object"}


def _whole(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"a number has {len(digits)} characters, more than {_MAX_DIGITS}")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits)


def _no_number(written: str) -> NoReturn:
    raise ValueError(f"{written} is no number of JSON")


def write_row(row: Mapping[str, Any]) -> str:
    """Write a row as one line, without the line end. Half a surrogate pair, which UTF-8 cannot hold, stays escaped."""
    line = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(row, separators=(",", ":")) if LONE_SURROGATE.search(line) else line


def problem_of(row: Mapping[str, Any]) -> str | None:
    """Say why a row holds no text to work on; None when it does."""
    if isinstance(row.get("id"), (list, dict)):
        return "the id is a list or an object. Give text, a number, true, false or null"
    if isinstance(row.get("text"), str):
        return None
    return str(row["error"]) if "error" in row else 'there is no text. Write {"id": ..., "text": "..."}'


def given_up(row: Mapping[str, Any], problem: str) -> Row:
    """Return the row as it came, with what is wrong with it."""
    triples = row.get("triples")
    return with_id(row) | {"triples": triples if isinstance(triples, list) else [], "error": problem}


def with_id(row: Mapping[str, Any]) -> Row:
    """Return the row with its id first; null where it has none that a line may have."""
    id_ = row.get("id")
    rest = {name: value for name, value in row.items() if name != "id"}
    return {"id": None if isinstance(id_, (list, dict)) else id_, **rest}


def extract_rows(rows: Sequence[Mapping[str, Any]], extractor: Extractor, max_tokens: int, context_chars: int) -> list[Row]:
    """Return each row with the `triples` that an extractor finds in its `text`, rows in order.

    A text is read as a document is: in chunks of at most `max_tokens`, with so much context. Offsets count from the start of the
    row's text; subject and object are its own characters. A chunk that failed is named in the row's `error`, beside what was found
    in the others.
    """
    chunks = [_chunks(row["text"], max_tokens, context_chars) if problem_of(row) is None else () for row in rows]
    extractions = iter(extractor.extract([piece for of_row in chunks for piece in of_row]))
    return [_answered(row, [next(extractions) for _ in of_row]) for row, of_row in zip(rows, chunks, strict=True)]


def _chunks(text: str, max_tokens: int, context_chars: int) -> tuple[Chunk, ...]:
    document = Document(
        id="",
        uri="",
        media_type="text/plain",
        title="",
        text=readable(text),
        language="und",
        published_on=None,
        sections=(),
        metadata=(),
        content_hash="",
    )
    return chunk(document, max_tokens, context_chars)


def _answered(row: Mapping[str, Any], extractions: Sequence[Extraction]) -> Row:
    if (problem := problem_of(row)) is not None:
        return given_up(row, problem)
    candidates = (candidate for extraction in extractions for candidate in extraction.candidates)
    answer = with_id(row) | {"triples": [_triple(candidate, row["text"]) for candidate in candidates]}
    failures = _failures(extractions)
    return answer | {"error": failures} if failures else answer


def _triple(candidate: CandidateTriple, text: str) -> Row:
    subject, object_, evidence = candidate.subject, candidate.object, candidate.evidence
    return {
        "subject": subject.span.of(text) if subject.span else subject.text,
        "subject_class": subject.class_name,
        "predicate": candidate.predicate,
        "object": object_.span.of(text) if object_.span else object_.text,
        "object_class": object_.class_name if isinstance(object_, Mention) else object_.datatype,
        "evidence": evidence and {"start": evidence.start, "end": evidence.end},
        "score": candidate.score,
        **({"qualifiers": {q.name: q.value.text for q in candidate.qualifiers}} if candidate.qualifiers else {}),
    }


def _failures(extractions: Iterable[Extraction]) -> str:
    failures = [extraction.failure for extraction in extractions if extraction.failure is not None]
    return "; ".join(dict.fromkeys(f"{failure.reason} ({failure.detail})" for failure in failures))
