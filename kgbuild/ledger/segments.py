"""What workers have finished but the writer has not committed yet, so that a kill loses no paid work.

Each worker appends to segment files of its own, one a kind, one line per finished item: a checksum, and the words and JSON below
with tabs between, which they have none of themselves. The writer takes all segments in before it plans; a torn last line fails
its checksum and is dropped.

    extractions   key of the extraction, Extraction
    replies       key of the request, Reply, stage that paid for it
    spent         stage, Usage of an answer that nothing is remembered of
"""

import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from kgbuild.errors import GraphError

_FORMAT = 2
"""Goes into each checksum, so that a line of another form fails it."""


class Segment:
    """An open segment file; all that is appended has reached the kernel when `append` or `extend` return."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _named_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)

    def append(self, *item: str) -> None:
        """Raises GraphError when the line cannot be written whole."""
        self.extend((item,))

    def extend(self, items: Iterable[Sequence[str]]) -> None:
        """Append a line for each item, in one write. Raises GraphError when they cannot be written whole."""
        rest = memoryview(b"".join(map(_line, items)))
        with _named_errors(self._path):
            while rest:
                rest = rest[self._file.write(rest) :]


@contextmanager
def _named_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        remedy = "Make room or give access, and run the same command again; what was committed is kept"
        raise GraphError(path, f"cannot be written ({error.strerror})", remedy) from error


def _line(item: Sequence[str]) -> bytes:
    body = "\t".join(item).encode()
    return b"%08x %s\n" % (zlib.crc32(body, _FORMAT), body)


@lru_cache(maxsize=8)
def worker_segment(directory: Path, run_id: int, kind: str) -> Segment:
    """Return this process's segment of a run; a run never appends to the file of an earlier one."""
    return Segment(directory / "segments" / f"{run_id}-{os.getpid()}.{kind}.jsonl")


def segment_files(directory: Path, kind: str = "*") -> list[Path]:
    return sorted((directory / "segments").glob(f"*.{kind}.jsonl"))


def run_of(segment: Path) -> int:
    """Return the id of the run that wrote a segment file."""
    return int(segment.name.partition("-")[0])


def read_segment(path: Path, start: int = 0) -> Iterator[tuple[list[str], int]]:
    """Yield the item on each whole line from a byte offset on, and the offset after the line.

    A line that fails its checksum is skipped, since its work is simply done again; the last one may still be in the writing.
    """
    with path.open("rb") as lines:
        lines.seek(start)
        for line in lines:
            start += len(line)
            checksum, _, body = line.rstrip(b"\n").partition(b" ")
            if line.endswith(b"\n") and checksum == b"%08x" % zlib.crc32(body, _FORMAT):
                yield body.decode().split("\t"), start
