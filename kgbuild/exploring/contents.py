"""What a graph holds, as far as a style sheet, a guide and a schema need it: read once, from the records themselves."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kgbuild.ontology.model import Ontology
from kgbuild.records import EntityRef
from kgbuild.stores.projection import LiteralProperty, Projection, entity_labels, projection
from kgbuild.stores.protocol import Snapshot

EXAMPLE_HOPS = 3
"""How far apart the two entities are that the guide finds a path between; nearer where the graph is not that wide."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a graph, under the names it has in the store.

    title: of the ontology. labels: of each class that has entities, the most frequent first. entities: per label.
    relationships: facts per (label of the subject, relationship type, label of the object).
    literals: per label, the literal properties its entities have, and the predicate each stands for.
    entity, other: names of the best connected entity and of one that is some steps away from it; empty in an empty graph.
    """

    title: str
    ontology: Ontology
    projection: Projection
    labels: Mapping[str, str]
    entities: Mapping[str, int]
    relationships: Mapping[tuple[str, str, str], int]
    literals: Mapping[str, Mapping[str, LiteralProperty]]
    documents: int
    facts: int
    entity: str
    other: str


def contents(snapshot: Snapshot) -> Contents:
    """Read what a graph holds. Depends on the set of its records alone."""
    graph = projection(snapshot.facts(), snapshot.ontology)
    class_of = {entity.id: entity.class_name for entity in snapshot.entities()}
    classes = Counter(class_of.values())
    labels = entity_labels(classes)
    relationships: Counter[tuple[str, str, str]] = Counter()
    literals: dict[str, dict[str, LiteralProperty]] = defaultdict(dict)
    neighbours: dict[str, set[str]] = defaultdict(set)
    facts = 0
    for fact in snapshot.facts():
        facts += 1
        subject = labels[class_of[fact.subject_id]]
        if isinstance(fact.object, EntityRef):
            object_id = fact.object.entity_id
            relationships[subject, graph.relationships[fact.predicate].type, labels[class_of[object_id]]] += 1
            neighbours[fact.subject_id].add(object_id)
            neighbours[object_id].add(fact.subject_id)
        else:
            literals[subject][fact.predicate] = graph.literals[fact.predicate]
    best_first = sorted(classes, key=lambda name: (-classes[name], name))
    first, last = _two_apart(neighbours) or (min(class_of, default=""), min(class_of, default=""))
    names = {entity.id: entity.name for entity in snapshot.entities() if entity.id in (first, last)}
    return Contents(
        title=snapshot.ontology.title or snapshot.ontology.name,
        ontology=snapshot.ontology,
        projection=graph,
        labels={name: labels[name] for name in best_first},
        entities={labels[name]: classes[name] for name in best_first},
        relationships=dict(sorted(relationships.items())),
        literals={label: dict(sorted(held.items())) for label, held in sorted(literals.items())},
        documents=sum(1 for _ in snapshot.documents()),
        facts=facts,
        entity=names.get(first, ""),
        other=names.get(last, ""),
    )


def _two_apart(neighbours: Mapping[str, Iterable[str]]) -> tuple[str, str] | None:
    """Return the best connected entity and the best connected of those that are EXAMPLE_HOPS away, or as far as they go."""
    if not neighbours:
        return None

    def rank(id_: str) -> tuple[int, str]:
        return -len(set(neighbours[id_])), id_

    start = min(neighbours, key=rank)
    seen, ring = {start}, {start}
    for _ in range(EXAMPLE_HOPS):
        beyond = {other for id_ in ring for other in neighbours[id_]} - seen
        if not beyond:
            break
        seen |= beyond
        ring = beyond
    return start, min(ring, key=rank)
