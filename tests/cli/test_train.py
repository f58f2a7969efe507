"""`kgbuild train`: what it asks for, what it suggests, and, where torch is installed, what it teaches."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed: make test-train")

ONTOLOGY = """
name: kennels
classes:
  Person: {label: person}
  Dog: {label: dog}
properties:
  walks: {label: walks, domain: [Person], range: [Dog]}
"""
NAMES = ("Ada", "Bob", "Cleo", "Dan", "Eva", "Finn", "Gil", "Hana", "Ivo", "June", "Kai", "Lena")
PATTERNS = ("Every morning {} takes the old dog {} out to the park.", "{} walks {} twice a day, whatever the weather.")
OTHER_NAMES = ("Priya", "Marguerite", "Tomasz", "Oluwaseun", "Hedwig", "Giovanni", "Beatrix", "Conrad", "Ingrid", "Yusuf")
OTHER_DOGS = ("Fido", "Snowball", "Archibald", "Pepper", "Wolfgang", "Biscuit", "Hercules", "Mittens", "Scout", "Waffle")
DOGS = ("Rex", "Bella", "Max", "Luna", "Rocky", "Molly", "Toby", "Daisy", "Bruno", "Coco", "Duke", "Zoe")


def kgbuild(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kgbuild", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)


@pytest.fixture
def kennels(tmp_path: Path) -> Path:
    (tmp_path / "kennels.yaml").write_text(ONTOLOGY, "utf-8")
    lines = []
    for n in range(30):
        name, dog = NAMES[n % 12], DOGS[(n + n // 12 * 5) % 12]
        stated = {"subject": name, "predicate": "walks", "object": dog}
        lines.append({"id": n, "text": PATTERNS[n % 2].format(name, dog), "triples": [stated]})
    (tmp_path / "examples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        # What is missing or unusable is one line that says what to do.
        ((), "needs either EXAMPLES or --graph"),
        (("examples.jsonl",), "--output: is missing"),
        (("examples.jsonl", "--suggest", "3"), "needs a folder of documents"),
        (("examples.jsonl", "--output", "w", "--unlabelled", "nowhere"), "--unlabelled: nowhere is no folder"),
        (("examples.jsonl", "--output", "w", "--unlabelled", "examples.jsonl"), "--unlabelled: examples.jsonl is no folder"),
        # Passages that a graph teaches from are those that state something: not drawn at random.
        (("--graph", "g", "--output", "w", "--unlabelled", "."), "--unlabelled: needs EXAMPLES drawn at random"),
    ],
)
def test_what_is_missing_is_named(kennels, arguments, problem):
    done = kgbuild("train", *arguments, "--ontology", "kennels.yaml", cwd=kennels)
    assert done.returncode == 1
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_cannot_be_suggested_from_is_named(kennels):
    (kennels / "docs").mkdir()
    (kennels / "docs" / "a.jsonl").write_text('{"broken\n', "utf-8")
    (kennels / "docs" / "b.txt").write_text("短い。", "utf-8")
    done = kgbuild("train", "--suggest", "2", "docs", "--ontology", "company", cwd=kennels)
    assert (done.returncode, done.stdout) == (1, "")
    assert "warning: a.jsonl#line-1: bad JSON" in done.stderr
    assert "error: docs: no sentence of 5 to 60 words there may state a property" in done.stderr
    assert kgbuild("train", "--suggest", "0", "docs", "--ontology", "company", cwd=kennels).returncode == 2


@pytest.mark.slow
@needs_torch
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        # Whatever stands in the way is found before training.
        (("nowhere.jsonl", "--output", "w"), "nowhere.jsonl: cannot be read"),
        (("examples.jsonl", "--output", "kennels.yaml"), "kennels.yaml: is a file, not a folder"),
        (("examples.jsonl", "--output", "kennels.yaml/w"), "kennels.yaml/w: cannot be written"),
        (("examples.jsonl", "--output", "."), ".: is the working folder"),
    ],
)
def test_a_training_that_cannot_end_well_does_not_begin(kennels, arguments, problem):
    before = sorted(kennels.iterdir())
    done = kgbuild("train", *arguments, "--ontology", "kennels.yaml", cwd=kennels)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert problem in done.stderr
    assert sorted(kennels.iterdir()) == before


def test_suggestions_are_lines_to_train_on(kennels):
    (kennels / "docs").mkdir()
    (kennels / "docs" / "a.txt").write_text(
        "Robert Bosch was born in Albeck in 1861. He founded Bosch in Stuttgart in 1886.", "utf-8"
    )
    done = kgbuild("train", "--suggest", "2", "docs", "--ontology", "company", cwd=kennels)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows
    assert all({"id", "text", "triples"} == row.keys() for row in rows)


@pytest.mark.slow
@needs_torch
def test_a_folder_with_too_few_sentences_is_named_before_training(kennels):
    (kennels / "docs").mkdir()
    (kennels / "docs" / "a.txt").write_text("Priya takes Fido out to the park.", "utf-8")
    arguments = ("examples.jsonl", "--ontology", "kennels.yaml", "--output", "taught", "--unlabelled", "docs")
    done = kgbuild("train", *arguments, cwd=kennels)
    assert done.returncode == 1
    assert "1 usable sentences besides the examples" in done.stderr
    assert not (kennels / "taught").exists()


@pytest.mark.slow
@needs_torch
def test_a_text_labelled_in_two_ways_is_named(kennels):
    lines = [{"text": "Ada walks Rex.", "triples": [{"subject": "Ada", "predicate": "feeds", "object": "Rex"}][:n]} for n in (0, 1)]
    (kennels / "examples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    done = kgbuild("train", "examples.jsonl", "--ontology", "kennels.yaml", "--output", "taught", cwd=kennels)
    assert "warning: “Ada walks Rex.” stands in several lines with different triples" in done.stderr
    assert "error: the examples: they teach nothing: no property 'feeds'" in done.stderr


@pytest.mark.slow
@needs_torch
def test_sentences_of_a_graph_that_were_left_undecided_are_counted(kennels):
    (kennels / "docs").mkdir()
    texts = (
        "Grace Hopper was born in New York City on December 9, 1906.",
        "In 2021 Cobalt Bikes was bought by Halden Group of Oslo.",
    )
    (kennels / "docs" / "a.txt").write_text(" ".join(texts), "utf-8")
    built = kgbuild("build", "docs", "--ontology", "company", "--graph", "graph", "--json", cwd=kennels)
    assert json.loads(built.stdout)["undecided"], built.stderr
    done = kgbuild("train", "--graph", "graph", "--output", "taught", "--json", cwd=kennels)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    # The other sentence of the passage still teaches.
    assert (report["sentences"], report["undecided_sentences"]) == (1, 1)


@pytest.mark.slow
@needs_torch
def test_a_build_with_the_new_weights_finds_what_they_were_taught_of_others(kennels):
    (kennels / "source").mkdir()
    for n in range(60):
        (kennels / "source" / f"{n}.txt").write_text(PATTERNS[n % 2].format(OTHER_NAMES[n // 6], DOGS[n % 12]), "utf-8")
    arguments = ("examples.jsonl", "--ontology", "kennels.yaml", "--output", "taught", "--unlabelled", "source", "--json")
    done = kgbuild("train", *arguments, cwd=kennels)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["after"]["f1"] > report["before"]["f1"]
    assert report["unlabelled"] == 60
    import torch

    assert report["device"] == (torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU")
    assert (kennels / "taught" / "README.md").is_file()
    (kennels / "docs").mkdir()
    texts = [PATTERNS[n % 2].format(*pair) for n, pair in enumerate(zip(OTHER_NAMES, OTHER_DOGS, strict=True))]
    (kennels / "docs" / "a.txt").write_text("\n\n".join(texts), "utf-8")
    built = kgbuild("build", "docs", "--ontology", "kennels.yaml", "--weights", "taught", "--graph", "graph", "--json", cwd=kennels)
    assert built.returncode == 0, built.stderr
    assert json.loads(built.stdout)["uncovered"] == []
    assert json.loads(built.stdout)["facts"] >= 7
