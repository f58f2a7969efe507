"""What classes and properties are called in prompts and replies: by their name, or by their label where the name is a mere id."""

import re
from collections.abc import Mapping

from kgbuild.ontology.model import OntologyClass, Property

_ID = re.compile(r"[A-Za-z]{0,3}[_-]?\d+")


def called(things: Mapping[str, OntologyClass] | Mapping[str, Property]) -> dict[str, str]:
    """Return what a model reads and writes for each name; `claims.ClaimReader` takes either.

    >>> called({"P57": Property("P57", "director"), "founded_by": Property("founded_by", "founder")})
    {'P57': 'director', 'founded_by': 'founded_by'}
    """
    return {
        name: label if _ID.fullmatch(name) and (label := thing.label.strip()) and label not in things else name
        for name, thing in things.items()
    }
