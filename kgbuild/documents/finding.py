"""A folder -> the files in it."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LEFT_OUT = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
# What has no place in a line of text, and a backslash that would read as the escape of a byte.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\udc80-\udcff]|\\(?=x[0-9a-f]{2})")
_ESCAPED_BYTE = re.compile(rb"\\x([0-9a-f]{2})")


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the documents folder, with what tells whether it changed since it was last read, so that it need not be read.

    uri: relative to the folder, with `/`, on one line; `path_of` leads back from it. path: where to read it.
    """

    uri: str
    path: Path
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


def find_files(root: Path) -> Iterator[FoundFile]:
    """Find the files below a folder, in the order of their uris.

    Hidden files and folders, backups, Office lock files, what operating systems leave behind, sockets and devices are no documents.
    A link is followed unless what it points to is found in the folder anyway, so a loop ends and nothing is found twice. What
    cannot be read, such as a folder without permission or a link to nothing, is found all the same: reading it names the failure.
    """
    yield from _files_in(root, "", root.resolve(), frozenset())


def _files_in(folder: Path, prefix: str, root: Path, above: frozenset[tuple[int, int]]) -> Iterator[FoundFile]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if not _is_left_out(entry.name)]
        at = folder.stat()
    except OSError:
        if prefix:
            yield from _found(folder, prefix.rstrip("/"))
        return
    if (at.st_dev, at.st_ino) in above:
        return
    inside = above | {(at.st_dev, at.st_ino)}
    children = ((folder / name, name) for name in names)
    # With its slash a folder sorts where the uris of its files do.
    named = sorted((f"{printable(name)}/" if os.path.isdir(path) else printable(name), path) for path, name in children)
    for name, path in named:
        if os.path.islink(path) and _is_found_anyway(path, root):
            continue
        if name.endswith("/"):
            yield from _files_in(path, prefix + name, root, inside)
        else:
            yield from _found(path, prefix + name)


def _found(path: Path, uri: str) -> Iterator[FoundFile]:
    try:
        at = path.stat()
    except OSError:
        try:
            at = path.lstat()
        except FileNotFoundError:
            return  # it vanished while we looked, and nothing is left to name
        except OSError:  # in a folder that may be listed but not entered
            yield FoundFile(uri, path, 0, 0, 0, 0)
            return
    if stat.S_ISREG(at.st_mode) or stat.S_ISDIR(at.st_mode) or stat.S_ISLNK(at.st_mode):
        yield FoundFile(uri, path, at.st_size, at.st_mtime_ns, at.st_ctime_ns, at.st_ino)


def path_of(root: Path, uri: str) -> Path:
    """Return where the file lies that `find_files` found under a uri."""
    return root / os.fsdecode(_ESCAPED_BYTE.sub(lambda found: bytes.fromhex(found[1].decode()), os.fsencode(uri)))


def _is_left_out(name: str) -> bool:
    return name.startswith((".", "~$")) or name.endswith("~") or name in _LEFT_OUT


def _is_found_anyway(link: Path, root: Path) -> bool:
    """Tell whether a link points to what lies in the folder itself, and not behind a hidden name there."""
    try:
        target = link.resolve()
    except (OSError, RuntimeError):  # a link to itself
        return False
    if not target.is_relative_to(root) or not os.path.exists(target):
        return False
    return not any(_is_left_out(part) for part in target.relative_to(root).parts)


def printable(name: str) -> str:
    """Return a name as text that can be stored and stands on one line; each byte of it for which that does not hold becomes
    `\\xNN`, and so does a backslash that would read as such, so that no two names become one."""
    return _UNPRINTABLE.sub(lambda found: "".join(f"\\x{byte:02x}" for byte in os.fsencode(found[0])), name)
