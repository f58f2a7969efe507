"""Language models behind addresses: what is asked, how it is asked, and what a server can do.

protocol           requests, replies and the two things that stages see of this folder: ChatModel and Replies
asking             one question asked once: remembered replies first
running            questions of many batches asked side by side, from code that waits
openai_compatible  any server that speaks the OpenAI protocol, vLLM first among them; what goes over the wire stands in wire
capabilities       what such a server can do, proved by its replies
recorded           replies written down beforehand
"""

import atexit
import os
import re
from functools import lru_cache
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

from kgbuild.errors import InputError
from kgbuild.llm.protocol import ChatModel
from kgbuild.llm.recorded import RecordedReplies
from kgbuild.llm.running import run_all
from kgbuild.settings import Settings

_SERVER = re.compile(r"(?P<model>.*)@(?P<url>https?://(?P<authority>[^/?#]*).*)", re.IGNORECASE | re.DOTALL)
_opening = Lock()


def open_model(address: str) -> ChatModel:
    """Open `recorded:FILE` or `server:MODEL@URL`; the same model for the same address, so that a process has one limit of requests.

    Raises InputError for an address that names no model, and for what cannot be used of the environment.
    """
    with _opening:
        return _open(address, os.getpid())


@lru_cache(maxsize=4)
def _open(address: str, _pid: int) -> ChatModel:
    kind, _, rest = address.partition(":")
    match kind:
        case "recorded":
            return RecordedReplies.read(Path(rest))
        case "server" if parts := _SERVER.fullmatch(rest):
            from kgbuild.llm.openai_compatible import OpenAICompatible  # takes half a second to import

            model, url = parts["model"], parts["url"]
            if "@" in parts["authority"]:
                raise InputError("--llm", "the URL holds a user's name or password", "Give a key in OPENAI_API_KEY instead")
            if "?" in url or "#" in url:
                raise InputError("--llm", "the URL goes on with ? or #", "End it where its path ends, mostly in /v1")
            if model and rest.isprintable() and _has_host(url):
                settings = Settings.read()
                key = _key()
                opened = OpenAICompatible(url, model, settings.requests, settings.reply_s, key)
                atexit.register(lambda: run_all([opened.close()]))
                return opened
    remedy = "Use server:MODEL@URL, such as server:Qwen/Qwen2.5-7B-Instruct@http://localhost:8000/v1, or recorded:FILE"
    raise InputError("--llm", f"{address!r} names no model", remedy)


def _has_host(url: str) -> bool:
    """Whether a URL names a host, and a port if any, that the client could connect to."""
    import httpx2  # the client's own rules for URLs

    try:
        httpx2.URL(url)
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and " " not in parts.netloc
    except (ValueError, httpx2.InvalidURL):
        return False


def _key() -> str | None:
    """Return the key to send, if there is one. Raises InputError for a variable that the client cannot send as a header."""
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"):
        told = os.environ.get(name, "")
        lines = told.split("\n") if name == "OPENAI_CUSTOM_HEADERS" else [told]
        if not all(line.isascii() and line.isprintable() for line in lines):
            raise InputError(name, "holds a character that no HTTP header can", "Set it to plain ASCII, without a line break")
    return os.environ.get("OPENAI_API_KEY") or None
