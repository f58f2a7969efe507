"""Every statement that is sent to Neo4j to write or compare a graph, as it stands for Neo4j 5.26 and later, without APOC.

Values, labels and ids are parameters. The type of a relationship is part of the text, quoted: matching a type that is a parameter
takes four times as long. Whatever writes may be sent twice: it then finds what it wrote. Rows: see `publishing`.
"""

from collections.abc import Iterable

from kgbuild.stores.elements import CHUNK, DOCUMENT, ENTITY, FROM_CHUNK, FROM_DOCUMENT, NEXT_CHUNK, ends_of
from kgbuild.stores.projection import MARKER

TIES = (FROM_DOCUMENT, NEXT_CHUNK, FROM_CHUNK)
_ID = "[a-z2-7]{16}"
_IDS = {DOCUMENT: f"doc_{_ID}", CHUNK: f"chk_{_ID}", ENTITY: f"ent_{_ID}"}
_FACT_ID = f"fct_{_ID}"
"""Patterns of ids that are derived from content: nobody else has them."""

SCHEMA = {
    # By what is there afterwards, as `verifying.schema_compared` names what READ_SCHEMA finds.
    "unique Document.id": "CREATE CONSTRAINT document_id IF NOT EXISTS FOR (n:Document) REQUIRE n.id IS UNIQUE",
    "unique Chunk.id": "CREATE CONSTRAINT chunk_id IF NOT EXISTS FOR (n:Chunk) REQUIRE n.id IS UNIQUE",
    "unique Entity.id": "CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (n:Entity) REQUIRE n.id IS UNIQUE",
    f"unique {MARKER}.key": f"CREATE CONSTRAINT kgbuild_marker IF NOT EXISTS FOR (n:{MARKER}) REQUIRE n.key IS UNIQUE",
    # A range index would refuse names of more than 8 kB; this one answers =, STARTS WITH, CONTAINS and ENDS WITH.
    "text Entity.name": "CREATE TEXT INDEX entity_name IF NOT EXISTS FOR (n:Entity) ON (n.name)",
    "fulltext Entity.name,aliases": "CREATE FULLTEXT INDEX entity_names IF NOT EXISTS FOR (n:Entity) ON EACH [n.name, n.aliases]",
}
AWAIT_SCHEMA = "CALL db.awaitIndexes(300)"
READ_SCHEMA = """
SHOW INDEXES YIELD type, entityType, labelsOrTypes, properties, owningConstraint, state
WHERE entityType = 'NODE' AND properties IS NOT NULL AND state = 'ONLINE'
RETURN CASE WHEN owningConstraint IS NULL THEN toLower(type) ELSE 'unique' END, labelsOrTypes, properties
"""
VECTOR_INDEX = """
CREATE VECTOR INDEX chunk_embedding IF NOT EXISTS FOR (c:Chunk) ON (c.embedding)
OPTIONS {indexConfig: {`vector.dimensions`: $dimensions, `vector.similarity_function`: 'cosine'}}
"""

UNDER_WAY = "SHOW TRANSACTIONS YIELD metaData WHERE metaData.kgbuild = $graph_id RETURN count(*) AS transactions"
"""What a process that was killed sent last may still be committed; what is not yet there would be written twice.

No right is needed: every user sees the transactions of their own (Operations Manual, "Show and terminate transactions").
"""

# -- the marker: one node per database

READ_MARKER = f"MATCH (m:{MARKER}) RETURN m.graph_id AS graph_id, m.generation AS generation, m.database AS database"
CLAIM = f"""
MERGE (m:{MARKER} {{key: 'graph'}}) ON CREATE SET m.graph_id = $graph_id, m.database = $database
RETURN m.graph_id AS graph_id, m.generation AS generation, m.database AS database
"""
OURS = " UNION ".join(
    f"MATCH (n:{kind}) WHERE n.id STARTS WITH '{id_[:4]}' AND n.id =~ '{id_}' RETURN n.id AS id LIMIT 1"
    for kind, id_ in _IDS.items()
)
"""A few of the nodes that only kgbuild can have written, by their ids."""
MARK = f"MATCH (m:{MARKER} {{key: 'graph'}}) SET m.generation = $generation"

# -- nodes


def write_node(kind: str) -> str:
    """A property whose value is null is removed; those of others stay."""
    return f"UNWIND $rows AS row MERGE (n:{kind} {{id: row.id}}) SET n:$(row.labels), n += row.properties"


REMOVE_LABELS = "UNWIND $rows AS row MATCH (n:Entity {id: row.id}) REMOVE n:$(row.labels)"


def delete_node(kind: str) -> str:
    return f"UNWIND $rows AS row MATCH (n:{kind} {{id: row.id}}) WHERE NOT EXISTS {{ (n)--() }} DELETE n"


def strip_node(kind: str) -> str:
    """Take from a node all that was ours; return the ids of those there were."""
    return (
        f"UNWIND $rows AS row MATCH (n:{kind} {{id: row.id}}) "
        f"REMOVE n:{kind}:$(row.labels) SET n += row.properties RETURN row.id AS id"
    )


# -- nodes of ours that lost the label of their kind; an id alone does not find them, since only nodes with that label have an index

STRAY_ENTITIES = f"""
MATCH (n:__Entity__) WHERE NOT n:Entity AND n.id =~ '{_IDS[ENTITY]}' RETURN elementId(n) AS node, n.id AS id, 'Entity' AS kind
"""
"""Entities are found by their other label."""
STRAYS = f"""
MATCH (s)-[r]->(o) WITH s, r, o, $ends[type(r)] AS ends
WHERE ends IS NOT NULL AND NOT (ends[0] IN labels(s) AND ends[1] IN labels(o)) AND (type(r) IN {list(TIES)} OR r.id =~ '{_FACT_ID}')
  AND s.id =~ $ids[ends[0]] AND o.id =~ $ids[ends[1]]
UNWIND [[s, ends[0]], [o, ends[1]]] AS end
WITH DISTINCT end[0] AS n, end[1] AS kind WHERE NOT kind IN labels(n)
RETURN elementId(n) AS node, n.id AS id, kind
"""
"""The others by relationships of ours: those that tie them to other nodes of ours, or state a fact of ours. One statement for all
types, since planning one for each takes longer than running it. ends: by type, the kinds that it joins; ids: patterns by kind."""


def strays_of(types: Iterable[str]) -> dict[str, object]:
    """Return the parameters of STRAYS. types: of facts."""
    return {"ends": {type_: list(ends_of(type_)) for type_ in (*TIES, *types)}, "ids": _IDS}


def adopt(kind: str) -> str:
    """Give nodes their label again, except where another node has their id."""
    return (
        "UNWIND $rows AS row MATCH (n) WHERE elementId(n) = row.node "
        f"AND NOT EXISTS {{ MATCH (:{kind} {{id: row.id}}) }} SET n:{kind}"
    )


def untangle(kind: str) -> str:
    """Take from nodes whose id another node has the relationships that are ours."""
    return (
        f"UNWIND $rows AS row MATCH (n) WHERE elementId(n) = row.node AND NOT n:{kind} MATCH (n)-[r]-(m) "
        f"WHERE m.id =~ '{'|'.join(_IDS.values())}' AND (type(r) IN {list(TIES)} OR r.id =~ '{_FACT_ID}') DELETE r"
    )


def delete_twin(kind: str) -> str:
    """Delete nodes whose id another node has, except those that hold a label, property or relationship of somebody else."""
    return (
        f"UNWIND $rows AS row MATCH (n) WHERE elementId(n) = row.node AND NOT n:{kind} AND NOT EXISTS {{ (n)--() }} "
        "AND all(label IN labels(n) WHERE label IN $labels) AND all(key IN keys(n) WHERE key IN $keys) DELETE n"
    )


# -- relationships


def _between(type_: str) -> str:
    start, end = ends_of(type_)
    return f"UNWIND $rows AS row MATCH (s:{start} {{id: row.start}}) MATCH (o:{end} {{id: row.end}}) "


def tie(type_: str) -> str:
    """Tie two nodes of the frame: documents, chunks, and the chunks that entities come from."""
    return f"{_between(type_)}WHERE NOT EXISTS {{ (s)-[:{type_}]->(o) }} CREATE (s)-[:{type_}]->(o)"


def untie(type_: str) -> str:
    return f"{_between(type_)}MATCH (s)-[r:{type_}]->(o) DELETE r"


def add_fact(type_: str) -> str:
    """Twice as fast as MERGE, since it writes an edge with all its properties at once; one that is there stays as it is."""
    type_ = quoted(type_)
    return (
        f"{_between(type_)}OPTIONAL MATCH (s)-[x:{type_}]->(o) WHERE x.id = row.id "
        f"WITH s, o, row, x WHERE x IS NULL CREATE (s)-[f:{type_}]->(o) SET f = row.properties"
    )


def set_fact(type_: str) -> str:
    """Make an edge as the row has it, wherever it was; properties of others stay."""
    return f"{_between(type_)}MERGE (s)-[f:{quoted(type_)} {{id: row.id}}]->(o) SET f += row.properties"


def remove_fact(type_: str) -> str:
    return f"{_between(type_)}MATCH (s)-[f:{quoted(type_)}]->(o) WHERE f.id = row.id DELETE f"


# -- reading all of it, to verify


def read_nodes(kind: str) -> str:
    return f"MATCH (n:{kind}) RETURN n.id, labels(n), properties(n)"


def read_relationships(type_: str) -> str:
    start, end = ends_of(type_)
    return f"MATCH (s:{start})-[r:{quoted(type_)}]->(o:{end}) RETURN s.id, o.id, properties(r)"


def schema_name(statement: str) -> str:
    """Return the name that a statement of SCHEMA gives.

    >>> schema_name("CREATE CONSTRAINT document_id IF NOT EXISTS FOR (n:Document) REQUIRE n.id IS UNIQUE")
    'document_id'
    """
    return statement.partition(" IF NOT EXISTS")[0].split()[-1]


def quoted(name: str) -> str:
    """Quote a name so that it ends where it ends, whatever characters it holds.

    >>> quoted("A`) DETACH DELETE (n")
    '`A``) DETACH DELETE (n`'
    """
    # Cypher reads \\u0060 in a statement as a backtick, even inside quotes: a backslash before u is written as its own code.
    return "`" + name.replace("\\u", "\\u005cu").replace("`", "``") + "`"
