"""Where a graph can be read from: embedded in the graph directory, in Neo4j, as files, as one HTML page."""

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kgbuild.stores.neo4j import Neo4jStore
    from kgbuild.stores.neo4j.receipts import Receipts


def open_store(url: str, receipts: "Receipts | None" = None, advance: Callable[[int], None] = lambda rows: None) -> "Neo4jStore":
    """Open a Neo4j server's database by its address, see `neo4j.connecting`; logs in as NEO4J_USERNAME and NEO4J_PASSWORD say.

    Raises InputError for what is no address, StoreError when the server is not there, too old, or does not let us in.
    """
    from kgbuild.stores.neo4j import Neo4jAddress, Neo4jStore

    return Neo4jStore(Neo4jAddress.parse(url), receipts, advance=advance)


def check_store(url: str) -> None:
    """Raise what `open_store` would, and nothing else."""
    with closing(open_store(url)):
        pass
