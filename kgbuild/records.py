"""Every record that travels between stages, in the order they are made.

    Document -> Chunk -> CandidateTriple -> JudgedTriple -> Entity -> Fact

Records are frozen, do no I/O and know nothing of models or databases. Offsets count code points of `Document.text`.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `start` (included) to `end` (excluded) of a document, in code points of the text as read."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a span runs forward and is not empty, got {self.start}..{self.end}")

    def of(self, text: str) -> str:
        """Return the characters of `text` that the span covers."""
        return text[self.start : self.end]

    def shifted(self, by: int) -> "Span":
        """Return the same span seen from a text that begins `by` characters earlier."""
        return Span(self.start + by, self.end + by) if by else self

    def contains(self, other: "Span") -> bool:
        return self.start <= other.start and other.end <= self.end

    def overlaps(self, other: "Span") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document's layout: its words stay in `Document.text`, at `span`.

    `kind` is one of "heading", "paragraph", "list", "table", "row", "code", "page". A heading has a `level` from 1 (the title) on.
    """

    kind: str
    span: Span
    level: int = 0


@dataclass(frozen=True, slots=True)
class Document:
    """One document, its text exactly as read.

    uri: relative to the documents folder, with `/`; a record inside a file is `file.jsonl#key`.
    published_on: ISO date (possibly only a year or a month) that the content itself states, never the file system's.
    metadata: name and value pairs that came with the document, sorted by name.
    """

    id: str
    uri: str
    media_type: str
    title: str
    text: str
    language: str
    published_on: str | None
    sections: tuple[Section, ...]
    metadata: tuple[tuple[str, str], ...]
    content_hash: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences of one document; `text` equals the document's text at `span`.

    heading_path: headings above the chunk, outermost first.
    context: the tail of the text before the chunk, for a reader who has to resolve "she" or "the company"; never quoted from.
    """

    id: str
    document_id: str
    index: int
    span: Span
    text: str
    heading_path: tuple[str, ...] = ()
    context: str = ""


@dataclass(frozen=True, slots=True)
class Mention:
    """Words that name something. `span` is None when the words are not in the text, which is a reason to reject."""

    id: str
    document_id: str
    span: Span | None
    text: str
    class_name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A date, number or string: `text` as written, `value` normalised (ISO dates, plain decimals), `datatype` an XSD name
    without prefix, such as "date", "gYear", "decimal", "string"."""

    span: Span | None
    text: str
    value: str
    datatype: str


@dataclass(frozen=True, slots=True)
class Qualifier:
    """A property and value that hold of a fact, such as (start, 2019)."""

    name: str
    value: Literal


@dataclass(frozen=True, slots=True)
class CandidateTriple:
    """A triple as an extractor claims it.

    evidence: the span of the document that states it; None when no words of the text could be found for it.
    quote: the words the extractor gave as evidence; equal to the text at `evidence` when that is not None.
    score: the extractor's own confidence, 0 to 1.
    """

    id: str
    chunk_id: str
    subject: Mention
    predicate: str
    object: Mention | Literal
    evidence: Span | None
    quote: str
    qualifiers: tuple[Qualifier, ...] = ()
    extractor: str = ""
    score: float = 1.0


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNDECIDED = "undecided"


class Reason(StrEnum):
    """Why a candidate was not accepted, in the order in which judging looks: the first broken rule is the reason."""

    NOT_IN_TEXT = "not in text"
    PRONOUN = "pronoun"
    UNKNOWN_PROPERTY = "unknown property"
    UNKNOWN_CLASS = "unknown class"
    OUTSIDE_DOMAIN = "outside domain"
    OUTSIDE_RANGE = "outside range"
    WRONG_DATATYPE = "wrong datatype"
    SELF_LOOP = "self-loop"
    QUESTION = "question"
    NEGATED = "negated"
    SUPPOSED = "supposed"
    OFF_TYPE = "off type"
    NOT_SUPPORTED = "not supported"
    UNSURE = "unsure"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What judging decided. `reason` is None exactly when the outcome is accepted; `detail` names the one thing that decided.

    probability: that the evidence states the triple, calibrated, 0 to 1; None when rules alone decided.
    """

    outcome: Outcome
    reason: Reason | None = None
    detail: str = ""
    probability: float | None = None
    judge: str = "rules"

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.ACCEPTED) != (self.reason is None):
            raise ValueError(f"a verdict has a reason exactly when it does not accept, got {self.outcome} and {self.reason}")

    @classmethod
    def accepted(cls, probability: float | None = None, judge: str = "rules") -> "Verdict":
        return cls(Outcome.ACCEPTED, None, "", probability, judge)

    @classmethod
    def rejected(cls, reason: Reason, detail: str, probability: float | None = None, judge: str = "rules") -> "Verdict":
        return cls(Outcome.REJECTED, reason, detail, probability, judge)

    @classmethod
    def undecided(cls, reason: Reason, detail: str, probability: float | None = None, judge: str = "rules") -> "Verdict":
        return cls(Outcome.UNDECIDED, reason, detail, probability, judge)


@dataclass(frozen=True, slots=True)
class JudgedTriple:
    triple: CandidateTriple
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Entity:
    """What mentions refer to. `aliases`: its other surface forms, sorted; `mention_ids` sorted."""

    id: str
    name: str
    class_name: str
    aliases: tuple[str, ...] = ()
    description: str = ""
    mention_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that state a fact. quote: the document's text at `span`. stated_on: the document's date, never the clock."""

    document_id: str
    chunk_id: str
    span: Span
    quote: str
    extractor: str
    judge: str
    probability: float
    stated_on: str | None = None


class Status(StrEnum):
    ASSERTED = "asserted"
    DISPUTED = "disputed"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class EntityRef:
    """The object of a fact that is itself an entity."""

    entity_id: str


@dataclass(frozen=True, slots=True)
class LiteralValue:
    """The object of a fact that is a literal; `text` is the least of the ways it was written."""

    text: str
    value: str
    datatype: str


@dataclass(frozen=True, slots=True)
class Derivation:
    """The rule that inferred a fact, and the facts it was inferred from."""

    rule: str
    fact_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A triple as the graph holds it, with everything that states it. `evidence` is sorted by document and span, never empty."""

    id: str
    subject_id: str
    predicate: str
    object: EntityRef | LiteralValue
    confidence: float
    evidence: tuple[Evidence, ...]
    qualifiers: tuple[Qualifier, ...] = ()
    valid_from: str | None = None
    valid_to: str | None = None
    status: Status = Status.ASSERTED
    derived_from: Derivation | None = None

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"fact {self.id} has no evidence")


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, document or chunk that could not be processed. `retryable`: the next run asks again by itself."""

    stage: str
    uri: str
    chunk_id: str | None
    reason: str
    detail: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Extraction:
    """What an extractor made of one chunk: its candidates, and how many it scored below its threshold and did not emit.

    spared: a cascade did not have to put the chunk to its language model.
    """

    candidates: tuple[CandidateTriple, ...]
    below_threshold: int = 0
    failure: Failure | None = None
    spared: bool = False


def moved(triple: CandidateTriple, by: int, document_id: str, chunk_id: str) -> CandidateTriple:
    """Return the triple as seen from another document or chunk whose text begins `by` characters earlier.

    Ids are left empty: `ids.identified` gives them, since they depend on where the triple stands.
    """

    def mention(m: Mention) -> Mention:
        return replace(m, id="", document_id=document_id, span=m.span and m.span.shifted(by))

    def literal(value: Literal) -> Literal:
        return replace(value, span=value.span and value.span.shifted(by))

    return replace(
        triple,
        id="",
        chunk_id=chunk_id,
        subject=mention(triple.subject),
        object=mention(triple.object) if isinstance(triple.object, Mention) else literal(triple.object),
        evidence=triple.evidence and triple.evidence.shifted(by),
        qualifiers=tuple(replace(q, value=literal(q.value)) for q in triple.qualifiers),
    )
