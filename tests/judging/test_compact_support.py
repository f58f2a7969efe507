"""The compact judge with the shipped weights."""

import pytest

from kgbuild.judging import Candidates
from kgbuild.judging.compact_support import CompactSupport
from kgbuild.ontology.reading import read
from kgbuild.records import CandidateTriple, Chunk, Mention, Span

TEXT = "Acme Steel was founded by Ruth Baker in Dayton. Tom Price runs Globex from Austin. The weather was mild."
CHUNK = Chunk("chk_test", "doc_test", 0, Span(40, 40 + len(TEXT)), TEXT)


def claim(subject: str, predicate: str, object_: str) -> CandidateTriple:
    def mention(words: str) -> Mention:
        start = 40 + TEXT.index(words)
        return Mention("", "doc_test", Span(start, start + len(words)), words, "")

    evidence = Span(40, 40 + TEXT.index(".") + 1)
    return CandidateTriple("", "chk_test", mention(subject), predicate, mention(object_), evidence, TEXT[: TEXT.index(".") + 1])


def opinions(support, triples, chunk):
    (answers,) = support.opinions([Candidates(chunk, tuple(triples))])
    return answers


@pytest.fixture(scope="module")
def support() -> CompactSupport:
    return CompactSupport.open(read("company"))


@pytest.mark.parametrize(
    "wrong",
    [
        # Another property of the same two things.
        claim("Acme Steel", "chairperson", "Ruth Baker"),
        # Subject and object swapped.
        claim("Ruth Baker", "founded_by", "Acme Steel"),
        # Something else that the sentence names.
        claim("Acme Steel", "founded_by", "Dayton"),
        # Something that only another sentence names.
        claim("Acme Steel", "founded_by", "Tom Price"),
    ],
)
def test_what_the_sentence_states_is_likelier_than_what_it_does_not(wrong, support):
    stated, unstated = opinions(support, [claim("Acme Steel", "founded_by", "Ruth Baker"), wrong], CHUNK)
    assert stated is not None
    assert unstated is not None
    assert stated >= support.band.accept_from
    assert unstated < stated


def test_a_property_never_taught_gets_no_opinion(support):
    assert opinions(support, [claim("Acme Steel", "smells_of", "Ruth Baker")], CHUNK) == [None]


def test_the_order_and_company_of_claims_make_no_difference(support):
    claims = [claim("Acme Steel", "founded_by", "Ruth Baker"), claim("Globex", "chief_executive", "Tom Price")]
    together = opinions(support, claims, CHUNK)
    assert opinions(support, claims[::-1], CHUNK) == together[::-1]
    assert [opinions(support, [c], CHUNK)[0] for c in claims] == together


def test_probabilities_lie_between_nought_and_one_and_the_band_runs_forward(support):
    (probability,) = opinions(support, [claim("Globex", "chief_executive", "Tom Price")], CHUNK)
    assert probability is not None
    assert 0 <= probability <= 1
    assert 0 < support.band.reject_below < support.band.accept_from < 1
