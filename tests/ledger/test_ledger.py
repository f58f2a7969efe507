"""The graph directory: opened by any later kgbuild, read without a lock, and exact about what changed."""

import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kgbuild.errors import GraphError, GraphLocked
from kgbuild.ledger import FileRead, Ledger, Snapshot, worker_segment, writing
from kgbuild.ledger.schema import MIGRATIONS
from kgbuild.ledger.segments import read_segment, segment_files
from kgbuild.records import Extraction, Failure
from kgbuild.serialisation import to_json
from tests.test_pipeline import ADA, BOB, built, exported, write


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    built(write(tmp_path / "docs", {"a.txt": ADA, "b.txt": BOB}), tmp_path / "graph")
    return tmp_path / "graph"


def rows(graph: Path, statement: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(graph / "ledger.sqlite", isolation_level=None) as connection:
        return connection.execute(statement).fetchall()


def made_version_1(graph: Path) -> None:
    """Take back what the migrations after the first did."""
    made = "SELECT type, name FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type"  # indexes before their tables
    with sqlite3.connect(":memory:") as first:
        first.executescript(MIGRATIONS[0])
        of_the_first = set(first.execute(made))
    for kind, name in rows(graph, made):
        if (kind, name) not in of_the_first:
            rows(graph, f"DROP {kind} {name}")
    rows(graph, "PRAGMA user_version = 1")


@pytest.mark.parametrize("opened_by", ["reader", "writer"])
def test_an_older_ledger_is_brought_up_to_date_by_whoever_opens_it(graph, opened_by):
    before = exported(graph)
    made_version_1(graph)
    if opened_by == "writer":
        with Ledger.open(graph):
            pass
    assert exported(graph) == before
    assert rows(graph, "PRAGMA user_version") == [(len(MIGRATIONS),)]
    assert not built(graph.parent / "docs", graph).changed


@contextmanager
def with_the_rights_of_others() -> Iterator[None]:
    """Be somebody whom file permissions hold, which they do not for root."""
    if root := os.geteuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_graph_is_read_where_nothing_can_be_written(graph):
    with tempfile.TemporaryDirectory() as open_to_all:  # pytest's own folders are not
        Path(open_to_all).chmod(0o755)
        copy = shutil.copytree(graph, Path(open_to_all) / "graph")
        copy.chmod(0o555)
        try:
            with with_the_rights_of_others(), Snapshot.open(copy) as snapshot:
                facts = list(snapshot.facts())
        finally:
            copy.chmod(0o755)
    with Snapshot.open(graph) as snapshot:
        assert facts == list(snapshot.facts()) != []


@pytest.mark.parametrize("open_", [Ledger.open, Snapshot.open])
def test_a_ledger_of_a_newer_kgbuild_is_refused(graph, open_):
    rows(graph, "PRAGMA user_version = 99")
    with pytest.raises(GraphError, match="version 99"), open_(graph):
        pass


def test_what_is_no_graph_is_refused_in_one_line(tmp_path):
    with pytest.raises(GraphError, match="is not a graph directory"), Snapshot.open(tmp_path):
        pass
    (tmp_path / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    for open_ in (Snapshot.open, Ledger.open):
        with pytest.raises(GraphError), open_(tmp_path):
            pass


@pytest.mark.parametrize("open_", [Ledger.open, Snapshot.open])
def test_a_ledger_that_cannot_be_opened_is_refused_in_one_line(tmp_path, open_):
    graph = tmp_path.joinpath(*["d" * 200] * 3)  # a longer path than SQLite opens; a file without permission, root would open
    graph.mkdir(parents=True)
    (graph / "ledger.sqlite").touch()
    with pytest.raises(GraphError, match=r"ledger\.sqlite cannot be"), open_(graph):
        pass


def test_the_lock_is_held_by_one_and_dropped_with_it(tmp_path):
    with writing(tmp_path), pytest.raises(GraphLocked), writing(tmp_path):
        pass
    with writing(tmp_path):
        pass


def test_a_torn_line_of_a_segment_is_dropped_and_the_whole_ones_are_taken_in(tmp_path):
    with Ledger.open(tmp_path) as ledger:
        run = ledger.start_run()
    segment = worker_segment(tmp_path, run, "extractions")
    segment.append("one", to_json(Extraction(())))
    segment.append("two", to_json(Extraction((), 3)))
    path = segment_files(tmp_path)[0]
    path.write_bytes(path.read_bytes()[:-5])  # as a kill may leave it
    assert [key for (key, _), _ in read_segment(path)] == ["one"]
    with Ledger.open(tmp_path) as ledger:
        assert ledger.extracted(["two", "one"]) == {"one"}
    assert segment_files(tmp_path) == []


def test_a_file_whose_failure_may_pass_is_read_again_though_it_is_unchanged(tmp_path):
    files = [("locked.txt", "as it was", 3), ("empty.txt", "as it was", 0)]
    with Ledger.open(tmp_path) as ledger:
        assert len(list(ledger.unread(files, "recipe"))) == 2
        locked = Failure("documents", "locked.txt", None, "no permission", "", retryable=True)
        empty = Failure("documents", "empty.txt", None, "empty", "", retryable=False)
        ledger.add_files([FileRead("locked.txt", (), (locked,)), FileRead("empty.txt", (), (empty,))], "recipe")
        assert list(ledger.unread(files, "recipe")) == [("locked.txt", 3)]


def test_differences_turn_one_generation_into_the_next(tmp_path):
    folder = write(tmp_path / "docs", {"a.txt": ADA, "b.txt": BOB, "c.txt": "Ada Lovelace:Person born_in Paris:City."})
    built(folder, tmp_path / "graph")
    with Snapshot.open(tmp_path / "graph") as first:
        before = {kind: {r.id: r for r in getattr(first, kind)()} for kind in ("documents", "chunks", "entities", "facts")}
        generation = first.generation
    built(write(folder, {"a.txt": ADA, "c.txt": "Ada Lovelace:Person born_in Rome:City."}), tmp_path / "graph")
    with Snapshot.open(tmp_path / "graph") as second:
        differences = second.differences(generation)
        for kind, old in before.items():
            now = {r.id: r for r in getattr(second, kind)()}
            changed = {r.id: r for r in getattr(differences.changed, kind)()}
            retired = {r.id: r for r in getattr(differences.retired, kind)()}
            assert changed == {id_: r for id_, r in now.items() if old.get(id_) != r}
            assert retired == {id_: r for id_, r in old.items() if now.get(id_) != r}
        everything = second.differences(None)
        assert list(everything.changed.facts()) == list(second.facts())
        # For a store in which no publication was ever finished: all that any of them may have left there.
        assert list(everything.retired.facts()) == list(differences.retired.facts())


def test_a_reader_keeps_its_generation_while_a_build_publishes_the_next(graph):
    with Snapshot.open(graph) as snapshot:
        before = list(snapshot.facts())
        write(graph.parent / "docs", {"a.txt": ADA})
        builder = threading.Thread(target=built, args=(graph.parent / "docs", graph))
        builder.start()
        builder.join()
        assert list(snapshot.facts()) == before
    with Snapshot.open(graph) as snapshot:
        assert list(snapshot.facts()) != before


def test_a_reader_keeps_the_text_its_generation_was_read_with(graph):
    with Snapshot.open(graph) as snapshot:
        document = next(snapshot.documents())
    # A later kgbuild reads the same bytes otherwise, and is killed before it publishes.
    otherwise = replace(document, text=document.text.upper())
    with Ledger.open(graph) as ledger:
        list(ledger.unread([(document.uri, "fingerprint", 1)], "another recipe"))
        ledger.add_files([FileRead(document.uri, ((otherwise, ()),), ())], "another recipe")
        ledger.stage_documents("another plan", "another recipe", retry_failed=False)
        assert [found for found, _ in ledger.documents_to_process()] == [otherwise]
    with Snapshot.open(graph) as snapshot:
        assert snapshot.document(document.id) == document
        assert next(snapshot.documents()) == document
