"""Bytes -> text, saying so where bytes had to be guessed or replaced."""

import codecs
import re
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_CHARSETS = frozenset({
    "utf-8", "utf-7", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
    "idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape",
})  # fmt: skip
"""What content cannot rightly declare, by Python's names: UTF-8 was tried before, a declaration that reads as ASCII stands in no
UTF-16 or UTF-32, UTF-7 is never trusted (WHATWG Encoding Standard), and the rest is Python's own."""
_HIGH = re.compile(rb"[\x80-\xff]")
# Letters of Western Europe beside an ASCII letter, and the quotes, dashes and signs that people type.
_LETTER = rb"[\xc0-\xd6\xd8-\xf6\xf8-\xff\x8a\x8c\x8e\x9a\x9c\x9e]"
_PLAUSIBLE_WINDOWS_1252 = re.compile(
    rb"(?<=[A-Za-z])" + _LETTER + rb"|" + _LETTER + rb"(?=[A-Za-z])"
    rb"|[\x80\x82\x84\x85\x91-\x97\xa0\xa3\xa7\xa9\xab\xae\xb0\xb4\xb7\xbb](?![\x80-\xff])"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """encoding: what the bytes were read as. is_guessed: nothing in the file said so. replaced: how many places made no sense."""

    text: str
    encoding: str
    is_guessed: bool = False
    replaced: int = 0


def decode(data: bytes, declared: str | None = None) -> Decoded | None:
    """Decode a file: by its byte order mark, else as UTF-8, else as declared, else as Windows-1252 if that looks right.

    declared: the encoding that the content names, as a web page may.
    Returns: None for what is no text. Bytes that fit no encoding become U+FFFD, and are counted.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _with_replacements(data, encoding)
    if b"\0" in data:
        wide = _utf_16_without_mark(data)
        return _with_replacements(data, wide) if wide else None
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    try:
        if declared and codecs.lookup(declared).name not in _NO_CHARSETS:
            # What web pages call ISO-8859-1 is Windows-1252 (WHATWG Encoding Standard).
            encoding = "windows-1252" if re.fullmatch(r"(?i)iso-?8859-1|latin-?1|ascii|us-ascii", declared) else declared
            return Decoded(data.decode(encoding), encoding.lower())
    except (UnicodeDecodeError, LookupError):
        pass
    high, plausible = len(_HIGH.findall(data)), len(_PLAUSIBLE_WINDOWS_1252.findall(data))
    as_utf_8 = data.decode("utf-8", "replace")
    multibyte = sum(1 for _ in re.finditer(r"[^\x00-\x7f\ufffd]", as_utf_8))
    if plausible >= 0.8 * high and multibyte < as_utf_8.count("\ufffd"):
        guess = data.decode("windows-1252", "replace")
        return Decoded(guess, "windows-1252", is_guessed=True, replaced=guess.count("\ufffd"))
    return _with_replacements(data, "utf-8")


def _with_replacements(data: bytes, encoding: str) -> Decoded | None:
    try:
        text = data.decode(encoding)
        return None if "\0" in text else Decoded(text, encoding.removesuffix("-sig"))
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        return None if "\0" in text else Decoded(text, encoding.removesuffix("-sig"), replaced=text.count("\ufffd"))


def _utf_16_without_mark(data: bytes) -> str | None:
    """Tell UTF-16 by its zero bytes, which in most texts stand on one side of each pair only."""
    sample = data[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 8 and even * 20 < odd:
        return "utf-16-le"
    if even > len(sample) // 8 and odd * 20 < even:
        return "utf-16-be"
    return None
