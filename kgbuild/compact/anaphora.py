"""What "she", "it" and "the company" stand for: a name of an earlier sentence, chosen by rules from those that the model finds.

A person's pronoun stands for the subject of the sentence before or the most salient person, "it" for that subject or what "it" was
there, "the company" for the most salient thing of such a class. What was told is the less salient the longer ago, and the more as a
subject. Where the sentence itself names something that may be meant, the words are left alone: the model reads it whole.
Sources: Lappin and Leass, "An Algorithm for Pronominal Anaphora Resolution", 1994; Grosz, Joshi and Weinstein, "Centering: A
Framework for Modeling the Local Coherence of Discourse", 1995.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kgbuild.ontology.model import Ontology
from kgbuild.records import Span
from kgbuild.resolution.kinds import kind_of_class

PERSON, THING, NOUN = 0.9, 0.9, 0.8
"""How often the name is the right one, for a person's pronoun, "it" and "the company". Of those read in documents of Re-DocRED's
development set 46 of 49, 37 of 40 and 42 of 50 are right."""
SUBJECT, FADING = 1.25, 0.5
"""How salient a subject is beside another name, and what is left of that a sentence later."""
REACH = 8
"""Sentences from a name to the words that stand for it, at most: all between are evidence, for somebody to read."""

_PERSON = re.compile(r"\b(?:[Hh]e|[Ss]he|[Hh]is|[Hh]er|him)\b")
_FEMALE = frozenset({"she", "her"})
_THING = re.compile(r"\b[Ii]ts?\b")
_EMPTY = re.compile(
    r"\b[Ii]t\s+(?:(?:rain|snow|seem|appear|happen|follow|turn)(?:s|ed)\b|takes\b|took\b"
    r"|(?:is|was|has been|had been|will be|would be)\s+(?:said|clear|true|likely|possible|thought|hard|difficult|important|time)\b"
    r"|(?:is|was)\s+(?!(?:an?|the)\b|(?!not\b)[a-z]+(?:[dt]|[ewo]n)\b)[^.;]{1,60}\b(?:that|who|when)\b)"
)
"""Where "it" stands for nothing: "it seems", "it was in 1990 that"; but not in "it was founded by a man who"."""
_NO_NOUN_NEXT = re.compile(
    r"\s*+(?:\W|$|(?:the|an?|to|in|on|at|as|for|by|with|from|of|and|or|when|that|after|before|during|until|off|up|out|over|not)\b)"
)
"""After "her" where it is an object: "gave her the book"."""
_NO_NAME_NEXT = r"(?![-\w]|\s+of\b|,?\s[\W\d_]*[A-Z])"
_DEMONYM = re.compile(r"[A-Z][a-z]+(?:ish|ese|ian|can|ean)")
_BEFORE_A_SUBJECT = re.compile(
    r"[\W\d_]*(?:[^,]{0,60},\s*)?(?:(?:the|an?)\s+)?(?:(?!(?:of|in|by|from|at|on|for|and|with|to|as)\b)[a-z-]+\s+){0,3}[\W_]*",
    re.IGNORECASE,
)
"""What may stand before a subject: the marks of a heading, "In 1990, ", "The car maker "."""
_LONGEST = 120
"""Characters that it has at most."""
_CLAUSE_END = re.compile(r"[,;:()]|\b(?:and|but|who|that|which|when|while|as|because|after|before)\b")
_PRONOUN = re.compile(r"\b(?:he|she|it|they|we|I|you|who|which|there|this|nobody|everybody)\b", re.IGNORECASE)
_QUOTES = str.maketrans("“”„«»", '"""""')

Kinds = NDArray[np.float32]
"""(C,): scores of the ontology's classes."""


@dataclass(frozen=True, eq=False)
class Name:
    """A name in a sentence. span: relative to the sentence."""

    span: Span
    words: str
    kinds: Kinds


@dataclass(frozen=True, slots=True)
class Referent:
    """What a sentence speaks of. place: its last name, relative to the passage; sentence: number of the one that has this name."""

    words: str
    place: Span
    sentence: int


@dataclass(frozen=True, slots=True)
class Anaphor:
    """Words of a sentence that stand for a name of an earlier one. is_female: what they say of a person; None for a thing."""

    span: Span
    stands_for: Referent
    is_female: bool | None
    is_possessive: bool
    certainty: float


@dataclass(frozen=True, slots=True)
class Resolved:
    """A sentence with names in place of the words that stand for them.

    start: where the sentence begins in its passage. pieces: of `text`, in order, each with where it begins in the sentence, or with
    the anaphor whose name it is.
    """

    text: str
    start: int
    pieces: tuple[tuple[Span, int | Anaphor], ...]

    @classmethod
    def of(cls, sentence: str, start: int, anaphors: Sequence[Anaphor]) -> "Resolved":
        text, at, pieces = "", 0, list[tuple[Span, int | Anaphor]]()

        def add(words: str, origin: int | Anaphor) -> None:
            nonlocal text
            if words:
                pieces.append((Span(len(text), len(text) + len(words)), origin))
                text += words

        for anaphor in anaphors:
            add(sentence[at : anaphor.span.start], at)
            add(anaphor.stands_for.words + "'s" * anaphor.is_possessive, anaphor)
            at = anaphor.span.end
        add(sentence[at:], at)
        return cls(text, start, tuple(pieces))

    def origin(self, span: Span) -> Span | Anaphor | None:
        """Say where a span of the text stands in the passage, or for what; None where it is part name, part other words."""
        for piece, origin in self.pieces:
            if piece.contains(span):
                return origin if isinstance(origin, Anaphor) else span.shifted(self.start + origin - piece.start)
        return None

    def moved(self, span: Span) -> Span:
        """Say where words of the passage stand in the text; what stood for a name is the name."""
        here = span.shifted(-self.start)
        found: list[Span] = []
        for piece, origin in self.pieces:
            before = origin.span if isinstance(origin, Anaphor) else piece.shifted(origin - piece.start)
            if here.overlaps(before):
                part = Span(max(here.start, before.start), min(here.end, before.end)).shifted(piece.start - before.start)
                found.append(piece if isinstance(origin, Anaphor) else part)
        return Span(found[0].start, found[-1].end)


class Vocabulary:
    """Which words stand for what, under an ontology: persons and things by their pronouns, and each class by what it is called."""

    def __init__(self, ontology: Ontology) -> None:
        self.class_names = tuple(ontology.classes)
        kinds = {name: kind_of_class(name, ontology) for name in self.class_names}
        self.persons = frozenset(name for name in self.class_names if kinds[name] == "person")
        self.things = frozenset(self.class_names) - self.persons
        self.places = frozenset(name for name in self.class_names if kinds[name] == "place")
        called: dict[str, set[str]] = {}
        for class_ in (ontology.classes[name] for name in self.class_names if name in self.things):
            below = {name for name in self.class_names if ontology.is_a(name, (class_.name,))}
            for words in (class_.label, *class_.aliases):
                called.setdefault(words.casefold(), set()).update(below)
        self.nouns = {words: frozenset(names) for words, names in called.items()}
        """By what the classes are called: these and those below them."""
        self.vague = {
            words: frozenset(above for name in names for above in ontology.ancestors(name)) - self.places - names
            for words, names in self.nouns.items()
        }
        """Those above them, as the model may take a company for an organization; but no place is "the country" for that."""
        nouns = "|".join(map(re.escape, sorted(called, key=lambda words: (-len(words), words)))) or "(?!)"
        self.the_noun = re.compile(rf"\b(?:[Tt]he|[Tt]his|[Tt]hat)\s+({nouns}){_NO_NAME_NEXT}")


@dataclass(eq=False)
class _Topic:
    """Something that a passage speaks of. latest: by its last name; kinds: the sum over all; salience: after the last sentence."""

    latest: Referent
    kinds: Kinds
    salience: float = 0.0
    is_female: bool | None = None


class Discourse:
    """What a passage has spoken of so far."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._sentences = 0
        self._topics: dict[str, _Topic] = {}
        self._full_names: dict[str, str] = {}
        self._named: list[_Topic] = []
        self._subject: _Topic | None = None
        self._unnamed: list[_Topic] = []
        """Of the last sentence: what it names, its subject, and what it speaks of without a name."""

    def anaphors(self, sentence: str, names: Sequence[Name] = ()) -> tuple[Anaphor, ...]:
        """Return the first person's pronoun, "it" and noun of the next sentence, each where it stands for a name told before.

        names: those of the sentence; where one may be meant that stands before such words, these are left out.
        """
        if not self._vocabulary.class_names:
            return ()
        found: list[Anaphor] = []
        quotes = sentence.translate(_QUOTES)
        for anaphor in (self._person(sentence, names), self._thing(sentence, names), self._noun(sentence, names)):
            is_quoted = anaphor is not None and quotes.count('"', 0, anaphor.span.start) % 2
            if anaphor is not None and not is_quoted and not any(anaphor.span.overlaps(other.span) for other in found):
                found.append(anaphor)
        return tuple(sorted(found, key=lambda anaphor: anaphor.span))

    def tell(self, sentence: str, named: Sequence[tuple[Name, Referent]], anaphors: Sequence[Anaphor]) -> None:
        """Add a sentence, with the names that stand in it or that its `anaphors` were replaced by, in order."""
        for topic in self._topics.values():
            topic.salience *= FADING
        self._unnamed = [self._topics[self._full_name(anaphor.stands_for.words)] for anaphor in anaphors]
        self._named = []
        for name, referent in named:
            full_name = self._full_name(referent.words)
            self._full_names[referent.words.split()[-1]] = full_name
            topic = self._topics.setdefault(full_name, _Topic(referent, np.zeros_like(name.kinds)))
            topic.latest, topic.kinds = referent, topic.kinds + name.kinds
            self._named.append(topic)
        self._subject = self._named[0] if named and self._may_begin(sentence[: named[0][0].span.start]) else None
        for topic, anaphor in zip(self._unnamed, anaphors, strict=True):
            topic.is_female = anaphor.is_female if topic.is_female is None else topic.is_female
        for topic in dict.fromkeys((*self._named, *self._unnamed)):
            topic.salience += SUBJECT if topic is self._subject or topic in self._unnamed else 1
        self._sentences += 1

    def _person(self, sentence: str, names: Sequence[Name]) -> Anaphor | None:
        if (found := _PERSON.search(sentence)) is None:
            return None
        span, female = Span(*found.span()), found[0].lower() in _FEMALE
        is_object = found[0].lower() == "him" or (found[0] == "her" and _NO_NOUN_NEXT.match(sentence, span.end) is not None)
        before = [name for name in names if name.span.start < span.start and self._class_of(name) in self._vocabulary.persons]
        # "Ann hired her" is of another woman, "Ann left when Bob hired her" may be of Ann.
        others = {name.words for name in before if is_object and not _CLAUSE_END.search(sentence, name.span.end, span.start)}
        if any(name.words not in others for name in before):
            return None
        persons = self._most_salient(self._vocabulary.persons)
        for topic in (*(topic for topic in persons if topic is self._subject), *persons):
            if topic.latest.words not in others and topic.is_female is not (not female):
                is_possessive = not is_object and found[0].lower() in ("his", "her")
                return Anaphor(span, topic.latest, female, is_possessive, PERSON)
        return None

    def _thing(self, sentence: str, names: Sequence[Name]) -> Anaphor | None:
        empty = [found.start() for found in _EMPTY.finditer(sentence)]
        found = next((found for found in _THING.finditer(sentence) if found.start() not in empty), None)
        if found is None or self._is_named(found.start(), self._vocabulary.things, names):
            return None
        if self._vocabulary.the_noun.search(sentence, 0, found.start()):  # "The company sold its "
            return None
        things = [
            topic
            for topic in self._named
            if self._is_of(topic, self._vocabulary.things) and not _DEMONYM.fullmatch(topic.latest.words)
        ]
        centres = [topic for topic in (self._subject, *self._unnamed) if topic in things]
        if not centres and self._subject is not None:  # "Ann founded Acme in Rome. It "
            centres = [topic for topic in things if not self._is_of(topic, self._vocabulary.places)]
            centres = centres if len(centres) == 1 else []
        if not centres or not self._is_near(centres[0]):
            return None
        return Anaphor(Span(*found.span()), centres[0].latest, None, found[0].lower() == "its", THING)

    def _noun(self, sentence: str, names: Sequence[Name]) -> Anaphor | None:
        if (found := self._vocabulary.the_noun.search(sentence)) is None:
            return None
        fits, vague = self._vocabulary.nouns[found[1].casefold()], self._vocabulary.vague[found[1].casefold()]
        topic = next(iter((*self._most_salient(fits), *self._most_salient(vague))), None)
        if topic is None or self._is_named(found.start(), fits | vague, names):
            return None
        return Anaphor(Span(*found.span()), topic.latest, None, False, NOUN)

    def _may_begin(self, words: str) -> bool:
        """Tell whether what follows these words is the subject of a sentence that begins with them."""
        has_subject = len(words) > _LONGEST or _PRONOUN.search(words) or self._vocabulary.the_noun.search(words)
        return not has_subject and _BEFORE_A_SUBJECT.fullmatch(words) is not None

    def _most_salient(self, fits: frozenset[str]) -> list[_Topic]:
        near = [topic for topic in self._topics.values() if self._is_near(topic) and self._is_of(topic, fits)]
        return sorted(near, key=lambda topic: (-topic.salience, -topic.latest.sentence))

    def _is_near(self, topic: _Topic) -> bool:
        return self._sentences - topic.latest.sentence <= REACH

    def _is_of(self, topic: _Topic, fits: frozenset[str]) -> bool:
        return self._vocabulary.class_names[int(np.argmax(topic.kinds))] in fits

    def _is_named(self, at: int, fits: frozenset[str], names: Sequence[Name]) -> bool:
        return any(name.span.start < at and self._class_of(name) in fits for name in names)

    def _class_of(self, name: Name) -> str:
        told = self._topics.get(self._full_name(name.words))
        return self._vocabulary.class_names[int(np.argmax(name.kinds if told is None else told.kinds + name.kinds))]

    def _full_name(self, words: str) -> str:
        """Return the last longer name that ends in a single word, or the words themselves."""
        return words if len(words.split()) > 1 else self._full_names.get(words, words)
