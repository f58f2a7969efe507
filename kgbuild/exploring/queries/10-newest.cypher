// Newest facts
// What the most recently published documents say. Documents that bear no date are left out.
MATCH (d:Document) WHERE d.published_on IS NOT NULL
WITH d ORDER BY d.published_on DESC, d.uri LIMIT 50
MATCH (d)<-[:FROM_DOCUMENT]-(:Chunk)<-[:FROM_CHUNK]-(s:Entity)-[f]->(o:Entity)
WITH DISTINCT d, s, f, o, [n IN range(0, size(f.evidence) - 1) WHERE split(f.evidence[n], ':')[0] = d.id] AS places
WHERE places <> []
RETURN d.published_on AS published, s.name AS subject, type(f) AS property, o.name AS object, f.quotes[places[0]] AS quote,
  d.uri AS document
ORDER BY published DESC, document, subject, property, object
LIMIT 100
