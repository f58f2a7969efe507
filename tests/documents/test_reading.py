"""What is read of a file of each family, and the name of what is not."""

import json
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.chunking import chunk
from kgbuild.documents import read_file
from tests.growth import LINEAR, growth


@pytest.fixture
def read(tmp_path):
    def read_content(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_file(path, name)

    return read_content


@pytest.fixture
def read_one(read):
    def only(name, content):
        (document,), failures = read(name, content)
        assert not failures
        return document

    return only


def parts(document, *kinds):
    return [(s.kind, s.span.of(document.text)) for s in document.sections if not kinds or s.kind in kinds]


# -- the bytes


@pytest.mark.parametrize(
    ("content", "text", "metadata"),
    [
        # Line ends, tabs and blanks stay: every offset counts from the text as it is.
        (b"a\r\n\tb \n", "a\r\n\tb \n", ()),
        ("é".encode(), "é", ()),
        (b"\xef\xbb\xbfAda", "Ada", ()),
        ("Ada".encode("utf-16"), "Ada", (("encoding", "utf-16"),)),
        ("Ada Lovelace".encode("utf-16-le"), "Ada Lovelace", (("encoding", "utf-16-le"),)),
        # Western European letters within words: an old Windows file, and said to be a guess.
        ("Café Müller – naïve".encode("windows-1252"), "Café Müller – naïve", (("encoding", "windows-1252, guessed"),)),
    ],
)
def test_bytes_are_decoded_as_what_they_are(read_one, content, text, metadata):
    document = read_one("note.txt", content)
    assert (document.text, document.metadata) == (text, metadata)


def test_broken_bytes_are_named_and_the_rest_is_read(read):
    (document,), (failure,) = read("note.txt", "Ada lebt in Köln.".encode() + b" \xff\xfe\xfa\x81 Ende.")
    assert document.text.startswith("Ada lebt in Köln.")
    assert document.text.endswith(" Ende.")
    assert document.metadata == (("encoding", "utf-8, broken"),)
    assert (failure.stage, failure.uri, failure.reason) == ("documents", "note.txt", "broken encoding")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"", "empty"),
        ("blank.txt", b" \n\t", "no text"),
        ("picture.txt", b"\x89PNG\0\0\0\1\0\0\0", "binary content"),
        ("report.xyz", b"words", "unsupported format"),
        ("page.html", b"<html><body><script>x()</script></body></html>", "no text"),
        ("deep.html", b"<div>" * 100_000, "nested too deeply"),
        ("broken.json", b"{", "bad JSON"),
        ("deep.json", b"[" * 100_000, "bad JSON"),
        ("none.json", b'{"name": "x"}', "no text"),
        ("none.jsonl", b"\n\n", "no text"),
    ],
)
def test_a_file_without_documents_is_a_named_failure(read, name, content, reason):
    documents, (failure,) = read(name, content)
    assert documents == ()
    assert (failure.stage, failure.uri, failure.reason, failure.chunk_id) == ("documents", name, reason, None)


def test_what_is_no_readable_file_is_a_named_failure(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    reasons = {uri: read_file(tmp_path / uri, uri)[1][0].reason for uri in (".", "gone.txt", "pipe.txt")}
    assert reasons == {".": "not a file", "gone.txt": "vanished", "pipe.txt": "not a file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_named_failure(tmp_path):
    path = tmp_path / "secret.txt"
    path.write_text("x")
    path.chmod(0)
    assert read_file(path, "secret.txt")[1][0].reason == "no permission"


def test_the_id_follows_uri_and_content_and_not_the_place(read_one, tmp_path):
    first, again, other = read_one("a.txt", "Ada"), read_one("a.txt", "Ada"), read_one("a.txt", "Bob")
    assert first == again
    assert first.id != other.id


# -- text and Markdown


@pytest.mark.parametrize(
    ("text", "title", "published_on"),
    [
        ("Acme Corp\n\nAcme makes anvils.", "Acme Corp", None),
        # A sentence is no title; then the file lends its name.
        ("Acme makes anvils.\n\nMore.", "note", None),
        ("Acme Corp\nDate: 14 March 2020\n", "note", "2020-03-14"),
        ("Published: March 2020\n\nx.", "note", "2020-03"),
        ("Date: unknown\nIn 1998 it began.", "note", None),
    ],
)
def test_title_and_date_of_plain_text_come_from_its_words(read_one, text, title, published_on):
    document = read_one("note.txt", text)
    assert (document.title, document.published_on, document.text) == (title, published_on, text)


MARKDOWN = """---
title: Acme
date: 2020-03-14
lang: en-GB
---
# Acme Corp #

Acme makes
anvils.

History
-------
- 1998: founded
- 2001: sold

| City | Staff |
|------|-------|
| Bonn | 12 |

```python
# no heading
```
"""


def test_markdown_keeps_its_text_and_names_its_parts(read_one):
    document = read_one("acme.md", MARKDOWN)
    assert document.text == MARKDOWN
    assert (document.title, document.published_on, document.language) == ("Acme", "2020-03-14", "en")
    assert [(s.kind, s.level, s.span.of(MARKDOWN)) for s in document.sections] == [
        ("code", 0, MARKDOWN[: MARKDOWN.index("\n# Acme")]),
        ("heading", 1, "# Acme Corp #"),
        ("paragraph", 0, "Acme makes\nanvils."),
        ("heading", 2, "History\n-------"),
        ("list", 0, "- 1998: founded\n- 2001: sold"),
        ("table", 0, "| City | Staff |\n|------|-------|\n| Bonn | 12 |"),
        ("row", 0, "| City | Staff |\n|------|-------|"),
        ("row", 0, "| Bonn | 12 |"),
        ("code", 0, "```python\n# no heading\n```"),
    ]


@pytest.mark.parametrize("front", ["---\n: [\n---\n", "---\n- a\n---\n", "---\nno end\n", "---\nx: !y {z: }\n? [a]\n---\n"])
def test_front_matter_that_is_none_is_text(read_one, front):
    document = read_one("note.md", front + "# Acme\n\nx")
    assert (document.title, document.published_on) == ("Acme", None)


@pytest.mark.parametrize(
    ("stated", "title", "published_on"),
    [
        # Every value is the text that it is written as, whatever YAML would make of it.
        ("title: 1984\ndate: 2024-05-06", "1984", "2024-05-06"),
        ("title: No\ndate: 2024-05-06 10:00:00+02:00", "No", "2024-05-06"),
        ('title: !!int ""\ndate: !!timestamp soon', "Acme", None),
        ('title: !!bool foo\nx: !!float ""', "foo", None),
        (f"title: 0x{'f' * 6000}", f"0x{'f' * 6000}", None),
        # Nothing said, or a date that no calendar has.
        ("title: ~\ndate:", "Acme", None),
        ("title: null\ndate: 2024-02-31", "Acme", None),
        # Half a surrogate pair cannot be stored.
        ('title: "\\ud800 x"', "\ufffd x", None),
        # What is no text is left out.
        ("title: [a, b]\nauthor: {name: Ada}", "Acme", None),
    ],
)
def test_front_matter_is_read_as_it_is_written(read_one, stated, title, published_on):
    document = read_one("note.md", f"---\n{stated}\n---\n# Acme\n\nx")
    assert (document.title, document.published_on, document.metadata) == (title, published_on, ())


# -- web pages

PAGE = """<!doctype html><html lang="en-GB"><head><title> Acme  Corp </title><meta charset="utf-8">
<meta property="article:published_time" content="2020-03-14T10:00:00Z"><link rel="canonical" href="https://acme.example/"></head>
<body><nav>Home</nav><h1>Acme <em>Corp</em></h1>
<p>Acme was founded in <b>1998</b>.<br>It is in K&ouml;ln.</p>
<ul><li>anvils</li><li><p>ropes</p><ul><li>nets</li></ul></li><li></li></ul>
<table><caption>Offices</caption><tr><th>City</th><th>Staff</th></tr><tr><td>Bonn<br>Mitte</td><td>12</td></tr></table>
<table><tr><td><h2>People</h2>Ada leads it.</td></tr></table>
<div hidden>secret</div><pre>
code
  more</pre><script>x()</script></body></html>"""


def test_a_page_becomes_what_a_reader_sees(read_one):
    document = read_one("acme.html", PAGE)
    assert (document.title, document.language, document.published_on) == ("Acme Corp", "en", "2020-03-14")
    assert document.metadata == (("url", "https://acme.example/"),)
    assert document.text == (
        "Acme Corp\n\nAcme was founded in 1998.\nIt is in Köln.\n\n- anvils\n- ropes\n- nets\n\n"
        "Offices\nCity | Staff\nBonn Mitte | 12\n\nPeople\n\nAda leads it.\n\ncode\n  more"
    )
    assert parts(document, "heading", "row", "table", "list", "code") == [
        ("heading", "Acme Corp"),
        ("list", "- anvils\n- ropes\n- nets"),
        ("table", "Offices\nCity | Staff\nBonn Mitte | 12"),
        ("row", "City | Staff"),
        ("row", "Bonn Mitte | 12"),
        # A table that holds headings arranges the page.
        ("heading", "People"),
        ("code", "code\n  more"),
    ]


@pytest.mark.parametrize(
    ("head", "published_on"),
    [
        ('<script type="application/ld+json">{"@graph": [{"datePublished": "2019-05-06T01:02:03+01:00"}]}</script>', "2019-05-06"),
        ('<script type="application/ld+json">{broken</script><meta name="DC.date" content="2018-01">', "2018-01"),
        ('<time datetime="2017-02-03">yesterday</time>', "2017-02-03"),
        ('<meta name="date" content="soon">', None),
    ],
)
def test_the_date_of_a_page_comes_from_its_metadata(read_one, head, published_on):
    assert read_one("a.html", f"{head}<p>x").published_on == published_on


def test_a_page_is_decoded_as_it_declares(read_one):
    document = read_one("a.html", '<meta charset="iso-8859-2"><p>Łódź'.encode("iso-8859-2"))
    assert (document.text, document.metadata) == ("Łódź", (("encoding", "iso-8859-2"),))


@pytest.mark.parametrize(
    "declared", ["undefined", "utf-16le", "utf-16", "UTF-32", "ucs-2", "utf-7", "idna", "unicode_escape", "hex"]
)
def test_a_declaration_that_cannot_be_true_is_no_declaration(read_one, declared):
    document = read_one("a.html", f'<meta charset="{declared}"><p>Café de Flore. '.encode("windows-1252"))
    assert (document.text, document.metadata) == ("Café de Flore.", (("encoding", "windows-1252, guessed"),))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        # Cells of a table that arranges the page are no words of one sentence.
        ('<table role="presentation"><tr><td>Founder</td><td>Bob Miller</td></tr></table>', "Founder\nBob Miller"),
        (
            "<table><tr><td><h2>About</h2></td></tr><tr><td>Ada leads.</td><td>Bob sells.</td></tr></table>",
            "About\n\nAda leads.\nBob sells.",
        ),
        ("<table><tr><td>Acme</td><td><table><tr><td>Corp</td><td>Bonn</td></tr></table></td></tr></table>", "Acme\n\nCorp | Bonn"),
        ("<center>Ada</center><center>Bob</center>", "Ada\nBob"),
        # Raised digits are no digits of the number before them.
        ("10<sup>6</sup> people, 3×10<sup>−3</sup> m, 25 km<sup>2</sup>", "10⁶ people, 3×10⁻³ m, 25 km²"),
        ("Acme<sup><a>2</a></sup>, the 1<sup>st</sup>, H<sub>2</sub>O<sup>[3]</sup>", "Acme², the 1st, H2O[3]"),
    ],
)
def test_words_that_a_reader_sees_apart_stay_apart(read_one, html, text):
    assert read_one("a.html", html).text == text


# -- tables and records


def test_a_table_keeps_its_text_and_each_row_is_a_section_beside_its_column_names(read_one):
    text = 'name;city\r\n"Acme\nInc";Bonn\r\nBolt;Paris\r\n'
    document = read_one("firms.csv", text)
    assert document.text == text
    assert parts(document, "row") == [("row", "name;city"), ("row", '"Acme\nInc";Bonn'), ("row", "Bolt;Paris")]
    assert document.metadata == (("columns", '["name", "city"]'),)
    assert [c.context.split("\n")[0] for c in chunk(document, max_tokens=8, context_chars=40)] == ["", "name;city", "name;city"]


def test_a_quotation_mark_that_nothing_closes_costs_one_table_row_not_all(read_one):
    document = read_one("firms.tsv", 'name\tcity\n"Acme\tBonn\n' + "Bolt\tParis\n" * 2000)
    assert len(parts(document, "row")) == 2002


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        # Blank lines above the column names, and the line by which Excel tells its separator, are no row.
        ("\n \nname;city\nAcme;Bonn\n", ["name;city", "Acme;Bonn"]),
        ("sep=;\r\nname, or alias;city\r\nAcme;Bonn", ["name, or alias;city", "Acme;Bonn"]),
        ("sep=\t\nname\tcity\n", ["name\tcity"]),
        ("sep=;\n", []),
    ],
)
def test_the_first_row_of_a_table_is_that_of_its_column_names(read_one, text, rows):
    document = read_one("firms.csv", text)
    assert (document.text, [row for _, row in parts(document, "row")]) == (text, rows)
    assert not rows or len(json.loads(dict(document.metadata)["columns"])) == len(re.split("[;\t]", rows[0]))


def test_each_line_of_json_is_a_document_and_a_bad_one_is_named(read):
    lines = [
        json.dumps({"id": 7, "text": "Ada works here.", "title": "A", "date": "14 March 2020", "url": "https://a.example"}),
        "{broken",
        json.dumps({"id": 7, "text": "Another."}),
        json.dumps({"content": "No id."}),
        json.dumps({"id": "x", "title": "no text"}),
        json.dumps(["a"]),
    ]
    (first, unnamed), failures = read("news.jsonl", "\n".join(lines))
    assert (first.uri, first.title, first.published_on, first.metadata) == (
        "news.jsonl#7",
        "A",
        "2020-03-14",
        (("date", "14 March 2020"), ("url", "https://a.example")),
    )
    assert (unnamed.text, unnamed.title) == ("No id.", "news")
    assert [(f.uri, f.reason) for f in failures] == [
        ("news.jsonl#line-2", "bad JSON"),
        ("news.jsonl#line-3", "duplicate id"),
        ("news.jsonl#line-5", "no text"),
        ("news.jsonl#line-6", "not an object"),
    ]


def test_a_line_put_in_before_makes_no_other_document_of_a_record(read):
    (alone,), _ = read("news.jsonl", '{"text": "Ada."}\n')
    (_, second), _ = read("news.jsonl", '{"text": "New."}\n{"text": "Ada."}\n')
    assert alone == second


def test_a_record_that_nests_too_deeply_is_named_and_the_others_go_on(read):
    # At some depth a record can just be read and not be written again.
    for depth in range(900, 1000, 3):
        documents, failures = read("a.json", f'[{{"text": "Ada", "deep": {"[" * depth}{"]" * depth}}}, {{"text": "Bob"}}]')
        assert [d.text for d in documents] in (["Ada", "Bob"], ["Bob"], [])
        assert bool(failures) == (len(documents) < 2)
        assert all((f.reason, f.detail) == ("bad JSON", "nested too deeply") for f in failures)


def test_the_id_of_a_record_stands_on_one_line_of_its_uri(read):
    (document,), _ = read("a.jsonl", json.dumps({"id": "a\nb\0\u2028", "text": "Ada"}))
    assert document.uri == r"a.jsonl#a\x0ab\x00\xe2\x80\xa8"


def test_json_holds_one_document_or_a_list_of_them(read):
    (one,), _ = read("a.json", '{"id": "1", "body": "Ada \\ud800"}')
    several, _ = read("b.json", '[{"id": "1", "text": "Ada"}, {"id": "2", "text": "Bob"}]')
    assert (one.uri, one.text) == ("a.json", "Ada \ufffd")
    assert [document.uri for document in several] == ["b.json#1", "b.json#2"]


# -- every file

SUFFIXES = (".txt", ".md", ".html", ".jsonl", ".json", ".csv", ".tsv")


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace")), st.sampled_from(SUFFIXES))
def test_any_bytes_give_documents_or_failures_and_sections_within_the_text(tmp_path_factory, content, suffix):
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(content)
    documents, failures = read_file(path, path.name)
    assert documents or failures
    for document in documents:
        document.text.encode()
        assert all(section.span.end <= len(document.text) for section in document.sections)
        chunk(document, max_tokens=20, context_chars=20)


markup = st.lists(
    st.sampled_from(
        [
            "<p>",
            "</p>",
            "<li>",
            "<ul>",
            "</ul>",
            "<table>",
            "<tr>",
            "<td>",
            "</table>",
            "<h2>",
            "</h2>",
            "<pre>",
            " x ",
            "\n",
            "<br>",
            "# ",
            "|",
            "-",
            "```",
            "a,b",
            '"',
        ]
    ),
    max_size=30,
).map("".join)


@given(markup, st.sampled_from(SUFFIXES))
def test_sections_begin_and_end_with_words(tmp_path_factory, content, suffix):
    path = tmp_path_factory.getbasetemp() / f"markup{suffix}"
    path.write_text(content)
    for document in read_file(path, path.name)[0]:
        for section in document.sections:
            assert section.span.of(document.text).strip()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "line", ["word " * 200_000, "-" * 1_000_000, " " * 999_999 + "x", "| " * 500_000, "<b>x" * 250_000, "a,b\n" * 250_000]
)
def test_a_megabyte_takes_a_time_that_grows_with_its_length_alone(read, suffix, line):
    assert growth(lambda text: read(f"big{suffix}", text), line) < LINEAR
