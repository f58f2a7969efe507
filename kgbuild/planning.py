"""From what a person typed to a plan: the ontology found, the extractor and the judge chosen, what they cover known."""

from collections.abc import Container, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from kgbuild import ontology as ontologies
from kgbuild.batches import Reading, read_batch, words_alone
from kgbuild.documents import path_of
from kgbuild.errors import InputError
from kgbuild.extraction import ExtractorAddress, opened
from kgbuild.extraction.cascade import CascadeAddress
from kgbuild.extraction.compact import CompactAddress
from kgbuild.extraction.llm import LlmAddress, LlmOptions
from kgbuild.extraction.open_mode import OPEN
from kgbuild.extraction.protocol import AsksModel
from kgbuild.judging import JudgeAddress, open_judge
from kgbuild.judging.calibration import read_calibration
from kgbuild.ledger import LEDGER_FILE, Snapshot
from kgbuild.llm import open_model
from kgbuild.llm.asking import most_tokens
from kgbuild.llm.protocol import Usage, total
from kgbuild.ontology.model import Ontology
from kgbuild.pipeline import BuildPlan, Runner, extraction_key, file_batches, files_of, made_otherwise, made_with_of
from kgbuild.records import Chunk
from kgbuild.report import cost
from kgbuild.serialisation import from_json
from kgbuild.settings import Settings

NOTHING_ASKED = "the compact extractor asks no language model", "llm or cascade"


def build_plan(
    documents: Path,
    graph: Path,
    ontology: str | None,
    extractor: str,
    weights: Path | None,
    llm: str | None = None,
    options: LlmOptions = LlmOptions(),
    budget_tokens: int | None = None,
    calibration: Path | None = None,
    store: str | None = None,
    *,
    uncovered: bool,
    retry_failed: bool,
    replace_root: bool,
) -> BuildPlan:
    """Turn a command's words into a plan, and what they leave open by the environment.

    Raises OntologyError, WeightsError or InputError for what cannot be used.
    """
    settings = Settings.read()
    weights = weights or settings.weights
    remembered = remembered_ontology(graph) if ontology is None else None
    meant = remembered or ontology_for(extractor, ontology)
    judge = judge_address("llm" if extractor == "llm" else "score", meant, weights, llm, calibration)
    address = extractor_address(extractor, meant, weights, llm, options, judge, uncovered=uncovered)
    if extractor == "compact":
        _refuse_unused({"--budget-tokens": budget_tokens}, *NOTHING_ASKED)
    return BuildPlan(
        documents=documents,
        graph=graph,
        ontology=meant,
        extractor=address,
        judge=judge,
        uncovered=uncovered_properties(meant, weights) if extractor == "compact" and not uncovered else (),
        llm=llm if extractor in ("llm", "cascade") else None,
        requests=settings.requests,
        budget_tokens=budget_tokens,
        prices=settings.prices,
        retry_failed=retry_failed,
        replace_root=replace_root,
        store=store,
    )


def read_ontology(address: str | None) -> Ontology:
    """Read the ontology that a command was given. Raises InputError for none, OntologyError for one that cannot be used."""
    if not address:
        known = ", ".join(ontologies.bundled())
        raise InputError("--ontology", "the compact extractor needs one", f"Name a file or one of those bundled: {known}")
    return ontologies.read(address)


def ontology_for(extractor: str, address: str | None) -> Ontology:
    """Read the ontology that a command was given; where it was given none, a language model extracts without one."""
    return OPEN if not address and extractor == "llm" else read_ontology(address)


def extractor_address(
    kind: str,
    ontology: Ontology,
    weights: Path | None,
    llm: str | None = None,
    options: LlmOptions = LlmOptions(),
    judge: JudgeAddress | None = None,
    *,
    uncovered: bool,
) -> ExtractorAddress:
    """Return the address of an extractor by the name it has on the command line.

    llm: address of a language model, for those that ask one. judge: whose verdicts its probe goes by. Raises InputError for an
    address that is missing or names no model.
    """
    if ontology.is_open and kind != "llm":
        raise InputError("--ontology", f"the graph has none, which {kind} needs", "Name an ontology, or use --extractor llm")
    compact = CompactAddress(ontology, str(weights) if weights else None, uncovered)
    match kind:
        case "compact":
            asked = {
                "--llm": llm,
                "--probe": options.probe,
                "--denoise": options.denoise,
                "--decontextualise": options.decontextualise,
            }
            _refuse_unused(asked, *NOTHING_ASKED)
            return compact
        case "llm":
            _refuse_unused({"--uncovered": uncovered}, "a language model looks for every property anyway", "compact or cascade")
            return LlmAddress(model_address(kind, llm), ontology, options, judge)
        case "cascade":
            return CascadeAddress(compact, LlmAddress(model_address(kind, llm), ontology, options, judge))
    raise InputError("--extractor", f"{kind!r} is no extractor", "Use one of: compact, llm, cascade")


def _refuse_unused(given: Mapping[str, object], problem: str, extractors: str) -> None:
    """Raise InputError for the first option that was given and would change nothing."""
    for option in (option for option, value in given.items() if value):
        raise InputError(option, problem, f"Leave it out, or use --extractor {extractors}")


def model_address(extractor: str, llm: str | None) -> str:
    """Return the address of a language model, once it is seen to name one."""
    if not llm:
        raise InputError("--llm", f"--extractor {extractor} needs a language model", "Name it: --llm server:MODEL@URL")
    open_model(llm)
    return llm


def judge_address(
    kind: str, ontology: Ontology, weights: Path | None, llm: str | None = None, calibration: Path | None = None
) -> JudgeAddress:
    """Return the address of a judge.

    kind: "score" for what the compact extractor found itself; "compact" and "llm" for triples from anywhere; "rules".
    calibration: a file that `kgbuild calibrate` wrote for the language model. Raises InputError for one that is not.
    """
    if kind != "llm":
        if calibration is not None:
            raise InputError("--calibration", "only a language model's answers have one", "Leave it out, or use --extractor llm")
        return JudgeAddress(kind, ontology, str(weights) if weights else None)
    if not llm:
        raise InputError("--llm", "no language model is named", "Use server:MODEL@URL or recorded:FILE")
    return JudgeAddress(kind, ontology, llm=llm, calibration=read_calibration(calibration) if calibration else None)


def uncovered_properties(ontology: Ontology, weights: Path | None) -> tuple[str, ...]:
    """Return the names of the properties that the weights were never taught."""
    from kgbuild.compact.coverage import coverage
    from kgbuild.compact.weights import open_weights

    return tuple(entry.name for entry in coverage(ontology, open_weights(weights)).uncovered)


def remembered_ontology(graph: Path) -> Ontology | None:
    """Return the ontology that a graph was last built with; None when there is no graph yet."""
    if not (graph / LEDGER_FILE).exists():
        return None
    with Snapshot.open(graph) as snapshot:
        text = snapshot.value("ontology")
        return from_json(Ontology, text) if text else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a build would have to do. files: in the folder now; new and changed ones have to be read, removed ones go.

    out_of_reach: files below what cannot be opened now, such as a disk that is not mounted; what they gave stays.
    requests: to a language model, at least one a chunk that it was not asked about before; None where none is asked.
    remade: why all that was read before is worked on again, see `pipeline.made_otherwise`. to_extract: chunks among it that this
    extractor has not seen yet; chunks of what has to be read come on top.
    prompt_tokens: estimated, rather too many than too few. reply_tokens: what the replies may have at most. cost: of both together,
    where prices are known. Judging what is found, and asking twice, come on top; a cascade asks about some of the chunks only.
    """

    documents: str
    files: int
    to_read: int
    removed: int
    uncovered: tuple[str, ...]
    out_of_reach: int = 0
    remade: tuple[str, ...] = ()
    to_extract: int = 0
    requests: int | None = None
    prompt_tokens: int = 0
    reply_tokens: int = 0
    cost: float | None = None


def preview(plan: BuildPlan, run: Runner) -> Preview:
    """Compare the folder with the graph, without writing anything and without asking anything.

    Files are read only where the tokens of requests have to be estimated.
    """
    now = {uri: (fingerprint, size) for uri, fingerprint, size in files_of(plan)}
    reading = Reading(str(plan.documents))
    extractor = opened(plan.extractor)
    with ExitStack() as closing:
        has_graph = (plan.graph / LEDGER_FILE).exists()
        snapshot = closing.enter_context(Snapshot.open(plan.graph)) if has_graph else None
        before = snapshot.files(reading.recipe) if snapshot else {}
        to_read = [uri for uri, (fingerprint, _) in now.items() if not fingerprint or before.get(uri) != fingerprint]
        met: set[str] = set()

        def expected(chunks: Iterable[Chunk]) -> tuple[int, Usage]:
            """Count the chunks that were not extracted from before, and what may be asked about them."""
            number, asked = 0, Usage()
            for chunk in map(words_alone, chunks):
                key = extraction_key(extractor, chunk)
                if key in met or (snapshot is not None and snapshot.is_extracted(key)):
                    continue
                met.add(key)
                number += 1
                if isinstance(extractor, AsksModel) and (request := extractor.first_request(chunk)) is not None:
                    tokens = most_tokens(request)
                    asked = total((asked, Usage(tokens - request.max_tokens, request.max_tokens, requests=1)))
            return number, asked

        gone = before.keys() - now.keys()
        out_of_reach = sum(_is_out_of_reach(plan.documents, uri, now) for uri in gone)
        kept = now.keys() - set(to_read)
        chunks = (chunk for uri in kept if snapshot is not None for chunk in snapshot.chunks_read(uri, reading.recipe))
        to_extract, asked = expected(chunks)
        seen = Preview(
            documents=str(plan.documents),
            files=len(now),
            to_read=len(to_read),
            removed=len(gone) - out_of_reach,
            uncovered=plan.uncovered,
            out_of_reach=out_of_reach,
            remade=_remade(plan, snapshot) if snapshot else (),
            to_extract=to_extract,
        )
        if not isinstance(extractor, AsksModel):
            return seen
        batches = run(read_batch, file_batches((uri, now[uri][1]) for uri in to_read), reading)
        _, of_new = expected(chunk for files in batches for file in files for _, chunked in file.documents for chunk in chunked)
        asked = total((asked, of_new))
        return replace(
            seen,
            requests=asked.requests,
            prompt_tokens=asked.prompt_tokens,
            reply_tokens=asked.completion_tokens,
            cost=cost(asked, plan.prices) if plan.prices else None,
        )


def _is_out_of_reach(documents: Path, uri: str, now: Container[str]) -> bool:
    """Tell whether a file lay below what is there still, but neither a folder that opens nor a file."""
    above = (str(folder) for folder in PurePosixPath(uri).parents)
    return any(folder in now and not path_of(documents, folder).is_file() for folder in above)


def remade(plan: BuildPlan) -> tuple[str, ...]:
    """Say why a build would work on all documents of its graph again; nothing where it would not. See `pipeline.made_otherwise`."""
    if not (plan.graph / LEDGER_FILE).exists():
        return ()
    with Snapshot.open(plan.graph) as snapshot:
        return _remade(plan, snapshot)


def _remade(plan: BuildPlan, snapshot: Snapshot) -> tuple[str, ...]:
    return made_otherwise(snapshot.value, made_with_of(plan, opened(plan.extractor), open_judge(plan.judge)))
