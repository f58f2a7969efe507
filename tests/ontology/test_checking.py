"""Everything that can be wrong with an ontology, and that all of it is reported at once."""

import pytest

from kgbuild.errors import OntologyError
from kgbuild.ontology import Severity, check, read

HEAD = """\
classes:
  Person: {label: person, description: A human.}
  Place: {label: place, description: A location.}
properties:
  born_in: {label: born in, description: Where, domain: Person, range: Place}
"""


def checked(tmp_path, text, suffix=".yaml"):
    file = tmp_path / f"pets{suffix}"
    file.write_text(text, encoding="utf-8")
    return check(file), file


def test_a_good_ontology_has_no_problems(tmp_path):
    assert checked(tmp_path, HEAD)[0] == ()


@pytest.mark.parametrize(
    ("added", "line", "problem", "remedy"),
    [
        # References to what does not exist.
        (
            "  likes: {label: l, description: d, domain: [Person, Dog]}",
            6,
            "domain of 'likes' is 'Dog', not a class",
            "Person, Place",
        ),
        ("  likes: {label: l, description: d, range: [dat]}", 6, "range of 'likes' is 'dat', neither a class nor", "date"),
        ("  likes: {label: l, description: d, inverse_of: liked}", 6, "inverse of 'liked', not a property", "born_in"),
        ("disjoint: [[Person, Dog]]", 6, "'Dog' is declared disjoint, but is not a class", "Person"),
        # Flags that contradict each other.
        (
            "  likes: {label: l, description: d, symmetric: true, asymmetric: true}",
            6,
            "both symmetric and asymmetric",
            "one of the two",
        ),
        ("  likes: {label: l, description: d, functional: true, max_cardinality: 2}", 6, "max_cardinality is 2", "Remove one"),
        ("  likes: {label: l, description: d, min_cardinality: 3, max_cardinality: 2}", 6, "greater than its max", "Swap"),
        ("  likes: {label: l, description: d, max_cardinality: 0}", 6, "no fact could hold", "1 or more"),
        (
            "  age: {label: a, description: d, range: integer, transitive: true}",
            6,
            "takes literals, yet is declared transitive",
            "flag",
        ),
        (
            "  likes: {label: l, description: d, asymmetric: true, inverse_of: likes}",
            6,
            "asymmetric, yet its own inverse",
            "Remove",
        ),
        # Names that nothing can be called.
        ("  is fond of: {label: l, description: d}", 6, "'is fond of' cannot be a name", "label"),
        ("  likes: {label: l, description: d, qualifiers: [how much]}", 6, "qualifier 'how much'", "start_time"),
        # Fields and values that the format does not have.
        ("  likes: {label: l, description: d, domian: Person}", 6, "unknown field 'domian' in properties.likes", "Write 'domain'"),
        ("  likes: {label: l, description: d, colour: red}", 6, "unknown field 'colour'", "one of: label, description"),
        ("  likes: {label: l, description: d, symmetric: maybe}", 6, "properties.likes.symmetric is 'maybe'", "Correct"),
        ("  likes: {label: l, description: d, max_cardinality: -1}", 6, "max_cardinality is -1", "Correct"),
        ("  likes: {label: [l, m], description: d}", 6, "properties.likes.label is ['l', 'm']", "Correct"),
        ("  likes: yes, a lot", 6, "properties.likes is 'yes, a lot', not a list of fields", "label"),
        ("typing: firm", 6, "typing is 'firm'", "Correct"),
        ("classs: {}", 6, "unknown field 'classs' in the ontology", "Write 'classes'"),
        # The same key twice.
        ("  born_in: {label: l, description: d}", 6, "'born_in' occurs twice, first on line 5", "Rename or remove"),
        # YAML that is none.
        ("  likes: {label: l", 7, "not YAML", "Correct the syntax"),
        # A tag that its value does not fit, and numbers that Python will not write.
        ('name: !!int ""', 6, "'' cannot be read as int", "Correct the syntax"),
        ('name: !!float ""', 6, "'' cannot be read as float", "Correct the syntax"),
        ("name: !!bool foo", 6, "'foo' cannot be read as bool", "Correct the syntax"),
        ("name: !!timestamp foo", 6, "'foo' cannot be read as timestamp", "Correct the syntax"),
        (f"name: {'9' * 5000}", 6, "cannot be read as int", "Correct the syntax"),
        (f"name: 0x{'f' * 5000}", 6, "cannot be read as int", "Correct the syntax"),
        (f"name: {'1:' * 3000}0.5", 6, "cannot be read as float", "Correct the syntax"),
        # Neither name nor label could be words of a text.
        (
            "  _: {label: '-', description: d}",
            6,
            "neither the label '-' of '_' nor its name has a letter",
            "what a text would call",
        ),
    ],
)
def test_each_error_has_its_line_and_remedy(tmp_path, added, line, problem, remedy):
    problems, file = checked(tmp_path, f"{HEAD}{added}\n")
    errors = [p for p in problems if p.severity is Severity.ERROR]
    assert [p.place for p in errors if problem in p.problem and remedy in p.remedy] == [f"{file}:{line}"], problems
    with pytest.raises(OntologyError, match="kgbuild ontology check"):
        read(file)


@pytest.mark.parametrize(
    ("classes", "problem"),
    [
        ("  Dog: {label: dog, description: d, parent: Animal}", "the parent of 'Dog' is 'Animal', not a class"),
        ("  Dog: {label: dog, description: d, parent: Dog}", "'Dog' is its own ancestor by way of 'Dog'"),
        ("  A: {label: a, description: d, parent: B}\n  B: {label: b, description: d, parent: A}", "'A' is its own ancestor"),
        ("  date: {label: date, description: d}", "'date' has the name of a datatype"),
        ("  __: {label: …, description: d}", "neither the label '…' of '__' nor its name has a letter or digit"),
        (
            "  A: {label: a, description: d, parent: [Person, Place]}\ndisjoint: [[Place, Person]]",
            "declared disjoint, yet 'A' is both",
        ),
    ],
)
def test_each_error_in_classes_is_found(tmp_path, classes, problem):
    problems, _ = checked(tmp_path, HEAD.replace("properties:", f"{classes}\nproperties:"))
    assert any(problem in p.problem and p.severity is Severity.ERROR for p in problems), problems


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        # Nothing is called this, or says what it means.
        ("  lives_in: {description: d}", "'lives_in' has no label, so 'lives in' is used"),
        ("  lives_in: {label: l}", "'lives_in' has no description"),
        # Labels and aliases of signs alone say nothing; one letter, of any script, is enough.
        ("  lives_in: {label: '-', description: d}", "the label '-' of 'lives_in' has no letter or digit, so 'lives in' is used"),
        ("  lives_in: {label: ' ', description: d}", "the label ' ' of 'lives_in' has no letter or digit, so 'lives in' is used"),
        ("  lives_in: {label: l, description: d, aliases: [→, m]}", "the alias '→' of 'lives_in' has no letter or digit, so it is"),
        # Two things are called the same.
        ("  birth: {label: born in, description: d}", "'born in' is shared by 'born_in' and 'birth'"),
        ("  birth: {label: b, description: d, aliases: [Born In]}", "'born in' is shared by 'born_in' and 'birth'"),
        ("  Born_In: {label: b, description: d}", "differ in capitals alone"),
        # Two things are said to be the same.
        (
            "  a: {label: a, description: d, iri: 'http://x/P1'}\n  b: {label: b, description: d, iri: 'http://x/P1'}",
            "'b' shares its IRI with 'a'",
        ),
        # kgbuild's own names get a trailing underscore in a store; an entity may well have a property `name` between entities.
        ("  description: {label: b, description: d, range: string}", "the graph has 'description' of its own"),
        ("  from_chunk: {label: b, description: d}", "the graph has 'from_chunk' of its own"),
        # Inverses that do not mirror each other.
        (
            "  home_of: {label: b, description: d, domain: Person, range: Place, inverse_of: born_in}",
            "are not range and domain of its inverse",
        ),
        ("  likes: {label: b, description: d, domain: Person, range: Place, symmetric: true}", "its domain and range differ"),
    ],
)
def test_a_doubt_is_a_warning_and_the_ontology_is_read(tmp_path, added, problem):
    problems, file = checked(tmp_path, f"{HEAD}{added}\n")
    assert any(problem in p.problem and p.place == f"{file}:{5 + len(added.splitlines())}" for p in problems), problems
    assert {p.severity for p in problems} == {Severity.WARNING}
    assert "born_in" in read(file).properties


@pytest.mark.parametrize(
    ("words", "label", "aliases"),
    [
        # The name stands in for a label of signs alone, and such aliases are left out.
        ("label: '-', aliases: [_, tyke]", "guide dog", ("tyke",)),
        ("label: '\\u0301'", "guide dog", ()),
        # A letter or a digit of any script says something, whatever marks and signs it has.
        ("label: में, aliases: [ñ, ไม้, 犬, '№ 5', '²']", "में", ("ñ", "ไม้", "犬", "№ 5", "²")),
        ("label: '-犬-'", "-犬-", ()),
    ],
)
def test_what_has_no_letter_or_digit_calls_nothing(tmp_path, words, label, aliases):
    text = HEAD.replace("properties:", f"  GuideDog: {{{words}, parent: Person}}\nproperties:").replace("'\\u0301'", '"\\u0301"')
    (tmp_path / "pets.yaml").write_text(text, encoding="utf-8")
    read_class = read(tmp_path / "pets.yaml").classes["GuideDog"]
    assert (read_class.label, read_class.aliases) == (label, aliases)


def test_classes_of_one_iri_are_named(tmp_path):
    problems, file = checked(tmp_path, HEAD.replace("description: A", "iri: 'http://x/Q1', description: A"))
    (problem,) = problems
    assert (problem.severity, problem.place) == (Severity.WARNING, f"{file}:3")
    assert problem.problem == "'Place' shares its IRI with 'Person'"


def test_a_class_that_no_property_can_use_is_named(tmp_path):
    problems, _ = checked(tmp_path, HEAD.replace("properties:", "  Dog: {label: dog, description: d}\nproperties:"))
    assert [p.problem for p in problems] == ["no property has the class 'Dog', or one above or below it, in its domain or range"]


def test_all_problems_are_reported_together_errors_first(tmp_path):
    text = HEAD + "  a: {domain: Dog}\n  b: {label: b, symmetric: true, asymmetric: true, domain: Cat, range: Cat}\n"
    problems, file = checked(tmp_path, text)
    assert [(p.severity, p.place.rpartition(":")[2]) for p in problems] == [
        (Severity.ERROR, "6"),
        (Severity.ERROR, "7"),
        (Severity.ERROR, "7"),
        (Severity.ERROR, "7"),
        (Severity.WARNING, "6"),
        (Severity.WARNING, "6"),
        (Severity.WARNING, "7"),
    ]
    with pytest.raises(OntologyError, match=r"pets.yaml:6: the domain of 'a' is 'Dog', not a class \(4 errors in all\)"):
        read(file)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *((text, "no ontology in this file") for text in ("", "# nothing\n", "just words", "[a, list]")),
        # Facts need properties, and a subject is always of a class.
        ("classes: {Person: {label: p, description: d}}", "the ontology has no properties"),
        ("properties: {likes: {label: l, description: d}}", "the ontology has no classes"),
    ],
)
def test_a_file_without_an_ontology_is_an_error(tmp_path, text, problem):
    assert [p.problem for p in checked(tmp_path, text)[0] if p.severity is Severity.ERROR] == [problem]


def aliases_of_aliases(first, list_of):
    return "\n".join([f"a0: &a0 {first}", *(f"a{n}: &a{n} {list_of(', '.join([f'*a{n - 1}'] * 10))}" for n in range(1, 10))])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("&a [*a]", "nested too deeply"),
        ("a: \x07", "not YAML"),
        ("? [a]\n: b", "unknown field"),
        ("a: !!python/object:os.system x", "not YAML"),
        ("<<: 1", "not YAML"),
        ("- - - -", "no ontology in this file"),
        # What a few characters could keep a machine busy with for hours, or end the process.
        ("[" * 200_000, "nested too deeply"),
        ("? &a [*a]\n: b", "nested too deeply"),
        (aliases_of_aliases("[x]", "[{}]".format), "its aliases stand for more than 100,000 keys and values"),
        (aliases_of_aliases("{k: v}", "{{<<: [{}]}}".format), "its aliases stand for more than 100,000 keys and values"),
    ],
    ids=lambda value: value[:24],
)
def test_strange_yaml_is_an_error_with_a_place_never_a_traceback(tmp_path, text, problem):
    problems, file = checked(tmp_path, text)
    assert problems[0].severity is Severity.ERROR
    assert problem in problems[0].problem
    assert problems[0].place.startswith(f"{file}:")


def test_an_alias_is_as_good_as_what_it_stands_for(tmp_path):
    described = "{label: l, description: Where someone or something is for the time being.}"
    many = "".join(f"  at_{n}: *at\n" for n in range(1000))
    problems, file = checked(tmp_path, f"{HEAD}  at: &at {described}\n{many}")
    assert {p.severity for p in problems} == {Severity.WARNING}
    assert len(read(file).properties) == 1002


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'{{"classes": {{"A": {{}}}}, "x": {"9" * 5000}}}', "a number has thousands of digits"),
        (f'{{"concepts": [], "relations": [], "id": {"9" * 5000}}}', "a number has thousands of digits"),
        ("[" * 200_000, "nested too deeply"),
        # Half of a surrogate pair is no text.
        ('{"classes": {"A": {"\\ud800": 1, "\\udc00": 1}}}', "the key '\\ud800' holds half a character"),
        ('{"classes": {"A": {}, "A": {}}}', "'A' occurs twice in one place"),
    ],
    ids=lambda value: value[:24],
)
def test_strange_json_is_an_error_never_a_traceback(tmp_path, text, problem):
    problems, file = checked(tmp_path, text, ".json")
    assert any(problem in p.problem and p.severity is Severity.ERROR and p.place == str(file) for p in problems), problems
