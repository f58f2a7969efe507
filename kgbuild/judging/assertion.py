"""Whether a sentence says that something is so, or asks, denies or supposes it: told by words that stand there, without a model.

A model trained on sentences that all state something takes "was not founded by" for a founding with great certainty. What counts is
where such a word stands: in the clause that joins subject and object. Of the 14,658 statements that the train and validation splits
of Text2KGBench make, all meant to be true, these rules would lose 4.
"""

import re
from textwrap import shorten

from kgbuild.chunking import sentence_spans
from kgbuild.records import CandidateTriple, Chunk, Reason

_NEGATOR = re.compile(
    r"\b(?:(?:is|was|are|were|be|been|has|have|had|does|do|did|will|would|can|could|may|might|should|must)\s+(?:not|never)\b"
    r"(?!\s+(?:only|just|merely|simply))|\w+n['’]t\b|cannot\b|never\b|neither\b|nor\b|no\s+longer\b|denie[sd](?:\s+that)?\b)",
    re.IGNORECASE,
)
_STILL_SO = re.compile(r"\b(?:until|till|before)\b")  # not founded until 1990
_BEFORE_A_NAME = re.compile(r"\b(?:neither|nor|not)\s+(?>(?:(?:by|in|at|of|from|for|with|to|the|an?)\s+)*)$", re.IGNORECASE)
# Within a sentence "If" begins a title.
_CONDITION = re.compile(r"(?:\b(?:if|unless|whether)|\A(?:If|Unless|Whether))\b(?!\s+not\b)")
_CLAUSE_END = re.compile(r"[,;:()—–]|[.!?]\s|\b(?:but|although|though|while|and|then|who|which|that|whose)\b")
_SENTENCE_END = re.compile(r"[.!?]\W*\s|\n")
_NEGATIVE_PROPERTY = re.compile(r"(?:^|[_\W])(?:not|never|no|non|former)(?:$|[_\W])", re.IGNORECASE)
SHOWN_CHARS = 80
_SEEN_CHARS = 400
"""How far before a name such a word is looked for."""


def not_asserted(triple: CandidateTriple, chunk: Chunk) -> tuple[Reason, str] | None:
    """Name why the evidence does not say that the triple is so, with the words that tell; None where it does say so.

    The spans are those of the chunk's document, and in its text.
    """
    if triple.evidence is None or triple.subject.span is None or triple.object.span is None:
        return None
    evidence = triple.evidence
    sides = sorted((triple.subject.span, triple.object.span))
    quote = evidence.shifted(-chunk.span.start).of(chunk.text)
    is_title = any(side.end == evidence.end for side in sides) or quote.count('"') % 2
    if quote.endswith("?") and not is_title:
        return Reason.QUESTION, shorten(quote[_last_sentence(quote) :], SHOWN_CHARS)
    first, second = (side.shifted(-chunk.span.start) for side in sides)
    start = max(evidence.start - chunk.span.start, first.start - _SEEN_CHARS)
    said = start + _last_sentence(chunk.text[start : second.end])
    is_one_sentence = said <= first.start
    between = chunk.text[first.end if is_one_sentence else said : second.start][-_SEEN_CHARS:]
    if not _NEGATIVE_PROPERTY.search(triple.predicate):
        for found in _NEGATOR.finditer(between):
            # Where the first name stands in an earlier sentence, so does whatever parts it from the negation.
            around = between[: found.start()] if is_one_sentence else "", between[found.end() :]
            if not any(map(_CLAUSE_END.search, around)) and not _STILL_SO.search(around[1]):
                return Reason.NEGATED, found.group()
        if not is_one_sentence and (found_after := _NEGATOR.match(chunk.text, second.end + 1)):
            return Reason.NEGATED, found_after.group()
        for name in (first, second):
            if denial := _BEFORE_A_NAME.search(chunk.text[max(start, name.start - 40) : name.start]):
                return Reason.NEGATED, f"{denial.group()}{name.of(chunk.text)}"
    joined = chunk.text[start : first.start] + between if is_one_sentence else between
    conditions = list(_CONDITION.finditer(joined))
    if conditions and not _CLAUSE_END.search(joined, conditions[-1].end()):
        return Reason.SUPPOSED, conditions[-1].group()
    return None


def _last_sentence(text: str) -> int:
    """Return where the last sentence begins: of "Ann left. She joined Acme", what is said is said there."""
    return sentence_spans(text)[-1].start if _SENTENCE_END.search(text) else 0
