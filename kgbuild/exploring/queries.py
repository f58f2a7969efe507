"""Saved queries: Cypher files a person can read, filled with names that are in the graph."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from kgbuild.exploring.contents import Contents
from kgbuild.ontology.model import Property


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A question to the graph. `cypher` stands alone, with examples from the graph in place of parameters.

    file: its name in the package and on disk. title: what it answers. about: what the reader sees, and may change.
    draws: whether the answer is a picture rather than a table.
    """

    file: str
    title: str
    about: str
    cypher: str
    draws: bool

    @property
    def script(self) -> str:
        """The query as it is saved: Browser shows the first comment as its name."""
        return f"// {self.title}\n// {self.about}\n{self.cypher};\n"


def saved_queries(held: Contents) -> tuple[SavedQuery, ...]:
    """Return the queries in the order in which a newcomer may run them."""
    folder = files("kgbuild.exploring") / "queries"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".cypher"))
    parameters = parameters_of(held)
    return tuple(_query(name, (folder / name).read_text("utf-8"), parameters) for name in names)


def parameters_of(held: Contents) -> Mapping[str, str | Sequence[str]]:
    """Return what the queries leave open: two entities to begin with, the relationship types of which one side can be
    true, and the keys of what is told of an entity in words or numbers."""

    def types(wanted: Sequence[Property]) -> list[str]:
        relationships = held.projection.relationships
        return sorted(relationships[prop.name].type for prop in wanted if prop.name in relationships)

    properties = held.ontology.properties.values()
    return {
        "entity": held.entity,
        "other": held.other,
        "one_object": types([prop for prop in properties if prop.limits_objects]),
        "one_subject": types([prop for prop in properties if prop.inverse_functional]),
        "one_partner": types([prop for prop in properties if prop.functional and prop.symmetric]),
        "one_way": types([prop for prop in properties if prop.asymmetric]),
        "values": sorted({literal.key for literals in held.literals.values() for literal in literals.values()}),
    }


def _query(name: str, text: str, parameters: Mapping[str, str | Sequence[str]]) -> SavedQuery:
    text = re.sub(r"\$(\w+)", lambda found: _literal(parameters[found[1]]), text)  # at once: a name may hold a `$` of its own
    lines = text.splitlines()
    comments = [line.removeprefix("//").strip() for line in lines if line.startswith("//")]
    cypher = "\n".join(line for line in lines if not line.startswith("//")).strip()
    title, about = comments[0], " ".join(comments[1:])
    return SavedQuery(name, title, about, cypher, draws="(picture)" in about)


def _literal(value: str | Sequence[str]) -> str:
    """Write a string or a list of strings in Cypher, whose escapes are those of JSON."""
    return json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
