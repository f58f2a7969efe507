"""Open extraction: no ontology, so predicates are the model's own words, brought into one form."""

import re

from kgbuild.compact.catalogue import spoken
from kgbuild.compact.literals import find_literals
from kgbuild.extraction.claims import Claim
from kgbuild.ontology.model import Ontology

OPEN = Ontology("open", {}, {}, title="Without an ontology")
"""What a graph is built under that nobody gave an ontology for: it allows everything and knows nothing."""

_AUXILIARY = re.compile(r"^(?:(?:is|are|was|were|be|been|has|have|had|an?|the) )+(?=\w)")


def predicate_name(words: str) -> str:
    """Return the one form of a predicate: lower case, without auxiliary verbs, joined by underscores.

    >>> predicate_name("was born in"), predicate_name("worksFor"), predicate_name("CEO of")
    ('born_in', 'works_for', 'ceo_of')
    """
    bare = " ".join(re.findall(r"\w+", spoken(words)))
    return re.sub(r"\W+", "_", _AUXILIARY.sub("", bare)) or "related_to"


def as_open(claim: Claim) -> Claim:
    """Return a claim as open mode has it: its predicate in one form, and a datatype for an object without a class."""
    object_class = claim.object_class
    if object_class is None:
        whole = next((found for found in find_literals(claim.object) if found.text == claim.object.strip()), None)
        object_class = whole.datatype if whole else "string"
    return claim.model_copy(update={"predicate": predicate_name(claim.predicate), "object_class": object_class})
