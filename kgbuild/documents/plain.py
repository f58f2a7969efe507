"""Plain text: the words as they are."""

import re

from kgbuild.documents.dates import date_in_head
from kgbuild.documents.parsed import Parsed

_TITLE_LINE = re.compile(r"\s*(\S[^\n\r]{0,99}?)[ \t]*(?:\r\n|\n|\r)[ \t]*(?:\r\n|\n|\r)")


def parse(text: str) -> Parsed:
    """Read plain text. A short first line that ends no sentence, names no date and has a blank line after it is the title."""
    first = _TITLE_LINE.match(text[:1000])
    title = first[1] if first and first[1][-1] not in ".,;:!?" and date_in_head(first[1]) is None else ""
    return Parsed(text, title=title, published_on=date_in_head(text))
