"""Mentions of one name -> clusters of mentions that refer to the same thing. For now the classes alone decide."""

from collections import Counter
from collections.abc import Iterable, Mapping

from kgbuild.ontology.model import Ontology
from kgbuild.records import Mention


def classes_join(one: str, other: str, ontology: Ontology | None) -> bool:
    """Tell whether two classes can be those of one thing: equal, one unknown (""), or one an ancestor of the other."""
    if one == other or not one or not other:
        return True
    return ontology is not None and (one in ontology.ancestors(other) or other in ontology.ancestors(one))


def clusters(mentions: Iterable[Mention], ontology: Ontology | None) -> list[tuple[Mention, ...]]:
    """Split the mentions of one name by class, each cluster sorted by mention id.

    Each most specific class that occurs is a cluster. Mentions of a class above it join it: "Acme" the Organization is "Acme" the
    Company. Where two specific classes share an ancestor that occurs too, its mentions join the one with more mentions, then the
    one that comes first by name; so a vague mention never makes one thing of a company and a university.
    Mentions without a class join the largest cluster by the same order.
    """
    by_class: dict[str, set[Mention]] = {}
    for mention in mentions:
        by_class.setdefault(mention.class_name, set()).add(mention)
    cluster_of = _cluster_of({name: len(members) for name, members in by_class.items()}, ontology)
    members: dict[str, list[Mention]] = {}
    for class_name in by_class:
        members.setdefault(cluster_of[class_name], []).extend(by_class[class_name])
    return [tuple(sorted(members[name], key=lambda mention: mention.id)) for name in sorted(members)]


def _cluster_of(votes: Mapping[str, int], ontology: Ontology | None) -> dict[str, str]:
    """Return, for each class that occurs, the most specific class whose cluster it belongs to."""

    def above(name: str) -> frozenset[str]:
        return (ontology.ancestors(name) if ontology is not None else frozenset[str]()) - {name}

    known = [name for name in votes if name]
    passed_on = frozenset[str]().union(*(above(name) for name in known))
    leaves = [name for name in known if name not in passed_on]
    preferred = sorted(leaves, key=lambda name: (-votes[name], name))
    joined = {name: next((leaf for leaf in preferred if leaf == name or name in above(leaf)), name) for name in known}
    if "" in votes:
        sizes: Counter[str] = Counter()
        for name in known:
            sizes[joined[name]] += votes[name]
        joined[""] = min(sizes, key=lambda name: (-sizes[name], name), default="")
    return joined
