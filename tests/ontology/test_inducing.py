"""What is proposed from facts: names, domains, ranges and aliases as they were observed, and nothing lost in silence."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild.ids import entity_id
from kgbuild.ontology import Property, Severity, check, induce, read, write
from kgbuild.ontology.model import says_something
from kgbuild.records import Derivation, Entity, EntityRef, Evidence, Fact, Literal, LiteralValue, Qualifier, Span


def proposal(*triples, min_count=1, derived_from=None, **options):
    """Induce from facts of "name:Class | predicate | name:Class or value^datatype", a qualifier's name after another bar."""
    entities, facts = {}, []

    def entity(words):
        name, _, class_name = words.rpartition(":")
        made = Entity(entity_id(name), name, class_name)
        entities[made.id] = made
        return made.id

    for number, triple in enumerate(triples):
        subject, predicate, object_, *names = triple.split(" | ")
        value, _, datatype = object_.rpartition("^")
        object_ = LiteralValue(value, value, datatype) if datatype in ("date", "string", "decimal") else EntityRef(entity(object_))
        qualifiers = tuple(Qualifier(name, Literal(None, "1998", "1998", "gYear")) for name in names)
        evidence = (Evidence("doc", "chk", Span(0, 1), "x", "test", "rules", 1.0),)
        facts.append(
            Fact(f"fct_{number}", entity(subject), predicate, object_, 1.0, evidence, qualifiers, derived_from=derived_from)
        )
    return induce(facts, entities, "induced", min_count, **options)


ADA, BOB = "Ada:Person | born_in | London:Place", "Bob:Person | born_in | Paris:Place"


def described(prop):
    flags = (("temporal",) if prop.temporal else ()) + prop.qualifiers
    return prop.name, prop.label, prop.domain, prop.range, prop.aliases, flags


@pytest.mark.parametrize(
    ("triples", "properties"),
    [
        # Domain and range are the classes that stood there, the most frequent first.
        ([ADA, BOB], [("born_in", "born in", ("Person",), ("Place",), (), ())]),
        (
            [ADA, BOB, "Rex:Dog | born_in | Kent:Place"],
            [("born_in", "born in", ("Person", "Dog"), ("Place",), (), ())],
        ),
        # A class that stood there for less than a tenth is taken for a mistake.
        (
            [*(f"P{n}:Person | born_in | London:Place" for n in range(20)), "Rex:Dog | born_in | Kent:Place"],
            [("born_in", "born in", ("Person",), ("Place",), (), ())],
        ),
        # A literal's datatype is its range.
        (["Ada:Person | born_on | 1815-12-10^date"], [("born_on", "born on", ("Person",), ("date",), (), ())]),
        # Spellings that differ in endings, articles and auxiliary verbs are one property, the most frequent its name.
        (
            ["A:P | works_for | B:O", "C:P | works_for | D:O", "E:P | has worked for | F:O", "G:P | Work for | H:O"],
            [("works_for", "works for", ("P",), ("O",), ("Work for", "has worked for"), ())],
        ),
        # Prepositions mean something: moving to is not moving from, owning not being owned.
        (
            ["A:P | moved_to | B:C", "A:P | moved_from | D:C", "A:P | owns | B:C", "B:C | owned_by | A:P"],
            [
                ("moved_from", "moved from", ("P",), ("C",), (), ()),
                ("moved_to", "moved to", ("P",), ("C",), (), ()),
                ("owned_by", "owned by", ("C",), ("P",), (), ()),
                ("owns", "owns", ("P",), ("C",), (), ()),
            ],
        ),
        # Qualifiers that were seen are allowed; a time makes the property temporal.
        (["A:P | led | B:O | start", "A:P | led | C:O | role"], [("led", "led", ("P",), ("O",), (), ("temporal", "role"))]),
        # What is no identifier becomes one, in any script.
        (["A:P | 2nd wife | B:P"], [("_2nd_wife", "2nd wife", ("P",), ("P",), (), ())]),
        (["A:P | родился_в | B:C"], [("родился_в", "родился в", ("P",), ("C",), (), ())]),
        (["A:P | में जन्मा | B:C"], [("में_जन्मा", "में जन्मा", ("P",), ("C",), (), ())]),
        # A predicate without a letter or digit says nothing to be called by; two of them keep apart, for nothing is merged.
        (
            ["A:P | → | B:C", "A:P | → | D:C", "A:P | ⇒ | B:C"],
            [("unnamed", "unnamed", ("P",), ("C",), (), ()), ("unnamed_2", "unnamed 2", ("P",), ("C",), (), ())],
        ),
        (
            ["A:P | won (1st) | B:C", "A:P | won 1st | B:C"],
            [("won_1st", "won (1st)", ("P",), ("C",), (), ()), ("won_1st_2", "won 1st", ("P",), ("C",), (), ())],
        ),
    ],
)
def test_properties_are_as_observed(triples, properties):
    assert [described(prop) for prop in proposal(*triples).ontology.properties.values()] == properties


@pytest.mark.parametrize(
    ("triples", "classes"),
    [
        (["A:Political Party | p | B:Person"], {"Political_Party": "Political Party", "Person": "Person"}),
        # No class given is a class too.
        (["A: | p | B:Person"], {"Thing": "Thing", "Person": "Person"}),
        # A class may not have a datatype's name, whatever a model said.
        (["A:date | p | B:literal"], {"Date": "date", "Literal": "literal"}),
        # Capitals and underscores alone make no other class; other signs do.
        (["A:big_firm | p | B:Big Firm"], {"Big_Firm": "Big Firm"}),
        (["A:C | p | B:C++"], {"C": "C", "C_2": "C++"}),
        # One without a letter or digit has no name of its own.
        (["A:→ | p | B:-"], {"Thing": "Thing", "Thing_2": "Thing 2"}),
        # Where each is too rare for a domain or a range, any class will do, and so all are proposed.
        ([f"A{n}:C{n} | p | B{n}:C{n}" for n in range(12)], {f"C{n}": f"C{n}" for n in range(12)}),
    ],
)
def test_classes_are_as_observed(triples, classes):
    assert {class_.name: class_.label for class_ in proposal(*triples).ontology.classes.values()} == classes


def test_signs_that_call_nothing_stand_in_the_description():
    ontology = proposal("A:→ | => | B:→").ontology
    assert ontology.properties["unnamed"].description == "Seen in 1 fact, written =>."
    assert ontology.classes["Thing"].description == "Seen in 2 facts, written →, such as A, B."


def test_what_is_too_rare_is_left_out_and_counted():
    found = proposal(ADA, BOB, "Ada:Person | likes | Rex:Dog", min_count=2)
    assert list(found.ontology.properties) == ["born_in"]
    assert (found.left_out_predicates, found.left_out_classes) == ({"likes": 1}, {"Dog": 1})


def test_a_known_property_says_itself_what_it_means_and_is_called():
    meant = Property("born_in", "place of birth", "Where a person was born.", aliases=("born in", "native of"), iri="http://x/P19")
    prop = proposal(ADA, "Ada:Person | likes | Rex:Dog", known={"born_in": meant}).ontology.properties["born_in"]
    assert (prop.label, prop.aliases, prop.iri) == ("place of birth", ("born in", "native of"), "http://x/P19")
    assert prop.description == "Where a person was born. Seen in 1 fact."
    assert (prop.domain, prop.range) == (("Person",), ("Place",))


def test_what_was_inferred_is_no_observation():
    assert proposal(ADA, derived_from=Derivation("inverse", ("fct_0",))).ontology.properties == {}


names = st.text(min_size=1, max_size=6).filter(lambda text: " | " not in f" {text} |" and "^" not in text)


@settings(max_examples=60, deadline=None)
@given(triples=st.lists(st.tuples(names, names, names, names, names), min_size=1, max_size=6))
def test_whatever_was_observed_the_proposal_passes_the_check_and_has_a_place_for_all_of_it(triples, tmp_path_factory):
    lines = [f"{s}:{sc} | {p} | {o}:{oc}" for s, sc, p, o, oc in triples]
    ontology = proposal(*lines).ontology
    path = tmp_path_factory.mktemp("induced") / "ontology.yaml"
    write(ontology, path)
    assert [problem for problem in check(path) if problem.severity is Severity.ERROR] == []
    assert {prop: described(prop) for prop in read(path).properties.values()} == {
        prop: described(prop) for prop in ontology.properties.values()
    }
    spelled = {words.casefold() for prop in ontology.properties.values() for words in (prop.label, *prop.aliases)}
    described_as = " ".join(prop.description for prop in ontology.properties.values())
    for words in (" ".join(p.replace("_", " ").split()) for _, _, p, _, _ in triples):
        # A predicate without a letter or digit is called as its property is named, which describes it.
        assert words.casefold() in spelled if says_something(words) else words in described_as


def test_a_class_and_a_property_of_one_name_are_two_in_every_format(tmp_path):
    ontology = proposal("Emma:author | author | Jane:Person").ontology
    for suffix in ("yaml", "json", "ttl", "owl"):
        write(ontology, tmp_path / f"proposed.{suffix}")
        again = read(tmp_path / f"proposed.{suffix}")
        assert (set(again.classes), set(again.properties)) == ({"author", "Person"}, {"author"})
