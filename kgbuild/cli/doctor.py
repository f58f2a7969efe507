"""`kgbuild doctor`: what is configured, reachable and possible here, and what to do about what is not."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text
from typer import Option

from kgbuild.cli.console import DEFAULT_GRAPH, GraphOption, JsonOption, out, print_json
from kgbuild.cli.extractor_options import LlmOption
from kgbuild.errors import GraphLocked, KgbuildError
from kgbuild.settings import Settings

if TYPE_CHECKING:
    from kgbuild.llm.protocol import Capabilities

FIRST_PYTHON, LAST_PYTHON = (3, 11), (3, 14)
"""The versions that will do; pyproject.toml names them too."""
LITTLE_SPACE_BYTES, NO_SPACE_BYTES = 2_000_000_000, 100_000_000
SERVER_TIMEOUT_S = 3.0
IMPORT_TIMEOUT_S = 60.0
MODEL_TIMEOUT_S = 60.0
"""For all that a language model is asked; its first grammar may take seconds."""
EXTRAS: Mapping[str, tuple[tuple[str, ...], str]] = {
    # Modules that an extra brings, and what it is for.
    "train": (("torch", "onnx"), "kgbuild train"),
    "vllm": (("vllm",), "serving a language model from this machine"),
    "dask": (("prefect_dask",), "builds on several machines"),
}


class State(StrEnum):
    """broken: the default build cannot run. attention: it can, but something is amiss. off: optional, and not set up."""

    FINE = "fine"
    OFF = "off"
    ATTENTION = "attention"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. remedy: what to do; empty where nothing has to be done."""

    subject: str
    state: State
    detail: str
    remedy: str = ""


STYLES = {State.FINE: ("✓", "green"), State.OFF: ("-", "dim"), State.ATTENTION: ("!", "yellow"), State.BROKEN: ("✗", "bold red")}


def doctor(
    graph: GraphOption = DEFAULT_GRAPH,
    ontology: Annotated[
        str | None, Option(metavar="ONTOLOGY", help="Also tell which properties of this ontology the weights cover.")
    ] = None,
    weights: Annotated[Path | None, Option(metavar="FILE", help="Weights of the compact model; those shipped by default.")] = None,
    llm: LlmOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is configured, reachable and possible here, and what to do about what is not.

    With --llm, a language model is asked a few short questions to find out what its server can do. Exits 1 only when something is
    broken that `kgbuild build` needs by default, or the language model is away. Values of passwords and keys are never shown.
    """
    settings = Settings.read()
    findings: list[Finding] = []
    for finding in examine(settings, graph, ontology, weights or settings.weights, os.environ, llm):
        findings.append(finding)
        if not as_json:
            mark, style = STYLES[finding.state]
            out.print(Text.assemble((f"{mark} ", style), (f"{finding.subject}: ", "bold"), finding.detail), soft_wrap=True)
            if finding.remedy:
                out.print(Text(f"    {finding.remedy}", style), soft_wrap=True)
    broken = [finding.subject for finding in findings if finding.state is State.BROKEN]
    if as_json:
        print_json({"able_to_build": not broken, "findings": [asdict(finding) for finding in findings]})
    else:
        out.print(f"Cannot build: see {', '.join(broken)}" if broken else "Ready to build")
    if broken:
        raise typer.Exit(1)


def examine(
    settings: Settings,
    graph: Path,
    ontology: str | None,
    weights: Path | None,
    environment: Mapping[str, str],
    llm: str | None = None,
) -> Iterator[Finding]:
    """Look at everything, the cheap things first."""
    yield _python()
    yield _packages()
    yield from _extras()
    yield _gpu()
    yield _bundled_ontologies()
    yield _weights(weights)
    if ontology is not None:
        yield _coverage(ontology, weights)
    yield _graph(graph)
    yield _space(graph)
    yield _ladybug()
    yield _prefect(settings.prefect_api_url)
    yield from _secrets(environment)
    yield from _stores(graph, environment)
    if llm is not None:
        yield from _language_model(llm)
    yield Finding("processors", State.FINE, f"{settings.threads} batches at a time (KGBUILD_THREADS changes it)")


def _python() -> Finding:
    if FIRST_PYTHON <= sys.version_info[:2] <= LAST_PYTHON:
        return Finding("Python", State.FINE, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    remedy = "Use Python {}.{} to {}.{}".format(*FIRST_PYTHON, *LAST_PYTHON)
    return Finding("Python", State.BROKEN, f"{platform.python_version()} is not supported", remedy)


def _packages() -> Finding:
    """Compare the installed packages with what kgbuild asks for."""
    from packaging.requirements import Requirement  # comes with prefect, among others

    try:
        needed = [Requirement(line) for line in metadata.requires("kgbuild") or ()]
    except metadata.PackageNotFoundError:
        return Finding("packages", State.ATTENTION, "kgbuild itself is not installed", "Run `pip install .` in its folder")
    have: list[str] = []
    wrong: list[str] = []
    for requirement in needed:
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = _version(requirement.name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement} ({'missing' if version is None else f'{version} is installed'})")
        have.append(f"{requirement.name} {version}")
    if wrong:
        return Finding("packages", State.BROKEN, ", ".join(wrong), "Install kgbuild again, so that pip brings what is missing")
    return Finding("packages", State.FINE, f"kgbuild {_version('kgbuild')}, {', '.join(have)}")


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _extras() -> Iterator[Finding]:
    for extra, (modules, purpose) in EXTRAS.items():
        missing = [module for module in modules if importlib.util.find_spec(module) is None]
        if missing:
            detail = f"not installed (no {' and no '.join(missing)}); only needed for {purpose}"
            yield Finding(f"extra {extra}", State.OFF, detail, f"pip install 'kgbuild[{extra}]'")
        else:
            yield Finding(f"extra {extra}", State.FINE, f"installed, for {purpose}")


def _gpu() -> Finding:
    if Path("/proc/driver/nvidia/version").exists() or shutil.which("nvidia-smi"):
        return Finding("GPU", State.FINE, "an NVIDIA driver is here; the compact model does without, vLLM and training use it")
    return Finding("GPU", State.OFF, "none found; the compact model needs none")


def _bundled_ontologies() -> Finding:
    from kgbuild import ontology

    names = ontology.bundled()
    broken = [problem for name in names if (problem := _problem_of_ontology(name)) is not None]
    if broken or not names:
        detail = "; ".join(broken) or "none found"
        return Finding("bundled ontologies", State.BROKEN, detail, "Install kgbuild again; part of the package is missing")
    return Finding("bundled ontologies", State.FINE, ", ".join(names))


def _problem_of_ontology(name: str) -> str | None:
    from kgbuild import ontology

    try:
        ontology.read(name)
    except (KgbuildError, OSError) as error:
        return str(error)
    return None


def _weights(folder: Path | None) -> Finding:
    from kgbuild.compact.weights import open_weights

    whose = "shipped" if folder is None else f"from {folder}"
    try:
        opened = open_weights(folder)
    except KgbuildError as error:
        return Finding("weights", State.BROKEN, f"{error.where}: {error.problem}", error.remedy)
    return Finding("weights", State.FINE, f"{whose}, digest {opened.digest[:12]}, {len(opened.properties)} properties taught")


def _coverage(address: str, folder: Path | None) -> Finding:
    from kgbuild import ontology
    from kgbuild.compact.coverage import coverage
    from kgbuild.compact.weights import open_weights

    subject = f"ontology {address}"
    try:
        meant = ontology.read(address)
    except KgbuildError as error:
        return Finding(subject, State.ATTENTION, f"{error.where}: {error.problem}", error.remedy)
    try:
        found = coverage(meant, open_weights(folder))
    except KgbuildError as error:
        return Finding(subject, State.ATTENTION, f"readable; what is covered cannot be told ({error.where})", "See weights above")
    covered = ", ".join(entry.name for entry in found.covered) or "none"
    if not found.uncovered:
        return Finding(subject, State.FINE, f"all {len(found.covered)} properties covered by the weights: {covered}")
    missing = ", ".join(entry.name for entry in found.uncovered)
    return Finding(
        subject,
        State.ATTENTION,
        f"covered by the weights: {covered}. Not covered, so not looked for: {missing}",
        found.uncovered[0].remedy,
    )


def _graph(graph: Path) -> Finding:
    from kgbuild.ledger import Snapshot
    from kgbuild.ledger.lock import writing
    from kgbuild.ledger.schema import MIGRATIONS
    from kgbuild.stores.embedded import EmbeddedStore

    subject = f"graph {graph}"
    try:
        if any(folder.is_file() for folder in graph.absolute().parents):
            return Finding(subject, State.BROKEN, "would lie inside a file", "Name another --graph")
        if not graph.exists():
            return Finding(subject, State.OFF, "not built yet", f"kgbuild build DOCUMENTS --graph {graph}")
        if not graph.is_dir():
            return Finding(subject, State.BROKEN, "is a file, not a folder", "Name another --graph")
        if not any(graph.iterdir()):
            return Finding(subject, State.OFF, "an empty folder", f"kgbuild build DOCUMENTS --graph {graph}")
    except PermissionError as error:
        return Finding(
            subject, State.BROKEN, f"cannot be read ({error.strerror})", "Give yourself the right, or name another --graph"
        )
    try:
        with Snapshot.open(graph) as snapshot:
            holds = f"generation {snapshot.generation}, ledger version {len(MIGRATIONS)}, {snapshot.counts()['facts']:,} facts"
            generation = snapshot.generation
    except KgbuildError as error:
        return Finding(subject, State.BROKEN, error.problem, error.remedy)
    view = EmbeddedStore(graph, writing).generation()
    holds += ", view up to date" if view == generation else ", view not built yet: the next query builds it"
    try:
        with writing(graph):
            return Finding(subject, State.FINE, f"{holds}, not locked")
    except GraphLocked as error:
        return Finding(subject, State.ATTENTION, f"{holds}, locked: {error.problem}", error.remedy)
    except OSError as error:
        return Finding(
            subject, State.BROKEN, f"{holds}, cannot be written ({error.strerror})", "Give yourself the right to write it"
        )


def _space(graph: Path) -> Finding:
    place = next(folder for folder in (graph.absolute(), *graph.absolute().parents) if os.path.isdir(folder))
    free = shutil.disk_usage(place).free
    detail = f"{free / 1e9:,.1f} GB free at {place}"
    if not os.access(place, os.W_OK):
        return Finding("disk", State.BROKEN, f"{place} cannot be written", "Name another --graph, or give yourself the right")
    if free < NO_SPACE_BYTES:
        return Finding("disk", State.BROKEN, detail, "Free some space, or name a --graph elsewhere")
    if free < LITTLE_SPACE_BYTES:
        return Finding("disk", State.ATTENTION, detail, "A graph takes several times the space of its texts: free some")
    return Finding("disk", State.FINE, detail)


def _ladybug() -> Finding:
    """Import it in a process of its own, as queries do: a native library that does not suit the machine may kill it."""
    subject = "embedded store"
    try:
        done = subprocess.run(
            [sys.executable, "-c", "import ladybug; print(ladybug.__version__)"],
            capture_output=True,
            text=True,
            timeout=IMPORT_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Finding(
            subject, State.ATTENTION, f"importing ladybug took over {IMPORT_TIMEOUT_S:.0f} s", "Try again on a free machine"
        )
    if done.returncode == 0:
        return Finding(subject, State.FINE, f"ladybug {done.stdout.strip()}, for kgbuild query")
    problem = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    return Finding(
        subject,
        State.ATTENTION,
        f"ladybug cannot be imported ({problem})",
        "Builds and exports work; for queries, install kgbuild again",
    )


def _prefect(url: str | None) -> Finding:
    if url is None:
        return Finding(
            "Prefect", State.OFF, "PREFECT_API_URL is not set: builds run in their own process, or with --prefect as a flow"
        )
    from urllib import error as errors  # these take longer to import than most of `kgbuild --help`
    from urllib import request

    try:
        with request.urlopen(f"{url.rstrip('/')}/health", timeout=SERVER_TIMEOUT_S):
            return Finding("Prefect", State.FINE, f"the server at {_without_password(url)} answers; builds go through it")
    except errors.HTTPError as error:
        detail = f"the server at {_without_password(url)} answers with {error.code}"
        return Finding("Prefect", State.BROKEN, detail, "Check PREFECT_API_URL, which ends in /api, and PREFECT_API_KEY")
    except (OSError, ValueError) as error:
        detail = f"no server at {_without_password(url)} ({_first_line(getattr(error, 'reason', error))})"
        return Finding("Prefect", State.BROKEN, detail, "Start it with `prefect server start`, or unset PREFECT_API_URL")


def _without_password(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    server, slash, path = rest.partition("/")
    return f"{scheme}{mark}{server.rpartition('@')[2]}{slash}{path}"


def _secrets(environment: Mapping[str, str]) -> Iterator[Finding]:
    user, password = (bool(environment.get(name)) for name in ("NEO4J_USERNAME", "NEO4J_PASSWORD"))
    if user != password:
        which, other = ("NEO4J_USERNAME", "NEO4J_PASSWORD") if user else ("NEO4J_PASSWORD", "NEO4J_USERNAME")
        yield Finding("Neo4j", State.ATTENTION, f"{which} is set, {other} is not", f"Set {other} too, or neither")
    elif user:
        yield Finding("Neo4j", State.FINE, "NEO4J_USERNAME and NEO4J_PASSWORD are set")
    else:
        yield Finding(
            "Neo4j", State.OFF, "NEO4J_USERNAME and NEO4J_PASSWORD are not set; only needed for a server that asks for them"
        )
    if environment.get("OPENAI_API_KEY"):
        yield Finding("language model", State.FINE, "OPENAI_API_KEY is set")
    else:
        yield Finding("language model", State.OFF, "OPENAI_API_KEY is not set; only needed for a server that asks for it")


def _language_model(address: str) -> Iterator[Finding]:
    """Find out what a language model's server can do, as a build does before it asks anything else."""
    import asyncio

    from kgbuild.llm import open_model
    from kgbuild.llm.running import run_all

    try:
        model = open_model(address)
        (can,) = run_all([asyncio.wait_for(model.capabilities(), MODEL_TIMEOUT_S)])
    except TimeoutError:
        detail = f"{model.url}: its answers took over {MODEL_TIMEOUT_S:.0f} s"
        yield Finding("model server", State.BROKEN, detail, "Look at the server's log and load, and try again")
        return
    except KgbuildError as error:
        can = error
    if isinstance(can, KgbuildError):
        yield Finding("model server", State.BROKEN, f"{can.where}: {can.problem}", can.remedy)
        return
    yield Finding("model server", State.FINE, f"{model.url} answers for {model.name} ({can.server or 'it does not tell its name'})")
    yield from what_it_can(can)


def what_it_can(can: "Capabilities") -> Iterator[Finding]:
    """Tell what a model's server can do, what is done instead where it cannot, and what to do about that."""
    guidance = "Serve it with vLLM and --structured-outputs-config.backend guidance, as docker-compose.yml does"
    if can.grammar:
        yield Finding("grammars", State.FINE, "hold: every reply keeps to the ontology and copies the text")
    else:
        instead = "JSON schemas are used" if can.schema else "JSON objects are" if can.json_object else "free text is read"
        yield Finding("grammars", State.ATTENTION, f"do not hold; {instead} instead", guidance)
    if can.schema:
        yield Finding("JSON schemas", State.FINE, "hold")
    elif can.grammar:
        yield Finding("JSON schemas", State.OFF, "do not hold; not needed beside grammars")
    else:
        found = "replies are JSON objects of any form" if can.json_object else "replies may be anything; what can be read is kept"
        yield Finding("JSON schemas", State.ATTENTION, f"do not hold; {found}", guidance)
    if can.label_logprobs:
        yield Finding("probabilities", State.FINE, "told of any word: the judge's answers are measured")
    elif can.top_logprobs:
        yield Finding("probabilities", State.FINE, f"told of the {can.top_logprobs} likeliest words: enough for a judge, mostly")
    else:
        detail = "not told: a judge's yes or no counts nine to one, however sure the model is"
        yield Finding("probabilities", State.ATTENTION, detail, "Serve the model with vLLM, or judge with another server's")
    if can.max_model_len is None:
        detail = "not told: a request that is too long is found out by asking"
        yield Finding("context", State.OFF, detail, "Give the model 8,000 tokens or more")
    else:
        yield Finding("context", State.FINE, f"{can.max_model_len:,} tokens for prompt and reply")


def _stores(graph: Path, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Look at the Neo4j databases that the graph was published to."""
    from kgbuild.cli.store import stores_of
    from kgbuild.ledger import Snapshot
    from kgbuild.stores.neo4j import Neo4jAddress, Neo4jStore

    try:
        with Snapshot.open(graph) as snapshot:
            urls, graph_id, generation = stores_of(snapshot), snapshot.graph_id, snapshot.generation
    except KgbuildError:
        return  # there is no graph, or it is said above what is wrong with it
    for url in urls:
        subject, again = f"store {url}", f"kgbuild build DOCUMENTS --graph {graph} --store {url}"
        try:
            with closing(Neo4jStore(Neo4jAddress.parse(url), environment=environment)) as store:
                marker = store.marker()
        except KgbuildError as error:
            yield Finding(subject, State.ATTENTION, error.problem, error.remedy)
            continue
        if marker is None:
            yield Finding(subject, State.ATTENTION, "answers, and holds no graph any more", again)
        elif marker.graph_id != graph_id:
            yield Finding(
                subject,
                State.ATTENTION,
                "answers, and holds another graph",
                "Give each graph a database of its own, or empty this one",
            )
        elif marker.generation != generation:
            held = "no whole generation" if marker.generation is None else f"generation {marker.generation}"
            yield Finding(subject, State.ATTENTION, f"answers, and holds {held} of {generation}", again)
        else:
            yield Finding(subject, State.FINE, f"answers, and holds generation {generation}; kgbuild verify compares all of it")


def _first_line(error: object) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
