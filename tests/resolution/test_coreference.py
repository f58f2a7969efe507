from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.ontology.model import Ontology, OntologyClass
from kgbuild.records import Mention
from kgbuild.resolution import countries
from kgbuild.resolution.coreference import representatives
from kgbuild.resolution.name_parts import organisation_name, person_name
from kgbuild.resolution.normalisation import block_key
from tests.builders import document, mention
from tests.growth import LINEAR, growth

GEH = {"General Electric Holding Company": "General Electric Holding"}
BARACK = "Barack Obama"
CLASSES = Ontology(
    "classes",
    {
        "Human": OntologyClass("Human", "person"),
        "Politician": OntologyClass("Politician", "politician", parent="Human"),
        "Organization": OntologyClass("Organization", "organization"),
        "Company": OntologyClass("Company", "company", parent="Organization"),
        "University": OntologyClass("University", "university", parent="Organization"),
        "Work": OntologyClass("Work", "work"),
        "Site": OntologyClass("Site", "place"),
        "River": OntologyClass("River", "river", parent="Site"),
        "Country": OntologyClass("Country", "country", parent="Site"),
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
        (["General Electric Holding Company:Organization", "GEH:Organization"], {**GEH, "GEH": "General Electric Holding"}),
        (["Acme Steel Ltd:", "AS:"], {"AS": "Acme Steel Ltd"}),
        # "&" as such or left out,
        (["Procter & Gamble:Company", "P&G:Company", "P & G:Company"], dict.fromkeys(["P&G", "P & G"], "Procter & Gamble")),
        (["Johnson & Johnson:Company", "JJ:Company"], {"JJ": "Johnson & Johnson"}),
        (["American Telephone and Telegraph:Company", "AT&T:Company"], {"AT&T": "American Telephone and Telegraph"}),
        (["Standard Acme Pumps:Company", "S&P:Company"], {}),
        (["A&T:Company", "AT&T:Company", "A&B:Company"], {}),
        # when their classes can be one thing's,
        (["Acme Research Centre:Organization", "ARC:Company"], {"ARC": "Acme Research Centre"}),
        (["Acme Research Centre:University", "ARC:Company"], {}),
        # when it is written as an acronym,
        (["Acme Research Centre:Company", "Arc:Company"], {}),
        # and when there is no second such name. A second spelling of the first is none.
        (["Acme Research Centre:Company", "Aria Rail Charter:Company", "ARC:Company"], {}),
        (["Acme Research Centre:Company", "the Acme Research Centre:Company", "ARC:Company"], {"ARC": "the Acme Research Centre"}),
        # A bare surname stands for the one person's name that ends with it,
        (["Ada Lovelace:Human", "Lovelace:Human"], {"Lovelace": "Ada Lovelace"}),
        (["Lovelace's:Politician", "Ada Lovelace:Human"], {"Lovelace's": "Ada Lovelace"}),
        (["Vincent van Gogh:Human", "van Gogh:Human"], {"van Gogh": "Vincent van Gogh"}),
        # or its last two words, if there is one before them and neither is an initial,
        (["Gabriel García Márquez:Human", "García Márquez:Human"], {"García Márquez": "Gabriel García Márquez"}),
        (["Thomas J. Watson:Human", "J. Watson:Human"], {}),
        # without what tells a son from his father, which a short form may have too, and without honours.
        (["Martin Luther King Jr.:Human", "King:Human"], {"King": "Martin Luther King Jr."}),
        (["Robert Downey, Jr.:Human", "Downey, Jr.:Human"], {"Downey, Jr.": "Robert Downey, Jr."}),
        (["Henry Ford II:Human", "Henry Ford:Human", "Ford II:Human"], {"Ford II": "Henry Ford II"}),
        (["Jane Doe, Ph.D.:Human", "Doe:Human"], {"Doe": "Jane Doe, Ph.D."}),
        (["Thomas J. Watson:Human", "Thomas J. Watson Jr.:Human", "Watson:Human"], {}),
        (["Pope John Paul II:Human", "Paul:Human"], {}),
        (["Henry Ford II:Human", "II:Human"], {}),
        # Longer names that are short for another one do not count.
        (["Vincent van Gogh:Human", "Van Gogh:Human", "Gogh:Human"], dict.fromkeys(["Van Gogh", "Gogh"], "Vincent van Gogh")),
        (
            ["Mario Vargas Llosa:Human", "Vargas Llosa:Human", "Jo Llosa:Human", "Llosa:Human"],
            {"Vargas Llosa": "Mario Vargas Llosa"},
        ),
        # Titles and honours tell no full names apart,
        (
            ["Dr. Angela Merkel:Human", "Angela Merkel:Human", "Merkel:Human"],
            dict.fromkeys(["Dr. Angela Merkel", "Merkel"], "Angela Merkel"),
        ),
        (["Dr. Angela Merkel:Human", "Merkel:Human"], {"Merkel": "Dr. Angela Merkel"}),
        (["Jane Doe, MD:Human", "Jane Doe:Human"], {"Jane Doe, MD": "Jane Doe"}),
        (["Mrs. Barack Obama:Human", "Barack Obama:Human"], {}),
        # nor does a title before a surname, but one that another bearer of the surname may have.
        (
            ["Barack Obama:Human", "President Obama:Human", "Mr. Obama:Human"],
            dict.fromkeys(["President Obama", "Mr. Obama"], BARACK),
        ),
        (["Barack Obama:Human", "Mrs. Obama:Human", "Obama:Human"], {}),
        (["Barack Obama:Human", "Lady Michelle Obama:Human", "Lady Obama:Human"], {"Lady Obama": "Lady Michelle Obama"}),
        (["Mrs. Michelle Obama:Human", "Mr. Obama:Human"], {}),
        (["Mr. Obama:Human", "Dr. Obama:Human"], {}),
        # not when two persons bear it, nor for a first name, a title or an initial.
        (["Ada Lovelace:Human", "William Lovelace:Human", "Lovelace:Human"], {}),
        (["Ada Lovelace:Human", "Ada:Human", "Lady Lovelace:Human"], {}),
        (["Malcolm X:Human", "X:Human"], {}),
        # Only persons have surnames,
        (["Acme Steel:Company", "Steel:Company"], {}),
        (["Ada Lovelace:Human", "Lovelace:Company"], {}),
        # and of places no name is short for another.
        (["Upper Rhine Stream:River", "URS:River", "Stream:River"], {}),
    ],
)
def test_the_longest_name_of_a_document_represents_its_short_forms(mentions, represented):
    text = ". ".join(name.rpartition(":")[0] for name in mentions)
    found = [mention(name, document(text)) for name in mentions]
    names = representatives(found, CLASSES)
    assert {m.text: names[m.id] for m in found if block_key(names[m.id]) != block_key(m.text)} == represented


@pytest.mark.parametrize(
    ("mentions", "compared"),
    [
        # A legal form is left out, whether the document has the name without it or not; two at once,
        (["Siemens AG:Company", "Siemens:Organization"], {"Siemens AG": "Siemens"}),
        (["Apple, Inc.:Company"], {"Apple, Inc.": "Apple"}),
        (["Apple Inc.'s:Company"], {"Apple Inc.'s": "Apple"}),
        (["Novo Nordisk A/S:Company", "Eni S.p.A.:Company"], {"Novo Nordisk A/S": "Novo Nordisk", "Eni S.p.A.": "Eni"}),
        (["Toyota Co., Ltd.:Company"], {"Toyota Co., Ltd.": "Toyota"}),
        (["Acme GmbH & Co. KG:Company"], {"Acme GmbH & Co. KG": "Acme"}),
        # and short forms go the same way.
        (
            ["General Electric:Company", "General Electric Company:Company", "GE:Company"],
            dict.fromkeys(["General Electric Company", "GE"], "General Electric"),
        ),
        # A word of names too is a legal form after two words, or if the document has the name without it.
        (["General Electric Company:Company"], {"General Electric Company": "General Electric"}),
        (["Bad Company:Organization", "Sport SA:Organization", "Bad Company Ltd:Company"], {"Bad Company Ltd": "Bad Company"}),
        (["The Boeing Company:Company", "Boeing:Company"], {"The Boeing Company": "The Boeing"}),
        (["Airbus SE:Company", "Airbus:Company"], {"Airbus SE": "Airbus"}),
        # What is left has to be a name, and "& Co." is part of one.
        (["News Corporation:Company", "The Company:Company", "X Corp:Company", "Inc.:Company"], {}),
        (["Merck & Co.:Company", "Merck:Company", "Tiffany & Co., Inc.:Company"], {"Tiffany & Co., Inc.": "Tiffany & Co."}),
        # Written otherwise it is a word.
        (["Day Spa:Company", "Rock Se:Company"], {}),
        # A document that has two forms of a name speaks of two things.
        (["Acme Inc.:Company", "Acme Ltd.:Company", "Acme:Company"], {}),
        (["Acme Inc.:Company", "Acme Incorporated:Company"], dict.fromkeys(["Acme Inc.", "Acme Incorporated"], "Acme")),
        # Only organisations have legal forms; a vaguer class goes with them.
        (["Monsters, Inc.:Work", "Paris Ltd:River", "Ada Ltd:Human", "Bolt Inc.:"], {}),
        (["Acme Inc.:Company", "Acme Inc.:"], {"Acme Inc.": "Acme"}),
    ],
)
def test_an_organisation_is_compared_without_its_legal_form(mentions, compared):
    found = [mention(name) for name in mentions]
    names = representatives(found, CLASSES)
    assert {m.text: names[m.id] for m in found if block_key(names[m.id]) != block_key(m.text)} == compared


@pytest.mark.parametrize(
    ("mentions", "compared"),
    [
        # An adjective or another name stands for the country, also of a class that holds other places too,
        (["Swedish:Country", "Sweden:Country"], {"Swedish": "Sweden"}),
        (["the U.S.:Country", "American:Site", "USA:Country"], dict.fromkeys(["the U.S.", "American", "USA"], "United States")),
        (["South Korean:Country", "south korean:Country"], dict.fromkeys(["South Korean", "south korean"], "South Korea")),
        # but what may be several countries stands for none,
        (["Korean:Country", "Congolese:Country", "Guinean:Country"], {}),
        # and a language, a people or a river is no country.
        (["Swedish:Work", "Swedish:Human", "Swedish:River", "Swedish:", "American:Company"], {}),
    ],
)
def test_a_country_is_compared_by_its_name(mentions, compared):
    found = [mention(name) for name in mentions]
    names = representatives(found, CLASSES)
    assert {m.text: names[m.id] for m in found if block_key(names[m.id]) != block_key(m.text)} == compared


def test_no_form_stands_for_two_countries_or_is_the_name_of_another():
    rows = [line.split("\t") for line in Path(countries.__file__).with_name("countries.tsv").read_text("utf-8").splitlines()]
    assert all(len(row) == 3 and row[0] and any(row[1:]) for row in rows)
    forms = [block_key(form) for name, *columns in rows for form in (name, *"; ".join(filter(None, columns)).split("; "))]
    assert [form for form, count in Counter(forms).items() if count > 1] == []


def test_without_an_ontology_the_name_of_the_class_tells_persons_and_places():
    found = [mention(name) for name in ["Ada Lovelace:Person", "Lovelace:Person", "Red Sea:Place", "RS:Place", "Sea:"]]
    assert [representatives(found, None)[m.id] for m in found] == ["Ada Lovelace", "Ada Lovelace", "Red Sea", "RS", "Sea"]


@pytest.mark.parametrize("short", ["Smith", "X{n} Smith", "Y X{n} Smith", "Dr. X{n} Smith", "Lady Dr. Smith"])
def test_thousands_of_one_surname_cost_little(short):
    # A surname that many names end with, as often as there are such names, or once; within longer names and with titles.
    def place(text):
        found = [
            Mention(f"men_{n}", "doc_a", None, name, "Person")
            for n in range(len(text))
            for name in (f"X{n} Smith", short.format(n=n), "Smith")
        ]
        return representatives(found, None)

    assert growth(place, "a" * 8000) < LINEAR


NAMES = ["Ada Lovelace", "Lovelace", "William Lovelace", "AL", "Al", "A. L.", "Van Der Berg", "der Berg", "VDB", "Acme Steel", "AS"]
NAMES += ["Dr. Ada Lovelace", "Lady Lovelace", "Mr. Lovelace", "Ada King Lovelace", "King Lovelace", "Ada Lovelace Jr.", "A&S"]
NAMES += ["Acme Steel Inc.", "Acme Steel Company", "Acme Company", "Acme", "Acme & Steel", "Acme Ltd"]
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
def test_a_representative_is_a_name_of_the_document_but_for_a_legal_form_and_no_shorter_one(found):
    named = representatives(found, CLASSES)
    written = {text for m in found for text in (m.text, organisation_name(m.text).rest)}
    for m in found:
        assert named[m.id] in written
        assert len(person_name(named[m.id]).words) >= len(person_name(organisation_name(m.text).rest).words)
