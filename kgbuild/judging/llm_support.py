"""A language model as a judge: does the passage state this triple? One word, and how sure the model is of it.

    triple and its passage -> question -> log-odds of yes against no -> calibrated probability

The passage stands before the triple, so that a server that keeps prefixes reads it once for all questions about it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kgbuild import ids
from kgbuild.compact.catalogue import spoken
from kgbuild.errors import InputError, KgbuildError, ModelUnavailable, ReplyRefused
from kgbuild.extraction.grounding import Flattened
from kgbuild.extraction.messages import numbered
from kgbuild.judging.calibration import JudgeCalibration, sigmoid
from kgbuild.judging.judge import Band
from kgbuild.judging.protocol import Candidates, Opinion, Unanswered
from kgbuild.llm.asking import ask
from kgbuild.llm.protocol import ChatModel, Message, Replies, Reply, Request
from kgbuild.llm.running import run_all
from kgbuild.ontology.model import Ontology, Property
from kgbuild.prompts import Prompt, read_prompt
from kgbuild.records import Chunk

VERSION = 1
"""Raised by hand whenever equal replies would give other probabilities, or other questions would be asked."""

LABELS = {"yes": True, "no": False, "Yes": True, "No": False}
"""The words that answer, as models write them, and what each means."""

UNCALIBRATED = Band(reject_below=0.2, accept_from=0.8)
"""Wide, since models are surer of themselves than they should be."""

MIN_LABEL_MASS = 0.1
"""A model that gives its labels less of the probability than this is about to say something else: to think aloud, say. Which of
them it would prefer means little then."""

LOG_ODDS_OF_A_WORD = math.log(9)
"""What a yes counts where a server tells the word and nothing of its probability: as nine to one. So a plain answer decides under
the uncalibrated band, but makes no fact as sure as one that was measured."""

_UNLISTED = 1 / 21
"""The most that a label can have which is not among the twenty likeliest tokens, all that a server tells of."""
_CERTAIN = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reply says, before calibration.

    log_odds: natural logarithm of P(yes) / P(no). label_mass: how much of the probability the labels had together; None where the
    server told the word alone.
    """

    log_odds: float
    label_mass: float | None


class LlmSupport:
    """The probability that the passage states a triple, as a model's own log-probabilities of yes and no have it."""

    def __init__(
        self, ontology: Ontology | None, model: ChatModel, replies: Replies, calibration: JudgeCalibration | None = None
    ) -> None:
        self._ontology, self._model, self._replies, self._calibration = ontology, model, replies, calibration
        self._prompt = read_prompt("judge")
        self.model_name, self.prompt_digest = model.name, self._prompt.digest
        self.name = f"llm/{model.name}/{self.prompt_digest[:6]}" + ("" if calibration else ", not calibrated")
        self.key = ids.digest("llm support", VERSION, model.name, self.prompt_digest, calibration and calibration.digest)
        self.band = UNCALIBRATED if calibration is None else calibration.band
        if calibration is not None and (calibration.model, calibration.prompt) != (model.name, self.prompt_digest):
            whose = calibration.model if calibration.model != model.name else "an earlier prompt"
            raise InputError("--calibration", f"was made for {whose}, not for {model.name}", "Run `kgbuild calibrate` again")

    def chunk_key(self, chunk: Chunk) -> str:
        return ids.digest(chunk.text)

    def opinions(self, batch: Sequence[Candidates]) -> list[list[Opinion]]:
        return [[self._opinion(answer) for answer in answers] for answers in self.answers(batch)]

    def _opinion(self, answer: Answer | Unanswered) -> Opinion:
        if isinstance(answer, Unanswered):
            return answer
        probability = sigmoid if self._calibration is None else self._calibration.curve.probability
        return round(probability(answer.log_odds), 6)

    def answers(self, batch: Sequence[Candidates]) -> list[list[Answer | Unanswered]]:
        """Ask about every candidate, all at once; what a model says beside yes and no is no answer. Raises ModelUnavailable."""
        return [[_plain(answer) for answer in answers] for answers in self.scored(batch)]

    def scored(self, batch: Sequence[Candidates]) -> list[list[Answer | Unanswered]]:
        """Ask about every candidate, all at once. Raises ModelUnavailable when that is why not one of them got an answer."""
        replies = run_all(self._ask(question) for of in batch for question in questions(of, self._ontology, self._prompt))
        away = [reply for reply in replies if isinstance(reply, ModelUnavailable)]
        if away and len(away) == len(replies):
            raise away[0]
        given = map(_answer_or_why_not, replies)
        return [[next(given) for _ in of.triples] for of in batch]

    async def _ask(self, question: Message) -> Answer:
        request = Request((question,), max_tokens=1, labels=tuple(LABELS))
        return await ask(self._model, request, self._read, self._replies, "judging")

    def _read(self, reply: Reply) -> Answer:
        answer = read_answer(reply)
        if answer is None:
            raise ReplyRefused(self.model_name, f"the answer was {reply.text[:40]!r}, neither yes nor no", "Use another model")
        return answer


def _answer_or_why_not(reply: Answer | KgbuildError) -> Answer | Unanswered:
    if isinstance(reply, KgbuildError):
        return Unanswered("no answer" if reply.retryable else "refused", f"{reply.where}: {reply.problem}", reply.retryable)
    return reply


def _plain(answer: Answer | Unanswered) -> Answer | Unanswered:
    if isinstance(answer, Answer) and answer.label_mass is not None and answer.label_mass < MIN_LABEL_MASS:
        return Unanswered("no plain answer", f"yes and no had {answer.label_mass:.2g} of the probability together")
    return answer


def questions(asked: Candidates, ontology: Ontology | None, prompt: Prompt) -> Iterator[Message]:
    """Yield what a model is asked about each candidate of a chunk; training examples for judges are made of it too.

    The passage is shown as it is to an extractor: one line a sentence, so that a document can imitate no part of the question.
    """
    if not asked.triples:
        return
    text = Flattened.of(asked.chunk.text)
    passage = numbered(sentence.of(text.text) for sentence in text.sentences)
    places = [text.original(sentence).shifted(asked.chunk.span.start) for sentence in text.sentences]
    for triple in asked.triples:
        stating = [number for number, place in enumerate(places, 1) if triple.evidence and place.overlaps(triple.evidence)]
        prop = ontology.properties.get(triple.predicate) if ontology is not None else None
        qualifiers = [f"{spoken(qualifier.name)}: {qualifier.value.text}" for qualifier in triple.qualifiers]
        fact = [triple.subject.text, prop.label if prop is not None else spoken(triple.predicate), triple.object.text, *qualifiers]
        words = {
            "passage": passage,
            "sentences": ", ".join(f"[{number}]" for number in stating) or "(not told)",
            "property": spoken(triple.predicate) if prop is None or ontology is None else _described(prop, ontology),
            "fact": " | ".join(Flattened.of(part).text for part in fact),
        }
        yield Message("user", prompt.filled(words).strip())


def _described(prop: Property, ontology: Ontology) -> str:
    """Name a property, whose subject and object it has, and what it means: "founded by (organization | person): who ..."."""

    def labels(names: Sequence[str]) -> str:
        return " or ".join(ontology.classes[name].label if name in ontology.classes else name for name in names) or "anything"

    meaning = f": {prop.description}" if prop.description else ""
    return f"{prop.label} ({labels(prop.domain)} | {labels(prop.range)}){meaning}"


def read_answer(reply: Reply) -> Answer | None:
    """Return what a reply says; None when it says neither yes nor no.

    Labels that the server tells nothing of have the rest of the probability, but no more than a token that it does not list can.
    What is no number tells nothing, and what would be more than certain is certain.
    """
    told = [
        (LABELS[label], math.exp(min(found, 0.0)))
        for label, found in zip(LABELS, reply.logprobs, strict=False)
        if found is not None and math.isfinite(found)
    ]
    if told:
        yes, no = (sum(share for means, share in told if means is meant) for meant in (True, False))
        mass = min(yes + no, 1.0)
        if mass > 0:
            rest = min(1 - mass, _UNLISTED)
            means = {meant for meant, _ in told}
            return Answer(_log_odds(yes if True in means else rest, no if False in means else rest), mass)
    match reply.text.strip(" \n.,:;!*\"'`").casefold():
        case "yes":
            return Answer(LOG_ODDS_OF_A_WORD, None)
        case "no":
            return Answer(-LOG_ODDS_OF_A_WORD, None)
    return None


def _log_odds(yes: float, no: float) -> float:
    if yes > 0 and no > 0:
        return max(-_CERTAIN, min(_CERTAIN, math.log(yes) - math.log(no)))
    return _CERTAIN if yes > 0 else -_CERTAIN
