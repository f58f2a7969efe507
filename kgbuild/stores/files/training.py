"""Examples to fine-tune language models with: what a graph knows, as conversations, one a line.

judge training         the judge's question about each accepted triple, answered yes; about hard negatives, answered no
extraction training    the extractor's question about each chunk, answered with its accepted triples: one step for what took many

The questions are, to the letter, those that kgbuild asks. What the text may state after all is no negative.
Sources: Huang et al., "Can LLMs be Good Graph Judge for Knowledge Graph Construction?", 2025 (KASFT); Choubey et al.,
"Distill-SynthKG", 2024.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Protocol

from kgbuild.compact.catalogue import spoken
from kgbuild.extraction.examples import worked_examples
from kgbuild.extraction.grounding import Flattened
from kgbuild.extraction.messages import AS_LIST, system_message, user_message
from kgbuild.extraction.wording import called
from kgbuild.ids import digest, identified
from kgbuild.judging.llm_support import questions
from kgbuild.judging.protocol import Candidates
from kgbuild.judging.rules import judge_by_rules
from kgbuild.llm.protocol import Message
from kgbuild.ontology.model import Ontology, Property
from kgbuild.prompts import read_prompt
from kgbuild.records import CandidateTriple, Chunk, JudgedTriple, Literal, Mention, Outcome, Reason, Span
from kgbuild.stores.files.grounding import check_grounding
from kgbuild.stores.files.target import new_file
from kgbuild.stores.protocol import Snapshot

OFTEN = 20
"""How often two properties have to be stated before it means something that no two things have both."""

_BETWEEN_LISTED = re.compile(r"(?:[\s,;&/+]|\b(?:and|or|as well as|und|oder|sowie|et|ou|y|o|e)\b)*", re.IGNORECASE)
"""What stands between the members of a list. A property that holds of one is likely to hold of the others."""


class JudgedGraph(Snapshot, Protocol):
    """A published graph with every candidate that was judged for it."""

    def judged(self) -> Iterator[JudgedTriple]: ...


def export_judge_training(graph: JudgedGraph, out: Path) -> Mapping[str, int]:
    """Write the examples for a judge; return how many there are of each kind.

    Kinds: "stated", then hard negatives: "not supported" (claimed, and rejected by a model), "swapped", "other subject", "other
    object" (another name or value of the same sentence), "other property" (of the same classes).
    """
    prompt, counts = read_prompt("judge"), Counter[str]()
    everything = _by_chunk(graph.judged())
    known = _Known([one for of_chunk in everything.values() for one in of_chunk], graph.ontology)
    with new_file(out) as file:
        check_grounding(graph)
        for chunk in _of_different_words(graph.chunks()):
            answers: dict[Message, tuple[str, str]] = {}
            clashing: set[Message] = set()
            lessons = list(_judge_lessons(chunk, everything.get(chunk.id, ()), known, graph.ontology))
            asked = questions(Candidates(chunk, tuple(triple for _, triple in lessons)), graph.ontology, prompt)
            for (kind, _), question in zip(lessons, asked, strict=True):
                answer = "yes" if kind == "stated" else "no"
                if answers.setdefault(question, (kind, answer))[1] != answer:
                    clashing.add(question)
            for question, (kind, answer) in answers.items():
                if question not in clashing:
                    file.write(_conversation([question], answer))
                    counts[kind] += 1
    return counts


def export_extraction_training(graph: JudgedGraph, out: Path) -> Mapping[str, int]:
    """Write the examples for an extractor; return how many there are with triples, and without any.

    Chunks with a triple that was left undecided are left out, and so are those whose every triple was rejected: what their answer
    should be nobody knows. Chunks in which nothing was found at all teach that there may be nothing.
    """
    ontology, counts = graph.ontology, Counter[str]()
    system = system_message(read_prompt("extraction_open" if ontology.is_open else "extraction"), ontology)
    passage, examples = read_prompt("extraction_passage"), worked_examples(ontology)
    everything = _by_chunk(graph.judged())
    failed = {failure.chunk_id for failure in graph.failures()}
    with new_file(out) as file:
        check_grounding(graph)
        for chunk in _of_different_words(graph.chunks()):
            judged = everything.get(chunk.id, ())
            accepted = [one.triple for one in judged if one.verdict.outcome is Outcome.ACCEPTED]
            undecided = any(one.verdict.outcome is Outcome.UNDECIDED for one in judged)
            text = Flattened.of(chunk.text)
            if undecided or chunk.id in failed or not text.sentences or (judged and not accepted):
                continue
            asked = user_message(passage, chunk, text, examples, AS_LIST)
            file.write(_conversation([system, asked], _answer(accepted, chunk, text, ontology)))
            counts["with triples" if accepted else "without any"] += 1
    return counts


def _conversation(messages: Sequence[Message], answer: str) -> str:
    turns = [{"role": message.role, "content": message.content} for message in (*messages, Message("assistant", answer))]
    return json.dumps({"messages": turns}, ensure_ascii=False) + "\n"


def _by_chunk(judged: Iterable[JudgedTriple]) -> Mapping[str, Sequence[JudgedTriple]]:
    found: dict[str, list[JudgedTriple]] = defaultdict(list)
    for one in judged:
        found[one.triple.chunk_id].append(one)
    return found


def _of_different_words(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield chunks of which no two read alike."""
    seen: set[str] = set()
    for chunk in chunks:
        words = digest(chunk.text)
        if words not in seen:
            seen.add(words)
            yield chunk


# -- the answers of an extractor


def _answer(accepted: Iterable[CandidateTriple], chunk: Chunk, text: Flattened, ontology: Ontology) -> str:
    """Write triples as the grammar has them, in the order of the text, each once."""
    classes, properties = called(ontology.classes), called(ontology.properties)
    starts = [text.original(sentence).start + chunk.span.start for sentence in text.sentences]
    found: dict[str, int] = {}
    for triple in accepted:
        subject, object_ = triple.subject, triple.object
        at = triple.evidence.start if triple.evidence else chunk.span.start
        number = max(1, sum(start <= at for start in starts))
        said: dict[str, object] = {
            "sentence": number,
            "subject": _flat(subject.text),
            "subject_class": classes.get(subject.class_name, subject.class_name),
            "property": properties.get(triple.predicate) or spoken(triple.predicate),  # in open mode a model writes words
            "object": _flat(object_.text),
        }
        if isinstance(object_, Mention):
            said["object_class"] = classes.get(object_.class_name, object_.class_name)
        if triple.qualifiers:
            said["qualifiers"] = {qualifier.name: _flat(qualifier.value.text) for qualifier in triple.qualifiers}
        found[json.dumps(said, ensure_ascii=False, separators=(",", ":"))] = number
    return f"[{','.join(sorted(found, key=lambda line: (found[line], line)))}]"


def _flat(words: str) -> str:
    return Flattened.of(words).text


# -- the lessons of a judge


Spoken = tuple[str, str, str]


def _spoken(triple: CandidateTriple, ontology: Ontology) -> Spoken:
    """Return what a triple says, whoever is named in which spelling, and in whichever of the directions that mean the same."""
    subject, object_ = (" ".join(side.text.casefold().split()) for side in (triple.subject, triple.object))
    return ontology.one_way(subject, triple.predicate, object_)


class _Known:
    """What the texts of a graph state, or may state."""

    def __init__(self, judged: Iterable[JudgedTriple], ontology: Ontology) -> None:
        self._ontology = ontology
        self._stated = {_spoken(one.triple, ontology) for one in judged if one.verdict.outcome is not Outcome.REJECTED}
        self._of_pair: dict[frozenset[str], set[str]] = defaultdict(set)
        for subject, predicate, object_ in self._stated:
            self._of_pair[frozenset((subject, object_))].add(predicate)
        self._times = Counter(predicate for _, predicate, _ in self._stated)
        self._together = {pair for predicates in self._of_pair.values() for pair in combinations(sorted(predicates), 2)}

    def __contains__(self, triple: CandidateTriple) -> bool:
        return _spoken(triple, self._ontology) in self._stated

    def are_apart(self, triple: CandidateTriple, other: CandidateTriple) -> bool:
        """Tell whether the properties of two triples were both stated often, and never of the same two things.

        Of two properties between entities one often implies the other, as heading a company implies to be employed by it, and no
        ontology says so. A date or number is hardly ever the value of two.
        """
        if isinstance(triple.object, Literal):
            return True
        one, another = sorted(_spoken(of, self._ontology)[1] for of in (triple, other))
        often = min(self._times[one], self._times[another]) >= OFTEN
        return often and (one, another) not in self._together


def _judge_lessons(
    chunk: Chunk, judged: Sequence[JudgedTriple], known: _Known, ontology: Ontology
) -> Iterator[tuple[str, CandidateTriple]]:
    """Yield the triples of a chunk to ask about, each with its kind; one negative of a kind for each that is stated."""
    accepted = [one.triple for one in judged if one.verdict.outcome is Outcome.ACCEPTED]
    for triple in accepted:
        yield "stated", triple
    for one in judged:
        if one.verdict.reason is Reason.NOT_SUPPORTED and one.triple not in known:
            yield "not supported", one.triple
    for triple in accepted:
        kinds: dict[str, list[CandidateTriple]] = defaultdict(list)
        for kind, changed in _changed(triple, accepted, chunk, ontology):
            if kind == "other property" and not known.are_apart(triple, changed):
                continue
            says_something = changed.subject.text.casefold() != changed.object.text.casefold()
            if says_something and judge_by_rules(changed, chunk, ontology).outcome is Outcome.ACCEPTED and changed not in known:
                kinds[kind].append(identified(changed))
        for kind, found in kinds.items():
            yield kind, min(found, key=lambda changed: digest(chunk.text, _spoken(changed, ontology)))


def _changed(
    triple: CandidateTriple, accepted: Sequence[CandidateTriple], chunk: Chunk, ontology: Ontology
) -> Iterator[tuple[str, CandidateTriple]]:
    """Yield what an extractor might have claimed instead of what is stated."""
    prop = ontology.properties.get(triple.predicate)
    if prop is None or triple.evidence is None:
        return
    bare = replace(triple, qualifiers=())
    if isinstance(triple.object, Mention) and not prop.symmetric:
        yield "swapped", replace(bare, subject=triple.object, object=triple.subject)
    for other in ontology.properties.values():
        if other.name != prop.name and not _may_be_named(other, triple.quote):
            yield "other property", replace(bare, predicate=other.name)
    if prop.transitive:
        return  # A in B, B in C: whether A is in C by these words is a matter of taste
    named = [end for one in accepted for end in (one.subject, one.object) if end.span and triple.evidence.contains(end.span)]
    spans = [end.span for end in named if end.span is not None]
    for end in named:
        if isinstance(end, Mention) and not _listed_together(end, triple.subject, chunk, spans):
            yield "other subject", replace(bare, subject=end)
        if isinstance(end, Literal) == isinstance(triple.object, Literal) and not _listed_together(
            end, triple.object, chunk, spans
        ):
            yield "other object", replace(bare, object=end)


def _may_be_named(prop: Property, sentence: str) -> bool:
    """Tell whether a sentence has all the long words of one of a property's names, and so may state it beside the other one."""
    words = re.findall(r"\w+", sentence.casefold())
    for name in (prop.label, *prop.aliases):
        stems = [word[:5] for word in re.findall(r"\w+", name.casefold()) if len(word) > 3]
        if stems and all(any(word.startswith(stem) for word in words) for stem in stems):
            return True
    return False


def _listed_together(one: Mention | Literal, other: Mention | Literal, chunk: Chunk, named: Sequence[Span]) -> bool:
    """Tell whether two names are members of one list, or one of them is part of the other."""
    if one.span is None or other.span is None or one.span.overlaps(other.span) or one.text.casefold() == other.text.casefold():
        return True
    first, last = sorted((one.span, other.span))
    between = Span(first.start, last.end)
    letters = list(chunk.text[between.start - chunk.span.start : between.end - chunk.span.start])
    for span in (first, last, *filter(between.contains, named)):
        letters[span.start - between.start : span.end - between.start] = " " * (span.end - span.start)
    return _BETWEEN_LISTED.fullmatch("".join(letters)) is not None
