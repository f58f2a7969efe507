"""Small records and graphs for tests, each from the words that matter to the test.

>>> triple("Ada:Person", "employer", "Acme:Company").object.class_name
'Company'
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

from kgbuild import ids
from kgbuild.errors import GraphError
from kgbuild.ontology.model import Ontology, OntologyClass, Property
from kgbuild.records import (
    CandidateTriple,
    Chunk,
    Document,
    Entity,
    EntityRef,
    Evidence,
    Fact,
    Failure,
    JudgedTriple,
    Literal,
    LiteralValue,
    Mention,
    Reason,
    Span,
    Status,
    Verdict,
)
from kgbuild.stores.protocol import Differences

NO_ONTOLOGY = Ontology("none", {}, {})


def document(text: str, uri: str = "note.txt", title: str | None = None, published_on: str | None = None) -> Document:
    hash_ = ids.content_hash(text.encode("utf-8", "surrogatepass"))
    return Document(
        id=ids.document_id(uri, hash_, "text/plain"),
        uri=uri,
        media_type="text/plain",
        title=PurePosixPath(uri).stem if title is None else title,
        text=text,
        language="en",
        published_on=published_on,
        sections=(),
        metadata=(),
        content_hash=hash_,
    )


def chunks_of(document: Document) -> tuple[Chunk, ...]:
    """Cut a document into one chunk a line."""
    chunks: list[Chunk] = []
    start = 0
    for line in document.text.split("\n"):
        if line:
            span = Span(start, start + len(line))
            chunks.append(Chunk(ids.chunk_id(document.id, span, line), document.id, len(chunks), span, line))
        start += len(line) + 1
    return tuple(chunks)


def mention(name_and_class: str, document: Document | None = None) -> Mention:
    """Build the first mention of "Ada Lovelace:Person" in a document; without one, or when it has no such words, no span."""
    name, _, class_name = name_and_class.rpartition(":")
    start = document.text.find(name) if document else -1
    span = Span(start, start + len(name)) if start >= 0 else None
    document_id = document.id if document else ""
    return Mention(ids.mention_id(document_id, span, name, class_name), document_id, span, name, class_name)


def literal(written: str, document: Document | None = None) -> Literal:
    """Build the literal of "10 December 1815 = 1815-12-10^date", or of "1815^gYear" where both forms are the same.

    Its span is the first place in a document; without one, or when it has no such words, it has none.
    """
    text, _, value = written.rpartition(" = ")
    value, _, datatype = value.rpartition("^")
    start = document.text.find(text or value) if document else -1
    span = Span(start, start + len(text or value)) if start >= 0 else None
    return Literal(span, text or value, value, datatype)


def triple(subject: str, predicate: str, object_: str, text: str = "", chunk_id: str = "chk_test") -> CandidateTriple:
    """Build a candidate from "name:Class", a property and "name:Class" or "value^datatype"; all of `text` is its evidence."""
    object_words = literal(object_).text if "^" in object_ else object_.rpartition(":")[0]
    source = document(text or f"{subject.rpartition(':')[0]} {predicate} {object_words}.")
    return ids.identified(
        CandidateTriple(
            id="",
            chunk_id=chunk_id,
            subject=mention(subject, source),
            predicate=predicate,
            object=literal(object_, source) if "^" in object_ else mention(object_, source),
            evidence=Span(0, len(source.text)),
            quote=source.text,
            extractor="test",
        )
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """What a sample graph is built from: a fact in words, and the quote that states it."""

    subject: str
    predicate: str
    object: str
    quote: str
    confidence: float = 0.9
    status: Status = Status.ASSERTED
    valid_from: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True)
class Graph:
    """A snapshot in memory: what a store is given, in tests."""

    all_documents: tuple[Document, ...] = ()
    all_chunks: tuple[Chunk, ...] = ()
    all_mentions: tuple[Mention, ...] = ()
    all_entities: tuple[Entity, ...] = ()
    all_facts: tuple[Fact, ...] = ()
    all_rejected: tuple[JudgedTriple, ...] = ()
    all_failures: tuple[Failure, ...] = ()
    ontology: Ontology = NO_ONTOLOGY
    generation: int = 1
    graph_id: str = "test"

    def documents(self) -> Iterator[Document]:
        yield from sorted(self.all_documents, key=lambda record: record.id)

    def chunks(self) -> Iterator[Chunk]:
        yield from sorted(self.all_chunks, key=lambda record: record.id)

    def mentions(self) -> Iterator[Mention]:
        yield from sorted(self.all_mentions, key=lambda record: record.id)

    def entities(self) -> Iterator[Entity]:
        yield from sorted(self.all_entities, key=lambda record: record.id)

    def facts(self) -> Iterator[Fact]:
        yield from sorted(self.all_facts, key=lambda record: record.id)

    def rejected(self) -> Iterator[JudgedTriple]:
        yield from sorted(self.all_rejected, key=lambda judged: judged.triple.id)

    def failures(self) -> Iterator[Failure]:
        yield from sorted(
            self.all_failures, key=lambda failure: (failure.stage, failure.uri, failure.chunk_id or "", failure.detail)
        )

    def text_of(self, document_id: str) -> str:
        if document_id not in self._texts:
            raise GraphError("test", f"has no document {document_id}", "Add it")
        return self._texts[document_id]

    def facts_of(self, entity_id: str) -> Iterator[Fact]:
        yield from self._facts_by_subject.get(entity_id, ())

    def facts_of_entity(self, id_: str) -> Iterator[Fact]:
        return (fact for fact in self.facts() if id_ in (fact.subject_id, getattr(fact.object, "entity_id", None)))

    def facts_with(self, predicate: str) -> Iterator[Fact]:
        return (fact for fact in self.facts() if fact.predicate == predicate)

    def entity(self, id_: str) -> Entity | None:
        return next((entity for entity in self.all_entities if entity.id == id_), None)

    def chunks_of(self, document_id: str) -> list[Chunk]:
        return sorted((chunk for chunk in self.all_chunks if chunk.document_id == document_id), key=lambda chunk: chunk.index)

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {record.id: record.text for record in self.all_documents}

    @cached_property
    def _facts_by_subject(self) -> dict[str, list[Fact]]:
        facts: dict[str, list[Fact]] = {}
        for fact in self.facts():
            facts.setdefault(fact.subject_id, []).append(fact)
        return facts


def graph(
    texts: Mapping[str, str],
    claims: Sequence[Claim],
    *,
    aliases: Mapping[str, tuple[str, ...]] | None = None,
    rejected: Sequence[JudgedTriple] = (),
    failures: Sequence[Failure] = (),
    ontology: Ontology = NO_ONTOLOGY,
    generation: int = 1,
) -> Graph:
    """Build a graph from texts by uri and claims about them; every document that holds a claim's quote is evidence for it.

    aliases: other names of entities, by name.
    """
    documents = [document(text, uri) for uri, text in texts.items()]
    chunks = [chunk for source in documents for chunk in chunks_of(source)]
    entities: dict[str, Entity] = {}
    mentions: dict[str, Mention] = {}
    facts: list[Fact] = []

    def entity(name_and_class: str, sources: Sequence[Document]) -> Entity:
        name, _, class_name = name_and_class.rpartition(":")
        found = {m.id: m for m in (mention(name_and_class, source) for source in sources) if m.span}
        mentions.update(found)
        known = entities.get(name)
        mention_ids = tuple(sorted({*found, *(known.mention_ids if known else ())}))
        other_names = (aliases or {}).get(name, ())
        entities[name] = Entity(ids.entity_id(name.casefold()), name, class_name, other_names, "", mention_ids)
        return entities[name]

    for claim in claims:
        sources = [source for source in documents if claim.quote in source.text]
        subject = entity(claim.subject, sources)
        object_: EntityRef | LiteralValue
        if "^" in claim.object:
            value = literal(claim.object)
            object_, key = LiteralValue(value.text, value.value, value.datatype), f"{value.datatype}:{value.value}"
        else:
            object_ = EntityRef(entity(claim.object, sources).id)
            key = object_.entity_id
        facts.append(
            Fact(
                id=ids.fact_id(subject.id, claim.predicate, key),
                subject_id=subject.id,
                predicate=claim.predicate,
                object=object_,
                confidence=claim.confidence,
                evidence=tuple(
                    sorted((evidence(source, claim.quote) for source in sources), key=lambda e: (e.document_id, e.span))
                ),
                valid_from=claim.valid_from,
                valid_to=claim.valid_to,
                status=claim.status,
            )
        )
    return Graph(
        tuple(documents),
        tuple(chunks),
        tuple(mentions.values()),
        tuple(entities.values()),
        tuple(facts),
        tuple(rejected),
        tuple(failures),
        ontology,
        generation,
    )


def evidence(source: Document, quote: str, probability: float = 0.9) -> Evidence:
    """Build the evidence of a quote at its first place in a document."""
    start = source.text.index(quote)
    span = Span(start, start + len(quote))
    chunk_id = next((chunk.id for chunk in chunks_of(source) if chunk.span.contains(span)), "")
    return Evidence(source.id, chunk_id, span, quote, "compact/test", "rules", probability, source.published_on)


def differences(before: Graph | None, after: Graph) -> Differences:
    """Compare two graphs record by record, as the ledger compares two generations."""
    if before is None:
        return Differences(None, after, Graph())

    def new(old, now):
        known = {record.id: record for record in old}
        return tuple(record for record in now if known.get(record.id) != record)

    def retired(old, now):
        return new(now, old)

    def compared(by):
        return Graph(
            all_documents=by(before.all_documents, after.all_documents),
            all_chunks=by(before.all_chunks, after.all_chunks),
            all_entities=by(before.all_entities, after.all_entities),
            all_facts=by(before.all_facts, after.all_facts),
        )

    return Differences(before.generation, compared(new), compared(retired))


COMPANIES = Ontology(
    "companies",
    {
        "Person": OntologyClass("Person", "person", iri="http://xmlns.com/foaf/0.1/Person"),
        "Organization": OntologyClass("Organization", "organization"),
        "Company": OntologyClass("Company", "company", parent="Organization"),
        "City": OntologyClass("City", "city"),
    },
    {
        "founded": Property("founded", "founded", domain=("Person",), range=("Organization",)),
        "employer": Property("employer", "employer", domain=("Person",), range=("Organization",), temporal=True),
        "based_in": Property("based_in", "based in", domain=("Organization",), range=("City",), functional=True),
        "born_on": Property(
            "born_on", "born on", domain=("Person",), range=("date",), functional=True, iri="http://www.wikidata.org/entity/P569"
        ),
        "employees": Property("employees", "employees", domain=("Organization",), range=("integer",)),
    },
)

ACME = graph(
    {
        "acme.txt": "Ada Lovelace founded Acme.\nAcme, based in London, has 250 employees.\nCharles Babbage works for Acme.",
        "letters/ada.txt": "Ada Lovelace was born on 10 December 1815.\nAda Lovelace founded Acme.",
        "rumour.txt": "Acme is based in Paris.",
    },
    [
        Claim("Ada Lovelace:Person", "founded", "Acme:Company", "Ada Lovelace founded Acme."),
        Claim(
            "Acme:Company",
            "based_in",
            "London:City",
            "Acme, based in London, has 250 employees.",
            confidence=0.8,
            status=Status.DISPUTED,
        ),
        Claim("Acme:Company", "based_in", "Paris:City", "Acme is based in Paris.", confidence=0.6, status=Status.DISPUTED),
        Claim("Acme:Company", "employees", "250^integer", "Acme, based in London, has 250 employees."),
        Claim("Charles Babbage:Person", "employer", "Acme:Company", "Charles Babbage works for Acme.", valid_from="1837"),
        Claim("Ada Lovelace:Person", "born_on", "10 December 1815 = 1815-12-10^date", "Ada Lovelace was born on 10 December 1815."),
    ],
    aliases={"Ada Lovelace": ("Ada", "Countess of Lovelace")},
    rejected=[
        JudgedTriple(
            triple("Acme:Company", "founded", "London:City"), Verdict.rejected(Reason.OUTSIDE_DOMAIN, "Company is not a Person")
        ),
        JudgedTriple(triple("Ada:Person", "employer", "Acme:Company"), Verdict.undecided(Reason.UNSURE, "0.52", 0.52, "support")),
    ],
    failures=[Failure("documents", "broken.pdf", None, "no text", "the file holds images only")],
    ontology=COMPANIES,
)
"""Six facts from three documents, two of which contradict each other; one rejected and one undecided triple; one failure."""


RIVALS = graph(
    {
        "a.txt": "Ada was born in Rome.\nAda was born in Paris.\nAda was born in Oslo.\nEve was born in Rome.\n"
        "Acme owns Sub.\nSub owns Acme.\nAcme is led by Ada.\nSub is led by Ada."
    },
    [
        # One object:
        Claim("Ada:Person", "born_in", "Rome:City", "Ada was born in Rome."),
        Claim("Ada:Person", "born_in", "Paris:City", "Ada was born in Paris.", 0.7, Status.DISPUTED),
        Claim("Ada:Person", "born_in", "Oslo:City", "Ada was born in Oslo.", 0.6, Status.DISPUTED),
        Claim("Eve:Person", "born_in", "Rome:City", "Eve was born in Rome."),
        # one way round,
        Claim("Acme:Company", "owns", "Sub:Company", "Acme owns Sub."),
        Claim("Sub:Company", "owns", "Acme:Company", "Sub owns Acme.", 0.6, Status.DISPUTED),
        # one subject.
        Claim("Acme:Company", "led_by", "Ada:Person", "Acme is led by Ada."),
        Claim("Sub:Company", "led_by", "Ada:Person", "Sub is led by Ada.", 0.6, Status.DISPUTED),
    ],
    ontology=Ontology(
        "rivals",
        {name: OntologyClass(name, name.lower()) for name in ("Person", "Company", "City")},
        {
            "born_in": Property("born_in", "born in", domain=("Person",), range=("City",), functional=True),
            "owns": Property("owns", "owns", domain=("Company",), range=("Company",), asymmetric=True),
            "led_by": Property("led_by", "led by", domain=("Company",), range=("Person",), inverse_functional=True),
        },
    ),
)
"""Facts of three kinds of which one only can be true, with what disputes them."""
