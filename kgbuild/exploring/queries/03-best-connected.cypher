// What is in here: the best connected entities
// The ten entities with most facts, and all these facts (picture). Click an edge to read its quotes.
MATCH (e:Entity)-[f]-(:Entity)
WITH e, count(f) AS facts
ORDER BY facts DESC, e.name
LIMIT 10
MATCH path = (e)--(:Entity)
RETURN path
