// Low confidence
// The facts the graph is least sure of, with their words: the first to look at, `kgbuild explain ID` tells who judged them.
MATCH (s:Entity)-[f]->(o:Entity) WHERE f.confidence < 0.5
WITH s, f, o ORDER BY f.confidence, f.id LIMIT 100
MATCH (d:Document {id: split(f.evidence[0], ':')[0]})
RETURN s.name AS subject, type(f) AS property, o.name AS object, f.confidence AS confidence, f.quotes[0] AS quote, d.uri AS document,
  f.id AS fact
ORDER BY confidence, fact
