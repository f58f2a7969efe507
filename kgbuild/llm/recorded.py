"""Replies written down beforehand, for tests and for showing what a prompt gives: no server, no cost, the same every time.

A file of JSON lines, each one of

    {"asked": "words of the last message", "reply": "text", "logprobs": [-0.1, -2.3]}
    {"key": "the digest of the whole request", "reply": "text"}

`asked` answers every request whose last message holds those words; the longest that fits decides, and where several lines have the
same words they are used in turn, the last one again and again. `logprobs`, one per label of the request, may be left out. What
stands for the reply may instead be `"error": "cut" | "refused" | "unavailable"`.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from kgbuild.chunking import estimated_tokens
from kgbuild.errors import InputError, KgbuildError, ModelUnavailable, ReplyCut, ReplyRefused
from kgbuild.llm.protocol import Capabilities, NoReplies, Replies, Reply, Request, Usage
from kgbuild.serialisation import from_json

ALL = Capabilities("recorded", None, grammar=True, schema=True, json_object=True, label_logprobs=True, top_logprobs=20)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of the file."""

    asked: str | None = None
    key: str | None = None
    reply: str = ""
    logprobs: tuple[float | None, ...] = ()
    error: str | None = None


@dataclass
class RecordedReplies:
    """A `ChatModel` that answers from recorded replies. asked: the requests so far, in order, for tests to look at.

    can: what it claims to be able to do, for tests of the ways to fall back.
    """

    lines: tuple[Recorded, ...]
    name: str = "recorded"
    url: str = "recorded replies"
    can: Capabilities = ALL
    asked: list[Request] = field(default_factory=list)
    _turn: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @classmethod
    def read(cls, path: Path) -> "RecordedReplies":
        """Read a file of recorded replies. Raises InputError for one that cannot be read, naming the line."""
        try:
            text = path.read_text("utf-8")
        except OSError as error:
            raise InputError(path, f"cannot be read ({error.strerror})", "Name a file of recorded replies") from error
        except UnicodeDecodeError as error:
            raise InputError(path, f"is no UTF-8 at byte {error.start}", "Save it as UTF-8") from error
        lines: list[Recorded] = []
        for number, line in enumerate(text.split("\n"), 1):
            try:
                lines.extend([from_json(Recorded, line)] if line.strip() else [])
            except ValueError as error:
                remedy = 'Write {"asked": WORDS, "reply": TEXT} on each line'
                raise InputError(f"{path}, line {number}", str(error), remedy) from None
        return cls(tuple(lines), f"recorded/{path.stem}")

    async def capabilities(self, replies: Replies = NoReplies()) -> Capabilities:
        return self.can

    async def tokens(self, text: str) -> int:
        return estimated_tokens(text)

    async def complete(self, request: Request) -> Reply:
        """Return the recorded reply. Raises ReplyRefused, with the words that were asked, where none is recorded."""
        self.asked.append(request)
        line = self._line(request)
        if line.error is not None:
            raise _error(line.error)
        words = len(request.messages[-1].content.split()), len(line.reply.split())
        logprobs = line.logprobs or (None,) * len(request.labels)
        return Reply(line.reply, Usage(words[0], words[1], 0, 1), logprobs)

    def _line(self, request: Request) -> Recorded:
        last, key = request.messages[-1].content, request.key(self.name)
        fitting = [line for line in self.lines if line.key == key] or [
            line for line in self.lines if line.asked and line.asked in last
        ]
        if not fitting:
            remedy = f'Record {{"key": "{key}", "reply": ...}} or words of it under "asked"'
            raise ReplyRefused(self.name, f"no reply is recorded for {last[:80]!r}", remedy)
        longest = max(len(line.asked or "") for line in fitting)
        same = [line for line in fitting if len(line.asked or "") == longest]
        turn = self._turn[same[0].key or same[0].asked or ""]
        self._turn[same[0].key or same[0].asked or ""] += 1
        return same[min(turn, len(same) - 1)]


def _error(kind: str) -> KgbuildError:
    match kind:
        case "cut":
            return ReplyCut("recorded", "the reply was cut", "Ask for less")
        case "unavailable":
            return ModelUnavailable("recorded", "does not answer", "Try again later")
        case _:
            return ReplyRefused("recorded", "the request was refused", "Ask otherwise")
