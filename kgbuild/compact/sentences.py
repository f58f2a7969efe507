"""Documents -> sentences: those to suggest for labelling, and those that thresholds follow from."""

import random
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from kgbuild.chunking import sentence_spans

WORDS = range(5, 61)
"""Shorter sentences state little, longer ones are tables or dumps."""
DRAWN_FROM = 5_000
"""Sentences are drawn from at most so many, so that neither time nor memory grows with the documents."""


def sentences_of(texts: Iterable[str]) -> Iterator[str]:
    """Yield every sentence of usual length, once, its blanks made single."""
    seen: set[int] = set()
    for text in texts:
        for span in sentence_spans(text):
            words = " ".join(span.of(text).split())
            if len(words.split()) in WORDS and (known := hash(_bare(words))) not in seen:
                seen.add(known)
                yield words


def drawn(texts: Iterable[str], count: int, seed: int, besides: Iterable[str] = ()) -> tuple[str, ...]:
    """Draw up to `count` sentences of the first DRAWN_FROM at random, none of them one of `besides`."""
    known = {_bare(text) for text in besides}
    others = (sentence for sentence in sentences_of(texts) if _bare(sentence) not in known)
    held = list(islice(others, DRAWN_FROM))
    return tuple(random.Random(seed).sample(held, min(count, len(held))))


def _bare(sentence: str) -> str:
    """Return the words alone, by which two copies of a sentence are one.

    >>> _bare("“Yes”, he said.") == _bare("'Yes' he said")
    True
    """
    return " ".join(re.findall(r"\w+", sentence)).casefold()
