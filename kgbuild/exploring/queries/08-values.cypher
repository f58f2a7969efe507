// Values with another side
// Entities of whose dates and numbers not all are shown: some are disputed or superseded, or hold of one value at several times.
// `kgbuild explain ID` tells each with its words.
MATCH (e:Entity) WHERE e.fact_ids <> []
WITH e, [key IN keys(e) WHERE key IN $values] AS keys
WITH e, keys, reduce(n = 0, key IN keys | n + CASE WHEN valueType(e[key]) STARTS WITH 'LIST' THEN size(e[key]) ELSE 1 END) AS shown
WHERE size(e.fact_ids) > shown
RETURN e.name AS entity, e.class_name AS class, [key IN keys | {property: key, value: e[key]}] AS shown, e.fact_ids AS facts
ORDER BY class, entity
