"""The `fuse` command's lines: judged triples in, the facts they state out.

in    what `judge` writes: {"id", "text", "triples": [{"subject", "predicate", "object", "verdict", ...}]}. A row is a document; its
      `published_on`, an ISO date, orders sources in time; rows of one id and text are one document, of the least of their dates.
      A triple may name its `extractor` and `judge`.
out   a line per fact, sorted by id, as `kgbuild export --to jsonl` writes them to facts.jsonl, but that `document_id` is the id of
      the row as given, `chunk_id` is empty, and `subject_name` and `object_name` say what the entities are called. Then a line
      {"id", "error"} per row that could not be used in full.

Entities are resolved among the rows as a build resolves them among documents, and words are placed in the text as `judge` does it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kgbuild import ids
from kgbuild.extraction.claims import ClaimReader, left_out, read_claim
from kgbuild.extraction.grounding import Passage
from kgbuild.extraction.rows import Row, problem_of, with_id
from kgbuild.fusion.fuse import fuse, self_loops
from kgbuild.judging.datatypes import date_datatype
from kgbuild.judging.rows import passage_of
from kgbuild.ontology.model import Ontology
from kgbuild.records import Entity, EntityRef, Fact, JudgedTriple, Mention, Outcome, Verdict
from kgbuild.resolution.coreference import representatives
from kgbuild.resolution.normalisation import block_key
from kgbuild.resolution.resolve import resolve
from kgbuild.serialisation import to_json


@dataclass(frozen=True, slots=True)
class Fused:
    """facts, errors: lines. unjudged: triples without a verdict, left out. loops: accepted ones between an entity and itself."""

    facts: tuple[Row, ...]
    errors: tuple[Row, ...]
    unjudged: int
    loops: int


def fuse_rows(rows: Iterable[Mapping[str, Any]], ontology: Ontology | None) -> Fused:
    """Fuse the accepted triples of all rows. Without an ontology no two facts clash, and no property is symmetric."""
    reader = ClaimReader(ontology)
    row_ids: dict[str, Any] = {}
    stated_on: dict[str, str] = {}
    errors: list[Row] = []
    triples: list[JudgedTriple] = []
    unjudged = 0
    for row in rows:
        if (problem := problem_of(row)) is not None:
            errors.append(_error(row, problem))
            continue
        document_id = f"{json.dumps(row.get('id'))} {ids.digest(row['text'])}"
        row_ids[document_id] = row.get("id")
        found, problems, without_verdict = _accepted(row, passage_of(row["text"], document_id), reader)
        unjudged += without_verdict
        triples += found
        published_on = row.get("published_on")
        if (date := _date(published_on)) is not None:
            stated_on[document_id] = min(stated_on.get(document_id, date), date)
        elif published_on not in (None, ""):
            problems.append(f"published_on is no ISO date: {published_on!r:.60}")
        earlier = [str(row["error"])] if "error" in row else []
        if problems := [*earlier, *(problem for problem in problems if problem not in "".join(earlier))]:
            errors.append(_error(row, "; ".join(problems)))
    entity_of = _entities(triples, ontology)
    facts = fuse(triples, {mention: entity.id for mention, entity in entity_of.items()}, stated_on, ontology)
    called = {entity.id: entity.name for entity in entity_of.values()}
    loops = self_loops(triples, {mention: entity.id for mention, entity in entity_of.items()})
    return Fused(tuple(_line(fact, called, row_ids) for fact in facts), tuple(errors), unjudged, len(loops))


def _accepted(row: Mapping[str, Any], text: Passage, reader: ClaimReader) -> tuple[list[JudgedTriple], list[str], int]:
    """Return the accepted triples of a row, what is wrong with others, and how many nobody judged."""
    triples = row.get("triples")
    if not isinstance(triples, list):
        return [], [] if "error" in row else ["there is no list of triples"], 0
    found: list[JudgedTriple] = []
    problems: list[str] = []
    unjudged = 0
    for number, triple in enumerate(triples, 1):
        verdict = triple.get("verdict") if isinstance(triple, dict) else None
        claim = read_claim(triple)
        if isinstance(claim, str):
            problems.append(f"triple {number}: {claim}")
        elif verdict is None:
            unjudged += 1
        elif verdict == Outcome.ACCEPTED:
            candidate = ids.identified(reader.candidate(claim, text))
            lacking = [end.text for end in (candidate.subject, candidate.object) if end.span is None]
            if candidate.evidence is None or lacking:
                problems.append(f"triple {number}: accepted, yet not in the text: {' and '.join(lacking) or candidate.quote}")
            else:
                problems.extend(f"triple {number}: the qualifier {name!r} is left out" for name in left_out(claim, candidate))
                given = _verdict(triple)
                if given.probability is None and triple.get("probability") is not None:
                    problems.append(f"triple {number}: the probability {triple['probability']!r:.60} is no number from 0 to 1")
                found.append(JudgedTriple(candidate, given))
        elif verdict not in (Outcome.REJECTED, Outcome.UNDECIDED):
            problems.append(f"triple {number}: the verdict {verdict!r:.60} is none of {', '.join(Outcome)}")
    return found, problems, unjudged


def _verdict(triple: Mapping[str, Any]) -> Verdict:
    probability, judge = triple.get("probability"), triple.get("judge")
    known = isinstance(probability, (int, float)) and not isinstance(probability, bool) and 0 <= probability <= 1
    return Verdict.accepted(probability if known else None, judge if isinstance(judge, str) else "")


def _date(value: object) -> str | None:
    return value if isinstance(value, str) and date_datatype(value) is not None else None


def _mentions(triples: Iterable[JudgedTriple]) -> list[Mention]:
    ends = (end for judged in triples for end in (judged.triple.subject, judged.triple.object))
    return list({end.id: end for end in ends if isinstance(end, Mention)}.values())


def _entities(triples: Iterable[JudgedTriple], ontology: Ontology | None) -> dict[str, Entity]:
    """Return the entity of each mention, by its id."""
    of_document: dict[str, list[Mention]] = {}
    for mention in _mentions(triples):
        of_document.setdefault(mention.document_id, []).append(mention)
    components: dict[str, list[Mention]] = {}
    for mentions in of_document.values():
        names = representatives(mentions, ontology)
        for mention in mentions:
            components.setdefault(block_key(names[mention.id]), []).append(mention)
    entities = (entity for key, mentions in components.items() for entity in resolve(key, mentions, ontology))
    return {mention_id: entity for entity in entities for mention_id in entity.mention_ids}


def _line(fact: Fact, called: Mapping[str, str], row_ids: Mapping[str, Any]) -> Row:
    line: Row = json.loads(to_json(fact))
    for piece in line["evidence"]:
        piece["document_id"] = row_ids[piece["document_id"]]
    line["subject_name"] = called[fact.subject_id]
    line["object_name"] = called[fact.object.entity_id] if isinstance(fact.object, EntityRef) else fact.object.text
    return line


def _error(row: Mapping[str, Any], problem: str) -> Row:
    return {"id": with_id(row)["id"], "error": problem}
