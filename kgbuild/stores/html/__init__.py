"""The graph as one HTML page that needs no network: search, walk neighbours, read the words behind each fact."""

from kgbuild.stores.html.page import Shown, write_view

__all__ = ["Shown", "write_view"]
