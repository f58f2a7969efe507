"""What the environment says, read once: one frozen record that commands pass on. Secrets are not part of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kgbuild.errors import InputError


@dataclass(frozen=True, slots=True)
class Settings:
    """What a command does not have to be told. `KGBUILD_GRAPH` is read where options are, see `cli.console`.

    weights: weights of the compact model when no --weights are given (`KGBUILD_WEIGHTS`); None means those shipped.
    threads: batches worked on at a time in one process (`KGBUILD_THREADS`); the processors of the machine when unset.
    requests: requests that a process has in flight at a language model's server (`KGBUILD_REQUESTS`).
    reply_s: seconds within which a server has to answer one (`KGBUILD_REPLY_SECONDS`).
    prefect_api_url: the Prefect server through which builds go (`PREFECT_API_URL`); None builds in this process.
    """

    weights: Path | None
    threads: int
    requests: int
    reply_s: int
    prefect_api_url: str | None

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment. Raises InputError when a number is none, or not positive."""

        def number(name: str, default: int) -> int:
            given = environment.get(name) or str(default)
            if not given.isdecimal() or int(given) < 1:
                raise InputError(name, f"{given!r} is no number", "Give a whole number of at least 1, or unset it")
            return int(given)

        weights = environment.get("KGBUILD_WEIGHTS")
        return cls(
            weights=Path(weights) if weights else None,
            threads=number("KGBUILD_THREADS", _processors()),
            requests=number("KGBUILD_REQUESTS", 64),
            reply_s=number("KGBUILD_REPLY_SECONDS", 300),
            prefect_api_url=environment.get("PREFECT_API_URL") or None,
        )


def _processors() -> int:
    """Count the processors that this process may use, where the system tells (Linux); else those of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
