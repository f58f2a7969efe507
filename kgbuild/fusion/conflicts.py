"""Facts that cannot all be true: found, every side kept, one preferred.

Status of a fact, decided in each group that it belongs to (see `groups`), independently of the others:

    The group's facts are taken from best to worst: most independent sources, then highest confidence, then stated last, then least
    id. A fact that cannot be true beside those already taken (more values at one time than the property allows; a second subject of
    an inverse functional property; the reverse of an asymmetric fact) is disputed; any other is taken.
    Of a property with one value, a taken date is superseded by a taken one that says the same more precisely.

A fact is disputed if any of its groups says so, else superseded if one says so, else asserted. So each clash leaves its preferred
side asserted, unless that loses in another clash. Facts whose times of validity do not overlap never clash; an unknown time may
be any.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kgbuild.fusion.confidence import source_probabilities
from kgbuild.fusion.groups import in_key, object_key, out_key, pair_key
from kgbuild.fusion.validity import overlap, started_by
from kgbuild.fusion.values import compatible, refines
from kgbuild.ontology.model import Ontology, Property
from kgbuild.records import EntityRef, Fact, LiteralValue, Status


class ClashRule(StrEnum):
    """What the ontology says of a property that the sides of a clash break together."""

    FUNCTIONAL = "functional"
    MAX_CARDINALITY = "max cardinality"
    INVERSE_FUNCTIONAL = "inverse functional"
    ASYMMETRIC = "asymmetric"


@dataclass(frozen=True, slots=True)
class Clash:
    """Facts that cannot all be true.

    about: what they disagree on, an entity id or "datatype:value". fact_ids: all sides, sorted, those taken included.
    group: the key of the group it was found in (see `groups`).
    """

    rule: ClashRule
    predicate: str
    about: str
    fact_ids: tuple[str, ...]
    preferred_id: str
    group: str


def clashes(facts: Iterable[Fact], ontology: Ontology | None) -> tuple[Clash, ...]:
    """Return every clash among the facts, sorted by group, rule and sides."""
    found = [clash for contest in _contests(facts, ontology) for clash in contest.clashes()]
    return tuple(sorted(found, key=lambda clash: (clash.group, clash.rule, clash.fact_ids)))


def with_status(facts: Iterable[Fact], ontology: Ontology | None) -> tuple[Fact, ...]:
    """Return the facts with the status that the rule above gives them, in the order given."""
    facts = tuple(facts)
    disputed: set[str] = set()
    superseded: set[str] = set()
    for contest in _contests(facts, ontology):
        disputed |= {fact.id for fact in contest.lost}
        superseded |= {fact.id for fact in contest.superseded()}

    def status(fact: Fact) -> Status:
        if fact.id in disputed:
            return Status.DISPUTED
        return Status.SUPERSEDED if fact.id in superseded else Status.ASSERTED

    return tuple(replace(fact, status=status(fact)) for fact in facts)


@dataclass(frozen=True, slots=True)
class _Group:
    """Facts that compete under one rule. `side` is what a fact says on the matter: its value, its subject, its direction."""

    key: str
    rule: ClashRule
    about: str
    most: int
    side: Callable[[Fact], EntityRef | LiteralValue]


@dataclass(frozen=True, slots=True)
class _Contest:
    """A decided group: facts taken and lost, best first, and which taken facts each lost one cannot be true beside."""

    group: _Group
    taken: tuple[Fact, ...]
    lost: tuple[Fact, ...]
    rivals: tuple[tuple[Fact, ...], ...]

    def clashes(self) -> Iterable[Clash]:
        rank = {fact.id: n for n, fact in enumerate((*self.taken, *self.lost))}
        sides = [{fact.id, *(rival.id for rival in rivals)} for fact, rivals in zip(self.lost, self.rivals, strict=True)]
        for ids in _joined(sides):
            predicate = self.lost[0].predicate
            yield Clash(
                self.group.rule, predicate, self.group.about, tuple(sorted(ids)), min(ids, key=rank.__getitem__), self.group.key
            )

    def superseded(self) -> Iterable[Fact]:
        if self.group.most != 1:
            return
        dated = [fact for fact in self.taken if isinstance(self.group.side(fact), LiteralValue)]
        for fact in dated:
            if any(_refines(self.group.side(other), self.group.side(fact)) and overlap(other, fact) for other in dated):
                yield fact


def _contests(facts: Iterable[Fact], ontology: Ontology | None) -> list[_Contest]:
    if ontology is None:
        return []
    groups: dict[tuple[str, ClashRule], tuple[_Group, list[Fact]]] = {}
    for fact in facts:
        if (prop := ontology.properties.get(fact.predicate)) is not None:
            for group in _groups(fact, prop):
                groups.setdefault((group.key, group.rule), (group, []))[1].append(fact)
    return [_contest(group, members) for group, members in groups.values() if len(members) > 1]


def _groups(fact: Fact, prop: Property) -> Iterable[_Group]:
    ends = [fact.subject_id]
    if prop.symmetric and isinstance(fact.object, EntityRef):
        ends.append(fact.object.entity_id)
    for end in ends:
        if prop.functional:
            yield _Group(out_key(fact.predicate, end), ClashRule.FUNCTIONAL, end, 1, _other_end(end))
        elif prop.max_cardinality:
            yield _Group(out_key(fact.predicate, end), ClashRule.MAX_CARDINALITY, end, prop.max_cardinality, _other_end(end))
    if prop.inverse_functional:
        key = in_key(fact.predicate, fact.object)
        yield _Group(key, ClashRule.INVERSE_FUNCTIONAL, object_key(fact.object), 1, _subject)
    if prop.asymmetric and isinstance(fact.object, EntityRef):
        key = pair_key(fact.predicate, fact.subject_id, fact.object.entity_id)
        yield _Group(key, ClashRule.ASYMMETRIC, min(fact.subject_id, fact.object.entity_id), 1, _subject)


def _subject(fact: Fact) -> EntityRef:
    return EntityRef(fact.subject_id)


def _other_end(end: str) -> Callable[[Fact], EntityRef | LiteralValue]:
    return lambda fact: fact.object if fact.subject_id == end else EntityRef(fact.subject_id)


def _contest(group: _Group, members: Sequence[Fact]) -> _Contest:
    taken: list[Fact] = []
    lost: list[Fact] = []
    rivals_of_lost: list[tuple[Fact, ...]] = []
    for fact in _best_first(members):
        rivals = [other for other in taken if _differ(group.side(fact), group.side(other)) and overlap(fact, other)]
        if _sides_at_once(group, rivals) >= group.most:
            lost.append(fact)
            rivals_of_lost.append(tuple(rivals))
        else:
            taken.append(fact)
    return _Contest(group, tuple(taken), tuple(lost), tuple(rivals_of_lost))


def _best_first(facts: Iterable[Fact]) -> list[Fact]:
    ordered = sorted(facts, key=lambda fact: fact.id)
    ordered.sort(key=lambda fact: max(piece.stated_on or "" for piece in fact.evidence), reverse=True)
    ordered.sort(key=lambda fact: (-len(source_probabilities(fact.evidence)), -fact.confidence))
    return ordered


def _sides_at_once(group: _Group, facts: Sequence[Fact]) -> int:
    """Return how many different sides hold at one time, at most: some fact starts last among those that hold then."""
    if group.most == 1:
        return min(len(facts), 1)
    if all(fact.valid_from is None and fact.valid_to is None for fact in facts):
        return _different(group, facts)  # all hold at any time
    return max((_different(group, [g for g in facts if started_by(g, f) and overlap(g, f)]) for f in facts), default=0)


def _different(group: _Group, facts: Iterable[Fact]) -> int:
    sides: list[EntityRef | LiteralValue] = []
    for fact in facts:
        side = group.side(fact)
        if all(_differ(side, other) for other in sides):
            sides.append(side)
    return len(sides)


def _differ(one: EntityRef | LiteralValue, other: EntityRef | LiteralValue) -> bool:
    if isinstance(one, LiteralValue) and isinstance(other, LiteralValue):
        return not compatible(one, other)
    return one != other


def _refines(one: EntityRef | LiteralValue, other: EntityRef | LiteralValue) -> bool:
    return isinstance(one, LiteralValue) and isinstance(other, LiteralValue) and refines(one, other)


def _joined(sets: Iterable[set[str]]) -> list[set[str]]:
    """Join sets that have a member in common."""
    joined: list[set[str]] = []
    for ids in sets:
        apart = [other for other in joined if not other & ids]
        joined = [*apart, ids.union(*(other for other in joined if other & ids))]
    return joined
