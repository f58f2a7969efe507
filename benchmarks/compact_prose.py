"""The shipped weights, or others, on prose: 210 sentences as news, obituaries, guides and reviews have them.

    python benchmarks/compact_prose.py [--weights WEIGHTS]

They are our own, written without sight of templates.txt, and labelled with all that they state under the bundled ontology that
their id names; `debatable` holds readings that count neither as right nor as wrong. Sentences of even number were read while
templates were added, those of odd number were not. A claim is right when predicate, subject and object are those of a label to the
letter, but for case and for the direction of a property that has an inverse. One JSON line an ontology and half.
"""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from kgbuild.chunking import sentence_spans  # noqa: E402
from kgbuild.compact.coverage import coverage  # noqa: E402
from kgbuild.compact.decoding import Reader, guesses, reader  # noqa: E402
from kgbuild.compact.taught import LabelledText, LabelledTriple  # noqa: E402
from kgbuild.compact.weights import Weights, open_weights  # noqa: E402
from kgbuild.evaluation.scores import scores_of  # noqa: E402
from kgbuild.ontology.model import Ontology  # noqa: E402
from kgbuild.ontology.reading import read  # noqa: E402
from kgbuild.serialisation import json_lines  # noqa: E402

Triple = tuple[str, str, str]


class Prose(LabelledText):
    debatable: tuple[LabelledTriple, ...] = ()

    @property
    def ontology(self) -> str:
        return str(self.id).partition("-")[0]

    @property
    def is_held_out(self) -> bool:
        return int(str(self.id).partition("-")[2]) % 2 == 1


def labelled(triples: tuple[LabelledTriple, ...], ontology: Ontology) -> set[Triple]:
    return {ontology.one_way(t.subject.casefold(), t.predicate, t.object.casefold()) for t in triples}


def claimed(asked: Reader, text: str) -> set[Triple]:
    found: set[Triple] = set()
    for span in sentence_spans(text):
        sentence = span.of(text)
        for guess in guesses(asked, sentence):
            if guess.probability >= asked.weights.calibration.accept_from:
                subject, object_ = (side.of(sentence).casefold() for side in (guess.subject, guess.object))
                found.add(asked.ontology.one_way(subject, guess.predicate, object_))
    return found


def score(weights: Weights, rows: list[Prose]) -> None:
    for name in dict.fromkeys(row.ontology for row in rows):
        ontology = read(name)
        asked = reader(weights, ontology, coverage(ontology, weights), with_uncovered=False)
        for held_out in (True, False):
            counts: Counter[str] = Counter()
            for row in (row for row in rows if row.ontology == name and row.is_held_out is held_out):
                stated = labelled(row.triples, ontology)
                claims = claimed(asked, row.text)
                claims -= labelled(row.debatable, ontology) - stated
                counts.update(sentences=1, stated=len(stated), claimed=len(claims), right=len(claims & stated))
                if not stated:
                    counts.update(silent_sentences=1, claimed_in_silent=len(claims))
            scores = asdict(scores_of(counts["right"], counts["claimed"], counts["stated"]))
            rounded = {measure: round(value, 3) for measure, value in scores.items()}
            print(json.dumps({"ontology": name, "half": "held out" if held_out else "read", **counts, **rounded}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path)
    rows = [Prose.model_validate(row) for _, row in json_lines(Path(__file__).with_suffix(".jsonl"))]
    score(open_weights(parser.parse_args().weights), rows)


if __name__ == "__main__":
    main()
