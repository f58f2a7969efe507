"""Where sentences and chunks end, and what chunking promises of every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.chunking import MAX_SENTENCE_CHARS, chunk, estimated_tokens, sentence_spans
from kgbuild.records import Document, Section, Span
from tests.growth import LINEAR, growth


def sentences(text, language="en"):
    return [span.of(text) for span in sentence_spans(text, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A terminator followed by white space ends a sentence; quotes, brackets and reference marks after it belong to it.
        ("She left. He stayed! Why? Nobody knows…", ["She left.", "He stayed!", "Why?", "Nobody knows…"]),
        ('He said "Stop." Then he left.', ['He said "Stop."', "Then he left."]),
        ("It was founded in 1998.[3] It is in Berlin.", ["It was founded in 1998.[3]", "It is in Berlin."]),
        # Not inside a number, a name or an address.
        ("It rose 3.5 percent at kgbuild.org yesterday.", ["It rose 3.5 percent at kgbuild.org yesterday."]),
        # Not before a lower-case word: the sentence goes on.
        ('"Why?" he asked.', ['"Why?" he asked.']),
        # Not after a title or an initial.
        ("Dr. Ada King met J. R. R. Tolkien in St. Ives.", ["Dr. Ada King met J. R. R. Tolkien in St. Ives."]),
        # After an abbreviation or acronym only where the next word is one that begins sentences, not names.
        (
            "Acme Inc. Berlin was sold. He works at Acme Inc. The firm is old.",
            ["Acme Inc. Berlin was sold.", "He works at Acme Inc.", "The firm is old."],
        ),
        ("The U.S. Army left at 5 p.m. It rained.", ["The U.S. Army left at 5 p.m.", "It rained."]),
        ("See No. 5 and Fig. 3 there. He said no. Nobody did.", ["See No. 5 and Fig. 3 there.", "He said no.", "Nobody did."]),
        ("He was ill. Bob came.", ["He was ill.", "Bob came."]),
        # A mark is part of a name before a legal form.
        ("Yahoo! Inc. was founded in 1995.", ["Yahoo! Inc. was founded in 1995."]),
        ("He left Guess? Corporation news came.", ["He left Guess? Corporation news came."]),
        ("Who left? Incas did! Co-founders stayed.", ["Who left?", "Incas did!", "Co-founders stayed."]),
        # Some abbreviations and titles never end a sentence, whatever comes next.
        ("Dwayne Johnson, a.k.a. The Rock, left.", ["Dwayne Johnson, a.k.a. The Rock, left."]),
        ("It is Roe v. The State, e.g. In re Gault.", ["It is Roe v. The State, e.g. In re Gault."]),
        ("Bands, i.e. The Cure, vs. The Who.", ["Bands, i.e. The Cure, vs. The Who."]),
        ("Zeitungen, z.B. The Times, vgl. The Sun.", ["Zeitungen, z.B. The Times, vgl. The Sun."]),
        ("Stay, feat. The Weeknd, aka. The One.", ["Stay, feat. The Weeknd, aka. The One."]),
        ("Atty. Down, Insp. First, Msgr. Made and Amb. Last met.", ["Atty. Down, Insp. First, Msgr. Made and Amb. Last met."]),
        ("Pvt. Wells and Cllr. Cook met.", ["Pvt. Wells and Cllr. Cook met."]),
        ("ALI VS. FRAZIER, ELTON JOHN FEAT. THE WHO", ["ALI VS. FRAZIER, ELTON JOHN FEAT. THE WHO"]),
        # But "V." may be a king's number, "E.G." a company.
        ("It was George V. The war began.", ["It was George V.", "The war began."]),
        ("It was pressed by E.G. The opera ends.", ["It was pressed by E.G.", "The opera ends."]),
        # "et al." goes on, unless with a word that begins sentences.
        (
            "Smith et al. (2010) and Doe et al. [3] and Roe et al. 2001 agree.",
            ["Smith et al. (2010) and Doe et al. [3] and Roe et al. 2001 agree."],
        ),
        ("So do Smith et al. Nature printed it.", ["So do Smith et al. Nature printed it."]),
        ("So do Smith et al. We do not.", ["So do Smith et al.", "We do not."]),
        # Names and titles that are shortened as names are, and may be words or places too.
        (
            "Wm. Penn, Jos. Smith, Geo. Bush, Chas. Dodgson and Thos. Hardy met Sec. Clinton.",
            ["Wm. Penn, Jos. Smith, Geo. Bush, Chas. Dodgson and Thos. Hardy met Sec. Clinton."],
        ),
        ("She was born in Jos. The city grew.", ["She was born in Jos.", "The city grew."]),
        # Before a number, which may be a Roman one; "I" is one only after a capital.
        ("See Eqs. 3, Ref. 4, refs. [5], Suppl. 6, Ver. 7.", ["See Eqs. 3, Ref. 4, refs. [5], Suppl. 6, Ver. 7."]),
        ("See Vol. XII, Art. I, Sec. II and vol. IV there.", ["See Vol. XII, Art. I, Sec. II and vol. IV there."]),
        ("He likes art. I do not.", ["He likes art.", "I do not."]),
        ("He likes art. CIA men do not.", ["He likes art.", "CIA men do not."]),
        # A unit behind a number ends a sentence, unless the number belongs to the name that follows or stands in brackets.
        ("It is at 1609 m. Rhode Island is lower.", ["It is at 1609 m.", "Rhode Island is lower."]),
        ("It is at 1,609 ft. Rhode Island ran 10 sec. Bob ran.", ["It is at 1,609 ft.", "Rhode Island ran 10 sec.", "Bob ran."]),
        (
            "He is 6 ft. 2 and saw the 1,250 ft. Empire State Building.",
            ["He is 6 ft. 2 and saw the 1,250 ft. Empire State Building."],
        ),
        ("It rises some m. Rhode Island knows.", ["It rises some m. Rhode Island knows."]),
        ("It is high (5,279 ft.) Rhode Island knows.", ["It is high (5,279 ft.) Rhode Island knows."]),
        ("In 1904 J. M. Barrie met 3 M. Barries.", ["In 1904 J. M. Barrie met 3 M. Barries."]),
        # A day before a month ends none, in any language: German text is read by the English rules too.
        ("Es wurde am 12. Oktober 1847 gegründet.", ["Es wurde am 12. Oktober 1847 gegründet."]),
        ("Indiana joined on 11. December 1816.", ["Indiana joined on 11. December 1816."]),
        ("Sie lebte vom 3. Mai 1933 bis zum 10./11. Dez. 1999.", ["Sie lebte vom 3. Mai 1933 bis zum 10./11. Dez. 1999."]),
        (
            "1. Okt. 1999, 2. Mrz. 2000, 3. Mär. 2001 und 4. Jän. 2002",
            ["1. Okt. 1999, 2. Mrz. 2000, 3. Mär. 2001 und 4. Jän. 2002"],
        ),
        ("He came in 1912. March was cold.", ["He came in 1912.", "March was cold."]),
        ("He was number 32. March was 12. Marching is fun.", ["He was number 32.", "March was 12.", "Marching is fun."]),
        # A state ends a sentence behind its town, unless a title, an office, a short form or a bracket goes on with it.
        ("He lives in Palo Alto, Calif. Tim Cook left.", ["He lives in Palo Alto, Calif.", "Tim Cook left."]),
        ("He lives in Austin, Tex. Élodie left.", ["He lives in Austin, Tex.", "Élodie left."]),
        ("He lives near the Pa. Turnpike and Tex. Instruments.", ["He lives near the Pa. Turnpike and Tex. Instruments."]),
        (
            "In Salem, Ore. Gov. Brown met Stockton, Calif. Mayor Tubbs.",
            ["In Salem, Ore. Gov. Brown met Stockton, Calif. Mayor Tubbs."],
        ),
        ("They beat Ohio, Mich. State and Reno, Nev. USA Today.", ["They beat Ohio, Mich. State and Reno, Nev. USA Today."]),
        (
            "SACRAMENTO, Calif. (Reuters) Apple (Cupertino, Calif.) Macintosh",
            ["SACRAMENTO, Calif. (Reuters) Apple (Cupertino, Calif.) Macintosh"],
        ),
        # The number of a list item belongs to the item.
        ("1. Introduction to graphs", ["1. Introduction to graphs"]),
        # A blank line, a heading and a list item end sentences without a terminator.
        ("Acme Corp\n\nAcme makes anvils", ["Acme Corp", "Acme makes anvils"]),
        ("# Acme\nAcme makes anvils", ["# Acme", "Acme makes anvils"]),
        ("It makes:\n- anvils\n- ropes", ["It makes:", "- anvils", "- ropes"]),
        ("Acme Corp\nFounded 1998\r\nBerlin", ["Acme Corp", "Founded 1998", "Berlin"]),
        # A line break inside wrapped prose ends none.
        (
            "The company was founded by Wile Coyote and\nhis wife in a town near Berlin, Germany, by\nBavarian friends. It grew.",
            [
                "The company was founded by Wile Coyote and\nhis wife in a town near Berlin, Germany, by\nBavarian friends.",
                "It grew.",
            ],
        ),
        # CJK terminators need no space.
        ("公司成立于1998年。总部在柏林；员工很多！", ["公司成立于1998年。", "总部在柏林；", "员工很多！"]),
        ("यह एक वाक्य है। यह दूसरा है।", ["यह एक वाक्य है।", "यह दूसरा है।"]),
        ("  \n\t ", []),
        ("", []),
    ],
)
def test_a_sentence_ends_where_a_reader_would_end_it(text, expected):
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        # In German a dot makes an ordinal.
        ("Am 14. Juli 1789 begann es. Sie kam.", "de", ["Am 14. Juli 1789 begann es.", "Sie kam."]),
        ("He is number 14. Bob is 15.", "en", ["He is number 14.", "Bob is 15."]),
        # An unknown language is read by the English rules.
        ("Dr. No left. He did.", "und", ["Dr. No left.", "He did."]),
        ("Dr. No left. He did.", "en-GB", ["Dr. No left.", "He did."]),
    ],
)
def test_the_language_decides_about_dots(text, language, expected):
    assert sentences(text, language) == expected


words = st.text(alphabet=st.sampled_from("ab A.!?。\n\r\t 1#|-\u2028é漢😀\x00\ud800"), max_size=80) | st.text(max_size=80)


@given(words)
def test_sentences_are_disjoint_in_order_and_leave_only_white_space_out(text):
    spans = sentence_spans(text)
    assert all(span.of(text).strip() == span.of(text) for span in spans)
    gaps = [text[a:b] for a, b in zip([0, *(s.end for s in spans)], [*(s.start for s in spans), len(text)], strict=True)]
    assert not "".join(gaps).strip()


@pytest.mark.parametrize(
    "text", ["word " * 200_000, "x" * 1_000_000, "." * 1_000_000, ". a" * 333_333, "a.\n" * 333_333, " " * 1_000_000]
)
def test_a_hostile_megabyte_is_cut_in_a_time_that_grows_with_its_length_alone(text):
    assert growth(sentence_spans, text) < LINEAR
    assert all(span.end - span.start <= MAX_SENTENCE_CHARS for span in sentence_spans(text))


def test_a_long_line_is_cut_between_words():
    text = "word " * 2000
    assert all(sentence.split() and set(sentence.split()) == {"word"} for sentence in sentences(text))


def document(text, *sections):
    return Document("doc_x", "x.md", "text/markdown", "", text, "en", None, tuple(sections), (), "")


def section(text, kind, words, level=0):
    start = text.index(words)
    return Section(kind, Span(start, start + len(words)), level)


def test_a_heading_begins_a_chunk_and_names_the_path_of_what_follows():
    text = "# Acme\n\n## History\n\nIt was founded. It grew.\n\n## People\n\nAda leads it."
    headings = [section(text, "heading", words, words.count("#")) for words in ("# Acme", "## History", "## People")]
    assert [(c.index, c.heading_path, c.text) for c in chunk(document(text, *headings), max_tokens=10, context_chars=40)] == [
        # A run of headings stays together; a chunk does not repeat its own headings in its path.
        (0, (), "# Acme\n\n## History"),
        (1, ("Acme", "History"), "It was founded. It grew."),
        (2, ("Acme",), "## People\n\nAda leads it."),
    ]


def test_the_context_is_the_text_before_cut_at_a_word():
    text = "Ada founded the company in Berlin. She left it."
    first, second = chunk(document(text), max_tokens=11, context_chars=20)
    assert (first.context, second.context) == ("", "company in Berlin.")


def test_a_row_is_never_cut_and_the_header_row_is_the_context_of_later_chunks():
    text = "name,city\nAcme. Inc,Berlin\nBolt. Inc,Paris\n"
    rows = [section(text, "row", line) for line in text.splitlines()]
    chunks = chunk(document(text, section(text, "table", text.strip()), *rows), max_tokens=8, context_chars=24)
    assert [(c.context, c.text) for c in chunks] == [
        ("", "name,city"),
        ("name,city", "Acme. Inc,Berlin"),
        ("name,city\nInc,Berlin", "Bolt. Inc,Paris"),
    ]


@st.composite
def documents(draw):
    text = draw(words.filter(bool))
    edges = st.integers(0, len(text))
    spans = draw(
        st.lists(
            st.tuples(edges, edges, st.sampled_from(["heading", "row", "table", "list", "page"]), st.integers(1, 3)), max_size=6
        )
    )
    return document(text, *(Section(kind, Span(a, b), level) for a, b, kind, level in spans if a < b))


@given(documents(), st.integers(1, 20), st.integers(0, 30))
def test_chunks_keep_every_word_once_with_exact_offsets(document, max_tokens, context_chars):
    chunks = chunk(document, max_tokens, context_chars)
    at = 0
    for each in chunks:
        assert each.text == each.span.of(document.text)
        assert each.text == each.text.strip()
        assert not document.text[at : each.span.start].strip()
        assert estimated_tokens(each.text) <= max_tokens
        assert len(each.context) <= context_chars
        at = each.span.end
    assert not document.text[at:].strip()
    assert len({each.id for each in chunks}) == len(chunks)


@given(words.filter(str.strip))
def test_each_sentence_is_in_exactly_one_chunk(text):
    chunks = chunk(document(text), max_tokens=MAX_SENTENCE_CHARS, context_chars=0)
    for sentence in sentence_spans(text):
        assert sum(each.span.contains(sentence) for each in chunks) == 1


@pytest.mark.parametrize("text", ["word " * 200_000, "x" * 1_000_000, "漢" * 1_000_000, "It grew. " * 100_000])
def test_chunking_a_hostile_megabyte_takes_a_time_that_grows_with_its_length_alone(text):
    assert growth(lambda text: chunk(document(text), max_tokens=400, context_chars=200), text) < LINEAR
