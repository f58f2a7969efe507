"""The page in a real browser: what it shows, how it is walked, and that hostile documents stay text."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from kgbuild.errors import StoreError
from kgbuild.records import Derivation, Status
from kgbuild.stores.html import page, write_view
from kgbuild.stores.html.page import Passage, Shown
from tests.builders import ACME, RIVALS, Claim, Graph, evidence, graph

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
ATTACK = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=2>\u2028<!--"
FOUNDED = next(fact for fact in ACME.facts() if fact.predicate == "founded")


@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: install one, or name it in CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Write the page of a graph and open it; in the end nothing was asked of the network and nothing complained."""
    requests, complaints = [], []
    context = browser.new_context(viewport={"width": 1280, "height": 900})

    def open_(snapshot, at=""):
        write_view(snapshot, tmp_path / "graph.html")
        tab = context.new_page()
        tab.on("request", lambda request: requests.append(request.url))
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(f"{(tmp_path / 'graph.html').as_uri()}{at}")
        return tab

    yield open_
    context.close()
    assert {url.partition("#")[0] for url in requests} == {(tmp_path / "graph.html").as_uri()}
    assert complaints == []


def id_of(name, snapshot=ACME):
    return next(entity.id for entity in snapshot.entities() if entity.name == name)


def wait_for_heading(tab, text):
    tab.locator("h1").get_by_text(text, exact=True).wait_for()


def names_found(tab):
    return tab.locator("#results .name > bdi").all_inner_texts()


def test_the_overview_counts_what_the_graph_holds(opened):
    tab = opened(ACME)
    assert tab.inner_text("#counts") == "5 entities · 6 facts · 3 documents · generation 1"
    assert tab.inner_text(".tile:nth-child(1) li:first-child") == "city\n2"
    assert "2 FACTS ON WHICH THE DOCUMENTS DISAGREE" in tab.inner_text("main")
    assert not tab.is_visible("#cap")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        # By name, whatever the case; the beginning of a name comes before its inside.
        ("acme", ["Acme"]),
        ("LON", ["London"]),
        # By alias.
        ("countess", ["Ada Lovelace"]),
        ("xyz", []),
    ],
)
def test_search_goes_by_name_and_alias(opened, typed, found):
    tab = opened(ACME)
    tab.fill("#search", typed)
    assert names_found(tab) == found


def test_search_ignores_accents(opened):
    tab = opened(graph({"a.txt": "Zoë met Bob."}, [Claim("Zoë:Person", "met", "Bob:Person", "Zoë met Bob.")]))
    tab.fill("#search", "zoe")
    assert names_found(tab) == ["Zoë"]


def test_the_page_can_be_walked_by_keyboard_alone(opened):
    tab = opened(ACME)
    tab.keyboard.press("/")
    tab.keyboard.type("a")
    tab.keyboard.press("ArrowDown")
    second = names_found(tab)[1]
    tab.keyboard.press("Enter")
    wait_for_heading(tab, second)
    tab.goto(tab.url.partition("#")[0] + "#" + id_of("Ada Lovelace"))
    tab.focus(".net .node")
    tab.keyboard.press("Enter")
    wait_for_heading(tab, "Acme")
    tab.focus(".fact summary >> nth=0")
    tab.keyboard.press("Enter")
    tab.locator(".fact[open] blockquote").wait_for()


def test_neighbours_are_drawn_and_lead_on_and_back(opened):
    tab = opened(ACME, "#" + id_of("Acme"))
    drawn = tab.locator(".net .node text").all_text_contents()
    assert sorted(drawn) == ["Ada Lovelace", "Charles Babbage", "London", "Paris"]
    assert sorted(tab.locator(".net .pill text").all_text_contents()) == ["based in", "employer", "founded"]
    assert tab.locator(".net path.disputed").count() == 3  # the branch of "based in" and its two ends
    tab.click(".net .node:has-text('Ada Lovelace')")
    wait_for_heading(tab, "Ada Lovelace")
    tab.go_back()
    wait_for_heading(tab, "Acme")


def test_a_fact_shows_each_quote_in_its_sentence_with_document_and_place(opened):
    tab = opened(ACME, "#" + FOUNDED.id)
    wait_for_heading(tab, "Ada Lovelace")
    quotes = tab.locator(".fact[open] blockquote")
    quotes.nth(1).wait_for()
    for number, piece in enumerate(FOUNDED.evidence):
        shown = quotes.nth(number)
        assert shown.locator("mark").inner_text() == piece.quote
        assert f"characters {piece.span.start}–{piece.span.end}" in shown.inner_text()
        assert "extracted by compact/test" in shown.inner_text()
        assert "judged by rules (0.90)" in shown.inner_text()
    assert "letters/ada.txt" in tab.inner_text("main")
    # The sentences around a quote are there as well.
    assert "Ada Lovelace was born on 10 December 1815." in " ".join(quotes.locator("p").all_inner_texts())


def test_a_disputed_fact_shows_the_other_side(opened):
    london = next(fact for fact in ACME.facts() if fact.confidence == 0.8)
    tab = opened(ACME, "#" + london.id)
    assert tab.inner_text(".fact[open] .badge") == "disputed"
    rivals = tab.inner_text(".fact[open] .rivals")
    assert "Acme based in Paris" in rivals
    assert "London" not in rivals
    tab.click(".fact[open] .rivals a")
    tab.locator(".fact[open] mark").get_by_text("Acme is based in Paris.").wait_for()


@pytest.mark.parametrize(
    ("disputed", "others"),
    [
        # One object: what the graph prefers comes first, and the same object of another subject is no rival.
        ("Ada born in Oslo", ["Ada born in Rome", "Ada born in Paris"]),
        # One way round, and one subject.
        ("Sub owns Acme", ["Acme owns Sub"]),
        ("Sub led by Ada", ["Acme led by Ada"]),
    ],
)
def test_beside_a_disputed_fact_stands_what_the_graph_prefers(opened, disputed, others):
    names = {entity.id: entity.name for entity in RIVALS.entities()}
    (id_,) = (
        fact.id
        for fact in RIVALS.facts()
        if f"{names[fact.subject_id]} {fact.predicate.replace('_', ' ')} {names[fact.object.entity_id]}" == disputed
    )
    tab = opened(RIVALS, "#" + id_)
    shown = tab.locator(".fact[open] .rivals a")
    shown.first.wait_for()
    assert [" ".join(text.split()) for text in shown.all_inner_texts()] == others


def test_inferred_facts_validity_and_qualifiers_are_told(opened):
    fact = replace(FOUNDED, valid_from="1837", derived_from=Derivation("inverse", ("fct_x",)), status=Status.SUPERSEDED)
    tab = opened(replace(ACME, all_facts=(fact,)), "#" + fact.id)
    text = tab.inner_text(".fact[open]")
    assert "1837 – …" in text
    assert "inferred" in text
    assert "Inferred by the rule “inverse”" in text
    assert "superseded" in text


def test_filters_narrow_the_list_and_the_facts(opened):
    tab = opened(ACME)
    tab.select_option("#class-filter", label="person")
    assert names_found(tab) == ["Ada Lovelace", "Charles Babbage"]
    tab.select_option("#property-filter", label="employer")
    assert names_found(tab) == ["Charles Babbage"]
    tab.select_option("#class-filter", label="all")
    tab.click("#results li:has-text('Acme')")
    wait_for_heading(tab, "Acme")
    assert tab.locator(".group h3").count() == 1
    tab.click("text=show all")
    tab.locator(".group h3").nth(3).wait_for()


def test_an_unknown_link_says_so(opened):
    assert "This page holds nothing called ent_gone." in opened(ACME, "#ent_gone").inner_text("main")


def test_an_empty_graph_is_a_page_too(opened):
    assert opened(Graph()).inner_text("#counts") == "0 entities · 0 facts · 0 documents · generation 1"


@pytest.mark.parametrize(
    "attack", [ATTACK, "javascript:alert(1)", "\u202eevil\u2066", "nul \x00 bell \x07", "\ud83e lone", "__proto__"]
)
def test_hostile_text_stays_text(opened, attack):
    text, class_name = f"{attack} met {attack}2.", attack.replace(":", ";")
    snapshot = graph(
        {f"{attack}.txt": text},
        [
            Claim(f"{attack}:{class_name}", attack, f"{attack}2:{class_name}", text),
            Claim(f"{attack}:{class_name}", "x", f"{attack}^string", text),
        ],
        aliases={attack: (f"alias {attack}",)},
    )
    tab = opened(snapshot, "#" + id_of(attack, snapshot))
    for summary in tab.locator(".fact summary").all():
        summary.click()
    tab.locator(".fact mark").nth(1).wait_for()
    assert tab.locator("h1").text_content() == attack
    assert tab.evaluate("window.hacked") is None
    assert tab.locator("img, main script, iframe").count() == 0


def test_a_quote_after_characters_beyond_16_bits_is_marked_exactly(opened):
    snapshot = graph({"a.txt": "🦊🦊 𝒳 said: Ada met Bob. 🦊"}, [Claim("Ada:Person", "met", "Bob:Person", "Ada met Bob.")])
    (fact,) = snapshot.facts()
    assert opened(snapshot, "#" + fact.id).inner_text(".fact[open] mark") == "Ada met Bob."


def test_what_a_page_leaves_out_is_said(opened, monkeypatch):
    monkeypatch.setattr(page, "MAX_ENTITIES", 3)
    tab = opened(ACME)
    assert tab.inner_text("#cap").startswith("This page holds the 3 best connected of 5 entities and 4 of 6 facts among them.")
    assert names_found(tab)[0] == "Acme"


def test_evidence_beyond_the_cap_is_said(opened, monkeypatch):
    monkeypatch.setattr(page, "MAX_EVIDENCE", 1)
    tab = opened(ACME, "#" + FOUNDED.id)
    assert tab.locator(".fact[open] blockquote").count() == 1
    assert f"1 further pieces of evidence are in the graph but not in this page: kgbuild explain {FOUNDED.id}" in tab.inner_text(
        "main"
    )


def test_a_crowded_neighbourhood_is_drawn_in_part_and_listed_whole(opened):
    text = "Hub knows everybody."
    claims = [Claim("Hub:Person", f"knows {n % 3}", f"Person {n}:Person", text) for n in range(300)]
    snapshot = graph({"a.txt": text}, claims)
    tab = opened(snapshot, "#" + id_of("Hub", snapshot))
    assert tab.locator(".net .node").count() <= 24
    assert "more below" in tab.inner_text(".net")
    assert tab.locator("details.fact").count() == 300


# -- without a browser


def test_how_much_is_shown_is_returned(tmp_path):
    assert write_view(ACME, tmp_path / "graph.html") == Shown(5, 5, 6, 6)


def test_equal_graphs_give_equal_pages(tmp_path):
    write_view(ACME, tmp_path / "one.html")
    write_view(replace(ACME, all_facts=ACME.all_facts[::-1], all_documents=ACME.all_documents[::-1]), tmp_path / "other.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "other.html").read_bytes()


def test_nothing_in_the_data_can_end_the_script(tmp_path):
    write_view(graph({"a.txt": ATTACK}, [Claim(f"{ATTACK}:X", "is", "It:X", ATTACK)]), tmp_path / "graph.html")
    data = re.search(r'id="data">(.*?)</script>', (tmp_path / "graph.html").read_text(encoding="utf-8"), re.DOTALL)[1]
    assert "<" not in data
    assert "\u2028" not in data
    assert data.endswith("]}")


def test_passages_overlap_never_and_begin_at_words():
    text = "word " * 1000 + "Ada met Bob. Ada left Bob. " + "word " * 1000
    snapshot = graph(
        {"a.txt": text}, [Claim("Ada:P", "met", "Bob:P", "Ada met Bob."), Claim("Ada:P", "left", "Bob:P", "Ada left Bob.")]
    )
    passages, holder = page._passages(snapshot, snapshot.facts())
    (passage,) = passages
    assert passage.text.startswith("word ")
    assert set(holder.values()) == {0}
    assert text[passage.start :].startswith(passage.text)


@pytest.mark.parametrize(("text", "offset", "units"), [("abc", 12, 2), ("a🦊c", 12, 3), ("\ud83ea", 11, 1)])
def test_offsets_count_in_utf16_for_javascript(text, offset, units):
    assert Passage("doc_a", 10, text).in_utf16(offset) == units


def test_a_fact_that_is_not_grounded_stops_the_page(tmp_path):
    source = ACME.all_documents[0]
    broken = replace(FOUNDED, evidence=(replace(evidence(source, "Acme"), quote="Emca"),))
    with pytest.raises(StoreError, match="its quote 'Emca' is not the text"):
        write_view(replace(ACME, all_facts=(broken,)), tmp_path / "graph.html")
    assert list(tmp_path.iterdir()) == []
