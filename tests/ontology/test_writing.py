"""An ontology written and read again is the same one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgbuild.errors import OntologyError
from kgbuild.ontology import Ontology, OntologyClass, Property, bundled, convert, read, write
from kgbuild.ontology.model import XSD_DATATYPES, says_something

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(lambda name: name not in XSD_DATATYPES | {"literal"})
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
PLAIN_TEXT = st.text(st.sampled_from("abcÄß漢😀 .:,'\"<>&#\\-"), min_size=1, max_size=12).filter(lambda text: text == text.strip())


IRIS = [
    "",
    "http://www.wikidata.org/entity/P112",
    "http://example.org/a#b",
    "http://x/ c",
    "P112",
    "http://www.w3.org/2002/07/owl#Thing",
]


@st.composite
def ontologies(draw, texts):
    def several(of):
        return tuple(sorted(draw(st.sets(of, max_size=3))))

    words = texts.filter(says_something)
    class_names = sorted(draw(st.sets(NAMES, min_size=2, max_size=5)))
    classes = {}
    for index, name in enumerate(class_names):
        parents = several(st.sampled_from(class_names[:index])) if index else ()
        aliases = several(words)
        label = draw(words.filter(lambda text, aliases=aliases: text not in aliases))
        parent, others = (parents[0], parents[1:]) if parents else (None, ())
        classes[name] = OntologyClass(name, label, draw(st.just("") | texts), parent, aliases, draw(st.sampled_from(IRIS)), others)
    properties = {}
    for name in sorted(draw(st.sets(NAMES, min_size=1, max_size=4))):
        range_ = several(st.sampled_from([*class_names, *sorted(XSD_DATATYPES), "literal"]))
        between_entities = not any(member in XSD_DATATYPES or member == "literal" for member in range_)
        aliases = several(words)
        most = draw(st.none() | st.integers(1, 5))
        symmetric = between_entities and draw(st.booleans())
        properties[name] = Property(
            name=name,
            label=draw(words.filter(lambda text, aliases=aliases: text not in aliases)),
            description=draw(st.just("") | texts),
            domain=several(st.sampled_from(class_names)),
            range=range_,
            aliases=aliases,
            examples=several(texts),
            iri=draw(st.sampled_from(IRIS)),
            functional=most in (None, 1) and draw(st.booleans()),
            inverse_functional=draw(st.booleans()),
            symmetric=symmetric,
            asymmetric=between_entities and not symmetric and draw(st.booleans()),
            transitive=between_entities and draw(st.booleans()),
            temporal=draw(st.booleans()),
            min_cardinality=None if most is None else draw(st.none() | st.integers(0, most)),
            max_cardinality=most,
            qualifiers=several(NAMES),
        )
    title, description, source, licence = (draw(st.just("") | texts) for _ in range(4))
    typing = draw(st.sampled_from(["hard", "soft"]))
    return Ontology(draw(NAMES | ANY_TEXT), classes, properties, title, typing, "", (), description, source, licence)


def read_again(ontology, form, folder, suffix):
    file = folder / f"written{suffix}"
    file.write_text(convert(ontology, form), encoding="utf-8", newline="\n")
    return read(file)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("written")


@settings(max_examples=80, deadline=None)
@given(ontologies(ANY_TEXT))
def test_yaml_and_json_give_back_the_same_ontology(folder, ontology):
    from_yaml = read_again(ontology, "yaml", folder, ".yaml")
    assert read_again(from_yaml, "yaml", folder, ".yaml") == from_yaml
    assert read_again(from_yaml, "json", folder, ".json") == from_yaml
    assert (from_yaml.classes, from_yaml.properties) == (ontology.classes, ontology.properties)
    assert (from_yaml.name, from_yaml.title) == (ontology.name, ontology.title)


@settings(max_examples=40, deadline=None)
@given(ontologies(PLAIN_TEXT), st.sampled_from([("turtle", ".ttl"), ("xml", ".rdf")]))
def test_owl_gives_back_the_same_ontology_but_for_its_order(folder, ontology, form):
    from_owl = read_again(ontology, *form[:1], folder, form[1])
    assert dict(from_owl.classes) == ontology.classes
    assert dict(from_owl.properties) == ontology.properties
    assert (from_owl.name, from_owl.title, from_owl.typing) == (ontology.name, ontology.title, ontology.typing)
    assert (from_owl.description, from_owl.source, from_owl.licence) == (ontology.description, ontology.source, ontology.licence)


@pytest.mark.parametrize("suffix", [".ttl", ".rdf"])
@pytest.mark.parametrize("name", ["my onto", "a%20b", "a#b", "<a>", "Größe", "मेरा ज्ञान", "\x00", " "])
def test_an_ontology_may_be_called_anything_in_owl(tmp_path, name, suffix):
    ontology = Ontology(name, {"A": OntologyClass("A", "a")}, {"p q": Property("p q", "p"), "p": Property("p", "p")})
    write(ontology, tmp_path / f"o{suffix}")
    assert read(tmp_path / f"o{suffix}").name == name


@pytest.mark.parametrize("name", bundled())
@pytest.mark.parametrize("suffix", [".yaml", ".json", ".ttl", ".rdf", ".owl"])
def test_a_bundled_ontology_has_one_digest_in_every_format(tmp_path, name, suffix):
    write(read(name), tmp_path / f"{name}{suffix}")
    assert read(tmp_path / f"{name}{suffix}").digest == read(name).digest


@pytest.mark.parametrize(
    ("path", "message"),
    [("o.docx", "no ontology can be written as '.docx'. Use one of: .yaml"), ("missing/o.ttl", "No such file or directory")],
)
def test_what_cannot_be_written_is_said(tmp_path, path, message):
    with pytest.raises(OntologyError, match=message.replace(".", r"\.")):
        write(read("company"), tmp_path / path)
