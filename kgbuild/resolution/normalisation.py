"""When two written names count as the same name: the key under which mentions meet."""

import re
import unicodedata

# Letters that Unicode does not decompose into a base letter and a mark.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
_ARTICLE = re.compile(r"^\s*(?:[Tt][Hh][Ee]|an?)\s+(?=\S)")  # "A Smith" and "AN" are initials, so a and an count in lower case only
_POSSESSIVE = re.compile(r"(?<=\w)['’`´]s\s*$", re.IGNORECASE)
_INITIALS = re.compile(r"\b(?:[^\W\d_]\.\s?){2,}", re.UNICODE)
_PUNCTUATION = re.compile(r"(?<![0-9])[.,]|[.,](?![0-9])|[;:!?\"“”„«»‹›()\[\]{}‐‑‒–—―_/\\·•…|-]")
_APOSTROPHE = re.compile(r"['’‘`´ʼ]")
# Where a line may break or may not: soft hyphen, zero width space, word joiner, and the byte order mark, once a joiner too. What
# joins or parts letters (U+200C, U+200D) stays, since it tells words of Persian and of Indian languages apart.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))


def as_shown(name: str) -> str:
    """Return the name as written, but for line breaks, runs of white space and characters that show nothing and mean nothing.

    >>> as_shown("Ac\\u00adme\\u200b\\n Steel")
    'Acme Steel'
    """
    return " ".join(name.translate(_INVISIBLE).split()) or " ".join(name.split())


def block_key(name: str) -> str:
    """Return the form in which two spellings of one name agree.

    Unicode compatibility forms, case, diacritics, dots and spaces of initials, a final possessive, "&", a leading English article,
    punctuation, white space and invisible characters do not tell names apart. Words do: "Acme" and "Acme Inc." differ here, since
    whether a legal form or a title counts depends on what bears the name (see coreference), and plurals are for matching to weigh.
    Marks of scripts other than Latin and Greek are letters in their own right and stay.
    A name of nothing but punctuation or invisible characters is its own key.

    >>> block_key("The Café of J. R. R. Tolkien’s"), block_key("I.B.M."), block_key("AT&T"), block_key("C++")
    ('cafe of jrr tolkien', 'ibm', 'at and t', 'c++')
    """
    squeezed = as_shown(unicodedata.normalize("NFKC", name))
    key = _POSSESSIVE.sub("", _ARTICLE.sub("", squeezed))
    key = _INITIALS.sub(lambda found: re.sub(r"[.\s]", "", found[0]) + " ", key)
    key = _without_marks(key.casefold()).translate(_LETTERS)
    key = _APOSTROPHE.sub("", key.replace("&", " and "))
    return " ".join(_PUNCTUATION.sub(" ", key).split()) or squeezed.casefold()


def accents(name: str) -> int:
    """Return how many of the letters and marks of a name are lost in its key.

    >>> accents("Søren Müller"), accents("Soren Muller")
    (2, 0)
    """
    decomposed = unicodedata.normalize("NFD", name).casefold()
    return sum(unicodedata.combining(character) > 0 or ord(character) in _LETTERS for character in decomposed)


def _without_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    base_takes_marks = False
    for character in unicodedata.normalize("NFKD", text):
        if unicodedata.category(character) != "Mn":
            base_takes_marks = unicodedata.name(character, "").startswith(("LATIN", "GREEK"))
        elif base_takes_marks:
            continue
        kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))
