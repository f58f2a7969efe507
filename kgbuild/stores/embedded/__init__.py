"""Cypher on the laptop: a read-only view of the graph in Ladybug, built when the first query after a change asks for it."""

from kgbuild.stores.embedded.store import EmbeddedStore, view_problem

__all__ = ["EmbeddedStore", "view_problem"]
