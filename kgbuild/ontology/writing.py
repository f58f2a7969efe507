"""An ontology written out: YAML and JSON with kgbuild's own fields, Turtle and RDF/XML as OWL."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Literal

import yaml

from kgbuild.errors import OntologyError
from kgbuild.ontology.model import Ontology, OntologyClass, Property

Form = Literal["yaml", "json", "turtle", "xml"]
FORMS: Mapping[str, Form] = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".ttl": "turtle",
    ".turtle": "turtle",
    ".rdf": "xml",
    ".owl": "xml",
    ".xml": "xml",
}
"""File suffixes and the form they stand for."""


def convert(ontology: Ontology, form: Form) -> str:
    """Write an ontology in one of the forms; reading it again gives an ontology with the same digest."""
    match form:
        case "yaml":
            return _in_yaml(as_data(ontology))
        case "json":
            return json.dumps(as_data(ontology), ensure_ascii=False, indent=2) + "\n"
        case "turtle" | "xml":
            from kgbuild.ontology import owl  # rdflib takes long to import

            return owl.write(ontology, form)


def write(ontology: Ontology, path: Path) -> None:
    """Write an ontology to a file, in the form its suffix stands for."""
    form = FORMS.get(path.suffix.lower())
    if form is None:
        raise OntologyError(path, f"no ontology can be written as {path.suffix!r}", f"Use one of: {', '.join(FORMS)}")
    text = convert(ontology, form)
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OntologyError(path, error.strerror or str(error), "Name a file in a folder you can write to") from error


def as_data(ontology: Ontology) -> dict[str, object]:
    """Return an ontology as plain data with the fields of `ontology.yaml`, leaving out what says nothing."""
    header = {name: getattr(ontology, name) for name in ("name", "title", "description", "source", "licence")}
    return {
        **{name: value for name, value in header.items() if value},
        "typing": ontology.typing,
        "classes": {name: _class_data(class_) for name, class_ in ontology.classes.items()},
        **({"disjoint": [list(pair) for pair in ontology.disjoint]} if ontology.disjoint else {}),
        "properties": {name: _stated(prop) for name, prop in ontology.properties.items()},
    }


def _class_data(class_: OntologyClass) -> dict[str, object]:
    data = _stated(class_)
    data.pop("other_parents", None)
    if class_.other_parents:
        data["parent"] = list(class_.parents)
    return data


def _stated(record: OntologyClass | Property) -> dict[str, object]:
    """Return the fields that differ from their default; the name is the key above them."""
    defaults = {field.name: field.default for field in fields(record)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(record).items()
        if name != "name" and value != defaults[name]
    }


class _Dumper(yaml.SafeDumper):
    """Lists of names on one line, everything else a line each."""


def _short_list(dumper: _Dumper, values: list[object]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=all(isinstance(value, str) for value in values))


def _text(dumper: _Dumper, value: str) -> yaml.Node:
    style = None if value.isprintable() else '"'  # the only style in which every character comes back
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)


_Dumper.add_representer(list, _short_list)
_Dumper.add_representer(str, _text)


def _in_yaml(data: Mapping[str, object]) -> str:
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=False)
    return text
