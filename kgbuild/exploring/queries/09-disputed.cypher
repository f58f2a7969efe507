// Disputed facts
// Facts that better supported ones contradict, and what else the graph says of the same (picture). They stay in the graph, marked.
MATCH disputed = (s:Entity)-[f {status: 'disputed'}]->(o:Entity)
RETURN disputed,
  [beside = (s)-[other]->(:Entity) WHERE type(other) = type(f) AND other <> f | beside]
  + [beside = (:Entity)-[other]->(o) WHERE type(f) IN $one_subject AND type(other) = type(f) AND other <> f | beside]
  + [beside = (o)-[other]->(s) WHERE type(f) IN $one_way AND type(other) = type(f) | beside] AS beside
LIMIT 100
