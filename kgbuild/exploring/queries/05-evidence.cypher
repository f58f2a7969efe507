// An entity and its evidence
// Each fact of one entity with the words that state it: quote, document and place. Put another name, or alias, in its place.
WITH $entity AS name
MATCH (e:Entity) WHERE e.name = name OR name IN e.aliases
MATCH (e)-[f]-(:Entity)
UNWIND range(0, size(f.evidence) - 1) AS n
MATCH (d:Document {id: split(f.evidence[n], ':')[0]})
RETURN startNode(f).name AS subject, type(f) AS property, endNode(f).name AS object, f.quotes[n] AS quote, d.uri AS document,
  split(f.evidence[n], ':')[1] AS characters, f.confidence AS confidence, f.status AS status, f.id AS fact
ORDER BY property, object, subject, document, characters
