"""Any server that speaks the OpenAI protocol, vLLM first among them.

What may pass is asked again here: no connection, an answer of 5xx or 429, no answer in time, a reply that the server aborted or
that is no reply at all. What the server says of the request itself (400, 404) is never asked again.
"""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, TypeVar

import aiohttp
import httpx2
import openai
from openai import DefaultAioHttpClient
from openai._models import FinalRequestOptions

from kgbuild.chunking import estimated_tokens
from kgbuild.errors import InputError, KgbuildError, ModelUnavailable, ReplyCut, ReplyRefused
from kgbuild.llm.capabilities import proved
from kgbuild.llm.protocol import Capabilities, NoReplies, PaidReplyCut, Replies, Reply, Request
from kgbuild.llm.wire import Completion, Tokens, body_of, logprobs_of, usage_of
from kgbuild.serialisation import from_json, to_json_bytes

Answer = TypeVar("Answer")

PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Before each time a request is asked again, give or take half, so that requests that failed together do not come back together."""
LONGEST_PAUSE_S = 60.0
"""Of what a server asks for by Retry-After."""
CONNECT_S = 10.0
_CONNECTING = aiohttp.ClientTimeout(sock_connect=CONNECT_S)
_SHOWN_CHARS = 300
"""Of a server's own words that an error quotes."""
_TOO_LONG = re.compile(r"context (length|size|window)|max_model_len|too long|too many tokens", re.IGNORECASE)


class _MayPass(Exception):
    """What went wrong with a request may be over when it is asked again, `after_s` seconds later at the earliest."""

    def __init__(self, problem: str, after_s: float = 0.0) -> None:
        super().__init__(problem)
        self.problem, self.after_s = problem, after_s


class _Client(openai.AsyncOpenAI):
    """Tells the server nothing of this machine and its Python, and works out only once what all requests for completions share."""

    def platform_headers(self) -> dict[str, str]:
        return {}

    async def completed(self, body: bytes) -> bytes:
        """Return the answer to a request for a completion; both are JSON. Raises openai.APIError.

        It goes straight to the aiohttp session of the client's transport: the layers between work out anew what is the same for
        all, at the cost of the request itself. They get what needs them: a proxy, and an answer that leads elsewhere.
        """
        transport = self._transport
        if transport.proxy is not None:
            return await self._through_all_layers(body)
        if not isinstance(transport.client, aiohttp.ClientSession):
            transport.client = transport.get_client()
        asking = transport.client.post(
            self._options.url, data=body, headers=self._headers, timeout=_CONNECTING, allow_redirects=False
        )
        try:
            async with asking as answer:
                content = await answer.read()
        except aiohttp.ClientError as error:
            raise openai.APIConnectionError(request=self._like) from error
        if answer.status < 300:
            return content
        if answer.status < 400:
            return await self._through_all_layers(body)
        told = [(name, value) for name, value in answer.headers.items() if name.lower() != "content-encoding"]  # it is undone
        raise self._make_status_error_from_response(
            httpx2.Response(answer.status, headers=told, content=content, request=self._like)
        )

    async def _through_all_layers(self, body: bytes) -> bytes:
        return await self.request(bytes, self._options.model_copy(update={"content": body}))

    @cached_property
    def _options(self) -> FinalRequestOptions:
        """A key that is no idempotency key: the client would think of one for each request, and send none of them."""
        return FinalRequestOptions.construct(method="post", url=f"{self.base_url}chat/completions", idempotency_key="none")

    @cached_property
    def _like(self) -> httpx2.Request:
        """A request as the client writes it, but for its body."""
        return self._build_request(self._options)

    @cached_property
    def _transport(self) -> Any:
        """That of aiohttp, as DefaultAioHttpClient has it."""
        return self._client._transport_for_url(self._like.url)

    @cached_property
    def _headers(self) -> dict[str, str]:
        """Without what the session itself knows, such as the encodings that it can undo."""
        its_own = ("host", "content-length", "accept-encoding")
        return {name: value for name, value in self._like.headers.items() if name not in its_own}


class OpenAICompatible:
    """A `ChatModel` behind a URL that ends in /v1. One per process and address: it holds the limit of requests in flight.

    requests: in flight at a time. reply_s: seconds within which each has to be answered. api_key: None where none is asked for.
    pauses_s: between the times that a request is asked.
    """

    def __init__(
        self,
        url: str,
        model: str,
        requests: int,
        reply_s: float,
        api_key: str | None = None,
        pauses_s: tuple[float, ...] = PAUSES_S,
    ) -> None:
        self.name = model
        self.url = url.rstrip("/")
        self._api_key = api_key
        self._reply_s = reply_s
        self._pauses_s = pauses_s
        self._slots = asyncio.Semaphore(requests)
        self._client = _Client(
            base_url=self.url,
            api_key=api_key or "none",  # the client insists on one
            max_retries=0,
            timeout=openai.Timeout(None, connect=CONNECT_S),  # `_patiently` looks after the whole
            http_client=_http_client(),
        )
        self._capabilities: Capabilities | None = None
        self._proving = asyncio.Lock()
        self._in_vain: ModelUnavailable | None = None
        self._is_heard = False
        self._label_tokens: dict[str, int] = {}

    async def capabilities(self, replies: Replies = NoReplies()) -> Capabilities:
        """Return what the server can do. replies: where that is remembered, for as long as the server says the same of itself."""
        if self._capabilities is None:
            before = self._in_vain
            async with self._proving:
                if self._in_vain is not None and self._in_vain is not before:
                    raise self._in_vain  # all who waited for an answer know by now that there is none
                try:
                    self._capabilities = self._capabilities or await proved(self, replies)
                except ModelUnavailable as error:
                    if not self._is_heard:  # one that answers anything at all may answer the next
                        self._in_vain = error
                    raise
        return self._capabilities

    async def complete(self, request: Request) -> Reply:
        can = await self.capabilities() if request.labels else Capabilities()
        tokens = await self.label_tokens(request.labels) if can.label_logprobs else {}
        completion = await self.completion(body_of(request, self.name, can, tokens))
        choice, usage = completion.choices[0], usage_of(completion, request)
        if choice.finish_reason == "length" and not request.labels:
            raise PaidReplyCut(
                self.url, f"the reply was cut after {usage.completion_tokens:,} tokens", "Ask about a shorter text", usage
            )
        if choice.finish_reason not in ("stop", "length"):
            raise self._refused(f"the reply ended for the reason {choice.finish_reason!r}")
        return Reply(choice.message.content or "", usage, logprobs_of(choice, request, can, tokens))

    async def completion(self, body: Mapping[str, Any]) -> Completion:
        """Ask for a completion, as the protocol has it, and return it once the server did not abort it.

        Raises what `complete` raises, but for ReplyCut of a reply that came to no end.
        """

        async def asked() -> Completion:
            answer = await self._client.completed(to_json_bytes(body))
            try:
                completion = from_json(Completion, answer)
            except ValueError as error:
                raise _MayPass(f"answers what is {error}") from None
            if not completion.choices:
                raise _MayPass("answers without a reply")
            if completion.choices[0].finish_reason == "abort":
                raise _MayPass("aborted the reply")
            return completion

        return await self._patiently(asked)

    async def close(self) -> None:
        await self._client.close()

    async def label_tokens(self, labels: Sequence[str]) -> Mapping[str, int]:
        """Return the first token of each label, as the server's tokenizer has it; it must have one."""
        for label in labels:
            if label not in self._label_tokens:
                self._label_tokens[label] = (await self.tokenize(label) or (0,))[0]
        return self._label_tokens

    async def tokenize(self, text: str) -> tuple[int, ...] | None:
        """Return the tokens of a text; None where the server does not tell. Raises ModelUnavailable."""
        body = {"model": self.name, "prompt": text, "add_special_tokens": False}
        answer = await self._beside(Tokens, lambda url: self._client.post(f"{url}/tokenize", cast_to=str, body=body))
        return answer.tokens if answer else None

    async def tokens(self, text: str) -> int:
        found = await self.tokenize(text)
        return estimated_tokens(text) if found is None else len(found)

    async def get(self, path: str, type_: type[Answer]) -> Answer | None:
        """Return what the server answers under a path beside /v1; None for anything but that. Raises ModelUnavailable."""
        return await self._beside(type_, lambda url: self._client.get(f"{url}{path}", cast_to=str))

    async def _beside(self, type_: type[Answer], ask: Callable[[str], Awaitable[str]]) -> Answer | None:
        async def asked() -> Answer | None:
            try:
                return from_json(type_, await ask(self.url.removesuffix("/v1")))
            except (openai.NotFoundError, openai.BadRequestError, ValueError):
                return None
            except openai.APIStatusError as error:
                if error.status_code == 405:  # there is such a path, for something else
                    return None
                raise

        return await self._patiently(asked)

    async def _patiently(self, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Ask until there is an answer, or no sense in asking again; the slot is kept meanwhile, to give a sick server rest."""
        async with self._slots:
            for pause_s in (*self._pauses_s, None):
                try:
                    async with asyncio.timeout(self._reply_s):  # of all: the client's own is between two bytes
                        answer = await ask()
                    self._is_heard = True
                    return answer
                except (openai.APIError, aiohttp.ClientError, TimeoutError, _MayPass) as error:
                    self._is_heard |= isinstance(error, (openai.APIStatusError, _MayPass))
                    trouble = self._trouble(error)
                if pause_s is None:
                    break
                await asyncio.sleep(max(trouble.after_s, pause_s * random.uniform(0.5, 1.5)))
        raise ModelUnavailable(self.url, trouble.problem, "Start the server, or name another one with --llm") from None

    def _trouble(self, error: Exception) -> _MayPass:
        """Say what may pass; raise what will not. The cause is left out: it holds the request, and with it the key."""
        match error:
            case _MayPass():
                return error
            case openai.APIStatusError(status_code=status):
                words = self._words(error)
                match status:
                    case 401 | 403:
                        raise ModelUnavailable(
                            self.url, f"refuses the key ({status}): {words}", "Set OPENAI_API_KEY to a key that it accepts"
                        ) from None
                    case 402:
                        remedy = "See to the account behind the key in OPENAI_API_KEY"
                        raise ModelUnavailable(self.url, f"asks for payment (402): {words}", remedy) from None
                    case 407:
                        remedy = "Give its user and password in HTTP_PROXY or HTTPS_PROXY, as http://USER:PASSWORD@HOST:PORT"
                        raise ModelUnavailable(self.url, f"a proxy asks for a login (407): {words}", remedy) from None
                    case _ if status < 400 or status in (404, 405):  # what leads elsewhere was followed, if it could be
                        remedy = "Name a model that it serves and a URL that ends in /v1, as --llm server:MODEL@URL"
                        raise ModelUnavailable(self.url, f"answers {status}: {words}", remedy) from None
                    case 408 | 409 | 429:
                        return _MayPass(f"answers {status}: {words}", _retry_after_s(error.response.headers))
                    case _ if status >= 500:
                        return _MayPass(f"answers {status}: {words}", _retry_after_s(error.response.headers))
                    case _ if _TOO_LONG.search(words):
                        raise ReplyCut(self.url, f"answers {status}: {words}", "Ask about a shorter text") from None
                raise self._refused(f"answers {status}: {words}") from None
            case TimeoutError():
                return _MayPass(f"gave no answer in {self._reply_s:g} s")
        return _MayPass(f"does not answer ({_root(error)})")

    def _refused(self, problem: str) -> KgbuildError:
        return ReplyRefused(self.url, problem, "Look at the server's log, or use another model")

    def _words(self, error: openai.APIStatusError) -> str:
        """Return what the server says, in one short line without the key, which some servers repeat."""
        body = error.body
        said = body.get("message") if isinstance(body, dict) else None
        words = " ".join(str(said or error.response.text or error.response.reason_phrase).split())[:_SHOWN_CHARS]
        return words.replace(self._api_key, "…") if self._api_key else words


def _http_client() -> httpx2.AsyncClient:
    """Raises InputError for what the environment says of proxies and certificates, where that cannot be used."""
    try:
        return DefaultAioHttpClient()
    except OSError as error:
        remedy = "Name a file of certificates, or unset it"
        raise InputError("SSL_CERT_FILE", f"cannot be used ({error.strerror or error})", remedy) from None
    except (ValueError, httpx2.InvalidURL):  # whose words may hold a password
        where, remedy = "HTTP_PROXY, HTTPS_PROXY or ALL_PROXY", "Give it as http://HOST:PORT, or unset it"
        raise InputError(where, "names no proxy that can be used", remedy) from None


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Return the seconds that a server asks for; a date, the header's other form, counts as nothing asked."""
    given = headers.get("retry-after", "")
    return min(float(given), LONGEST_PAUSE_S) if re.fullmatch(r"\d+(\.\d+)?", given) else 0.0


def _root(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())[:_SHOWN_CHARS] or type(error).__name__
