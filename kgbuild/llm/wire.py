"""What goes to a server of the OpenAI protocol and what comes back, as far as kgbuild writes and reads it.

Answers are checked field by field, since not every server keeps to the protocol.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kgbuild.chunking import estimated_tokens
from kgbuild.llm.asking import prompt_tokens
from kgbuild.llm.protocol import Capabilities, Grammar, JsonObject, JsonSchema, Request, Usage

MOST_TOKENS = 2**31 - 1
"""Of one prompt or reply; more than any server can mean."""


@dataclass(frozen=True)
class Message:
    content: str | None = None


@dataclass(frozen=True)
class TopLogprob:
    token: str
    logprob: float


@dataclass(frozen=True)
class TokenLogprobs:
    top_logprobs: tuple[TopLogprob, ...] = ()


@dataclass(frozen=True)
class Logprobs:
    content: tuple[TokenLogprobs, ...] | None = None

    def of_first(self) -> Mapping[str, float]:
        """Return the log-probabilities told of the reply's first token."""
        return {top.token: top.logprob for top in self.content[0].top_logprobs} if self.content else {}


@dataclass(frozen=True)
class Choice:
    message: Message
    finish_reason: str | None = None
    logprobs: Logprobs | None = None


@dataclass(frozen=True)
class PromptTokensDetails:
    cached_tokens: float | None = None


@dataclass(frozen=True)
class UsageTold:
    """Any numbers: one that counts no tokens is no reason to refuse a reply."""

    prompt_tokens: float | None = None
    completion_tokens: float | None = None
    prompt_tokens_details: PromptTokensDetails | None = None


@dataclass(frozen=True)
class Completion:
    choices: tuple[Choice, ...]
    usage: UsageTold | None = None


@dataclass(frozen=True)
class Tokens:
    """The answer to /tokenize."""

    tokens: tuple[int, ...]


@dataclass(frozen=True)
class ModelCard:
    id: str
    owned_by: str | None = None
    max_model_len: int | None = None


@dataclass(frozen=True)
class Models:
    """The answer to /v1/models."""

    data: tuple[ModelCard, ...]


@dataclass(frozen=True)
class Version:
    """The answer to vLLM's /version."""

    version: str


def body_of(request: Request, model: str, can: Capabilities, label_tokens: Mapping[str, int]) -> dict[str, Any]:
    """Write a request. label_tokens: the first token of each label, where the server tells the log-probability of any token."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": message.role, "content": message.content} for message in request.messages],
        "max_tokens": 1 if request.labels else request.max_tokens,
        "temperature": request.temperature,
    }
    if request.seed is not None:
        body["seed"] = request.seed
    match request.constraint:
        case Grammar(lark):
            body["structured_outputs"] = {"grammar": lark}
        case JsonSchema(schema):
            named = {"name": "reply", "schema": json.loads(schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
        case JsonObject():
            body["response_format"] = {"type": "json_object"}
    if request.labels and can.label_logprobs:
        chosen = [label_tokens[label] for label in request.labels]
        body |= {"logprobs": True, "logprob_token_ids": chosen, "return_tokens_as_token_ids": True}
    elif request.labels and can.top_logprobs:
        body |= {"logprobs": True, "top_logprobs": can.top_logprobs}
    return body


def logprobs_of(choice: Choice, request: Request, can: Capabilities, label_tokens: Mapping[str, int]) -> tuple[float | None, ...]:
    """Read the log-probabilities of a request's labels; None for a label that the server told nothing of."""
    told = choice.logprobs.of_first() if choice.logprobs else {}
    if can.label_logprobs:
        return tuple(told.get(f"token_id:{label_tokens[label]}") for label in request.labels)
    return tuple(told.get(label) for label in request.labels)


def usage_of(completion: Completion, request: Request) -> Usage:
    """Return what an answer cost; estimated where the server tells nothing that can be, so that a budget holds all the same."""
    told = completion.usage or UsageTold()
    prompt = _possible(told.prompt_tokens) or prompt_tokens(request.messages)
    reply = _possible(told.completion_tokens) or estimated_tokens(completion.choices[0].message.content or "")
    cached = _possible(told.prompt_tokens_details.cached_tokens) if told.prompt_tokens_details else 0
    return Usage(prompt, reply, min(cached, prompt), 1)


def _possible(tokens: float | None) -> int:
    """Return a number of tokens as told; 0 for what is none."""
    return int(tokens) if tokens is not None and 0 < tokens <= MOST_TOKENS else 0
