"""Which country an adjective or another name stands for: "Swedish" is Sweden where a country is meant, "USA" the United States.

`countries.tsv` has a line for each country: its name, its adjectives and its other names. What may mean several ("Korean",
"Congolese", "Guinean") is not there. Annotators take adjectives for countries too: of 65 entities of Re-DocRED's revised
development set that bear an adjective of the list and another name, 61 bear that country's.
"""

from functools import cache
from pathlib import Path

from kgbuild.ontology.model import Ontology
from kgbuild.resolution.kinds import holds_countries
from kgbuild.resolution.normalisation import block_key


def country_name(name: str, class_name: str, ontology: Ontology | None) -> str:
    """Return the name of the country that an adjective or another of its names stands for; any other name as it is.

    >>> country_name("Swedish", "Country", None), country_name("the U.S.", "Place", None), country_name("Swedish", "Language", None)
    ('Sweden', 'United States', 'Swedish')
    """
    return _countries().get(block_key(name), name) if holds_countries(class_name, ontology) else name


@cache
def _countries() -> dict[str, str]:
    lines = Path(__file__).with_name("countries.tsv").read_text("utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return {block_key(form): name for name, *columns in rows for forms in columns for form in forms.split("; ") if form}
