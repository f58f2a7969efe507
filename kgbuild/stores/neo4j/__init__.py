"""The graph in Neo4j 5.26 and later, Community or Enterprise, without APOC, beside whatever else the database holds.

store.py        the store: claim a database, publish, query       connecting.py   addresses, logging in, errors
publishing.py   a change as rows: nodes, relationships, what went writing.py      rows to the server, several at a time
statements.py   every statement that is sent                      receipts.py     what the ledger keeps of it
verifying.py    what a database holds against the ledger, and mending it
"""

from kgbuild.stores.neo4j.connecting import Neo4jAddress
from kgbuild.stores.neo4j.store import Neo4jStore

__all__ = ["Neo4jAddress", "Neo4jStore"]
