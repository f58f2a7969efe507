"""The embedded store's own promises: when the view is built, what readers and killed builds see, what a crash costs."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from kgbuild.errors import StoreError
from kgbuild.stores.embedded import EmbeddedStore, view_problem
from kgbuild.stores.embedded.cypher import checked, column_name
from tests.builders import ACME, differences
from tests.stores.locks import free, held_by_a_build

LATER = replace(ACME, generation=2)
COUNT = "MATCH (e:Entity) RETURN count(*) AS n"


@pytest.fixture
def directory(tmp_path):
    """A graph directory whose name holds what a path in a query must not trip over."""
    path = tmp_path / "it's a [graph]*"
    path.mkdir()
    return path


@pytest.fixture
def opened(directory):
    """Open stores on one directory; all are closed in the end."""
    stores = []

    def open_(graph=ACME, writer_lock=free):
        store = EmbeddedStore(directory, writer_lock)
        stores.append(store)
        store.publish(graph, differences(None, graph))
        return store

    yield open_
    for store in stores:
        store.close()


def files(directory):
    return sorted(path.name for path in directory.iterdir())


def test_publishing_builds_nothing_and_the_first_query_builds_the_view(opened, directory):
    store = opened()
    assert files(directory) == []
    store.query(COUNT)
    (view,) = files(directory)
    assert view.startswith("view-1-")


def test_an_unchanged_graph_is_not_built_again(opened, directory):
    opened().query(COUNT)
    (view,) = directory.iterdir()
    built = view.stat()
    store = opened()
    assert store.query(COUNT).rows == ((5,),)
    assert (view.stat().st_ino, view.stat().st_mtime_ns) == (built.st_ino, built.st_mtime_ns)


def test_a_new_generation_replaces_the_view_and_open_readers_keep_theirs(opened, directory):
    reader, newer = opened(), opened(LATER)
    reader.query(COUNT)
    newer.query(COUNT)
    (view,) = files(directory)
    assert view.startswith("view-2-")
    assert reader.query(COUNT).rows == ((5,),)


def test_a_view_of_another_graph_with_the_same_generation_is_not_taken_for_ours(opened, directory):
    opened(replace(ACME, graph_id="before", all_entities=ACME.all_entities, all_facts=())).query(COUNT)
    assert opened().query("MATCH ()-[f:FOUNDED]->() RETURN count(*)").rows == ((1,),)
    assert len(files(directory)) == 1


def test_while_a_build_holds_the_lock_a_query_uses_a_view_of_its_own(opened, directory):
    opened().query(COUNT)
    before = files(directory)
    store = opened(LATER, held_by_a_build)
    assert store.query(COUNT).rows == ((5,),)
    assert set(before) < set(files(directory))
    store.close()
    assert files(directory) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_can_be_asked(opened, directory):
    directory.chmod(0o500)
    try:
        assert opened().query(COUNT).rows == ((5,),)
    finally:
        directory.chmod(0o700)


def test_what_a_killed_build_left_is_removed_by_the_next(opened, directory):
    left = directory / "view-0badcafe.building"
    left.mkdir()
    (left / "any.parquet").touch()
    opened().query(COUNT)
    assert left.name not in files(directory)


def test_a_build_that_ends_while_we_look_for_left_ones_is_no_obstacle(opened, directory):
    gone = directory / "view-0badcafe.building"
    gone.symlink_to("nowhere")  # as a folder that another query removes after it was listed
    assert opened().query(COUNT).rows == ((5,),)
    assert any(name.endswith(".lbug") for name in files(directory))


def test_a_damaged_view_is_built_again(opened, directory):
    opened().query(COUNT)
    (view,) = directory.iterdir()
    view.write_bytes(b"not a database")
    assert opened().query(COUNT).rows == ((5,),)


def test_a_view_that_cannot_be_built_is_one_line_and_the_reason(opened, directory):
    founded = next(fact for fact in ACME.facts() if fact.predicate == "founded")
    torn = replace(ACME, all_facts=(replace(founded, subject_id="ent_gone"),))
    with pytest.raises(StoreError, match=r"the Cypher view could not be built \(.*ent_gone.*\)\. The graph is unharmed") as refusal:
        opened(torn).query(COUNT)
    assert "\n" not in str(refusal.value)
    # The report can tell, until there is a view again.
    assert "ent_gone" in (view_problem(directory) or "")
    opened(LATER).query(COUNT)
    assert view_problem(directory) is None


def child_of(store):
    return store._ladybug._process.pid


def test_a_crash_of_ladybug_is_one_line_and_the_next_query_works(opened):
    store = opened()
    store.query(COUNT)
    os.kill(child_of(store), signal.SIGSEGV)
    with pytest.raises(StoreError, match=r"^view: the Ladybug process was ended by SIGSEGV\. The graph is unharmed"):
        store.query(COUNT)
    assert store.query(COUNT).rows == ((5,),)


def test_a_query_that_ignores_its_time_limit_is_killed(opened, monkeypatch):
    monkeypatch.setattr("kgbuild.stores.embedded.store.GRACE_S", 0.0)
    store = opened()
    store.query(COUNT)
    os.kill(child_of(store), signal.SIGSTOP)
    with pytest.raises(StoreError, match="took longer than it may"):
        store.query(COUNT, timeout_s=0.2)
    assert store.query(COUNT).rows == ((5,),)


def test_after_ctrl_c_the_next_query_gets_its_own_answer(opened):
    store = opened()
    store.query(COUNT)
    interrupt = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        store.query("UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a * b = 7 RETURN count(*)")
    assert store.query("RETURN 'mine'").rows == (("mine",),)


def test_a_directory_that_does_not_exist_holds_no_generation(tmp_path):
    assert EmbeddedStore(tmp_path / "none", free).generation() is None


def alive(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "in a query"])
def test_the_child_process_dies_with_its_parent(directory, busy):
    endless = "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b WITH a, b WHERE a * b = 7 RETURN count(*)"
    script = (
        "import sys, threading, time; from pathlib import Path; from kgbuild.stores.embedded import EmbeddedStore, view_problem\n"
        "from tests.builders import ACME; from tests.stores.locks import free\n"
        f"store = EmbeddedStore(Path({str(directory)!r}), free); store.publish(ACME, None); store.query('RETURN 1')\n"
        f"if {busy}: threading.Thread(target=store.query, args=({endless!r},), daemon=True).start(); time.sleep(1)\n"
        "print(store._ladybug._process.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


@pytest.mark.parametrize(
    ("cypher", "ladybug"),
    [
        # Words of Ladybug's own are quoted where they can only be names of properties …
        ("MATCH (c:Chunk {index: 0}) RETURN c.index, c.end", "MATCH (c:Chunk {`index`: 0}) RETURN c.`index`, c.`end`"),
        # … not inside strings, nor in numbers, ranges and parameters.
        ("MATCH (a)-[*1..2]->(b) WHERE a.x = 'b.end' RETURN 1.5", "MATCH (a)-[*1..2]->(b) WHERE a.`x` = 'b.end' RETURN 1.5"),
        # type() is called label().
        ("MATCH ()-[r]->() RETURN type(r), 'type(r)'", "MATCH ()-[r]->() RETURN label(r), 'type(r)'"),
        # Comments go.
        ("RETURN 1 // type(r)\n;", "RETURN 1  \n"),
        ("EXPLAIN MATCH (n) RETURN n", "EXPLAIN MATCH (n) RETURN n"),
        ("call show_tables() RETURN *", "call show_tables() RETURN *"),
    ],
)
def test_neo4j_words_are_put_into_ladybugs(cypher, ladybug):
    assert checked(cypher, {}) == ladybug


@pytest.mark.parametrize(
    ("cypher", "problem"),
    [
        # Read-only mode would let these reach files and the network.
        ("COPY (MATCH (n) RETURN n.id) TO 'out.csv'", "COPY is not a way of reading"),
        ("EXPORT DATABASE 'out'", "EXPORT is not a way of reading"),
        ("INSTALL json", "INSTALL is not a way of reading"),
        ("explain copy (MATCH (n) RETURN n.id) TO 'out.csv'", "COPY is not a way of reading"),
        ("LOAD FROM 'secrets.csv' RETURN *", "LOAD is not a way of reading"),
        ("MATCH (n) LOAD /* x */ FROM 'secrets.csv' RETURN *", "LOAD FROM is not a way of reading"),
        ("MATCH (n) load with headers (a STRING) from 'secrets.csv' RETURN *", "LOAD FROM is not a way of reading"),
        ("RETURN 1; COPY (RETURN 2) TO 'out.csv'", "more than one statement"),
        ("MATCH (n) WHERE n.id = $id RETURN $other", r"the parameter \$id, which was not given"),
    ],
)
def test_a_query_may_only_read_the_graph(cypher, problem):
    with pytest.raises(StoreError, match=problem):
        checked(cypher, {"other": 1})


def test_names_that_look_like_clauses_are_fine():
    query = "MATCH (load:Entity)-[:FROM_CHUNK]->(c) WHERE load.name = 'LOAD FROM; x' RETURN load"
    assert checked(query, {}) == query.replace("load.name", "load.`name`")


@pytest.mark.parametrize(
    ("cypher", "column"), [("RETURN type(r)", "type(r)"), ("RETURN label(r)", "label(r)"), ("RETURN TYPE (r)", "type(r)")]
)
def test_a_column_for_the_type_of_a_relationship_is_named_as_in_the_query(cypher, column):
    assert column_name("LABEL(r._ID,[,FOUNDED,,BASED_IN])", cypher) == column


def test_values_come_back_as_json_has_them(opened):
    query = "RETURN date('2020-01-31'), 1.5, {a: [1, null]}, 12345678901234567890123, null, true, interval('1 day')"
    assert opened().query(query).rows == (
        ("2020-01-31", 1.5, {"a": [1, None]}, 12345678901234567890123, None, True, "1 day, 0:00:00"),
    )


def test_nodes_relationships_and_paths_are_objects_of_their_properties(opened):
    ((node, edge, path),) = opened().query("MATCH p = (n:Document {uri: 'rumour.txt'})<-[r:FROM_DOCUMENT]-(c) RETURN n, r, p").rows
    assert (node["_label"], node["uri"]) == ("Document", "rumour.txt")
    assert edge == {"_label": "FROM_DOCUMENT"}
    assert [inner["_label"] for inner in path["nodes"]] == ["Document", "Chunk"]


def test_a_parameter_must_be_a_json_value(opened):
    with pytest.raises(StoreError, match="a parameter is no JSON value"):
        opened().query("RETURN $x", {"x": object()})
