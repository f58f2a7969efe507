"""The tables of the ledger, and how an older ledger becomes a current one.

Two kinds of table. *Stage outputs* (document, extraction, verdict, reply) are append-only by key: what was paid for once is never
asked again. *Memberships* (the rest) belong to generations: a row is part of generation g when `since <= g` and `until` is null
or greater than g. A build writes rows of the generation after the published one; publishing is one update of `graph.generation`.

    member   id: a mention's, payload: the entity it refers to
    grouping owner: an accepted triple or a fact, payload: the key of a group of facts decided together (see `fusion.groups`)
"""

import sqlite3
from pathlib import Path

from kgbuild.errors import GraphError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE graph (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    INSERT INTO graph VALUES ('generation', '0');

    CREATE TABLE file (uri TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, recipe TEXT NOT NULL, failures TEXT NOT NULL);
    CREATE TABLE file_document (uri TEXT NOT NULL, document_id TEXT NOT NULL, PRIMARY KEY (uri, document_id)) WITHOUT ROWID;
    CREATE TABLE scan (uri TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID;

    CREATE TABLE document (
        id TEXT NOT NULL, recipe TEXT NOT NULL, published_on TEXT, payload TEXT NOT NULL, chunks TEXT NOT NULL,
        PRIMARY KEY (id, recipe)
    );
    CREATE TABLE extraction (
        key TEXT PRIMARY KEY, candidates TEXT NOT NULL, below_threshold INTEGER NOT NULL, failure TEXT
    );
    CREATE TABLE verdict (key TEXT PRIMARY KEY, verdicts TEXT NOT NULL);
    CREATE TABLE reply (key TEXT PRIMARY KEY, payload TEXT NOT NULL);

    CREATE TABLE document_in (
        id TEXT NOT NULL, recipe TEXT NOT NULL, plan TEXT NOT NULL, complete INTEGER NOT NULL DEFAULT 0,
        since INTEGER NOT NULL, until INTEGER,
        PRIMARY KEY (id, since)
    ) WITHOUT ROWID;
    CREATE TABLE chunk (
        id TEXT NOT NULL, document_id TEXT NOT NULL, payload TEXT NOT NULL, below_threshold INTEGER NOT NULL,
        since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (id, since)
    );
    CREATE TABLE triple (
        id TEXT NOT NULL, document_id TEXT NOT NULL, payload TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT,
        predicate TEXT NOT NULL, subject_mention TEXT NOT NULL, object_mention TEXT,
        since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (id, since)
    );
    CREATE TABLE mention (
        id TEXT NOT NULL, document_id TEXT NOT NULL, payload TEXT NOT NULL, block_key TEXT NOT NULL,
        since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (id, since)
    );
    CREATE TABLE failure (
        id TEXT NOT NULL, document_id TEXT NOT NULL, payload TEXT NOT NULL,
        since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (id, since)
    );
    CREATE TABLE entity (
        id TEXT NOT NULL, block_key TEXT NOT NULL, payload TEXT NOT NULL,
        since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (id, since)
    );
    CREATE TABLE member (
        id TEXT NOT NULL, block_key TEXT NOT NULL, payload TEXT NOT NULL,
        since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (id, since)
    ) WITHOUT ROWID;
    CREATE TABLE grouping (
        id TEXT NOT NULL, owner TEXT NOT NULL, payload TEXT NOT NULL,
        since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (id, since)
    ) WITHOUT ROWID;
    CREATE TABLE fact (
        id TEXT NOT NULL, subject_id TEXT NOT NULL, predicate TEXT NOT NULL, object_key TEXT NOT NULL, payload TEXT NOT NULL,
        since INTEGER NOT NULL, until INTEGER, PRIMARY KEY (id, since)
    );

    CREATE INDEX chunk_of_document ON chunk (document_id);
    CREATE INDEX triple_of_document ON triple (document_id);
    CREATE INDEX triple_of_subject ON triple (subject_mention);
    CREATE INDEX triple_of_object ON triple (object_mention) WHERE object_mention IS NOT NULL;
    CREATE INDEX mention_of_document ON mention (document_id);
    CREATE INDEX mention_of_block ON mention (block_key);
    CREATE INDEX failure_of_document ON failure (document_id);
    CREATE INDEX entity_of_block ON entity (block_key);
    CREATE INDEX member_of_block ON member (block_key);
    CREATE INDEX grouping_of_owner ON grouping (owner);
    CREATE INDEX grouping_by_key ON grouping (payload);
    CREATE INDEX fact_of_subject ON fact (subject_id, predicate);
    CREATE INDEX fact_of_object ON fact (object_key, predicate);

    CREATE TABLE run (
        id INTEGER PRIMARY KEY, started_at TEXT NOT NULL, finished_at TEXT, generation INTEGER, report TEXT
    );
    """,
    # An index on both ends of every membership: what the next generation adds and retires is found without a scan.
    "".join(
        f"CREATE INDEX {table}_since ON {table} (since);\nCREATE INDEX {table}_until ON {table} (until) WHERE until IS NOT NULL;\n"
        for table in ("document_in", "chunk", "triple", "mention", "failure", "entity", "member", "grouping", "fact")
    ),
    # What was written to a store, by the store's own id, see `stores.neo4j.receipts`; and where the facts of one property stand.
    """
    CREATE TABLE receipt (database TEXT PRIMARY KEY, payload TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX fact_of_predicate ON fact (predicate, id);
    """,
    # What each run spent on a language model, by stage; and how many bytes of each segment file were taken in.
    """
    CREATE TABLE usage (
        run INTEGER NOT NULL, stage TEXT NOT NULL, prompt_tokens INTEGER NOT NULL, completion_tokens INTEGER NOT NULL,
        cached_tokens INTEGER NOT NULL, requests INTEGER NOT NULL, PRIMARY KEY (run, stage)
    ) WITHOUT ROWID;
    CREATE TABLE taken (segment TEXT PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID;
    """,
)
"""`MIGRATIONS[n]` takes a ledger of version n to version n + 1. Never edit one that was released; append."""

MEMBERSHIPS = ("document_in", "chunk", "triple", "mention", "failure", "entity", "member", "grouping", "fact")


def version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, path: Path, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Bring a ledger to the current version, one version per transaction.

    Raises GraphError for a ledger that a newer kgbuild wrote.
    """
    if version_of(connection) > len(migrations):
        newer = version_of(connection)
        raise GraphError(
            path,
            f"the ledger has version {newer}, this kgbuild knows up to {len(migrations)}",
            "Use the newer kgbuild that wrote it",
        )
    for version in range(version_of(connection), len(migrations)):
        connection.executescript(f"BEGIN IMMEDIATE;\n{migrations[version]}\nPRAGMA user_version = {version + 1};\nCOMMIT;")
