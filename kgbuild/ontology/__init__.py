"""Classes, properties, domain and range: reading (YAML, OWL, JSON), checking, converting.

model.py          the ontology as the stages see it
reading.py        a name or a path -> an ontology, in whatever format
yaml.py, owl.py, text2kgbench.py      one format each
problems.py       what a problem is; checking.py the rules that find them
inducing.py       facts extracted without an ontology -> a proposal for one
writing.py        an ontology -> YAML, JSON, Turtle, RDF/XML; showing.py -> rows for a reader
"""

from kgbuild.ontology.inducing import Proposal, induce
from kgbuild.ontology.model import Ontology, OntologyClass, Property
from kgbuild.ontology.problems import Problem, Severity
from kgbuild.ontology.reading import bundled, check, locate, read, worked_examples
from kgbuild.ontology.showing import show
from kgbuild.ontology.writing import as_data, convert, write

__all__ = [
    "Ontology",
    "OntologyClass",
    "Problem",
    "Property",
    "Proposal",
    "Severity",
    "as_data",
    "bundled",
    "check",
    "convert",
    "induce",
    "locate",
    "read",
    "show",
    "worked_examples",
    "write",
]
