"""What "she", "it" and "the company" stand for. Names and their classes are given as [Name|Class], so that no model is asked."""

import re

import numpy as np
import pytest

from kgbuild.compact.anaphora import REACH, Discourse, Name, Referent, Resolved, Vocabulary
from kgbuild.ontology.model import Ontology, OntologyClass
from kgbuild.ontology.reading import read
from kgbuild.records import Span

COMPANY = Vocabulary(read("company"))
WORKS = Vocabulary(read("works"))
NAME = re.compile(r"\[([^|]+)\|(\w+)\]")


def marked(sentence: str, vocabulary: Vocabulary) -> tuple[str, list[Name]]:
    """Return the sentence without the marks, and its names."""
    names: list[Name] = []
    text = ""
    at = 0
    for found in NAME.finditer(sentence):
        text += sentence[at : found.start()]
        kinds = np.array([float(name == found[2]) for name in vocabulary.class_names], dtype=np.float32)
        names.append(Name(Span(len(text), len(text) + len(found[1])), found[1], kinds))
        text += found[1]
        at = found.end()
    return text + sentence[at:], names


def resolved(sentences: list[str], vocabulary: Vocabulary = COMPANY) -> list[str]:
    """Return the sentences with names in place of what stands for them."""
    discourse = Discourse(vocabulary)
    texts: list[str] = []
    for number, sentence in enumerate(sentences):
        text, names = marked(sentence, vocabulary)
        anaphors = discourse.anaphors(text, names)
        now = Resolved.of(text, 0, anaphors)
        unsaid = np.zeros(len(vocabulary.class_names), dtype=np.float32)
        told = [(name, Referent(name.words, name.span, number)) for name in names]
        told += [(Name(anaphor.span, anaphor.stands_for.words, unsaid), anaphor.stands_for) for anaphor in anaphors]
        discourse.tell(text, sorted(told, key=lambda entry: entry[0].span), anaphors)
        texts.append(now.text)
    return texts


@pytest.mark.parametrize(
    ("sentences", "last"),
    [
        # A person's pronoun stands for the subject of the sentence before.
        (["[Ann Lee|Person] hired [Eve Ray|Person].", "She left in May."], "Ann Lee left in May."),
        # It may be an object, a possessive, or stand within the sentence.
        (["[Ann Lee|Person] left.", "In 1990 [Acme|Company] hired her."], "In 1990 Acme hired Ann Lee."),
        (["[Ann Lee|Person] left.", "Her first employer was [Acme|Company]."], "Ann Lee's first employer was Acme."),
        (["[Bob Ray|Person] left.", "[Acme|Company] gave him its medal."], "Acme gave Bob Ray its medal."),
        # Where the subject is no person, the one that was spoken of last and most.
        (["[Acme|Company] was founded by [Ann Lee|Person].", "She left in May."], "Ann Lee left in May."),
        (["[Ann Lee|Person] left.", "Friends of [Eve Ray|Person] say that [Lee|Person] hid.", "She died."], "Lee died."),
        # Nobody is he and she.
        (["[Ann Lee|Person] met [Bob Ray|Person].", "She left.", "He stayed."], "Bob Ray stayed."),
        # A surname is the person's whose longer name ends in it.
        (["[Ann Lee|Person] left.", "She was old.", "[Lee|Person] met [Bob Ray|Person].", "He stayed."], "Bob Ray stayed."),
        # A name in the sentence, before the pronoun, may be meant: the model reads it whole.
        (["[Ann Lee|Person] left.", "[Eve Ray|Person] sold her house."], "Eve Ray sold her house."),
        # "Eve Ray hired her" is of another woman, if there is one.
        (["[Ann Lee|Person] left.", "[Eve Ray|Person] hired her."], "Eve Ray hired Ann Lee."),
        (["[Eve Ray|Person] left.", "[Eve Ray|Person] hired her."], "Eve Ray hired her."),
        # Nor is what somebody says in quotes about who was told of before.
        (["[Ann Lee|Person] left.", "“She was kind,” they said."], "“She was kind,” they said."),
        # A place is not meant by "he".
        (["[Rome|City] is old.", "He left."], "He left."),
    ],
)
def test_a_persons_pronoun_stands_for_the_subject_or_the_most_salient_person(sentences, last):
    assert resolved(sentences)[-1] == last


@pytest.mark.parametrize(
    ("sentences", "last"),
    [
        # "It" stands for the subject of the sentence before, whatever that is called by.
        (["[Acme|Company] is in [Rome|City].", "It makes pumps."], "Acme makes pumps."),
        (["# [Acme|Company]", "Its shares are traded in [Rome|City]."], "Acme's shares are traded in Rome."),
        (["In 1990, the pump maker [Acme|Company] left [Rome|City].", "It makes pumps."], "Acme makes pumps."),
        (["[Acme|Company] left.", "It was sold.", "It makes pumps."], "Acme makes pumps."),
        # Where a person is the subject, for the only other thing but places.
        (["[Ann Lee|Person] founded [Acme|Company] in [Rome|City].", "It makes pumps."], "Acme makes pumps."),
        (["[Ann Lee|Person] founded [Acme|Company] and [Globex|Company].", "It makes pumps."], "It makes pumps."),
        # What the sentence before is about is not named there.
        (["[Acme|Company] left.", "The roof is dry.", "It makes pumps."], "It makes pumps."),
        (["The roof of [Acme|Company] is dry.", "It is new."], "It is new."),
        (["It is not far from [Rome|City].", "It is new."], "It is new."),
        # It may stand for nothing.
        (["[Acme|Company] left.", "It rained."], "It rained."),
        (["[Acme|Company] left.", "It was in 1990 that all began."], "It was in 1990 that all began."),
        (["[Acme|Company] left.", "It was Bob who founded it."], "It was Bob who founded Acme."),
        (["[Acme|Company] left.", "It was founded by a man who wrote."], "Acme was founded by a man who wrote."),
        # A noun before it may be meant too.
        (["[Globex|Company] left [Rome|City].", "The city sold its park."], "Rome sold its park."),
        # The adjective of a country is no thing.
        (["[British|Country] tea is good.", "It is hot."], "It is hot."),
        (["[Ann Lee|Person] is here.", "It is hot."], "It is hot."),
    ],
)
def test_it_stands_for_the_subject_of_the_sentence_before(sentences, last):
    assert resolved(sentences)[-1] == last


@pytest.mark.parametrize(
    ("vocabulary", "sentences", "last"),
    [
        # What a class is called, by its label or an alias, stands for the most salient of that class.
        (COMPANY, ["[Ann Lee|Person] founded [Acme|Company].", "The company makes pumps."], "Acme makes pumps."),
        (COMPANY, ["[Acme|Company] left.", "[Ann Lee|Person] is head of the firm."], "Ann Lee is head of Acme."),
        (COMPANY, ["[Acme|Company] left.", "The company’s head is [Ann Lee|Person]."], "Acme’s head is Ann Lee."),
        (COMPANY, ["[Acme|Company] is old.", "[Acme|Company] sold [Globex|Company].", "The company left."], "Acme left."),
        (WORKS, ["[Ann Lee|Person] wrote [Rain|Film].", "The film is long."], "Rain is long."),
        # The model often knows of a company no more than that it is an organization; but no place is a country for being a place.
        (COMPANY, ["[Acme|Organization] left.", "The company makes pumps."], "Acme makes pumps."),
        (COMPANY, ["[Rome|Place] is old.", "The country is new."], "The country is new."),
        (COMPANY, ["[Rome|City] is old.", "The company is new."], "The company is new."),
        # A name of its own follows, or the noun is part of another.
        (WORKS, ["[Snow|Song] is new.", "The song “Rain” is old."], "The song “Rain” is old."),
        (WORKS, ["[Snow|Film] is new.", "The film of the year is old."], "The film of the year is old."),
        (COMPANY, ["[Acme|Company] is new.", "The company-owned shop is old."], "The company-owned shop is old."),
        # Another of the class is named in the sentence, before it.
        (COMPANY, ["[Acme|Company] is new.", "[Globex|Company] sold the company."], "Globex sold the company."),
        # One sentence may have several such words.
        (COMPANY, ["[Bob Ray|Person] knew [Acme|Company].", "He sold the company."], "Bob Ray sold Acme."),
    ],
)
def test_a_class_noun_stands_for_the_most_salient_of_its_class(vocabulary, sentences, last):
    assert resolved(sentences, vocabulary)[-1] == last


def test_a_name_too_far_back_is_not_meant():
    between = ["The roof is dry."] * (REACH - 1)
    assert resolved(["[Ann Lee|Person] left.", *between, "She died."])[-1] == "Ann Lee died."
    assert resolved(["[Ann Lee|Person] left.", *between, "The cat is fat.", "She died."])[-1] == "She died."
    assert resolved(["[Ann Lee|Person] left.", *["She slept."] * (REACH + 1)])[-2:] == ["Ann Lee slept.", "She slept."]
    assert resolved(["[Acme|Company] left.", *["It grew."] * (REACH + 1)])[-2:] == ["Acme grew.", "It grew."]


def test_an_ontology_without_persons_or_without_things_has_no_pronouns_for_them():
    river = Vocabulary(Ontology("rivers", {"River": OntologyClass("River", "river")}, {}))
    assert resolved(["[Po|River] is long.", "She left.", "It is wide."], river)[1:] == ["She left.", "It is wide."]
    assert resolved(["[Po|River] is long.", "It is wide."], river)[-1] == "Po is wide."
    person = Vocabulary(Ontology("people", {"Person": OntologyClass("Person", "person")}, {}))
    assert resolved(["[Ann Lee|Person] left.", "It is wide.", "The person left."], person)[1:] == [
        "It is wide.",
        "The person left.",
    ]
