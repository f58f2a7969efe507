"""Finding an ontology by its address and reading it in whatever format it has."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import kgbuild
from kgbuild.errors import OntologyError
from kgbuild.ontology import text2kgbench, yaml
from kgbuild.ontology.checking import problems_of
from kgbuild.ontology.model import Ontology, OntologyClass, Property, content_digest, says_something
from kgbuild.ontology.problems import Draft, KeyPath, Problem, Severity

SUFFIXES = (".yaml", ".yml", ".json", ".ttl", ".turtle", ".rdf", ".owl", ".xml")


def read(address: str | Path) -> Ontology:
    """Read an ontology: a bundled name such as `company`, a file, or a folder with an `ontology.yaml` in it.

    Raises OntologyError when there is none, or it has errors; `check` names them all.
    """
    draft = _draft(address)
    errors = [problem for problem in problems_of(draft) if problem.severity is Severity.ERROR]
    if errors:
        others = f" ({len(errors)} errors in all)" if len(errors) > 1 else ""
        raise OntologyError(errors[0].place, errors[0].problem + others, f"See `kgbuild ontology check {address}`")
    return replace(draft.ontology, examples=_lines(worked_examples(address)))


def _lines(path: Path | None) -> tuple[str, ...]:
    try:
        return tuple(line for line in path.read_text("utf-8").split("\n") if line.strip()) if path is not None else ()
    except (OSError, UnicodeDecodeError) as error:
        raise OntologyError(path, f"cannot be read ({error})", "Save it as UTF-8, or remove it") from error


def check(address: str | Path) -> tuple[Problem, ...]:
    """Return everything wrong or doubtful about an ontology, errors first; raises OntologyError only when there is none."""
    return problems_of(_draft(address))


def bundled() -> tuple[str, ...]:
    """Return the names of the ontologies that come with kgbuild."""
    return tuple(sorted(file.parent.name for file in _bundled_folder().glob("*/ontology.yaml")))


def worked_examples(address: str | Path) -> Path | None:
    """Return the file of worked examples beside an ontology, None when there is none."""
    examples = locate(address).parent / "examples.jsonl"
    return examples if examples.is_file() else None


def locate(address: str | Path) -> Path:
    """Return the file of an ontology. A bundled name comes first; write `./company` for a folder of that name."""
    if isinstance(address, str) and address in bundled():
        return _bundled_folder() / address / "ontology.yaml"
    path = Path(address)
    if path.is_dir():
        found = [file for suffix in SUFFIXES if (file := path / f"ontology{suffix}").is_file()]
        if not found:
            raise OntologyError(path, "no ontology.yaml in this folder", "Name the file itself, or a bundled ontology")
        return found[0]
    if not path.is_file():
        names = ", ".join(bundled()) or "none"
        raise OntologyError(address, "no such ontology", f"Give a file ({', '.join(SUFFIXES)}) or a bundled name: {names}")
    return path


def _bundled_folder() -> Path:
    """Return the folder of bundled ontologies: inside the package as installed, at the root of the repository in a checkout."""
    package = Path(kgbuild.__file__).parent
    installed = package / "bundled" / "ontologies"
    return installed if installed.is_dir() else package.parent / "ontologies"


def _draft(address: str | Path) -> Draft:
    path = locate(address)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OntologyError(path, f"not UTF-8 at byte {error.start}", "Save it as UTF-8") from error
    except OSError as error:
        raise OntologyError(path, error.strerror or str(error), "Make the file readable") from error
    draft = _called_in_words(_parsed(text, path))
    ontology = _with_inverses_completed(draft.ontology)
    return replace(draft, ontology=replace(ontology, digest=content_digest(ontology)))


def _parsed(text: str, path: Path) -> Draft:
    file, suffix = str(path), path.suffix.lower()
    name = path.resolve().parent.name if path.stem == "ontology" else path.stem
    if suffix not in SUFFIXES:
        raise OntologyError(path, f"unknown format {suffix!r}", f"Use one of: {', '.join(SUFFIXES)}")
    if suffix in (".yaml", ".yml"):
        return yaml.read(text, file, name)
    if suffix == ".json":
        return text2kgbench.read(text, file, name) if _is_text2kgbench(text) else yaml.read(text, file, name, "json")
    from kgbuild.ontology import owl  # rdflib takes long to import, and most ontologies are YAML

    is_turtle = suffix in (".ttl", ".turtle") or (
        suffix == ".owl" and not text.lstrip().startswith("<?xml") and "<rdf:RDF" not in text
    )
    return owl.read(text, file, name, "turtle" if is_turtle else "xml")


def _is_text2kgbench(text: str) -> bool:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False  # the other reader says why
    return isinstance(data, dict) and bool(data.keys() & {"concepts", "relations"})


ItemT = TypeVar("ItemT", OntologyClass, Property)


def _called_in_words(draft: Draft) -> Draft:
    """Call by its name what is labelled with signs alone, and leave out such aliases: they say nothing to an extractor."""
    problems: list[Problem] = []

    def warn(path: KeyPath, problem: str, remedy: str) -> None:
        problems.append(Problem(Severity.WARNING, draft.place(path), problem, remedy))

    def called(kind: str, item: ItemT) -> ItemT:
        label = item.label
        if not says_something(label) and says_something(item.name):
            label = yaml.as_label(item.name)
            problem = f"the label {item.label!r} of {item.name!r} has no letter or digit, so {label!r} is used"
            warn((kind, item.name, "label"), problem, "Say what a text would call it")
        for index, alias in enumerate(item.aliases):
            if not says_something(alias):
                problem = f"the alias {alias!r} of {item.name!r} has no letter or digit, so it is left out"
                warn((kind, item.name, "aliases", str(index)), problem, "Say it in words, or remove it")
        return replace(item, label=label, aliases=tuple(filter(says_something, item.aliases)))

    classes = {name: called("classes", class_) for name, class_ in draft.ontology.classes.items()}
    properties = {name: called("properties", prop) for name, prop in draft.ontology.properties.items()}
    ontology = replace(draft.ontology, classes=classes, properties=properties)
    return replace(draft, ontology=ontology, problems=(*draft.problems, *problems))


def _with_inverses_completed(ontology: Ontology) -> Ontology:
    """Let the inverse of a property name that property, and give either the domain and range that only the other states."""
    properties = dict(ontology.properties)
    for prop in ontology.properties.values():
        inverse = properties.get(prop.inverse_of or "")
        if inverse is not None and inverse.name != prop.name and inverse.inverse_of in (None, prop.name):
            properties[inverse.name] = replace(
                inverse, inverse_of=prop.name, domain=inverse.domain or prop.range_classes, range=inverse.range or prop.domain
            )
            properties[prop.name] = replace(
                properties[prop.name], domain=prop.domain or inverse.range_classes, range=prop.range or inverse.domain
            )
    return replace(ontology, properties=properties)
