"""Worked examples for prompts: read, the nearest to a text chosen, each written as the reply that is wanted."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from pydantic import BaseModel, ValidationError

from kgbuild.errors import OntologyError
from kgbuild.extraction.claims import Claim
from kgbuild.extraction.grounding import Flattened
from kgbuild.extraction.wording import called
from kgbuild.ontology.model import Ontology
from kgbuild.serialisation import first_problem


class _Row(BaseModel):
    text: str
    triples: list[Claim]


@dataclass(frozen=True, slots=True)
class WorkedExample:
    """sentences: as a prompt shows them. answer: the reply that is wanted. words: what the text is about, in lower case."""

    sentences: tuple[str, ...]
    answer: str
    words: frozenset[str]


def worked_examples(ontology: Ontology) -> tuple[WorkedExample, ...]:
    """Read the examples that lie beside an ontology. Raises OntologyError for one that is none, naming its line."""
    return tuple(_example(line, number, ontology) for number, line in enumerate(ontology.examples, 1))


def _example(line: str, number: int, ontology: Ontology) -> WorkedExample:
    try:
        row = _Row.model_validate_json(line)
    except ValidationError as error:
        where = f"{ontology.name}, worked example {number}"
        raise OntologyError(where, first_problem(error), 'A line is {"text", "triples": [{"subject", ...}]}') from None
    text = Flattened.of(row.text)
    answers = [answer for _, answer in sorted((_answer(claim, text, ontology) for claim in row.triples), key=itemgetter(0))]
    sentences = tuple(sentence.of(text.text) for sentence in text.sentences)
    return WorkedExample(sentences, json.dumps(answers, ensure_ascii=False, separators=(",", ":")), words_of(row.text))


def _answer(claim: Claim, text: Flattened, ontology: Ontology) -> tuple[int, dict[str, object]]:
    """Return the sentence, and the triple in the order of the grammar; a class of the object only where it is an entity."""
    passage = text.passage()
    subjects, objects = passage.places(claim.subject), passage.places(claim.object)
    subject, object_ = passage.closest(subjects, objects) if subjects and objects else (None, None)
    at = object_ or subject or text.sentences[0]
    classes, properties = called(ontology.classes), called(ontology.properties)
    number = next((n for n, sentence in enumerate(text.sentences, 1) if at.start < sentence.end), 1)
    answer: dict[str, object] = {
        "sentence": number,
        "subject": claim.subject,
        "subject_class": classes.get(claim.subject_class or "", claim.subject_class),
        "property": properties.get(claim.predicate, claim.predicate),
        "object": claim.object,
    }
    if claim.object_class and claim.object_class in ontology.classes:
        answer["object_class"] = classes[claim.object_class]
    return number, answer | ({"qualifiers": dict(claim.qualifiers)} if claim.qualifiers else {})


def nearest(examples: Sequence[WorkedExample], text: str, most: int) -> tuple[WorkedExample, ...]:
    """Choose the examples that share most with a text, rare words counting most; in the order of the file.

    Chunks about the same things choose the same examples and so share a prefix that a server has at hand already; the order of the
    file rather than of nearness keeps it so.
    """
    if len(examples) <= most:
        return tuple(examples)
    rarity = _rarity(examples)
    words = words_of(text)
    ranked = sorted(range(len(examples)), key=lambda n: (-_shared(examples[n].words & words, rarity), n))
    return tuple(examples[n] for n in sorted(ranked[:most]))


def _rarity(examples: Sequence[WorkedExample]) -> dict[str, float]:
    count = Counter(word for example in examples for word in example.words)
    return {word: math.log((1 + len(examples)) / number) for word, number in count.items()}


def _shared(words: Iterable[str], rarity: Mapping[str, float]) -> float:
    return round(math.fsum(rarity[word] for word in words), 6)


def words_of(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.casefold()))
