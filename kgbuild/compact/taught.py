"""Sentences a person labelled: the lines of a training file into examples, and which property each teaches."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from kgbuild.chunking import sentence_spans
from kgbuild.compact.catalogue import spoken
from kgbuild.compact.examples import Example, Statement, aligned
from kgbuild.compact.literals import find_literals
from kgbuild.errors import InputError
from kgbuild.ontology.model import Ontology
from kgbuild.records import Chunk, JudgedTriple, Outcome, Span
from kgbuild.serialisation import first_problem, json_lines

SOURCE = "taught"


class LabelledTriple(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")
    subject: str
    predicate: str
    object: str


class LabelledText(BaseModel):
    """One line of a training file; what `kgbuild extract` writes, with the text beside it, is one too."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str | int | float | bool | None = None
    text: str
    triples: tuple[LabelledTriple, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """Examples by sentence, and what could not be used: (id, triple, reason)."""

    examples: tuple[Example, ...]
    unused: tuple[tuple[str, str, str], ...]


def read_labelled(path: Path) -> tuple[LabelledText, ...]:
    """Read a training file, one JSON object a line. Raises InputError that says where a line is none."""
    rows: list[LabelledText] = []
    for where, row in json_lines(path):
        try:
            rows.append(LabelledText.model_validate(row))
        except ValidationError as error:
            raise InputError(where, first_problem(error), 'Write {"id", "text", "triples"}') from None
    return tuple(rows)


def lesson(rows: Iterable[LabelledText], ontology: Ontology, keys: Mapping[str, str]) -> Lesson:
    """Find the words of each triple in its text. A triple whose words stand in no one sentence of it teaches nothing.

    keys: the key under which each property of the ontology is taught, by its name.
    """
    names = {prop.name: prop for prop in ontology.properties.values()}
    labels = {spoken(prop.label): prop for prop in ontology.properties.values()}
    examples: list[Example] = []
    unused: list[tuple[str, str, str]] = []
    for row in rows:
        sentences = sentence_spans(row.text)
        statements: dict[Span, set[Statement]] = {sentence: set() for sentence in sentences}
        for triple in row.triples:
            shown = f"{triple.subject} | {triple.predicate} | {triple.object}"
            prop = names.get(triple.predicate) or labels.get(spoken(triple.predicate))
            if prop is None:
                unused.append((str(row.id), shown, f"no property {triple.predicate!r} in the ontology"))
                continue
            placed = _placed(row.text, sentences, triple.subject, triple.object)
            if placed is None:
                unused.append((str(row.id), shown, "subject and object stand in no one sentence of the text"))
                continue
            sentence, subject, object_ = placed
            statements[sentence].add(Statement(subject, keys[prop.name], object_))
        for number, sentence in enumerate(sentences):
            text = sentence.of(row.text)
            stated = sorted(statements[sentence], key=lambda s: (s.subject, s.object, s.predicate))
            arguments = {span for s in stated for span in (s.subject, s.object)}
            dates = {literal.span for literal in find_literals(text) if literal.span and "date" in literal.datatype.lower()}
            dates = {span for span in dates if not any(span.start < a.end and a.start < span.end for a in arguments)}
            examples.append(Example(f"{row.id}#{number}", text, tuple(stated), tuple(sorted(arguments | dates)), SOURCE))
    return Lesson(tuple(examples), tuple(unused))


def _placed(text: str, sentences: Sequence[Span], subject: str, object_: str) -> tuple[Span, Span, Span] | None:
    for sentence in sentences:
        words = sentence.of(text)
        a, b = _words_of(words, subject), _words_of(words, object_)
        if a and b and not (a.start < b.end and b.start < a.end):
            return sentence, a, b
    return None


def _words_of(text: str, written: str) -> Span | None:
    """Find what a label writes, to the letter ("$5 million" and "Yahoo!" are more than letters and digits), else what it names."""
    pattern = rf"(?<!\w)(?<![0-9][.,]){re.escape(written.strip())}(?![\w\u0300-\u036f])(?![.,][0-9])"
    exactly = re.search(pattern, text) if written.strip() else None
    return Span(*exactly.span()) if exactly else aligned(text, written)


def judged_rows(chunks: Iterable[Chunk], judged: Iterable[JudgedTriple]) -> tuple[LabelledText, ...]:
    """Turn the judged facts of a graph into training rows: every chunk with an accepted triple, labelled with all of them.

    Triples left undecided make their chunk unfit to teach what is not stated, so such a chunk is left out.
    """
    accepted: dict[str, list[LabelledTriple]] = {}
    unsure: set[str] = set()
    for item in judged:
        triple = item.triple
        if item.verdict.outcome is Outcome.ACCEPTED:
            labelled = LabelledTriple(subject=triple.subject.text, predicate=triple.predicate, object=triple.object.text)
            accepted.setdefault(triple.chunk_id, []).append(labelled)
        elif item.verdict.outcome is Outcome.UNDECIDED:
            unsure.add(triple.chunk_id)
    return tuple(
        LabelledText(id=chunk.id, text=chunk.text, triples=tuple(accepted[chunk.id]))
        for chunk in chunks
        if chunk.id in accepted and chunk.id not in unsure
    )


def row_json(row: LabelledText) -> str:
    """Return the row as one line of a training file."""
    return json.dumps(row.model_dump(), ensure_ascii=False)
