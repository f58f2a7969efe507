// What is in here: the facts
// How often each property joins which classes, and how sure the graph is of these facts on average.
MATCH (s:Entity)-[f]->(o:Entity)
RETURN s.class_name AS subject, type(f) AS property, o.class_name AS object, count(*) AS facts, round(avg(f.confidence), 2) AS confidence
ORDER BY facts DESC, subject, property, object
