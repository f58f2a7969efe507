"""Which files of a folder are documents, and in which order."""

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kgbuild.documents import find_files, path_of


def uris(root):
    return [file.uri for file in find_files(root)]


def test_files_come_in_the_order_of_their_uris(tmp_path):
    for name in ("b.txt", "a/z.txt", "a.txt", "a-b.txt", "a/b/c.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert uris(tmp_path) == sorted(uris(tmp_path)) == ["a-b.txt", "a.txt", "a/b/c.txt", "a/z.txt", "b.txt"]


def test_hidden_files_backups_and_lock_files_are_left_out(tmp_path):
    for name in (".hidden", ".git/config", "~$report.docx", "note.txt~", "__MACOSX/x.txt", "Thumbs.db", "note.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    os.mkfifo(tmp_path / "pipe")
    assert uris(tmp_path) == ["note.txt"]


def test_a_link_is_followed_out_of_the_folder_and_to_what_is_hidden_but_never_in_a_circle(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "a").mkdir(parents=True)
    (root / ".store").mkdir()
    outside.mkdir()
    for path in (root / "a" / "note.txt", root / ".store" / "kept.txt", outside / "far.txt"):
        path.write_text("x")
    (root / "a" / "up").symlink_to(root)
    (root / "same.txt").symlink_to(root / "a" / "note.txt")
    (root / "kept.txt").symlink_to(".store/kept.txt")
    (root / "out").symlink_to(outside)
    (outside / "back").symlink_to(outside)
    (root / "self").symlink_to("self")
    (root / "broken.txt").symlink_to("nowhere")
    # A link to nothing is found, so that reading it can name it.
    assert uris(root) == ["a/note.txt", "broken.txt", "kept.txt", "out/far.txt", "self"]


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        # Bytes that are no UTF-8, and characters that end or overwrite a line.
        (b"caf\xe9.txt", "caf\\xe9.txt"),
        (b"two\nlines\x1b.txt", "two\\x0alines\\x1b.txt"),
        ("a\u2028b\u0085.txt".encode(), "a\\xe2\\x80\\xa8b\\xc2\\x85.txt"),
        # A backslash is one, unless it would read as the escape of a byte.
        (b"caf\\xe9.txt", "caf\\x5cxe9.txt"),
        (b"C:\\x.txt", "C:\\x.txt"),
        ("caf\u00e9 \U0001f600 [b] %41.txt".encode(), "caf\u00e9 \U0001f600 [b] %41.txt"),
    ],
)
def test_any_name_has_a_uri_of_one_line_that_leads_back_to_the_file(tmp_path, name, uri):
    path = tmp_path / os.fsdecode(name)
    path.write_text("x")
    assert uris(tmp_path) == [uri]
    assert path_of(tmp_path, uri) == path


def test_files_of_a_folder_that_may_be_listed_but_not_entered_are_found_for_reading_to_name_them():
    with TemporaryDirectory() as name:  # pytest's own folders are closed to others
        root, closed = Path(name), Path(name, "closed")
        root.chmod(0o777)
        with anybody():
            closed.mkdir()
            for path in (closed / "a.txt", root / "closed.txt"):
                path.write_text("x")
            (root / "link.txt").symlink_to(closed / "a.txt")
            closed.chmod(0o444)
            found = uris(root)
            closed.chmod(0o755)
    assert found == ["closed.txt", "closed/a.txt", "link.txt"]


@contextmanager
def anybody():
    """Give up the rights of root, who may enter any folder, for a while."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_what_changes_with_the_file_is_told_without_reading_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one")
    (before,) = find_files(tmp_path)
    path.write_text("three")
    (after,) = find_files(tmp_path)
    assert (before.size, after.size) == (3, 5)
    assert after.mtime_ns >= before.mtime_ns
    assert (after.inode, after.path) == (path.stat().st_ino, path)
