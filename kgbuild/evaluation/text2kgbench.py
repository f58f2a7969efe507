"""Text2KGBench: its official metric, the strict one beside it, and the recorded answers of its baselines.

    benchmark = read_text2kgbench(folder, "wikidata_tekgen")
    predictions = {"ont_1_movie_test_1": [("Bleach : Hell Verse", "director", "Noriyuki Abe")], ...}
    score = score_text2kgbench(benchmark, predictions)
    score.official.f1, score.strict.f1, score.strict_micro.f1

The official metric has two traps. A prediction whose predicate is not among the gold predicates *of that sentence* is dropped
before anything is counted, so wrong predicates cost nothing and over-generation is hidden; the strict scores leave that filter out.
And a sentence without gold scores 0 whatever is predicted, which bounds every system from above (142 of 4,062 TekGen sentences).
Besides, only blanks, underscores and case of names do not count: accents, quotes, brackets and the style of dates and numbers must
be those of the gold. Systems that keep to the text top out near .646 (TekGen) and .72 (WebNLG).
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from kgbuild.errors import InputError
from kgbuild.evaluation.gold import Benchmark, GoldOntology, GoldSentence, Triple
from kgbuild.evaluation.scores import NO_SCORES, Scores, mean, scores_of, scores_of_sets
from kgbuild.evaluation.stemming import stemmed
from kgbuild.serialisation import first_problem, json_lines

Predictions = Mapping[str, Iterable[Triple]]
"""Sentence id -> (subject, predicate label, object). A sentence that is missing was not answered; one with no triple was."""


@dataclass(frozen=True, slots=True)
class Text2KGBenchScore:
    """What one ontology, or the whole benchmark as the mean over its ontologies, scores.

    official: as the published scorer computes it. strict: the same without the filter on predicates.
    strict_micro: strict, all triples of all sentences pooled.
    conformance: share of predicted triples whose predicate the ontology has; predicate_hallucination: the rest of them.
    subject_hallucination, object_hallucination: share of predicted names found neither in the sentence nor among the class labels.
    All four are means over sentences; one not answered counts 0 in each, one answered without a triple is fully conformant.
    """

    name: str
    sentences: int
    answered: int
    official: Scores
    strict: Scores
    strict_micro: Scores
    conformance: float
    subject_hallucination: float
    predicate_hallucination: float
    object_hallucination: float


@dataclass(frozen=True, slots=True)
class BenchmarkScore:
    """The scores of every ontology, and over all of them."""

    benchmark: str
    ontologies: tuple[Text2KGBenchScore, ...]
    total: Text2KGBenchScore

    @property
    def official(self) -> Scores:
        return self.total.official

    @property
    def strict(self) -> Scores:
        return self.total.strict

    @property
    def strict_micro(self) -> Scores:
        return self.total.strict_micro


BASELINES = ("Vicuna-13B", "Alpaca-LoRA-13B")
"""Models whose answers the benchmark's authors recorded."""


def score_text2kgbench(benchmark: Benchmark, predictions: Predictions) -> BenchmarkScore:
    """Score predictions on every sentence of a benchmark: the mean over sentences within an ontology, then over ontologies.

    predictions: triples by sentence id; predicates are labels of the ontology, with blanks or underscores. Ids that the benchmark
        does not have are an InputError, since they mean that something else was predicted.
    """
    answers = {id_: tuple(triples) for id_, triples in predictions.items()}
    if unknown := sorted(answers.keys() - benchmark.sentence_ids):
        raise InputError(
            benchmark.name, f"no sentence {unknown[0]!r} ({len(unknown)} such predictions)", "Predict its test sentences"
        )
    each = tuple(score_ontology(ontology, answers) for ontology in benchmark.ontologies)
    counts = [_pooled_counts(ontology.sentences, answers) for ontology in benchmark.ontologies]
    return BenchmarkScore(
        benchmark.name, each, _over_ontologies(benchmark.name, each, scores_of(*map(sum, zip(*counts, strict=True))))
    )


def score_ontology(ontology: GoldOntology, predictions: Predictions, only: Collection[str] | None = None) -> Text2KGBenchScore:
    """Score predictions on the sentences of one ontology.

    only: ids to leave the others out, such as `ontology.verified_ids`.
    """
    sentences = [sentence for sentence in ontology.sentences if only is None or sentence.id in only]
    answered = [(sentence, tuple(predictions[sentence.id])) for sentence in sentences if sentence.id in predictions]
    unanswered = len(sentences) - len(answered)

    def scored(compare: Callable[[GoldSentence, Sequence[Triple]], Scores]) -> Scores:
        return mean([*(compare(sentence, triples) for sentence, triples in answered), *[NO_SCORES] * unanswered])

    def share(of: Callable[[GoldSentence, Sequence[Triple]], float]) -> float:
        return sum(of(sentence, triples) for sentence, triples in answered) / len(sentences) if sentences else 0.0

    conformant = frozenset(_official_label(form) for label in ontology.predicate_labels for form in (label, label.strip()))
    classes = " ".join(ontology.class_labels)
    return Text2KGBenchScore(
        name=ontology.name,
        sentences=len(sentences),
        answered=len(answered),
        official=scored(_official),
        strict=scored(lambda sentence, triples: scores_of_sets(_keys(triples), _keys(sentence.triples))),
        strict_micro=scores_of(*_pooled_counts(sentences, predictions)),
        conformance=share(lambda _, triples: _share_of(triples, lambda t: _official_label(t[1]) in conformant, of_none=1.0)),
        predicate_hallucination=share(lambda _, triples: _share_of(triples, lambda t: _official_label(t[1]) not in conformant)),
        subject_hallucination=share(lambda sentence, triples: _invented(sentence.text + classes, [t[0] for t in triples])),
        object_hallucination=share(lambda sentence, triples: _invented(sentence.text + classes, [t[2] for t in triples])),
    )


def triple_key(triple: Triple) -> str:
    """Return what two triples share when the benchmark counts them as equal."""
    return "".join(re.sub(r"[_\s]+", "", part).lower() for part in triple)


def _keys(triples: Iterable[Triple]) -> frozenset[str]:
    return frozenset(map(triple_key, triples))


def _official_label(label: str) -> str:
    return label.replace(" ", "_")


def _official(sentence: GoldSentence, triples: Sequence[Triple]) -> Scores:
    gold_predicates = {_official_label(predicate) for _, predicate, _ in sentence.triples}
    kept = [triple for triple in triples if _official_label(triple[1]) in gold_predicates]
    return scores_of_sets(_keys(kept), _keys(sentence.triples))


def _pooled_counts(sentences: Iterable[GoldSentence], predictions: Predictions) -> tuple[int, int, int]:
    """Return how many triples are correct, predicted and gold, each counted once per sentence."""
    correct = predicted = gold = 0
    for sentence in sentences:
        theirs, ours = _keys(sentence.triples), _keys(predictions.get(sentence.id, ()))
        correct, predicted, gold = correct + len(theirs & ours), predicted + len(ours), gold + len(theirs)
    return correct, predicted, gold


def _share_of(triples: Sequence[Triple], holds: Callable[[Triple], bool], of_none: float = 0.0) -> float:
    return sum(map(holds, triples)) / len(triples) if triples else of_none


def _invented(text: str, names: Sequence[str]) -> float:
    """Return the share of names that a text does not hold, stems compared. "01 January", which TekGen adds to years, is not held
    against a system."""
    if not names:
        return 0.0
    stems = stemmed(text)
    return sum(stemmed(name).replace("01januari", "") not in stems for name in names) / len(names)


def _over_ontologies(name: str, each: Sequence[Text2KGBenchScore], strict_micro: Scores) -> Text2KGBenchScore:
    def average(of: Callable[[Text2KGBenchScore], float]) -> float:
        return sum(map(of, each)) / len(each) if each else 0.0

    return Text2KGBenchScore(
        name=name,
        sentences=sum(score.sentences for score in each),
        answered=sum(score.answered for score in each),
        official=mean(score.official for score in each),
        strict=mean(score.strict for score in each),
        strict_micro=strict_micro,
        conformance=average(lambda score: score.conformance),
        subject_hallucination=average(lambda score: score.subject_hallucination),
        predicate_hallucination=average(lambda score: score.predicate_hallucination),
        object_hallucination=average(lambda score: score.object_hallucination),
    )


_CALL = re.compile(r"(\w+)\(([^,]+),([^)]+)\)")


def triples_in_answer(answer: str, drop_quotes: bool = False) -> tuple[Triple, ...]:
    """Read `predicate(subject, object)` wherever an answer has it, as the authors of the benchmark did.

    Their way is crude and part of the recorded scores: a subject ends at the first comma, an object at the first closing bracket.
    drop_quotes: also leave out quotation marks and blanks around names, as they did for some of the WebNLG answers.

    >>> triples_in_answer("cast\\\\_member(Alien (film), Ripley (role))")
    (('Alien (film)', 'cast_member', ' Ripley (role'),)
    """
    found = ((match[2], match[1], match[3]) for match in _CALL.finditer(answer.replace("\\_", "_")))
    if not drop_quotes:
        return tuple(found)
    return tuple((_unquoted(subject), predicate, _unquoted(object_)) for subject, predicate, object_ in found)


def _unquoted(name: str) -> str:
    return re.sub("[\"']", "", name.strip())


class _Prediction(BaseModel):
    model_config = ConfigDict(coerce_numbers_to_str=True)

    id: str
    triples: list[Triple]


def read_predictions(file: Path) -> dict[str, tuple[Triple, ...]]:
    """Read predictions, a line {"id", "triples": [[subject, predicate, object]]} each; of two for one sentence the last counts.

    Raises InputError that names the first line that is not.
    """
    predictions: dict[str, tuple[Triple, ...]] = {}
    for where, row in json_lines(file):
        try:
            line = _Prediction.model_validate(row)
        except ValidationError as error:
            raise InputError(where, first_problem(error), 'A line is {"id", "triples": [[subject, predicate, object]]}') from error
        predictions[line.id] = tuple(line.triples)
    return predictions


def baseline_predictions(folder: Path, part: str, model: str) -> dict[str, tuple[Triple, ...]]:
    """Read the recorded raw answers of a baseline, "Vicuna-13B" or "Alpaca-LoRA-13B", and parse them.

    The published file tells by its own triples in which of the two ways its authors read an answer; of two answers to one sentence
    the last one counts, as it does for them. Raises InputError where the raw answer gives other triples than were published.
    """
    answers = folder / part / "baselines" / model / "llm_responses"
    files = sorted(answers.glob("*.jsonl"))
    if not files:
        raise InputError(answers, "no recorded answers", "Models are Vicuna-13B and Alpaca-LoRA-13B")
    predictions: dict[str, tuple[Triple, ...]] = {}
    for file in files:
        for _, row in json_lines(file):
            published = tuple((subject, predicate, object_) for subject, predicate, object_ in row["triples"])
            readings = (triples_in_answer(row["response"]), triples_in_answer(row["response"], drop_quotes=True))
            if not any(_keys(reading) == _keys(published) for reading in readings):
                raise InputError(file, f"the answer to {row['id']} does not give the published triples", "Fetch the data again")
            predictions[row["id"]] = next(reading for reading in readings if _keys(reading) == _keys(published))
    return predictions


def published_averages(folder: Path, part: str, model: str) -> dict[str, dict[str, str]]:
    """Return what the authors report of a baseline, by ontology: figures as they printed them, with two decimals."""
    rows = json_lines(folder / part / "baselines" / model / "published_averages.jsonl")
    return {row["onto"]: row for _, row in rows if row.get("type") == "all_test_cases"}
