"""A real Neo4j with Neo4j Browser for the tests and for `make neo4j`, assembled from Maven artefacts: no Docker, no installation.

    with running(RELEASES[0], tmp_path) as server:
        GraphDatabase.driver(server.url, auth=server.auth)

The fixtures in conftest.py share one server per release; a test that stops, kills or locks a server starts its own with `running`.
As a script (`make neo4j`) it serves in the foreground and keeps its data in .neo4j/.
"""

import argparse
import ctypes
import fcntl
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import neo4j
import pytest
from neo4j.exceptions import Neo4jError, ServiceUnavailable

ROOT = Path(__file__).parents[1]
ASSEMBLED = ROOT / ".neo4j"
POM = Path(__file__).parent / "neo4j" / "pom.xml"
COPY_DEPENDENCIES = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0
DATABASE = "neo4j"
BOLT_PORT, HTTP_PORT = 7687, 7474
OPENED = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.nio", "java.io", "sun.nio.ch", "java.lang")]
QUICK_START = ("-Xmx1g", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Ready in half the time; a benchmark is better off without."""
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Release:
    """A release of Neo4j and the Javas it is supported on, last one included; None means no upper bound."""

    name: str
    version: str
    main_class: str
    first_java: int
    last_java: int | None


RELEASES = (
    Release("5.26", "5.26.30", "org.neo4j.server.CommunityEntryPoint", first_java=17, last_java=21),
    Release("2026.08", "2026.08.1", "org.neo4j.server.Neo4jCommunity", first_java=21, last_java=None),
)
NEO4J_RELEASES = [pytest.param(release, id=f"neo4j-{release.name}", marks=pytest.mark.needs_neo4j) for release in RELEASES]
"""For `parametrize` and `fixture(params=...)`: one parameter per release, deselected where no Neo4j is asked for."""


class CannotRun(Exception):
    """Why a release cannot be run on this machine: a program is missing. Tests that need it are skipped."""


class DoesNotStart(Exception):
    """A server that should have started did not; whoever needs it fails."""


# -- What the machine has


@functools.cache
def javas() -> dict[int, Path]:
    """Return the Java programs found by JAVA_HOME, on the PATH and where systems install them, by feature version."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += sorted(Path("/usr/lib/jvm").glob("*")) + sorted(Path("/Library/Java/JavaVirtualMachines").glob("*/Contents/Home"))
    programs = [home / "bin" / "java" for home in homes]
    if on_path := shutil.which("java"):
        programs.insert(0, Path(on_path))
    found: dict[int, Path] = {}
    for program in programs:
        if os.access(program, os.X_OK):
            told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
            if version := re.search(r'version "(\d+)', told):
                found.setdefault(int(version[1]), program)
    return found


def java_for(release: Release) -> Path:
    """Return the oldest Java that the release is supported on. Raises CannotRun when there is none."""
    suitable = [v for v in javas() if release.first_java <= v and (release.last_java is None or v <= release.last_java)]
    if not suitable:
        wanted = f"Java {release.first_java}" + (f" to {release.last_java}" if release.last_java else " or newer")
        found = ", ".join(f"Java {version}" for version in sorted(javas())) or "none"
        raise CannotRun(f"Neo4j {release.version} needs {wanted}, found: {found}. Install one, or name it in JAVA_HOME")
    return javas()[min(suitable)]


def assemble(release: Release) -> Path:
    """Return the folder of the server's libraries, fetched when it is not there. Raises CannotRun when Maven cannot."""
    libraries = ASSEMBLED / "lib" / release.version
    ASSEMBLED.mkdir(exist_ok=True)
    with (ASSEMBLED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if libraries.exists():
            return libraries
        if (maven := shutil.which("mvn")) is None:
            raise CannotRun(f"Neo4j {release.version} is assembled by Maven, and there is no `mvn` on the PATH. Install it")
        partial = libraries.with_name(f"{release.version}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        command = [maven, "--batch-mode", "--quiet", "--file", str(POM), f"-Dneo4j.version={release.version}"]
        command += [COPY_DEPENDENCIES, f"-DoutputDirectory={partial}", "-DincludeScope=runtime"]
        fetched = subprocess.run(command, capture_output=True, text=True, check=False)
        if fetched.returncode:
            told = next((line for line in fetched.stdout.splitlines() if "[ERROR]" in line), fetched.stderr.strip())
            raise CannotRun(f"Neo4j {release.version} could not be fetched: {told[:300]}")
        partial.rename(libraries)
    return libraries


def runnable() -> dict[Release, str | None]:
    """Return every release, and why it cannot be run here; None where it can."""
    reasons: dict[Release, str | None] = {}
    for release in RELEASES:
        try:
            java_for(release), assemble(release)
            reasons[release] = None
        except CannotRun as reason:
            reasons[release] = str(reason)
    return reasons


# -- A server


@dataclass
class Server:
    """One server and its folder. It may be stopped or killed, and started again on the same data and ports.

    password: of the user `neo4j`; None means that nobody is asked to log in.
    """

    release: Release
    home: Path
    password: str | None = None
    java_options: tuple[str, ...] = ("-Xmx2g",)
    bolt_port: int = field(default_factory=lambda: free_port())
    http_port: int = field(default_factory=lambda: free_port())
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"bolt://127.0.0.1:{self.bolt_port}"

    @property
    def browser_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/browser/"

    @property
    def auth(self) -> tuple[str, str] | None:
        return ("neo4j", self.password) if self.password else None

    def driver(self) -> neo4j.Driver:
        return neo4j.GraphDatabase.driver(self.url, auth=self.auth, notifications_min_severity="OFF")

    def start(self) -> None:
        """Start the server and wait until it answers. Raises DoesNotStart with its last words when it does not."""
        self._lay_out()
        if self.password and not (self.home / "data" / "dbms").exists():
            self.admin("dbms", "set-initial-password", self.password)
        command = self._java(self.release.main_class, f"--home-dir={self.home}", f"--config-dir={self.home / 'conf'}")
        with (self.home / "logs" / "console.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, preexec_fn=_die_with_parent
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                last_words = (self.home / "logs" / "console.log").read_text(errors="replace").strip().splitlines()[-5:]
                raise DoesNotStart(f"Neo4j {self.release.version} does not start: {' / '.join(last_words)}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop the server as a system does, so that it closes its files; nothing when it does not run."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """End the server in the middle of whatever it does, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def admin(self, *arguments: str) -> str:
        """Run neo4j-admin with these arguments on the stopped server and return what it says. Raises CalledProcessError."""
        self._lay_out()
        command = self._java("org.neo4j.cli.AdminTool", *arguments)
        places = {"NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")}
        done = subprocess.run(command, cwd=self.home, env=os.environ | places, capture_output=True, text=True, check=True)
        return done.stdout + done.stderr

    def empty(self) -> None:
        """Remove everything from the database: nodes, relationships, constraints and indexes."""
        with closing(self.driver()) as driver:
            for kind, kinds in (("CONSTRAINT", "CONSTRAINTS"), ("INDEX", "INDEXES")):
                for record in driver.execute_query(f"SHOW {kinds} YIELD name, type WHERE type <> 'LOOKUP' RETURN name").records:
                    driver.execute_query(f"DROP {kind} `{record['name'].replace('`', '``')}`")
        self.clear()

    def clear(self) -> None:
        """Remove every node and relationship; constraints and indexes stay, which take longer to make than a small graph."""
        with closing(self.driver()) as driver, driver.session() as session:
            session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS").consume()

    def _lay_out(self) -> None:
        """Make the server's folders and write how it is configured."""
        for folder in ("conf", "data", "logs", "plugins", "import", "run"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        (self.home / "conf" / "neo4j.conf").write_text(self._configuration())

    def _java(self, main_class: str, *arguments: str) -> list[str]:
        classes = f"{assemble(self.release)}/*"
        return [str(java_for(self.release)), *self.java_options, *OPENED, "-cp", classes, main_class, *arguments]

    def _configuration(self) -> str:
        settings = {
            "server.default_listen_address": "127.0.0.1",
            "server.bolt.listen_address": f"127.0.0.1:{self.bolt_port}",
            "server.bolt.advertised_address": f"127.0.0.1:{self.bolt_port}",
            "server.http.listen_address": f"127.0.0.1:{self.http_port}",
            "server.http.advertised_address": f"127.0.0.1:{self.http_port}",
            "server.https.enabled": "false",
            "server.memory.pagecache.size": "256m",
            "dbms.usage_report.enabled": "false",
            "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",  # it stops at once, not after ten seconds
            "dbms.security.auth_enabled": str(self.password is not None).lower(),
            # Without a login, pages of other sites that a person has open may not read the graph.
            "dbms.security.http_access_control_allow_origin": f"http://127.0.0.1:{self.http_port}",
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _answers(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.http_port}/", timeout=2), closing(self.driver()) as driver:
                driver.execute_query("RETURN 1", database_=DATABASE)
        except (
            URLError,
            HTTPException,
            OSError,
            ServiceUnavailable,
            Neo4jError,
        ):  # a port not open yet may answer with our own words
            return False
        return True


@contextmanager
def running(
    release: Release, home: Path, *, password: str | None = None, java_options: tuple[str, ...] = QUICK_START
) -> Iterator[Server]:
    """Run a server on free ports, for the time of the block. Raises CannotRun where a program is missing, and DoesNotStart."""
    java_for(release), assemble(release)
    server = Server(release, home, password, java_options)
    try:
        server.start()
        yield server
    finally:
        server.kill()  # its data are of no more use, and closing them takes seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Ask the kernel to stop this process when its parent dies, however it dies (Linux; elsewhere nothing does)."""
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


# -- `make neo4j`


def main() -> None:
    names = [release.name for release in RELEASES]
    parser = argparse.ArgumentParser(description="Run Neo4j with Neo4j Browser on this machine, without Docker.")
    parser.add_argument("--release", choices=names, help="The newest that this machine can run, when not given.")
    chosen = parser.parse_args().release
    reasons = {release: reason for release, reason in runnable().items() if chosen in (None, release.name)}
    for release in reversed(reasons):
        if reasons[release] is None:
            _serve(release)
            return
        print(f"Not this one: {reasons[release]}.", file=sys.stderr)
    raise SystemExit(1)


def _serve(release: Release) -> None:
    ports = (BOLT_PORT, HTTP_PORT) if _is_free(BOLT_PORT) and _is_free(HTTP_PORT) else (free_port(), free_port())
    password = os.environ.get("NEO4J_PASSWORD") or None
    server = Server(release, ASSEMBLED / release.name, password, bolt_port=ports[0], http_port=ports[1])
    print(f"Starting Neo4j {release.version} ...", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server.start()
        login = "user neo4j, the password in NEO4J_PASSWORD" if password else "no authentication: choose that, or"
        link = server.browser_url if password else f"{server.browser_url}?preselectAuthMethod=NO_AUTH&dbms={server.url}"
        print(
            f"""
Neo4j Browser   {link}
                ({login} open the link as it stands)
Driver          {server.url}
Data            {server.home.relative_to(ROOT)}/

In another terminal:
  .venv/bin/kgbuild build examples/documents --ontology company --graph demo-graph --store {server.url}
  .venv/bin/kgbuild explore --graph demo-graph --store {server.url} --serve 8474

Ctrl-C stops the server; the data stay.""",
            flush=True,
        )
        assert server.process is not None
        server.process.wait()
    except KeyboardInterrupt:
        print("Stopping ...", flush=True)
    except DoesNotStart as reason:
        print(f"{reason}.", file=sys.stderr)
        raise SystemExit(1) from None
    finally:
        server.stop()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


if __name__ == "__main__":
    main()
