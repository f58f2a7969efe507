import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.fusion.conflicts import clashes
from kgbuild.fusion.fuse import fuse
from kgbuild.fusion.groups import fact_group_keys, group_keys
from kgbuild.ontology.model import Property
from kgbuild.records import JudgedTriple
from tests.fusion.claims import claim, entities_of, thing

RULES = thing(
    Property("employer", "employer"),
    Property("spouse", "spouse", symmetric=True, functional=True),
    Property("capital_of", "capital of", inverse_functional=True, functional=True),
    Property("code", "code", range=("decimal",), inverse_functional=True),
    Property("parent", "parent", asymmetric=True),
)


@pytest.mark.parametrize(
    ("judged", "keys"),
    [
        # A fact stands among those of its property and subject.
        (claim("Ada", "employer", "Acme"), {"out Ada employer"}),
        (claim("Ada", "unheard_of", "Acme"), {"out Ada unheard_of"}),
        # A symmetric one among those of both ends.
        (claim("Bob", "spouse", "Ada"), {"out Ada spouse", "out Bob spouse"}),
        # Of an inverse functional property also among those of its object, by its value.
        (claim("Bonn", "capital_of", "Germany"), {"out Bonn capital_of", "in capital_of Germany"}),
        (claim("Bonn", "code", "7.0^decimal"), {"out Bonn code", "in code decimal:7"}),
        # Of an asymmetric one also with its reverse.
        (claim("Bob", "parent", "Ada"), {"out Bob parent", "pair Ada parent Bob"}),
        (claim("Ada", "parent", "Bob"), {"out Ada parent", "pair Ada parent Bob"}),
    ],
)
def test_a_triple_and_its_fact_stand_in_the_same_groups(judged, keys):
    entity_of = entities_of([judged])
    assert group_keys(judged.triple, entity_of, RULES) == keys
    assert [fact_group_keys(fact, RULES) for fact in fuse([judged], entity_of, {}, RULES)] == [keys]


class Graph:
    """Keeps facts up to date by the recipe in `kgbuild.fusion.groups`, as a ledger does."""

    def __init__(self) -> None:
        self.triples: list[JudgedTriple] = []
        self.facts = {}
        self.clashes = ()

    def change(self, added, removed):
        kept = [judged for judged in self.triples if judged not in removed]
        changed = [*(judged for judged in self.triples if judged in removed), *added]
        self.triples = [*kept, *added]
        entity_of = entities_of([*self.triples, *changed])

        def in_groups(keys):
            return [judged for judged in self.triples if group_keys(judged.triple, entity_of, RULES) & keys]

        touched = {key for judged in changed for key in group_keys(judged.triple, entity_of, RULES)}
        needed = in_groups({key for judged in in_groups(touched) for key in group_keys(judged.triple, entity_of, RULES)})
        fused = fuse(needed, entity_of, {}, RULES)
        untouched = {id_: fact for id_, fact in self.facts.items() if not fact_group_keys(fact, RULES) & touched}
        self.facts = untouched | {fact.id: fact for fact in fused if fact_group_keys(fact, RULES) & touched}
        old = [clash for clash in self.clashes if clash.group not in touched]
        self.clashes = (*old, *(clash for clash in clashes(fused, RULES) if clash.group in touched))


claims = st.builds(
    claim,
    st.sampled_from(["Ada", "Bob", "Cy", "Dan"]),
    st.sampled_from([*RULES.properties]),
    st.sampled_from(["Ada", "Bob", "Cy", "Dan", "7^integer", "7.0^decimal"]),
    st.sampled_from(["doc_a", "doc_b"]),
    st.sampled_from(["", "the same words"]),
    st.sampled_from([0.5, 0.8]),
)
changes = st.lists(st.tuples(st.lists(claims, max_size=6), st.lists(st.integers(0, 30), max_size=4)), max_size=5)


@given(changes)
def test_deciding_again_only_what_a_change_touches_equals_deciding_everything(changes):
    graph = Graph()
    for added, numbers in changes:
        graph.change(added, [graph.triples[n] for n in numbers if n < len(graph.triples)])
        entity_of = entities_of(graph.triples)
        everything = fuse(graph.triples, entity_of, {}, RULES)
        assert graph.facts == {fact.id: fact for fact in everything}
        assert set(graph.clashes) == set(clashes(everything, RULES))


@given(st.lists(claims, max_size=8), st.lists(claims, max_size=8))
def test_what_is_added_and_removed_again_leaves_no_trace(kept, passing):
    graph, alone = Graph(), Graph()
    alone.change(kept, [])
    passing = [judged for judged in passing if judged not in kept]
    graph.change(kept, [])
    graph.change(passing, [])
    graph.change([], passing)
    assert (graph.facts, set(graph.clashes)) == (alone.facts, set(alone.clashes))
