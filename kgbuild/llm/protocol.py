"""What is asked of a language model, what comes back, and what every way of asking promises."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from kgbuild.errors import ReplyCut
from kgbuild.ids import digest, text_hash


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. role: "system", "user" or "assistant"."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Grammar:
    """A Lark grammar in llguidance's dialect, which begins with `%llguidance {}`."""

    lark: str


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """A JSON schema, as one line of JSON."""

    schema: str


@dataclass(frozen=True, slots=True)
class JsonObject:
    """Any JSON object: what servers offer that know no schemas."""


Constraint = Grammar | JsonSchema | JsonObject


@dataclass(frozen=True, slots=True)
class Request:
    """One question, whole: equal requests to one model are one request, asked and paid for once.

    max_tokens: of the reply; never left to the server, which would fill the rest of its context.
    temperature: 0 unless several different replies are wanted, which then differ in their `seed`.
    labels: words whose log-probabilities as the first token of the reply are wanted; the reply is then one token long.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    constraint: Constraint | None = None
    temperature: float = 0.0
    seed: int | None = None
    labels: tuple[str, ...] = ()

    def key(self, model: str) -> str:
        """Return the digest under which the reply is remembered. model: the server's name for it, without the address.

        Long texts enter by hashes of their own: writing them as JSON first would cost more than all the rest.
        """
        messages = [[message.role, text_hash(message.content)] for message in self.messages]
        match self.constraint:
            case Grammar(lark):
                constraint = ["grammar", text_hash(lark)]
            case JsonSchema(schema):
                constraint = ["schema", text_hash(schema)]
            case JsonObject():
                constraint = ["object"]
            case None:
                constraint = []
        return digest("reply", model, messages, constraint, self.max_tokens, self.temperature, self.seed, self.labels)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or more requests. cached_tokens: the part of the prompt that the server had at hand already."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that the model finished by itself.

    logprobs: natural logarithms of the probabilities of the request's `labels`, in their order, over the whole vocabulary; None
    for a label that the server told nothing of.
    """

    text: str
    usage: Usage = Usage()
    logprobs: tuple[float | None, ...] = ()


class PaidReplyCut(ReplyCut):
    """A reply that was cut, and what it cost all the same."""

    def __init__(self, where: object, problem: str, remedy: str, usage: Usage = Usage()) -> None:
        super().__init__(where, problem, remedy)
        self.usage = usage


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a server can do, as found by asking it. Each is used where it is there, and its absence is told by `kgbuild doctor`.

    server: such as "vLLM 0.32.0". max_model_len: tokens of prompt and reply together, None where the server does not tell.
    grammar: Lark grammars hold. schema: JSON schemas hold. json_object: a reply can be made to be a JSON object.
    label_logprobs: raw log-probabilities of chosen labels; top_logprobs: those of the likeliest tokens only, 0 for none.
    tokenize: the server counts the tokens of messages.
    """

    server: str = ""
    max_model_len: int | None = None
    grammar: bool = False
    schema: bool = False
    json_object: bool = False
    label_logprobs: bool = False
    top_logprobs: int = 0
    tokenize: bool = False


class Replies(Protocol):
    """The memory of replies that were read whole and found valid; see `ledger.replies`."""

    def find(self, key: str) -> Reply | None: ...

    def keep(self, key: str, reply: Reply, stage: str) -> None:
        """Remember a reply, and note what it cost."""
        ...

    def reserved(self, request: Request) -> AbstractAsyncContextManager[None]:
        """Wait until the run can surely afford the request, which is asked within the block. Raises BudgetSpent when it cannot."""
        ...

    def spent(self, stage: str, usage: Usage) -> None:
        """Note what an answer cost that nothing is remembered of."""
        ...

    def __hash__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class NoReplies:
    """Remembers nothing and spends without limit: for commands that work without a graph directory."""

    def find(self, key: str) -> Reply | None:
        return None

    def keep(self, key: str, reply: Reply, stage: str) -> None:
        pass

    def reserved(self, request: Request) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def spent(self, stage: str, usage: Usage) -> None:
        pass


class ChatModel(Protocol):
    """A model behind an address. Retries, timeouts and the limit of requests in flight are its business, not its callers'.

    name: the model's own name, without the address of its server. url: that address, to name it to people.
    """

    name: str
    url: str

    async def capabilities(self, replies: Replies = NoReplies()) -> Capabilities:
        """Return what the server can do, asked when first needed and remembered in `replies`. Raises ModelUnavailable."""
        ...

    async def tokens(self, text: str) -> int:
        """Count the tokens of a text where the server tells, and estimate them where it does not. Raises ModelUnavailable."""
        ...

    async def complete(self, request: Request) -> Reply:
        """Return the finished reply to a request.

        Raises ModelUnavailable when a later run may do better (no connection, 5xx, time, abort), ReplyCut when `max_tokens` or
        the context ended before the reply did, BudgetSpent when no more may be asked in this run, and ReplyRefused when this
        request will never be answered (400, 404).
        """
        ...


def total(usages: Sequence[Usage]) -> Usage:
    """Add up what requests cost."""
    return Usage(
        sum(usage.prompt_tokens for usage in usages),
        sum(usage.completion_tokens for usage in usages),
        sum(usage.cached_tokens for usage in usages),
        sum(usage.requests for usage in usages),
    )
