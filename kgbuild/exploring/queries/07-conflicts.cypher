// Conflicts
// Facts that cannot all be true, side by side: what the graph prefers, what disputes it, and the words for each.
// Of values such as dates, which are not edges, the next query tells.
MATCH (s:Entity)-[lost {status: 'disputed'}]->(o:Entity)
CALL (s, lost, o) {
  MATCH (s)-[kept {status: 'asserted'}]->(:Entity) WHERE type(lost) IN $one_object AND type(kept) = type(lost)
  RETURN kept
  UNION
  MATCH (:Entity)-[kept {status: 'asserted'}]->(o) WHERE type(lost) IN $one_subject AND type(kept) = type(lost)
  RETURN kept
  UNION
  MATCH (o)-[kept {status: 'asserted'}]->(s) WHERE type(lost) IN $one_way AND type(kept) = type(lost)
  RETURN kept
  UNION
  MATCH (end)-[kept {status: 'asserted'}]-(:Entity) WHERE type(lost) IN $one_partner AND type(kept) = type(lost) AND end IN [s, o]
  RETURN kept
}
RETURN type(lost) AS property,
  startNode(kept).name + ' → ' + endNode(kept).name AS preferred, kept.confidence AS confidence, kept.quotes AS quotes,
  s.name + ' → ' + o.name AS disputed, lost.confidence AS its_confidence, lost.quotes AS its_quotes
ORDER BY property, preferred, disputed
