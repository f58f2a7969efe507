"""Judged triples and their entities -> Facts: equal facts merged with all their evidence, clashes found, every side kept."""

from collections.abc import Iterable, Mapping, Sequence

from kgbuild.fusion.confidence import confidence
from kgbuild.fusion.conflicts import with_status
from kgbuild.fusion.groups import ends, object_key
from kgbuild.fusion.validity import validity
from kgbuild.fusion.values import canonical
from kgbuild.ids import fact_id
from kgbuild.ontology.model import Ontology
from kgbuild.records import EntityRef, Evidence, Fact, JudgedTriple, Literal, LiteralValue, Outcome, Qualifier


def fuse(
    triples: Iterable[JudgedTriple], entity_of: Mapping[str, str], stated_on: Mapping[str, str | None], ontology: Ontology | None
) -> tuple[Fact, ...]:
    """Return the facts that the accepted ones among the triples state, sorted by id: a function of their set, whatever the order.

    Triples are equal facts when subject and object entity (or literal value), property and qualifiers agree; both directions of a
    symmetric property are one fact. An inverse property is kept as it was claimed. A triple whose two sides became one entity
    states nothing: `self_loops` names it.
    For a status to be right, all triples that share a group with one of these must be among them: see `groups`.

    entity_of: mention id -> entity id. stated_on: document id -> its date, where it has one.
    """
    claims: dict[str, list[Fact]] = {}
    for judged in triples:
        if judged.verdict.outcome is Outcome.ACCEPTED and not _is_self_loop(judged, entity_of):
            claim = _claim(judged, entity_of, stated_on, ontology)
            claims.setdefault(claim.id, []).append(claim)
    return with_status((_merged(claims[id_]) for id_ in sorted(claims)), ontology)


def self_loops(triples: Iterable[JudgedTriple], entity_of: Mapping[str, str]) -> tuple[str, ...]:
    """Return the sorted ids of accepted triples whose subject and object resolution found to be one entity."""
    accepted = (judged for judged in triples if judged.verdict.outcome is Outcome.ACCEPTED)
    return tuple(sorted({judged.triple.id for judged in accepted if _is_self_loop(judged, entity_of)}))


def _is_self_loop(judged: JudgedTriple, entity_of: Mapping[str, str]) -> bool:
    triple = judged.triple
    return not isinstance(triple.object, Literal) and entity_of[triple.subject.id] == entity_of[triple.object.id]


def _claim(
    judged: JudgedTriple, entity_of: Mapping[str, str], stated_on: Mapping[str, str | None], ontology: Ontology | None
) -> Fact:
    """Return the fact that one triple states by itself."""
    triple, verdict = judged.triple, judged.verdict
    if triple.evidence is None:
        raise ValueError(f"triple {triple.id} was accepted without evidence")
    prop = ontology.properties.get(triple.predicate) if ontology is not None else None
    subject_id, object_ = ends(triple, entity_of, prop)
    qualifiers = _distinct_qualifiers(_plain(qualifier, ontology) for qualifier in triple.qualifiers)
    document_id = triple.subject.document_id
    evidence = Evidence(
        document_id=document_id,
        chunk_id=triple.chunk_id,
        span=triple.evidence,
        quote=triple.quote,
        extractor=triple.extractor,
        judge=verdict.judge,
        probability=triple.score if verdict.probability is None else verdict.probability,
        stated_on=stated_on.get(document_id),
    )
    id_ = fact_id(subject_id, triple.predicate, object_key(object_), [_name_and_value(q) for q in qualifiers])
    valid_from, valid_to = validity(qualifiers)
    return Fact(id_, subject_id, triple.predicate, object_, 0.0, (evidence,), qualifiers, valid_from, valid_to)


def _plain(qualifier: Qualifier, ontology: Ontology | None) -> Qualifier:
    """Return the qualifier with its value normalised and no place: a fact's qualifier is stated wherever its evidence is."""
    prop = ontology.properties.get(qualifier.name) if ontology is not None else None
    value, datatype = canonical(qualifier.value, prop.datatypes if prop is not None else ())
    return Qualifier(qualifier.name, Literal(None, qualifier.value.text, value, datatype))


def _name_and_value(qualifier: Qualifier) -> tuple[str, str]:
    return qualifier.name, f"{qualifier.value.datatype}:{qualifier.value.value}"


def _distinct_qualifiers(qualifiers: Iterable[Qualifier]) -> tuple[Qualifier, ...]:
    """Return the qualifiers sorted by name and value, each once, in the least of the ways it was written."""
    by_value: dict[tuple[str, str], Qualifier] = {}
    for qualifier in sorted(qualifiers, key=lambda qualifier: (_name_and_value(qualifier), qualifier.value.text)):
        by_value.setdefault(_name_and_value(qualifier), qualifier)
    return tuple(by_value.values())


def _merged(claims: Sequence[Fact]) -> Fact:
    """Merge claims of one fact: all evidence, and of different spellings the least."""
    first = claims[0]
    object_: EntityRef | LiteralValue = first.object
    if isinstance(object_, LiteralValue):
        texts = [claim.object.text for claim in claims if isinstance(claim.object, LiteralValue)]
        object_ = LiteralValue(min(texts), object_.value, object_.datatype)
    evidence = _distinct(piece for claim in claims for piece in claim.evidence)
    return Fact(
        id=first.id,
        subject_id=first.subject_id,
        predicate=first.predicate,
        object=object_,
        confidence=confidence(evidence),
        evidence=evidence,
        qualifiers=_distinct_qualifiers(qualifier for claim in claims for qualifier in claim.qualifiers),
        valid_from=first.valid_from,
        valid_to=first.valid_to,
    )


def _distinct(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return the evidence sorted by place; where one extractor and judge found the same words twice, the more probable find."""
    best: dict[tuple[object, ...], Evidence] = {}
    for piece in sorted(evidence, key=lambda piece: (_place(piece), -piece.probability, piece.chunk_id, piece.quote)):
        best.setdefault(_place(piece), piece)
    return tuple(best.values())


def _place(piece: Evidence) -> tuple[str, int, int, str, str]:
    return piece.document_id, piece.span.start, piece.span.end, piece.extractor, piece.judge
