"""The embedded store: one file per generation in the graph directory, built beside its place and renamed into it."""

import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kgbuild.errors import GraphLocked, StoreError
from kgbuild.ids import digest
from kgbuild.stores.embedded.cypher import checked, column_name, refusal
from kgbuild.stores.protocol import Answer, Differences, Publication, Snapshot

VIEW_VERSION = 1
"""Raise by hand when the tables of the view change, so that views built before are built anew."""
LADYBUG_PROCESS = Path(__file__).with_name("ladybug_process.py")
VIEW_FILE = re.compile(r"view-(\d+)-([0-9a-f]{8})\.lbug")
PROBLEM_FILE = "view-problem.txt"
GRACE_S = 5.0
"""Ladybug keeps a query's time limit itself; a process that is this much later still is killed."""


def view_problem(directory: Path) -> str | None:
    """Return why the last query of a graph found no view and could build none, in one line; None when there is a view."""
    try:
        return (directory / PROBLEM_FILE).read_text("utf-8").strip()
    except OSError:
        return None


class EmbeddedStore:
    """A store whose view is built when the first query after a publication asks for it.

    directory: the graph directory. writer_lock: takes the directory's writer lock or raises GraphLocked. It is held for
    the renaming only; while another process has it, a query uses a view of its own that goes with `close`.
    """

    def __init__(self, directory: Path, writer_lock: Callable[[Path], AbstractContextManager[object]]) -> None:
        self._directory = directory
        self._writer_lock = writer_lock
        self._snapshot: Snapshot | None = None
        self._ladybug: LadybugProcess | None = None
        self._open = ExitStack()

    def generation(self) -> int | None:
        if self._snapshot is not None:
            return self._snapshot.generation
        built = (VIEW_FILE.fullmatch(path.name) for path in self._directory.glob("view-*.lbug"))
        return max((int(match[1]) for match in built if match), default=None)

    def publish(self, snapshot: Snapshot, differences: Differences) -> Publication:
        """Answer later queries from `snapshot`, which must stay readable until the first of them; `differences` is not needed."""
        if self._snapshot is not None and self._snapshot.graph_id != snapshot.graph_id:
            raise StoreError(self._directory, "holds the view of another graph", "Give each graph a directory of its own")
        if self._snapshot is None or self._snapshot.generation != snapshot.generation:
            self.close()
        self._snapshot = snapshot
        return Publication()

    def query(
        self, cypher: str, parameters: Mapping[str, object] | None = None, *, max_rows: int = 10_000, timeout_s: float = 60.0
    ) -> Answer:
        values = dict(parameters or {})
        request = {
            "cypher": checked(cypher, values),
            "parameters": values,
            "max_rows": max_rows,
            "timeout_ms": int(timeout_s * 1000),
        }
        if self._ladybug is None:
            self._ladybug = self._noted(self._serving)
        try:
            reply = self._ladybug.ask(request, timeout_s + GRACE_S)
        except BaseException:  # Ctrl-C too: a process that still owes an answer must not be asked again
            self.close()
            raise
        if "error" in reply:
            raise refusal(reply["error"])
        return Answer(
            columns=tuple(column_name(given, cypher) for given in reply["columns"]),
            rows=tuple(map(tuple, reply["rows"])),
            complete=reply["complete"],
        )

    def close(self) -> None:
        self._ladybug = None
        self._open.close()

    def _noted(self, serving: Callable[[], "LadybugProcess"]) -> "LadybugProcess":
        """Keep for the report why there is no view, until there is one."""
        note = self._directory / PROBLEM_FILE
        try:
            process = serving()
        except StoreError as error:
            with suppress(OSError):
                note.write_text(f"{error.problem}\n", "utf-8")
            raise
        with suppress(OSError):
            note.unlink(missing_ok=True)
        return process

    def _serving(self) -> "LadybugProcess":
        """Start a process on the view of the published generation, building it first where there is none."""
        if self._snapshot is None:
            raise StoreError(self._directory, "nothing was published to this store yet", "Build the graph first")
        path = self._directory / self._file_name(self._snapshot)
        if path.is_file():
            process = self._open.enter_context(LadybugProcess("serve", path))
            if process.problem is None:
                return process
            self._open.close()  # another process has just removed it, or it is damaged
        process = self._open.enter_context(LadybugProcess("serve", self._build(self._snapshot, path)))
        if process.problem is not None:
            self._open.close()
            raise _not_built(self._directory, process.problem)
        return process

    def _build(self, snapshot: Snapshot, path: Path) -> Path:
        """Build the view and return where it lies: at `path`, or in a folder of our own when that cannot be had."""
        from kgbuild.stores.embedded.loading import (
            write_parquet,
        )  # pyarrow takes longer to import than a query on an unchanged graph

        with ExitStack() as until_moved:
            folder = until_moved.enter_context(_building_folder(self._directory))
            try:
                statements = write_parquet(snapshot, folder)
            except (OSError, sqlite3.Error) as error:
                raise _not_built(self._directory, str(error)) from error
            with LadybugProcess("load", folder / "view.lbug") as process:
                reply = {"error": process.problem} if process.problem else process.ask({"statements": statements}, None)
            if "error" in reply:
                raise _not_built(self._directory, reply["error"])
            try:
                with self._writer_lock(self._directory):
                    (folder / "view.lbug").replace(path)
                    _remove_what_no_reader_needs(path)
            except (GraphLocked, OSError):
                self._open.push(until_moved.pop_all())
                return folder / "view.lbug"
        return path

    def _file_name(self, snapshot: Snapshot) -> str:
        kind = digest(snapshot.graph_id, VIEW_VERSION, version("ladybug"))[:8]
        return f"view-{snapshot.generation}-{kind}.lbug"


class LadybugProcess:
    """Ladybug in a process of its own, see `ladybug_process`; it ends with the block, or with us.

    problem: why it could not open the file; None when it could.
    """

    def __init__(self, task: str, path: Path) -> None:
        self._process = subprocess.Popen(
            # -P: the folder of the script must not hide modules of the standard library
            [sys.executable, "-P", LADYBUG_PROCESS, task, str(path.resolve())],
            cwd=path.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
        )
        self.problem: str | None = None
        try:
            self.problem = self._reply(None).get("error")
        except StoreError as error:
            self.problem = error.problem

    def __enter__(self) -> "LadybugProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, request: Mapping[str, Any], timeout_s: float | None) -> dict[str, Any]:
        """Send a request and return its reply. Raises StoreError when the process died or had to be killed."""
        assert self._process.stdin is not None
        try:
            line = json.dumps(request)
        except TypeError as error:
            raise StoreError("query", f"a parameter is no JSON value ({error})", "Give text, numbers, lists or objects") from None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has died; reading says of what
        return self._reply(timeout_s)

    def _reply(self, timeout_s: float | None) -> dict[str, Any]:
        assert self._process.stdout is not None
        too_late = threading.Event()

        def end() -> None:
            too_late.set()
            self._process.kill()

        timer = threading.Timer(timeout_s or 0, end)
        if timeout_s is not None:
            timer.start()
        line = self._process.stdout.readline()
        timer.cancel()
        if not line.endswith("\n"):
            code = self._process.wait()
            if too_late.is_set():
                raise refusal("Interrupted")
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
            raise StoreError(
                "view", f"the Ladybug process {how}", "The graph is unharmed; try a simpler query, or `kgbuild export`"
            )
        reply: dict[str, Any] = json.loads(line)
        return reply


@contextmanager
def _building_folder(directory: Path) -> Iterator[Path]:
    """Give a folder for one build in the graph directory, or elsewhere where that cannot be written; locked while in use."""
    folder = directory / f"view-{secrets.token_hex(4)}.building"
    try:
        folder.mkdir()
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="kgbuild-view-"))
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _remove_what_no_reader_needs(kept: Path) -> None:
    """Remove earlier views and what killed builds left. A process that has a removed view open keeps reading it."""
    own = VIEW_FILE.fullmatch(kept.name)
    for path in kept.parent.glob("view-*.lbug"):
        other = VIEW_FILE.fullmatch(path.name)
        if own and other and (int(other[1]) < int(own[1]) or other[2] != own[2]):
            path.unlink(missing_ok=True)
    for folder in kept.parent.glob("view-*.building"):
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # another query has just finished with it
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            pass  # another query is building in it
        finally:
            os.close(descriptor)


def _not_built(directory: Path, reason: str) -> StoreError:
    told = " ".join(reason.split()).rstrip(".")
    return StoreError(
        directory, f"the Cypher view could not be built ({told})", "The graph is unharmed: `kgbuild export` and `explain` work"
    )
