// An entity and its neighbours
// Every fact between one entity and others (picture). Put another name, or alias, in its place; double-click a node to go on from there.
WITH $entity AS name
MATCH (e:Entity) WHERE e.name = name OR name IN e.aliases
RETURN e, [fact = (e)--(:Entity) | fact] AS facts
