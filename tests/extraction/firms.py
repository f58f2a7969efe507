"""An ontology with a property of every kind."""

from kgbuild.ontology.model import Ontology, OntologyClass, Property

FIRMS = Ontology(
    "firms",
    {
        "Agent": OntologyClass("Agent", "agent"),
        "Company": OntologyClass("Company", "company", parent="Agent"),
        "Q5": OntologyClass("Q5", "human", parent="Agent"),
        "Place": OntologyClass("Place", "place"),
    },
    {
        "owns": Property("owns", "owns", domain=("Agent",), range=("Company",), temporal=True, qualifiers=("share", "role")),
        "P112": Property("P112", "founded by", domain=("Company",), range=("Q5",)),
        "inception": Property("inception", "inception", domain=("Company",), range=("date",)),
        "staff": Property("staff", "staff", domain=("Company",), range=("integer",), temporal=True),
        "motto": Property("motto", "motto", domain=("Company",), range=("string",)),
        "named_for": Property("named_for", "named for", domain=("Place",), range=("Q5", "gYear")),
        "see": Property("see", "see"),
        "website": Property("website", "website", domain=("Company",), range=("anyURI",)),
        "share": Property("share", "share", domain=("Company",), range=("decimal",)),
    },
)
