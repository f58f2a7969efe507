"""One file -> its documents, and a named failure for all that could not be read. A bad file never ends a run, so nothing raises."""

import stat
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from kgbuild import ids
from kgbuild.documents import json_records, markdown, plain, tables, web
from kgbuild.documents.decoding import Decoded, decode
from kgbuild.documents.language import detect_language
from kgbuild.documents.parsed import Parsed, Unparsed
from kgbuild.records import Document, Failure

MAX_BYTES = 256 * 1024 * 1024
"""A file is read whole; what is larger is named, rather than read until the memory ends."""


def read_file(path: Path, uri: str) -> tuple[tuple[Document, ...], tuple[Failure, ...]]:
    """Read the documents of one file.

    uri: what the document is called, relative to the documents folder; a record inside a file is `uri#key`.
    Returns: the documents, and a failure for each part that gave none. A text with broken bytes gives both: what could be read of
        it, and a failure that says how much could not.
    """
    data = _bytes_of(path, uri)
    if isinstance(data, Failure):
        return (), (data,)
    suffix = PurePosixPath(uri).suffix.lower()
    match suffix:
        case "" | ".txt" | ".text" | ".rst" | ".log":
            media_type = "text/plain"
        case ".md" | ".markdown" | ".mdown":
            media_type = "text/markdown"
        case ".html" | ".htm" | ".xhtml":
            media_type = "text/html"
        case ".jsonl" | ".ndjson":
            media_type = "application/jsonl"
        case ".json":
            media_type = "application/json"
        case ".csv":
            media_type = "text/csv"
        case ".tsv" | ".tab":
            media_type = "text/tab-separated-values"
        case _:
            return (), (_failure(uri, "unsupported format", f"kgbuild does not read {suffix} files"),)
    decoded = decode(data, web.declared_charset(data) if media_type == "text/html" else None)
    if decoded is None:
        return (), (_failure(uri, "binary content", f"a {suffix or 'text'} file holds text, this one holds zero bytes"),)
    return _documents(uri, media_type, data, decoded)


def _bytes_of(path: Path, uri: str) -> bytes | Failure:
    try:
        at = path.stat()
        if stat.S_ISDIR(at.st_mode):
            return _failure(uri, "not a file", "a folder, or one that cannot be listed", retryable=True)
        if not stat.S_ISREG(at.st_mode):
            return _failure(uri, "not a file", "a pipe, socket or device")
        if at.st_size > MAX_BYTES:
            return _failure(uri, "too large", f"{at.st_size} bytes, more than {MAX_BYTES}; split it")
        data = path.read_bytes()
    except FileNotFoundError:
        return _failure(uri, "vanished", "not there any more, or a link to nothing", retryable=True)
    except PermissionError:
        return _failure(uri, "no permission", "the file may not be read by this user", retryable=True)
    except (OSError, ValueError) as error:  # a failing disk, a name with a zero byte
        return _failure(uri, "unreadable", str(error), retryable=isinstance(error, OSError))
    return data or _failure(uri, "empty", "the file holds no bytes")


def _documents(uri: str, media_type: str, data: bytes, decoded: Decoded) -> tuple[tuple[Document, ...], tuple[Failure, ...]]:
    documents: list[Document] = []
    failures: list[Failure] = []
    if decoded.replaced:
        failures.append(_failure(uri, "broken encoding", f"{decoded.replaced} places are no {decoded.encoding}; the rest was read"))
    for parsed in _parse(media_type, decoded.text):
        if isinstance(parsed, Unparsed):
            failures.append(_failure(f"{uri}#{parsed.where}" if parsed.where else uri, parsed.reason, parsed.detail))
        elif not parsed.text.strip():
            failures.append(_failure(uri, "no text", "nothing but white space, or nothing that a reader would see"))
        else:
            documents.append(_document(uri, media_type, data, decoded, parsed))
    if not documents and not failures:
        failures.append(_failure(uri, "no text", "the file holds no record"))
    return tuple(documents), tuple(failures)


def _parse(media_type: str, text: str) -> Iterable[Parsed | Unparsed]:
    match media_type:
        case "text/markdown":
            return (markdown.parse(text),)
        case "text/html":
            return (web.parse(text),)
        case "application/jsonl":
            return json_records.parse_lines(text)
        case "application/json":
            return json_records.parse_json(text)
        case "text/csv":
            return (tables.parse(text),)
        case "text/tab-separated-values":
            return (tables.parse(text, "\t"),)
        case _:
            return (plain.parse(text),)


def _document(uri: str, media_type: str, data: bytes, decoded: Decoded, parsed: Parsed) -> Document:
    content_hash = ids.content_hash(data if parsed.source is None else parsed.source)
    own_uri = f"{uri}#{parsed.key}" if parsed.key else uri
    return Document(
        id=ids.document_id(own_uri, content_hash, media_type),
        uri=own_uri,
        media_type=media_type,
        title=parsed.title or PurePosixPath(uri).stem,
        text=parsed.text,
        language=parsed.language or detect_language(parsed.text),
        published_on=parsed.published_on,
        sections=parsed.sections,
        metadata=tuple(sorted((*parsed.metadata, *_encoding_as_metadata(decoded)))),
        content_hash=content_hash,
    )


def _encoding_as_metadata(decoded: Decoded) -> Iterator[tuple[str, str]]:
    if decoded.replaced:
        yield "encoding", f"{decoded.encoding}, broken"
    elif decoded.encoding != "utf-8":
        yield "encoding", f"{decoded.encoding}, guessed" if decoded.is_guessed else decoded.encoding


def _failure(uri: str, reason: str, detail: str, retryable: bool = False) -> Failure:
    return Failure("documents", uri, None, reason, detail, retryable)
