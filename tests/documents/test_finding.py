"""Which files of a folder are documents, and in which order."""

import os

from kgbuild.documents import find_files


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


def test_a_name_that_is_no_text_is_found_under_one_that_can_be_stored(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    assert uris(tmp_path) == ["caf\\xe9.txt"]


def test_what_changes_with_the_file_is_told_without_reading_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one")
    (before,) = find_files(tmp_path)
    path.write_text("three")
    (after,) = find_files(tmp_path)
    assert (before.size, after.size) == (3, 5)
    assert after.mtime_ns >= before.mtime_ns
    assert (after.inode, after.path) == (path.stat().st_ino, path)
