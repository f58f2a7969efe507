"""Writing a file or folder beside its place and renaming it there once it is whole, so that a kill leaves no half of it."""

import os
import secrets
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from kgbuild.errors import StoreError


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 file that takes the place of `path` when the block ends well; a pipe or a device is written to, not replaced."""
    if is_stream(path):
        with _one_line_errors(path), path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    target = path.resolve()
    if target.is_dir():
        raise StoreError(path, "is a folder, not a file", "Name the file to write")
    staged = _beside(target)
    with _one_line_errors(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with staged.open("w", encoding="utf-8", newline="\n") as file:
                yield file
            staged.replace(target)
        finally:
            staged.unlink(missing_ok=True)


def is_stream(path: Path) -> bool:
    return path.exists() and not (path.is_file() or path.is_dir())


@contextmanager
def new_folder(path: Path, names: Collection[str]) -> Iterator[Path]:
    """Give an empty folder that takes the place of `path` when the block ends well.

    names: the files an export writes. A folder that holds anything else is somebody's, and refused.
    """
    target = path.resolve()
    with _one_line_errors(path):
        _refuse_what_is_not_ours(path, target, names)
        target.parent.mkdir(parents=True, exist_ok=True)
        staged, aside = _beside(target), _beside(target)
        staged.mkdir()
        try:
            yield staged
            if target.exists():
                target.rename(aside)
            staged.rename(target)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
            shutil.rmtree(aside, ignore_errors=True)


def _refuse_what_is_not_ours(path: Path, target: Path, names: Collection[str]) -> None:
    if target == Path.cwd():
        raise StoreError(path, "is the working folder, which an export would replace", "Name a folder inside it")
    if target.is_dir():
        foreign = sorted({entry.name for entry in target.iterdir()} - set(names))
        if foreign:
            raise StoreError(
                path, f"the folder holds {foreign[0]!r}, which kgbuild does not write there", "Name a new or empty folder"
            )
    elif target.exists():
        raise StoreError(path, "is a file, not a folder", "Name the folder to write")


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")


@contextmanager
def _one_line_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # the reader of a pipe has seen enough
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StoreError(path, f"cannot be written ({reason})", "Free space or name another place") from error
