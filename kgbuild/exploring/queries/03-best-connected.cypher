// What is in here: the best connected entities
// The 30 entities with most facts, and the facts among them (picture). Click an edge to read its quotes.
MATCH (e:Entity)-[f]-(:Entity)
WITH e, count(f) AS facts
ORDER BY facts DESC, e.name
LIMIT 30
WITH collect(e) AS best
UNWIND best AS s
OPTIONAL MATCH (s)-[f]->(o:Entity) WHERE o IN best
RETURN s, f, o
