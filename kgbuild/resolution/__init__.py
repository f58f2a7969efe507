"""Mentions -> Entities: mentions of one document that refer to the same thing, then names across documents."""

from kgbuild.resolution.coreference import representatives
from kgbuild.resolution.normalisation import block_key
from kgbuild.resolution.resolve import resolve
from kgbuild.resolution.rows import resolve_rows

__all__ = ["VERSION", "block_key", "representatives", "resolve", "resolve_rows"]

VERSION = 4
"""Raised by hand whenever equal mentions come to give other keys or entities."""
