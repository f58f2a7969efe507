"""One process writes a graph directory: an advisory `flock`, which the kernel lets go of when the process dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kgbuild.errors import GraphLocked


@contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Hold the writer's lock of a graph directory. Raises GraphLocked when another process holds it."""
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise GraphLocked(directory, "another build is writing this graph", "Wait for it, or stop it, and try again") from None
        yield
    finally:
        os.close(descriptor)
