"""Judged triples and entities -> Facts: equal facts merged, confidence from independent sources, clashes found."""

from kgbuild.fusion.conflicts import Clash, ClashRule, clashes
from kgbuild.fusion.fuse import fuse, self_loops
from kgbuild.fusion.groups import fact_group_keys, group_keys, object_key

__all__ = ["VERSION", "Clash", "ClashRule", "clashes", "fact_group_keys", "fuse", "group_keys", "object_key", "self_loops"]

VERSION = 2
"""Raised by hand whenever equal triples come to give other facts."""
