"""Prompt files: where they lie, how their placeholders are filled, and the digest that provenance keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from kgbuild.ids import digest


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question asked of a model. text: with `$placeholders`."""

    name: str
    text: str

    @property
    def digest(self) -> str:
        return digest("prompt", self.text)

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(Template(self.text).get_identifiers())

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the prompt with its placeholders replaced; a `$` in a value stays one. Raises KeyError for one without a value."""
        return Template(self.text).substitute(values)


def read_prompt(name: str) -> Prompt:
    """Read `prompts/<name>.txt`, from the checkout or the installed package."""
    here = Path(__file__).parent
    bundled = here / "bundled" / "prompts"
    folder = bundled if bundled.is_dir() else here.parent / "prompts"
    return Prompt(name, (folder / f"{name}.txt").read_text("utf-8"))
