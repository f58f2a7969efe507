"""What a user's query must be before Ladybug sees it, and the few words that Ladybug spells differently from Neo4j."""

import re
from collections.abc import Mapping

from kgbuild.errors import StoreError

READING = frozenset({"MATCH", "OPTIONAL", "WITH", "UNWIND", "RETURN", "CALL"})
"""What a reading query begins with, after EXPLAIN or PROFILE. Ladybug's read-only mode refuses CREATE, MERGE, SET and DELETE
further on, but not COPY .. TO, EXPORT, INSTALL or LOAD FROM, which reach files and the network."""
_TOKEN = re.compile(
    r"""(?P<quoted>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:``|[^`])*`)|(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<code>[^'"`/]+|.)""",
    re.DOTALL,
)
_PARAMETER = re.compile(r"\$([^\W\d]\w*)")
_DOTTED = re.compile(r"(?<=[\w)\]`])\.([^\W\d]\w*)(?!\s*\()")
_MAP_KEY = re.compile(r"(?<=[{,])(\s*)([^\W\d]\w*)(?=\s*:)")
_TYPE_OF = re.compile(r"\btype(?=\s*\()", re.IGNORECASE)
_LOAD_FROM = re.compile(r"\bLOAD (WITH HEADERS\b.*)?FROM\b", re.IGNORECASE)
_LABEL_COLUMN = re.compile(r"LABEL\((\w+)\._ID,\[.*\]\)")
READ_ONLY = "Change the documents or the ontology and build again; the graph itself is not written by hand"


def checked(cypher: str, parameters: Mapping[str, object]) -> str:
    """Return the query as Ladybug takes it. Raises StoreError when it would do more than read, or lacks a parameter.

    Comments go, `type(r)` becomes `label(r)`, and names of properties are quoted, since `index` and `end` are Ladybug's words.
    """
    parts = [
        (match["quoted"] or "", " " if match["comment"] else match["code"] or "")
        for match in _TOKEN.finditer(cypher.strip().rstrip(";"))
    ]
    words = re.sub(r"\s+", " ", " ".join(code for _, code in parts)).strip()
    if not words:
        raise StoreError("query", "is empty", "Ask for example `MATCH (e:Entity) RETURN e.name LIMIT 10`")
    first = re.sub(r"^((EXPLAIN|PROFILE)\b\s*)+", "", words, flags=re.IGNORECASE)
    keyword = re.match(r"\w*", first)
    begins_with = keyword[0].upper() if keyword else ""
    if ";" in words:
        raise StoreError("query", "holds more than one statement", "Ask them one by one")
    if begins_with not in READING or _LOAD_FROM.search(words):
        what = "LOAD FROM" if begins_with in READING else begins_with or words[:20]
        raise StoreError("query", f"{what} is not a way of reading the graph", f"Begin with one of {', '.join(sorted(READING))}")
    missing = sorted({name for _, code in parts for name in _PARAMETER.findall(code)} - set(parameters))
    if missing:
        raise StoreError("query", f"names the parameter ${missing[0]}, which was not given", "Give it a value")
    return "".join(quoted or _in_ladybugs_words(code) for quoted, code in parts)


def _in_ladybugs_words(code: str) -> str:
    return _TYPE_OF.sub("label", _MAP_KEY.sub(r"\1`\2`", _DOTTED.sub(r".`\1`", code)))


def column_name(given: str, cypher: str) -> str:
    """Return the name of a result column as the query wrote it, where Ladybug spells out the tables behind `type(r)`."""

    def written(column: re.Match[str]) -> str:
        return next((name for name in (f"type({column[1]})", f"label({column[1]})") if name in cypher), f"type({column[1]})")

    return _LABEL_COLUMN.sub(written, given)


def refusal(problem: str) -> StoreError:
    """Return Ladybug's complaint in one line, with what to do about it."""
    line = problem.strip().splitlines()[0].rstrip(".")
    _, _, told = line.partition(" exception: ")
    if "read-only" in line:
        return StoreError("query", "would write, and the view is read-only", READ_ONLY)
    if line == "Interrupted":
        return StoreError("query", "took longer than it may", "Narrow it down, add a LIMIT, or allow more time")
    return StoreError("query", told or line, "Correct the query; `CALL show_tables() RETURN *` lists the tables")
