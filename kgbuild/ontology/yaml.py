"""Ontologies in YAML, kgbuild's own format, and in JSON with the same fields."""

import difflib
import json
import re
from collections import Counter
from typing import Annotated, Any, Literal, TypeVar, cast

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kgbuild.ontology.model import Ontology, OntologyClass, Property
from kgbuild.ontology.problems import Draft, KeyPath, Problem, Severity
from kgbuild.serialisation import LONE_SURROGATE

MAX_DEPTH = 20
MAX_REPEATED_NODES = 100_000
"""Keys and values that aliases may add to those in the file; a few lines of aliases of aliases make billions."""


def _listed(value: object) -> object:
    """Take a single name for a list of one, and a key with nothing after it for an empty list."""
    return [] if value is None else value if isinstance(value, list) else [value]


def _without_prefix(value: object) -> object:
    return value.removeprefix("xsd:") if isinstance(value, str) else value


Name = Annotated[str, BeforeValidator(_without_prefix)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]
Cardinality = Annotated[int, Field(ge=0)] | None
Entries = Annotated[dict[str, Any], BeforeValidator(lambda value: {} if value is None else value)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, frozen=True)


class _File(_Entry):
    name: Text = ""
    title: Text = ""
    description: Text = ""
    source: Text = ""
    licence: Text = ""
    typing: Literal["hard", "soft"] = "hard"
    classes: Entries = {}
    disjoint: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_listed)] = ()
    properties: Entries = {}


class _Class(_Entry):
    label: Text = ""
    description: Text = ""
    parent: Names = ()
    aliases: Names = ()
    iri: Text = ""


class _Property(_Entry):
    label: Text = ""
    description: Text = ""
    domain: Names = ()
    range: Annotated[tuple[Name, ...], BeforeValidator(_listed)] = ()
    aliases: Names = ()
    examples: Names = ()
    iri: Text = ""
    functional: bool = False
    inverse_functional: bool = False
    symmetric: bool = False
    asymmetric: bool = False
    transitive: bool = False
    inverse_of: str | None = None
    temporal: bool = False
    min_cardinality: Cardinality = None
    max_cardinality: Cardinality = None
    qualifiers: Names = ()


class _Loader(yaml.CSafeLoader):
    """YAML without its traps: only `true` and `false` are booleans (a label may be `no`), and a date stays text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":bool", ":timestamp"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))


def read(text: str, file: str, name: str, form: Literal["yaml", "json"] = "yaml") -> Draft:
    """Read an ontology. `name` is what it is called when the file does not say."""
    reading = _Reading(file)
    header = reading.entry(_File, reading.parsed_yaml(text) if form == "yaml" else reading.parsed_json(text), ())
    classes = {}
    for key, value in header.classes.items():
        entry = reading.entry(_Class, value, ("classes", key))
        parent, others = (entry.parent[0], entry.parent[1:]) if entry.parent else (None, ())
        label = entry.label or reading.default_label(("classes", key))
        classes[key] = OntologyClass(key, label, entry.description, parent, entry.aliases, entry.iri, others)
    properties = {}
    for key, value in header.properties.items():
        fields = reading.entry(_Property, value, ("properties", key)).model_dump()
        label = fields.pop("label") or reading.default_label(("properties", key))
        properties[key] = Property(key, label, **fields)
    ontology = Ontology(
        name=header.name or name,
        classes=classes,
        properties=properties,
        title=header.title,
        typing=header.typing,
        disjoint=header.disjoint,
        description=header.description,
        source=header.source,
        licence=header.licence,
    )
    return Draft(file, ontology, tuple(reading.problems), reading.lines)


def as_label(name: str) -> str:
    """Return a name as words.

    >>> as_label("PoliticalParty"), as_label("born_in"), as_label("hasISBN")
    ('political party', 'born in', 'has ISBN')
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).replace("_", " ").split()
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words) or name


EntryT = TypeVar("EntryT", bound=_Entry)


class _Reading:
    """One file being read: the line of every key, and every problem met so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []

    def parsed_yaml(self, text: str) -> object:
        """Return the plain values of the file; nothing when it is not YAML."""
        try:
            _refuse_deep_nesting(text)
            loader = _Loader(text)
            try:
                node = loader.get_single_node()
                if node is not None:
                    _refuse_many_repeated(node)
                value = self._plain(loader, node, ()) if node is not None else None
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._error(
                f"{self.file}:{mark.line + 1 if mark else 1}", f"not YAML: {error.problem}", "Correct the syntax of this line"
            )
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            self._error(f"{self.file}:{line}", f"not YAML: {error.reason}", "Remove the character from this line")
        else:
            return self._ontology_like(value)
        return {}

    def parsed_json(self, text: str) -> object:
        """Return the values of the file; nothing when it is not JSON. Lines are not kept."""

        def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            for key in (key for key, count in Counter(key for key, _ in pairs).items() if count > 1):
                self._error(self.file, f"{key!r} occurs twice in one place", "Rename or remove one of the two")
            for key in (key for key, _ in pairs if LONE_SURROGATE.search(key)):
                self._error(self.file, f"the key {key!r} holds half a character", "Write it out, or remove it")
            return {key: value for key, value in pairs if not LONE_SURROGATE.search(key)}

        try:
            return self._ontology_like(json.loads(text, object_pairs_hook=once))
        except json.JSONDecodeError as error:
            self._error(f"{self.file}:{error.lineno}", f"not JSON: {error.msg}", "Correct the syntax of this line")
        except RecursionError:
            self._error(self.file, "not an ontology: nested too deeply", "Flatten it")
        except ValueError:  # what Python raises for a number of more than 4,300 digits
            self._error(self.file, "not an ontology: a number has thousands of digits", "Shorten it, or make it a text")
        return {}

    def _ontology_like(self, value: object) -> object:
        if isinstance(value, dict) and value:
            return value
        self._error(f"{self.file}:1", "no ontology in this file", "Give it the keys `classes:` and `properties:`")
        return {}

    def _plain(self, loader: _Loader, node: yaml.Node, path: KeyPath) -> object:
        if len(path) > MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=node.start_mark)
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.lines[(*path, str(index))] = item.start_mark.line + 1
            return [self._plain(loader, item, (*path, str(index))) for index, item in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return _scalar(loader, node)
        loader.flatten_mapping(node)
        values: dict[str, object] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            here = (*path, key)
            if key in values:
                problem = f"{key!r} occurs twice, first on line {self.lines[here]}"
                self._error(f"{self.file}:{line}", problem, "Rename or remove one of the two")
                continue
            self.lines[here] = line
            values[key] = self._plain(loader, value_node, here)
        return values

    def entry(self, kind: type[EntryT], value: object, path: KeyPath) -> EntryT:
        """Validate one entry, naming every field that is wrong and reading it without them."""
        if value is None:
            return kind()
        if not isinstance(value, dict):
            self._error(self._place(path), f"{'.'.join(path)} is {_shown(value)}, not a list of fields", f"Give it {_fields(kind)}")
            return kind()
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            wrong = set()
            for detail in error.errors(include_url=False):
                field = str(detail["loc"][0])
                wrong.add(field)
                where = self._place((*path, *map(str, detail["loc"])))
                if detail["type"] == "extra_forbidden":
                    close = difflib.get_close_matches(field, kind.model_fields, n=1)
                    owner = ".".join(path) or "the ontology"
                    self._error(
                        where, f"unknown field {field!r} in {owner}", f"Write {close[0]!r}" if close else f"Use {_fields(kind)}"
                    )
                else:
                    name = ".".join((*path, field))
                    message = detail["msg"][0].lower() + detail["msg"][1:]
                    self._error(where, f"{name} is {_shown(detail['input'])}: {message}", "Correct the value")
            return kind.model_validate({key: field for key, field in value.items() if key not in wrong})

    def default_label(self, path: KeyPath) -> str:
        """Return the name as words, for an entry without a label."""
        label = as_label(path[-1])
        problem = f"{path[-1]!r} has no label, so {label!r} is used"
        self.problems.append(Problem(Severity.WARNING, self._place(path), problem, "Say what a text would call it"))
        return label

    def _place(self, path: KeyPath) -> str:
        return Draft(self.file, Ontology("", {}, {}), lines=self.lines).place(path)

    def _error(self, place: str, problem: str, remedy: str) -> None:
        self.problems.append(Problem(Severity.ERROR, place, problem, remedy))


def _refuse_deep_nesting(text: str) -> None:
    """Refuse what is nested too deeply before it is composed: in C that goes as deep as the text, and ends the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH + 1:
            mark = cast("yaml.Mark", event.start_mark)  # that of the C parser has a line as well
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=mark)


def _refuse_many_repeated(root: yaml.Node) -> None:
    sizes: dict[yaml.Node, int] = {}

    def size(node: yaml.Node, depth: int) -> int:
        """Return how many nodes it would be with every alias written out, counting each node once."""
        if node not in sizes:
            if depth > MAX_DEPTH:  # an alias of what is around it
                raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=node.start_mark)
            if isinstance(node, yaml.MappingNode):
                children = [end for pair in node.value for end in pair]
            else:
                children = node.value if isinstance(node, yaml.SequenceNode) else []
            sizes[node] = 1 + sum(size(child, depth + 1) for child in children)
        return sizes[node]

    if size(root, 0) - len(sizes) > MAX_REPEATED_NODES:
        problem = f"its aliases stand for more than {MAX_REPEATED_NODES:,} keys and values"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=root.start_mark)


def _scalar(loader: _Loader, node: yaml.Node) -> object:
    try:
        value: object = loader.construct_object(node)
        repr(value)  # a number of thousands of digits can be read in hexadecimal, but not be written
    except (ValueError, ArithmeticError, LookupError, AttributeError) as error:  # PyYAML takes a tag at its word
        kind = node.tag.rpartition(":")[2]
        problem = f"{_shown(node.value)} cannot be read as {kind}"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark) from error
    return value


def _fields(kind: type[_Entry]) -> str:
    return f"one of: {', '.join(kind.model_fields)}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
