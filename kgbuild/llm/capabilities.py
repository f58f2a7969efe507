"""What a server can do, proved by its replies: servers ignore the fields of a request that they do not know, and say nothing of it.

Each constraint is proved on a question that a model would hardly answer in the wanted form by itself.
"""

import asyncio
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from kgbuild.errors import ModelUnavailable, ReplyCut, ReplyRefused
from kgbuild.ids import digest
from kgbuild.llm.protocol import Capabilities, Constraint, Grammar, JsonObject, JsonSchema, Message, Replies, Reply, Request
from kgbuild.llm.wire import Choice, ModelCard, Models, Version, body_of, logprobs_of, usage_of
from kgbuild.serialisation import from_json, to_json

if TYPE_CHECKING:
    from kgbuild.llm.openai_compatible import OpenAICompatible

VERSION = 1
"""Raised by hand whenever equal servers would be found able to do other things."""

_QUESTION = (Message("user", "Write one short sentence of plain prose. Write no JSON."),)
_WORDS = ("qualm", " ", "zephyr", " ", "ibex", " ", "fjord")
_GRAMMAR = Grammar(
    f'%llguidance {{}}\nstart: "#" SPAN "#"\nSUB: %regex {json.dumps({"substring_chunks": _WORDS})}\nSPAN: SUB & /\\w+ \\w+/\n'
)
_SCHEMA = JsonSchema(
    '{"type":"object","properties":{"vex":{"type":"string","enum":["qualm","zephyr"]}},"required":["vex"],'
    '"additionalProperties":false}'
)
_LABELS = ("yes", "no")
_STAGE = "probing"
_PROBE_TOKENS = 64
_TOP_LOGPROBS = (20, 5)
"""How many of the likeliest tokens are asked for: what vLLM and OpenAI allow, and what others do."""


async def proved(server: "OpenAICompatible", replies: Replies) -> Capabilities:
    """Find out what a server can do, unless that is remembered and the server says the same of itself as then.

    Only a server that knows grammars is remembered: another may be taught them by a setting, of which it says nothing.
    Raises ModelUnavailable, also for a server that refuses everything.
    """
    card = await _model_card(server)
    key = digest("capabilities", VERSION, server.url, server.name, card.owned_by, card.max_model_len)
    if (known := replies.find(key)) is not None:
        return from_json(Capabilities, known.text)
    tokenize = await server.tokenize(_LABELS[0]) is not None
    grammar, schema, json_object, label_logprobs, top_logprobs = await asyncio.gather(
        _obeys(server, _GRAMMAR, "#(qualm zephyr|zephyr ibex|ibex fjord)#", replies),
        _obeys(server, _SCHEMA, r'\{\s*"vex"\s*:\s*"(qualm|zephyr)"\s*\}', replies),
        _obeys(server, JsonObject(), r"\{.*", replies),
        _scores_labels(server, replies) if tokenize else asyncio.sleep(0, False),
        _top_logprobs(server, replies),
    )
    if not (grammar or schema or json_object or top_logprobs):
        await _seen_to_answer(server, replies)
    owner = card.owned_by or ""
    found = Capabilities(owner, card.max_model_len, grammar, schema, json_object, label_logprobs, top_logprobs, tokenize)
    if grammar:
        replies.keep(key, Reply(to_json(found)), _STAGE)
    return found


async def _seen_to_answer(server: "OpenAICompatible", replies: Replies) -> None:
    """Ask for nothing but words. Raises ModelUnavailable where even that is refused: so would be all that a build asks."""
    try:
        await _completed(server, Request(_QUESTION, _PROBE_TOKENS), Capabilities(), replies)
    except ReplyRefused as error:
        remedy = "See to that; `kgbuild doctor --llm` tells when it answers"
        raise ModelUnavailable(server.url, f"refuses even a plain question: {error.problem}", remedy) from error
    except ReplyCut:
        pass


async def _model_card(server: "OpenAICompatible") -> ModelCard:
    """Return what the server says of the model, with name and version as its owner; empty where it lists no such model."""
    listed = await server.get("/v1/models", Models)
    card = next((card for card in listed.data if card.id == server.name), None) if listed else None
    if card is None or card.owned_by != "vllm":
        return card or ModelCard(server.name)
    told = await server.get("/version", Version)
    return replace(card, owned_by=f"vLLM {told.version}" if told else "vLLM")


async def _obeys(server: "OpenAICompatible", constraint: Constraint, form: str, replies: Replies) -> bool:
    choice = await _asked(server, Request(_QUESTION, _PROBE_TOKENS, constraint), Capabilities(), replies)
    return choice is not None and re.fullmatch(form, (choice.message.content or "").strip(), re.DOTALL) is not None


async def _scores_labels(server: "OpenAICompatible", replies: Replies) -> bool:
    can = Capabilities(label_logprobs=True)
    request = Request(_QUESTION, 1, labels=_LABELS)
    choice = await _asked(server, request, can, replies)
    return choice is not None and None not in logprobs_of(choice, request, can, await server.label_tokens(_LABELS))


async def _top_logprobs(server: "OpenAICompatible", replies: Replies) -> int:
    for wanted in _TOP_LOGPROBS:
        choice = await _asked(server, Request(_QUESTION, 1, labels=_LABELS), Capabilities(top_logprobs=wanted), replies)
        if choice is not None and choice.logprobs is not None and len(choice.logprobs.of_first()) > 1:
            return wanted
    return 0


async def _asked(server: "OpenAICompatible", request: Request, can: Capabilities, replies: Replies) -> Choice | None:
    """Return the server's answer, finished or not; None when it refuses the request."""
    try:
        return await _completed(server, request, can, replies)
    except (ReplyRefused, ReplyCut):
        return None


async def _completed(server: "OpenAICompatible", request: Request, can: Capabilities, replies: Replies) -> Choice:
    tokens = await server.label_tokens(request.labels) if can.label_logprobs else {}
    completion = await server.completion(body_of(request, server.name, can, tokens))
    replies.spent(_STAGE, usage_of(completion, request))
    return completion.choices[0]
