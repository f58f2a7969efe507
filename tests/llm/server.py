"""A server of the OpenAI protocol on this machine: so many slots, a latency, an answer by a rule, and troubles on demand.

    python -m tests.llm.server --slots 64 --latency 1.0        in a process of its own; prints its URL

It works a request for `latency_s` once one of its slots is free, as a real server does, and knows no way to constrain a reply; the
one in a process of its own is taken for one that does.
"""

import argparse
import asyncio
import json
import re
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from kgbuild.llm.protocol import Message, Request

Body = dict[str, Any]
Trouble = str
"""An HTTP status of an error, "abort", "reset", "slow", "garbage", "deep", "no choices", "length", "filter"; or what is none to
a good client: "created", an answer of 201, and "elsewhere", which leads to the same address once more."""


def employers(body: Body) -> str:
    """Answer with what the last message says of employers and birthplaces, one `property(subject, object)` a line."""
    words = body["messages"][-1]["content"]
    works = [f"employer({person}, {firm})" for person, firm in re.findall(r"(Person \w+) works for (Firm \w+)", words)]
    return "\n".join(
        works + [f"born_in({person}, {city})" for person, city in re.findall(r"(Person \w+) was born in (City \w+)", words)]
    )


@dataclass
class LoopbackServer:
    """answer: the text of a reply. trouble: what goes wrong with the n-th time, from 0, that a request comes; None for nothing.
    logprobs: those of a reply's first token, by token. usage: whether it is told, or what is told instead. packed: whether answers
    are.

    asked: every chat request, in the order of coming. answered: how often each was answered well, by its key.
    """

    answer: Callable[[Body], str] = employers
    trouble: Callable[[Body, int], Trouble | None] = lambda body, times: None
    logprobs: Callable[[Body], dict[str, float]] = lambda body: {}
    latency_s: float = 0.0
    slots: int = 64
    usage: bool | Body = True
    packed: bool = False
    card: Body = field(default_factory=lambda: {"id": "m", "owned_by": "loopback"})
    more: dict[str, Callable[[Body], Any]] = field(default_factory=dict)
    port: int = 0
    asked: list[Body] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    busiest: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @contextmanager
    def running(self) -> Iterator["LoopbackServer"]:
        """Serve on a thread for the length of the block; on the same port when it is entered again."""
        started, loop = threading.Event(), asyncio.new_event_loop()
        thread = threading.Thread(target=lambda: loop.run_until_complete(self._serve(started, stopped)), daemon=True)
        stopped = asyncio.Event()
        thread.start()
        assert started.wait(30)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(stopped.set)
            thread.join(30)
            loop.close()

    async def _serve(self, started: threading.Event, stopped: asyncio.Event) -> None:
        self._free, self._working, self._times = asyncio.Semaphore(self.slots), 0, Counter[str]()

        @web.middleware
        async def packing(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            response = await handler(request)
            if self.packed:
                response.enable_compression(web.ContentCoding.gzip)
            return response

        app = web.Application(client_max_size=2**26, middlewares=[packing])
        app.add_routes([web.post("/v1/chat/completions", self._chat), web.route("*", "/{path:.*}", self._other)])
        # A request whose client went away is worked no more, as vLLM has it.
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = runner.addresses[0][1]
        started.set()
        await stopped.wait()
        await runner.cleanup()

    async def _other(self, request: web.Request) -> web.Response:
        self.others.append(request.path)
        body = await request.json() if request.method == "POST" else {}
        if request.path in self.more:
            return web.json_response(self.more[request.path](body))
        if request.path == "/v1/models":
            return web.json_response({"object": "list", "data": [self.card]})
        return web.json_response({"detail": "Not Found"}, status=404)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body: Body = await request.json()
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        key = key_of(body)
        times, self._times[key] = self._times[key], self._times[key] + 1
        async with self._free:
            self._working += 1
            self.busiest = max(self.busiest, self._working)
            try:
                await asyncio.sleep(self.latency_s)
            finally:
                self._working -= 1
        trouble = self.trouble(body, times)
        match trouble:
            case "reset":
                assert request.transport is not None
                request.transport.abort()
                return web.Response()
            case "slow":
                return await _drop_by_drop(request)
            case "garbage":
                return web.Response(text='{"choices": [{"mess', content_type="application/json")
            case "deep":
                return web.Response(text=f'{{"choices": {"[" * 100_000}', content_type="application/json")
            case "elsewhere":
                raise web.HTTPTemporaryRedirect(request.path)
            case str() if trouble.isdecimal():
                headers = {"Retry-After": "0.01"} if trouble == "429" else {}
                error = {"message": self.answer(body) or f"trouble {trouble}", "type": "trouble", "code": int(trouble)}
                return web.json_response({"error": error}, status=int(trouble), headers=headers)
        self.answered[key] += trouble is None
        return web.json_response(self._completion(body, trouble), status=201 if trouble == "created" else 200)

    def _completion(self, body: Body, trouble: Trouble | None) -> Body:
        text = self.answer(body)
        reasons = {"abort": "abort", "length": "length", "filter": "content_filter"}
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": reasons.get(trouble or "", "stop"),
        }
        if first := self.logprobs(body):
            told = [{"token": token, "logprob": logprob} for token, logprob in first.items()]
            choice["logprobs"] = {"content": [{"top_logprobs": told}]}
        asked = sum(len(message["content"].split()) for message in body["messages"])
        usage = {
            "prompt_tokens": asked,
            "completion_tokens": len(text.split()),
            "prompt_tokens_details": {"cached_tokens": asked // 2},
        }
        told = {} if self.usage is False else {"usage": usage if self.usage is True else self.usage}
        return {"id": "x", "choices": [] if trouble == "no choices" else [choice], **told}


async def _drop_by_drop(request: web.Request) -> web.StreamResponse:
    """Answer a byte at a time, for longer than anybody waits."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(600):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


def key_of(body: Body) -> str:
    """Return the key that a request without constraint has."""
    messages = tuple(Message(message["role"], message["content"]) for message in body["messages"])
    return Request(messages, body["max_tokens"], None, body["temperature"], body.get("seed")).key(body["model"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--latency", type=float, default=1.0)
    parser.add_argument("--reply", default="", help="the text of every reply")
    options = parser.parse_args()

    def obeying(body: Body) -> str:
        """Answer the question that proves that grammars hold (`llm.capabilities`) as one who keeps to them does."""
        grammar = body.get("structured_outputs", {}).get("grammar", "")
        return "#zephyr ibex#" if "zephyr" in grammar else options.reply or employers(body)

    fixed = LoopbackServer(answer=obeying, latency_s=options.latency, slots=options.slots)
    with fixed.running() as server:
        print(json.dumps({"url": server.url}), flush=True)
        threading.Event().wait()
