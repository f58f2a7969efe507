"""What a model is asked, in full: prompts a person can read in tests/golden, and documents that try to speak in their place."""

import os
import re
from pathlib import Path

import pytest

from kgbuild import ontology as ontologies
from kgbuild.errors import OntologyError
from kgbuild.extraction.examples import nearest, worked_examples
from kgbuild.extraction.grounding import Flattened
from kgbuild.extraction.messages import AS_LIST, MAX_EXAMPLES, probe_message, system_message, user_message
from kgbuild.extraction.open_mode import OPEN
from kgbuild.ontology.model import Ontology
from kgbuild.prompts import read_prompt
from kgbuild.records import Chunk, Span
from tests.extraction.hostile import HOSTILE
from tests.extraction.test_grammar import FIRMS

GOLDEN = Path(__file__).parents[1] / "golden"
COMPANY = ontologies.read("company")
CHUNK = Chunk(
    "chk",
    "doc",
    0,
    Span(0, 62),
    "She led Sony\nfrom 1950 to 1976. It\thas its head office in Minato.",
    ("Companies", "Sony"),
    "Ada Byron joined\nSony early.",
)


def user(chunk=CHUNK, ontology=COMPANY, rewritten=""):
    text = Flattened.of(chunk.text)
    return user_message(read_prompt("extraction_passage"), chunk, text, worked_examples(ontology), AS_LIST, rewritten).content


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("extraction_system.txt", lambda: system_message(read_prompt("extraction"), FIRMS).content),
        ("extraction_open_system.txt", lambda: system_message(read_prompt("extraction_open"), OPEN).content),
        ("extraction_user.txt", lambda: user(rewritten="Ada Byron led Sony from 1950 to 1976.")),
        ("extraction_probe.txt", lambda: probe_message(read_prompt("extraction_probe"), (2, 5), AS_LIST).content),
    ],
)
def test_prompts_are_as_they_were(name, message):
    """Set KGBUILD_GOLDEN=1 to write them anew, and read the difference."""
    if os.environ.get("KGBUILD_GOLDEN"):
        (GOLDEN / name).write_text(message() + "\n", "utf-8")
    assert message() + "\n" == (GOLDEN / name).read_text("utf-8")


def test_the_system_message_is_the_same_for_every_chunk_and_the_chunk_comes_last():
    other = Chunk("other", "doc", 1, Span(0, 15), "Acme owns Beta.")
    assert user().endswith(f"[1] She led Sony from 1950 to 1976.\n[2] It has its head office in Minato.\n\n{AS_LIST}")
    # Nothing of a chunk is in the system message: it is made before any chunk is seen.
    assert user(other) != user()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("field", ["text", "context", "heading", "rewritten"])
def test_no_document_can_imitate_the_frame(text, field):
    """The lines of the message are those of the frame, whatever the document says: one more numbered line for each sentence."""
    given = {"text": "Acme owns Beta.", "context": "Acme.", "heading": "Acme", "rewritten": "Acme.", field: text}
    chunk = Chunk("c", "d", 0, Span(0, max(len(given["text"]), 1)), given["text"], (given["heading"],), given["context"])
    message = user(chunk, FIRMS, given["rewritten"])
    plain = user(Chunk("c", "d", 0, Span(0, 15), "Acme owns Beta.", ("Acme",), "Acme."), FIRMS, "Acme.")
    shown = Flattened.of(given["text"])
    if field == "rewritten" and not text.strip():
        return  # nothing was rewritten, so nothing is shown
    assert message.count("\n") == plain.count("\n") + max(len(shown.sentences), 1) - 1
    assert re.findall(r"(?m)^\[(\d+)\] ", message) == [str(number) for number in range(1, len(shown.sentences) + 1)]
    assert not re.search(r"<\|?/?\w|\[/?INST", message)
    assert message.endswith(AS_LIST)


def test_the_nearest_examples_are_shown_in_the_order_of_the_file():
    examples = worked_examples(COMPANY)
    chosen = nearest(examples, "Audi builds the A4 in Germany and belongs to Volkswagen.", 2)
    assert any("Audi" in example.sentences[0] for example in chosen)
    assert [examples.index(example) for example in chosen] == sorted(examples.index(example) for example in chosen)
    assert nearest(examples[:2], "anything", 2) == examples[:2]
    assert len(re.findall("Example passage:", user())) == MAX_EXAMPLES


@pytest.mark.parametrize("name", ontologies.bundled())
def test_the_answers_of_bundled_examples_are_what_the_grammar_allows(name):
    from kgbuild.extraction.grammar import Copyable, Shapes
    from tests.extraction.test_grammar import accepts

    ontology = ontologies.read(name)
    assert ontology.examples
    for example in worked_examples(ontology):
        flattened = Flattened.of(" ".join(example.sentences))
        lark = Shapes(ontology).grammar(Copyable.of(flattened), range(1, len(example.sentences) + 1))
        assert accepts(lark, example.answer), example.answer


def test_an_example_that_is_none_is_named():
    broken = Ontology("broken", FIRMS.classes, FIRMS.properties, examples=('{"text": "x", "triples": []}', '{"text": "x"}'))
    with pytest.raises(OntologyError, match="broken, worked example 2: triples"):
        worked_examples(broken)
