"""What a publication writes: nodes, then relationships, then what went; all of it, whatever an earlier attempt got done.

Everything is computed from the generation to publish and the differences to the one a database holds; the database is not read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, islice
from typing import Any

from kgbuild.records import Chunk, Entity, EntityRef, Fact
from kgbuild.stores.elements import (
    CHUNK,
    DOCUMENT,
    ENTITY,
    FROM_CHUNK,
    FROM_DOCUMENT,
    KINDS,
    Edge,
    Names,
    Node,
    chunk_edges,
    chunk_node,
    document_node,
    entity_node,
    fact_edge,
    names_for,
    next_chunks,
    source_edges,
    uses_in,
)
from kgbuild.stores.neo4j import statements
from kgbuild.stores.neo4j.receipts import Receipt, Receipts, Written
from kgbuild.stores.neo4j.writing import Row, Writer
from kgbuild.stores.projection import Use, uses_of
from kgbuild.stores.protocol import Differences, GraphRecords, Snapshot

STRIPPED_AT_A_TIME = 5_000


def publish(
    writer: Writer,
    snapshot: Snapshot,
    differences: Differences,
    receipt: Receipt,
    receipts: Receipts,
    advance: Callable[[int], None],
) -> tuple[str, ...]:
    """Bring a database from the generation it holds to that of `snapshot`. Returns: ids of the nodes that were stripped."""
    empty = not receipt.written and differences.since is None
    attempt, past = _attempt(snapshot, differences, receipt)
    if receipt.written and replace(receipt.written[-1], done={}) == attempt:
        attempt = receipt.written[-1]
    else:
        receipt = replace(receipt, written=(*receipt.written, attempt))
    receipt.keep(receipts)
    change = _Change(snapshot, differences, attempt.names, past, _Retired() if empty else _retired(differences.retired))

    done = dict(attempt.done)
    for name, rows in (("nodes", change.node_rows()), ("relationships", change.edge_rows())):

        def written(count: int, name: str = name) -> None:
            done[name] = done.get(name, 0) + count
            receipt.with_last(replace(attempt, done=dict(done))).keep(receipts)
            advance(count)

        writer.write(islice(rows, done.get(name, 0), None), written)
    stripped = _retract(writer, change, advance)
    writer.run(statements.MARK, generation=snapshot.generation)
    replace(receipt, written=(replace(attempt, done={}),)).keep(receipts)
    return stripped


def _attempt(snapshot: Snapshot, differences: Differences, receipt: Receipt) -> tuple[Written, tuple[Names, ...]]:
    """Return what is about to be written, and every naming under which something may have been written before."""
    since = differences.since
    known = {written.generation: written for written in receipt.written}
    past = tuple(written.names for written in receipt.written)
    if since in known:
        uses = _uses_after(set(known[since].uses), differences, snapshot)
    else:
        uses = uses_in(snapshot)
        if since is not None:  # a database that came from a backup or by import: no receipt tells what names it was written with
            past = (*past, names_for(uses | uses_in(differences.retired), snapshot.ontology))
    names = names_for(uses, snapshot.ontology)
    return Written(since, snapshot.generation, tuple(sorted(uses)), names, {}), past


def _uses_after(uses: set[Use], differences: Differences, snapshot: Snapshot) -> set[Use]:
    """Return what names depend on after a change, without reading the whole graph."""
    came = uses_in(differences.changed)
    lost = uses_in(differences.retired) - came
    for use in lost:
        if use[0] != "class" and not any(use in uses_of(fact) for fact in snapshot.facts_with(use[1])):
            uses.discard(use)
    uses |= came
    classes = {name for kind, name, *_ in uses if kind == "class"}
    if any(use[0] == "class" for use in lost) and len({name.casefold() for name in classes}) < len(classes):
        # Two classes that only case tells apart: which of them gets a trailing `_` depends on which are there.
        uses = {use for use in uses if use[0] != "class"} | {("class", entity.class_name) for entity in snapshot.entities()}
    return uses


@dataclass(frozen=True, slots=True)
class _Retired:
    """Earlier versions of records, each by what a database may hold of it. What turns out to be there still is taken out again."""

    documents: set[str] = field(default_factory=set)
    chunks: dict[str, Chunk] = field(default_factory=dict)
    classes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of entities, by id: the classes they had."""
    literals: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Of entities, by id: literal properties of which they had a value that is no more."""
    facts: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Between entities: predicate, subject and object."""
    sources: set[tuple[str, str]] = field(default_factory=set)
    """Entities and the chunks they were said to come from."""


def _retired(records: GraphRecords) -> _Retired:
    retired = _Retired()
    retired.documents.update(document.id for document in records.documents())
    retired.chunks.update((chunk.id, replace(chunk, text="", context="")) for chunk in records.chunks())
    for entity in records.entities():
        retired.classes[entity.id].add(entity.class_name)
    for fact in records.facts():
        if isinstance(fact.object, EntityRef):
            retired.facts[fact.id] = (fact.predicate, fact.subject_id, fact.object.entity_id)
        else:
            retired.literals[fact.subject_id].add(fact.predicate)
        retired.sources.update((edge.start, edge.end) for edge in source_edges(fact))
    return retired


@dataclass(frozen=True)
class _Change:
    """A publication as rows. past: every naming under which something may have been written before."""

    snapshot: Snapshot
    differences: Differences
    names: Names
    past: tuple[Names, ...]
    retired: _Retired

    # -- nodes

    def node_rows(self) -> Iterator[Row]:
        changed = self.differences.changed
        for document in changed.documents():
            yield node_row(document_node(document))
        for chunk in changed.chunks():
            yield node_row(chunk_node(chunk))
        for entity in changed.entities():
            yield from self._entity_rows(entity)
        if self.differences.since is None:
            return
        written = {entity.id for entity in changed.entities()}
        for id_ in self._touched_entities():
            if id_ not in written and (touched := self.snapshot.entity(id_)) is not None:
                written.add(id_)
                yield from self._entity_rows(touched)

    def _touched_entities(self) -> Iterator[str]:
        """Yield entities whose node changes though their own record may not."""
        yield from (fact.subject_id for fact in self.differences.changed.facts() if not isinstance(fact.object, EntityRef))
        yield from sorted(self.retired.literals)
        for predicate in self._renamed_literals:
            yield from (fact.subject_id for fact in self.snapshot.facts_with(predicate))
        if any(old.labels.get(name, label) != label for old in self.past for name, label in self.names.labels.items()):
            yield from (entity.id for entity in self.snapshot.entities())

    def _entity_rows(self, entity: Entity) -> Iterator[Row]:
        node = entity_node(entity, self.snapshot.facts_of(entity.id), self.names)
        stale = dict.fromkeys(self._keys_of({*self.retired.literals.get(entity.id, ()), *self._renamed_literals}))
        yield node_row(replace(node, properties=stale | dict(node.properties)))
        had = self._labels_of({entity.class_name, *self.retired.classes.get(entity.id, ())}) - set(node.labels)
        if had:
            yield Row(statements.REMOVE_LABELS, (entity.id,), {"id": entity.id, "labels": sorted(had)})

    def _keys_of(self, predicates: Iterable[str]) -> list[str]:
        literals = [names.projection.literals for names in self.past]
        return sorted({known[predicate].key for known in literals for predicate in predicates if predicate in known})

    def _labels_of(self, classes: Iterable[str]) -> set[str]:
        return {names.labels[name] for names in self.past for name in classes if name in names.labels}

    @cached_property
    def _renamed_literals(self) -> list[str]:
        now = self.names.projection.literals
        return sorted(
            {name for old in self.past for name, literal in old.projection.literals.items() if now.get(name, literal) != literal}
        )

    # -- relationships

    def edge_rows(self) -> Iterator[Row]:
        for document_id in self._documents_with_changed_chunks():
            yield from map(tie_row, chunk_edges(self.snapshot.chunks_of(document_id)))
        for fact in self.differences.changed.facts():
            for source in source_edges(fact):
                yield tie_row(source)
            if isinstance(fact.object, EntityRef):
                yield self._fact_row(fact)
        for predicate in self.renamed_relationships:
            yield from map(self._fact_row, self._edges_with(predicate))

    def _documents_with_changed_chunks(self) -> Iterable[str]:
        if self.differences.since is None:
            return (document.id for document in self.snapshot.documents())
        chunks = chain(self.differences.changed.chunks(), self.retired.chunks.values())
        return sorted({chunk.document_id for chunk in chunks})

    def _fact_row(self, fact: Fact) -> Row:
        edge = fact_edge(fact, self.names)
        new = fact.id not in self.retired.facts and fact.predicate not in self.renamed_relationships
        statement = statements.add_fact(edge.type) if new else statements.set_fact(edge.type)
        return edge_row(statement, edge)

    def _edges_with(self, predicate: str) -> Iterator[Fact]:
        return (fact for fact in self.snapshot.facts_with(predicate) if isinstance(fact.object, EntityRef))

    @cached_property
    def renamed_relationships(self) -> frozenset[str]:
        now = self.names.projection.relationships
        were = (pair for old in self.past for pair in old.projection.relationships.items())
        return frozenset(
            name
            for name, old in were
            if name in now and _is_renamed(old.qualifiers, now[name].qualifiers, old.type, now[name].type)
        )

    # -- what went

    def edges_gone(self) -> Iterator[Row]:
        changed = self.differences.changed
        facts, sources = dict(self.retired.facts), set(self.retired.sources)
        for fact in changed.facts():
            facts.pop(fact.id, None)
            sources.difference_update((edge.start, edge.end) for edge in source_edges(fact))
        for id_, (predicate, subject, object_) in sorted(facts.items()):
            for type_ in self._types_of(predicate):
                yield edge_row(statements.remove_fact(type_), Edge(type_, subject, object_, id_, {}))
        for predicate in self.renamed_relationships:
            for fact in self._edges_with(predicate):
                edge = fact_edge(fact, self.names)
                for type_ in self._types_of(predicate) - {edge.type}:
                    yield edge_row(statements.remove_fact(type_), replace(edge, properties={}))
        for pair in sorted(sources):
            if not self._is_source(*pair):
                yield untie_row(Edge(FROM_CHUNK, *pair, None, {}))
        yield from map(untie_row, self._chunk_edges_gone())

    def _types_of(self, predicate: str) -> set[str]:
        known = (names.projection.relationships for names in self.past)
        return {relationships[predicate].type for relationships in known if predicate in relationships}

    def _is_source(self, entity_id: str, chunk_id: str) -> bool:
        if chunk_id in self.chunks_gone or entity_id in self.entities_gone:
            return False
        return any(edge.start == entity_id and edge.end == chunk_id for edge in self._sources_of(entity_id))

    def _sources_of(self, entity_id: str) -> Iterator[Edge]:
        for fact in self.snapshot.facts_of_entity(entity_id):
            yield from source_edges(fact)

    def _chunk_edges_gone(self) -> Iterator[Edge]:
        of_document: dict[str, list[Chunk]] = defaultdict(list)
        for chunk in self.retired.chunks.values():
            of_document[chunk.document_id].append(chunk)
        for document_id, chunks in sorted(of_document.items()):
            now = list(self.snapshot.chunks_of(document_id))
            stand = {(edge.type, edge.start, edge.end) for edge in chunk_edges(now)}
            stood = [Edge(FROM_DOCUMENT, chunk.id, document_id, None, {}) for chunk in chunks]
            for edge in (*stood, *next_chunks({chunk.id: chunk for chunk in (*chunks, *now)}.values())):
                if (edge.type, edge.start, edge.end) not in stand:
                    yield edge

    @cached_property
    def documents_gone(self) -> set[str]:
        return self.retired.documents - {document.id for document in self.differences.changed.documents()}

    @cached_property
    def chunks_gone(self) -> set[str]:
        return self.retired.chunks.keys() - {chunk.id for chunk in self.differences.changed.chunks()}

    @cached_property
    def entities_gone(self) -> set[str]:
        return self.retired.classes.keys() - {entity.id for entity in self.differences.changed.entities()}

    def nodes_gone(self) -> Iterator[Node]:
        """Yield the nodes to remove: labels are those they may have beside the one of their kind, properties are None."""
        for kind, ids in ((DOCUMENT, self.documents_gone), (CHUNK, self.chunks_gone)):
            yield from (Node(kind, id_, (), dict.fromkeys(KINDS[kind])) for id_ in sorted(ids))
        for id_ in sorted(self.entities_gone):
            labels = ("__Entity__", *sorted(self._labels_of(self.retired.classes[id_])))
            keys = (*KINDS[ENTITY], *self._keys_of(self.retired.literals.get(id_, ())))
            yield Node(ENTITY, id_, labels, dict.fromkeys(keys))


def _is_renamed(had: Mapping[str, str], has: Mapping[str, str], type_was: str, type_is: str) -> bool:
    return type_was != type_is or any(has.get(name, key) != key for name, key in had.items())


def _retract(writer: Writer, change: _Change, advance: Callable[[int], None]) -> tuple[str, ...]:
    writer.write(change.edges_gone(), advance, writers=1)
    return remove_nodes(writer, change.nodes_gone, advance)


def remove_nodes(writer: Writer, gone: Callable[[], Iterator[Node]], advance: Callable[[int], None]) -> tuple[str, ...]:
    """Remove nodes that have no relationships of ours any more; those that others tied to theirs are stripped of what was ours.

    gone: labels are those a node may have beside the one of its kind, properties are None. Returns: ids of those stripped.
    """
    writer.write((Row(statements.delete_node(node.kind), (node.id,), {"id": node.id}) for node in gone()), advance)
    stripped: list[str] = []
    nodes = gone()
    while batch := list(islice(nodes, STRIPPED_AT_A_TIME)):
        for kind in KINDS:
            kept = [{"id": n.id, "labels": n.labels, "properties": n.properties} for n in batch if n.kind == kind]
            stripped += [record["id"] for record in writer.run(statements.strip_node(kind), rows=kept)] if kept else []
    return tuple(stripped)


def node_row(node: Node) -> Row:
    values: dict[str, Any] = {"id": node.id, "labels": node.labels, "properties": node.properties}
    return Row(statements.write_node(node.kind), (node.id,), values, len(node.properties.get("text") or ""))


def tie_row(edge: Edge) -> Row:
    return edge_row(statements.tie(edge.type), edge)


def untie_row(edge: Edge) -> Row:
    return edge_row(statements.untie(edge.type), edge)


def edge_row(statement: str, edge: Edge) -> Row:
    values: dict[str, Any] = {"start": edge.start, "end": edge.end}
    if edge.id is not None:
        values |= {"id": edge.id, "properties": edge.properties}
    return Row(statement, (edge.start, edge.end), values, sum(map(len, edge.properties.get("quotes") or ())))
