import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.ontology.model import Ontology, OntologyClass
from kgbuild.records import Mention
from kgbuild.resolution.coreference import representatives
from kgbuild.resolution.normalisation import block_key
from tests.builders import document, mention
from tests.growth import LINEAR, growth

CLASSES = Ontology(
    "classes",
    {
        "Human": OntologyClass("Human", "person"),
        "Politician": OntologyClass("Politician", "politician", parent="Human"),
        "Organization": OntologyClass("Organization", "organization"),
        "Company": OntologyClass("Company", "company", parent="Organization"),
        "University": OntologyClass("University", "university", parent="Organization"),
        "Site": OntologyClass("Site", "place"),
        "River": OntologyClass("River", "river", parent="Site"),
    },
    {},
)


@pytest.mark.parametrize(
    ("mentions", "represented"),
    [
        # Every name stands for itself ...
        (["Acme:Company", "Bolt:Company"], {}),
        # ... but an acronym stands for the one longer name that it is the initials of,
        (["International Business Machines:Company", "IBM:Company"], {"IBM": "International Business Machines"}),
        (["IBM\u200b:Company", "International Business Machines:Company"], {"IBM\u200b": "International Business Machines"}),
        (["I.B.M.:Company", "International Business Machines:Company"], {"I.B.M.": "International Business Machines"}),
        # small words and a legal form counted or not,
        (["Bank of America:Company", "BOA:Company"], {"BOA": "Bank of America"}),
        (["Federal Bureau of Investigation:Organization", "FBI:Organization"], {"FBI": "Federal Bureau of Investigation"}),
        (["General Electric Company:Company", "GE:Company"], {"GE": "General Electric Company"}),
        # when their classes can be one thing's,
        (["Acme Research Centre:Organization", "ARC:Company"], {"ARC": "Acme Research Centre"}),
        (["Acme Research Centre:University", "ARC:Company"], {}),
        # when it is written as an acronym,
        (["Acme Research Centre:Company", "Arc:Company"], {}),
        # and when there is no second such name. A second spelling of the first is none.
        (["Acme Research Centre:Company", "Aria Rail Company:Company", "ARC:Company"], {}),
        (["Acme Research Centre:Company", "the Acme Research Centre:Company", "ARC:Company"], {"ARC": "the Acme Research Centre"}),
        # A bare surname stands for the one person's name that ends with it,
        (["Ada Lovelace:Human", "Lovelace:Human"], {"Lovelace": "Ada Lovelace"}),
        (["Lovelace's:Politician", "Ada Lovelace:Human"], {"Lovelace's": "Ada Lovelace"}),
        (["Vincent van Gogh:Human", "van Gogh:Human", "Gogh:Human"], {"van Gogh": "Vincent van Gogh"}),
        # not when two persons bear it, nor for a first name, a title or an initial.
        (["Ada Lovelace:Human", "William Lovelace:Human", "Lovelace:Human"], {}),
        (["Ada Lovelace:Human", "Ada:Human", "Lady Lovelace:Human"], {}),
        (["Malcolm X:Human", "X:Human"], {}),
        # Only persons have surnames,
        (["Acme Steel:Company", "Steel:Company"], {}),
        (["Ada Lovelace:Human", "Lovelace:Company"], {}),
        # and nothing is done for places.
        (["Upper Rhine Stream:River", "URS:River", "Stream:River"], {}),
    ],
)
def test_the_longest_name_of_a_document_represents_its_short_forms(mentions, represented):
    text = ". ".join(name.rpartition(":")[0] for name in mentions)
    found = [mention(name, document(text)) for name in mentions]
    names = representatives(found, CLASSES)
    assert {m.text: names[m.id] for m in found if block_key(names[m.id]) != block_key(m.text)} == represented


def test_without_an_ontology_the_name_of_the_class_tells_persons_and_places():
    found = [mention(name) for name in ["Ada Lovelace:Person", "Lovelace:Person", "Red Sea:Place", "RS:Place", "Sea:"]]
    assert [representatives(found, None)[m.id] for m in found] == ["Ada Lovelace", "Ada Lovelace", "Red Sea", "RS", "Sea"]


@pytest.mark.parametrize("short", ["Smith", "X{n} Smith"])
def test_thousands_of_one_surname_cost_little(short):
    # A surname that many names end with, as often as there are such names, or once.
    def place(text):
        found = [
            Mention(f"men_{n}", "doc_a", None, name, "Person")
            for n in range(len(text))
            for name in (f"X{n} Smith", short.format(n=n), "Smith")
        ]
        return representatives(found, None)

    assert growth(place, "a" * 8000) < LINEAR


NAMES = ["Ada Lovelace", "Lovelace", "William Lovelace", "AL", "Al", "A. L.", "Van Der Berg", "der Berg", "VDB", "Acme Steel", "AS"]
mentions = st.builds(
    lambda name, class_name: mention(f"{name}:{class_name}"),
    st.sampled_from(NAMES),
    st.sampled_from(["", "Human", "Politician", "Company", "Organization", "River"]),
)


@given(st.lists(mentions), st.randoms(use_true_random=False))
def test_names_depend_on_the_set_of_mentions_and_on_no_order(found, random):
    shuffled = [*found, *found[:2]]
    random.shuffle(shuffled)
    assert representatives(shuffled, CLASSES) == representatives(found, CLASSES)


@given(st.lists(mentions))
def test_a_representative_is_a_name_of_the_document_and_stands_for_itself_or_for_a_longer_name(found):
    named = representatives(found, CLASSES)
    for m in found:
        assert named[m.id] in {other.text for other in found}
        assert len(named[m.id]) >= len(m.text)
