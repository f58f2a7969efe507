"""What the environment says, read once: one frozen record that commands pass on. Secrets are not part of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """graph: the graph directory when no --graph is given (`KGBUILD_GRAPH`).
    weights: weights of the compact model when no --weights are given (`KGBUILD_WEIGHTS`); None means those shipped.
    threads: batches worked on at a time in one process (`KGBUILD_THREADS`); the processors of the machine when unset.
    prefect_api_url: the Prefect server through which builds go (`PREFECT_API_URL`); None builds in this process.
    """

    graph: Path
    weights: Path | None
    threads: int
    prefect_api_url: str | None

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the environment. Raises ValueError when `KGBUILD_THREADS` is not a positive number."""
        threads = environment.get("KGBUILD_THREADS") or str(len(os.sched_getaffinity(0)))
        if not threads.isdecimal() or int(threads) < 1:
            raise ValueError(f"KGBUILD_THREADS is {threads!r}. Give a whole number of at least 1, or unset it.")
        weights = environment.get("KGBUILD_WEIGHTS")
        return cls(
            graph=Path(environment.get("KGBUILD_GRAPH") or "kgraph"),
            weights=Path(weights) if weights else None,
            threads=int(threads),
            prefect_api_url=environment.get("PREFECT_API_URL") or None,
        )
