// Documents that say the most
// How many facts each document states, and how many of them no other document does.
MATCH (:Entity)-[f]->(:Entity)
UNWIND f.evidence AS place
WITH DISTINCT f, split(place, ':')[0] AS id
WITH f, collect(id) AS ids
UNWIND ids AS id
WITH id, count(*) AS facts, sum(CASE size(ids) WHEN 1 THEN 1 ELSE 0 END) AS alone
ORDER BY facts DESC, id
LIMIT 50
MATCH (d:Document {id: id})
RETURN d.title AS title, d.uri AS document, d.published_on AS published, facts, alone AS stated_nowhere_else
ORDER BY facts DESC, document
