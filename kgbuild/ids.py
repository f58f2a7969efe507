"""Identifiers derived from content, so that a re-run gives the same ones.

An id is a short prefix and the first 80 bits of a SHA-256 in base 32: at 10^8 records of a kind, two share an id with
probability 4e-9.
"""

import base64
import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace

from pydantic_core import PydanticSerializationError, to_json

from kgbuild.records import CandidateTriple, Mention, Span


def digest(*parts: object) -> str:
    """Return the SHA-256 of the parts, in hexadecimal.

    Parts are JSON values, objects with their fields in an order that never changes; ("ab", "c") and ("a", "bc") differ.
    """
    try:
        written = to_json(parts)
    except PydanticSerializationError:  # half of a surrogate pair, which is no UTF-8
        written = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return hashlib.sha256(written).hexdigest()


def _id(prefix: str, *parts: object) -> str:
    return f"{prefix}_{base64.b32encode(bytes.fromhex(digest(*parts))[:10]).decode().lower()}"


def content_hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def text_hash(text: str) -> str:
    return content_hash(text.encode("utf-8", "surrogatepass"))


def document_id(uri: str, content: str, media_type: str) -> str:
    """content: the hash of the bytes the document was read from."""
    return _id("doc", uri, content, media_type)


def chunk_id(document: str, span: Span, text: str) -> str:
    return _id("chk", document, span.start, span.end, text)


def mention_id(document: str, span: Span | None, text: str, class_name: str) -> str:
    return _id("men", document, span and [span.start, span.end], text, class_name)


def entity_id(least_form: str, shared_with: str | None = None) -> str:
    """least_form: the least normalised surface form of the cluster; shared_with: what tells it apart where two entities
    share that form (its least document id), None otherwise."""
    return _id("ent", least_form, shared_with)


def fact_id(subject: str, predicate: str, object_: str, qualifiers: Iterable[tuple[str, str]] = ()) -> str:
    """object_: an entity id, or "datatype:value" of a literal. qualifiers: name and value."""
    return _id("fct", subject, predicate, object_, sorted(qualifiers))


def triple_id(triple: CandidateTriple) -> str:
    value = triple.object
    object_ = [value.text, value.class_name] if isinstance(value, Mention) else [value.text, value.value, value.datatype]
    spans = [span and [span.start, span.end] for span in (triple.subject.span, value.span, triple.evidence)]
    qualifiers = sorted([q.name, q.value.text, q.value.value] for q in triple.qualifiers)
    subject = [triple.subject.text, triple.subject.class_name]
    return _id("tri", triple.chunk_id, subject, triple.predicate, object_, spans, triple.quote, qualifiers, triple.extractor)


def identified(triple: CandidateTriple) -> CandidateTriple:
    """Return the triple with the ids that its mentions and itself have where they stand."""

    def named(mention: Mention) -> Mention:
        return replace(mention, id=mention_id(mention.document_id, mention.span, mention.text, mention.class_name))

    object_ = named(triple.object) if isinstance(triple.object, Mention) else triple.object
    triple = replace(triple, subject=named(triple.subject), object=object_)
    return replace(triple, id=triple_id(triple))
