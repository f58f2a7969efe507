"""A Prefect server of one's own for the time of a run, where none is configured.

Prefect would start a throw-away one by itself, but that one outlives a killed run and drops records of task runs. This one keeps
its history in the user's Prefect home and dies with the process that started it.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import prefect
from prefect.settings import PREFECT_API_URL, temporary_settings
from rich.console import Console

from kgbuild.errors import InputError

START_TIMEOUT_S = 180.0
_PR_SET_PDEATHSIG = 1


@contextmanager
def prefect_api() -> Iterator[str]:
    """Yield the address of the configured Prefect API, or of a server started for the block.

    Raises InputError when none can be started in three minutes.
    """
    if (configured := PREFECT_API_URL.value()) is not None:
        yield configured
        return
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(Path(prefect.__file__).parents[1]), "--factory"]
    command += ["prefect.server.api.server:create_app", "--host", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent)
    try:
        with Console(stderr=True).status("Starting a Prefect server …"):  # drawn on a terminal only
            _wait_until_healthy(server, url)
        with temporary_settings({PREFECT_API_URL: url}):
            yield url
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def _wait_until_healthy(server: "subprocess.Popen[bytes]", url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(f"{url}/health", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise InputError(
        "--prefect", "no Prefect server could be started", "Start one with `prefect server start` and set PREFECT_API_URL"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Ask the kernel to end this process when its parent dies, however it dies (Linux; elsewhere nothing does)."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
