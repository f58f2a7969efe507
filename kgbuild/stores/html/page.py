"""Writing the page: the graph as JSON inside it, with the hand-written `page.html`, `page.css` and `page.js`.

Documents are hostile: their text reaches the page as JSON in which no tag can begin, and the script shows it as text only.
The page's content policy allows its own script and style, by digest, and nothing else: no network, no other script.
"""

import base64
import hashlib
import heapq
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from kgbuild.ontology.model import Property
from kgbuild.records import EntityRef, Evidence, Fact
from kgbuild.stores.files.grounding import check_grounding
from kgbuild.stores.files.target import new_file
from kgbuild.stores.protocol import Snapshot

MAX_ENTITIES = 25_000
MAX_FACTS = 100_000
MAX_EVIDENCE = 20
"""What a page holds at most: the best connected entities, facts among them, pieces of evidence per fact. With more, a browser
would take long to open it; the page says what it leaves out."""
CONTEXT_CHARS = 240
"""Characters of the document shown on either side of a quote."""
NOT_IN_SCRIPT = re.compile("[<\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Shown:
    """How much of the graph a page holds."""

    entities: int
    of_entities: int
    facts: int
    of_facts: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document around one quote or several; `start` is its place in the document."""

    document_id: str
    start: int
    text: str

    def in_utf16(self, offset: int) -> int:
        """Return where a character of the document is in `text` as JavaScript counts, in UTF-16 units."""
        before = self.text[: offset - self.start]
        return len(before) if before.isascii() else len(before.encode("utf-16-le", "surrogatepass")) // 2


def write_view(snapshot: Snapshot, out: Path) -> Shown:
    """Write the page. Raises StoreError when it cannot, or a fact is not grounded."""
    with new_file(out) as file:
        check_grounding(snapshot)
        data, shown = _data(snapshot)
        style, script = _source("page.css"), _source("page.js")
        page = _source("page.html").replace("$style_digest", _digest(style)).replace("$script_digest", _digest(script))
        parts = re.split(r"\$(style|script|data)\b", page)
        contents = {"style": style, "script": script}
        for number, part in enumerate(parts):
            if number % 2 == 0:
                file.write(part)
            elif part == "data":
                file.writelines(_json(data))
            else:
                file.write(contents[part])
    return shown


def _data(snapshot: Snapshot) -> tuple[dict[str, Any], Shown]:
    """Return what the script reads: records as short lists that refer to one another by place, and how much of the graph it is."""
    connections: Counter[str] = Counter()
    of_facts = 0
    for fact in snapshot.facts():
        connections.update(_ends(fact))
        of_facts += 1
    entities = heapq.nsmallest(
        MAX_ENTITIES, snapshot.entities(), key=lambda entity: (-connections[entity.id], entity.name, entity.id)
    )
    place_of = {entity.id: place for place, entity in enumerate(entities)}
    facts: list[Fact] = []
    for fact in snapshot.facts():
        if len(facts) < MAX_FACTS and all(end in place_of for end in _ends(fact)):
            facts.append(fact)
    shown = Shown(len(entities), sum(1 for _ in snapshot.entities()), len(facts), of_facts)

    passages, passage_place = _passages(snapshot, facts)
    quoted = {passage.document_id for passage in passages}
    documents: list[list[Any]] = []
    document_place: dict[str, int] = {}
    of_documents = 0
    for document in snapshot.documents():
        of_documents += 1
        if document.id in quoted:
            document_place[document.id] = len(documents)
            documents.append([document.title, document.uri, document.published_on])
    class_place = _places(entity.class_name for entity in entities)
    property_place = _places(fact.predicate for fact in facts)
    known_classes, known_properties = snapshot.ontology.classes, snapshot.ontology.properties

    def evidence_fields(evidence: Evidence) -> list[Any]:
        place = passage_place[evidence]
        passage, span = passages[place], evidence.span
        return [
            place,
            passage.in_utf16(span.start),
            passage.in_utf16(span.end),
            span.start,
            span.end,
            evidence.extractor,
            evidence.judge,
            evidence.probability,
            evidence.stated_on,
        ]

    def fact_fields(fact: Fact) -> list[Any]:
        object_ = (
            place_of[fact.object.entity_id]
            if isinstance(fact.object, EntityRef)
            else [fact.object.text, fact.object.value, fact.object.datatype]
        )
        return [
            fact.id,
            place_of[fact.subject_id],
            property_place[fact.predicate],
            object_,
            fact.confidence,
            fact.status.value,
            fact.valid_from,
            fact.valid_to,
            [[qualifier.name, qualifier.value.text] for qualifier in fact.qualifiers],
            fact.derived_from and fact.derived_from.rule,
            [evidence_fields(evidence) for evidence in fact.evidence[:MAX_EVIDENCE]],
            len(fact.evidence),
        ]

    return {
        "title": snapshot.ontology.title or "Knowledge graph",
        "generation": snapshot.generation,
        "document_count": of_documents,
        "shown": [shown.entities, shown.of_entities, shown.facts, shown.of_facts],
        "classes": [known_classes[name].label if name in known_classes else name for name in class_place],
        "properties": [known_properties[name].label if name in known_properties else name for name in property_place],
        "clashing": [_clashing(known_properties.get(name)) for name in property_place],
        "documents": documents,
        "passages": [[document_place[passage.document_id], passage.start, passage.text] for passage in passages],
        "entities": [[e.id, e.name, class_place[e.class_name], e.aliases, e.description] for e in entities],
        "facts": [fact_fields(fact) for fact in facts],
    }, shown


def _clashing(prop: Property | None) -> list[bool]:
    """Tell of what there is only one, the object, the subject, the direction, and whether there is none; see `fusion.groups`."""
    if prop is None:
        return [False] * 4
    return [prop.limits_objects, prop.inverse_functional, prop.asymmetric, prop.symmetric]


def _ends(fact: Fact) -> set[str]:
    return {fact.subject_id, fact.object.entity_id} if isinstance(fact.object, EntityRef) else {fact.subject_id}


def _places(names: Iterable[str]) -> Mapping[str, int]:
    return {name: place for place, name in enumerate(sorted(set(names)))}


def _passages(snapshot: Snapshot, facts: Iterable[Fact]) -> tuple[list[Passage], dict[Evidence, int]]:
    """Cut the words around all quotes out of their documents, those that overlap as one; tell which holds each quote."""
    by_document: dict[str, set[Evidence]] = defaultdict(set)
    for fact in facts:
        for evidence in fact.evidence[:MAX_EVIDENCE]:
            by_document[evidence.document_id].add(evidence)
    passages: list[Passage] = []
    holder: dict[Evidence, int] = {}
    for document_id in sorted(by_document):
        text = snapshot.text_of(document_id)
        windows: list[tuple[int, int]] = []
        for evidence in sorted(by_document[document_id], key=lambda evidence: evidence.span):
            start, end = _at_word(text, evidence.span.start - CONTEXT_CHARS), _at_word(text, evidence.span.end + CONTEXT_CHARS)
            start, end = min(start, evidence.span.start), max(end, evidence.span.end)
            if windows and start <= windows[-1][1]:
                windows[-1] = (windows[-1][0], max(windows[-1][1], end))
            else:
                windows.append((start, end))
            holder[evidence] = len(passages) + len(windows) - 1
        passages += [Passage(document_id, start, text[start:end]) for start, end in windows]
    return passages, holder


def _at_word(text: str, offset: int) -> int:
    """Return the offset, moved back to a blank where one is near, so that a passage does not begin within a word."""
    if not 0 < offset < len(text):
        return max(0, min(offset, len(text)))
    blank = max(
        text.rfind(" ", offset - 30 if offset > 30 else 0, offset), text.rfind("\n", offset - 30 if offset > 30 else 0, offset)
    )
    return offset if blank < 0 else blank + 1


def _source(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _digest(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _json(data: Mapping[str, Any]) -> Iterator[str]:
    """Write an object of lists, an item a line, with what could end the script element, or what it cannot hold, escaped."""
    before = "{"
    for key, value in data.items():
        yield f"{before}{json.dumps(key)}: "
        if isinstance(value, list):
            yield "["
            yield from (f"{',' if place else ''}\n{_escaped(item)}" for place, item in enumerate(value))
            yield "]"
        else:
            yield _escaped(value)
        before = ",\n"
    yield "}"


def _escaped(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return NOT_IN_SCRIPT.sub(lambda character: f"\\u{ord(character[0]):04x}", text)
