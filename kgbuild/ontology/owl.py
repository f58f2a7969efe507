"""Ontologies in OWL or RDFS, as Turtle or RDF/XML: reading and writing. Imported only when needed, since rdflib is slow to import.

What an ontology of kgbuild can hold is read; what it cannot, such as property chains, becomes a warning. Writing uses OWL's own
terms wherever it has them and the vocabulary below for the rest, so that nothing is lost on the way out and back.
"""

import logging
import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal as Choice
from urllib.parse import quote, unquote
from xml.parsers import expat
from xml.sax import SAXParseException

from rdflib import BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.exceptions import ParserError
from rdflib.namespace import DC, DCTERMS, OWL, RDF, RDFS, SKOS, XSD
from rdflib.plugins.parsers.notation3 import BadSyntax
from rdflib.term import Node

from kgbuild.ontology.model import ANY_LITERAL, XSD_DATATYPES, Ontology, OntologyClass, Property
from kgbuild.ontology.problems import Draft, Problem, Severity
from kgbuild.ontology.text2kgbench import DATATYPES

KGBUILD = Namespace("urn:kgbuild:vocabulary#")
"""Terms for what OWL has no word for: name, typing, temporal, qualifier, minCardinality, maxCardinality; and iri, in words, for an
IRI that a file of RDF cannot hold."""

OWN = "urn:kgbuild:ontology:"
"""Classes and properties without an IRI get one below this and the ontology's name, closed by `#` and their name."""

SCHEMA = ("http://schema.org/", "https://schema.org/")
COMMENTS = (RDFS.comment, SKOS.definition, DCTERMS.description, DC.description, *(URIRef(f"{base}description") for base in SCHEMA))
UNRESTRICTED = {OWL.Thing, RDFS.Resource, OWL.topObjectProperty}
CLASS_TYPES = (OWL.Class, RDFS.Class)
CHARACTERISTICS = {
    OWL.FunctionalProperty: "functional",
    OWL.InverseFunctionalProperty: "inverse_functional",
    OWL.SymmetricProperty: "symmetric",
    OWL.AsymmetricProperty: "asymmetric",
    OWL.TransitiveProperty: "transitive",
}
PROPERTY_TYPES = (OWL.ObjectProperty, OWL.DatatypeProperty, RDF.Property, *CHARACTERISTICS)
NARROWER_DATATYPES = {
    "integer": "int long short byte nonNegativeInteger positiveInteger nonPositiveInteger negativeInteger unsignedInt unsignedLong",
    "decimal": "float double",
    "string": "normalizedString token language Name NCName NMTOKEN",
    "dateTime": "dateTimeStamp",
    "duration": "dayTimeDuration yearMonthDuration",
}
XSD_BY_IRI: dict[Node, str] = {
    **{XSD[name]: name for name in XSD_DATATYPES},
    **{XSD[narrow]: wide for wide, names in NARROWER_DATATYPES.items() for narrow in names.split()},
    RDFS.Literal: ANY_LITERAL,
    RDF.langString: "string",
    RDF.PlainLiteral: "string",
}
NOT_CARRIED = {
    RDFS.subPropertyOf: "sub-properties",
    OWL.propertyChainAxiom: "property chains",
    OWL.propertyDisjointWith: "disjoint properties",
    OWL.hasKey: "keys",
    OWL.complementOf: "complements",
    OWL.intersectionOf: "intersections",
    OWL.imports: "imports (merge the files first)",
}
NO_IRI = re.compile(r'[\x00-\x20<>"{}|\\^`]|^(?![A-Za-z][A-Za-z0-9+.-]*:)')
"""What keeps a text from being an IRI that reads the same everywhere: a sign that none may have, or no scheme."""

MAX_TEXT_CHARS = 100_000
"""Of one element of RDF/XML. rdflib joins its pieces so slowly that a few lines of entities take minutes."""
MAX_DIGITS = 9
"""Of a cardinality; Python refuses to read a number of thousands."""
BUILT_IN = tuple(str(namespace) for namespace in (OWL, RDF, RDFS, XSD))


def read(text: str, file: str, name: str, form: Choice["turtle", "xml"]) -> Draft:
    """Read an ontology. `name` is what it is called when kgbuild did not write it."""
    if form == "xml" and (line := _line_of_long_text(text)) is not None:
        why = f"an element holds more than {MAX_TEXT_CHARS:,} characters, with its entities written out"
        return _unreadable(file, name, line, why, "Shorten it, or what its entities stand for")
    graph = Graph()
    logging.getLogger("rdflib.term").setLevel(logging.ERROR)  # published files hold odd IRIs; each would be a line on stderr
    try:
        with warnings.catch_warnings(action="ignore"):  # of literals that do not fit their datatype
            graph.parse(data=text, format=form)
    except BadSyntax as error:
        return _unreadable(file, name, error.lines + 1, _in_one_line(str(error._why)))
    except SAXParseException as error:
        return _unreadable(file, name, error.getLineNumber(), error.getMessage())
    except (ParserError, ValueError, RecursionError, AssertionError, LookupError) as error:  # rdflib trips over some broken text
        return _unreadable(file, name, 1, _in_one_line(str(error) or type(error).__name__))
    return _Reading(graph, file, name).draft()


def _unreadable(file: str, name: str, line: int | None, why: str, remedy: str = "Correct the syntax of this line") -> Draft:
    problem = Problem(Severity.ERROR, f"{file}:{line or 1}", f"not RDF: {why}", remedy)
    return Draft(file, Ontology(name, {}, {}), (problem,))


def _line_of_long_text(text: str) -> int | None:
    """Return the line of the first element whose text is too long, None where there is none or the text is no XML."""
    chars = 0
    parser = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True

    def begin(*_: object) -> None:
        nonlocal chars
        chars = 0

    def add(piece: str) -> None:
        nonlocal chars
        chars += len(piece)
        if chars > MAX_TEXT_CHARS:
            raise OverflowError

    parser.StartElementHandler = parser.EndElementHandler = begin
    parser.CharacterDataHandler = add
    try:
        parser.Parse(text.encode(), True)
    except OverflowError:
        return parser.CurrentLineNumber
    except expat.ExpatError:
        pass  # the reader says what is wrong
    return None


@dataclass
class _Constraint:
    """What one restriction says of a property on a class."""

    class_: URIRef
    property_: URIRef
    min_cardinality: int | None = None
    max_cardinality: int | None = None
    values: Node | None = None


class _Reading:
    """One RDF graph being read: the names given to its IRIs, and every warning met so far."""

    def __init__(self, graph: Graph, file: str, name: str) -> None:
        self.graph, self.file, self.ontology_name = graph, file, name
        self.warnings: dict[str, str] = {}
        self.named_datatypes: dict[URIRef, str] = {}
        self.header = min((s for s in graph.subjects(RDF.type, OWL.Ontology) if isinstance(s, URIRef)), default=None)
        if self.header is not None and str(self.header).startswith(OWN):
            self.ontology_name = unquote(str(self.header).removeprefix(OWN)) or name
        self.property_iris = self._subjects_of_type(PROPERTY_TYPES)
        self.class_iris = self._classes()
        self.class_names = self._names(self.class_iris)
        self.property_names = self._names(self.property_iris)

    def draft(self) -> Draft:
        self._warn_of_the_rest()
        constraints = self._constraints()
        classes = {self.class_names[iri]: self._class(iri) for iri in self.class_iris}
        properties = {self.property_names[iri]: self._property(iri, constraints) for iri in self.property_iris}
        ontology = Ontology(
            name=self.ontology_name,
            classes=dict(sorted(classes.items())),
            properties=dict(sorted(properties.items())),
            title=self._text(self.header, (RDFS.label, DCTERMS.title, DC.title)),
            typing="soft" if self.graph.value(self.header, KGBUILD.typing) == Literal("soft") else "hard",
            disjoint=tuple(self._disjoint()),
            description=self._text(self.header, COMMENTS),
            source=self._text(self.header, (DCTERMS.source, DC.source)),
            licence=self._text(self.header, (DCTERMS.license, DCTERMS.rights, DC.rights)),
        )
        problems = tuple(Problem(Severity.WARNING, self.file, what, remedy) for what, remedy in self.warnings.items())
        return Draft(self.file, ontology, problems)

    def _warn(self, problem: str, remedy: str = "Nothing to do unless you rely on it") -> None:
        self.warnings.setdefault(_in_one_line(problem), remedy)

    def _subjects_of_type(self, types: Iterable[Node]) -> list[URIRef]:
        found = {s for type_ in types for s in self.graph.subjects(RDF.type, type_) if isinstance(s, URIRef)}
        return sorted(iri for iri in found if not str(iri).startswith(BUILT_IN))

    def _classes(self) -> list[URIRef]:
        """Return the declared classes, and those that only a parent, a domain or a range names."""
        declared = set(self._subjects_of_type(CLASS_TYPES))
        named: set[URIRef] = set()
        for predicate in (RDFS.subClassOf, *self._domain_terms, *self._range_terms):
            for subject, object_ in self.graph.subject_objects(predicate):
                ends = [*self._members(object_), subject] if predicate == RDFS.subClassOf else self._members(object_)
                named.update(end for end in ends if isinstance(end, URIRef))
        implicit = {
            iri
            for iri in named - declared
            if not str(iri).startswith(BUILT_IN) and (iri, RDF.type, RDFS.Datatype) not in self.graph
        }
        for iri in sorted(iri for iri in implicit if _local_name(iri).lower() in DATATYPES):
            self.named_datatypes[iri] = datatype = DATATYPES[_local_name(iri).lower()]
            self._warn(f"<{iri}> is not declared; it is taken for xsd:{datatype}", "Use the xsd: datatype, or declare the class")
        implicit -= self.named_datatypes.keys()
        for iri in sorted(implicit):
            problem = f"<{iri}> stands where a class is expected, but is not declared"
            self._warn(problem, "It is taken for a class; declare it as owl:Class, or use xsd: for a datatype")
        return sorted(declared | implicit)

    @property
    def _domain_terms(self) -> tuple[URIRef, ...]:
        return (RDFS.domain, *(URIRef(f"{base}domainIncludes") for base in SCHEMA))

    @property
    def _range_terms(self) -> tuple[URIRef, ...]:
        return (RDFS.range, *(URIRef(f"{base}rangeIncludes") for base in SCHEMA))

    def _names(self, iris: Iterable[URIRef]) -> dict[URIRef, str]:
        """Name each IRI by its last part, made an identifier and unique; a name that kgbuild wrote comes first."""
        names: dict[URIRef, str] = {}
        taken: set[str] = set()
        counts: defaultdict[str, int] = defaultdict(lambda: 1)
        written = {iri: str(given) for iri in iris if (given := self.graph.value(iri, KGBUILD.name)) is not None}
        for iri in sorted(iris, key=lambda iri: (iri not in written, iri)):
            name = re.sub(r"\W", "_", written.get(iri) or _local_name(iri))
            name = name if name.isidentifier() else f"_{name}"
            name = f"{name}_" if name in XSD_DATATYPES or name == ANY_LITERAL else name
            unique = name
            while unique in taken:
                counts[name] += 1
                unique = f"{name}_{counts[name]}"
            if unique != name:
                self._warn(f"two IRIs end in {name!r}; <{iri}> is called {unique!r}", "Nothing to do unless the names confuse")
            taken.add(unique)
            names[iri] = unique
        return names

    def _texts(self, subject: Node | None, predicate: Node) -> list[str]:
        """Return the texts of the best language there is: English, then none given, then the first by name."""
        by_language: defaultdict[str, list[str]] = defaultdict(list)
        for value in self.graph.objects(subject, predicate) if subject is not None else ():
            if isinstance(value, Literal | URIRef) and str(value).strip():
                language = (value.language or "") if isinstance(value, Literal) else ""
                by_language[language.lower()].append(str(value).strip())
        if not by_language:
            return []
        best = min(by_language, key=lambda language: (language != "en", not language.startswith("en-"), language != "", language))
        return sorted(by_language[best])

    def _text(self, subject: Node | None, predicates: Iterable[Node]) -> str:
        return next((texts[0] for predicate in predicates if (texts := self._texts(subject, predicate))), "")

    def _label_and_aliases(self, iri: URIRef, name: str) -> tuple[str, tuple[str, ...]]:
        preferred = self._texts(iri, SKOS.prefLabel)
        labels = self._texts(iri, RDFS.label)
        others = [*preferred, *labels, *self._texts(iri, SKOS.altLabel)]
        label = next(iter(preferred or labels), name)
        return label, tuple(sorted({other for other in others if other != label}))

    def _source_iri(self, iri: URIRef, equivalence: Node) -> str:
        """Return where the thing comes from: its IRI, or for an IRI of kgbuild's making the one it is declared equal to."""
        if (written := self.graph.value(iri, KGBUILD.iri)) is not None:
            return str(written)
        if not iri.startswith(OWN):
            return str(iri)
        return str(next((o for o in self.graph.objects(iri, equivalence) if isinstance(o, URIRef)), ""))

    def _class(self, iri: URIRef) -> OntologyClass:
        name = self.class_names[iri]
        label, aliases = self._label_and_aliases(iri, name)
        above = {
            o for o in self.graph.objects(iri, RDFS.subClassOf) if isinstance(o, URIRef) and o not in UNRESTRICTED and o != iri
        }
        parents = sorted(self.class_names[o] for o in above if o in self.class_names)
        return OntologyClass(
            name=name,
            label=label,
            description=self._text(iri, COMMENTS),
            parent=parents[0] if parents else None,
            aliases=aliases,
            iri=self._source_iri(iri, OWL.equivalentClass),
            other_parents=tuple(parents[1:]),
        )

    def _property(self, iri: URIRef, constraints: Iterable[_Constraint]) -> Property:
        name = self.property_names[iri]
        label, aliases = self._label_and_aliases(iri, name)
        types = set(self.graph.objects(iri, RDF.type))
        range_ = self._references(iri, self._range_terms, "range")
        if not range_ and OWL.DatatypeProperty in types:
            range_ = (ANY_LITERAL,)
        inverses = {*self.graph.objects(iri, OWL.inverseOf), *self.graph.subjects(OWL.inverseOf, iri)}
        named = sorted(self.property_names[o] for o in inverses if isinstance(o, URIRef) and o in self.property_names)
        if len(inverses) > len(named) or len(named) > 1:
            self._warn(f"{name!r} has inverses that are not read", "Give it one named inverse")
        prop = Property(
            name=name,
            label=label,
            description=self._text(iri, COMMENTS),
            domain=self._references(iri, self._domain_terms, "domain"),
            range=range_,
            aliases=aliases,
            examples=tuple(self._texts(iri, SKOS.example)),
            iri=self._source_iri(iri, OWL.equivalentProperty),
            functional=OWL.FunctionalProperty in types,
            inverse_functional=OWL.InverseFunctionalProperty in types,
            symmetric=OWL.SymmetricProperty in types,
            asymmetric=OWL.AsymmetricProperty in types,
            transitive=OWL.TransitiveProperty in types,
            inverse_of=named[0] if named else None,
            temporal=(iri, KGBUILD.temporal, Literal(True)) in self.graph,
            min_cardinality=self._number(self.graph.value(iri, KGBUILD.minCardinality)),
            max_cardinality=self._number(self.graph.value(iri, KGBUILD.maxCardinality)),
            qualifiers=tuple(self._texts(iri, KGBUILD.qualifier)),
        )
        for constraint in constraints:
            if constraint.property_ == iri:
                prop = self._constrained(prop, constraint)
        return prop

    def _references(self, iri: URIRef, terms: Iterable[URIRef], what: str) -> tuple[str, ...]:
        """Return the classes and datatypes that the property's domain or range names; none means no restriction."""
        objects = [object_ for term in terms for object_ in self.graph.objects(iri, term)]
        if len(list(self.graph.objects(iri, RDFS[what]))) > 1:
            problem = f"{self.property_names[iri]!r} has several {what}s, in OWL their intersection; read as their union"
            self._warn(problem, "Declare one, or an owl:unionOf")
        names: set[str] = set()
        for object_ in objects:
            for member in self._members(object_):
                if member in UNRESTRICTED:
                    return ()
                if isinstance(member, URIRef) and member in self.class_names:
                    names.add(self.class_names[member])
                elif (datatype := self._datatype(member)) is not None:
                    names.add(datatype)
                else:
                    problem = f"the {what} of {self.property_names[iri]!r} is an expression that is not understood"
                    self._warn(problem, "It is taken for no restriction; name a class, a datatype or an owl:unionOf")
                    return ()
        return tuple(sorted(names))

    def _members(self, node: Node) -> list[Node]:
        """Return the node itself, or the members of the union it stands for, each once, however unions hold one another."""
        members: list[Node] = []
        seen: set[Node] = set()
        waiting = [node]
        while waiting:
            at = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            union = self.graph.value(at, OWL.unionOf) if isinstance(at, BNode) else None
            if union is None:
                members.append(at)
            else:
                waiting.extend(reversed(self._listed(union)))
        return members

    def _listed(self, head: Node) -> list[Node]:
        """Return the members of a list, none of one that never ends."""
        try:
            return list(self.graph.items(head))
        except ValueError:  # rdflib's word for a list whose rest is a part before it
            self._warn("a list of classes that goes round in a circle is not read", "Let its last part end in rdf:nil")
            return []

    def _datatype(self, node: Node) -> str | None:
        """Return the datatype, that below its facets where it has any."""
        seen: set[Node] = set()
        while node not in seen:
            seen.add(node)
            if node in XSD_BY_IRI:
                return XSD_BY_IRI[node]
            if isinstance(node, URIRef) and node in self.named_datatypes:
                return self.named_datatypes[node]
            if isinstance(node, URIRef) and (node.startswith(str(XSD)) or (node, RDF.type, RDFS.Datatype) in self.graph):
                self._warn(f"the datatype <{node}> is not known", "It is taken for a string; use a plain xsd: datatype")
                return "string"
            if (base := self.graph.value(node, OWL.onDatatype)) is None:
                return None
            self._warn("facets of datatypes are not read", "The datatype without its facets is used")
            node = base
        return None

    def _constraints(self) -> list[_Constraint]:
        """Return what the restrictions above classes say, as far as a property of kgbuild can hold it."""
        found = []
        edges = {*self.graph.subject_objects(RDFS.subClassOf), *self.graph.subject_objects(OWL.equivalentClass)}
        for class_, restriction in sorted(edges, key=str):
            if not isinstance(restriction, BNode) or (restriction, OWL.onProperty, None) not in self.graph:
                continue
            property_ = self.graph.value(restriction, OWL.onProperty)
            if not isinstance(class_, URIRef) or not isinstance(property_, URIRef) or property_ not in self.property_names:
                self._warn("restrictions on unnamed classes or properties are not read")
                continue
            stated = {str(p).rpartition("#")[2]: o for p, o in self.graph.predicate_objects(restriction)}
            exactly = self._number(stated.get("cardinality") or stated.get("qualifiedCardinality"))
            least = self._number(stated.get("minCardinality") or stated.get("minQualifiedCardinality"))
            most = self._number(stated.get("maxCardinality") or stated.get("maxQualifiedCardinality"))
            low, high = (exactly, exactly) if exactly is not None else (least, most)
            if low is None and high is None and "allValuesFrom" not in stated:
                kinds = sorted(stated.keys() & {"someValuesFrom", "hasValue", "hasSelf"}) or ["unknown"]
                self._warn(f"restrictions of the kind {kinds[0]} are not read")
                continue
            found.append(_Constraint(class_, property_, low, high, stated.get("allValuesFrom")))
        return found

    def _constrained(self, prop: Property, constraint: _Constraint) -> Property:
        """Apply a restriction that holds wherever the property does; one on a part of its domain is only named."""
        class_name = self.class_names.get(constraint.class_)
        if class_name is None or prop.domain not in ((), (class_name,)):
            self._warn(f"a restriction of {prop.name!r} on {class_name!r} alone is not read", "Give the property that domain only")
            return prop
        values = constraint.values
        if values is not None:
            if not prop.range and isinstance(values, URIRef) and values in self.class_names:
                prop = replace(prop, domain=(class_name,), range=(self.class_names[values],))
            elif not prop.range and (datatype := self._datatype(values)) is not None:
                prop = replace(prop, domain=(class_name,), range=(datatype,))
            elif not (isinstance(values, URIRef) and prop.range == (self.class_names.get(values),)):
                self._warn(f"the values that {class_name!r} demands of {prop.name!r} are not read", "State them as the range")
        if not prop.domain and (constraint.min_cardinality is not None or constraint.max_cardinality is not None):
            self._warn(f"a restriction of {prop.name!r} on {class_name!r} alone is not read", "Give the property that domain only")
            return prop
        return replace(
            prop,
            min_cardinality=prop.min_cardinality if constraint.min_cardinality is None else constraint.min_cardinality,
            max_cardinality=prop.max_cardinality if constraint.max_cardinality is None else constraint.max_cardinality,
        )

    def _number(self, node: Node | None) -> int | None:
        if not isinstance(node, Literal) or not str(node).isdecimal():
            return None
        if len(node) > MAX_DIGITS:
            self._warn(f"a cardinality of {len(node)} digits is not read", "Correct it")
            return None
        return int(node)

    def _disjoint(self) -> list[tuple[str, str]]:
        groups = [pair for pair in self.graph.subject_objects(OWL.disjointWith) if all(isinstance(end, URIRef) for end in pair)]
        listed = [
            members
            for node in self.graph.subjects(RDF.type, OWL.AllDisjointClasses)
            for members in self.graph.objects(node, OWL.members)
        ]
        listed += list(self.graph.objects(None, OWL.disjointUnionOf))
        sets = [list(pair) for pair in groups] + [self._listed(members) for members in listed]
        pairs = set()
        for members in sets:
            names = sorted({self.class_names[m] for m in members if isinstance(m, URIRef) and m in self.class_names})
            pairs |= {(first, second) for index, first in enumerate(names) for second in names[index + 1 :]}
        return sorted(pairs)

    def _warn_of_the_rest(self) -> None:
        """Name, once each, the kinds of statement that an ontology of kgbuild cannot hold."""
        for predicate, what in NOT_CARRIED.items():
            if (count := len(list(self.graph.subject_objects(predicate)))) > 0:
                self._warn(f"{what} are not read ({count} statement{'s' if count > 1 else ''})")
        if (annotations := self._subjects_of_type((OWL.AnnotationProperty,))) and (
            unread := [iri for iri in annotations if iri not in self.property_names and not iri.startswith(str(KGBUILD))]
        ):
            self._warn(
                f"annotation properties are not extracted ({len(unread)} declared)",
                "Declare as owl:DatatypeProperty what is a fact",
            )
        typed = {*self.class_iris, *self.property_iris}
        individuals = {
            subject
            for subject, type_ in self.graph.subject_objects(RDF.type)
            if isinstance(subject, URIRef) and subject not in typed and (type_ == OWL.NamedIndividual or type_ in self.class_names)
        }
        if individuals:
            self._warn(
                f"individuals are not read ({len(individuals)} declared)",
                "An ontology holds classes and properties; facts come from documents",
            )


def _in_one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _local_name(iri: str) -> str:
    return re.split(r"[#/:]", iri.rstrip("#/:"))[-1]


def write(ontology: Ontology, form: Choice["turtle", "xml"]) -> str:
    """Write an ontology as OWL. Everything comes back when it is read again, but for the order of things."""
    graph = Graph()
    for prefix, namespace in (("owl", OWL), ("skos", SKOS), ("dcterms", DCTERMS), ("kgbuild", KGBUILD), ("xsd", XSD)):
        graph.bind(prefix, namespace)
    own = f"{OWN}{_in_iri(ontology.name)}"
    header = URIRef(own)
    taken: set[str] = set()

    def iri_of(item: OntologyClass | Property) -> URIRef:
        """Return the thing's own IRI; one of our making where it has none or another thing took it."""
        iri = item.iri if item.iri not in taken and _names_its_thing(item.iri) else ""
        iri = iri or f"{own}#{_in_iri(item.name)}"
        while iri in taken:  # a class and a property may share a name
            iri += "_"
        taken.add(iri)
        return URIRef(iri)

    classes = {name: iri_of(class_) for name, class_ in ontology.classes.items()}
    properties = {name: iri_of(prop) for name, prop in ontology.properties.items()}

    def add_words(iri: URIRef, item: OntologyClass | Property, equivalence: URIRef) -> None:
        graph.add((iri, KGBUILD.name, Literal(item.name)))
        graph.add((iri, RDFS.label, Literal(item.label)))
        if item.description:
            graph.add((iri, RDFS.comment, Literal(item.description)))
        for alias in item.aliases:
            graph.add((iri, SKOS.altLabel, Literal(alias)))
        if item.iri and str(iri) != item.iri:
            known = _names_its_thing(item.iri)
            graph.add((iri, equivalence, URIRef(item.iri)) if known else (iri, KGBUILD.iri, Literal(item.iri)))

    def term(name: str) -> URIRef:
        return classes[name] if name in classes else RDFS.Literal if name == ANY_LITERAL else XSD[name]

    def add_references(iri: URIRef, predicate: URIRef, names: tuple[str, ...]) -> None:
        if len(names) == 1:
            graph.add((iri, predicate, term(names[0])))
        elif names:
            union, members = BNode(), BNode()
            Collection(graph, members, [term(name) for name in names])
            graph.add((union, RDF.type, OWL.Class))
            graph.add((union, OWL.unionOf, members))
            graph.add((iri, predicate, union))

    graph.add((header, RDF.type, OWL.Ontology))
    for predicate, text in (
        (RDFS.label, ontology.title),
        (RDFS.comment, ontology.description),
        (DCTERMS.source, ontology.source),
        (DCTERMS.license, ontology.licence),
        (KGBUILD.typing, ontology.typing),
    ):
        if text:
            graph.add((header, predicate, Literal(text)))
    for class_ in ontology.classes.values():
        iri = classes[class_.name]
        graph.add((iri, RDF.type, OWL.Class))
        add_words(iri, class_, OWL.equivalentClass)
        for parent in class_.parents:
            graph.add((iri, RDFS.subClassOf, classes[parent]))
    for first, second in ontology.disjoint:
        graph.add((classes[first], OWL.disjointWith, classes[second]))
    for prop in ontology.properties.values():
        iri = properties[prop.name]
        for type_ in _types_of(prop):
            graph.add((iri, RDF.type, type_))
        add_words(iri, prop, OWL.equivalentProperty)
        add_references(iri, RDFS.domain, prop.domain)
        add_references(iri, RDFS.range, prop.range)
        if prop.inverse_of is not None:
            graph.add((iri, OWL.inverseOf, properties[prop.inverse_of]))
        for predicate, values in (
            (SKOS.example, prop.examples),
            (KGBUILD.qualifier, prop.qualifiers),
            (KGBUILD.temporal, (True,) if prop.temporal else ()),
            (KGBUILD.minCardinality, () if prop.min_cardinality is None else (prop.min_cardinality,)),
            (KGBUILD.maxCardinality, () if prop.max_cardinality is None else (prop.max_cardinality,)),
        ):
            for value in values:
                graph.add((iri, predicate, Literal(value)))
    return graph.serialize(format="turtle" if form == "turtle" else "xml")


def _names_its_thing(iri: str) -> bool:
    """Tell whether a class or property read under this IRI is a thing of its own, called so by others."""
    return not NO_IRI.search(iri) and not iri.startswith((OWN, *BUILT_IN))


def _in_iri(name: str) -> str:
    """Return a name as a part of an IRI: letters and digits of any script as they are, signs percent-encoded.

    >>> _in_iri("my onto"), _in_iri("Größe_1"), unquote(_in_iri("a#b%20c"))
    ('my%20onto', 'Größe_1', 'a#b%20c')
    """
    return re.sub(r"[^\w.~-]", lambda sign: quote(sign[0]), name)


def _types_of(prop: Property) -> Iterator[URIRef]:
    if prop.datatypes and prop.range_classes:
        yield RDF.Property
    else:
        yield OWL.DatatypeProperty if prop.datatypes else OWL.ObjectProperty
    for type_, flag in CHARACTERISTICS.items():
        if getattr(prop, flag):
            yield type_
