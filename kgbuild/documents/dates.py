"""When a document says that it was published; never what the file system says."""

import re

from kgbuild.compact.literals import normalise

_DATE_LINE = re.compile(
    r"^[ \t*_]{0,4}(?:date|dated|published|published on|publication date|datum|veröffentlicht(?: am)?|publié le|fecha)[*_]{0,2}"
    r"[ \t]?:[*_]{0,2}[ \t]?(\S[^\n\r]{3,60})$",
    re.IGNORECASE | re.MULTILINE,
)
_HEAD_CHARS = 2000


def published_on(stated: str) -> str | None:
    """Return the ISO date that a field for dates holds, without its time of day; None when it holds none."""
    value = normalise(stated.strip()[:60].strip("*_ \t"), "date")
    if value is None and (iso := re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?=[T ])", stated.strip())):
        value = normalise(iso.group(), "date")
    return value.partition("T")[0] if value else None


def date_in_head(text: str) -> str | None:
    """Return the date of a line such as "Date: 14 March 2020" near the beginning of a text."""
    head = text[:_HEAD_CHARS]
    return next((date for match in _DATE_LINE.finditer(head) if (date := published_on(match[1]))), None)
