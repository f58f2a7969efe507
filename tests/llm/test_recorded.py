"""Recorded replies: the longest words that fit decide, lines with the same words take turns, and what is not recorded says so."""

import pytest

from kgbuild.errors import InputError, ModelUnavailable, ReplyCut, ReplyRefused
from kgbuild.llm import open_model
from kgbuild.llm.protocol import Message, Request
from kgbuild.llm.recorded import RecordedReplies
from kgbuild.llm.running import run_all


def about(words: str, **fields) -> Request:
    return Request((Message("system", "Ada"), Message("user", words)), 10, **fields)


@pytest.fixture
def recorded(tmp_path) -> RecordedReplies:
    path = tmp_path / "replies.jsonl"
    lines = [
        '{"asked": "Ada", "reply": "short"}',
        '{"asked": "Ada Lovelace", "reply": "long"}',
        "",
        '{"asked": "twice", "reply": "first"}',
        '{"asked": "twice", "reply": "second"}',
        '{"asked": "sure?", "reply": "yes", "logprobs": [-0.1, null]}',
        '{"asked": "cut", "error": "cut"}',
        '{"asked": "away", "error": "unavailable"}',
        f'{{"key": "{about("by key, Ada").key("recorded/replies")}", "reply": "whole"}}',
    ]
    path.write_text("\n".join(lines), "utf-8")
    return RecordedReplies.read(path)


def test_what_is_recorded_is_answered(recorded):
    words = ["is Ada here", "is Ada Lovelace here", "by key, Ada", "twice", "twice", "twice"]
    replies = [run_all([recorded.complete(about(asked))])[0] for asked in words]
    assert [reply.text for reply in replies] == ["short", "long", "whole", "first", "second", "second"]
    (sure,) = run_all([recorded.complete(about("sure?", labels=("yes", "no")))])
    assert sure.logprobs == (-0.1, None)


@pytest.mark.parametrize(
    ("words", "error"),
    [("cut", ReplyCut), ("away", ModelUnavailable), ("nobody knows " * 20, ReplyRefused)],
)
def test_what_is_not_answered_is_an_error(recorded, words, error):
    (result,) = run_all([recorded.complete(about(words))])
    assert type(result) is error
    if error is ReplyRefused:
        assert repr(words[:80]) in str(result)
        assert words[:81] not in str(result)


@pytest.mark.parametrize("line", ["no json", '{"asked": 1}', "[]"])
def test_a_line_that_cannot_be_read_is_named(tmp_path, line):
    path = tmp_path / "replies.jsonl"
    path.write_text(f'{{"asked": "a", "reply": "b"}}\n{line}\n', "utf-8")
    with pytest.raises(InputError, match="line 2"):
        open_model(f"recorded:{path}")
    with pytest.raises(InputError, match="cannot be read"):
        open_model(f"recorded:{tmp_path / 'none'}")
    path.write_bytes(b'{"asked": "\xff"}')
    with pytest.raises(InputError, match="is no UTF-8 at byte 11"):
        open_model(f"recorded:{path}")
