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
    prefect_api_url: the Prefect server through which builds go (`PREFECT_API_URL`); None builds in this process.
    """

    weights: Path | None
    threads: int
    prefect_api_url: str | None

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment. Raises InputError when `KGBUILD_THREADS` is not a positive number."""
        threads = environment.get("KGBUILD_THREADS") or str(_processors())
        if not threads.isdecimal() or int(threads) < 1:
            raise InputError(
                "KGBUILD_THREADS", f"{threads!r} is no number of threads", "Give a whole number of at least 1, or unset it"
            )
        weights = environment.get("KGBUILD_WEIGHTS")
        return cls(
            weights=Path(weights) if weights else None,
            threads=int(threads),
            prefect_api_url=environment.get("PREFECT_API_URL") or None,
        )


def _processors() -> int:
    """Count the processors that this process may use, where the system tells (Linux); else those of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
