"""The `judge` command's lines: triples in words in, the same with verdicts out.

    words -> places in the text -> the classes that fit -> CandidateTriple -> Verdict

How words become a candidate:

predicate       a property's name, else its label, else an alias ("placeOfBirth", "place of birth" and "PLACE_OF_BIRTH" are one).
classes         as given, by name, label or alias. A class not given may be any that the property's domain or range names, or the
                first class without a parent where it names none. Of all combinations that fit, the first that the rules accept
                counts; so a triple is rejected for a class that nobody gave only when every choice would be.
literals        normalised to the property's datatype. Where the range has classes too, what can be read as a date or number is one,
                and other words are the name of an entity. A datatype may be given as `object_class`.
subject, object where the words stand whole; else where at most two letters follow ("Berlin" in "Berlins"). White space may differ,
                case may not. Of several places those inside the given evidence count, and of these the pair closest together.
evidence        as given, else the sentence that holds both, or the smallest run of sentences.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, product
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from kgbuild.chunking import sentence_spans
from kgbuild.compact.catalogue import spoken
from kgbuild.compact.literals import normalise
from kgbuild.extraction.rows import Row, given_up, problem_of, readable, with_id
from kgbuild.ids import identified
from kgbuild.judging.protocol import Candidates, Judge, Judgement
from kgbuild.judging.rules import judge_by_rules
from kgbuild.ontology.model import ANY_LITERAL, XSD_DATATYPES, Ontology, OntologyClass, Property
from kgbuild.records import CandidateTriple, Chunk, Literal, Mention, Outcome, Span, Verdict
from kgbuild.serialisation import first_problem

MAX_PLACES = 10_000
"""Places of one name that are looked at in one text; more are a dump."""

_ANSWERS = ("verdict", "reason", "probability", "detail")
_TEXTUAL = ("string", ANY_LITERAL)
# Thai, Lao, Burmese, Khmer, kana, Han and Hangul: scripts that put no space between words, or particles after them.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)
_MAX_ENDING = 2


def _written(value: object) -> object:
    """Return a number as its digits: a model may well answer 1998 where "1998" was meant."""
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


class _Place(BaseModel):
    start: int
    end: int


class Claim(BaseModel):
    """One triple of a row, in words."""

    subject: Annotated[str, BeforeValidator(_written)]
    predicate: str
    object: Annotated[str, BeforeValidator(_written)]
    subject_class: str | None = None
    object_class: str | None = None
    evidence: _Place | None = None
    score: float = 1.0
    extractor: str = ""


def read_claim(triple: object) -> Claim | str:
    """Read a triple of a row; what is wrong with it, in one line, when it is none."""
    try:
        return Claim.model_validate(triple)
    except ValidationError as error:
        return first_problem(error) if isinstance(triple, dict) else "not a JSON object"


def judge_rows(rows: Sequence[Mapping[str, Any]], judge: Judge, reader: "ClaimReader") -> list[Row]:
    """Return each row with `verdict`, `reason` and `probability` on each of its triples; rows and triples in order, as given.

    A triple that was not accepted says why in `detail` too. One that is no triple gets null for a verdict, and the row an `error`.
    """
    read = [read_claims(row, reader) for row in rows]
    judgements = iter(judge.judge([found.candidates for found in read if isinstance(found, ReadClaims)]))
    return [
        given_up(row, found) if isinstance(found, str) else _judged(row, found.problems, next(judgements))
        for row, found in zip(rows, read, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class ReadClaims:
    """The triples of a row as candidates, and beside each triple what is wrong with it, if it is none."""

    candidates: Candidates
    problems: tuple[str | None, ...]


def read_claims(row: Mapping[str, Any], reader: "ClaimReader") -> ReadClaims | str:
    """Read a row; what is wrong with it, in one line, when nothing can be judged."""
    if (problem := problem_of(row)) is not None:
        return problem
    triples = row.get("triples")
    if not isinstance(triples, list):
        return "there is no list of triples. Write [] where there are none"
    text = RowText(row["text"])
    claims = [read_claim(triple) for triple in triples]
    candidates = tuple(reader.candidate(claim, text) for claim in claims if isinstance(claim, Claim))
    return ReadClaims(Candidates(text.chunk, candidates), tuple(c if isinstance(c, str) else None for c in claims))


def _judged(row: Mapping[str, Any], problems: Sequence[str | None], judgement: Judgement) -> Row:
    verdicts = iter(judgement.verdicts)
    triples = [
        _with_verdict(triple, None if problem else next(verdicts)) for triple, problem in zip(row["triples"], problems, strict=True)
    ]
    errors = [f"triple {n}: {problem}" for n, problem in enumerate(problems, 1) if problem]
    if judgement.failure is not None:
        errors.append(f"{judgement.failure.reason} ({judgement.failure.detail})")
    return with_id(row) | {"triples": triples} | ({"error": "; ".join(errors)} if errors else {})


def _with_verdict(triple: Any, verdict: Verdict | None) -> Any:
    if not isinstance(triple, dict):
        return triple
    given = {name: value for name, value in triple.items() if name not in _ANSWERS}
    if verdict is None:
        return given | {"verdict": None, "reason": None, "probability": None}
    answer = {"verdict": str(verdict.outcome), "reason": verdict.reason and str(verdict.reason), "probability": verdict.probability}
    return given | answer | ({"detail": verdict.detail} if verdict.outcome is not Outcome.ACCEPTED else {})


class RowText:
    """The text of a row, with its sentences and the places of names in it, each found when first asked for."""

    def __init__(self, text: str, document_id: str = "") -> None:
        self.text = readable(text)
        self.chunk = Chunk("", document_id, 0, Span(0, max(len(text), 1)), self.text)
        self._places: dict[str, tuple[Span, ...]] = {}

    @cached_property
    def _sentences(self) -> tuple[Span, ...]:
        return sentence_spans(self.text, "und")

    @cached_property
    def _starts(self) -> list[int]:
        return [sentence.start for sentence in self._sentences]

    def places(self, words: str) -> tuple[Span, ...]:
        """Return where the words stand whole; else, where they begin a word that is little longer; in order."""
        if words not in self._places:
            found = list(islice(_found(self.text, words), MAX_PLACES))
            fits: Callable[[Span], bool]
            for fits in (self._is_free, self._is_whole, self._is_inflected):
                if places := tuple(place for place in found if fits(place)):
                    break
            self._places[words] = places
        return self._places[words]

    def closest(self, subjects: Sequence[Span], objects: Sequence[Span]) -> tuple[Span, Span]:
        """Return the pair in the fewest sentences, apart rather than one inside the other, and closest together."""
        starts = [place.start for place in objects]

        def near(subject: Span) -> Iterable[Span]:
            at = bisect_left(starts, subject.start)
            return objects[max(at - 2, 0) : at + 3]

        def distance(pair: tuple[Span, Span]) -> tuple[int, bool, int, int]:
            one, other = sorted(pair)
            apart = other.start - one.end
            first, last = self._run(one.start, max(one.end, other.end))
            return last - first, apart < 0, abs(apart), one.start

        return min(((subject, object_) for subject in subjects for object_ in near(subject)), key=distance)

    def sentences_of(self, *places: Span) -> Span:
        """Return the smallest run of whole sentences that holds the places."""
        start, end = min(place.start for place in places), max(place.end for place in places)
        first, last = self._run(start, end)
        return Span(min(start, self._sentences[first].start), max(end, self._sentences[last].end))

    def _run(self, start: int, end: int) -> tuple[int, int]:
        return max(bisect_right(self._starts, start) - 1, 0), max(bisect_left(self._starts, end) - 1, 0)

    def _is_free(self, place: Span) -> bool:
        return not any(self._cuts_word(at) or self._cuts_number(at) for at in (place.start, place.end))

    def _is_whole(self, place: Span) -> bool:
        """Tell whether no word is cut, while a number may be: 1998 in 14.03.1998."""
        return not any(self._cuts_word(at) for at in (place.start, place.end))

    def _is_inflected(self, place: Span) -> bool:
        ending = re.compile(rf"[^\W\d_]{{1,{_MAX_ENDING}}}(?![^\W\d_])").match(self.text, place.end)
        return place.end - place.start > _MAX_ENDING and ending is not None and not self._cuts_word(place.start)

    def _cuts_word(self, at: int) -> bool:
        if not 0 < at < len(self.text):
            return False
        before, after = self.text[at - 1], self.text[at]
        if before.isalpha() and after.isalpha():
            return not (_UNSPACED.match(before) or _UNSPACED.match(after))
        return before.isdigit() and after.isdigit()

    def _cuts_number(self, at: int) -> bool:
        """Tell whether the place is at the point or comma of a number."""
        around = self.text[max(at - 2, 0) : at + 2]
        return re.fullmatch(r"\d[.,]\d.?|.?\d[.,]\d", around, re.DOTALL) is not None


def _found(text: str, words: str) -> Iterator[Span]:
    """Yield every place of the words, white space as given, or any where none is as given."""
    words = readable(words).strip()
    if not words or len(words) > len(text):
        return
    at = text.find(words)
    if at < 0 and len(parts := words.split()) > 1:
        pattern = re.compile(r"\s++".join(map(re.escape, parts)))
        yield from (Span(*match.span()) for match in pattern.finditer(text))
    while at >= 0:
        yield Span(at, at + len(words))
        at = text.find(words, at + len(words))


class ClaimReader:
    """Reads claims as candidates under an ontology; without one, predicates and classes are what the claims say."""

    def __init__(self, ontology: Ontology | None) -> None:
        self._ontology = ontology
        self._classes = _Names(ontology.classes if ontology else {})
        self._properties = _Names(ontology.properties if ontology else {})
        top = (class_.name for class_ in ontology.classes.values() if not class_.parents) if ontology else iter(())
        self._top = next(top, "")

    def candidate(self, claim: Claim, text: RowText) -> CandidateTriple:
        """Return the claim with its places in the text, and the classes under which the rules accept it, if there are any.

        Words that are not in the text have no span, for the rules to name.
        """
        first, *others = islice(self._candidates(claim, text), 1000)
        if not others:
            return first
        readings = (first, *others)
        return next((c for c in readings if judge_by_rules(c, text.chunk, self._ontology).outcome is not Outcome.REJECTED), first)

    def _candidates(self, claim: Claim, text: RowText) -> Iterator[CandidateTriple]:
        subject_at, object_at, evidence, quote = _grounded(claim, text)
        document_id = text.chunk.document_id
        subject_words = subject_at.of(text.text) if subject_at else readable(claim.subject)
        object_words = object_at.of(text.text) if object_at else readable(claim.object)
        for name in self._properties.called(claim.predicate) or [claim.predicate]:
            prop = self._ontology.properties.get(name) if self._ontology else None
            objects = self._objects(claim.object_class, prop, object_at, object_words, document_id)
            for subject_class, object_ in product(self._subject_classes(claim.subject_class, prop), objects):
                subject = Mention("", document_id, subject_at, subject_words, subject_class)
                yield identified(CandidateTriple("", "", subject, name, object_, evidence, quote, (), claim.extractor, claim.score))

    def _subject_classes(self, given: str | None, prop: Property | None) -> Sequence[str]:
        if given:
            return self._classes.called(given)[:1] or (given,)
        return (prop.domain or (self._top,)) if prop is not None else ("",)

    def _objects(
        self, given: str | None, prop: Property | None, at: Span | None, words: str, document_id: str
    ) -> list[Mention | Literal]:
        def mentions(classes: Iterable[str]) -> list[Mention | Literal]:
            return [Mention("", document_id, at, words, class_name) for class_name in classes]

        datatypes = prop.datatypes if prop is not None else ()
        if given:
            known, datatype = self._classes.called(given)[:1], given.removeprefix("xsd:")
            if not known and (datatype in XSD_DATATYPES or datatype == ANY_LITERAL):
                return [_literal(at, words, datatypes or (datatype,))]
            only_literals = prop is not None and datatypes and not prop.range_classes
            return [_literal(at, words, datatypes)] if only_literals and not known else mentions(known or (given,))
        if prop is None or not prop.range:
            return mentions([self._top if prop is not None else ""])
        exact = [name for name in datatypes if name not in _TEXTUAL and normalise(words, name) is not None]
        textual = [name for name in datatypes if name in _TEXTUAL]
        found = mentions(prop.range_classes)
        if exact:
            found.insert(0, _literal(at, words, exact))
        if textual:
            found.append(_literal(at, words, textual))
        return found or [_literal(at, words, datatypes)]


def _literal(at: Span | None, words: str, datatypes: Sequence[str]) -> Literal:
    """Return the words as the first of the datatypes that they have a value of; as they are where they have none."""
    for datatype in sorted(datatypes, key=_TEXTUAL.__contains__):
        if (value := normalise(words, datatype)) is not None:
            return Literal(at, words, value, datatype)
    return Literal(at, words, " ".join(words.split()), datatypes[0])


def _grounded(claim: Claim, text: RowText) -> tuple[Span | None, Span | None, Span | None, str]:
    """Return the places of subject, object and evidence, and the quote."""
    subjects, objects = text.places(claim.subject), text.places(claim.object)
    evidence = _given_evidence(claim, text)
    if claim.evidence is not None and evidence is None:
        return None, None, None, f"characters {claim.evidence.start} to {claim.evidence.end} are not in the text"
    if evidence is not None:
        subjects = tuple(filter(evidence.contains, subjects)) or subjects
        objects = tuple(filter(evidence.contains, objects)) or objects
    subject, object_ = (
        text.closest(subjects, objects) if subjects and objects else (next(iter(subjects), None), next(iter(objects), None))
    )
    if evidence is None:
        found = [place for place in (subject, object_) if place is not None]
        evidence = text.sentences_of(*found) if found else text.chunk.span
    return subject, object_, evidence, evidence.of(text.text)


def _given_evidence(claim: Claim, text: RowText) -> Span | None:
    place = claim.evidence
    return Span(place.start, place.end) if place and 0 <= place.start < place.end <= len(text.text) else None


class _Names:
    """Finds classes or properties by what they are called."""

    def __init__(self, things: Mapping[str, OntologyClass] | Mapping[str, Property]) -> None:
        self._names = frozenset(things)
        self._labels: dict[str, list[str]] = {}
        self._aliases: dict[str, list[str]] = {}
        for name, thing in things.items():
            for called in {spoken(thing.label), spoken(name)}:
                self._labels.setdefault(called, []).append(name)
            for alias in thing.aliases:
                self._aliases.setdefault(spoken(alias), []).append(name)

    def called(self, words: str) -> list[str]:
        """Return the one of this name; else those of this label; else those with this alias."""
        return [words] if words in self._names else self._labels.get(spoken(words)) or self._aliases.get(spoken(words), [])
