"""The schema of a graph in words, for a language model that is to write Cypher: labels, properties, types, what joins what.

Libraries that read schemas from the server need APOC for it; given this text, they need nothing.
"""

from collections.abc import Iterator

from kgbuild.exploring.contents import Contents
from kgbuild.stores.projection import LiteralProperty, ValueType

VALUE_TYPES = {ValueType.INTEGER: "INTEGER", ValueType.DECIMAL: "FLOAT", ValueType.TEXT: "STRING"}
FIXED = """Every entity is labelled :Entity and with the label of its class, and has the properties
  id: STRING, name: STRING, class_name: STRING, aliases: LIST<STRING>, description: STRING
Every relationship between entities is a fact and has the properties
  id: STRING, confidence: FLOAT (0 to 1), status: STRING ("asserted", "disputed" or "superseded"),
  quotes: LIST<STRING> (the words that state it), evidence: LIST<STRING> ("document id:start-end", one for each quote),
  evidence_count: INTEGER, valid_from: STRING, valid_to: STRING (dates as in ISO 8601, possibly only a year)
Where facts come from:
  (:Document {id: STRING, uri: STRING, title: STRING, published_on: STRING})
  (:Chunk {id: STRING, text: STRING, index: INTEGER, start: INTEGER, end: INTEGER})
  (:Entity)-[:FROM_CHUNK]->(:Chunk)
  (:Chunk)-[:FROM_DOCUMENT]->(:Document)
  (:Chunk)-[:NEXT_CHUNK]->(:Chunk)"""


def schema_text(held: Contents) -> str:
    """Return the schema. Only what the graph holds is named, in words of the ontology where it has them."""
    return "\n".join(_lines(held)) + "\n"


def _lines(held: Contents) -> Iterator[str]:
    yield FIXED
    yield "Classes, and further properties of their entities:"
    for name, label in held.labels.items():
        literals = held.literals.get(label, {})
        inside = ", ".join(f"{_quoted(literal.key)}: {_type(literal)}" for literal in literals.values())
        yield f"  (:{_quoted(label)}{f' {{{inside}}}' if inside else ''}){_explained(_class_description(held, name))}"
        for predicate, literal in literals.items():
            if description := _property_description(held, predicate):
                yield f"    {_quoted(literal.key)}{_explained(description)}"
    yield "Relationships between entities:"
    by_type = {relationship.type: predicate for predicate, relationship in held.projection.relationships.items()}
    for type_, predicate in sorted(by_type.items()):
        yield f"  :{_quoted(type_)}{_explained(_property_description(held, predicate))}"
        for subject, joins, object_ in held.relationships:
            if joins == type_:
                yield f"    (:{_quoted(subject)})-[:{_quoted(type_)}]->(:{_quoted(object_)})"


def _type(literal: LiteralProperty) -> str:
    name = VALUE_TYPES[literal.value_type]
    return f"LIST<{name}>" if literal.is_list else name


def _quoted(name: str) -> str:
    """Write a name as Cypher does: in backticks unless it is made of letters, digits and `_` alone."""
    return name if name.isidentifier() else f"`{name.replace('`', '``')}`"


def _class_description(held: Contents, name: str) -> str:
    return held.ontology.classes[name].description if name in held.ontology.classes else ""


def _property_description(held: Contents, name: str) -> str:
    return held.ontology.properties[name].description if name in held.ontology.properties else ""


def _explained(description: str) -> str:
    return f"  {' '.join(description.split())}" if description else ""
