"""The `judge` command's lines: triples in words in, the same with verdicts out.

    words -> places in the text -> the classes that fit -> CandidateTriple -> Verdict

How words become a candidate is told in `extraction.claims`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kgbuild.extraction.claims import Claim, ClaimReader, read_claim
from kgbuild.extraction.grounding import Passage, readable
from kgbuild.extraction.rows import Row, given_up, problem_of, with_id
from kgbuild.judging.protocol import Candidates, Judge, Judgement
from kgbuild.records import Chunk, Outcome, Span, Verdict

_ANSWERS = ("verdict", "reason", "probability", "detail")


def judge_rows(rows: Sequence[Mapping[str, Any]], judge: Judge, reader: ClaimReader) -> list[Row]:
    """Return each row with `verdict`, `reason` and `probability` on each of its triples; rows and triples in order, as given.

    A triple that was not accepted says why in `detail` too. One that is no triple gets null for a verdict, and the row an `error`.
    """
    read = [read_claims(row, reader) for row in rows]
    judgements = iter(judge.judge([found.candidates for found in read if isinstance(found, ReadClaims)]))
    return [
        given_up(row, found) if isinstance(found, str) else _judged(row, found.problems, next(judgements))
        for row, found in zip(rows, read, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class ReadClaims:
    """The triples of a row as candidates, and beside each triple what is wrong with it, if it is none."""

    candidates: Candidates
    problems: tuple[str | None, ...]


def read_claims(row: Mapping[str, Any], reader: ClaimReader) -> ReadClaims | str:
    """Read a row; what is wrong with it, in one line, when nothing can be judged."""
    if (problem := problem_of(row)) is not None:
        return problem
    triples = row.get("triples")
    if not isinstance(triples, list):
        return "there is no list of triples. Write [] where there are none"
    text = passage_of(row["text"])
    claims = [read_claim(triple) for triple in triples]
    candidates = tuple(reader.candidate(claim, text) for claim in claims if isinstance(claim, Claim))
    return ReadClaims(Candidates(text.chunk, candidates), tuple(c if isinstance(c, str) else None for c in claims))


def _judged(row: Mapping[str, Any], problems: Sequence[str | None], judgement: Judgement) -> Row:
    verdicts = iter(judgement.verdicts)
    triples = [
        _with_verdict(triple, None if problem else next(verdicts)) for triple, problem in zip(row["triples"], problems, strict=True)
    ]
    errors = [f"triple {n}: {problem}" for n, problem in enumerate(problems, 1) if problem]
    if judgement.failure is not None:
        errors.append(f"{judgement.failure.reason} ({judgement.failure.detail})")
    return with_id(row) | {"triples": triples} | ({"error": "; ".join(errors)} if errors else {})


def _with_verdict(triple: Any, verdict: Verdict | None) -> Any:
    if not isinstance(triple, dict):
        return triple
    given = {name: value for name, value in triple.items() if name not in _ANSWERS}
    if verdict is None:
        return given | {"verdict": None, "reason": None, "probability": None}
    answer = {"verdict": str(verdict.outcome), "reason": verdict.reason and str(verdict.reason), "probability": verdict.probability}
    return given | answer | ({"detail": verdict.detail} if verdict.outcome is not Outcome.ACCEPTED else {})


def passage_of(text: str, document_id: str = "") -> Passage:
    """Return the text of a row as a chunk of its own."""
    return Passage(Chunk("", document_id, 0, Span(0, max(len(text), 1)), readable(text)))
