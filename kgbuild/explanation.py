"""Where a record comes from, gathered from a snapshot: what `kgbuild explain` shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from kgbuild.fusion import fact_group_keys, fuse, object_key
from kgbuild.ledger import Snapshot
from kgbuild.records import Chunk, Document, Entity, EntityRef, Evidence, Fact, JudgedTriple, Mention, Span, Status


@dataclass(frozen=True, slots=True)
class Quoted:
    """Words in their sentence. `before`, `words` and `after` join to the text around the span; uri and span say where."""

    uri: str
    title: str
    span: Span
    before: str
    words: str
    after: str
    stated_on: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """One piece of evidence of a fact: the words, who extracted it, who judged it, and the triple as claimed there."""

    quoted: Quoted
    extractor: str
    judge: str
    probability: float
    triple_ids: tuple[str, ...]
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactExplained:
    """A fact in words, its evidence, and the facts it stands beside: of one subject and property with it, or such as may clash.

    beside: id, object and status of each; of a fact about another subject all three parts in words.
    """

    fact: Fact
    subject: str
    object: str
    statements: tuple[Statement, ...]
    beside: tuple[tuple[str, str, Status], ...]


@dataclass(frozen=True, slots=True)
class TripleExplained:
    """A candidate triple, the verdict on it, and the words it was taken from."""

    judged: JudgedTriple
    quoted: Quoted | None
    fact_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntityExplained:
    """An entity with what the graph says of it: facts as (id, subject, property, object, status)."""

    entity: Entity
    facts: tuple[tuple[str, str, str, str, Status], ...]
    documents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChunkExplained:
    chunk: Chunk
    uri: str
    triples: tuple[JudgedTriple, ...]


Explained = FactExplained | TripleExplained | EntityExplained | ChunkExplained | Document

AROUND_CHARS = 120
"""Shown on both sides of words that are not a whole sentence themselves."""


def explain(snapshot: Snapshot, id_: str) -> Explained | None:
    """Find the record with an id and gather where it comes from; None when the published graph has no such record."""
    match id_.partition("_")[0]:
        case "fct" if (fact := snapshot.fact(id_)) is not None:
            return _fact(snapshot, fact)
        case "tri" if (judged := snapshot.triple(id_)) is not None:
            return _triple(snapshot, judged)
        case "ent" if (entity := snapshot.entity(id_)) is not None:
            return _entity(snapshot, entity)
        case "men" if (entity_id := snapshot.entity_of(id_)) is not None and (entity := snapshot.entity(entity_id)) is not None:
            return _entity(snapshot, entity)
        case "chk" if (chunk := snapshot.chunk(id_)) is not None:
            document = snapshot.document(chunk.document_id)
            return ChunkExplained(chunk, document.uri if document else "", snapshot.triples_of_chunk(chunk))
        case "doc":
            return snapshot.document(id_)
    return None


def _fact(snapshot: Snapshot, fact: Fact) -> FactExplained:
    claimed = {
        place: [judged for judged in triples if _fact_id(snapshot, judged) == fact.id]
        for place, triples in snapshot.triples_beside(fact).items()
    }
    groups = fact_group_keys(fact, snapshot.ontology)
    near = {other.id: other for end in (fact.subject_id, object_key(fact.object)) for other in snapshot.facts_of_entity(end)}
    rivals = (
        near[id_] for id_ in sorted(near.keys() - {fact.id}) if not groups.isdisjoint(fact_group_keys(near[id_], snapshot.ontology))
    )
    statements = tuple(_statement(snapshot, piece, claimed[piece.chunk_id, piece.span]) for piece in fact.evidence)
    beside = tuple((other.id, _beside(snapshot, fact, other), other.status) for other in rivals)
    return FactExplained(fact, _name(snapshot, fact.subject_id), _object(snapshot, fact), statements, beside)


def _beside(snapshot: Snapshot, fact: Fact, other: Fact) -> str:
    words = _object(snapshot, other)
    return words if other.subject_id == fact.subject_id else f"{_name(snapshot, other.subject_id)} — {other.predicate} — {words}"


def _fact_id(snapshot: Snapshot, judged: JudgedTriple) -> str | None:
    """Return the id of the fact that a triple states; None where it was not accepted, or says a thing of itself."""
    ends = (end for end in (judged.triple.subject, judged.triple.object) if isinstance(end, Mention))
    entity_of = {end.id: snapshot.entity_of(end.id) or end.id for end in ends}
    return next((fact.id for fact in fuse([judged], entity_of, {}, snapshot.ontology)), None)


def _statement(snapshot: Snapshot, piece: Evidence, claimed: Sequence[JudgedTriple]) -> Statement:
    here = [judged.triple for judged in claimed]
    named = {end.text for triple in here for end in (triple.subject, triple.object)}
    quoted = _quoted(snapshot, piece.document_id, piece.span, piece.stated_on)
    return Statement(
        quoted, piece.extractor, piece.judge, piece.probability, tuple(triple.id for triple in here), tuple(sorted(named))
    )


def _triple(snapshot: Snapshot, judged: JudgedTriple) -> TripleExplained:
    triple = judged.triple
    document_id = triple.subject.document_id
    quoted = _quoted(snapshot, document_id, triple.evidence) if triple.evidence is not None else None
    fact_id = _fact_id(snapshot, judged)
    return TripleExplained(judged, quoted, (fact_id,) if fact_id is not None else ())


def _entity(snapshot: Snapshot, entity: Entity) -> EntityExplained:
    facts = snapshot.facts_of_entity(entity.id)
    rows = tuple(
        (fact.id, _name(snapshot, fact.subject_id), fact.predicate, _object(snapshot, fact), fact.status) for fact in facts
    )
    ids = sorted({piece.document_id for fact in facts for piece in fact.evidence})
    documents = (document.uri for id_ in ids if (document := snapshot.document(id_)) is not None)
    return EntityExplained(entity, rows, tuple(sorted(documents)))


def _quoted(snapshot: Snapshot, document_id: str, span: Span, stated_on: str | None = None) -> Quoted:
    document = snapshot.document(document_id)
    if document is None:
        return Quoted(document_id, "", span, "", "", "", stated_on)
    text = document.text
    before = text[max(0, span.start - AROUND_CHARS) : span.start].rpartition("\n")[2]
    after = text[span.end : span.end + AROUND_CHARS].partition("\n")[0]
    return Quoted(document.uri, document.title, span, before, span.of(text), after, stated_on)


def _name(snapshot: Snapshot, entity_id: str) -> str:
    entity = snapshot.entity(entity_id)
    return entity_id if entity is None else entity.name


def _object(snapshot: Snapshot, fact: Fact) -> str:
    return _name(snapshot, fact.object.entity_id) if isinstance(fact.object, EntityRef) else fact.object.value
