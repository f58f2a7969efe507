// Disputed facts
// Facts that better supported ones contradict (picture). They stay in the graph, marked.
MATCH path = (:Entity)-[{status: 'disputed'}]->(:Entity)
RETURN path
LIMIT 100
