from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.ids import entity_id, mention_id
from kgbuild.ontology.model import Ontology, OntologyClass
from kgbuild.records import Mention, Span
from kgbuild.resolution.canonicalisation import canonical_name, entity_class
from kgbuild.resolution.clustering import classes_join
from kgbuild.resolution.normalisation import block_key
from kgbuild.resolution.resolve import resolve

CLASSES = Ontology(
    "classes",
    {
        "Person": OntologyClass("Person", "person"),
        "Organization": OntologyClass("Organization", "organization"),
        "Company": OntologyClass("Company", "company", parent="Organization"),
        "Bank": OntologyClass("Bank", "bank", parent="Company"),
        "University": OntologyClass("University", "university", parent="Organization"),
    },
    {},
)


def named(text: str, class_name: str, document: str = "doc_a", start: int = 0) -> Mention:
    span = Span(start, start + len(text))
    return Mention(mention_id(document, span, text, class_name), document, span, text, class_name)


def several(*texts: str) -> list[Mention]:
    """Mentions of one class, each in its own place."""
    return [named(text, "Company", start=100 * n) for n, text in enumerate(texts)]


def of_classes(written: str) -> list[Mention]:
    """Build mentions of one name from "Company Company Person"; "-" is no class."""
    return [named("Acme", "" if word == "-" else word, start=10 * n) for n, word in enumerate(written.split())]


@pytest.mark.parametrize(
    ("classes", "entities"),
    [
        ("Company Company", ["Company 2"]),
        # Classes that no line of descent joins are different things of one name.
        ("Company Person", ["Company 1", "Person 1"]),
        ("Company University", ["Company 1", "University 1"]),
        # A class and one above it are one thing, under the more specific class ...
        ("Organization Company", ["Company 2"]),
        ("Organization Company Bank", ["Bank 3"]),
        # ... if that is borne by at least a quarter of the mentions.
        ("Organization Organization Organization Company", ["Company 4"]),
        ("Organization Organization Organization Organization Company", ["Organization 5"]),
        ("Organization Organization Organization Organization Company Bank", ["Company 6"]),
        # A vague mention joins the larger of two specific things, and never makes one of them; ties go by name.
        ("Organization Company Company University", ["Company 3", "University 1"]),
        ("Organization Company University University", ["Company 1", "University 3"]),
        ("Organization Company University", ["Company 2", "University 1"]),
        # A mention without a class joins the largest.
        ("- Company Person Person", ["Company 1", "Person 3"]),
        ("- Company Person", ["Company 2", "Person 1"]),
        ("- -", [" 2"]),
        # A class that the ontology does not have stands alone.
        ("Company Firm", ["Company 1", "Firm 1"]),
    ],
)
def test_mentions_of_one_name_are_told_apart_by_class(classes, entities):
    found = resolve("acme", of_classes(classes), CLASSES)
    assert sorted(f"{entity.class_name} {len(entity.mention_ids)}" for entity in found) == entities


@pytest.mark.parametrize(
    ("classes", "entities"),
    [
        # Without an ontology equal classes alone are one thing.
        ("Company Company", ["Company 2"]),
        ("Organization Company", ["Company 1", "Organization 1"]),
        ("- Company Person Person", ["Company 1", "Person 3"]),
    ],
)
def test_without_an_ontology_the_class_alone_decides(classes, entities):
    found = resolve("acme", of_classes(classes), None)
    assert sorted(f"{entity.class_name} {len(entity.mention_ids)}" for entity in found) == entities


@pytest.mark.parametrize(
    ("forms", "name"),
    [
        # The longest form is the name ...
        (["IBM", "International Business Machines"], "International Business Machines"),
        # ... of those without comma, bracket, possessive or small article, if there is one.
        (["Lovelace, Ada", "Ada Lovelace"], "Ada Lovelace"),
        (["Acme (London)", "Acme"], "Acme"),
        (["Acme’s", "Acme"], "Acme"),
        (["the Acme", "Acme"], "Acme"),
        (["Lovelace, Ada"], "Lovelace, Ada"),
        # A capital article makes no name longer: the more frequent of the two it is.
        (["The Beatles", "The Beatles", "Beatles"], "The Beatles"),
        (["The Acme", "Acme", "Acme"], "Acme"),
        # Forms equally long: not in capitals, then the most frequent,
        (["ACME", "ACME", "Acme"], "Acme"),
        (["Cafe", "Café", "Café"], "Café"),
        (["Cafe", "Cafe", "Café"], "Cafe"),
        # with most accents, the first by code point.
        (["Nestlé", "Nestle"], "Nestlé"),
        (["Soren", "Søren"], "Søren"),
        (["Coca-Cola", "Coca Cola"], "Coca Cola"),
        # Nor do the titles of a full name make it longer.
        (["Dr. Angela Merkel", "Angela Merkel"], "Angela Merkel"),
        (["Lady Gaga", "Gaga"], "Lady Gaga"),
        # A legal form does.
        (["Siemens", "Siemens AG"], "Siemens AG"),
        # A line break is a space.
        (["Acme\nSteel"], "Acme Steel"),
        # What shows nothing is no part of a name, unless there is nothing else.
        (["Ac\u00adme", "\ufeffAcme\u200b"], "Acme"),
        (["\u200b"], "\u200b"),
    ],
)
def test_the_longest_plain_form_is_the_name(forms, name):
    assert canonical_name(several(*forms), CLASSES) == name


@pytest.mark.parametrize(
    ("forms", "name", "aliases"),
    [
        # Also where all that is written of it are adjectives and other names.
        (["Swedish"], "Sweden", ("Swedish",)),
        (["Swedish", "Sweden"], "Sweden", ("Swedish",)),
        (["United States of America", "American", "US"], "United States", ("American", "US", "United States of America")),
        (["Gotland"], "Gotland", ()),
    ],
)
def test_a_country_is_called_by_its_name(forms, name, aliases):
    (entity,) = resolve(block_key(name), [named(form, "Country", start=100 * n) for n, form in enumerate(forms)], None)
    assert (entity.name, entity.aliases) == (name, aliases)


def test_every_other_form_is_an_alias_once():
    (entity,) = resolve("acme", several("Acme", "ACME", "the\nAcme", "ACME", "Acme"), CLASSES)
    assert (entity.name, entity.aliases) == ("Acme", ("ACME", "the Acme"))


IN_A, IN_B = named("Acme", "Company", "doc_a"), named("Acme", "Person", "doc_b")


@pytest.mark.parametrize(
    ("mentions", "ids"),
    [
        # One thing of a name: the name is enough, whatever class, document or spelling it has.
        ([IN_A], {entity_id("acme")}),
        ([IN_B], {entity_id("acme")}),
        ([named("the ACME", "Company", "doc_c")], {entity_id("acme")}),
        # Two things of a name: each by the least document that has it.
        ([IN_A, IN_B], {entity_id("acme", "doc_a"), entity_id("acme", "doc_b")}),
        ([IN_A, IN_B, named("Acme", "Person", "doc_c")], {entity_id("acme", "doc_a"), entity_id("acme", "doc_b")}),
        # In one least document: by the first place there.
        ([IN_A, named("Acme", "Person", "doc_a", 50)], {entity_id("acme", "doc_a:0"), entity_id("acme", "doc_a:50")}),
        # A third thing elsewhere needs only its document.
        (
            [IN_A, named("Acme", "Person", "doc_a", 50), named("Acme", "University", "doc_c")],
            {entity_id("acme", "doc_a:0"), entity_id("acme", "doc_a:50"), entity_id("acme", "doc_c")},
        ),
        # At one place: by the mention.
        (
            [IN_A, named("Acme", "Person", "doc_a")],
            {entity_id("acme", IN_A.id), entity_id("acme", named("Acme", "Person", "doc_a").id)},
        ),
    ],
)
def test_an_id_says_no_more_than_it_needs_to_tell_namesakes_apart(mentions, ids):
    assert {entity.id for entity in resolve("acme", mentions, CLASSES)} == ids


mentions = st.builds(
    named,
    st.sampled_from(["Acme", "ACME", "the Acme", "Acme's", "Acme (UK)"]),
    st.sampled_from(["", "Person", "Organization", "Company", "Bank", "University", "Firm"]),
    st.sampled_from(["doc_a", "doc_b", "doc_c"]),
    st.sampled_from([0, 50, 100]),
)
components = st.lists(mentions, min_size=1, max_size=12)
ontologies = st.sampled_from([CLASSES, None])


@given(components, ontologies, st.randoms(use_true_random=False))
def test_entities_depend_on_the_set_of_mentions_and_on_no_order(found, ontology, random):
    shuffled = [*found, *found[:3]]
    random.shuffle(shuffled)
    assert resolve("acme", shuffled, ontology) == resolve("acme", found, ontology)


@given(components, ontologies)
def test_each_mention_is_in_one_entity_and_ids_differ(found, ontology):
    entities = resolve("acme", found, ontology)
    assert sorted(id_ for entity in entities for id_ in entity.mention_ids) == sorted({m.id for m in found})
    assert len({entity.id for entity in entities}) == len(entities)
    assert all(entity.name not in entity.aliases for entity in entities)


@given(components)
def test_the_classes_of_an_entity_never_exclude_one_another(found):
    class_of = {m.id: m.class_name for m in found}
    for entity in resolve("acme", found, CLASSES):
        # Sorted from the most general down, each class is above the next.
        borne = sorted({class_of[id_] for id_ in entity.mention_ids} - {""}, key=lambda name: len(CLASSES.ancestors(name)))
        assert all(classes_join(one, other, CLASSES) for one, other in pairwise(borne))
        assert entity.class_name in {*borne, ""}


def test_classes_in_a_circle_are_told_apart_rather_than_refused():
    circle = Ontology("circle", {"A": OntologyClass("A", "a", parent="B"), "B": OntologyClass("B", "b", parent="A")}, {})
    assert {entity.class_name for entity in resolve("acme", of_classes("A B"), circle)} == {"A", "B"}


def test_a_class_is_the_most_frequent_where_no_ontology_orders_them():
    assert entity_class(of_classes("Company Person Person -"), None) == "Person"
