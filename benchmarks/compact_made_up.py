"""The shipped weights, or others, on seven of the properties that only made-up sentences taught them.

    python benchmarks/compact_made_up.py [DATA] [--weights WEIGHTS]

Scored on sentences that nobody trained on: those of compact_made_up.jsonl, prose of our own with other names and mostly other words
than templates.txt, labelled with all that they state of the seven, some with nothing; and, where DATA holds text2kgbench, the train
sentences of its WebNLG part that state one of the five that WebNLG labels (needs torch, as benchmarks/webnlg.py does).

`right` has the words of both arguments to the letter, `near` at least words in common with them. WebNLG's gold names the thing,
not its words, so there only `near` counts. One JSON line a property.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kgbuild.compact.coverage import coverage  # noqa: E402
from kgbuild.compact.decoding import Guess, guesses, reader  # noqa: E402
from kgbuild.compact.examples import aligned  # noqa: E402
from kgbuild.compact.literals import find_literals  # noqa: E402
from kgbuild.compact.taught import read_labelled  # noqa: E402
from kgbuild.compact.weights import open_weights  # noqa: E402
from kgbuild.ontology.reading import read  # noqa: E402
from kgbuild.records import Span  # noqa: E402

MADE_UP = {
    "places": {"shares_border": "", "population": "populationTotal", "elevation": "elevationAboveTheSeaLevel", "area": "areaTotal"},
    "company": {"stock_exchange": "", "industry": "industry", "number_of_employees": "numberOfEmployees"},
}
"""By bundled ontology: the properties, each with WebNLG's label of it."""


@dataclass(frozen=True)
class Told:
    """A sentence and the places of what it states: (property, subject, object)."""

    text: str
    stated: frozenset[tuple[str, Span, Span]]


def own_sentences() -> list[Told]:
    found: list[Told] = []
    for row in read_labelled(Path(__file__).with_suffix(".jsonl")):
        placed = [(t.predicate, aligned(row.text, t.subject), aligned(row.text, t.object)) for t in row.triples]
        found.append(Told(row.text, frozenset((p, a, b) for p, a, b in placed if a and b)))
        assert len(found[-1].stated) == len(row.triples), row.text
    return found


def webnlg_sentences(data: Path) -> Iterator[Told]:
    from benchmarks.placing import placed
    from benchmarks.webnlg import PART, train_sentences

    names = {label: name for properties in MADE_UP.values() for name, label in properties.items() if label}
    for path in sorted((data / "text2kgbench" / PART / "train").glob("*.jsonl")):
        for sentence in train_sentences(data, path.stem.removeprefix("ont_").removesuffix("_train")):
            literals = find_literals(sentence.text)
            pairs = [(names[label], *placed(sentence.text, s, o, literals)) for s, label, o in sentence.triples if label in names]
            if stated := frozenset((p, a, b) for p, a, b in pairs if a and b):
                yield Told(sentence.text, stated)


def score(name: str, sentences: Iterable[Told], folder: Path | None, listed_only: bool) -> None:
    """Print what the weights find of each property. listed_only: look at a sentence only for the properties that it states."""
    weights = open_weights(folder)
    asked = {}
    for of in MADE_UP:
        ontology = read(of)
        asked[of] = reader(weights, ontology, coverage(ontology, weights), with_uncovered=False)
    counts: Counter[tuple[str, str]] = Counter()
    for told in sentences:
        for prop, _, _ in told.stated:
            counts[prop, "stated"] += 1
        for of, properties in MADE_UP.items():
            wanted = {p for p, _, _ in told.stated} & properties.keys() if listed_only else properties.keys()
            for guess in guesses(asked[of], told.text) if wanted else ():
                if guess.predicate in wanted and guess.probability >= weights.calibration.accept_from:
                    gold = [(a, b) for p, a, b in told.stated if p == guess.predicate]
                    counts[guess.predicate, "claimed"] += 1
                    counts[guess.predicate, "near"] += any(near(guess, a, b) for a, b in gold)
                    counts[guess.predicate, "right"] += (guess.subject, guess.object) in gold
    measures = ("stated", "claimed", "near") if listed_only else ("stated", "claimed", "near", "right")
    for prop in (*(p for properties in MADE_UP.values() for p in properties), "all"):
        figures = {m: sum(n for (p, q), n in counts.items() if q == m and prop in (p, "all")) for m in measures}
        if figures["stated"]:
            print(json.dumps({"sentences": name, "property": prop, **figures}), flush=True)


def near(guess: Guess, subject: Span, object_: Span) -> bool:
    return all(a.start < b.end and b.start < a.end for a, b in ((guess.subject, subject), (guess.object, object_)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--weights", type=Path)
    asked = parser.parse_args()
    score("own", own_sentences(), asked.weights, listed_only=False)
    if asked.data:
        score("webnlg", webnlg_sentences(asked.data), asked.weights, listed_only=True)


if __name__ == "__main__":
    main()
