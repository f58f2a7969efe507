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
from functools import lru_cache
from pathlib import Path
from threading import Lock
from urllib.parse import urlsplit

from kgbuild.errors import InputError
from kgbuild.llm.protocol import ChatModel
from kgbuild.llm.recorded import RecordedReplies
from kgbuild.llm.running import run_all
from kgbuild.settings import Settings

_opening = Lock()


def open_model(address: str) -> ChatModel:
    """Open `recorded:FILE` or `server:MODEL@URL`; the same model for the same address, so that a process has one limit of requests.

    Raises InputError for an address that names no model.
    """
    with _opening:
        return _open(address, os.getpid())


@lru_cache(maxsize=4)
def _open(address: str, _pid: int) -> ChatModel:
    kind, _, rest = address.partition(":")
    match kind:
        case "recorded":
            return RecordedReplies.read(Path(rest))
        case "server":
            from kgbuild.llm.openai_compatible import OpenAICompatible  # takes half a second to import

            model, _, after = rest.rpartition("@http")
            parts = urlsplit(url := f"http{after}")
            if "@" in parts.netloc:
                raise InputError("--llm", "the URL holds a user's name or password", "Give a key in OPENAI_API_KEY instead")
            if model and parts.scheme in ("http", "https") and parts.hostname:
                settings = Settings.read()
                key = os.environ.get("OPENAI_API_KEY") or None
                opened = OpenAICompatible(url, model, settings.requests, settings.reply_s, key)
                atexit.register(lambda: run_all([opened.close()]))
                return opened
    remedy = "Use server:MODEL@URL, such as server:Qwen/Qwen2.5-7B-Instruct@http://localhost:8000/v1, or recorded:FILE"
    raise InputError("--llm", f"{address!r} names no model", remedy)
