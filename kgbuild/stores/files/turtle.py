"""Turtle: facts as triples, and each as an rdf:Statement with its confidence, status and evidence (PROV-O).

Superseded facts are statements only, since a plain triple would say that they hold.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from kgbuild.ontology.model import Ontology
from kgbuild.records import Chunk, Document, Entity, EntityRef, Fact, LiteralValue, Status
from kgbuild.stores.files.grounding import check_grounding
from kgbuild.stores.files.target import new_file
from kgbuild.stores.protocol import Snapshot

PREFIXES = """\
@prefix kg: <urn:kgbuild:record:> .
@prefix kgv: <urn:kgbuild:vocabulary:> .
@prefix class: <urn:kgbuild:class:> .
@prefix property: <urn:kgbuild:property:> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix prov: <http://www.w3.org/ns/prov#> .

"""
PLAIN_LOCAL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
NOT_IN_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\\ud800-\udfff]")
NOT_IN_STRING = re.compile(r'["\\\x00-\x1f\x7f\ud800-\udfff]')
LEXICAL_FORMS = {
    name: re.compile(form, re.ASCII)
    for name, form in {
        "date": r"-?\d{4,}-\d\d-\d\d",
        "gYear": r"-?\d{4,}",
        "gYearMonth": r"-?\d{4,}-\d\d",
        "dateTime": r"-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?",
        "integer": r"[+-]?\d+",
        "decimal": r"[+-]?(\d+(\.\d*)?|\.\d+)",
        "boolean": r"true|false|0|1",
        "anyURI": r"\S+",
        "duration": r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?",
    }.items()
}
"""What a value must look like to be written under its datatype; any other is written as a plain string."""
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def export_turtle(snapshot: Snapshot, out: Path) -> None:
    """Write one Turtle file, classes and properties under the ontology's IRIs where it has any.

    Raises StoreError when it cannot, or a fact is not grounded.
    """
    with new_file(out) as file:
        check_grounding(snapshot)
        file.write(PREFIXES)
        file.writelines(_vocabulary(snapshot.ontology))
        file.writelines(_document(document) for document in snapshot.documents())
        file.writelines(_chunk(chunk) for chunk in snapshot.chunks())
        file.writelines(_entity(entity, snapshot.ontology) for entity in snapshot.entities())
        for fact in snapshot.facts():
            file.writelines(_fact(fact, snapshot.ontology))


def _vocabulary(ontology: Ontology) -> Iterator[str]:
    for name, class_ in sorted(ontology.classes.items()):
        parents = [f"rdfs:subClassOf {_class(parent, ontology)}" for parent in class_.parents]
        yield _node(_class(name, ontology), ["a rdfs:Class", f"rdfs:label {_string(class_.label)}", *parents])
    for name, property_ in sorted(ontology.properties.items()):
        yield _node(_property(name, ontology), ["a rdf:Property", f"rdfs:label {_string(property_.label)}"])


def _document(document: Document) -> str:
    issued = [f"dcterms:issued {_string(document.published_on)}"] if document.published_on else []
    return _node(
        _name("kg", document.id),
        [
            "a prov:Entity, kgv:Document",
            f"dcterms:title {_string(document.title)}",
            f"kgv:uri {_string(document.uri)}",
            f"dcterms:language {_string(document.language)}",
            f"kgv:contentHash {_string(document.content_hash)}",
            *issued,
        ],
    )


def _chunk(chunk: Chunk) -> str:
    return _node(
        _name("kg", chunk.id),
        [
            "a prov:Entity, kgv:Chunk",
            f"prov:wasQuotedFrom {_name('kg', chunk.document_id)}",
            f"kgv:start {chunk.span.start}",
            f"kgv:end {chunk.span.end}",
            f"prov:value {_string(chunk.text)}",
        ],
    )


def _entity(entity: Entity, ontology: Ontology) -> str:
    return _node(
        _name("kg", entity.id),
        [
            f"a {_class(entity.class_name, ontology)}",
            f"rdfs:label {_string(entity.name)}",
            *(f"skos:altLabel {_string(alias)}" for alias in entity.aliases),
            *([f"dcterms:description {_string(entity.description)}"] if entity.description else []),
        ],
    )


def _fact(fact: Fact, ontology: Ontology) -> Iterator[str]:
    subject, predicate = _name("kg", fact.subject_id), _property(fact.predicate, ontology)
    object_ = _name("kg", fact.object.entity_id) if isinstance(fact.object, EntityRef) else _literal(fact.object)
    if fact.status is not Status.SUPERSEDED:
        yield f"{subject} {predicate} {object_} .\n"
    pieces = [_name("kg", f"{fact.id}-{number}") for number in range(len(fact.evidence))]
    described = [
        "a rdf:Statement",
        f"rdf:subject {subject}",
        f"rdf:predicate {predicate}",
        f"rdf:object {object_}",
        f"kgv:confidence {_decimal(fact.confidence)}",
        f"kgv:status {_string(fact.status.value)}",
        *(f"kgv:validFrom {_string(date)}" for date in [fact.valid_from] if date),
        *(f"kgv:validTo {_string(date)}" for date in [fact.valid_to] if date),
        *(f"prov:wasDerivedFrom {piece}" for piece in pieces),
    ]
    if isinstance(fact.object, LiteralValue):
        described.append(f"kgv:asWritten {_string(fact.object.text)}")
    for qualifier in fact.qualifiers:
        value = LiteralValue(qualifier.value.text, qualifier.value.value, qualifier.value.datatype)
        described.append(f"{_property(qualifier.name, ontology)} {_literal(value)}")
    if fact.derived_from:
        described.append(f"kgv:inferredBy {_string(fact.derived_from.rule)}")
        described += [f"prov:wasDerivedFrom {_name('kg', id_)}" for id_ in fact.derived_from.fact_ids]
    yield _node(_name("kg", fact.id), described)
    for piece, evidence in zip(pieces, fact.evidence, strict=True):
        stated = [f"dcterms:issued {_string(evidence.stated_on)}"] if evidence.stated_on else []
        yield _node(
            piece,
            [
                "a prov:Entity, kgv:Evidence",
                f"prov:wasQuotedFrom {_name('kg', evidence.document_id)}",
                f"kgv:chunk {_name('kg', evidence.chunk_id)}",
                f"kgv:start {evidence.span.start}",
                f"kgv:end {evidence.span.end}",
                f"prov:value {_string(evidence.quote)}",
                f"kgv:extractor {_string(evidence.extractor)}",
                f"kgv:judge {_string(evidence.judge)}",
                f"kgv:probability {_decimal(evidence.probability)}",
                *stated,
            ],
        )


def _node(name: str, described: list[str]) -> str:
    statements = " ;\n    ".join(described)
    return f"{name} {statements} .\n"


def _class(name: str, ontology: Ontology) -> str:
    known = ontology.classes.get(name)
    return _iri(known.iri) if known and known.iri else _name("class", name)


def _property(name: str, ontology: Ontology) -> str:
    known = ontology.properties.get(name)
    return _iri(known.iri) if known and known.iri else _name("property", name)


def _name(prefix: str, local: str) -> str:
    """Write an IRI of ours, prefixed where the local name needs no escape."""
    if PLAIN_LOCAL_NAME.fullmatch(local):
        return f"{prefix}:{local}"
    space = "record" if prefix == "kg" else prefix
    return f"<urn:kgbuild:{space}:{quote(local, safe='', errors='replace')}>"


def _iri(iri: str) -> str:
    return f"<{NOT_IN_IRI.sub(lambda character: quote(character[0], safe='', errors='replace'), iri)}>"


def _literal(literal: LiteralValue) -> str:
    form = LEXICAL_FORMS.get(literal.datatype)
    typed = form is not None and form.fullmatch(literal.value)
    return f"{_string(literal.value)}^^xsd:{literal.datatype}" if typed else _string(literal.value)


def _decimal(number: float) -> str:
    return f'"{number!r}"^^xsd:double'


def _string(text: str) -> str:
    return f'"{NOT_IN_STRING.sub(lambda character: _escaped(character[0]), text)}"'


def _escaped(character: str) -> str:
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    return ESCAPES.get(character) or f"\\u{ord(character):04X}"
