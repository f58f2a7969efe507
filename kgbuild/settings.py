"""What the environment says, read once: one frozen record that commands pass on. Secrets are not part of it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kgbuild.errors import InputError


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost at a language model, in whatever currency. cached: of those asked that the server had at hand."""

    asked: float
    answered: float
    cached: float


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command does not have to be told. `KGBUILD_GRAPH` is read where options are, see `cli.console`.

    weights: weights of the compact model when no --weights are given (`KGBUILD_WEIGHTS`); None means those shipped.
    threads: batches worked on at a time in one process (`KGBUILD_THREADS`); the processors of the machine when unset.
    requests: requests that a process has in flight at a language model's server (`KGBUILD_REQUESTS`).
    reply_s: seconds within which a server has to answer one (`KGBUILD_REPLY_SECONDS`).
    prices: of a million tokens, asked and answered and, where cached ones are cheaper, those (`KGBUILD_PRICES`, such as "0.15 0.60"
        or "0.15 0.60 0.075"); None where nobody pays by the token, or cares.
    prefect_api_url: the Prefect server through which builds go (`PREFECT_API_URL`); None builds in this process.
    """

    weights: Path | None
    threads: int
    requests: int
    reply_s: int
    prices: Prices | None
    prefect_api_url: str | None

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment. Raises InputError when a number is none, or not positive."""

        def number(name: str, default: int) -> int:
            given = environment.get(name) or str(default)
            if not re.fullmatch(r"[0-9]{1,9}", given) or int(given) < 1:
                raise InputError(name, f"{given!r} is no number", "Give a whole number of at least 1, or unset it")
            return int(given)

        weights = environment.get("KGBUILD_WEIGHTS")
        return cls(
            weights=Path(weights) if weights else None,
            threads=number("KGBUILD_THREADS", _processors()),
            requests=number("KGBUILD_REQUESTS", 64),
            reply_s=number("KGBUILD_REPLY_SECONDS", 300),
            prices=_prices(environment.get("KGBUILD_PRICES", "")),
            prefect_api_url=environment.get("PREFECT_API_URL") or None,
        )


def _prices(given: str) -> Prices | None:
    words = given.split()
    if not words:
        return None
    if len(words) in (2, 3) and all(re.fullmatch(r"\d{1,9}(\.\d{1,9})?", word) for word in words):
        asked, answered, cached = (*map(float, words), float(words[0]))[:3]
        return Prices(asked, answered, cached)
    remedy = 'Give those of a million tokens asked and answered, and of cached ones if you like, such as "0.15 0.60", or unset it'
    raise InputError("KGBUILD_PRICES", f"{given!r} are no prices", remedy)


def _processors() -> int:
    """Count the processors that this process may use, where the system tells (Linux); else those of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
