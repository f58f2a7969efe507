"""Files in, Documents out; one module per family of formats; text is kept exactly as read.

finding    a folder -> the files in it, sorted, with what tells an unchanged one without reading it
reading    one file -> its documents, and a named failure for all that could not be read
decoding   bytes -> text, saying so where bytes had to be guessed or replaced
plain, markdown, web, tables, json_records      text -> what a document is made of, one family of formats each
dates, language                                 what the content says of when and in which language it was written
"""

from kgbuild.documents.finding import FoundFile, find_files, path_of, printable
from kgbuild.documents.reading import read_file

VERSION = 2
"""Raised by hand when the same file would give other documents."""

__all__ = ["VERSION", "FoundFile", "find_files", "path_of", "printable", "read_file"]
