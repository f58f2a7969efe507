"""Exploring a published graph in Neo4j Browser: colours and captions, saved queries, a guide, and the schema in words."""

from kgbuild.exploring.contents import Contents, contents
from kgbuild.exploring.guide import guide_page
from kgbuild.exploring.queries import SavedQuery, saved_queries
from kgbuild.exploring.schema import schema_text
from kgbuild.exploring.serving import Guide
from kgbuild.exploring.style import style_sheet
from kgbuild.exploring.writing import write_exploration

__all__ = [
    "Contents",
    "Guide",
    "SavedQuery",
    "contents",
    "guide_page",
    "saved_queries",
    "schema_text",
    "style_sheet",
    "write_exploration",
]
