"""The order of the steps, once, over any runner.

    files -> documents and chunks -> candidate triples -> judged triples -> mentions -> entities -> facts -> publication

The pipeline asks the ledger what is still to do, hands it out in batches and gives the results back to the ledger. It decides
nothing: what a step does stands in `batches` and in the stages.
"""

import gc
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import uuid4

from kgbuild import fusion, resolution
from kgbuild.batches import Extracting, Judging, Reading, Run, extract_batch, judge_batch, read_batch, words_alone
from kgbuild.batching import batched
from kgbuild.documents import FoundFile, find_files, printable
from kgbuild.errors import InputError
from kgbuild.extraction import Extractor, ExtractorAddress, opened
from kgbuild.fusion.fuse import fuse, self_loops
from kgbuild.fusion.groups import fact_group_keys, group_keys, object_key
from kgbuild.ids import digest, identified
from kgbuild.judging import Judge, JudgeAddress, Judgement, open_judge
from kgbuild.ledger import Ledger, Placed, Snapshot
from kgbuild.ontology.model import Ontology
from kgbuild.records import CandidateTriple, Chunk, Document, Failure, JudgedTriple, Mention, Outcome, moved
from kgbuild.report import Report, report_of
from kgbuild.resolution.coreference import representatives
from kgbuild.resolution.normalisation import block_key
from kgbuild.resolution.resolve import resolve
from kgbuild.serialisation import from_json, to_json
from kgbuild.settings import Prices
from kgbuild.stores import open_store
from kgbuild.stores.protocol import Publication

Item = TypeVar("Item")
Context = TypeVar("Context")
Result = TypeVar("Result")

FILES_PER_BATCH, BYTES_PER_BATCH = 128, 16_000_000
CHUNKS_PER_BATCH = 128
ROWS_PER_COMMIT = 1000


class Runner(Protocol):
    """Maps a step over batches, several at a time, and yields the results in the order of the batches.

    at_a_time: how many batches, where they wait for a server rather than compute; None leaves it to the runner.
    """

    def __call__(
        self,
        step: Callable[[Sequence[Item], Context], Result],
        batches: Iterable[Sequence[Item]],
        context: Context,
        at_a_time: int | None = None,
    ) -> Iterator[Result]: ...


class Progress(Protocol):
    """Somebody who watches: told when a stage begins and how far it has come."""

    def begin(self, stage: str, total: int | None) -> None: ...

    def advance(self, done: int) -> None: ...


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """All that decides what a build makes of a folder of documents.

    llm: the address of the language model that the extractor or the judge asks; None when they ask none.
    requests: in flight at its server at a time. budget_tokens: what one run may spend on it; None for no limit.
    prices: of its tokens, for the report to tell what they cost.
    uncovered: properties that the extractor does not know and will not look for, for the report to name.
    store: address of a store to publish to as the last step, see `stores.open_store`; None publishes nowhere.
    """

    documents: Path
    graph: Path
    ontology: Ontology
    extractor: ExtractorAddress
    judge: JudgeAddress
    llm: str | None = None
    requests: int = 64
    budget_tokens: int | None = None
    prices: Prices | None = None
    uncovered: tuple[str, ...] = ()
    retry_failed: bool = False
    replace_root: bool = False
    store: str | None = None


def build(plan: BuildPlan, run: Runner, progress: Progress) -> Report:
    """Bring a graph directory up to date with a folder of documents, publish the result as its next generation, and bring the
    store up to date with that.

    Raises InputError for a folder that is missing, empty or not the graph's; GraphError when the graph cannot be written;
    StoreError when the store cannot, which the next run mends.
    """
    check_documents(plan)  # before a graph directory is made for it
    extractor, judge = opened(plan.extractor), open_judge(plan.judge)
    with _seldom_collected(), Ledger.open(plan.graph) as ledger:
        _claim_root(ledger, plan)
        stages = _Stages(progress)
        this = Run(str(plan.graph), ledger.start_run(), plan.budget_tokens)
        reading = Reading(str(plan.documents))

        with stages.stage("reading", None):
            to_read = ledger.unread(files_of(plan), reading.recipe)
            for files in run(read_batch, file_batches(to_read), reading):
                ledger.add_files(files, reading.recipe)
                stages.advance(len(files))
        made_with = made_with_of(plan, extractor, judge)
        remade = made_otherwise(ledger.value, made_with)
        added, removed, kept = ledger.stage_documents(made_with["plan"], reading.recipe, retry_failed=plan.retry_failed)
        ledger.stage_file_failures()
        transient: dict[str, Failure] = {}
        extracted = spared = 0

        with stages.stage("extracting", ledger.count_chunks_to_process() if added else 0):
            to_extract = _unextracted(ledger, extractor, stages.advance)
            for extractions in run(
                extract_batch, batched(to_extract, CHUNKS_PER_BATCH), Extracting(plan.extractor, this), _at_a_time(plan)
            ):
                ledger.take_in_replies()
                ledger.add_extractions(extractions)
                transient |= {key: done.failure for key, done in extractions if done.failure and done.failure.retryable}
                extracted += len(extractions)
                spared += sum(done.spared for _, done in extractions)
                stages.advance(len(extractions))
        unfinished: dict[str, Judgement] = {}
        with stages.stage("judging", None):
            to_judge = _unjudged(ledger, extractor, judge)
            for judgements in run(judge_batch, batched(to_judge, CHUNKS_PER_BATCH), Judging(plan.judge, this), _at_a_time(plan)):
                ledger.take_in_replies()
                ledger.add_verdicts((key, done.verdicts) for key, done in judgements if done.failure is None)
                unfinished |= {key: done for key, done in judgements if done.failure is not None}
                stages.advance(len(judgements))
        with stages.stage("placing", added):
            for batch in batched(ledger.documents_to_process(), CHUNKS_PER_BATCH):
                ledger.place(
                    [
                        _placed(document, chunks, ledger, extractor, judge, plan.ontology, transient, unfinished)
                        for document, chunks in batch
                    ]
                )
                stages.advance(len(batch))

        everything = ledger.value("fused_with") != made_with["fused_with"]
        with stages.stage("resolving", None):
            for blocks in batched(ledger.touched_blocks(everything=everything), ROWS_PER_COMMIT):
                ledger.set_entities((key, resolve(key, ledger.mentions_of_block(key), plan.ontology)) for key in blocks)
                stages.advance(len(blocks))
        with stages.stage("fusing", None):
            _fuse(ledger, plan.ontology, everything, stages)
        if changed := ledger.changed():
            ledger.publish(made_with)
        with Snapshot.open(plan.graph) as snapshot:
            report = report_of(
                snapshot,
                changed=changed,
                documents_read=added,
                documents_removed=removed,
                documents_kept=kept,
                remade=remade,
                uncovered=plan.uncovered,
                seconds=stages.seconds,
                usage=ledger.usage(this.id),
                prices=plan.prices,
                extracted=extracted,
                spared=spared,
                judge=judge.description,
            )
        ledger.finish_run(this.id, to_json(report))
        if plan.store is not None:
            with stages.stage("publishing", None):
                published = _publish(plan.store, plan.graph, ledger, stages)
            report = replace(report, store=plan.store, published=published, seconds=stages.seconds)
            ledger.finish_run(this.id, to_json(report))
        return report


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Let Python look for cycles every 50,000 objects, and not among those that are there already: modules and language data.

    A tenth of the time of asking a model goes into looking there, in vain.
    """
    often = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, *often[1:])
    try:
        yield
    finally:
        gc.set_threshold(*often)
        gc.unfreeze()


def _publish(url: str, graph: Path, ledger: Ledger, stages: "_Stages") -> Publication:
    """Bring a store to the published generation from whichever it holds."""
    with Snapshot.open(graph) as snapshot, closing(open_store(url, ledger, stages.advance)) as store:
        return store.publish(snapshot, snapshot.differences(store.generation()))


def made_with_of(plan: BuildPlan, extractor: Extractor, judge: Judge) -> dict[str, str]:
    """Return what the graph remembers of how it was made.

    `plan` decides about documents, `fused_with` about entities and facts; `extractor` and `judge` are for people to read.
    """
    recipe = Reading(str(plan.documents)).recipe
    return {
        "plan": digest(recipe, extractor.key, judge.key, resolution.VERSION),  # mentions are placed by its block keys
        "fused_with": digest(resolution.VERSION, fusion.VERSION, plan.ontology.digest),
        "ontology": to_json(plan.ontology),
        "extractor": extractor.name,
        "judge": judge.description,
    }


def made_otherwise(before: Callable[[str], str | None], now: Mapping[str, str]) -> tuple[str, ...]:
    """Say what makes every document be worked on again, such as "extractor compact/2b7c01 instead of llm/qwen"; nothing where
    the graph was made in the same way, or is new.

    before: what the graph remembers, by name.
    """
    if before("plan") in (None, now["plan"]):
        return ()
    shown = {name: (before(name), now[name]) for name in ("extractor", "judge")}
    named = [f"{name} {new} instead of {old}" for name, (old, new) in shown.items() if old not in (None, new)]
    if (text := before("ontology")) not in (None, now["ontology"]):
        old_ontology, new_ontology = from_json(Ontology, text or ""), from_json(Ontology, now["ontology"])
        if old_ontology.name != new_ontology.name:
            named.append(f"ontology {new_ontology.name} instead of {old_ontology.name}")
        elif old_ontology.digest != new_ontology.digest:
            named.append(f"ontology {new_ontology.name} in another version")
    return tuple(named) or ("other options, or another version of kgbuild",)


def check_documents(plan: BuildPlan) -> None:
    """Raise InputError unless the plan's folder is there and holds files."""
    if not plan.documents.is_dir():
        raise InputError(plan.documents, "is not a folder", "Give a folder of documents")
    if plan.graph.resolve() in (folder := plan.documents.resolve(), *folder.parents):
        raise InputError(plan.graph, f"the graph directory holds the documents folder {plan.documents}", "Choose another --graph")
    if next(files_of(plan), None) is None:
        raise InputError(plan.documents, "holds no files", "Put documents into it; a graph built from it before stays as it is")


def _claim_root(ledger: Ledger, plan: BuildPlan) -> None:
    """Remember the documents folder of the graph, and refuse another one: it would silently remove every document."""
    root, remembered = printable(str(plan.documents.resolve())), ledger.value("root")
    if remembered not in (None, root) and not plan.replace_root:
        raise InputError(
            plan.documents,
            f"the graph in {plan.graph} was built from {remembered}",
            "Use that folder, another --graph, or --replace-root",
        )
    ledger.remember({"root": root, "graph_id": ledger.value("graph_id") or uuid4().hex})


def files_of(plan: BuildPlan) -> Iterator[tuple[str, str, int]]:
    """Yield uri, fingerprint and size of each file of the documents folder, leaving out the graph directory should it lie there."""
    graph = plan.graph.resolve()
    now = time.time_ns()
    for file in find_files(plan.documents):
        if graph not in Path(os.path.realpath(file.path)).parents:  # `Path.resolve` raises for a link to itself
            yield file.uri, _fingerprint(file, now), file.size


def _fingerprint(file: FoundFile, now_ns: int) -> str:
    """Return what tells the file's state without reading it; empty when it changed so lately that it may change again unnoticed."""
    changed_ns = max(file.mtime_ns, file.ctime_ns)
    return "" if now_ns - changed_ns < 2_000_000_000 else f"{file.size}:{file.mtime_ns}:{file.ctime_ns}:{file.inode}"


def extraction_key(extractor: Extractor, chunk: Chunk) -> str:
    """Return the key under which the extraction of a chunk that stands for its words alone is kept."""
    return digest(extractor.key, extractor.chunk_key(chunk))


def _verdict_key(judge: Judge, chunk: Chunk, extraction_key: str) -> str:
    return digest(judge.key, judge.chunk_key(chunk), extraction_key)


def _unextracted(ledger: Ledger, extractor: Extractor, advance: Callable[[int], None]) -> Iterator[tuple[str, Chunk]]:
    """Yield the chunks whose words were not extracted from before, each once however many documents share it."""
    asked: set[str] = set()
    words = map(words_alone, ledger.chunks_to_process())
    for keyed in batched(((extraction_key(extractor, chunk), chunk) for chunk in words), CHUNKS_PER_BATCH):
        known = ledger.extracted([key for key, _ in keyed])
        for key, chunk in keyed:
            if key not in asked and key not in known:
                asked.add(key)
                yield key, chunk
            else:
                advance(1)


def _unjudged(ledger: Ledger, extractor: Extractor, judge: Judge) -> Iterator[tuple[str, Chunk, tuple[CandidateTriple, ...]]]:
    """Yield the chunks with candidates that have no verdicts yet."""
    asked: set[str] = set()
    for chunk in map(words_alone, ledger.chunks_to_process()):
        extracted = extraction_key(extractor, chunk)
        key = _verdict_key(judge, chunk, extracted)
        if key in asked or ledger.verdicts(key) is not None:
            continue
        extraction = ledger.extraction(extracted)
        if extraction is not None and extraction.candidates:
            asked.add(key)
            yield key, chunk, extraction.candidates


def _placed(
    document: Document,
    chunks: Sequence[Chunk],
    ledger: Ledger,
    extractor: Extractor,
    judge: Judge,
    ontology: Ontology,
    transient: dict[str, Failure],
    unfinished: dict[str, Judgement],
) -> Placed:
    """Put what was extracted from a document's chunks in its place: offsets into the document, ids, and blocks for its mentions."""
    triples: dict[str, JudgedTriple] = {}
    below: list[tuple[Chunk, int]] = []
    failures: list[Failure] = []
    complete = True
    for chunk in chunks:
        words = words_alone(chunk)
        key = extraction_key(extractor, words)
        extraction = ledger.extraction(key)
        failure = transient.get(key) if extraction is None else extraction.failure
        if failure is not None:
            failures.append(replace(failure, uri=document.uri, chunk_id=chunk.id))
        below.append((chunk, 0 if extraction is None else extraction.below_threshold))
        if extraction is None:
            complete = False
            continue
        if not extraction.candidates:
            continue
        verdict_key = _verdict_key(judge, words, key)
        judgement = unfinished.get(verdict_key) or Judgement(ledger.verdicts(verdict_key) or ())
        if judgement.failure is not None:
            failures.append(replace(judgement.failure, uri=document.uri, chunk_id=chunk.id))
            complete = False
        for candidate, verdict in zip(extraction.candidates, judgement.verdicts, strict=True):
            triple = identified(moved(candidate, chunk.span.start, document.id, chunk.id))
            triples[triple.id] = JudgedTriple(triple, verdict)
    return Placed(
        document.id, tuple(below), tuple(triples.values()), _blocked_mentions(triples.values(), ontology), tuple(failures), complete
    )


def _blocked_mentions(triples: Iterable[JudgedTriple], ontology: Ontology) -> tuple[tuple[Mention, str], ...]:
    """Return the mentions of a document's accepted triples, each with the key of the block in which it is resolved."""
    accepted = [judged.triple for judged in triples if judged.verdict.outcome is Outcome.ACCEPTED]
    ends = (end for triple in accepted for end in (triple.subject, triple.object) if isinstance(end, Mention))
    mentions = {mention.id: mention for mention in ends}
    names = representatives(mentions.values(), ontology)
    return tuple((mention, block_key(names[id_])) for id_, mention in mentions.items())


def _fuse(ledger: Ledger, ontology: Ontology, everything: bool, stages: "_Stages") -> None:
    """Decide again every group of facts that a changed triple stands in or stood in."""
    for batch in batched(ledger.touched_triples(everything=everything), ROWS_PER_COMMIT):
        ledger.regroup((id_, _groups(judged, ledger, ontology)) for id_, judged in batch)
    for keys in batched(ledger.touched_groups(), ROWS_PER_COMMIT):
        affected = ledger.triples_in_groups(keys)
        needed = ledger.triples_in_groups({key for judged in affected for key in _groups(judged, ledger, ontology)})
        entity_of = _entities_of(needed, ledger)
        documents = {judged.triple.subject.document_id for judged in needed}
        stated_on = {document_id: ledger.published_on(document_id) for document_id in documents}
        facts = [(fact, fact_group_keys(fact, ontology)) for fact in fuse(needed, entity_of, stated_on, ontology)]
        touched = set(keys)
        ledger.set_facts(keys, ((fact, object_key(fact.object), groups) for fact, groups in facts if groups & touched))
        stages.advance(len(keys))


def _groups(judged: JudgedTriple | None, ledger: Ledger, ontology: Ontology) -> frozenset[str]:
    """Return the groups of a triple: none when it went, or when both its sides became one entity."""
    if judged is None:
        return frozenset()
    entity_of = _entities_of([judged], ledger)
    if self_loops([judged], entity_of):
        return frozenset()
    return group_keys(judged.triple, entity_of, ontology)


def _entities_of(triples: Iterable[JudgedTriple], ledger: Ledger) -> dict[str, str]:
    ends = (end for judged in triples for end in (judged.triple.subject, judged.triple.object))
    return {id_: ledger.entity_of(id_) for id_ in {end.id for end in ends if isinstance(end, Mention)}}


def file_batches(files: Iterable[tuple[str, int]]) -> Iterator[list[str]]:
    """Group files by number and size, so that the memory of a batch has a bound that one large file alone may exceed."""
    for batch in batched(files, FILES_PER_BATCH, BYTES_PER_BATCH, size=itemgetter(1)):
        yield [uri for uri, _ in batch]


def _at_a_time(plan: BuildPlan) -> int | None:
    """Return how many batches keep a server busy: what waits is eight times what it works on, so that the slow last requests of a
    batch, which holds up those behind it, leave it no slot empty."""
    return None if plan.llm is None else 2 + 8 * plan.requests // CHUNKS_PER_BATCH


class _Stages:
    """Keeps the seconds of each stage and tells whoever watches."""

    def __init__(self, progress: Progress) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress

    @contextmanager
    def stage(self, name: str, total: int | None) -> Iterator[None]:
        self._progress.begin(name, total)
        began = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - began, 3)

    def advance(self, done: int) -> None:
        self._progress.advance(done)
