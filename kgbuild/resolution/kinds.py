"""What the things of a class are, by what the class and those above it are called."""

from kgbuild.ontology.model import Ontology

_PERSONS = frozenset({"person", "people", "human", "human being", "per"})
_ORGANISATIONS = frozenset({"organization", "organisation", "org", "company", "corporation", "business", "firm", "enterprise"})
_WITH_COUNTRIES = frozenset({"country", "sovereign state", "nation", "place", "location", "geographical area", "gpe", "loc"})
_PLACES = _WITH_COUNTRIES | {"populated place", "settlement", "city", "town", "region", "state"}


def kind_of_class(class_name: str, ontology: Ontology | None) -> str:
    """Return "person", "place", "organisation" or ""."""
    called = _names(class_name, ontology)
    if ontology is not None:
        for above in ontology.ancestors(class_name):
            called |= _names(above, ontology)
    if called & _PERSONS:
        return "person"
    if called & _PLACES:
        return "place"
    return "organisation" if called & _ORGANISATIONS else ""


def holds_countries(class_name: str, ontology: Ontology | None) -> bool:
    """Tell whether countries are of the class itself: a country or a place, but no city."""
    return bool(_names(class_name, ontology) & _WITH_COUNTRIES)


def _names(class_name: str, ontology: Ontology | None) -> set[str]:
    """Return all that a class is called, in lower case."""
    class_ = ontology.classes.get(class_name) if ontology is not None else None
    return {text.casefold() for text in (class_name, *((class_.label, *class_.aliases) if class_ else ()))}
