"""Ontologies of Text2KGBench in JSON, as published: {title, id, concepts [{qid, label}], relations [{pid, label, domain, range}]}.

Source: Mihindukulasooriya et al., "Text2KGBench: A Benchmark for Ontology-Driven Knowledge Graph Generation from Text", ISWC 2023.
"""

from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kgbuild.ontology.model import ANY_LITERAL, Ontology, OntologyClass, Property
from kgbuild.ontology.problems import Draft, Problem, Severity

DATATYPES = {
    "date": "date",
    "year": "gYear",
    "number": "decimal",
    "integer": "integer",
    "string": "string",
    "boolean": "boolean",
}
"""Datatype names of the published files, in lower case, and the XSD datatypes they stand for."""

WIKIDATA = "http://www.wikidata.org/entity/"


class _Lenient(BaseModel):
    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)


class _Concept(_Lenient):
    qid: Annotated[str, Field(min_length=1)]
    label: str = ""


class _Relation(_Lenient):
    pid: Annotated[str, Field(min_length=1)]
    label: str = ""
    domain: str = ""
    range: str = ""


class _File(_Lenient):
    title: str = ""
    id: str = ""
    concepts: tuple[_Concept, ...]
    relations: tuple[_Relation, ...]


def read(text: str, file: str, name: str) -> Draft:
    """Read an ontology. `name` is what it is called when the file has no id.

    Names are ids (P57), labels stay labels. A relation listed twice is one property with both domains and ranges; an empty range
    is any literal, a datatype's name its XSD datatype, any other reference that is no concept a class of its own.
    """
    try:
        published = _File.model_validate_json(text)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        where = ".".join(map(str, detail["loc"])) or "the file"
        problem = Problem(
            Severity.ERROR,
            file,
            f"{where}: {detail['msg']}",
            "Give it `concepts` with qid and label, `relations` with pid and label",
        )
        return Draft(file, Ontology(name, {}, {}), (problem,))
    problems = []
    classes: dict[str, OntologyClass] = {}
    for concept in published.concepts:
        known = classes.get(concept.qid)
        label = concept.label or concept.qid
        if known is None:
            classes[concept.qid] = OntologyClass(concept.qid, label, iri=_iri(concept.qid))
        elif label not in (known.label, *known.aliases):
            classes[concept.qid] = replace(known, aliases=(*known.aliases, label))
    properties: dict[str, Property] = {}
    for relation in published.relations:
        range_ = relation.range
        if not range_:
            range_ = ANY_LITERAL
        elif range_ not in classes and range_.lower() in DATATYPES:
            range_ = DATATYPES[range_.lower()]
        for reference in dict.fromkeys(r for r in (relation.domain, relation.range and range_) if r):
            if reference not in classes and reference not in DATATYPES.values():
                classes[reference] = OntologyClass(reference, reference, iri=_iri(reference))
                what = f"{reference!r}, in the domain or range of {relation.pid!r}, is no concept"
                problems.append(
                    Problem(Severity.WARNING, file, what, "It is taken for a class; add it to `concepts` to give it a label")
                )
        domain = (relation.domain,) if relation.domain else ()
        label = relation.label or relation.pid
        known_property = properties.get(relation.pid)
        if known_property is None:
            properties[relation.pid] = Property(relation.pid, label, domain=domain, range=(range_,), iri=_iri(relation.pid))
        else:
            properties[relation.pid] = replace(
                known_property,
                domain=_joined(known_property.domain, domain),
                range=_joined(known_property.range, (range_,)),
                aliases=known_property.aliases if label == known_property.label else _joined(known_property.aliases, (label,)),
            )
    return Draft(
        file, Ontology(published.id or name, classes, properties, title=published.title), tuple(problems), names_are_ids=True
    )


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _iri(id_: str) -> str:
    """Return the Wikidata IRI of an id like Q5 or P57; the ids of the DBpedia ontologies are mere names."""
    return f"{WIKIDATA}{id_}" if id_[:1] in "PQ" and id_[1:].isdecimal() else ""
