// Disputed facts
// Facts that better supported ones contradict, and what else the graph says of the same (picture). They stay in the graph, marked.
MATCH disputed = (s:Entity)-[f {status: 'disputed'}]->(:Entity)
RETURN disputed, [beside = (s)-[other]->(:Entity) WHERE type(other) = type(f) AND other <> f | beside] AS beside
LIMIT 100
