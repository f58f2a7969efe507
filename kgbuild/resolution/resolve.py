"""Mentions -> Entities, one component at a time.

A *component* is all mentions of accepted triples that share a key: `block_key(representatives(...)[mention.id])`. A run that adds
or removes mentions only redoes the components that they are, or were, part of:

    mentions of one document --representatives--> the name each goes by --block_key--> component --resolve--> entities
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from kgbuild.ids import entity_id
from kgbuild.ontology.model import Ontology
from kgbuild.records import Entity, Mention
from kgbuild.resolution.canonicalisation import canonical_name, entity_class, surface_form
from kgbuild.resolution.clustering import clusters


def resolve(key: str, mentions: Iterable[Mention], ontology: Ontology | None) -> tuple[Entity, ...]:
    """Return the entities of one component, sorted by id: a function of the set of its mentions, whatever their order.

    key: the normalised name that the mentions share as their documents represent them. It is the "least normalised surface form" of
    an entity's id: an acronym that one document introduces ("IBM") and a legal form ("Acme Inc.") are part of names and aliases and
    take no part in it, so that no entity of another component can have the same form.
    """
    found = clusters(mentions, ontology)
    ids = _ids(key, found)
    return tuple(sorted((_entity(id_, cluster, ontology) for id_, cluster in zip(ids, found, strict=True)), key=lambda e: e.id))


def _entity(id_: str, cluster: Sequence[Mention], ontology: Ontology | None) -> Entity:
    name = canonical_name(cluster, ontology)
    aliases = sorted({surface_form(mention) for mention in cluster} - {name})
    mention_ids = tuple(sorted(mention.id for mention in cluster))
    return Entity(id_, name, entity_class(cluster, ontology), tuple(aliases), "", mention_ids)


def _ids(key: str, found: Sequence[Sequence[Mention]]) -> list[str]:
    """Return an id per cluster: by the key alone where one thing bears the name, and else by the first of these that no other
    cluster shares: its least document id; its first place in that document; its least mention id, which belongs to it alone."""
    if len(found) == 1:
        return [entity_id(key)]
    signs: list[Callable[[Sequence[Mention]], str]] = [_least_document, _first_place, lambda cluster: min(m.id for m in cluster)]
    told_apart_by: dict[int, str] = {}
    for sign in signs:
        values = [sign(cluster) for cluster in found]
        counts = Counter(values)
        for n, value in enumerate(values):
            if counts[value] == 1:
                told_apart_by.setdefault(n, value)
    return [entity_id(key, told_apart_by[n]) for n in range(len(found))]


def _least_document(cluster: Sequence[Mention]) -> str:
    return min(mention.document_id for mention in cluster)


def _first_place(cluster: Sequence[Mention]) -> str:
    document = _least_document(cluster)
    starts = [m.span.start if m.span is not None else -1 for m in cluster if m.document_id == document]
    return f"{document}:{min(starts)}"
