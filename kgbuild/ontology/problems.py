"""What can be wrong with an ontology: every problem with its place and remedy, so that all can be shown together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kgbuild.ontology.model import Ontology


class Severity(StrEnum):
    """An error keeps the ontology from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an ontology. `place` is the file, with the line where the format has one: ontology.yaml:12."""

    severity: Severity
    place: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}: {self.problem}. {self.remedy}."


KeyPath = tuple[str, ...]
"""Where something stands in an ontology file, outermost key first: ("properties", "born_in", "range")."""


@dataclass(frozen=True)
class Draft:
    """An ontology as a file states it, not yet checked, with the problems met while reading it.

    lines: the line of each key, counted from 1; empty for formats without an order of lines.
    names_are_ids: the names are ids that others published, so they are kept whatever their characters.
    """

    file: str
    ontology: Ontology
    problems: tuple[Problem, ...] = ()
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    names_are_ids: bool = False

    def place(self, path: KeyPath) -> str:
        """Return the file and the line of the key, or of the nearest key around it that has a line."""
        for end in range(len(path), 0, -1):
            if (line := self.lines.get(path[:end])) is not None:
                return f"{self.file}:{line}"
        return self.file
