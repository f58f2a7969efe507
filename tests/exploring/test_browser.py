"""Neo4j Browser itself on the demo graph: the guide opens, colours are the style sheet's, an edge shows its quotes, queries arrive.

This also takes the pictures in docs/: KGBUILD_PICTURES=docs python -m pytest -m needs_neo4j tests/exploring/test_browser.py
"""

import base64
import os
import re
import threading
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from kgbuild.exploring import Guide, contents, saved_queries, write_exploration
from kgbuild.exploring.style import class_colours
from kgbuild.ledger import Snapshot
from kgbuild.records import EntityRef

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
PICTURES = os.environ.get("KGBUILD_PICTURES")
SLOW_MS = 60_000
AT_REST = """() => {
    const before = window.placesBefore;
    window.placesBefore = [...document.querySelectorAll("g.node")].map((node) => node.getAttribute("transform")).join();
    return window.placesBefore === before;
}"""
AN_EDGE_IN_SIGHT = """() => {
    for (const edge of document.querySelectorAll("g.relationship")) {
        const box = edge.querySelector("text").getBoundingClientRect();
        const middle = [box.x + box.width / 2, box.y + box.height / 2];
        if (edge.contains(document.elementFromPoint(...middle))) return middle;
    }
}"""


@pytest.fixture(scope="module")
def chromium():
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: install one, or name it in CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def held(demo_graph):
    with Snapshot.open(demo_graph) as snapshot:
        return contents(snapshot)


@pytest.fixture(scope="module")
def browser(chromium, neo4j_demo, held):
    """Neo4j Browser, logged in, with the guide beside it, as the link of `kgbuild explore --serve` opens it."""
    with closing(Guide(held, 0)) as guide:
        thread = threading.Thread(target=guide.serve)
        thread.start()
        context = chromium.new_context(viewport={"width": 1440, "height": 620})
        tab = context.new_page()
        tab.set_default_timeout(SLOW_MS)
        login = f"preselectAuthMethod=NO_AUTH&dbms={quote(neo4j_demo.url, safe='')}"
        tab.goto(f"{neo4j_demo.browser_url}?{login}&cmd=guide&arg={quote(guide.url, safe='')}")
        yield tab
        context.close()
        guide.stop()
        thread.join()


def run_from_guide(tab, words):
    """Click the command of the guide that holds these words, which puts it into the editor, and run it."""
    while tab.locator("pre.runnable", has_text=words).count() == 0:
        tab.get_by_test_id("guideNextSlide").click()
    tab.locator("pre.runnable", has_text=words).click()
    tab.wait_for_timeout(1_000)  # the editor takes it in by and by, and says nothing when it is ready
    tab.get_by_test_id("editor-Run").click()


def drop(tab, path):
    """Drop a file on Browser's window, as a person drags it there."""
    tab.evaluate(
        """async ([data, name]) => {
            const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], name));
            const target = document.querySelector(".filedrop");
            target.dispatchEvent(new DragEvent("drop", {dataTransfer, bubbles: true, cancelable: true}));
        }""",
        [base64.b64encode(path.read_bytes()).decode(), path.name],
    )


def picture_beside_the_guide(tab):
    """Close what is not of the graph, take the picture of guide and graph, and close the guide: more room for the next one."""
    tab.get_by_text("information on product usage").locator("xpath=following-sibling::span").click()
    for _ in ("the style sheet", "the login"):
        tab.get_by_title("Close").last.click()
    overview = tab.get_by_label(re.compile("(Collapse|Expand) the node properties display"))
    overview.click()
    picture(tab, "browser")
    tab.get_by_test_id("navigationGuides").click()
    overview.click()


def picture(tab, name):
    tab.wait_for_timeout(1_000)  # what was opened or closed slides
    tab.get_by_label("zoom-to-fit").click()
    tab.wait_for_timeout(1_000)
    tab.evaluate("document.querySelectorAll('*').forEach((element) => { element.scrollTop = 0; })")
    tab.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def test_the_guide_opens_from_its_link_and_leads_through_the_graph(browser, held, demo_graph):
    browser.locator("pre.runnable").first.wait_for()
    assert f"{held.facts:,} facts from {held.documents:,} documents" in browser.get_by_test_id("guidesDrawer").inner_text()
    run_from_guide(browser, ":style")
    browser.get_by_text("node.Person {").first.wait_for()
    run_from_guide(browser, "| fact] AS facts")
    browser.locator("g.node").first.wait_for()
    browser.wait_for_function(AT_REST, polling=500)

    # The entity and its neighbours, each by its name (Browser breaks it into lines and cuts a long one) in the colour of its class.
    with Snapshot.open(demo_graph) as snapshot:
        entities = {entity.id: entity for entity in snapshot.entities()}
        facts = list(snapshot.facts())
    asked = {entity.id for entity in entities.values() if held.entity in (entity.name, *entity.aliases)}
    pairs = [{fact.subject_id, fact.object.entity_id} for fact in facts if isinstance(fact.object, EntityRef)]
    neighbourhood = [entities[id] for id in asked.union(*(pair for pair in pairs if pair & asked))]
    colours = class_colours(held)
    expected = sorted((entity.name.replace(" ", ""), colours[held.labels[entity.class_name]]) for entity in neighbourhood)
    seen = browser.locator("g.node").evaluate_all(
        """all => all.map(n => [[...n.querySelectorAll('.caption')].map(line => line.textContent.replace(/[ …]/g, '')).join(''),
                                n.querySelector('.b-outline').getAttribute('fill')])"""
    )
    assert len(seen) == len(expected) > 2
    for (caption, colour), (name, expected_colour) in zip(sorted(seen), expected, strict=True):
        assert name.startswith(caption)
        assert colour == expected_colour, name

    # An edge that is clicked shows the words that state it.
    if PICTURES:
        picture_beside_the_guide(browser)
    browser.mouse.click(*browser.evaluate(AN_EDGE_IN_SIGHT))
    inspector = browser.get_by_test_id("vizInspector")
    inspector.get_by_text("Relationship properties").wait_for()
    inspected = " ".join(inspector.inner_text().split())
    (fact_id,) = re.findall(r"fct_\w+", inspected)
    (fact,) = (fact for fact in facts if fact.id == fact_id)
    assert all(" ".join(evidence.quote.split()) in inspected for evidence in fact.evidence)
    if PICTURES:
        picture(browser, "browser-edge")


def test_saved_queries_and_colours_can_be_dropped_on_the_window(browser, held, tmp_path):
    write_exploration(held, tmp_path)
    drop(browser, tmp_path / "queries.zip")
    browser.get_by_test_id("navigationFavorites").click()
    browser.get_by_test_id("savedScriptsFolder-kgbuild").click()
    for query in saved_queries(held):
        browser.get_by_text(query.title, exact=True).first.wait_for()
    drop(browser, tmp_path / "style.grass")
    browser.get_by_text("node.Person {").first.wait_for()
