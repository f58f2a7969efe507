"""What holds of all the code. Imports point one way: cli -> flows -> pipeline -> stages -> records, and servers and schedulers are
known at the rim only; everything has the type that it says."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from kgbuild.cli.doctor import FIRST_PYTHON, LAST_PYTHON

ROOT = Path(__file__).parents[1]
MODULES = sorted([*ROOT.glob("kgbuild/**/*.py"), *ROOT.glob("flows/**/*.py")])

ONLY_IN = {
    # A package, and the only folders or modules that may import it.
    "neo4j": {"kgbuild/stores"},
    "ladybug": {"kgbuild/stores", "kgbuild/cli/doctor.py"},
    "openai": {"kgbuild/llm"},
    "prefect": {"flows"},
    "flows": {"flows", "kgbuild/cli"},
    "torch": {"kgbuild/compact"},
    "onnxruntime": {"kgbuild/compact"},
    "sqlite3": {"kgbuild/ledger", "kgbuild/stores/embedded", "kgbuild/stores/neo4j"},
    "typer": {"kgbuild/cli"},
    "rdflib": {"kgbuild/ontology/owl.py"},
}

LAYERS = (
    # From the middle outwards: a layer may import its own modules and those of the layers before it.
    {"errors", "records", "ids", "serialisation", "settings", "progress", "prompts", "batching"},
    {"ontology"},
    {"documents", "chunking", "denoising", "compact", "llm", "extraction", "judging", "resolution", "fusion"},
    {"stores", "view", "ledger"},
    {"exploring", "evaluation", "report", "explanation", "batches", "pipeline", "planning", "runner"},
    {"flows"},
    {"cli", "__main__"},
)


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module == "kgbuild")


def layer_of(part: str) -> int:
    return next(n for n, parts in enumerate(LAYERS) if part in parts)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_package_of_the_rim_is_imported_at_the_rim_only(path):
    place = path.relative_to(ROOT).as_posix()
    for name in imports(path):
        allowed = ONLY_IN.get(name.partition(".")[0])
        assert allowed is None or any(place == a or place.startswith(f"{a}/") for a in allowed), f"{place} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_one_way(path):
    place = path.relative_to(ROOT)
    part = "flows" if place.parts[0] == "flows" else place.parts[1].removesuffix(".py")
    if part == "__init__":
        return
    for name in imports(path):
        top, _, rest = name.partition(".")
        other = "flows" if top == "flows" else rest.partition(".")[0]
        if top in ("kgbuild", "flows") and other and other != "__version__":
            assert layer_of(other) <= layer_of(part), f"{place} imports {name}"


def test_flows_are_imported_inside_the_command_that_needs_them():
    for path in ROOT.glob("kgbuild/cli/*.py"):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("flows")), path


def test_a_command_loads_what_it_needs_when_it_runs():
    """Half of what `kgbuild --help` and `status` take would else be spent on libraries that they never call."""
    heavy = "pydantic numpy openai aiohttp spacy onnxruntime tokenizers ladybug pyarrow rdflib yaml neo4j prefect torch".split()
    loaded = "import sys, kgbuild.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not set(heavy) & set(done.stdout.split())


def test_doctor_and_package_support_the_same_pythons():
    required = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    (first, minor), (major, last) = FIRST_PYTHON, LAST_PYTHON
    assert required == f">={first}.{minor},<{major}.{last + 1}"


@pytest.mark.parametrize("path", ["constraints.txt", "tests/ecosystem/requirements.txt"])
def test_one_version_of_a_package_serves_all_pythons(path):
    """Else what is tested on one is not what another installs."""
    names = [line.partition("==")[0] for line in (ROOT / path).read_text("utf-8").splitlines() if not line.startswith("#")]
    assert sorted(set(names)) == sorted(names)


POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]+\}|\{\{[0-9,]+\}\})\+(?!=)")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_pattern_repeats_a_group_possessively(path):
    """Python before 3.11.5, Debian 12's say, reads `(,[0-9]++)*+` wrongly (gh-106052); `(?>(,[0-9]++)*)` is the same, and right."""
    code = "".join(line for line in path.read_text("utf-8").splitlines(keepends=True) if not line.lstrip().startswith("#"))
    assert not POSSESSIVE_GROUP.search(code)


@pytest.mark.slow
def test_everything_has_the_type_that_it_says():
    """Here, and not before the tests, since others run beside it: without its cache mypy takes half a minute."""
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
