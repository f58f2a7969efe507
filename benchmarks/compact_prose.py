"""The shipped weights, or others, on prose: 210 sentences and 66 passages as news, obituaries, guides and reviews have them.

    python benchmarks/compact_prose.py [--weights WEIGHTS]

They are our own, labelled with all that they state under the bundled ontology that their id names; `debatable` holds readings that
count neither as right nor as wrong, and `names` what else something is called. The sentences were written without sight of
templates.txt, the passages without sight of the rules of anaphora: of 354 statements in them 220 are made in sentences that call
one side "she" or "the company". Those of even number were read while patterns and rules were added, those of odd number were not.
A claim is right when predicate, subject and object are those of a label to the letter, but for case, other names of the same and
the direction of a property that has an inverse. One JSON line an ontology and half; of passages another where each sentence is read
by itself.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kgbuild.chunking import sentence_spans  # noqa: E402
from kgbuild.compact.coverage import coverage  # noqa: E402
from kgbuild.compact.decoding import Reader, reader  # noqa: E402
from kgbuild.compact.passages import passage_guesses  # noqa: E402
from kgbuild.compact.taught import LabelledText, LabelledTriple  # noqa: E402
from kgbuild.compact.weights import Weights, open_weights  # noqa: E402
from kgbuild.evaluation.scores import scores_of  # noqa: E402
from kgbuild.ontology.model import Ontology  # noqa: E402
from kgbuild.ontology.reading import read  # noqa: E402
from kgbuild.serialisation import json_lines  # noqa: E402

Triple = tuple[str, str, str]


class Prose(LabelledText):
    debatable: tuple[LabelledTriple, ...] = ()
    names: tuple[tuple[str, ...], ...] = ()

    @property
    def ontology(self) -> str:
        return str(self.id).partition("-")[0]

    @property
    def is_held_out(self) -> bool:
        return int(str(self.id).partition("-")[2]) % 2 == 1

    def called(self, words: str) -> str:
        """Return the first name of what is called so."""
        folded = words.casefold()
        return next((names[0].casefold() for names in self.names if folded in map(str.casefold, names)), folded)

    def triples_of(self, triples: Iterable[Triple], ontology: Ontology) -> set[Triple]:
        return {ontology.one_way(self.called(subject), predicate, self.called(object_)) for subject, predicate, object_ in triples}

    def labelled(self, ontology: Ontology, labels: Iterable[LabelledTriple]) -> set[Triple]:
        return self.triples_of(((label.subject, label.predicate, label.object) for label in labels), ontology)


def claimed(asked: Reader, text: str) -> Iterator[Triple]:
    for _, guess in passage_guesses(asked, text):
        if guess.probability >= asked.weights.calibration.accept_from:
            yield guess.subject.of(text), guess.predicate, guess.object.of(text)


def score(weights: Weights, rows: Sequence[Prose], alone: bool) -> Iterator[dict[str, str | int | float]]:
    """Score the rows by ontology and half. alone: each sentence is read by itself."""
    for name in dict.fromkeys(row.ontology for row in rows):
        ontology = read(name)
        asked = reader(weights, ontology, coverage(ontology, weights), with_uncovered=False)
        for held_out in (True, False):
            counts: Counter[str] = Counter()
            for row in (row for row in rows if row.ontology == name and row.is_held_out is held_out):
                stated = row.labelled(ontology, row.triples)
                texts = [span.of(row.text) for span in sentence_spans(row.text)] if alone else [row.text]
                claims = row.triples_of((claim for text in texts for claim in claimed(asked, text)), ontology)
                claims -= row.labelled(ontology, row.debatable) - stated
                counts.update(texts=1, stated=len(stated), claimed=len(claims), right=len(claims & stated))
                if not stated:
                    counts.update(silent_texts=1, claimed_in_silent=len(claims))
            scores = asdict(scores_of(counts["right"], counts["claimed"], counts["stated"]))
            rounded = {measure: round(value, 3) for measure, value in scores.items()}
            yield {"ontology": name, "half": "held out" if held_out else "read", **counts, **rounded}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path)
    weights = open_weights(parser.parse_args().weights)
    for of, alone in (("prose", False), ("passages", False), ("passages", True)):
        rows = [Prose.model_validate(row) for _, row in json_lines(Path(__file__).with_name(f"compact_{of}.jsonl"))]
        for line in score(weights, rows, alone):
            print(json.dumps({"of": f"{of}, sentence by sentence" if alone else of, **line}), flush=True)


if __name__ == "__main__":
    main()
