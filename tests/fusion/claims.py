"""Judged triples in words, with the entity each name stands for."""

import zlib
from collections.abc import Iterable
from dataclasses import replace

from kgbuild.ids import identified
from kgbuild.ontology.model import Ontology, Property
from kgbuild.records import Fact, JudgedTriple, Mention, Qualifier, Span, Verdict
from tests.builders import literal, triple


def claim(
    subject: str,
    predicate: str,
    object_: str,
    document: str = "doc_a",
    quote: str = "",
    p: float = 0.8,
    at: int = 0,
    **qualifiers: str,
) -> JudgedTriple:
    """Build an accepted triple of a document. quote: its evidence, at character `at`; a text of its own where none is given.

    qualifiers: such as start="2019^gYear".
    """
    candidate = triple(f"{subject}:Thing", predicate, object_ if "^" in object_ else f"{object_}:Thing")
    words = quote or f"{document} says: {candidate.quote}"
    at = at if quote else at + 100 * zlib.crc32(words.encode())  # no two texts of its own stand at one place
    ends = [
        replace(end, document_id=document, span=Span(at, at + 1)) if isinstance(end, Mention) else end
        for end in (candidate.subject, candidate.object)
    ]
    candidate = replace(
        candidate,
        chunk_id=f"chk_{document}",
        subject=ends[0],
        object=ends[1],
        evidence=Span(at, at + len(words)),
        quote=words,
        qualifiers=tuple(Qualifier(name, literal(written)) for name, written in qualifiers.items()),
    )
    return JudgedTriple(identified(candidate), Verdict.accepted(p, "test"))


def entities_of(claims: Iterable[JudgedTriple]) -> dict[str, str]:
    """Map each mention to the entity of its name: "Ada" is entity "Ada"."""
    ends = (end for judged in claims for end in (judged.triple.subject, judged.triple.object))
    return {end.id: end.text for end in ends if isinstance(end, Mention)}


def thing(*properties: Property) -> Ontology:
    return Ontology("things", {}, {prop.name: prop for prop in properties})


def words_of(fact: Fact) -> str:
    """Write a fact as "Ada employer Acme", with the time it holds as "2019..2021"."""
    object_ = getattr(fact.object, "entity_id", None) or getattr(fact.object, "value", "")
    times = f" {fact.valid_from or ''}..{fact.valid_to or ''}" if fact.valid_from or fact.valid_to else ""
    return f"{fact.subject_id} {fact.predicate} {object_}{times}"
