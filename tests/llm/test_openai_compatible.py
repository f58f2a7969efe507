"""The client beside a real server: what is asked again and what is not, what counts as a reply, and what each request carries."""

import asyncio
import dataclasses
import logging
import math
import os
import platform
import traceback

import openai
import pytest
from openai import DefaultAioHttpClient

from kgbuild.chunking import estimated_tokens
from kgbuild.errors import InputError, KgbuildError, ModelUnavailable, ReplyCut, ReplyRefused
from kgbuild.llm import open_model
from kgbuild.llm.asking import prompt_tokens
from kgbuild.llm.openai_compatible import CONNECT_S, OpenAICompatible
from kgbuild.llm.protocol import Capabilities, Grammar, JsonObject, JsonSchema, Message, PaidReplyCut, Reply, Request, Usage
from kgbuild.llm.running import run_all
from kgbuild.llm.wire import body_of
from tests.llm.server import LoopbackServer

HELLO = Request((Message("system", "Be brief."), Message("user", "Say hello to Ada.")), 10)


def asked(
    server: LoopbackServer, *requests: Request, reply_s: float = 0.5, in_flight: int = 4, api_key: str | None = None
) -> list[Reply | KgbuildError]:
    model = OpenAICompatible(server.url, "m", in_flight, reply_s, api_key, pauses_s=(0.01, 0.01))
    try:
        return run_all(model.complete(request) for request in requests)
    finally:
        run_all([model.close()])


@pytest.mark.parametrize(
    ("trouble", "error", "times"),
    [
        (None, None, 1),
        ("created", None, 1),
        # May pass: asked three times by this client.
        ("500", ModelUnavailable, 3),
        ("502", ModelUnavailable, 3),
        ("429", ModelUnavailable, 3),
        ("reset", ModelUnavailable, 3),
        ("slow", ModelUnavailable, 3),
        ("abort", ModelUnavailable, 3),
        ("garbage", ModelUnavailable, 3),
        ("no choices", ModelUnavailable, 3),
        # About the request itself: asked once.
        ("400", ReplyRefused, 1),
        ("413", ReplyRefused, 1),
        ("filter", ReplyRefused, 1),
        ("length", ReplyCut, 1),
        # About the address or the key: asked once, and a later run, with another one, may do better.
        ("401", ModelUnavailable, 1),
        ("403", ModelUnavailable, 1),
        ("404", ModelUnavailable, 1),
        ("402", ModelUnavailable, 1),
        ("405", ModelUnavailable, 1),
        ("407", ModelUnavailable, 1),
        # It leads elsewhere without saying where, as it says once more when all layers ask.
        ("302", ModelUnavailable, 2),
        ("304", ModelUnavailable, 2),
        ("deep", ModelUnavailable, 3),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_may_pass_is_asked_again(trouble, error, times, packed):
    answering = LoopbackServer(answer=lambda body: "Hello, Ada.", trouble=lambda body, times: trouble, packed=packed)
    with answering.running() as server:
        (result,) = asked(server, HELLO)
    assert isinstance(result, error or Reply)
    assert len(server.asked) == times
    if isinstance(result, KgbuildError):
        assert server.url in str(result)
        assert "\n" not in str(result)
    else:
        assert result == Reply("Hello, Ada.", Usage(6, 2, 3, 1))


@pytest.mark.parametrize("trouble", [None, "400", "401", "403", "404", "429", "500", "reset", "slow", "garbage", "length"])
def test_the_key_stands_in_no_log_and_no_trace(trouble, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "sk-0123456789"
    repeating = LoopbackServer(answer=lambda body: f"Your key {secret} is noted.", trouble=lambda body, times: trouble)
    with repeating.running() as server:
        (result,) = asked(server, HELLO, api_key=secret)
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {secret}"}
    shown = "".join(traceback.format_exception(result)) if isinstance(result, KgbuildError) else ""
    assert secret not in shown + caplog.text


@pytest.mark.parametrize(
    "words",
    [
        "This model's maximum context length is 2048 tokens. However, your prompt contains at least 2049 input tokens",
        "max_tokens=4000 cannot be greater than max_model_len=2048.",
        "the request exceeds the available context size",
    ],
)
def test_a_request_that_is_too_long_may_be_asked_in_parts(words):
    with LoopbackServer(answer=lambda body: words, trouble=lambda body, times: "400").running() as server:
        (result,) = asked(server, HELLO)
    assert isinstance(result, ReplyCut)


def test_requests_are_those_that_openai_s_own_client_writes():
    requests = [
        dataclasses.replace(HELLO, messages=(Message("user", words),)) for words in ("Ada", 'Größe 数 🚀 "\\\n', "Bo" * 5000)
    ]
    with LoopbackServer().running() as server:
        asked(server, *requests, in_flight=1, api_key="sk-1")
        ours = list(zip(server.asked, map(without_platform, server.headers), strict=True))
        server.asked.clear(), server.headers.clear()

        async def by_openai() -> None:
            timeout = openai.Timeout(None, connect=CONNECT_S)
            client = openai.AsyncOpenAI(
                base_url=server.url, api_key="sk-1", max_retries=0, timeout=timeout, http_client=DefaultAioHttpClient()
            )
            async with client:
                for request in requests:
                    await client.chat.completions.create(**body_of(request, "m", Capabilities(), {}))

        asyncio.run(by_openai())
        theirs = list(zip(server.asked, map(without_platform, server.headers), strict=True))
    assert ours == theirs


def without_platform(headers: dict[str, str]) -> dict[str, str]:
    """Leave out what tells of the machine, which ours are not to have, and who asks."""
    told = {name.lower(): value for name, value in headers.items()}
    shared = ("x-stainless-retry-count", "x-stainless-read-timeout")
    return {name: value for name, value in told.items() if name in shared or not name.startswith(("x-stainless-", "user-agent"))}


def test_an_answer_that_leads_elsewhere_is_followed():
    with LoopbackServer(trouble=lambda body, times: "elsewhere" if times == 0 else None).running() as server:
        (result,) = asked(server, HELLO, api_key="sk-1")
    assert isinstance(result, Reply)
    assert len(server.asked) == 2
    assert {headers["Authorization"] for headers in server.headers} == {"Bearer sk-1"}


def test_the_proxy_of_the_environment_is_used(monkeypatch):
    with LoopbackServer().running() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
        model = OpenAICompatible("http://far.invalid/v1", "m", 1, 0.5)
        (result,) = run_all([model.complete(HELLO)])
        run_all([model.close()])
    assert isinstance(result, Reply)
    assert [headers["Host"] for headers in proxy.headers] == ["far.invalid"]


def test_a_server_is_told_nothing_of_the_machine_that_asks():
    with LoopbackServer().running() as server:
        asked(server, HELLO)
    told = " ".join(f"{name} {value}" for headers in server.headers for name, value in headers.items()).casefold()
    assert not [words for words in (platform.system(), platform.machine(), platform.python_version()) if words.casefold() in told]


def test_a_cut_reply_tells_what_it_cost():
    with LoopbackServer(answer=lambda body: "one two three", trouble=lambda body, times: "length").running() as server:
        (result,) = asked(server, HELLO)
    assert isinstance(result, PaidReplyCut)
    assert result.usage == Usage(6, 3, 3, 1)


ESTIMATED = prompt_tokens(HELLO.messages), estimated_tokens("Hello, Ada.")


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"prompt_tokens": 6, "completion_tokens": 2}, Usage(6, 2, 0, 1)),
        # What is not told is estimated, so that a budget holds.
        (False, Usage(*ESTIMATED, 0, 1)),
        ({}, Usage(*ESTIMATED, 0, 1)),
        ({"prompt_tokens": None, "completion_tokens": 2}, Usage(ESTIMATED[0], 2, 0, 1)),
        # So is what cannot be: too many for a database even, none at all, or fewer.
        ({"prompt_tokens": 10**30, "completion_tokens": 2**63 - 1}, Usage(*ESTIMATED, 0, 1)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, Usage(*ESTIMATED, 0, 1)),
        ({"prompt_tokens": -6, "completion_tokens": -2}, Usage(*ESTIMATED, 0, 1)),
        ({"prompt_tokens": math.inf, "completion_tokens": 2.5}, Usage(ESTIMATED[0], 2, 0, 1)),
        # Of a prompt no more is cached than it has, and no less than nothing.
        ({"prompt_tokens": 6, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 7}}, Usage(6, 2, 6, 1)),
        ({"prompt_tokens": 6, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": -9}}, Usage(6, 2, 0, 1)),
        ({"prompt_tokens": 6, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 10**30}}, Usage(6, 2, 0, 1)),
    ],
)
def test_what_a_reply_cost_is_told_or_estimated(told, usage):
    with LoopbackServer(answer=lambda body: "Hello, Ada.", usage=told).running() as server:
        (result,) = asked(server, HELLO)
    assert result == Reply("Hello, Ada.", usage)


def test_no_more_requests_are_in_flight_than_allowed():
    requests = [dataclasses.replace(HELLO, seed=n) for n in range(40)]
    with LoopbackServer(answer=lambda body: str(body["seed"]), latency_s=0.02).running() as server:
        replies = asked(server, *requests, in_flight=5)
    assert [reply.text for reply in replies] == [str(n) for n in range(40)]
    assert server.busiest == 5


@pytest.mark.parametrize(
    ("request_", "can", "fields"),
    [
        (HELLO, Capabilities(), {"max_tokens": 10, "temperature": 0.0}),
        (dataclasses.replace(HELLO, temperature=0.7, seed=3), Capabilities(), {"max_tokens": 10, "temperature": 0.7, "seed": 3}),
        (
            dataclasses.replace(HELLO, constraint=Grammar("start: A")),
            Capabilities(),
            {"max_tokens": 10, "temperature": 0.0, "structured_outputs": {"grammar": "start: A"}},
        ),
        (
            dataclasses.replace(HELLO, constraint=JsonSchema('{"type":"object"}')),
            Capabilities(),
            {
                "max_tokens": 10,
                "temperature": 0.0,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "reply", "schema": {"type": "object"}, "strict": True},
                },
            },
        ),
        (
            dataclasses.replace(HELLO, constraint=JsonObject()),
            Capabilities(),
            {"max_tokens": 10, "temperature": 0.0, "response_format": {"type": "json_object"}},
        ),
        # Labels are asked for as the server can tell them; a server that tells nothing still says its word.
        (
            dataclasses.replace(HELLO, labels=("yes", "no")),
            Capabilities(label_logprobs=True, top_logprobs=20),
            {
                "max_tokens": 1,
                "temperature": 0.0,
                "logprobs": True,
                "logprob_token_ids": [7, 8],
                "return_tokens_as_token_ids": True,
            },
        ),
        (
            dataclasses.replace(HELLO, labels=("yes", "no")),
            Capabilities(top_logprobs=5),
            {"max_tokens": 1, "temperature": 0.0, "logprobs": True, "top_logprobs": 5},
        ),
        (dataclasses.replace(HELLO, labels=("yes", "no")), Capabilities(), {"max_tokens": 1, "temperature": 0.0}),
    ],
)
def test_a_request_on_the_wire(request_, can, fields):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say hello to Ada."}]
    assert body_of(request_, "m", can, {"yes": 7, "no": 8}) == {"model": "m", "messages": messages, **fields}


@pytest.mark.parametrize(
    "address",
    [
        "",
        "gpt",
        "server:",
        "server:m",
        "server:m@",
        "server:@http://h/v1",
        "server:m@ftp://h/v1",
        "server:m@http://u:secret@h/v1",
        "server:m@http://secret@h/v1",
        "server:@http://u:secret@h/v1",
        "server:m@HTTP://u:secret@h/v1",
        "server:m@http://u:secret@[::1/v1",
        # No URL, or none of a server that listens somewhere.
        "server:m@http:///v1",
        "server:m@http://[::1/v1",
        "server:m@http://[zz]/v1",
        "server:m@http://h:abc/v1",
        "server:m@http://h:99999/v1",
        "server:m@http://1.2.3.999/v1",
        "server:m@http://h h/v1",
        "server:m@http://h/v1\n",
        "server:m@http://h\x01/v1",
        "server:m@http://h/\udcff/v1",
        "server:m\udcff@http://h/v1",
        # The path of a request would follow upon these.
        "server:m@http://h/v1?key=secret",
        "server:m@http://h/v1#secret",
    ],
)
def test_an_address_that_names_no_model_is_one_line(address):
    with pytest.raises(InputError) as error:
        open_model(address)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_a_process_has_one_client_per_address():
    assert open_model("server:a@b/c@http://h/v1") is open_model("server:a@b/c@http://h/v1")
    assert open_model("server:a@b/c@http://h/v1").name == "a@b/c"


@pytest.mark.parametrize("url", ["HTTP://h/v1", "Https://h/v1", "http://[::1]:8000/v1", "http://é.example/ü"])
def test_a_url_is_read_as_urls_are(url):
    opened = open_model(f"server:a model@{url}")
    assert (opened.name, opened.url) == ("a model", url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_API_KEY", "secret\n"),
        ("OPENAI_API_KEY", "secret\udcff"),
        ("OPENAI_ORG_ID", "é"),
        ("OPENAI_PROJECT_ID", "a\nb"),
        ("OPENAI_CUSTOM_HEADERS", "X-Team: a\nX-Mate: é"),
        ("HTTP_PROXY", "http://[zz]"),
        ("ALL_PROXY", "ftp://u:secret@x"),
        ("HTTPS_PROXY", "http://u:secret/x@h"),
        ("SSL_CERT_FILE", "/nope"),
        ("SSL_CERT_FILE", __file__),
    ],
)
def test_an_environment_that_cannot_be_used_is_one_line_that_names_it(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as error:
        open_model(f"server:m@http://{name.lower().replace('_', '-')}/v1")
    assert name in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


def test_headers_of_the_environment_go_one_a_line(monkeypatch):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Team: a\nX-Mate: b")
    assert open_model("server:m@http://headers/v1").name == "m"


@pytest.fixture(scope="module")
def vllm() -> str:
    return f"server:tiny@{os.environ['KGBUILD_VLLM_URL']}"


@pytest.mark.needs_vllm
def test_a_real_server_can_do_all_of_it(vllm):
    (can,) = run_all([open_model(vllm).capabilities()])
    assert can.server.startswith("vLLM 0.")
    assert dataclasses.replace(can, server="") == Capabilities("", 2048, True, True, True, True, 20, True)


@pytest.mark.needs_vllm
def test_labels_of_a_real_server_are_those_of_the_whole_vocabulary(vllm):
    labels = ("yes", "no", "Yes", "No")
    asked_for = dataclasses.replace(HELLO, labels=labels)
    (reply,) = run_all([open_model(vllm).complete(asked_for)])
    in_pairs = run_all(open_model(vllm).complete(dataclasses.replace(HELLO, labels=pair)) for pair in (labels[:2], labels[2:]))
    told = [logprob for pair in in_pairs for logprob in pair.logprobs]
    assert None not in told
    assert reply.logprobs == pytest.approx(told, abs=1e-3)  # what else was asked for makes no difference
    assert all(-15 < logprob < -4 for logprob in reply.logprobs)  # of 4,096 tokens by chance; between the labels it were -1.4


@pytest.mark.needs_vllm
@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (dataclasses.replace(HELLO, messages=(Message("user", "word " * 3000),)), ReplyCut),
        (dataclasses.replace(HELLO, max_tokens=5000), ReplyCut),
        (dataclasses.replace(HELLO, max_tokens=3), PaidReplyCut),
        (dataclasses.replace(HELLO, constraint=Grammar("no grammar")), ReplyRefused),
        (dataclasses.replace(HELLO, constraint=JsonSchema('{"not": {}}')), ReplyRefused),
    ],
)
def test_what_a_real_server_refuses(vllm, request_, error):
    (result,) = run_all([open_model(vllm).complete(request_)])
    assert isinstance(result, error), result


@pytest.mark.needs_vllm
def test_a_model_that_a_real_server_does_not_have_is_named(vllm):
    (result,) = run_all([open_model(vllm.replace("tiny", "nobody", 1)).complete(HELLO)])
    assert isinstance(result, ModelUnavailable)
    assert "nobody" in str(result)
