"""What a server can do is what its replies prove, whatever it says; found out once."""

import math

import pytest
from aiohttp import web

from kgbuild.errors import ModelUnavailable
from kgbuild.ledger import Ledger, worker_replies
from kgbuild.llm.openai_compatible import OpenAICompatible
from kgbuild.llm.protocol import Capabilities, NoReplies
from kgbuild.llm.running import run_all
from tests.llm.server import LoopbackServer

TOKENS = {"/tokenize": lambda body: {"tokens": [len(body["prompt"]), 9]}}


def only_to_be_read(body):
    raise web.HTTPMethodNotAllowed("POST", ["GET"])


def obeying(*kept: str, most: int = 20, **fields) -> LoopbackServer:
    """Return a server that heeds these fields of a request, and refuses more log-probabilities than `most`."""

    def answer(body):
        if "structured_outputs" in body and "structured_outputs" in kept:
            return "#zephyr ibex#"
        match body.get("response_format", {}).get("type"):
            case "json_schema" if "json_schema" in kept:
                return '{ "vex": "qualm" }'
            case "json_object" if "json_object" in kept:
                return '{"anything": 1}'
        return "It was a mild day."

    def logprobs(body):
        if "logprob_token_ids" in body and "logprob_token_ids" in kept:
            return {f"token_id:{token}": -1.0 for token in body["logprob_token_ids"]}
        return {str(n): math.log(1 / 30) for n in range(body.get("top_logprobs", 0))} if "top_logprobs" in kept else {}

    def trouble(body, times):
        return "400" if body.get("top_logprobs", 0) > most else None

    return LoopbackServer(answer, trouble, logprobs, **fields)


def found(server: LoopbackServer, replies=NoReplies()) -> Capabilities:
    model = OpenAICompatible(server.url, "m", 8, 5.0, None, (0.01,))
    try:
        (first,), (again,) = run_all([model.capabilities(replies)]), run_all([model.capabilities(replies)])
        assert again is first
        return first
    finally:
        run_all([model.close()])


@pytest.mark.parametrize(
    ("server", "can"),
    [
        # Every field taken, none heeded: what vLLM does with those of its releases before.
        (obeying(), Capabilities("loopback")),
        (obeying("structured_outputs"), Capabilities("loopback", grammar=True)),
        (obeying("json_schema", "json_object"), Capabilities("loopback", schema=True, json_object=True)),
        (obeying("json_object"), Capabilities("loopback", json_object=True)),
        # As many of the likeliest tokens as it allows.
        (obeying("top_logprobs"), Capabilities("loopback", top_logprobs=20)),
        (obeying("top_logprobs", most=5), Capabilities("loopback", top_logprobs=5)),
        (obeying("top_logprobs", most=4), Capabilities("loopback")),
        # Labels are tokens first, which the server has to tell.
        (obeying("logprob_token_ids"), Capabilities("loopback")),
        (obeying("logprob_token_ids", more=TOKENS), Capabilities("loopback", label_logprobs=True, tokenize=True)),
        (obeying(more=TOKENS), Capabilities("loopback", tokenize=True)),
        (obeying(more={"/tokenize": only_to_be_read}), Capabilities("loopback")),
        # The context is what the model's card says; a list without the model, or none, says nothing.
        (obeying(card={"id": "m", "max_model_len": 2048}), Capabilities("", 2048)),
        (obeying(card={"id": "other", "max_model_len": 2048}), Capabilities()),
        (obeying(card={"name": "m"}), Capabilities()),
        (
            obeying(card={"id": "m", "owned_by": "vllm"}, more={"/version": lambda body: {"version": "0.32.0"}}),
            Capabilities("vLLM 0.32.0"),
        ),
        (obeying(card={"id": "m", "owned_by": "vllm"}), Capabilities("vLLM")),
    ],
)
def test_a_server_can_do_what_it_is_seen_to_do(server, can):
    with server.running():
        assert found(server) == can


@pytest.mark.parametrize("trouble", ["400", "422"])
def test_a_request_that_is_refused_proves_nothing(trouble):
    server = obeying("structured_outputs", "json_schema", "json_object", "top_logprobs")
    server.trouble = lambda body, times: trouble if body.keys() & {"structured_outputs", "response_format", "logprobs"} else None
    with server.running():
        assert found(server) == Capabilities("loopback")


def test_a_server_that_refuses_everything_is_not_one_that_can_do_nothing():
    server = obeying("structured_outputs")
    server.trouble = lambda body, times: "400"
    with server.running():
        model = OpenAICompatible(server.url, "m", 8, 5.0, None, (0.01,))
        (refused,) = run_all([model.capabilities(NoReplies())])
        run_all([model.close()])
    assert isinstance(refused, ModelUnavailable)
    assert "refuses even a plain question: answers 400" in str(refused)


def test_all_who_wait_for_a_server_that_is_not_there_are_told_at_once():
    model = OpenAICompatible("http://127.0.0.1:1/v1", "m", 8, 5.0, None, (0.01, 0.01))
    first, later = (run_all([model.capabilities(NoReplies()) for _ in range(50)]) for _ in range(2))
    run_all([model.close()])
    assert all(isinstance(error, ModelUnavailable) for error in (*first, *later))
    assert len(set(map(id, first))) == len(set(map(id, later))) == 1
    assert first[0] is not later[0]  # by then it might have been there


def test_what_a_setting_may_change_is_asked_anew_in_the_next_run(tmp_path):
    server = obeying("json_schema", card={"id": "m", "owned_by": "loopback", "max_model_len": 2048})
    with Ledger.open(tmp_path) as ledger, server.running():
        for _ in range(2):
            with worker_replies(tmp_path, ledger.start_run(), None) as replies:
                assert not found(server, replies).grammar
            ledger.take_in_replies()
    assert len(server.asked) == 10


def test_it_is_remembered_for_as_long_as_the_server_says_the_same_of_itself(tmp_path):
    server = obeying("structured_outputs", card={"id": "m", "owned_by": "loopback", "max_model_len": 2048})
    with Ledger.open(tmp_path) as ledger, server.running():
        for _ in range(2):
            with worker_replies(tmp_path, ledger.start_run(), None) as replies:
                assert found(server, replies).grammar
            ledger.take_in_replies()
        assert len(server.asked) == 5
        server.card["max_model_len"] = 4096
        with worker_replies(tmp_path, ledger.start_run(), None) as replies:
            assert found(server, replies).max_model_len == 4096
        assert len(server.asked) == 10
