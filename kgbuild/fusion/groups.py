"""Which facts must be decided together, so that a refresh decides again only what a changed triple touches.

A fact belongs to one or more groups, each with a key; facts of no common group never influence one another:

    out   the facts of one property about one subject: equal facts merge here, functional and max_cardinality clash here
    in    the facts of one inverse functional property about one object
    pair  the facts of one asymmetric property between two entities, either way round

A symmetric fact stands in the `out` group of both its ends. To refresh after triples were added, removed or resolved anew:

    touched  = group_keys of those triples, as they were resolved before and as they are now
    affected = every accepted triple with a key in `touched`
    needed   = every accepted triple with a key among those of `affected`
    replace the facts that have a key in `touched` by those of fuse(needed) that have one, and clashes likewise by `Clash.group`

One step from `touched` is not enough: a fact in a touched `in` group may also lose in its own, untouched `out` group.
"""

from collections.abc import Mapping

from kgbuild.fusion.values import canonical
from kgbuild.ontology.model import Ontology, Property
from kgbuild.records import CandidateTriple, EntityRef, Fact, LiteralValue, Mention


def group_keys(triple: CandidateTriple, entity_of: Mapping[str, str], ontology: Ontology | None) -> frozenset[str]:
    """Return the groups that an accepted triple's fact belongs to. entity_of: mention id -> entity id."""
    prop = ontology.properties.get(triple.predicate) if ontology is not None else None
    subject_id, object_ = ends(triple, entity_of, prop)
    return _keys(subject_id, triple.predicate, object_, prop)


def fact_group_keys(fact: Fact, ontology: Ontology | None) -> frozenset[str]:
    """Return the groups that a fact belongs to: the same as those of each triple that it was fused from."""
    prop = ontology.properties.get(fact.predicate) if ontology is not None else None
    return _keys(fact.subject_id, fact.predicate, fact.object, prop)


def ends(triple: CandidateTriple, entity_of: Mapping[str, str], prop: Property | None) -> tuple[str, EntityRef | LiteralValue]:
    """Return subject and object as the graph holds them; a symmetric fact has the lesser entity id as its subject."""
    subject_id = entity_of[triple.subject.id]
    if isinstance(triple.object, Mention):
        object_id = entity_of[triple.object.id]
        if prop is not None and prop.symmetric:
            subject_id, object_id = sorted((subject_id, object_id))
        return subject_id, EntityRef(object_id)
    value, datatype = canonical(triple.object, prop.datatypes if prop is not None else ())
    return subject_id, LiteralValue(triple.object.text, value, datatype)


def object_key(object_: EntityRef | LiteralValue) -> str:
    """Return what an object is told apart by, whichever way it was written."""
    return object_.entity_id if isinstance(object_, EntityRef) else f"{object_.datatype}:{object_.value}"


def _keys(subject_id: str, predicate: str, object_: EntityRef | LiteralValue, prop: Property | None) -> frozenset[str]:
    keys = {out_key(predicate, subject_id)}
    if prop is not None and prop.symmetric and isinstance(object_, EntityRef):
        keys.add(out_key(predicate, object_.entity_id))
    if prop is not None and prop.inverse_functional:
        keys.add(in_key(predicate, object_))
    if prop is not None and prop.asymmetric and isinstance(object_, EntityRef):
        keys.add(pair_key(predicate, subject_id, object_.entity_id))
    return frozenset(keys)


def out_key(predicate: str, subject_id: str) -> str:
    return f"out {subject_id} {predicate}"


def in_key(predicate: str, object_: EntityRef | LiteralValue) -> str:
    return f"in {predicate} {object_key(object_)}"


def pair_key(predicate: str, one: str, other: str) -> str:
    return f"pair {min(one, other)} {predicate} {max(one, other)}"
