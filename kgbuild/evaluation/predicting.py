"""What an extractor predicts for a benchmark's sentences, in the form in which that benchmark writes its gold."""

from collections.abc import Callable, Iterator
from pathlib import Path

from kgbuild import ontology as ontologies
from kgbuild.evaluation.gold import Benchmark, Triple
from kgbuild.extraction import Extractor
from kgbuild.judging import Candidates, Judge
from kgbuild.ontology.model import Ontology
from kgbuild.records import CandidateTriple, Chunk, Literal, Outcome, Span

MONTHS = tuple("January February March April May June July August September October November December".split())


def predict_text2kgbench(
    benchmark: Benchmark, folder: Path, part: str, open_: Callable[[Ontology], tuple[Extractor, Judge]], done: Callable[[int], None]
) -> dict[str, tuple[Triple, ...]]:
    """Return the accepted triples of every test sentence, by sentence id.

    open_: an extractor and a judge for one of the benchmark's ontologies. done: told after each sentence.
    Dates are written as the benchmark's training data writes them: "14 July 1789", and "01 January 1789" where the text has only
    the year. Everything else is the sentence's own words.
    """
    predictions: dict[str, tuple[Triple, ...]] = {}
    for gold in benchmark.ontologies:
        ontology = ontologies.read(folder / part / "ontologies" / f"{gold.name}_ontology.json")
        extractor, judge = open_(ontology)
        for sentence in gold.sentences:
            predictions[sentence.id] = tuple(_stated(sentence.text, ontology, extractor, judge))
            done(1)
    return predictions


def _stated(text: str, ontology: Ontology, extractor: Extractor, judge: Judge) -> Iterator[Triple]:
    if not text.strip():
        return
    chunk = Chunk("", "", 0, Span(0, len(text)), text)
    candidates = extractor.extract([chunk])[0].candidates
    (judgement,) = judge.judge([Candidates(chunk, candidates)])
    for candidate, verdict in zip(candidates, judgement.verdicts, strict=True):
        if verdict.outcome is Outcome.ACCEPTED:
            yield candidate.subject.text, ontology.properties[candidate.predicate].label, _object(candidate)


def _object(candidate: CandidateTriple) -> str:
    object_ = candidate.object
    if isinstance(object_, Literal) and object_.datatype in ("date", "gYearMonth", "gYear"):
        year, month, day = (*object_.value.split("-"), "01", "01")[:3]
        return f"{day} {MONTHS[int(month) - 1]} {year}"
    return object_.text
