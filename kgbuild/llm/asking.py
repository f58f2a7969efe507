"""One question asked once: remembered replies first, then the model; a reply is kept only when it was read and found valid."""

from collections.abc import Callable
from typing import TypeVar

from kgbuild.llm.protocol import ChatModel, Replies, Reply, Request

Answer = TypeVar("Answer")


async def ask(model: ChatModel, request: Request, read: Callable[[Reply], Answer], replies: Replies, stage: str) -> Answer:
    """Return what `read` makes of the reply to a request.

    read: turns the reply into an answer, raising ReplyRefused for one that is not valid; it is run on remembered replies
    too, so that a better parser needs no new reply. Raises what `ChatModel.complete` and `read` raise.
    """
    key = request.key(model.name)
    if (known := replies.find(key)) is not None:
        return read(known)
    reply = await model.complete(request)
    replies.spent(stage, reply.usage)
    answer = read(reply)
    replies.keep(key, reply)
    return answer
