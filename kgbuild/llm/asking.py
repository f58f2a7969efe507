"""One question asked once: remembered replies first, then the model; a reply is kept only when it was read and found valid."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar
from weakref import WeakValueDictionary

from kgbuild.chunking import estimated_tokens
from kgbuild.llm.protocol import ChatModel, Message, PaidReplyCut, Replies, Reply, Request

Answer = TypeVar("Answer")

MESSAGE_TOKENS = 8
"""What a chat template puts around a message, at most, in the templates of today's models."""

_in_flight: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()


async def ask(model: ChatModel, request: Request, read: Callable[[Reply], Answer], replies: Replies, stage: str) -> Answer:
    """Return what `read` makes of the reply to a request.

    read: turns the reply into an answer, raising ReplyRefused for one that is not valid; it is run on remembered replies
    too, so that a better parser needs no new reply. Raises what `ChatModel.complete` and `read` raise, and BudgetSpent.
    """
    key = request.key(model.name)
    if (known := replies.find(key)) is not None:
        return read(known)
    asking = _in_flight.setdefault((id(replies), key), asyncio.Lock())
    others_asked = asking.locked()  # an equal request in flight will answer this one too
    async with asking:
        if others_asked and (known := replies.find(key)) is not None:
            return read(known)
        async with replies.reserved(request):
            try:
                reply = await model.complete(request)
            except PaidReplyCut as cut:
                replies.spent(stage, cut.usage)
                raise
            try:
                answer = read(reply)
            except BaseException:  # whatever is wrong with it, it was paid for
                replies.spent(stage, reply.usage)
                raise
            replies.keep(key, reply, stage)
            return answer


def prompt_tokens(messages: Iterable[Message]) -> int:
    """Estimate how many tokens messages are, rather too many than too few."""
    return sum(estimated_tokens(message.content) + MESSAGE_TOKENS for message in messages)


def most_tokens(request: Request) -> int:
    """Estimate how many tokens a request costs at most: its messages and a reply of full length."""
    return prompt_tokens(request.messages) + (1 if request.labels else request.max_tokens)
