"""The patterns of made-up sentences: each can be filled, states what the catalogue knows, and is in no benchmark's text."""

import random
import re
from pathlib import Path

from kgbuild.chunking import sentence_spans
from kgbuild.compact import templates
from kgbuild.compact.catalogue import read_properties
from kgbuild.compact.examples import Example, Statement
from kgbuild.compact.taught import read_labelled
from kgbuild.records import Span

HERE = Path(templates.__file__).parent
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PATTERNS = templates.read_templates(HERE / "templates.txt")
LISTED = templates.read_words(HERE / "template_words.txt")
MADE_UP = {"y", "my", "d", "n", "mm", "ar", "el"}
SLOT = re.compile(r"\{([a-z]+)([0-9])\}")
SLOT_WHOLE = re.compile(r"\{[a-z]+[0-9]\}")


def test_every_slot_is_filled_from_somewhere():
    kinds = {kind for sentence, _ in PATTERNS for kind, _ in SLOT.findall(sentence)}
    assert kinds <= MADE_UP | LISTED.keys() | templates.FROM_STATEMENTS.keys()
    assert all(word for words in LISTED.values() for word in words)


def test_a_pattern_states_what_the_catalogue_knows_of_things_that_it_names():
    known = {entry.key for entry in read_properties(HERE / "properties.tsv")}
    for sentence, facts in PATTERNS:
        named = {kind + number for kind, number in SLOT.findall(sentence)}
        for subject, key, object_ in facts:
            assert {subject, object_} <= named, sentence
            assert key in known, sentence
            assert subject != object_, sentence


def test_no_pattern_is_there_twice():
    assert len({sentence for sentence, _ in PATTERNS}) == len(PATTERNS)


def test_a_sentence_names_nothing_twice_and_says_where_everything_stands():
    stated = [Statement(Span(0, 4), "P47", Span(13, 17))]
    words = templates.fillers([Example("1", "Peru borders Chad", tuple(stated), (), "re-docred")], {"co": ("Chad", "Peru", "Togo")})
    pattern = ("{co1} borders {co2} and {co3}.", (("co1", "P47", "co2"), ("co1", "P47", "co3")))
    for example in templates.made([pattern], words, 20, random.Random(1)):
        names = [span.of(example.text) for span in example.mentions]
        assert sorted(names) == ["Chad", "Peru", "Togo"]
        assert example.text == f"{names[0]} borders {names[1]} and {names[2]}."
        assert [(s.subject.of(example.text), s.object.of(example.text)) for s in example.statements] == [
            (names[0], names[1]),
            (names[0], names[2]),
        ]


def test_no_pattern_is_a_sentence_that_the_weights_are_scored_on():
    """A slot stands for up to five words. Of three words beside its slots, such as "people work for", anybody might make one.

    Sentences of even number in compact_prose.jsonl were read while patterns were written.
    """
    prose = [row.text for row in read_labelled(BENCHMARKS / "compact_prose.jsonl") if int(str(row.id).partition("-")[2]) % 2]
    made_up = [row.text for row in read_labelled(BENCHMARKS / "compact_made_up.jsonl")]
    text = "\n".join(span.of(text) for text in prose + made_up for span in sentence_spans(text))
    told = [sentence for sentence, _ in PATTERNS if len(re.findall(r"\w+", SLOT_WHOLE.sub("", sentence))) > 3]
    assert len(told) > len(PATTERNS) / 2
    for sentence in told:
        words = r"(?:\S+(?: \S+){0,4})".join(re.escape(part) for part in SLOT_WHOLE.split(sentence))
        assert (found := re.search(rf"^{words}$", text, re.MULTILINE)) is None, (sentence, found and found[0])
