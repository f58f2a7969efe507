"""How sure the graph is of a fact, from sources that do not copy one another."""

from collections.abc import Iterable

from kgbuild.records import Evidence

_DATED_LAST = "~"  # sorts after every ISO date


def source_probabilities(evidence: Iterable[Evidence]) -> list[float]:
    """Return, for each independent source, the probability that its best evidence states the fact, in ascending order.

    A text that several documents share word for word counts once, for the document that stated it first (by date; undated ones
    after, then by id): copies add nothing. A document is one source however often it says the same.
    """
    texts: dict[str, list[Evidence]] = {}
    for piece in evidence:
        texts.setdefault(" ".join(piece.quote.split()).casefold(), []).append(piece)
    best: dict[str, float] = {}
    for pieces in texts.values():
        origin = min((piece.stated_on or _DATED_LAST, piece.document_id) for piece in pieces)[1]
        best[origin] = max(best.get(origin, 0.0), *(piece.probability for piece in pieces))
    return sorted(best.values())


def confidence(evidence: Iterable[Evidence]) -> float:
    """Return the probability that at least one source is right, 1 - prod(1 - p), taking sources as independent.

    Rounded to four decimals, and multiplied in sorted order, so that equal evidence gives equal digits.
    """
    all_wrong = 1.0
    for probability in source_probabilities(evidence):
        all_wrong *= 1 - probability
    return round(1 - all_wrong, 4)
