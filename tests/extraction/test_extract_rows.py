import json

import pytest

from kgbuild.extraction.rows import extract_rows, read_row, write_row
from kgbuild.records import Extraction, Failure
from tests.spelled import SpelledAddress, SpelledExtractor

ADA = "Ada Lovelace:Person employer Analytical Engines:Company."
SPELLED = SpelledAddress().open()


def extracted(*rows, extractor=SPELLED, max_tokens=400):
    return extract_rows(rows, extractor, max_tokens, 400)


def test_a_row_comes_back_with_what_its_text_states():
    (row,) = extracted({"id": "a", "text": f"lately: {ADA}"})
    assert row == {
        "id": "a",
        "text": f"lately: {ADA}",
        "triples": [
            {
                "subject": "Ada Lovelace",
                "subject_class": "Person",
                "predicate": "employer",
                "object": "Analytical Engines",
                "object_class": "Company",
                "evidence": {"start": 8, "end": 7 + len(ADA)},
                "score": 0.9,
            }
        ],
    }


def test_the_class_of_a_literal_is_its_datatype():
    (row,) = extracted({"id": 1, "text": "Acme:Company founded_in 1998."})
    assert [(t["object"], t["object_class"]) for t in row["triples"]] == [("1998", "gYear")]


@pytest.mark.parametrize("id_", ["a", 7, 1.5, True, False, None, "", "ä\u2028"])
def test_an_id_is_any_scalar_and_comes_back_as_given(id_):
    (row,) = extracted({"id": id_, "text": ADA})
    assert row["id"] == id_
    assert type(row["id"]) is type(id_)


def test_rows_keep_their_order_and_number_whatever_is_wrong_with_some():
    rows = [
        {"id": 1, "text": ADA},
        {"id": 2},
        {"id": 3, "text": ""},
        {"id": 1, "text": ADA},
        {"text": " \n"},
        {"id": [1], "text": ADA},
    ]
    answers = extracted(*rows)
    assert [(row["id"], len(row["triples"]), "error" in row) for row in answers] == [
        (1, 1, False),
        (2, 0, True),
        (3, 0, False),
        (1, 1, False),
        (None, 0, False),
        (None, 0, True),
    ]


@pytest.mark.parametrize("text", [None, 7, ["Ada"], {"text": "Ada"}])
def test_a_text_is_words(text):
    (row,) = extracted({"id": 1, "text": text})
    assert "there is no text" in row["error"]


def test_what_an_earlier_stage_gave_up_on_passes_through():
    assert extracted({"id": 4, "error": "line 4: not JSON"}) == [{"id": 4, "error": "line 4: not JSON", "triples": []}]


def test_a_field_that_extraction_does_not_know_comes_back():
    (row,) = extracted({"id": 1, "text": ADA, "published_on": "1843", "more": {"a": [1]}})
    assert (row["published_on"], row["more"]) == ("1843", {"a": [1]})


def test_offsets_count_from_the_start_of_a_text_longer_than_a_chunk():
    text = "\n".join(f"Nothing number {n} 😀 is stated here. Ada{n}:Person employer Acme{n}:Company." for n in range(60))
    asked = []

    class Counting(SpelledExtractor):
        def extract(self, chunks):
            asked.extend(chunks)
            return SPELLED.extract(chunks)

    (row,) = extracted({"id": 1, "text": text}, extractor=Counting(0.0), max_tokens=40)
    assert len(asked) > 20
    assert [triple["subject"] for triple in row["triples"]] == [f"Ada{n}" for n in range(60)]
    for triple in row["triples"]:
        quote = text[triple["evidence"]["start"] : triple["evidence"]["end"]]
        assert quote.startswith(f"{triple['subject']}:Person employer {triple['object']}")


def test_a_chunk_that_fails_is_named_beside_what_the_others_gave():
    class Failing(SpelledExtractor):
        def extract(self, chunks):
            failed = Extraction((), failure=Failure("extraction", "", None, "refused", "too long"))
            return [failed if "secret" in chunk.text else done for chunk, done in zip(chunks, SPELLED.extract(chunks), strict=True)]

    (row,) = extracted({"id": 1, "text": f"{ADA}\n\nA secret is kept here."}, extractor=Failing(0.0), max_tokens=20)
    assert row["error"] == "refused (too long)"
    assert len(row["triples"]) == 1


def test_half_a_surrogate_pair_is_no_obstacle():
    line = json.dumps({"id": "\udc00", "text": f"\ud800 {ADA}"}).encode()
    (row,) = extracted(read_row(line, 1))
    written = write_row(row)
    assert json.loads(written)["text"] == f"\ud800 {ADA}"
    assert json.loads(written)["id"] == "\udc00"
    assert written.encode("utf-8")
    assert len(row["triples"]) == 1


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"nonsense", "line 3: not JSON (Expecting value at character 1)"),
        (b'{"id": 1', "line 3: not JSON"),
        (b"[1, 2]", "line 3: not a JSON object"),
        (b"null", "line 3: not a JSON object"),
        (b'{"id": 1, "text": "\xff"}', "line 3: not UTF-8"),
        (b'{"id": NaN, "text": ""}', "line 3: not JSON (NaN is no number of JSON)"),
        (b'{"id": 1e999, "text": ""}', "line 3: not JSON (1e999 is no number of JSON)"),
        (b"[" * 100_000, "line 3: nested too deeply"),
        (b'{"id": ' + b"9" * 5000 + b"}", "line 3: not JSON (a number has 5000 characters, more than 4300)"),
    ],
)
def test_a_line_that_is_no_row_becomes_one_that_says_so(line, problem):
    row = read_row(line, 3)
    assert row["id"] is None
    assert row["error"].startswith(problem)
    assert "\n" not in row["error"]


def test_a_byte_order_mark_is_not_part_of_a_line():
    assert read_row(b'\xef\xbb\xbf{"id": 1}\r\n', 1) == {"id": 1}
