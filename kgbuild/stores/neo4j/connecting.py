"""Addresses of Neo4j servers, logging in, and what goes wrong with a server in one line each."""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import neo4j
from neo4j.exceptions import AuthError, ClientError, ConfigurationError, DriverError, Neo4jError, ServiceUnavailable, SessionExpired

from kgbuild.errors import InputError, LoginRefused, StoreError, StoreUnavailable

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
OLDEST = (5, 26)
RETRY_S = 60.0
"""How long a transaction is tried again: a deadlock, a change of leader, a server that restarts."""
CLASHES = (
    "ConstraintCreationFailed",
    "ConstraintValidation",
    "ConstraintWithNameAlreadyExists",
    "IndexAlreadyExists",
    "IndexWithName",
)
logging.getLogger("neo4j").addHandler(logging.NullHandler())
"""A transaction that is tried again is no news for stderr: what fails in the end is raised. Logging that is set up sees all."""
READ_ONLY = re.compile("read.?only|AccessMode|Writing in read access mode", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Neo4jAddress:
    """url: of the server, without anything that is secret. database: None is the user's own, `neo4j` as a rule."""

    url: str
    database: str | None

    @classmethod
    def parse(cls, url: str) -> "Neo4jAddress":
        """Read `bolt://HOST[:PORT][/DATABASE]`, or `neo4j:` for a cluster, `+s` or `+ssc` after either for TLS."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InputError("--store", f"is no address of a server ({error})", "Give one such as bolt://localhost:7687") from None
        shown = url if "@" not in url else f"{parts.scheme}://...@{parts.hostname}"
        if parts.scheme not in SCHEMES or not parts.hostname:
            schemes = ", ".join(f"{scheme}://" for scheme in SCHEMES)
            raise InputError("--store", f"{shown!r} is no address of a store", f"Give a Neo4j server: {schemes} and HOST:PORT")
        if "@" in parts.netloc:
            raise InputError(
                "--store", f"{shown!r} holds a user or password", "Set NEO4J_USERNAME and NEO4J_PASSWORD instead, and leave it out"
            )
        if parts.query and parts.scheme.startswith("bolt"):
            remedy = "Leave it out, or name a cluster, neo4j://, whose routing takes it"
            raise InputError("--store", f"{shown!r} has something after `?`, which a bolt address does not take", remedy)
        database = parts.path.strip("/") or None
        query = f"?{parts.query}" if parts.query else ""
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(f"{parts.scheme}://{host}{f':{port}' if port else ''}{query}", database)

    def __str__(self) -> str:
        return f"{self.url}/{self.database}" if self.database else self.url


def connected(address: Neo4jAddress, environment: Mapping[str, str] = os.environ) -> neo4j.Driver:
    """Open a driver on a server that answers, lets us in and is new enough. The caller closes it.

    Raises StoreUnavailable, LoginRefused, or StoreError for another reason.
    """
    user, password = environment.get("NEO4J_USERNAME"), environment.get("NEO4J_PASSWORD")
    with named_errors(address):
        driver = neo4j.GraphDatabase.driver(
            address.url,
            auth=(user, password) if user and password else None,
            max_transaction_retry_time=RETRY_S,
            connection_timeout=15.0,
            notifications_min_severity="OFF",
            user_agent="kgbuild",
        )
        try:
            with driver.session(database=address.database) as session:
                agent = session.run("RETURN 1").consume().server.agent
        except BaseException:
            driver.close()
            raise
    version = re.match(r"Neo4j/(\d+)\.(\d+)", agent)
    if version and (int(version[1]), int(version[2])) < OLDEST:
        driver.close()
        raise StoreError(address, f"is {agent}, too old for kgbuild", "Use Neo4j 5.26 or later")
    return driver


@contextmanager
def named_errors(address: Neo4jAddress) -> Iterator[None]:
    """Turn what the driver says into an error a person can act on."""
    try:
        yield
    except AuthError as error:
        remedy = "Set NEO4J_USERNAME and NEO4J_PASSWORD to those of the server"
        raise LoginRefused(address, f"refuses the user name or password ({_said(error)})", remedy) from error
    except (ServiceUnavailable, SessionExpired, OSError) as error:
        remedy = "Start the server or correct the address, and run the same command again: it goes on where it stopped"
        raise StoreUnavailable(address, f"does not answer ({_said(error)})", remedy) from error
    except (ConfigurationError, ValueError) as error:
        raise StoreError(address, f"cannot be used ({_said(error)})", "Correct the address") from error
    except (Neo4jError, DriverError) as error:
        raise _named(error, address) from error


def _named(error: Neo4jError | DriverError, address: Neo4jAddress) -> StoreError:
    code, said = getattr(error, "code", None) or "", _said(error)
    if "DatabaseNotFound" in code:
        return StoreError(address, f"has no such database ({said})", "Name one that is there after the last / of --store")
    if any(name in code for name in CLASHES):
        remedy = "Use a database of its own for this graph, or remove what clashes"
        return StoreError(address, f"holds what clashes with the graph ({said})", remedy)
    if "Forbidden" in code or READ_ONLY.search(f"{code} {said}"):
        return StoreError(address, f"cannot be written ({said})", "Let this user write, or name another --store")
    if isinstance(error, ClientError):
        return StoreError(address, f"refused what was sent ({code}: {said})", "See the server's log, and report this")
    return StoreUnavailable(address, f"could not finish ({said})", "Run the same command again: it goes on where it stopped")


def _said(error: BaseException) -> str:
    """Return the first line of what was said, without the end mark; drivers name addresses but never a password."""
    # What the driver itself says stands in the error; its `message` is the same for all: an unexpected error has occurred.
    said = (error.message if isinstance(error, Neo4jError) else str(error)) or type(error).__name__
    return " ".join(str(said).split())[:300].rstrip(".")
