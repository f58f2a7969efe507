// What is in here: the classes
// How many entities each class has, and the best connected of them.
MATCH (e:Entity)
WITH e ORDER BY COUNT { (e)--(:Entity) } DESC, e.name
WITH e.class_name AS class, count(*) AS entities, collect(e.name) AS names
RETURN class, entities, names[..5] AS examples
ORDER BY entities DESC, class
