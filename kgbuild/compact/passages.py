"""Passages -> statements: each sentence is read with names in place of the words that stand for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kgbuild.chunking import sentence_spans
from kgbuild.compact.anaphora import Anaphor, Discourse, Name, Referent, Resolved
from kgbuild.compact.decoding import COUNTED_FROM, Guess, Heard, Reader, decoded, hear, whole
from kgbuild.records import Span


def passage_guesses(reader: Reader, passage: str, counted_from: float = COUNTED_FROM) -> Iterator[tuple[Span, Guess]]:
    """Yield the statements that a passage may make, each with its evidence; spans are relative to the passage.

    The evidence is the sentence that makes the statement, with those before it from the one on in which both names stand.
    """
    starts: list[int] = []
    for read in read_passage(reader, passage):
        starts.append(read.sentence.start)
        for guess in decoded(reader, read.heard, counted_from):
            if (placed := _placed(read.resolved, guess)) is not None:
                first = min((anaphor.stands_for.sentence for anaphor in placed[1]), default=-1)
                yield Span(starts[first], read.sentence.end), placed[0]


@dataclass(frozen=True, eq=False)
class ReadSentence:
    """A sentence of a passage: where it is, with names in place of what stands for them, and as the model heard it so."""

    sentence: Span
    resolved: Resolved
    heard: Heard

    @property
    def anaphors(self) -> tuple[Anaphor, ...]:
        """What names were put in place of, relative to the passage."""
        origins = (origin for _, origin in self.resolved.pieces if isinstance(origin, Anaphor))
        return tuple(replace(origin, span=origin.span.shifted(self.sentence.start)) for origin in origins)


def read_passage(reader: Reader, passage: str) -> Iterator[ReadSentence]:
    """Read a passage sentence by sentence."""
    discourse = Discourse(reader.vocabulary)
    for number, sentence in enumerate(sentence_spans(passage)):
        words = sentence.of(passage)
        heard: Heard | None = None
        anaphors = discourse.anaphors(words)
        if any(map(str.isupper, words[: max((a.span.start for a in anaphors), default=0)])):
            heard = hear(reader, words)
            anaphors = discourse.anaphors(words, names_of(heard))
        resolved = Resolved.of(words, sentence.start, anaphors)
        if heard is None or anaphors:
            heard = hear(reader, resolved.text)
        discourse.tell(resolved.text, _told(resolved, names_of(heard), number), anaphors)
        yield ReadSentence(sentence, resolved, heard)


def names_of(heard: Heard) -> tuple[Name, ...]:
    """Return what the model takes for names in a sentence, in order, none within another."""
    names: list[Name] = []
    for part in heard.parts:
        for number in np.argsort(-part.mention_scores, kind="stable").tolist():
            span = whole(part.spans[number], heard.sentence)
            words = span.of(heard.sentence)
            taken = (*heard.literals, *(name.span for name in names))
            if part.mention_scores[number] > 0 and any(map(str.isupper, words)) and not any(map(span.overlaps, taken)):
                names.append(Name(span, words, part.kinds[number]))
    return tuple(sorted(names, key=lambda name: name.span))


def _told(resolved: Resolved, names: Sequence[Name], number: int) -> list[tuple[Name, Referent]]:
    told: list[tuple[Name, Referent]] = []
    for name in names:
        origin = resolved.origin(name.span)
        if isinstance(origin, Anaphor):
            told.append((replace(name, words=origin.stands_for.words), origin.stands_for))
        elif origin is not None:
            told.append((name, Referent(name.words, origin, number)))
    return told


def _placed(resolved: Resolved, guess: Guess) -> tuple[Guess, list[Anaphor]] | None:
    """Return a guess with its places in the passage, as certain as what its names stand for, and the anaphors among them."""
    origins = resolved.origin(guess.subject), resolved.origin(guess.object)
    anaphors = [origin for origin in origins if isinstance(origin, Anaphor)]
    subject, object_ = (origin.stands_for.place if isinstance(origin, Anaphor) else origin for origin in origins)
    if subject is None or object_ is None or subject == object_:
        return None
    literal = guess.literal and replace(guess.literal, span=object_)
    probability = round(guess.probability * float(np.prod([anaphor.certainty for anaphor in anaphors])), 4)
    return replace(guess, subject=subject, object=object_, literal=literal, probability=probability), anaphors
