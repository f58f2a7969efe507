"""Whatever a model writes under the grammar is valid, verbatim and well-typed: shown on replies written by chance."""

import json
import random
import unicodedata
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild import ontology as ontologies
from kgbuild.compact.literals import normalise
from kgbuild.extraction.claims import Claim, ClaimReader
from kgbuild.extraction.grammar import MAX_SPAN_WORDS, OPEN_CLASSES, Copyable, Shapes
from kgbuild.extraction.grounding import Flattened
from kgbuild.extraction.open_mode import OPEN
from kgbuild.judging.datatypes import fits
from kgbuild.judging.rules import judge_by_rules
from kgbuild.ontology.model import Ontology
from kgbuild.records import Reason
from tests.extraction.firms import FIRMS
from tests.extraction.hostile import HOSTILE
from tests.extraction.walks import grammar_errors, walk

LOOSE = Ontology(FIRMS.name, FIRMS.classes, FIRMS.properties, typing="soft")
PLAIN = "Acme Inc. was founded by Ada Byron in Berlin on 3 May 1999. It owns Beta and employs 1,234 people; see www.acme.com."


def copyable(text: str) -> tuple[Flattened, Copyable]:
    flattened = Flattened.of(text)
    return flattened, Copyable.of(flattened)


def numbers(text: Flattened) -> range:
    return range(1, len(text.sentences) + 1)


@cache
def ontology_of(name: str) -> Ontology:
    return {"firms": FIRMS, "loose": LOOSE, "open": OPEN}.get(name) or ontologies.read(name)


def kind(character: str) -> str:
    return "letter" if unicodedata.category(character)[0] in "LM" else "digit" if character.isdigit() else ""


def stands_whole(words: str, sentence: str) -> bool:
    """Tell whether words stand in a sentence and cut no word or number of it: an oracle that knows nothing of the grammar."""
    at = -1
    while (at := sentence.find(words, at + 1)) >= 0:
        before, after = sentence[at - 1 : at], sentence[at + len(words) : at + len(words) + 1]
        edges = [(one, other) for one, other in ((before, words[0]), (words[-1], after)) if one and other]
        # Characters from Thai on stand for scripts that put no blank between words.
        if not any(kind(one) == kind(other) != "" and max(one, other) < "\u0e00" for one, other in edges):
            return True
    return False


def well_typed(triple: dict, ontology: Ontology) -> bool:
    """Tell whether a triple is one the ontology allows; classes and properties go by what the prompt calls them."""
    classes = {{"Q5": "human"}.get(name, name): name for name in ontology.classes}
    properties = {{"P112": "founded by"}.get(name, name): prop for name, prop in ontology.properties.items()}
    prop = properties[triple["property"]]
    loose = ontology.typing == "soft"
    if not (loose or ontology.is_a(classes[triple["subject_class"]], prop.domain)):
        return False
    if not set(triple.get("qualifiers", {})) <= set(prop.allowed_qualifiers):
        return False
    if "object_class" in triple:
        known = classes[triple["object_class"]]
        return bool(prop.range_classes or not prop.range) and (loose or ontology.is_a(known, prop.range_classes))
    return any((value := normalise(triple["object"], datatype)) and fits(value, datatype) for datatype in prop.datatypes)


def check(reply: str, text: str, ontology: Ontology, max_words: int = MAX_SPAN_WORDS) -> int:
    """Assert that a reply is valid, verbatim and well-typed; return its number of triples."""
    flattened = Flattened.of(text)
    value = json.loads(reply)
    triples = value["triples"] if isinstance(value, dict) else value
    sentences = [sentence.of(flattened.text) for sentence in flattened.sentences]
    for triple in triples:
        assert 1 <= triple["sentence"] <= len(sentences)
        for words in (triple["subject"], triple["object"], *triple.get("qualifiers", {}).values()):
            assert any(stands_whole(words, sentence) for sentence in sentences), words
            assert len(words.split()) <= max_words
            assert any(character.isalnum() for character in words)
        if ontology.is_open:
            assert triple["property"] == triple["property"].lower()
            assert triple["subject_class"] in OPEN_CLASSES
        else:
            assert well_typed(triple, ontology), triple
    return len(triples)


@pytest.mark.parametrize("name", ["firms", "loose", "open"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_whatever_is_written_under_the_grammar_is_valid_verbatim_and_well_typed(text, name):
    ontology, (flattened, words) = ontology_of(name), copyable(text)
    lark = Shapes(ontology).grammar(words, numbers(flattened))
    if lark is None:
        assert not words.has_words
        return
    assert grammar_errors(lark) == ""
    replies = [walk("grammar", lark, random.Random(seed)) for seed in range(12)]
    for reply in replies:
        assert reply is None or check(reply, text, ontology) >= 0
    assert any(reply and json.loads(reply) for reply in replies)


UNSEEN = (None, Reason.SELF_LOOP, Reason.PRONOUN, Reason.QUESTION, Reason.NEGATED, Reason.SUPPOSED)
"""What may still be wrong with a triple that a grammar lets through."""


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_written_under_the_grammar_is_found_in_the_text_as_read_and_breaks_no_rule(text):
    """The way back: each reply becomes candidates that the rules accept, but for what no grammar can see."""
    from tests.extraction.test_llm import extracted  # the whole extractor around a reply

    flattened, words = copyable(text)
    lark = Shapes(FIRMS).grammar(words, numbers(flattened))
    replies = [walk("grammar", lark, random.Random(seed)) for seed in range(100, 106)] if lark else []
    for reply in filter(None, replies):
        chunk, extraction = extracted(text, reply, FIRMS)
        assert extraction.failure is None
        assert len(extraction.candidates) <= len(json.loads(reply))
        for candidate in extraction.candidates:
            verdict = judge_by_rules(candidate, chunk, FIRMS)
            assert verdict.reason in UNSEEN, verdict


@pytest.mark.parametrize("name", ["firms", "loose", "company"])
@pytest.mark.parametrize("hostile", ["quotes", "backslashes", "CJK", "combining marks", "numbers", "chat markers"])
def test_the_schema_with_spans_holds_the_same(hostile, name):
    text, ontology = HOSTILE[hostile], ontology_of(name)
    flattened, words = copyable(text)
    schema = Shapes(ontology).span_schema(words, numbers(flattened))
    assert schema is not None
    for seed in range(4):
        reply = walk("json_schema", schema, random.Random(seed))
        assert reply is None or check(reply, text, ontology) >= 0


@pytest.mark.parametrize("name", [*ontologies.bundled(), "firms", "loose", "open"])
def test_every_ontology_compiles_and_always_allows_nothing(name):
    ontology, (flattened, words) = ontology_of(name), copyable(PLAIN)
    lark = Shapes(ontology).grammar(words, numbers(flattened))
    assert lark is not None
    assert lark.startswith("%llguidance {}\n")
    assert grammar_errors(lark) == ""
    assert accepts(lark, "[]")


def accepts(lark: str, reply: str) -> bool:
    import llguidance

    from tests.extraction.walks import tokenizer

    matcher = llguidance.LLMatcher(tokenizer(), llguidance.grammar_from("grammar", lark))
    return matcher.try_consume_tokens(list(reply.encode())) == len(reply.encode()) and matcher.is_accepting()


def triple(
    subject="Acme Inc.", class_="Company", prop="inception", object_="3 May 1999", object_class=None, sentence=1, **qualifiers
):
    fields = {"sentence": sentence, "subject": subject, "subject_class": class_, "property": prop, "object": object_}
    fields |= {"object_class": object_class} if object_class else {}
    fields |= {"qualifiers": qualifiers} if qualifiers else {}
    return json.dumps([fields], ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(
    ("reply", "allowed"),
    [
        (triple(), True),
        # Words of the text, whole and in their order.
        (triple(subject="Acme Ltd."), False),
        (triple(subject="Acm"), False),
        (triple(subject="founded Acme"), False),
        (triple(subject="ACME"), False),
        # A literal reads as the property's datatype, and has no class.
        (triple(object_="3 May"), False),
        (triple(object_="Berlin"), False),
        (triple(prop="staff", object_="1,234"), True),
        (triple(prop="staff", object_="3 May 1999"), False),
        (triple(prop="motto", object_="employs 1,234 people"), True),
        (triple(prop="website", object_="www.acme.com"), True),
        # Domain and range, subclasses included; a property goes by its label where its name is an id.
        (triple(prop="owns", object_="Beta", object_class="Company"), True),
        (triple("Ada Byron", "human", "owns", "Beta", "Company"), True),
        (triple("Ada Byron", "Agent", "owns", "Beta", "Company"), True),
        (triple("Berlin", "Place", "owns", "Beta", "Company"), False),
        (triple(prop="owns", object_="Beta", object_class="Agent"), False),
        (triple(prop="founded by", object_="Ada Byron", object_class="human"), True),
        (triple(prop="P112", object_="Ada Byron", object_class="human"), False),
        # A property without domain and range takes everything that is an entity.
        (triple("Berlin", "Place", "see", "Beta", "Company"), True),
        # Both kinds where the range has both.
        (triple("Berlin", "Place", "named for", "Ada Byron", "human"), False),
        (triple("Berlin", "Place", "named_for", "Ada Byron", "human"), True),
        (triple("Berlin", "Place", "named_for", "3 May 1999"), True),
        # Qualifiers of the property, in their order; times are dates.
        (triple(prop="owns", object_="Beta", object_class="Company", start="3 May 1999"), True),
        (triple(prop="owns", object_="Beta", object_class="Company", start="3 May 1999", role="employs", share="1,234"), False),
        (triple(prop="owns", object_="Beta", object_class="Company", start="3 May 1999", share="1,234", role="employs"), True),
        (triple(prop="owns", object_="Beta", object_class="Company", end="Berlin"), False),
        (triple(prop="inception", start="3 May 1999"), False),
        # Evidence is one of the sentences.
        (triple(sentence=2), True),
        (triple(sentence=3), False),
        ("[]", True),
        ("[ ]", False),
        ("{}", False),
    ],
)
def test_what_the_grammar_allows(reply, allowed):
    flattened, words = copyable(PLAIN)
    assert len(flattened.sentences) == 2
    lark = Shapes(FIRMS).grammar(words, numbers(flattened))
    assert lark is not None
    assert accepts(lark, reply) == allowed


@pytest.mark.parametrize(
    ("predicate", "allowed"),
    [
        ("born in", True),
        ("né à", True),
        ("родился в", True),
        ("出生地", True),
        # One form for each: no capitals, no marks, four words at most.
        ("Born in", False),
        ("born_in", False),
        ("is said to be born in", False),
    ],
)
def test_predicates_without_an_ontology_are_words_of_any_script(predicate, allowed):
    flattened, words = copyable(PLAIN)
    lark = Shapes(OPEN).grammar(words, numbers(flattened))
    assert accepts(lark, triple("Acme Inc.", "Organization", predicate, "Berlin", "Place")) == allowed


def test_soft_typing_allows_every_class_but_no_other_datatype():
    flattened, words = copyable(PLAIN)
    lark = Shapes(LOOSE).grammar(words, numbers(flattened))
    assert accepts(lark, triple("Berlin", "Place", "owns", "Beta", "Place"))
    assert not accepts(lark, triple("Berlin", "Place", "inception", "Beta"))


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        # Germany's capital: the name ends before the apostrophe, a word does not end inside.
        ("Germany's capital", ("Germany", "s", "capital")),
        ("a Paris-based firm", ("a", "Paris", "based", "firm")),
        # A number is one piece with its points and commas.
        ("1,234.5 t", ("1,234.5", "t")),
        # Scripts without spaces are cut anywhere, but marks stay with their letters.
        ("東京都", ("東", "京", "都")),
        ("ที่นี่", ("ที่", "นี่")),
        ("मुंबई में", ("मुंबई", "में")),
    ],
)
def test_what_a_word_is(words, whole):
    _, text = copyable(words)
    assert text.spans(1) == whole


WORDS = ["Ada", "é", "straße", "x1", "a_b", "_", "12abc", "Ada's", "Paris-based", ",", "(", "“", "$", '"', "\\"]
NUMBERS = ["5", "1,234.5", "3:4", "3.5abc", "a1.5", "1.2.3", "²3.5"]
PARTS = st.sampled_from(WORDS + NUMBERS)


@given(st.lists(PARTS, min_size=1))
def test_a_character_of_another_script_changes_how_no_other_word_is_cut(parts):
    words = " ".join(parts)
    (cut,), (beside,) = copyable(words)[1].runs, copyable(f"{words} 漢")[1].runs
    assert beside == (*cut, " ", "漢")
    assert copyable(words)[1].texts == ("".join(cut),)


def test_a_piece_too_long_for_a_name_ends_a_run():
    _, words = copyable(f"Ada{'x' * 61} met Bob, {'7' * 61}.5 at 1.5.")
    assert words.texts == (" met Bob, ", " at 1.5.")
    assert words.runs == ((" ", "met", " ", "Bob", ",", " "), (" ", "at", " ", "1.5", "."))


def test_a_property_whose_literals_the_text_does_not_have_cannot_be_written():
    _, words = copyable("Acme owns Beta.")
    assert "inception" not in {name for branch in Shapes(FIRMS).signatures(words) for name in branch.properties}


def test_a_probe_may_cite_only_the_sentences_it_asks_about():
    _, words = copyable(PLAIN)
    lark = Shapes(FIRMS).grammar(words, [2])
    assert accepts(lark, triple(sentence=2))
    assert not accepts(lark, triple(sentence=1))


def test_a_text_with_too_many_spans_to_list_gets_the_plain_schema():
    text = " ".join(f"Word{n} met Other{n} in Town{n}." for n in range(600))
    flattened, words = copyable(text)
    assert Shapes(FIRMS).span_schema(words, numbers(flattened)) is None
    schema = Shapes(FIRMS).plain_schema(words, numbers(flattened))
    assert schema is not None
    assert len(schema) < 20_000


def test_a_reply_by_its_own_rules_is_read_by_the_same_names():
    """What the prompt calls a class or property, `ClaimReader` knows."""
    text = Flattened.of(PLAIN)
    claim = Claim(subject="Acme Inc.", predicate="founded by", object="Ada Byron", subject_class="Company", object_class="human")
    found = ClaimReader(FIRMS).candidate(claim, text.passage())
    assert (found.predicate, found.object.class_name) == ("P112", "Q5")
