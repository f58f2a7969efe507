"""Open extraction: no ontology, so predicates are the model's own words, brought into one form.

Words that name a property of a bundled ontology, between classes that it takes, become that property. The others are marked open,
as the last part of the candidate's `extractor`: nobody said what they mean.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from kgbuild import ids
from kgbuild import ontology as ontologies
from kgbuild.compact.literals import find_literals, normalise
from kgbuild.extraction.claims import Claim, Names, without_auxiliaries
from kgbuild.ontology.model import ANY_LITERAL, XSD_DATATYPES, Ontology, Property

OPEN = Ontology("open", {}, {}, title="Without an ontology")
"""What a graph is built under that nobody gave an ontology for: it allows everything and knows nothing."""

MARK = "open"


def predicate_name(words: str) -> str:
    """Return the one form of a predicate: lower case, without auxiliary verbs, joined by underscores.

    >>> predicate_name("was born in"), predicate_name("worksFor"), predicate_name("CEO of"), predicate_name("is a")
    ('born_in', 'works_for', 'ceo_of', 'is_a')
    """
    letters = "".join(character if f"_{character}".isidentifier() else " " for character in words)
    return "_".join(without_auxiliaries(letters).split()) or "related_to"


def as_known_or_open(claim: Claim) -> Claim:
    """Return a claim as open mode has it: its predicate a known property or its own words in one form, and a datatype for an
    object without a class."""
    subject_class, object_class = (_one_line(name) for name in (claim.subject_class, claim.object_class))
    if not object_class:
        whole = next((found for found in find_literals(claim.object) if found.text == claim.object.strip()), None)
        object_class = whole.datatype if whole else "string"
    name = predicate_name(claim.predicate)
    words = claim.predicate
    claim = claim.model_copy(update={"predicate": name, "subject_class": subject_class, "object_class": object_class})
    known = {prop.name: prop for prop in (*_known(words, claim), *_known(name, claim))}
    if len(known) != 1:
        return claim.model_copy(update={"extractor": f"{claim.extractor}/{MARK}"})
    (prop,) = known.values()
    read_as = _datatype(claim.object, prop) if object_class in _DATATYPES else object_class
    return claim.model_copy(update={"predicate": prop.name, "object_class": read_as})


_DATATYPES = XSD_DATATYPES | {ANY_LITERAL}


@dataclass(frozen=True, slots=True)
class _Bundled:
    ontology: Ontology
    classes: Names
    properties: Names


@cache
def _bundled() -> tuple[_Bundled, ...]:
    read = map(ontologies.read, ontologies.bundled())
    return tuple(_Bundled(ontology, Names(ontology.classes), Names(ontology.properties)) for ontology in read)


def known_properties() -> dict[str, Property]:
    """Return what is known by name; where bundled ontologies share one, as the first has it."""
    return {name: prop for bundled in reversed(_bundled()) for name, prop in bundled.ontology.properties.items()}


def known_digest() -> str:
    """Return a digest of all that is known, which decides what is open."""
    return ids.digest("known", [bundled.ontology.digest for bundled in _bundled()])


def _known(words: str, claim: Claim) -> Iterator[Property]:
    """Yield the properties of these words that take what stands on both sides, each bundled ontology by itself."""
    for bundled in _bundled():
        for name in bundled.properties.called(words):
            prop = bundled.ontology.properties[name]
            if not _may_be(claim.subject_class, prop.domain, bundled):
                continue
            if claim.object_class in _DATATYPES:
                fits = _datatype(claim.object, prop) is not None
            else:
                fits = not prop.range or _may_be(claim.object_class, prop.range_classes, bundled)
            if fits:
                yield prop


def _may_be(class_name: str | None, wanted: Sequence[str], bundled: _Bundled) -> bool:
    """Tell whether a class is one of those wanted, or a wider one: an Organization may be the Company that is wanted."""
    is_a = bundled.ontology.is_a
    given = bundled.classes.called(class_name or "")[:1]
    return any(is_a(name, wanted) or any(is_a(narrow, (name,)) for narrow in wanted) for name in given)


def _datatype(words: str, prop: Property) -> str | None:
    return next((datatype for datatype in prop.datatypes if normalise(words, datatype) is not None), None)


def _one_line(name: str | None) -> str | None:
    """Return a class's name without what no label can hold."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", name).split()) if name else name
