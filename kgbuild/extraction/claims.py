"""Triples in words -> CandidateTriples, whoever claimed them: a line of JSON or a language model.

    words -> places in the text -> the classes that fit -> CandidateTriple

predicate       a property's name, else its label, else an alias ("placeOfBirth", "place of birth" and "PLACE_OF_BIRTH" are one),
                else the same without auxiliary verbs ("was born in").
classes         as given, by name, label or alias. A class not given may be any that the property's domain or range names, or the
                first class without a parent where it names none. Of all combinations that fit, the first that the rules accept
                counts; so a triple is rejected for a class that nobody gave only when every choice would be.
literals        normalised to the property's datatype. Where the range has classes too, what can be read as a date or number is one,
                and other words are the name of an entity. A datatype may be given as `object_class`.
subject, object where the words stand whole; else where at most two letters follow ("Berlin" in "Berlins"). White space may differ,
                case may not. Of several places those inside the given evidence count, and of these the pair closest together.
evidence        as given, else the sentence that holds both, or the smallest run of sentences.
qualifiers      of those that the property allows, where the words stand, in the evidence if they do; times normalised as dates.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from kgbuild.compact.catalogue import spoken
from kgbuild.compact.literals import normalise
from kgbuild.extraction.grounding import Passage, readable
from kgbuild.judging.rules import judge_by_rules
from kgbuild.ontology.model import ANY_LITERAL, TIMES, XSD_DATATYPES, Ontology, OntologyClass, Property
from kgbuild.records import CandidateTriple, Literal, Mention, Outcome, Qualifier, Span
from kgbuild.serialisation import first_problem

_TEXTUAL = ("string", ANY_LITERAL)


def _written(value: object) -> object:
    """Return a number as its digits: a model may well answer 1998 where "1998" was meant."""
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _words_by_name(value: object) -> object:
    """Take the words of what may be anything, none of what cannot be read: a bad qualifier takes nothing from its triple."""
    given = value.items() if isinstance(value, dict) else ()
    stated = {name: _written(each) for name, each in given if each not in (None, "")}
    return {name: words if isinstance(words, str) else "" for name, words in stated.items()}


Words = Annotated[str, AfterValidator(readable)]
"""JSON can spell out half of a surrogate pair, which no file can hold."""


class Place(BaseModel):
    start: int
    end: int


class Claim(BaseModel):
    """One triple in words. qualifiers: words by the qualifier's name. score: how probable its extractor finds it."""

    subject: Annotated[Words, BeforeValidator(_written)]
    predicate: Words
    object: Annotated[Words, BeforeValidator(_written)]
    subject_class: Words | None = None
    object_class: Words | None = None
    evidence: Place | None = None
    qualifiers: Annotated[dict[Words, Words], BeforeValidator(_words_by_name)] = Field(default_factory=dict)
    score: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0
    extractor: str = ""


def left_out(claim: Claim, candidate: CandidateTriple) -> tuple[str, ...]:
    """Return the names of qualifiers that a claim has and its candidate has not: no such qualifier, or none that can be read."""
    return tuple(sorted(claim.qualifiers.keys() - {qualifier.name for qualifier in candidate.qualifiers}))


def read_claim(triple: object) -> Claim | str:
    """Read a triple as it came in JSON; what is wrong with it, in one line, when it is none."""
    try:
        return Claim.model_validate(triple)
    except ValidationError as error:
        return first_problem(error) if isinstance(triple, dict) else "not a JSON object"


class ClaimReader:
    """Reads claims as candidates under an ontology; without one, or an open one, predicates and classes are what the claims say."""

    def __init__(self, ontology: Ontology | None) -> None:
        self._ontology = ontology = None if ontology is None or ontology.is_open else ontology
        self._classes = Names(ontology.classes if ontology else {})
        self._properties = Names(ontology.properties if ontology else {})
        top = (class_.name for class_ in ontology.classes.values() if not class_.parents) if ontology else iter(())
        self._top = next(top, "")

    def candidate(self, claim: Claim, text: Passage) -> CandidateTriple:
        """Return the claim with its places in the text, and the classes under which the rules accept it, if there are any; no ids.

        Words that are not in the text have no span, for the rules to name.
        """
        first, *others = islice(self._candidates(claim, text), 1000)
        if not others:
            return first
        readings = (first, *others)
        return next((c for c in readings if judge_by_rules(c, text.chunk, self._ontology).outcome is not Outcome.REJECTED), first)

    def _candidates(self, claim: Claim, text: Passage) -> Iterator[CandidateTriple]:
        subject_at, object_at, evidence, quote = _grounded(claim, text)
        document_id = text.chunk.document_id
        subject_words = subject_at.of(text.text) if subject_at else readable(claim.subject)
        object_words = object_at.of(text.text) if object_at else readable(claim.object)
        called = self._properties.called(claim.predicate) or self._properties.called(without_auxiliaries(claim.predicate))
        for name in called or [claim.predicate]:
            prop = self._ontology.properties.get(name) if self._ontology else None
            qualifiers = self._qualifiers(claim, prop, text, evidence)
            objects = self._objects(claim.object_class, prop, object_at, object_words, document_id)
            for subject_class, object_ in product(self._subject_classes(claim.subject_class, prop), objects):
                subject = Mention("", document_id, subject_at, subject_words, subject_class)
                yield CandidateTriple("", "", subject, name, object_, evidence, quote, qualifiers, claim.extractor, claim.score)

    def _qualifiers(self, claim: Claim, prop: Property | None, text: Passage, evidence: Span | None) -> tuple[Qualifier, ...]:
        """Return those that the property allows; any time for one that no ontology knows."""
        found = []
        for name in prop.allowed_qualifiers if prop is not None else TIMES:
            if words := claim.qualifiers.get(name):
                places = text.places(words)
                at = next(
                    (place for place in places if evidence is not None and evidence.contains(place)), next(iter(places), None)
                )
                known = self._ontology.properties.get(name) if self._ontology else None
                datatypes = ("date",) if name in TIMES else (known and known.datatypes) or ("date", "decimal", "string")
                found.append(Qualifier(name, _literal(at, at.of(text.text) if at else readable(words), datatypes)))
        return tuple(found)

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


def _grounded(claim: Claim, text: Passage) -> tuple[Span | None, Span | None, Span | None, str]:
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


def _given_evidence(claim: Claim, text: Passage) -> Span | None:
    place = claim.evidence
    return Span(place.start, place.end) if place and 0 <= place.start < place.end <= len(text.text) else None


_SMALL = "is|are|was|were|be|been|has|have|had|an?|the"
_AUXILIARIES = re.compile(rf"^(?:(?:{_SMALL}) )+(?!(?:{_SMALL})$)(?=.)")


def without_auxiliaries(predicate: str) -> str:
    """Return a predicate in lower case, without the auxiliary verbs and articles that it begins with.

    >>> without_auxiliaries("was born in"), without_auxiliaries("isThe capital_of"), without_auxiliaries("is a")
    ('born in', 'capital of', 'is a')
    """
    return _AUXILIARIES.sub("", spoken(predicate))


class Names:
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
