"""A language model as an extractor: messages, grammar, parsing and grounding around one call.

    chunk -> flattened text -> grammar and messages -> reply -> claims -> candidates, at their place in the text as read

Where a server does not hold one way of asking, the next one down is taken: grammar, schema with the spans listed, plain schema, any
JSON object, free text. It is the last part of each candidate's `extractor`. A reply cut short is asked for in halves of the
text, and so is one that the server's context has no room for.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat

from kgbuild import ids
from kgbuild.batching import batched
from kgbuild.chunking import estimated_tokens, sentence_spans
from kgbuild.denoising import Denoising, Rewriting
from kgbuild.errors import BudgetSpent, InputError, KgbuildError, ModelUnavailable, ReplyCut, ReplyRefused
from kgbuild.extraction import parsing
from kgbuild.extraction.claims import ClaimReader, Place, left_out
from kgbuild.extraction.examples import WorkedExample, worked_examples
from kgbuild.extraction.grammar import MAX_TRIPLES, Copyable, Shapes
from kgbuild.extraction.grounding import Flattened, Passage
from kgbuild.extraction.messages import AS_LIST, AS_OBJECT, MAX_EXAMPLES, probe_message, system_message, user_message
from kgbuild.extraction.open_mode import as_known_or_open, known_digest
from kgbuild.extraction.parsing import Answer, Silence, Stated, parse
from kgbuild.judging import Candidates, Judge, JudgeAddress, Judgement, open_judge
from kgbuild.judging.judge import RulesThenSupport
from kgbuild.llm import open_model
from kgbuild.llm.asking import MESSAGE_TOKENS, ask, prompt_tokens
from kgbuild.llm.protocol import (
    Capabilities,
    ChatModel,
    Constraint,
    Grammar,
    JsonObject,
    JsonSchema,
    Message,
    Replies,
    Reply,
    Request,
)
from kgbuild.llm.running import run_all
from kgbuild.ontology.model import Ontology
from kgbuild.prompts import read_prompt
from kgbuild.records import CandidateTriple, Chunk, Extraction, Failure, Literal, Mention, Outcome, Span

VERSION = 7
"""Raised by hand whenever equal replies would give other candidates, or other requests would be sent."""

MAX_REPLY_TOKENS = 2000
"""Some 40 triples; less where the prompt leaves less of the context, and the server tells how long that is."""

MIN_REPLY_TOKENS = 200
"""Some 4 triples. A context that leaves less to the reply is not worth asking in."""

MIN_ROOM_TOKENS = 500
"""Beside system message and examples: a sentence, what comes before it, how it is asked, and the shortest reply."""

REPLY_PER_PASSAGE = 2
"""Tokens that a reply may well have for each of the passage, as estimated: a triple has some 50, and a sentence one or two."""

SHOWN_AT_A_TIME = 64
"""Chunks that go through each step together before the next step: a processor does one thing many times for a tenth less. The
first requests wait for that long, some 30 ms."""

STAGE = "extracting"
READ_IN_PART = "reply read in part"
QUALIFIERS_LEFT_OUT = "qualifiers left out"
NOT_REWRITTEN = "read without rewriting"


@dataclass(frozen=True, slots=True)
class LlmOptions:
    """What is asked besides the one question about each chunk.

    probe: ask once more about sentences that name something and have no accepted fact. denoise, decontextualise: see `denoising`.
    """

    probe: bool = False
    denoise: bool = False
    decontextualise: bool = False


@dataclass(frozen=True, slots=True)
class _Shown:
    """A chunk, or a part of one, as a model is shown it, and what a reply may copy from it."""

    chunk: Chunk
    text: Flattened
    copyable: Copyable


@dataclass(frozen=True, slots=True)
class _Part:
    """A chunk, or a part of it that could be asked about whole, and what the reply said, in which way it was asked for."""

    shown: _Shown
    question: Callable[[str], tuple[Message, ...]]
    reply: str
    answer: Answer
    way: str


Said = tuple[_Part | Failure, ...]
"""What came of asking about a chunk, part by part."""
Found = tuple[CandidateTriple | Failure, ...]
"""What was made of that."""


class LlmExtractor:
    """Asks a model about each chunk, all chunks of a batch side by side. `key` knows what is asked, and nothing of the server.

    judge: whose verdicts a probe goes by; None for the rules alone.
    """

    def __init__(
        self,
        model: ChatModel,
        ontology: Ontology,
        replies: Replies,
        options: LlmOptions = LlmOptions(),
        judge: Judge | None = None,
    ) -> None:
        self.name = f"llm/{model.name}"
        self._judge = judge or RulesThenSupport(ontology)
        prompt = read_prompt("extraction_open" if ontology.is_open else "extraction")
        self._passage, self._probe = read_prompt("extraction_passage"), read_prompt("extraction_probe")
        self._system = system_message(prompt, ontology)
        self._denoising = Denoising(model, replies, options.denoise, options.decontextualise)
        self.key = ids.digest(
            "llm",
            [VERSION, parsing.VERSION],
            model.name,
            [self._system.content, self._passage.digest, self._denoising.key],
            [self._probe.digest, self._judge.key] if options.probe else [],
            [ontology.digest, ontology.examples, known_digest() if ontology.is_open else ""],
        )
        self._model, self._ontology, self._replies, self._options = model, ontology, replies, options
        self._examples = worked_examples(ontology)
        self._reader, self._shapes = ClaimReader(ontology), Shapes(ontology)
        self._example_tokens = sum(sorted(map(_example_tokens, self._examples))[-MAX_EXAMPLES:])
        self._system_tokens: int | None = None
        self._measuring = asyncio.Lock()

    def chunk_key(self, chunk: Chunk) -> str:
        return ids.digest(chunk.text, chunk.heading_path, chunk.context)

    def extract(self, chunks: Sequence[Chunk], known: Sequence[Sequence[CandidateTriple]] = ()) -> list[Extraction]:
        """Raises InputError, before anything is asked, when the ontology's prompt leaves no room for a passage.

        known: facts of each chunk that need no asking, so that a probe leaves their sentences alone; none where it is empty.
        """
        read = run_all(self._read(shown) for shown in self._shown(chunks))
        for result in read:
            if isinstance(result, InputError):
                raise result
        away = [result for result in read if isinstance(result, ModelUnavailable)]
        if away and len(away) == len(read):
            raise away[0]
        said = [_said(result) for result in read]
        found = [self._found(parts) for parts in said]
        if self._options.probe:
            again = self._probed(chunks, said, [_extraction(told).candidates for told in found], known)
            found = [(*told, *self._found(parts)) for told, parts in zip(found, again, strict=True)]
        return [_extraction(told) for told in found]

    def _probed(
        self,
        chunks: Sequence[Chunk],
        said: Sequence[Said],
        candidates: Sequence[tuple[CandidateTriple, ...]],
        known: Sequence[Sequence[CandidateTriple]],
    ) -> list[Said]:
        """Ask once more about the sentences that name something and have no fact that the judge accepts.

        What the judge asks a model is remembered, so that judging pays nothing for it a second time.
        """
        judgements = self._judge.judge([Candidates(*pair) for pair in zip(chunks, candidates, strict=True)])
        again = run_all(
            self._once_more([part for part in parts if isinstance(part, _Part)], found, judgement, sure)
            for parts, found, judgement, sure in zip(said, candidates, judgements, known or repeat((), len(said)), strict=True)
        )
        return [_said(result) for result in again]

    def first_request(self, chunk: Chunk) -> Request | None:
        (shown,) = self._shown([chunk])
        return None if shown is None else Request(self._messages(shown, "", AS_LIST), MAX_REPLY_TOKENS)

    def _shown(self, chunks: Iterable[Chunk]) -> Iterator[_Shown | None]:
        """Yield chunks as they are asked about; None for one that no triple could be made of."""
        for some in batched(chunks, SHOWN_AT_A_TIME):
            texts = [Flattened.of(chunk.text) for chunk in some]
            shown = [_Shown(*each) for each in zip(some, texts, map(Copyable.of, texts), strict=True)]
            yield from [each if self._shapes.allow(each.copyable) else None for each in shown]

    def _messages(self, shown: _Shown, rewritten: str, form: str) -> tuple[Message, ...]:
        return self._system, user_message(self._passage, shown.chunk, shown.text, self._examples, form, rewritten)

    async def _read(self, shown: _Shown | None, whole: Rewriting | None = None) -> Said:
        """Ask about a chunk, in halves where the reply to the whole is or would be cut short. whole: of what this is a half of."""
        if shown is None:
            return ()
        await self._room()  # before anything is asked
        rewriting = whole or await self._denoising.rewritten(shown.chunk)
        said: Said
        try:
            said = (await self._asked(shown, rewriting.text),)
        except ReplyCut as cut:
            if (halves := _halves(shown.chunk)) is None:
                said = (_failure(cut),)
            else:
                first, second = await asyncio.gather(*(self._read(half, rewriting) for half in self._shown(halves)))
                said = (*first, *second)
        return said if whole else (*said, *(Failure(STAGE, "", None, NOT_REWRITTEN, problem) for problem in rewriting.problems))

    async def _room(self) -> int | None:
        """Return the tokens that the context has beside the system message; None where the server does not tell how many it reads.

        Raises InputError when they are too few for any passage.
        """
        context = (await self._model.capabilities(self._replies)).max_model_len
        if context is None:
            return None
        if self._system_tokens is None:
            async with self._measuring:
                self._system_tokens = self._system_tokens or await self._model.tokens(self._system.content)
        room = context - self._system_tokens - 2 * MESSAGE_TOKENS  # around the system message, and before the reply
        if room - self._example_tokens < MIN_ROOM_TOKENS:
            asked = self._system_tokens + self._example_tokens
            problem = f"its prompt takes some {asked:,} tokens, and the model at {self._model.url} reads {context:,}"
            raise InputError(self._ontology.name, problem, "Serve it with a larger --max-model-len, or use a smaller ontology")
        return room

    async def _asked(self, shown: _Shown, rewritten: str) -> _Part:
        sentences = range(1, len(shown.text.sentences) + 1)
        question = partial(self._messages, shown, rewritten)

        def needed() -> int:
            likely = REPLY_PER_PASSAGE * estimated_tokens(shown.text.text)
            return min(MAX_REPLY_TOKENS, likely) if len(sentences) > 1 else MIN_REPLY_TOKENS  # one sentence cannot be divided

        return _Part(shown, question, *await self._answer(question, shown.copyable, sentences, needed))

    async def _once_more(
        self,
        parts: Sequence[_Part],
        found: Sequence[CandidateTriple],
        judgement: Judgement,
        known: Sequence[CandidateTriple],
    ) -> Said:
        if judgement.failure is not None:
            return (replace(judgement.failure, stage=STAGE),)  # whether to ask cannot be told yet
        verdicts = zip(found, judgement.verdicts, strict=True)
        accepted = [*known, *(candidate for candidate, verdict in verdicts if verdict.outcome is Outcome.ACCEPTED)]
        silent = [(part, _silent(part.shown.text, accepted, part.shown.chunk)) for part in parts]
        asked = (self._asked_again(part, sentences) for part, sentences in silent if sentences)
        return tuple(await asyncio.gather(*asked))

    async def _asked_again(self, part: _Part, sentences: Sequence[int]) -> _Part | Failure:
        def question(form: str) -> tuple[Message, ...]:
            return *part.question(form), Message("assistant", part.reply), probe_message(self._probe, sentences, form)

        try:
            reply, answer, way = await self._answer(question, part.shown.copyable, sentences, lambda: MIN_REPLY_TOKENS)
        except (ReplyCut, ReplyRefused) as error:
            return _failure(error)
        return replace(part, reply=reply, answer=answer, way=way)

    async def _answer(
        self, question: Callable[[str], tuple[Message, ...]], text: Copyable, sentences: Sequence[int], needed: Callable[[], int]
    ) -> tuple[str, Answer, str]:
        """Return the reply, what it says, and the way in which it was asked for: the best that the server takes.

        Raises ReplyCut, without asking, when the context has fewer than the `needed` tokens left to a reply.
        """
        can, room = await self._model.capabilities(self._replies), await self._room()
        refused = None
        for way, form, constraint in _ways(can, text, self._shapes, sentences):
            messages = question(form)
            left = MAX_REPLY_TOKENS if room is None else room - prompt_tokens(messages[1:])
            if left < MAX_REPLY_TOKENS and left < max(needed(), MIN_REPLY_TOKENS):
                problem = f"the question leaves {max(left, 0):,} of {can.max_model_len:,} tokens to the reply"
                raise ReplyCut(
                    self._model.url, problem, "Serve the model with a larger --max-model-len and build with --retry-failed"
                )
            request = Request(messages, min(MAX_REPLY_TOKENS, left), constraint)
            try:
                answer, reply = await ask(self._model, request, partial(_read, len(sentences)), self._replies, STAGE)
            except ReplyRefused as error:
                refused = error
            else:
                return reply, answer, way
        assert refused is not None  # free text is always a way
        raise refused

    def _found(self, said: Said) -> Found:
        return tuple(told for part in said for told in ([part] if isinstance(part, Failure) else self._told(part)))

    def _told(self, part: _Part) -> Iterator[CandidateTriple | Failure]:
        """Yield the candidates that an answer has, and what else it says and nothing was made of, each kind a failure."""
        text, answer = part.shown.text, part.answer
        passage = text.passage()
        qualifiers: list[str] = []
        for stated in answer.stated:
            claim = stated.claim.model_copy(
                update={"evidence": _evidence(stated, text, passage), "extractor": f"{self.name}/{part.way}"}
            )
            claim = as_known_or_open(claim) if self._ontology.is_open else claim
            candidate = self._reader.candidate(claim, passage)
            qualifiers.extend(f"{name} of {candidate.predicate}" for name in left_out(claim, candidate))
            yield _in_chunk(candidate, text, part.shown.chunk)
        if answer.unread:
            detail = f"{answer.unread} of {len(answer.stated) + answer.unread} statements are no triples"
            yield Failure(STAGE, "", None, READ_IN_PART, detail)
        if qualifiers:
            yield Failure(STAGE, "", None, QUALIFIERS_LEFT_OUT, ", ".join(sorted(qualifiers)))


def _example_tokens(example: WorkedExample) -> int:
    return estimated_tokens(example.answer) + sum(map(estimated_tokens, example.sentences))


def _ways(
    can: Capabilities, text: Copyable, shapes: Shapes, sentences: Sequence[int]
) -> Iterator[tuple[str, str, Constraint | None]]:
    """Yield the ways to ask that a server knows, the one that holds most first, each with the form of answer to ask for."""
    if can.grammar and (lark := shapes.grammar(text, sentences)) is not None:
        yield "grammar", AS_LIST, Grammar(lark)
    if can.schema and (schema := shapes.span_schema(text, sentences)) is not None:
        yield "span schema", AS_OBJECT, JsonSchema(schema)
    if can.schema and (schema := shapes.plain_schema(text, sentences)) is not None:
        yield "schema", AS_OBJECT, JsonSchema(schema)
    if can.json_object:
        yield "object", AS_OBJECT, JsonObject()
    yield "text", AS_LIST, None


def _read(sentences: int, reply: Reply) -> tuple[Answer, str]:
    """Read a reply about so many sentences."""
    answer = parse(reply.text)
    if answer.silence not in (None, Silence.NOTHING_STATED):
        raise ReplyRefused(
            STAGE, f"{answer.silence}: {reply.text[:80]!r}", "Try another model, or one behind a server that knows grammars"
        )
    if len(answer.stated) >= MAX_TRIPLES and sentences > 1:
        raise ReplyCut(STAGE, f"the reply has {MAX_TRIPLES} triples, as many as it may", "Ask about less text")
    return answer, reply.text


def _evidence(stated: Stated, text: Flattened, passage: Passage) -> Place | None:
    """Return the sentence that was given as evidence, by number or in words; None leaves it to where subject and object stand.

    A sentence that names neither, since it says "she" and "it" or was mistaken, is widened to those before it that do, or after.
    """
    sides = [places for words in (stated.claim.subject, stated.claim.object) if (places := passage.places(words))]
    if stated.sentence is not None and 1 <= stated.sentence <= len(text.sentences):
        given = text.sentences[stated.sentence - 1]
    elif stated.quote and (quoted := passage.places(Flattened.of(stated.quote).text)):
        given = quoted[0]
    else:
        return None
    if not any(given.contains(place) for places in sides for place in places):
        nearest = (max((place for place in places if place < given), default=places[0]) for places in sides)
        given = passage.sentences_of(given, *nearest)
    return Place(start=given.start, end=given.end)


def _in_chunk(candidate: CandidateTriple, text: Flattened, chunk: Chunk) -> CandidateTriple:
    """Return a candidate found in the flattened text at its place in the document, with the words as the document has them."""

    def placed(span: Span | None, words: str) -> tuple[Span | None, str]:
        if span is None:
            return None, words
        at = text.original(span)
        return at.shifted(chunk.span.start), at.of(chunk.text)

    def mention(given: Mention) -> Mention:
        return Mention("", chunk.document_id, *placed(given.span, given.text), given.class_name)

    def literal(given: Literal) -> Literal:
        return Literal(*placed(given.span, given.text), given.value, given.datatype)

    object_ = candidate.object
    evidence, quote = placed(candidate.evidence, candidate.quote)
    return replace(
        candidate,
        chunk_id=chunk.id,
        subject=mention(candidate.subject),
        object=mention(object_) if isinstance(object_, Mention) else literal(object_),
        evidence=evidence,
        quote=quote,
        qualifiers=tuple(replace(qualifier, value=literal(qualifier.value)) for qualifier in candidate.qualifiers),
    )


def _silent(text: Flattened, candidates: Sequence[CandidateTriple], chunk: Chunk) -> tuple[int, ...]:
    """Return the numbers of sentences that name something and are no candidate's evidence."""
    heard = [candidate.evidence for candidate in candidates if candidate.evidence is not None]
    names = {end.text.casefold() for candidate in candidates for end in (candidate.subject, candidate.object)}
    return tuple(
        number
        for number, sentence in enumerate(text.sentences, 1)
        if holds_names(sentence.of(text.text), names)
        and not any(span.contains(text.original(sentence).shifted(chunk.span.start)) for span in heard)
    )


def holds_names(sentence: str, known: set[str]) -> bool:
    """Tell whether a sentence names something: a word with a capital that does not begin it, or a name known already.

    >>> holds_names("She then joined Acme.", set()), holds_names("It was a mild day.", set())
    (True, False)
    """
    folded = sentence.casefold()
    return any(word[:1].isupper() and word != "I" for word in sentence.split()[1:]) or any(name in folded for name in known)


def _halves(chunk: Chunk) -> tuple[Chunk, Chunk] | None:
    """Cut a chunk between two of its sentences, near its middle; None where it has one sentence only. The first half is context."""
    starts = [sentence.start for sentence in sentence_spans(chunk.text, "und")][1:]
    if not starts:
        return None
    at = min(starts, key=lambda start: abs(start - len(chunk.text) // 2))
    before, after = chunk.text[:at], chunk.text[at:]
    middle = chunk.span.start + at
    return (
        replace(chunk, span=Span(chunk.span.start, middle), text=before),
        replace(chunk, span=Span(middle, chunk.span.end), text=after, context=before[-len(chunk.context) or -400 :]),
    )


def _said(result: Said | KgbuildError) -> Said:
    return (_failure(result),) if isinstance(result, KgbuildError) else result


def _failure(error: KgbuildError) -> Failure:
    reason = next((reason for kind, reason in _REASONS.items() if isinstance(error, kind)), type(error).__name__)
    return Failure(STAGE, "", None, reason, str(error), error.retryable)


def _extraction(found: Found) -> Extraction:
    """Return each candidate once, and all that failed as one failure."""
    candidates = tuple(dict.fromkeys(told for told in found if isinstance(told, CandidateTriple)))
    failures = [told for told in found if isinstance(told, Failure)]
    if not failures:
        return Extraction(candidates)
    reasons, details = (dict.fromkeys(words) for words in zip(*((f.reason, f.detail) for f in failures), strict=True))
    will_be_asked = any(failure.retryable for failure in failures)
    failure = Failure(STAGE, "", None, ", ".join(reasons), "; ".join(details), will_be_asked)
    return Extraction(candidates, failure=failure)


_REASONS: dict[type[KgbuildError], str] = {
    ModelUnavailable: "model unavailable",
    BudgetSpent: "budget spent",
    ReplyCut: "reply cut short",
    ReplyRefused: "no usable reply",
}


@dataclass(frozen=True)
class LlmAddress:
    """Where a batch finds the extractor. model: an address that `llm.open_model` takes. judge: whose verdicts a probe goes by."""

    model: str
    ontology: Ontology
    options: LlmOptions = LlmOptions()
    judge: JudgeAddress | None = None

    def open(self, replies: Replies) -> LlmExtractor:
        judge = open_judge(self.judge, replies) if self.judge is not None and self.options.probe else None
        return LlmExtractor(open_model(self.model), self.ontology, replies, self.options, judge)

    def __hash__(self) -> int:
        return hash((self.model, self.ontology.digest, self.ontology.examples, self.options, self.judge))
