import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.errors import InputError
from kgbuild.records import (
    CandidateTriple,
    Chunk,
    Derivation,
    Document,
    Entity,
    EntityRef,
    Evidence,
    Fact,
    Failure,
    JudgedTriple,
    Literal,
    LiteralValue,
    Mention,
    Qualifier,
    Reason,
    Section,
    Span,
    Status,
    Verdict,
)
from kgbuild.serialisation import from_json, json_lines, to_dict, to_json

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates, NUL and line separators too
SPANS = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 10**6), st.integers(1, 100))
PROBABILITIES = st.floats(0, 1)
MENTIONS = st.builds(Mention, ANY_TEXT, ANY_TEXT, st.none() | SPANS, ANY_TEXT, ANY_TEXT)
LITERALS = st.builds(Literal, st.none() | SPANS, ANY_TEXT, ANY_TEXT, ANY_TEXT)
QUALIFIERS = st.lists(st.builds(Qualifier, ANY_TEXT, LITERALS), max_size=2).map(tuple)
TRIPLES = st.builds(
    CandidateTriple,
    id=ANY_TEXT,
    chunk_id=ANY_TEXT,
    subject=MENTIONS,
    predicate=ANY_TEXT,
    object=MENTIONS | LITERALS,
    evidence=st.none() | SPANS,
    quote=ANY_TEXT,
    qualifiers=QUALIFIERS,
    extractor=ANY_TEXT,
    score=PROBABILITIES,
)
VERDICTS = st.builds(Verdict.rejected, st.sampled_from(Reason), ANY_TEXT, st.none() | PROBABILITIES) | st.just(
    Verdict.accepted(0.9)
)
EVIDENCE = st.builds(Evidence, ANY_TEXT, ANY_TEXT, SPANS, ANY_TEXT, ANY_TEXT, ANY_TEXT, PROBABILITIES, st.none() | ANY_TEXT)
FACTS = st.builds(
    Fact,
    id=ANY_TEXT,
    subject_id=ANY_TEXT,
    predicate=ANY_TEXT,
    object=st.builds(EntityRef, ANY_TEXT) | st.builds(LiteralValue, ANY_TEXT, ANY_TEXT, ANY_TEXT),
    confidence=PROBABILITIES,
    evidence=st.lists(EVIDENCE, min_size=1, max_size=2).map(tuple),
    qualifiers=QUALIFIERS,
    valid_from=st.none() | ANY_TEXT,
    status=st.sampled_from(Status),
    derived_from=st.none() | st.builds(Derivation, ANY_TEXT, st.tuples(ANY_TEXT)),
)
SECTIONS = st.lists(st.builds(Section, ANY_TEXT, SPANS, st.integers(0, 6)), max_size=2).map(tuple)
PAIRS = st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=2).map(tuple)
DOCUMENTS = st.builds(
    Document, *[ANY_TEXT] * 6, published_on=st.none() | ANY_TEXT, sections=SECTIONS, metadata=PAIRS, content_hash=ANY_TEXT
)
TEXTS = st.lists(ANY_TEXT, max_size=2).map(tuple)
RECORDS = st.one_of(
    DOCUMENTS,
    st.builds(Chunk, ANY_TEXT, ANY_TEXT, st.integers(0, 9), SPANS, ANY_TEXT, TEXTS, ANY_TEXT),
    MENTIONS,
    st.builds(JudgedTriple, TRIPLES, VERDICTS),
    st.builds(Entity, ANY_TEXT, ANY_TEXT, ANY_TEXT, TEXTS, ANY_TEXT, TEXTS),
    FACTS,
    st.builds(Failure, ANY_TEXT, ANY_TEXT, st.none() | ANY_TEXT, ANY_TEXT, ANY_TEXT, st.booleans()),
)


@given(RECORDS)
def test_reading_what_was_written_gives_the_same_record(record):
    line = to_json(record)
    assert from_json(type(record), line) == record
    assert from_json(type(record), line.encode()) == record
    assert "\n" not in line


@pytest.mark.parametrize(
    ("record", "json"),
    [
        (Span(3, 8), '{"start":3,"end":8}'),
        (EntityRef("ent_a"), '{"entity_id":"ent_a"}'),
        (
            LiteralValue("10 December 1815", "1815-12-10", "date"),
            '{"text":"10 December 1815","value":"1815-12-10","datatype":"date"}',
        ),
        # Text other than ASCII stays readable.
        (EntityRef("Zoë 🦊"), '{"entity_id":"Zoë 🦊"}'),
        # Half a surrogate pair is not UTF-8, so the line falls back to escapes.
        (EntityRef("\ud83e"), '{"entity_id":"\\ud83e"}'),
        (
            Verdict.rejected(Reason.NOT_IN_TEXT, "x"),
            '{"outcome":"rejected","reason":"not in text","detail":"x","probability":null,"judge":"rules"}',
        ),
    ],
)
def test_fields_are_written_under_their_names_in_their_order(record, json):
    assert to_json(record) == json


@pytest.mark.parametrize(
    ("type_", "line", "problem"),
    [
        (Span, '{"start": 1}', "not a Span: end: Field required"),
        (Span, '{"start": 9, "end": 2}', "not a Span: Value error, a span runs forward and is not empty, got 9..2"),
        (EntityRef, "[1, 2", "not a EntityRef: Invalid JSON: EOF while parsing a list at line 1 column 5"),
        # What nests deeper than either parser goes is refused as well.
        (EntityRef, "[" * 100_000, "not a EntityRef: Invalid JSON: recursion limit exceeded at line 1 column 202"),
        (Verdict, '{"outcome": "maybe"}', "not a Verdict: outcome: Input should be 'accepted', 'rejected' or 'undecided'"),
    ],
)
def test_a_line_that_holds_no_such_record_is_refused_with_its_first_problem(type_, line, problem):
    with pytest.raises(ValueError, match=r"^not a") as refusal:
        from_json(type_, line)
    assert str(refusal.value) == problem


def test_lines_are_read_with_their_places(tmp_path):
    path = tmp_path / "rows.jsonl"
    # A byte order mark is no character of the first line, and only a line feed ends one.
    path.write_bytes('\ufeff{"a":"x\u2028y\x85z"}\r\n\n{"b":2}'.encode())
    assert list(json_lines(path)) == [(f"{path}:1", {"a": "x\u2028y\x85z"}), (f"{path}:3", {"b": 2})]


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        (b'{"a": 1}\n\n{"a"', ":3", "is no JSON"),
        (b"[1]", ":1", "is no JSON object"),
        (b'{"a": ' + b"9" * 5000 + b"}", ":1", "is no JSON"),
        (b"[" * 100_000, ":1", "nests too deeply"),
        (b'{"a": "\xff"}', "", "is no UTF-8 at byte 7"),
        (None, "", "cannot be read (No such file or directory)"),
    ],
)
def test_what_is_no_line_of_json_is_named_by_its_place(tmp_path, content, where, problem):
    path = tmp_path / "rows.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        list(json_lines(path))
    assert str(refusal.value).startswith(f"{path}{where}: {problem}")


def test_a_record_as_dict_has_the_names_of_its_json():
    assert to_dict(EntityRef("ent_a")) == {"entity_id": "ent_a"}
