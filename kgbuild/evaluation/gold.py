"""Benchmark files -> gold facts. Each reader names source, version and licence; none of the data is part of kgbuild."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from kgbuild.errors import InputError
from kgbuild.ids import content_hash
from kgbuild.serialisation import first_problem, json_lines

Triple = tuple[str, str, str]
"""Subject, predicate and object as a benchmark writes them."""


@dataclass(frozen=True, slots=True)
class GoldSentence:
    """A sentence and the triples that it states. One sentence may state none: see the traps in `text2kgbench`."""

    id: str
    text: str
    triples: tuple[Triple, ...]


@dataclass(frozen=True, slots=True)
class GoldOntology:
    """The test sentences of one ontology.

    name: as in file names, such as "1_movie". class_labels, predicate_labels: as published, blanks at their ends included.
    verified_ids: sentences whose gold people have checked; empty where none were.
    """

    name: str
    class_labels: tuple[str, ...]
    predicate_labels: tuple[str, ...]
    sentences: tuple[GoldSentence, ...]
    verified_ids: frozenset[str] = frozenset()
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Gold with where it comes from."""

    name: str
    source: str
    version: str
    licence: str
    ontologies: tuple[GoldOntology, ...]

    @property
    def sentence_ids(self) -> frozenset[str]:
        return frozenset(sentence.id for ontology in self.ontologies for sentence in ontology.sentences)


TEXT2KGBENCH_PARTS: Mapping[str, str] = {
    "wikidata_tekgen": "CC BY-SA 2.0 (TekGen)",
    "dbpedia_webnlg": "CC BY-NC-SA 4.0 (WebNLG 3.0); weights trained on it must not be shipped",
}


def read_text2kgbench(folder: Path, part: str) -> Benchmark:
    """Read one part of Text2KGBench as published: `wikidata_tekgen` or `dbpedia_webnlg`.

    folder: the one that holds both parts. Whatever ontologies lie there are read, in the order of their numbers.
    Source: Mihindukulasooriya et al., "Text2KGBench: A Benchmark for Ontology-Driven Knowledge Graph Generation from Text", ISWC
    2023; github.com/cenguix/Text2KGBench, data as of May 2024.
    Raises InputError when the part is not there.
    """
    at = folder / part
    files = sorted((at / "ontologies").glob("*_ontology.json"), key=lambda file: _number_first(file.name))
    if part not in TEXT2KGBENCH_PARTS or not files:
        raise InputError(at, "is no part of Text2KGBench", f"Give the folder that holds {' and '.join(TEXT2KGBENCH_PARTS)}")
    return Benchmark(
        name=f"text2kgbench/{part}",
        source="https://github.com/cenguix/Text2KGBench",
        version="2024-05",
        licence=TEXT2KGBENCH_PARTS[part],
        ontologies=tuple(_text2kgbench_ontology(at, file) for file in files),
    )


def _text2kgbench_ontology(at: Path, file: Path) -> GoldOntology:
    name = file.name.removesuffix("_ontology.json")
    data = file.read_bytes()
    ontology = json.loads(data)
    verified = at / "manually_verified_sentences" / f"selected_ont_{name}.txt"
    return GoldOntology(
        name=name,
        class_labels=tuple(each["label"] for each in ontology["concepts"]),
        predicate_labels=tuple(each["label"] for each in ontology["relations"]),
        sentences=tuple(
            GoldSentence(row["id"], row["sent"], tuple((each["sub"], each["rel"], each["obj"]) for each in row["triples"]))
            for _, row in json_lines(at / "ground_truth" / f"ont_{name}_ground_truth.jsonl")
        ),
        verified_ids=frozenset(verified.read_text("utf-8").split()) if verified.is_file() else frozenset(),
        digest=content_hash(data),
    )


def _number_first(name: str) -> tuple[int, str]:
    number = name.partition("_")[0]
    return (int(number) if number.isdecimal() else 0, name)


@dataclass(frozen=True, slots=True)
class GoldFact:
    """A fact that a document states, with all names that count as its subject and its object. predicate: the property's name."""

    document: str
    subject: str
    predicate: str
    object: str
    subject_aliases: tuple[str, ...] = ()
    object_aliases: tuple[str, ...] = ()

    @property
    def subject_names(self) -> tuple[str, ...]:
        return (self.subject, *self.subject_aliases)

    @property
    def object_names(self) -> tuple[str, ...]:
        return (self.object, *self.object_aliases)


class _GoldLine(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    document: str
    subject: str
    predicate: str
    object: str
    subject_aliases: list[str] = []
    object_aliases: list[str] = []


def read_gold_facts(file: Path) -> tuple[GoldFact, ...]:
    """Read a gold file of whole documents, one fact a line.

    A line is {"document": uri, "subject", "predicate", "object"}, with "subject_aliases" and "object_aliases" where other names of
    the same thing count too. Raises InputError that names the first line that is not, or a file of none.
    """
    facts = tuple(_gold_facts(file))
    if not facts:
        raise InputError(file, "holds no fact", "Give it one a line")
    return facts


def _gold_facts(file: Path) -> Iterator[GoldFact]:
    for where, row in json_lines(file):
        try:
            line = _GoldLine.model_validate(row)
        except ValidationError as error:
            remedy = 'A line is {"document", "subject", "predicate", "object"}, all strings'
            raise InputError(where, first_problem(error), remedy) from error
        yield GoldFact(
            line.document,
            line.subject,
            line.predicate,
            line.object,
            tuple(line.subject_aliases),
            tuple(line.object_aliases),
        )
