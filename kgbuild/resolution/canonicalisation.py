"""A cluster of mentions -> what the entity is called: name, class, aliases."""

import re
from collections import Counter
from collections.abc import Sequence

from kgbuild.ontology.model import Ontology
from kgbuild.records import Mention
from kgbuild.resolution.countries import country_name
from kgbuild.resolution.name_parts import TITLES
from kgbuild.resolution.normalisation import accents, as_shown

MIN_CLASS_SHARE = 0.25
"""A class is specific enough to name an entity by when at least this share of its mentions are of it or of a class below it."""

_NOT_PLAIN = re.compile(r"[,;()\[\]]|['’]s?$|^(?:the|an?)\s")
# Titles as part of a longer name: "Dr. Angela Merkel", not "Lady Gaga".
_UNCOUNTED = re.compile(rf"^(?:(?:the|an?)\s+|(?:(?:{'|'.join(sorted(TITLES))})\.?\s+)+(?=\S+\s+\S))", re.IGNORECASE)


def surface_form(mention: Mention) -> str:
    """Return the mention as written, but for line breaks, runs of spaces and invisible characters."""
    return as_shown(mention.text)


def canonical_name(cluster: Sequence[Mention], ontology: Ontology | None) -> str:
    """Return the longest plain form: no comma, bracket, possessive or small article in it.

    A country's adjective or other name counts as its name. An article or a person's titles do not make a name longer. Of forms
    equally long, the first that is not in capitals, then the most frequent, the shortest, the one with most accents, the first by
    code point.
    Source: notes on 276 Wikipedia clusters: the longest plain name is the article's title in 94 %, the most frequent in 85 %.
    """
    counts = Counter(country_name(surface_form(mention), mention.class_name, ontology) for mention in cluster)
    plain = [form for form in counts if not _NOT_PLAIN.search(form)] or list(counts)
    return min(
        plain, key=lambda form: (-len(_UNCOUNTED.sub("", form)), form.isupper(), -counts[form], len(form), -accents(form), form)
    )


def entity_class(cluster: Sequence[Mention], ontology: Ontology | None) -> str:
    """Return the most specific class that enough of the mentions bear; ties go to the first by name."""
    votes = Counter(mention.class_name for mention in cluster if mention.class_name)
    if not votes:
        return ""
    if ontology is None or not ontology.classes:
        return min(votes, key=lambda name: (-votes[name], name))
    total = votes.total()

    def is_borne(name: str) -> bool:
        return sum(votes[below] for below in votes if name == below or name in ontology.ancestors(below)) >= MIN_CLASS_SHARE * total

    return min((name for name in votes if is_borne(name)), key=lambda name: (-len(ontology.ancestors(name)), name))
