"""Sentences a person labelled: the lines of a training file into examples, and which property each teaches."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kgbuild.chunking import sentence_spans
from kgbuild.compact.anaphora import Anaphor, Resolved
from kgbuild.compact.catalogue import spoken
from kgbuild.compact.enumerations import enumerated
from kgbuild.compact.examples import Example, Statement, aligned
from kgbuild.compact.literals import find_literals
from kgbuild.errors import InputError
from kgbuild.ontology.model import Ontology, Property
from kgbuild.records import CandidateTriple, Chunk, JudgedTriple, Outcome, Span
from kgbuild.serialisation import first_problem, json_lines

SOURCE = "taught"
HIDDEN = "\ua66e"
"""A letter of no living language: it keeps the words of one label from being taken for those of another, or for a gap."""
EXPECTED = {
    "missing": "is missing",
    "string_type": "must be text",
    "tuple_type": "must be a list",
    "model_type": "must be an object with subject, predicate and object",
}
"""What a line must hold, in the words of JSON, by the name pydantic has for what is wrong."""


def _place(given: object) -> Span | None:
    """Take evidence that is a place; what else a line calls evidence, such as a quote, is not read."""
    match given:
        case Span():
            return given
        case {"start": int(start), "end": int(end)} if 0 <= start < end:
            return Span(start, end)
    return None


Place = Annotated[Span | None, BeforeValidator(_place)]


class LabelledTriple(BaseModel):
    """A triple in words, and where it is stated and its arguments stand in the text, as far as that is known.

    verdict: what `kgbuild judge` made of it, if it was asked.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    subject: str
    predicate: str
    object: str
    verdict: Any = Field(default=None, exclude=True)
    evidence: Place = Field(default=None, exclude=True)
    subject_at: Place = Field(default=None, exclude=True)
    object_at: Place = Field(default=None, exclude=True)

    def __str__(self) -> str:
        return f"{self.subject} | {self.predicate} | {self.object}"


class LabelledText(BaseModel):
    """One line of a training file; what `kgbuild extract` and `judge` write, with the text beside it, is one too."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    id: str | int | float | bool | None = None
    text: str
    triples: tuple[LabelledTriple, ...] = ()


class JudgedText(LabelledText):
    """A passage with its accepted triples. undecided: the sentences of which nobody knows what else they state."""

    undecided: tuple[Span, ...] = Field(default=(), exclude=True)


@dataclass(frozen=True, slots=True)
class Lesson:
    """Examples by sentence. unused: what could not be used, as (id, triple, reason); added: what no label says, as (id, triple)."""

    examples: tuple[Example, ...]
    unused: tuple[tuple[str, str, str], ...]
    added: tuple[tuple[str, str], ...]


def read_labelled(path: Path) -> tuple[LabelledText, ...]:
    """Read a training file, one JSON object a line. Raises InputError that says where a line is none."""
    rows: list[LabelledText] = []
    for where, row in json_lines(path):
        try:
            rows.append(_at_its_word(LabelledText.model_validate(row)))
        except ValidationError as error:
            raise InputError(where, _problem(error), 'Write {"id", "text", "triples"}') from None
    return tuple(rows)


def _at_its_word(row: LabelledText) -> LabelledText:
    """Take what was judged as it was judged: a rejected triple is not stated, an undecided one may be."""
    stated = tuple(triple for triple in row.triples if triple.verdict not in (Outcome.REJECTED, Outcome.UNDECIDED))
    if len(stated) == len(row.triples):
        return row
    open_ = [triple.evidence for triple in row.triples if triple.verdict == Outcome.UNDECIDED]
    return JudgedText(id=row.id, text=row.text, triples=stated, undecided=_sentences_at(open_, row.text))


def _sentences_at(places: Sequence[Span | None], text: str) -> tuple[Span, ...]:
    """Return the sentences of a text that lie at any of these places; what has no place of its own may stand anywhere."""
    spans = [place or Span(0, len(text)) for place in places]
    return tuple(s for s in sentence_spans(text) if any(s.overlaps(span) for span in spans)) if spans else ()


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {EXPECTED[first['type']]}" if first["type"] in EXPECTED and where else first_problem(error)


def labelled_apart(rows: Iterable[LabelledText]) -> tuple[str, ...]:
    """Return the texts that stand in several rows with different triples: each teaches that what the others add is not stated."""
    labels: dict[str, set[frozenset[tuple[str, str, str]]]] = {}
    for row in rows:
        labels.setdefault(row.text, set()).add(frozenset((t.subject, t.predicate, t.object) for t in row.triples))
    return tuple(text for text, different in labels.items() if len(different) > 1)


Found = tuple[LabelledTriple, Property | None, tuple[Span, Span, Span] | None]
"""A triple, the property that it names, and its sentence with the places of subject and object in that."""


def lesson(rows: Iterable[LabelledText], ontology: Ontology, keys: Mapping[str, str]) -> Lesson:
    """Find the words of each triple in its text. A triple whose words stand in no one sentence of it teaches nothing.

    A sentence that was left undecided teaches nothing at all: neither what is stated there, nor what is not. Labels seldom hold all
    of an enumeration: what they say of one of its names is taken to be said of the others, unless somebody judged what is said.
    keys: the key under which each property of the ontology is taught, by its name.
    """
    labels = {spoken(prop.label): prop for prop in ontology.properties.values()}
    examples: list[Example] = []
    unused: list[tuple[str, str, str]] = []
    added: list[tuple[str, str]] = []
    for row in rows:
        sentences = sentence_spans(row.text)
        undecided = frozenset(row.undecided) if isinstance(row, JudgedText) else frozenset()
        found: list[Found] = [
            (
                triple,
                ontology.properties.get(triple.predicate) or labels.get(spoken(triple.predicate)),
                _placed(row.text, sentences, triple),
            )
            for triple in row.triples
        ]
        left_out = () if isinstance(row, JudgedText) else tuple(_left_out(row.text, found))
        added += [(str(row.id), str(triple)) for triple, _, _ in left_out]
        statements: dict[Span, set[Statement]] = {sentence: set() for sentence in sentences}
        for triple, prop, place in (*found, *left_out):
            if prop is None:
                unused.append((str(row.id), str(triple), f"no property {triple.predicate!r} in the ontology"))
                continue
            if place is None:
                unused.append((str(row.id), str(triple), "subject and object stand in no one sentence of the text"))
                continue
            sentence, subject, object_ = place
            if sentence in undecided:
                unused.append((str(row.id), str(triple), "what else its sentence states was left undecided"))
                continue
            statements[sentence].add(Statement(subject, keys[prop.name], object_))
        for number, sentence in enumerate(sentences):
            if sentence in undecided:
                continue
            text = sentence.of(row.text)
            stated = sorted(statements[sentence], key=lambda s: (s.subject, s.object, s.predicate))
            arguments = {span for s in stated for span in (s.subject, s.object)}
            dates = {literal.span for literal in find_literals(text) if literal.span and "date" in literal.datatype.lower()}
            dates = {span for span in dates if not any(map(span.overlaps, arguments))}
            examples.append(Example(f"{row.id}#{number}", text, tuple(stated), tuple(sorted(arguments | dates)), SOURCE))
    return Lesson(tuple(examples), tuple(unused), tuple(added))


def spelled_out(row: LabelledText, anaphors: Sequence[Anaphor]) -> LabelledText:
    """Return the row with names in its text in place of the words that stand for them, as the text is read.

    anaphors: relative to the text, in order.
    """
    resolved = Resolved.of(row.text, 0, anaphors)

    def moved(place: Span | None) -> Span | None:
        return place and resolved.moved(place)

    triples = tuple(
        triple.model_copy(
            update={
                "evidence": moved(triple.evidence),
                "subject_at": moved(triple.subject_at),
                "object_at": moved(triple.object_at),
            }
        )
        for triple in row.triples
    )
    spelled = row.model_copy(update={"text": resolved.text, "triples": triples})
    if not isinstance(spelled, JudgedText):
        return spelled
    undecided = _sentences_at([resolved.moved(sentence) for sentence in spelled.undecided], resolved.text)
    return spelled.model_copy(update={"undecided": undecided})


def _left_out(text: str, found: Sequence[Found]) -> Iterator[Found]:
    """Yield what is said of the other names of the enumerations that labelled objects are part of.

    Such an object is whole as labelled, and need not be the only one; what else is an object is so of what is said of it.
    """
    objects = [(place[0], place[2]) for _, _, place in found if place]
    told: set[tuple[Span, Span, str, Span]] = set()
    for triple, prop, place in found:
        if place is None or prop is None or prop.limits_objects or (prop.range and not prop.range_classes):
            continue
        sentence, subject, object_ = place
        words = sentence.of(text)
        for name in enumerated(words, object_) if object_.of(words).split() == triple.object.split() else ():
            taken = (subject, *(other for at, other in objects if at == sentence))
            said = (sentence, subject, prop.name, name)
            if said not in told and not any(name.overlaps(span) for span in taken):
                told.add(said)
                more = LabelledTriple(subject=subject.of(words), predicate=triple.predicate, object=name.of(words))
                yield more, prop, (sentence, subject, name)


def names_elsewhere(row: LabelledText) -> bool:
    """Tell whether the text has several sentences, and a triple whose words stand in no one of them."""
    sentences = sentence_spans(row.text)
    return len(sentences) > 1 and any(_placed(row.text, sentences, triple) is None for triple in row.triples)


def _placed(text: str, sentences: Sequence[Span], triple: LabelledTriple) -> tuple[Span, Span, Span] | None:
    """Return the sentence that holds subject and object, and their places in it.

    Known places count if they hold the very words. A sentence of the evidence goes before others; of these, one that has both to
    the letter before one that only names them, which counts nowhere but in the evidence where there is some.
    """
    if pair := _known(text, triple):
        for sentence in sentences:
            if sentence.contains(pair[0]) and sentence.contains(pair[1]):
                return sentence, pair[0].shifted(-sentence.start), pair[1].shifted(-sentence.start)
    given = [sentence for sentence in sentences if triple.evidence and sentence.overlaps(triple.evidence)]
    for among, exactly in ((given, True), (given, False), (sentences, True), (() if given else sentences, False)):
        for sentence in among:
            if pair := _pair(sentence.of(text), triple.subject, triple.object, exactly):
                return sentence, *pair
    return None


def _known(text: str, triple: LabelledTriple) -> tuple[Span, Span] | None:
    a, b = triple.subject_at, triple.object_at
    if a is None or b is None or a.overlaps(b) or (a.of(text), b.of(text)) != (triple.subject, triple.object):
        return None
    return a, b


def _pair(text: str, subject: str, object_: str, exactly: bool) -> tuple[Span, Span] | None:
    """Find the words of two labels, which share none. What is written to the letter is found first, then the longer label."""

    def rank(label: str) -> tuple[bool, int]:
        return _words_of(text, label, exactly=True) is not None, len(label)

    first, second = (subject, object_) if rank(subject) >= rank(object_) else (object_, subject)
    if (place := _words_of(text, first, exactly)) is None:
        return None
    # The words of "Henry Ford" are no place of "Ford", wherever they stand.
    free = _to_the_letter(first).sub(lambda found: HIDDEN * len(found[0]), text)
    free = free[: place.start] + HIDDEN * (place.end - place.start) + free[place.end :]
    if (other := _words_of(free, second, exactly)) is None:
        return None
    return (place, other) if first is subject else (other, place)


def _words_of(text: str, written: str, exactly: bool) -> Span | None:
    """Find what a label writes, to the letter, else, unless `exactly` that is wanted, what it names."""
    found = _to_the_letter(written).search(text)
    if found is not None:
        return Span(*found.span())
    return None if exactly else aligned(text, written)


def _to_the_letter(written: str) -> re.Pattern[str]:
    """ "$5 million" and "Yahoo!" are more than letters and digits."""
    label = re.escape(written.strip()) or "(?!)"
    return re.compile(rf"(?<!\w)(?<![0-9][.,]){label}(?![\w\u0300-\u036f])(?![.,][0-9])")


def judged_rows(chunks: Iterable[Chunk], judged: Iterable[JudgedTriple]) -> tuple[JudgedText, ...]:
    """Turn the judged facts of a graph into training rows: every chunk with an accepted triple, labelled with all of them.

    What was rejected is not stated. What was left undecided may be: its sentences are named, not to teach that it is not.
    """
    accepted: dict[str, list[CandidateTriple]] = {}
    unsure: dict[str, list[CandidateTriple]] = {}
    for item in judged:
        if item.verdict.outcome is not Outcome.REJECTED:
            kept = accepted if item.verdict.outcome is Outcome.ACCEPTED else unsure
            kept.setdefault(item.triple.chunk_id, []).append(item.triple)
    return tuple(_judged_row(chunk, accepted[chunk.id], unsure.get(chunk.id, ())) for chunk in chunks if chunk.id in accepted)


def _judged_row(chunk: Chunk, accepted: Iterable[CandidateTriple], unsure: Sequence[CandidateTriple]) -> JudgedText:
    def within(place: Span | None) -> Span | None:
        return place.shifted(-chunk.span.start) if place and chunk.span.contains(place) else None

    triples = tuple(
        LabelledTriple(
            subject=triple.subject.text,
            predicate=triple.predicate,
            object=triple.object.text,
            evidence=within(triple.evidence),
            subject_at=within(triple.subject.span),
            object_at=within(triple.object.span),
        )
        for triple in accepted
    )
    undecided = _sentences_at([within(triple.evidence) for triple in unsure], chunk.text)
    return JudgedText(id=chunk.id, text=chunk.text, triples=triples, undecided=undecided)


def row_json(row: LabelledText) -> str:
    """Return the row as one line of a training file."""
    return json.dumps(row.model_dump(), ensure_ascii=False)
