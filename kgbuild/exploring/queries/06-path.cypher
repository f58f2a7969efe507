// A path between two entities
// The shortest chain of facts between them, at most six long (picture). Put other names in place of these.
WITH $entity AS one, $other AS other
MATCH (a:Entity {name: one}), (b:Entity {name: other})
WHERE a <> b
MATCH path = allShortestPaths((a)-[*..6]-(b))
WHERE all(f IN relationships(path) WHERE f.evidence IS NOT NULL)
RETURN path
LIMIT 10
