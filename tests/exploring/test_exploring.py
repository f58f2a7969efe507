"""What `kgbuild explore` writes: the same for equal graphs, true to the graph, and safe with whatever names documents hold."""

import html.parser
import itertools
import json
import threading
import zipfile
from contextlib import closing
from dataclasses import replace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from kgbuild.errors import InputError, StoreError
from kgbuild.exploring import Guide, contents, guide_page, saved_queries, schema_text, style_sheet, write_exploration
from kgbuild.ontology.model import OntologyClass
from tests.builders import ACME, COMPANIES, Claim, Graph, graph

ATTACK = "</pre><script>alert(1)</script><img src=x onerror = alert(2)>"


def hostile():
    text = f"{ATTACK} met Bob."
    return graph({"a.txt": text}, [Claim(f"{ATTACK}:a.b {ATTACK}", "met", "Bob:a.b", text)])


# -- what is in a graph


def test_contents_are_counted_under_the_names_of_the_store():
    held = contents(ACME)
    assert dict(held.entities) == {"City": 2, "Person": 2, "Company": 1}
    assert held.relationships["Company", "BASED_IN", "City"] == 2
    assert (held.documents, held.facts) == (3, 6)
    # The best connected entity to begin with, and one that is as far from it as there is.
    assert held.entity == "Acme"
    assert held.other in {"Ada Lovelace", "Charles Babbage", "London", "Paris"}


def test_the_second_example_is_some_steps_away_where_the_graph_is_wide():
    names = ["Hub", "B", "C", "D", "E"]
    text = " ".join(names)
    claims = [Claim(f"{a}:X", "near", f"{b}:X", text) for a, b in itertools.pairwise(names)]
    claims += [Claim("Hub:X", "near", f"leaf {n}:X", text) for n in range(3)]
    held = contents(graph({"a.txt": text + " leaf 0 leaf 1 leaf 2"}, claims))
    assert (held.entity, held.other) == ("Hub", "D")


# -- colours


def test_each_class_has_a_colour_of_its_own_that_others_do_not_change():
    many = replace(COMPANIES, classes={f"C{n}": OntologyClass(f"C{n}", f"c {n}") for n in range(36)})
    text = "x y"
    rules = {}
    for numbers in (range(36), range(20, 36)):
        claims = [Claim(f"x{n}:C{n}", "met", f"y{n}:C{n}", text) for n in numbers]
        rules[numbers] = json.loads(style_sheet(contents(graph({"a.txt": text}, claims, ontology=many))))
    of_all = {n: rules[range(36)][f"node.C{n}"]["color"] for n in range(36)}
    assert len(set(of_all.values())) == 36
    assert {n: rules[range(20, 36)][f"node.C{n}"]["color"] for n in range(20, 36)} == {n: of_all[n] for n in range(20, 36)}


def test_captions_are_names_and_types_and_dots_in_labels_are_escaped():
    rules = json.loads(style_sheet(contents(hostile())))
    assert rules["node.a\\.b"]["caption"] == "{name}"
    assert rules["relationship.MET"]["caption"] == "<type>"
    assert rules["node.Document"]["caption"] == "{title}"


# -- the guide


class Seen(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.queries, self.inside = set(), [], False

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.inside = ("class", "code runnable") in attributes
        if self.inside:
            self.queries.append("")

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.queries[-1] += data


def test_the_guide_holds_every_query_word_for_word():
    queries = saved_queries(contents(hostile()))
    seen = Seen()
    seen.feed(guide_page(contents(hostile()), queries, "http://localhost:1/style.grass"))
    assert seen.queries == [":style http://localhost:1/style.grass", *(query.cypher for query in queries)]
    assert not seen.tags & {"script", "img"}
    # What Browser takes for an event handler and removes is not there even as text.
    assert "onerror =" not in guide_page(contents(hostile()), queries, None)


# -- the schema in words


def test_the_schema_names_what_the_graph_holds():
    text = schema_text(contents(ACME))
    assert "(:Person)-[:FOUNDED]->(:Company)" in text
    assert "(:Person {born_on: STRING})" in text
    assert "(:Company {employees: LIST<INTEGER>})" in text
    assert "(:Person)-[:BASED_IN]" not in text


def test_names_that_cypher_would_not_read_are_quoted_in_the_schema():
    text = schema_text(contents(graph({"a.txt": "A B"}, [Claim("A:odd `name`", "met", "B:B", "A B")])))
    assert "(:`odd ``name```)-[:MET]->(:B)" in text


# -- files


def test_equal_graphs_give_equal_files(tmp_path):
    for folder, snapshot in (("one", ACME), ("other", replace(ACME, all_facts=ACME.all_facts[::-1]))):
        write_exploration(contents(snapshot), tmp_path / folder)
    written = [sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())]
    assert written == [sorted(p.relative_to(tmp_path / "other") for p in (tmp_path / "other").rglob("*") if p.is_file())]
    for path in written[0]:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "other" / path).read_bytes()


def test_the_archive_holds_each_query_under_its_title(tmp_path):
    write_exploration(contents(ACME), tmp_path)
    with zipfile.ZipFile(tmp_path / "queries.zip") as archive:
        titles = [archive.read(name).decode().splitlines()[0] for name in archive.namelist()]
    assert titles == [f"// {query.title}" for query in saved_queries(contents(ACME))]
    assert len(set(titles)) == len(titles)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write_exploration(contents(Graph()), tmp_path / "file" / "out")


# -- serving


@pytest.fixture
def guide():
    with closing(Guide(contents(ACME), 0)) as guide:
        thread = threading.Thread(target=guide.serve)
        thread.start()
        yield guide
        guide.stop()
        thread.join()


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        # Browser on this machine may read what is served here, whatever its port; other sites that are open may not.
        ("http://localhost:7474", True),
        ("http://127.0.0.1:50000", True),
        ("https://example.org", False),
        ("http://localhost.example.org", False),
        ("null", False),
        ("http://[", False),
    ],
)
def test_only_pages_of_this_machine_may_read_the_guide(origin, allowed, guide):
    with urlopen(Request(guide.url, headers={"Origin": origin})) as reply:
        assert (reply.headers["Access-Control-Allow-Origin"] == origin) is allowed
        assert b"Acme" in reply.read()


def test_the_guide_names_the_style_sheet_that_is_served_beside_it(guide):
    style_url = guide.url.replace("guide.html", "style.grass")
    with urlopen(guide.url) as page, urlopen(style_url) as style:
        assert f":style {style_url}" in page.read().decode()
        assert "node.Person" in json.loads(style.read())
    with pytest.raises(HTTPError, match="404"):
        urlopen(guide.url.replace("guide.html", "../../etc/passwd"))


def test_a_port_that_is_taken_is_one_line(guide):
    with pytest.raises(InputError, match=r"port \d+ cannot be used"):
        Guide(contents(ACME), int(guide.url.rsplit(":", 1)[1].split("/")[0]))
