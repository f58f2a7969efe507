"""What a sentence cannot state at once, whatever the scores say."""

from functools import cache

import pytest

from kgbuild.compact.coverage import coverage
from kgbuild.compact.decoding import (
    Guess,
    Reader,
    guesses,
    literal_in,
    object_value,
    reader,
    without_unnamed_rivals,
    without_what_lies_around,
)
from kgbuild.compact.literals import find_literals
from kgbuild.compact.weights import open_weights
from kgbuild.ontology.model import Property
from kgbuild.ontology.reading import read
from kgbuild.records import Literal, Span


@cache
def asked(name: str) -> Reader:
    ontology, weights = read(name), open_weights()
    return reader(weights, ontology, coverage(ontology, weights), with_uncovered=False)


def literals(name: str, text: str) -> list[tuple[str, str]]:
    """Return every property with a literal that the shipped weights give any chance."""
    return [(g.predicate, g.object.of(text)) for g in guesses(asked(name), text, counted_from=0.01) if g.literal]


def accepted(name: str, text: str) -> list[Guess]:
    return [g for g in guesses(asked(name), text) if g.probability >= asked(name).weights.calibration.accept_from]


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        # A number is an area, a height or a count of people, whatever else the model thinks likely, and so are its parts.
        ("La Paz sits at an altitude of 3,640 metres.", [("elevation", "3,640 metres")]),
        ("Denver is 1,609 metres above the sea.", [("elevation", "1,609 metres")]),
        ("Leeds had 751,485 inhabitants.", [("population", "751,485")]),
        # Square kilometres are no height, whatever the model thinks.
        ("Brandenburg extends over 29,479 square kilometres.", [("area", "29,479 square kilometres")]),
        ("Gotland has an area of 3,184 km².", [("area", "3,184 km²")]),
        # The dot of a unit does not make words of it.
        ("Pikes Peak is 14,115 ft. high.", [("elevation", "14,115 ft")]),
    ],
)
def test_a_number_is_one_quantity(text, stated):
    assert literals("places", text) == stated


def test_a_date_may_date_two_things():
    assert {prop for prop, _ in literals("company", "Acme was founded and dissolved in 1901.")} == {"inception", "dissolved"}


@pytest.mark.parametrize(
    ("range_", "words", "taken"),
    [
        # A number or date that the range names is taken for its worth.
        (("integer",), "21000", ("21000", "integer")),
        (("date",), "3 May 1998", ("1998-05-03", "date")),
        (("integer", "string"), "21000", ("21000", "integer")),
        # A string is the words, also where they could be read as a number or a date: area codes, postal codes, register numbers.
        (("string",), "Leeds", ("Leeds", "string")),
        (("string",), "21000", ("21000", "string")),
        (("Place", "string"), "3 May 1998", ("3 May 1998", "string")),
        # What is no number is none.
        (("integer",), "Leeds", None),
        (("integer",), "3 May 1998", None),
    ],
)
def test_an_object_is_what_the_range_takes(range_, words, taken):
    text = f"It has {words} there"
    span = Span(7, 7 + len(words))
    found = {literal.span: literal for literal in find_literals(text) if literal.span}
    value = object_value(Property("p", "p", range=range_), span, text, found)
    assert value == (taken and Literal(span, words, *taken))


@pytest.mark.parametrize(
    ("words", "literal"),
    [
        # A number or date is one with the punctuation beside it.
        ("14,115 ft.", "14,115 ft"),
        ("(1998)", "1998"),
        ("1998,", "1998"),
        # What more there is changes what it says.
        ("14,115 ft high", None),
        ('5"', None),
        ("1998, 1999", None),
        ("Leeds.", None),
    ],
)
def test_a_literal_is_one_with_the_punctuation_beside_it(words, literal):
    found = [literal.span for literal in find_literals(words) if literal.span]
    held = literal_in(Span(0, len(words)), words, found)
    assert (held and held.of(words)) == literal


@pytest.mark.parametrize(
    ("name", "text", "words", "class_name"),
    [
        # The likeliest class that all properties allow: a head office lies in any place, a country is one.
        ("company", "Samsung is headquartered in Seoul, South Korea.", "South Korea", "Country"),
        ("places", "Paris, the capital of France, lies on the Seine.", "Paris", "City"),
        # The names of one enumeration are of one class, though one of them may look like a firm's.
        ("company", "Siemens was founded by Werner von Siemens and Johann Georg Halske in Berlin.", "Werner von Siemens", "Person"),
    ],
)
def test_a_mention_is_of_one_class(name, text, words, class_name):
    sides = [side for g in accepted(name, text) for side in ((g.subject, g.subject_class), (g.object, g.object_class))]
    assert {class_ for span, class_ in sides if span.of(text) == words} == {class_name}


@pytest.mark.parametrize(
    "text",
    [
        # No class is a product and a company: Nintendo Switch is what each property takes.
        "Nintendo, a Japanese company based in Kyoto, made the Nintendo Switch.",
        "Samsung is headquartered in Seoul, South Korea.",
    ],
)
def test_a_class_is_one_that_the_property_allows(text):
    ontology = read("company")
    for guess in guesses(asked("company"), text):
        prop = ontology.properties[guess.predicate]
        assert ontology.is_a(guess.subject_class, prop.domain)
        assert guess.object_class is None or ontology.is_a(guess.object_class, prop.range_classes)


@pytest.mark.parametrize(
    ("text", "names_something"),
    [
        # In capitals it is a name, unless all is in capitals.
        ("WHO has its headquarters in Geneva.", True),
        ("It has its headquarters in Geneva.", False),
        ("I was born in Geneva.", False),
        ("WHO HAS ITS HEADQUARTERS IN GENEVA.", False),
    ],
)
def test_a_pronoun_names_nothing(text, names_something):
    subjects = {guess.subject.of(text) for guess in guesses(asked("company"), text)}
    assert (text.split()[0] in subjects) == names_something


@pytest.mark.parametrize(
    ("text", "claims", "kept"),
    [
        # What the sentence calls by one of its names leaves no room for what is less likely of the same two and is not called so,
        ("Ann, chief executive of Acme", "chief_executive .9, chairperson .8, employer .7", "chief_executive"),
        ("Ann, CEO of Acme", "chief_executive .3, employer .2", "chief_executive"),
        # but for what is likelier, or called by its name too,
        ("Ann, chief executive of Acme", "chairperson .9, chief_executive .8, employer .7", "chairperson chief_executive"),
        ("Ann, chairperson and chief executive of Acme", "chief_executive .9, chairperson .8", "chief_executive chairperson"),
        # nor does what is not likely enough to be accepted take anything's room.
        ("Ann, chief executive of Acme", "chief_executive .2, chairperson .1", "chief_executive chairperson"),
        # Of none called by its name the least likely go, in either direction.
        ("Ann heads Acme", "chief_executive .9, chairperson .4, founded_by .3, employer .3", "chief_executive chairperson"),
        ("Ann heads Acme", "chief_executive .3, chairperson .25", "chief_executive"),
        # Two that say the same in both directions stay, and a containment beside what else is said of a place.
        ("Acme is a subsidiary of Ann", "subsidiary .9, parent_organization .3, owned_by .2", "subsidiary parent_organization"),
        ("Acme, Ann", "country .9, located_in .3", "country located_in"),
        ("Acme, Ann", "located_in .9, country .3", "located_in country"),
        # Nobody is said to be educated and employed somewhere in the same words.
        ("Ann read law at Acme", "educated_at .9, employer .8", "educated_at"),
        ("Ann taught law at Acme", "employer .9, educated_at .8", "employer"),
        # Where something was founded it need not sit, however likely the model thinks that, unless the words say so.
        ("Acme was founded in Ann", "headquarters .9, formed_in .3", "formed_in"),
        ("Acme was founded in Ann, its headquarters", "headquarters .9, formed_in .8", "headquarters formed_in"),
        ("Acme of Ann", "headquarters .9, formed_in .8", "headquarters formed_in"),
    ],
)
def test_of_one_pair_what_is_called_by_its_name_is_meant(text, claims, kept):
    ann, acme = (Span(text.index(name), text.index(name) + len(name)) for name in ("Ann", "Acme"))
    stated = []
    for predicate, probability in (claim.split() for claim in claims.split(", ")):
        one, other = (ann, acme) if predicate in ("educated_at", "employer", "subsidiary") else (acme, ann)
        stated.append(Guess(one, "", predicate, other, "", None, float(probability)))
    assert [guess.predicate for guess in without_unnamed_rivals(asked("company"), stated, text)] == kept.split()


def test_another_pair_takes_no_room():
    text = "Ann is chief executive of Acme, Bo chairs it."
    stated = [
        Guess(Span(26, 30), "", "chief_executive", Span(0, 3), "", None, 0.9),
        Guess(Span(26, 30), "", "chairperson", Span(32, 34), "", None, 0.8),
    ]
    assert without_unnamed_rivals(asked("company"), stated, text) == stated


@pytest.mark.parametrize(
    ("text", "predicate", "places"),
    [
        # One is born in one place: of two side by side the second says where the first lies.
        ("Henry Ford was born in Springwells Township, Michigan.", "born_in", ["Springwells Township"]),
        ("Marie Curie was born in Warsaw, Poland, in 1867.", "born_in", ["Warsaw"]),
        # So is a head office in one place at a time, though there may be others in other years.
        ("Microsoft has its headquarters in Redmond, Washington.", "headquarters", ["Redmond"]),
        ("Bosch is headquartered in Gerlingen, a town in Baden-Württemberg.", "headquarters", ["Gerlingen"]),
        # What is enumerated lies in nothing of it.
        ("Acme is headquartered in Leeds, Paris and Rome.", "headquarters", ["Leeds", "Paris", "Rome"]),
        # Places that are not side by side stay, for fusion to find the contradiction.
        ("He was born in Berlin, and Ann Lee was born in Paris, France.", "born_in", ["Berlin", "Paris"]),
    ],
)
def test_of_places_side_by_side_the_first_is_meant(text, predicate, places):
    assert sorted(g.object.of(text) for g in accepted("company", text) if g.predicate == predicate) == places


@pytest.mark.parametrize(
    ("probabilities", "kept"),
    [
        # The first that is likely enough to be accepted, or the first of all.
        ((0.9, 0.8, 0.8), "Ann"),
        ((0.3, 0.9, 0.9), "Ann"),
        ((0.1, 0.8, 0.9), "Lee"),
        ((0.1, 0.15, 0.12), "Ann"),
    ],
)
def test_the_first_place_yields_only_to_one_that_is_accepted(probabilities, kept):
    text = "Born in Ann, Lee, Oz was Bo."
    places = (Span(8, 11), Span(13, 16), Span(18, 20))
    stated = [
        Guess(Span(25, 27), "Person", "born_in", place, "Place", None, probability)
        for place, probability in zip(places, probabilities, strict=True)
    ]
    assert [guess.object.of(text) for guess in without_what_lies_around(asked("company"), stated, text)] == [kept]


@pytest.mark.parametrize(
    ("text", "names", "between_them"),
    [
        ("Toyota makes the Corolla, the Prius and the Hilux.", ("Corolla", "Prius", "Hilux"), set()),
        ("Siemens Energy and Siemens Mobility belong to Siemens.", ("Siemens Energy", "Siemens Mobility"), set()),
        # Marriage and kinship are of both alike.
        ("Marie Curie and Pierre Curie were married.", ("Marie Curie", "Pierre Curie"), {"spouse", "sibling"}),
    ],
)
def test_names_listed_together_do_not_own_or_make_one_another(text, names, between_them):
    found = guesses(asked("company"), text, counted_from=0.001)
    assert {g.predicate for g in found if g.subject.of(text) in names and g.object.of(text) in names} <= between_them
    assert any(g.subject.of(text) in names or g.object.of(text) in names for g in found)
