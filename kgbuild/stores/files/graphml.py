"""GraphML for Gephi, yEd and networkx: entities as nodes, facts between entities as edges, literals as data of their entity."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO
from xml.sax.saxutils import escape, quoteattr

from kgbuild.records import EntityRef
from kgbuild.stores.files.grounding import check_grounding
from kgbuild.stores.files.target import new_file
from kgbuild.stores.projection import (
    CAPTION,
    ENTITY_PROPERTIES,
    FACT_PROPERTIES,
    ValueType,
    entity_properties,
    projection,
    relationship_properties,
)
from kgbuild.stores.protocol import Snapshot

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 forbids even as references; each is written as the six characters `\\uXXXX`."""
LIST_SEPARATOR = " | "
TYPES = {"confidence": "double", "evidence_count": "int"}
VALUE_TYPES = {ValueType.INTEGER: "long", ValueType.DECIMAL: "double", ValueType.TEXT: "string"}


def export_graphml(snapshot: Snapshot, out: Path) -> None:
    """Write one GraphML file. Lists are joined by " | ", quotes by line ends.

    Raises StoreError when it cannot, or a fact is not grounded.
    """
    with new_file(out) as file:
        check_grounding(snapshot)
        shape = projection(snapshot.facts(), snapshot.ontology)
        qualifiers = sorted({key for relationship in shape.relationships.values() for key in relationship.qualifiers.values()})
        literals = {
            literal.key: "string" if literal.is_list else VALUE_TYPES[literal.value_type] for literal in shape.literals.values()
        }
        node_keys = _keys("n", {CAPTION: "string"} | dict.fromkeys(ENTITY_PROPERTIES[1:], "string") | literals)
        edge_types = {key: TYPES.get(key, "string") for key in FACT_PROPERTIES[1:]} | dict.fromkeys(qualifiers, "string")
        edge_keys = _keys("e", {CAPTION: "string"} | edge_types)
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        for kind, keys in (("node", node_keys), ("edge", edge_keys)):
            for name, (key, type_) in keys.items():
                file.write(f'<key id="{key}" for="{kind}" attr.name={_attribute(name)} attr.type="{type_}"/>\n')
        file.write('<graph id="G" edgedefault="directed">\n')
        for entity in snapshot.entities():
            file.write(f"<node id={_attribute(entity.id)}>")
            held = entity_properties(entity, snapshot.facts_of(entity.id), shape.literals)
            _write_data(file, node_keys, {CAPTION: entity.name} | held)
            file.write("</node>\n")
        for fact in snapshot.facts():
            if isinstance(fact.object, EntityRef):
                ends = f"source={_attribute(fact.subject_id)} target={_attribute(fact.object.entity_id)}"
                file.write(f"<edge id={_attribute(fact.id)} {ends}>")
                held = relationship_properties(fact, shape.relationships[fact.predicate])
                _write_data(file, edge_keys, {CAPTION: fact.predicate} | held | {"quotes": "\n".join(held["quotes"])})
                file.write("</edge>\n")
        file.write("</graph>\n</graphml>\n")


def _keys(prefix: str, types: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Give each attribute name a key id and its type."""
    return {name: (f"{prefix}{number}", type_) for number, (name, type_) in enumerate(types.items())}


def _write_data(file: TextIO, keys: Mapping[str, tuple[str, str]], values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name in keys and value not in (None, "", (), []):
            text = (
                LIST_SEPARATOR.join(map(str, value)) if isinstance(value, Iterable) and not isinstance(value, str) else str(value)
            )
            file.write(f'<data key="{keys[name][0]}">{_text(text)}</data>')


def _text(value: str) -> str:
    return escape(_in_xml(value), {"\r": "&#13;"})


def _attribute(value: str) -> str:
    return quoteattr(_in_xml(value))


def _in_xml(value: str) -> str:
    return NOT_XML.sub(lambda character: f"\\u{ord(character[0]):04x}", value)
