// An entity and its neighbours
// Everything the graph holds of one entity, and the documents that speak of it (picture). Put another name, or alias, in its place.
WITH $entity AS name
MATCH (e:Entity) WHERE e.name = name OR name IN e.aliases
RETURN e, [fact = (e)--(:Entity) | fact] AS facts,
  [passage = (e)-[:FROM_CHUNK]->(:Chunk)-[:FROM_DOCUMENT]->(:Document) | passage] AS passages
