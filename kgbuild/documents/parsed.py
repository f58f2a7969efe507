"""What every family of formats makes of a file's text."""

from dataclasses import dataclass

from kgbuild.records import Section


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document but for what does not depend on its format.

    language: as the content declares it, empty where it says nothing.
    key: what tells it from others of the same file, empty where it is the only one.
    source: the bytes it was read from, where they are not the whole file.
    """

    text: str
    title: str = ""
    language: str = ""
    published_on: str | None = None
    sections: tuple[Section, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    key: str = ""
    source: bytes | None = None


@dataclass(frozen=True, slots=True)
class Unparsed:
    """A part of a file that gave no document. where: its key within the file, such as "line-3"."""

    where: str
    reason: str
    detail: str
