"""Writing everything a person needs to explore a graph in Neo4j Browser into one folder."""

import zipfile
from pathlib import Path

from kgbuild.errors import StoreError
from kgbuild.exploring.contents import Contents
from kgbuild.exploring.guide import guide_page
from kgbuild.exploring.queries import saved_queries
from kgbuild.exploring.schema import schema_text
from kgbuild.exploring.style import style_sheet

STYLE, QUERIES, GUIDE, SCHEMA = "style.grass", "queries.zip", "guide.html", "schema.txt"
SAVED_FOLDER = "kgbuild"
"""The folder of saved queries in Browser."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""A zip file bears times; with this one, equal graphs give equal files."""


def write_exploration(held: Contents, folder: Path) -> None:
    """Write the style sheet, the guide, the schema, and the queries: singly, and as the archive that Browser imports.

    Raises StoreError when the folder cannot be written.
    """
    queries = saved_queries(held)
    try:
        (folder / "queries").mkdir(parents=True, exist_ok=True)
        (folder / STYLE).write_text(style_sheet(held), "utf-8")
        (folder / GUIDE).write_text(guide_page(held, queries, None), "utf-8")
        (folder / SCHEMA).write_text(schema_text(held), "utf-8")
        for query in queries:
            (folder / "queries" / query.file).write_text(query.script, "utf-8")
        with zipfile.ZipFile(folder / QUERIES, "w") as archive:
            for query in queries:
                archive.writestr(zipfile.ZipInfo(f"{SAVED_FOLDER}/{query.file}", EARLIEST), query.script)
    except OSError as error:
        raise StoreError(folder, f"cannot be written ({error.strerror})", "Name another folder, or make room") from error
