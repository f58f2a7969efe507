"""The promises, on whole builds: nothing lost, nothing doubled, the same bytes whatever the way that led to them."""

import dataclasses
import gc
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgbuild.errors import GraphLocked, InputError
from kgbuild.judging import JudgeAddress
from kgbuild.ledger import Ledger, Snapshot
from kgbuild.pipeline import BuildPlan, build
from kgbuild.planning import preview
from kgbuild.records import Outcome, Reason, Status
from kgbuild.report import Report
from kgbuild.runner import InThreads
from kgbuild.stores.files import export_jsonl
from tests.spelled import STAFF, SpelledAddress, Unwatched

ADA = "Ada Lovelace:Person employer Analytical Engines:Company. Ada Lovelace:Person born_in London:City."
BOB = "Bob Hart:Person employer Analytical Engines:Organization. Bob Hart:Person spouse Ada Lovelace:Person."


def write(folder: Path, texts: dict[str, str]) -> Path:
    """Make a folder hold exactly these files."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def plan(folder: Path, graph: Path, **changes: Any) -> BuildPlan:
    made = BuildPlan(folder, graph, STAFF, SpelledAddress(), JudgeAddress("rules", STAFF))
    return dataclasses.replace(made, **changes)


def built(folder: Path, graph: Path, run: Any = InThreads(2), **changes: Any) -> Report:
    return build(plan(folder, graph, **changes), run, Unwatched())


def exported(graph: Path) -> dict[str, bytes]:
    out = graph.parent / f"{graph.name}-export"
    with Snapshot.open(graph) as snapshot:
        export_jsonl(snapshot, out)
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def test_a_build_finds_what_the_documents_state(tmp_path):
    report = built(write(tmp_path / "docs", {"a.txt": ADA, "b.txt": BOB}), tmp_path / "graph")
    assert (report.documents, report.accepted, report.entities, report.facts) == (2, 4, 4, 4)
    with Snapshot.open(tmp_path / "graph") as snapshot:
        entities = {entity.name: entity for entity in snapshot.entities()}
        # The Organization of one document is the Company of the other.
        assert entities["Analytical Engines"].class_name == "Company"
        employers = [fact for fact in snapshot.facts() if fact.predicate == "employer"]
        assert len(employers) == 2


def test_every_reject_has_a_reason_that_is_counted(tmp_path):
    text = (
        "Ada:Person employer London:City. London:City employer Acme:Company. "
        "Ada:Person likes Acme:Company. Ada:Person spouse Ada:Person."
    )
    report = built(write(tmp_path / "docs", {"a.txt": text}), tmp_path / "graph")
    assert report.candidates == 4
    assert report.rejected == {Reason.OUTSIDE_RANGE: 1, Reason.OUTSIDE_DOMAIN: 1, Reason.UNKNOWN_PROPERTY: 1, Reason.SELF_LOOP: 1}


def test_a_build_leaves_the_collector_of_its_process_as_it_was(tmp_path):
    before = gc.get_threshold(), gc.get_freeze_count()
    built(write(tmp_path / "docs", {"a.txt": ADA}), tmp_path / "graph")
    with pytest.raises(InputError):
        built(tmp_path / "nowhere", tmp_path / "other")
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


def test_building_twice_does_nothing_and_says_so(tmp_path):
    folder = write(tmp_path / "docs", {"a.txt": ADA, "b.txt": BOB})
    first = built(folder, tmp_path / "graph")
    before = exported(tmp_path / "graph")
    second = built(folder, tmp_path / "graph")
    assert first.changed
    assert not second.changed
    assert second.generation == first.generation
    assert exported(tmp_path / "graph") == before


def test_contradicting_documents_are_both_kept(tmp_path):
    texts = {
        "a.txt": "Ada:Person born_in London:City.",
        "b.txt": "Ada:Person born_in London:City. He said so.",
        "c.txt": "Ada:Person born_in Paris:City.",
    }
    report = built(write(tmp_path / "docs", texts), tmp_path / "graph")
    assert report.disputed == 1
    with Snapshot.open(tmp_path / "graph") as snapshot:
        names = {entity.id: entity.name for entity in snapshot.entities()}
        status = {names[fact.object.entity_id]: fact.status for fact in snapshot.facts()}
    assert status == {"London": Status.ASSERTED, "Paris": Status.DISPUTED}


CORPUS = [
    ADA,
    BOB,
    "Ada Lovelace:Person born_in Paris:City.",
    "Analytical Engines:Company owns Bolt:Company.",
    "Bolt:Company owns Analytical Engines:Company.",
    "Bolt:Company led_by Ada Lovelace:Person. Analytical Engines:Company led_by Ada Lovelace:Person.",
    "Bolt:Company founded_in 1990.",
    "Bolt:City led_by Nobody:Person. Bolt:Organization founded_in 1991.",
    "There is nothing to find here.",
]
corpora = st.dictionaries(st.sampled_from(["a.txt", "b.txt", "c.txt", "d.txt"]), st.sampled_from(CORPUS), min_size=1)


@given(st.lists(corpora, min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_way_to_a_folder_gives_the_graph_of_a_fresh_build(tmp_path_factory, history):
    tmp_path = tmp_path_factory.mktemp("history")
    for texts in history:
        built(write(tmp_path / "docs", texts), tmp_path / "graph")
    built(tmp_path / "docs", tmp_path / "fresh")
    assert exported(tmp_path / "graph") == exported(tmp_path / "fresh")


class Killed(Exception):
    pass


def killed_after(batches: int) -> Callable[..., Iterator[Any]]:
    """A runner that works batch by batch and dies after so many."""
    left = [batches]

    def run(
        step: Callable[[Any, Any], Any], items: Iterable[Sequence[Any]], context: Any, at_a_time: int | None = None
    ) -> Iterator[Any]:
        for batch in items:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            yield step(batch, context)

    return run


@pytest.mark.parametrize("batches", range(3))
def test_a_build_that_died_goes_on_where_it_stopped(tmp_path, batches):
    folder = write(tmp_path / "docs", {"a.txt": ADA, "b.txt": BOB})
    with pytest.raises(Killed):
        built(folder, tmp_path / "graph", killed_after(batches))
    built(folder, tmp_path / "graph")
    built(folder, tmp_path / "fresh")
    assert exported(tmp_path / "graph") == exported(tmp_path / "fresh")


def test_readers_see_the_published_graph_whatever_a_dead_build_left(tmp_path):
    folder = write(tmp_path / "docs", {"a.txt": ADA})
    built(folder, tmp_path / "graph")
    before = exported(tmp_path / "graph")
    write(folder, {"b.txt": BOB})
    with pytest.raises(Killed):
        built(folder, tmp_path / "graph", killed_after(2))
    assert exported(tmp_path / "graph") == before


def test_a_second_build_on_the_same_graph_is_refused(tmp_path):
    folder = write(tmp_path / "docs", {"a.txt": ADA})
    with Ledger.open(tmp_path / "graph"), pytest.raises(GraphLocked, match="another build"):
        built(folder, tmp_path / "graph")


def test_a_graph_keeps_to_its_folder(tmp_path):
    built(write(tmp_path / "docs", {"a.txt": ADA}), tmp_path / "graph")
    other = write(tmp_path / "other", {"b.txt": BOB})
    with pytest.raises(InputError, match="was built from"):
        built(other, tmp_path / "graph")
    assert built(other, tmp_path / "graph", replace_root=True).documents == 1


@pytest.mark.parametrize(
    ("prepare", "problem"),
    [
        # A folder that is not there, or is a file, is not an empty corpus.
        (lambda folder: None, "is not a folder"),
        (lambda folder: folder.write_text("text"), "is not a folder"),
        # An emptied folder is more likely a mistake than the wish to empty the graph.
        (lambda folder: folder.mkdir(), "holds no files"),
    ],
)
def test_a_folder_that_cannot_be_meant_changes_nothing(tmp_path, prepare, problem):
    folder = write(tmp_path / "docs", {"a.txt": ADA})
    built(folder, tmp_path / "graph")
    before = exported(tmp_path / "graph")
    write(folder, {})
    folder.rmdir()
    prepare(folder)
    with pytest.raises(InputError, match=problem):
        built(folder, tmp_path / "graph")
    assert exported(tmp_path / "graph") == before


def test_what_cannot_be_read_for_now_keeps_what_it_gave_and_is_named(tmp_path):
    folder, disk = write(tmp_path / "docs", {"a.txt": ADA}), write(tmp_path / "disk", {"b.txt": BOB, "gone.txt": BOB})
    single = write(tmp_path / "single", {"c.txt": "Eve:Person born_in London:City."}) / "c.txt"
    (folder / "disk").symlink_to(disk)
    (folder / "c.txt").symlink_to(single)
    built(folder, tmp_path / "graph")
    (disk / "gone.txt").unlink()
    built(folder, tmp_path / "graph")
    before = exported(tmp_path / "graph")

    disk.rename(tmp_path / "unmounted")
    single.rename(tmp_path / "elsewhere")
    for number in range(2):
        expected = preview(plan(folder, tmp_path / "graph"), InThreads(2))
        assert (expected.removed, expected.out_of_reach) == (0, 1 - number)
        report = built(folder, tmp_path / "graph")
        assert (report.documents, report.documents_removed, report.documents_kept) == (3, 0, 2)
        assert [(failure.uri, failure.reason) for failure in report.failures] == [("c.txt", "vanished"), ("disk", "vanished")]
        assert report.changed == (number == 0)
    away = exported(tmp_path / "graph")
    assert {name for name in before if away[name] != before[name]} == {"failures.jsonl"}

    # Another ontology is another way to work on what was read: the texts are still there.
    assert built(folder, tmp_path / "graph", judge=JudgeAddress("compact", STAFF)).documents == 3
    built(folder, tmp_path / "graph")
    (tmp_path / "unmounted").rename(disk)
    (tmp_path / "elsewhere").rename(single)
    built(folder, tmp_path / "graph")
    assert exported(tmp_path / "graph") == before

    # What is taken away on purpose is away: the link, or a file in the place of the folder.
    (folder / "c.txt").unlink()
    (folder / "disk").unlink()
    (folder / "disk").write_text("Nothing.")
    expected = preview(plan(folder, tmp_path / "graph"), InThreads(2))
    assert (expected.removed, expected.out_of_reach) == (2, 0)
    assert built(folder, tmp_path / "graph").documents_removed == 2
    built(write(tmp_path / "docs", {"a.txt": ADA, "disk": "Nothing."}), tmp_path / "graph")
    built(folder, tmp_path / "fresh")
    assert exported(tmp_path / "graph") == exported(tmp_path / "fresh")


def test_nothing_is_made_for_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        built(tmp_path / "nowhere", tmp_path / "graph")
    assert not (tmp_path / "graph").exists()


def test_a_renamed_file_and_an_edited_neighbour_cost_no_extraction(tmp_path):
    folder = write(tmp_path / "docs", {"a.txt": ADA, "b.txt": BOB})
    built(folder, tmp_path / "graph")
    write(folder, {"renamed.txt": ADA, "b.txt": BOB})
    asked: list[str] = []

    def watched(step: Callable[[Any, Any], Any], batches: Iterable[Sequence[Any]], context: Any, *_: Any) -> Iterator[Any]:
        for batch in batches:
            asked.extend([step.__name__] * len(batch))
            yield step(batch, context)

    built(folder, tmp_path / "graph", watched)
    assert "extract_batch" not in asked
    assert "judge_batch" not in asked


def test_the_documents_folder_may_hold_the_graph(tmp_path):
    folder = write(tmp_path / "docs", {"a.txt": ADA})
    assert built(folder, folder / "graph").documents == 1
    assert not built(folder, folder / "graph").changed


def test_the_graph_may_not_hold_the_documents_folder(tmp_path):
    folder = write(tmp_path / "docs", {"a.txt": ADA})
    for graph in (folder, tmp_path):
        with pytest.raises(InputError, match="holds the documents folder"):
            built(folder, graph)


def test_files_of_any_name_are_read_and_a_link_to_itself_is_named(tmp_path):
    names = (b"caf\xe9.txt", b"caf\\xe9.txt", b"two\nlines.txt", "\U0001f600".encode() * 60 + b".txt")
    folder = write(tmp_path / "docs", {os.fsdecode(name): f"{ADA} {number}" for number, name in enumerate(names)})
    (folder / "self").symlink_to("self")
    report = built(folder, tmp_path / "graph")
    assert report.documents == len(names)
    assert [(failure.uri, failure.reason) for failure in report.failures] == [("self", "unreadable")]
    assert not built(folder, tmp_path / "graph").changed


def test_a_triple_whose_sides_become_one_entity_is_counted(tmp_path):
    # Within its document "AE" stands for the longer name, so the two sides are one company.
    text = "Analytical Engines:Company owns AE:Company."
    report = built(write(tmp_path / "docs", {"a.txt": text}), tmp_path / "graph")
    assert (report.accepted, report.facts, report.loops) == (1, 0, 1)


def test_outcomes_add_up(tmp_path):
    report = built(write(tmp_path / "docs", {f"{n}.txt": text for n, text in enumerate(CORPUS)}), tmp_path / "graph")
    assert report.candidates == report.accepted + sum(report.rejected.values()) + sum(report.undecided.values())
    with Snapshot.open(tmp_path / "graph") as snapshot:
        assert snapshot.verdict_counts()[(Outcome.ACCEPTED, None)] == report.accepted


def test_what_may_pass_is_asked_again_and_what_will_not_only_on_demand(tmp_path):
    outage = tmp_path / "outage"
    outage.touch()
    failing = SpelledAddress(outage=outage)
    folder = write(tmp_path / "docs", {"a.txt": ADA, "b.txt": f"{BOB} OUTAGE", "c.txt": "Cy:Person born_in Rome:City. REFUSED"})
    report = built(folder, tmp_path / "graph", extractor=failing)
    assert report.facts == 2
    assert [(failure.uri, failure.reason, failure.retryable) for failure in report.failures] == [
        ("b.txt", "no answer", True),
        ("c.txt", "refused", False),
    ]
    outage.unlink()
    again = built(folder, tmp_path / "graph", extractor=failing)
    assert (again.facts, [failure.uri for failure in again.failures]) == (4, ["c.txt"])
    assert not built(folder, tmp_path / "graph", extractor=failing).changed
    whole = built(folder, tmp_path / "graph", extractor=failing, retry_failed=True)
    assert (whole.facts, whole.failures) == (5, ())
    built(folder, tmp_path / "fresh")
    assert exported(tmp_path / "graph") == exported(tmp_path / "fresh")
