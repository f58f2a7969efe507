"""Document -> Chunks, cut at sentences, with offsets into the document.

    text -> lines that belong together -> sentences -> chunks

What ends a sentence comes from spaCy's language data (terminators of every script, abbreviations, stop words), so no model is
needed. The boundaries are found by one scan of the text rather than by spaCy's `Sentencizer`: that one splits after "No.", never
after "Inc.", keeps each word it has seen for the life of the process, and refuses lines of a million characters.
"""

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from kgbuild import ids
from kgbuild.records import Chunk, Document, Section, Span

VERSION = 2
"""Raised by hand when the same document would be cut into other chunks."""

MAX_SENTENCE_CHARS = 2000
"""A sentence longer than this is a table, a dump or a hostile line; it is cut at white space."""

MAX_HEADING_CHARS = 200
"""What is longer names no section; a heading path keeps its beginning."""

MIN_WRAPPED_CHARS = 40
"""Lines of a paragraph narrower than this are verses, addresses or lists rather than wrapped prose."""

_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What ends a line for `str.splitlines`."""

_STRUCTURAL = re.compile(r"\s*(?:#{1,6}\s|[-*+•‣◦·–—]\s|\(?\d{1,3}[.)]\s|\(?[A-Za-z]\)\s|[|>]|```|~~~|={3,}|-{3,}|\*{3,})")
_HEADING_OR_ROW = re.compile(r"\s*(?:#{1,6}\s|\||```|~~~|={3,}|-{3,}|\*{3,})")
_LIST_NUMBER = re.compile(r"\s*\(?(?:\d{1,3}|[A-Za-z]|[IVXivx]{1,4})\.$")

_ENDS_WITHOUT_SPACE = frozenset("。！？｡；．")
_CLOSERS = "\"'”’»›)]}」』）】〉》"
_OPENERS = "\"'“‘«‹([{「『（【〈《¿¡*_"


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# spaCy lists few abbreviations outside English, and none of those that stand before a number.
_TITLES = _words("""
    adm. amb. atty. brig. capt. cllr. cmdr. col. cpl. dipl. dr. drs. fr. gen. gov. herr. hon. hr. ing. insp. lt. maj. messrs. mlle.
    mme. mr. mrs. ms. msgr. mt. mx. pfc. pres. prof. pvt. rep. rev. sen. sgt. sr. sra. srta. st. ste. supt.
""")
# As written: "V." is an initial or a numeral, "E.G." an acronym.
_NEVER_LAST = _words("A.K.A. Cf. D.h. E.g. FEAT. I.e. VS. Vgl. Z.B. a.k.a. aka. cf. d.h. e.g. feat. i.e. v. vgl. viz. vs. z.B.")
_ABBREVIATIONS = _words("""
    abt. al. approx. apr. assn. assoc. aug. ave. bd. bldg. blvd. bros. bzw. c. ca. chas. cia. cie. co. corp. dec. dept. dez. dist.
    div. ed. eds. e.v. engl. esp. est. etc. evtl. feb. ff. fl. ft. gegr. geo. ggf. hrsg. inc. incl. inkl. intl. jan. jos. jr. jul.
    jun. jän. ltd. mfg. mio. mrd. mrz. mär. natl. nov. oct. okt. orig. p.a. resp. rd. repr. sec. sep. sept. sog. tel. thos. trans.
    univ. usw. wm. zzgl.
""")
_BEFORE_A_NUMBER = _words("""
    abb. abs. app. art. bd. cap. ch. chap. eq. eqs. fig. figs. kap. n. no. nos. nr. núm. op. p. par. pp. pt. ref. refs. s. sec. ser.
    suppl. tab. ver. vol. vols.
""")
# Units that are abbreviations too; "km." and "kg." are none and end a sentence like any word.
_UNITS = _words("ft. g. h. l. m. s. sec. t.")
# As newspapers write them; "N.C." and the like are as often the initials of a name in a list.
_US_STATES = _words("""
    Ala. Ariz. Ark. Calif. Colo. Conn. Del. Fla. Ga. Ill. Ind. Kan. Kans. Ky. La. Mass. Md. Mich. Minn. Miss. Mo. Mont. Neb. Nebr.
    Nev. Okla. Ore. Pa. Tenn. Tex. Va. Vt. Wash. Wis. Wyo.
""")
_WITH_A_STATE = _words("attorney college county general governor mayor police senator sheriff state tech university")
"""What goes on with a state's name: "Ohio, Mich. State", "Stockton, Calif. Mayor Tubbs"."""
_MONTHS = _words("""
    apr april aug august dec december dez dezember feb feber februar february jan januar january jul juli july jun june juni jän
    jänner mai mar march may mrz mär märz nov november oct october okt oktober sep sept september
""")
_ORDINALS_END_IN_A_DOT = _words("cs da de et fi hr hu is nb no pl sk sl sr")
# Stop words that also begin or stand inside names: "J. Will Smith", "R. De Vries".
_NAME_PARTS = _words("al da de del den der di do du e el la le los may mine van ver von will y")

_DAY_OF_MONTH = re.compile(r"(?:.*[-–—/])?(?:0?[1-9]|[12][0-9]|3[01])\.")  # and "12.-14."
_ROMAN_NUMERAL = re.compile(r"[IVXLC]{1,8}\b")
_LEGAL_FORM = re.compile(r"(?:AG|Co|Corp|Corporation|GmbH|Inc|Incorporated|LLC|LLP|Ltd|PLC|SA|plc)(?![\w-])")
_ACRONYM = re.compile(r"(?:[^\W\d_]{1,3}\.){2,}")
_TOKEN = re.compile(r"[A-Za-z]{1,5}|[^A-Za-z\s]|\s{2,16}|\n")


@dataclass(frozen=True, slots=True)
class _SentenceRules:
    """terminators: matches each run of characters that may end a sentence, with the quotes and brackets that close after it.

    ascii_terminators: the same for a text that holds none of the `others`, as most do: there are few to look for.
    """

    terminators: re.Pattern[str]
    ascii_terminators: re.Pattern[str]
    others: frozenset[str]
    abbreviations: frozenset[str]
    starters: frozenset[str]
    ordinals_end_in_a_dot: bool


@lru_cache(maxsize=32)
def _rules_of(language: str) -> _SentenceRules:
    import spacy  # takes a second to import, which `kgbuild --help` should not pay
    from spacy.pipeline import Sentencizer

    try:
        defaults = spacy.util.get_lang_class(language.partition("-")[0].lower()).Defaults
    except ImportError:
        defaults = spacy.util.get_lang_class("en").Defaults
    ends = {*Sentencizer.default_punct_chars, *_ENDS_WITHOUT_SPACE}

    def terminators(ends: Iterable[str]) -> re.Pattern[str]:
        """Always matches once a terminator is met, and never looks back: 100,000 dots in a row are one step.

        It begins with a single character of a set, which `re` looks for twice as fast as for a repeated one.
        """
        end = f"[{re.escape(''.join(ends))}]"
        return re.compile(rf"{end}{end}*+(?>(?:[{re.escape(_CLOSERS)}]|\[\d{{1,3}}\])*)")

    return _SentenceRules(
        terminators=terminators(ends),
        ascii_terminators=terminators(filter(str.isascii, ends)),
        others=frozenset(end for end in ends if not end.isascii()),
        abbreviations=frozenset(form for form in defaults.tokenizer_exceptions if form.endswith(".") and form[0].isalpha()),
        starters=frozenset(word for word in defaults.stop_words if word.isalpha()) - _NAME_PARTS,
        ordinals_end_in_a_dot=language in _ORDINALS_END_IN_A_DOT,
    )


def sentence_spans(text: str, language: str = "en") -> tuple[Span, ...]:
    """Split a text into sentences, by rules that need no model.

    language: an ISO 639-1 code; one that spaCy does not know, "und" among them, is read by the English rules.
    Returns: spans in order and disjoint, none empty, none beginning or ending in white space, none longer than MAX_SENTENCE_CHARS.
        Whatever lies between them is white space. A heading, a list item and a table row are sentences of their own; a line break
        inside wrapped prose ends none.

    >>> [span.of("Dr. No met J. Bond. They left.") for span in sentence_spans("Dr. No met J. Bond. They left.")]
    ['Dr. No met J. Bond.', 'They left.']
    """
    rules = _rules_of(language)
    is_common = text.isascii() or rules.others.isdisjoint(text)
    terminators = rules.ascii_terminators if is_common else rules.terminators
    spans: list[Span] = []
    for start, end in _blocks(text):
        at = start
        for match in terminators.finditer(text, start, end):
            if match.end() < end and _ends_sentence(text, start, match.start(), match.end(), end, rules):
                spans.extend(_cut_long(text, at, match.end()))
                at = match.end()
        spans.extend(_cut_long(text, at, end))
    return tuple(spans)


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield the runs of lines that read as one: a line alone, or the lines of wrapped prose."""
    paragraph: list[tuple[int, int]] = []
    at = 0
    for line in text.splitlines(keepends=True):
        start, at = at, at + len(line)
        if line.isspace():
            yield from _unwrapped(text, paragraph)
            paragraph = []
        else:
            paragraph.append((start, start + len(line.rstrip(_LINE_ENDS))))
    yield from _unwrapped(text, paragraph)


def _unwrapped(text: str, lines: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    if not lines:
        return
    width = max(end - start for start, end in lines)
    start, previous = lines[0][0], lines[0]
    for line in lines[1:]:
        if not _runs_on(text, previous, line, width):
            yield start, previous[1]
            start = line[0]
        previous = line
    yield start, previous[1]


def _runs_on(text: str, line: tuple[int, int], following: tuple[int, int], width: int) -> bool:
    """Tell whether a line break is only where the writer's line was full."""
    if _STRUCTURAL.match(text, *following) or _HEADING_OR_ROW.match(text, *line):
        return False
    begins = text[following[0] : following[0] + MAX_SENTENCE_CHARS].lstrip()
    if begins[:1].islower():
        return True
    first_word = re.match(r"\S{1,30}", begins)
    needed = first_word.end() if first_word else 0
    return width >= MIN_WRAPPED_CHARS and line[1] - line[0] + 1 + needed > width


def _ends_sentence(text: str, start: int, mark: int, after: int, end: int, rules: _SentenceRules) -> bool:
    """Tell whether the terminators at `mark`, closed by `after`, end a sentence of the block `start` to `end`.

    The first rule that knows decides; in doubt there is no boundary: two sentences in one still hold their facts, half of one not.
    """
    if not _ENDS_WITHOUT_SPACE.isdisjoint(text[mark:after]):
        return not (text[mark] == "．" and text[after].isdigit())
    if not text[after].isspace():
        return False  # 3.5, kgbuild.org, "U.S.-based"
    ahead = text[after : min(after + 40, end)].lstrip()
    following = ahead.lstrip(_OPENERS)
    if following[:1].islower():
        return False  # "Why?" he asked
    if text[mark] != "." or text[mark : mark + 2] == "..":
        return not _LEGAL_FORM.match(following)  # Yahoo! Inc.
    before = text[max(start, mark - 24) : mark + 1].rsplit(None, 1)
    word = before[-1].lstrip(_OPENERS)
    folded = word.casefold()
    if mark - start < 12 and _LIST_NUMBER.match(text, start, mark + 1):
        return False  # 1. Introduction
    if folded in _TITLES or word in _NEVER_LAST:
        return False
    if folded in _BEFORE_A_NUMBER and _is_number(following, word):
        return False
    is_number = word[-2:-1].isdigit()
    if is_number and _first_word(following).casefold() in _MONTHS and _DAY_OF_MONTH.fullmatch(word):
        return False  # wurde am 12. Oktober 1847 gegründet, which is also read by the English rules
    is_ordinal = is_number and rules.ordinals_end_in_a_dot and word[:-1].isdigit() and len(word) <= 3  # 14. Juli
    is_initial = len(word) == 2 and word[0].isupper()
    is_acronym = "." in word[:-1] and _ACRONYM.fullmatch(word)
    is_state = word in _US_STATES
    if is_ordinal or is_initial or is_acronym or is_state or word in rules.abbreviations or folded in _ABBREVIATIONS:
        if _first_word(following).casefold() in rules.starters:
            return True
        if ")" in text[mark:after] or not following[:1].isupper():
            return False
        if is_state:
            return before[0].endswith(",") and _begins_after_a_state(ahead)
        return word in _UNITS and _is_measured(before[0])
    return True


def _is_number(following: str, word: str) -> bool:
    """Tell whether a number comes after "Vol." or the like; "I" is one only after a capital: "He likes art. I do not."."""
    numeral = _ROMAN_NUMERAL.match(following)
    return following[:1].isdigit() or bool(numeral and (len(numeral.group()) > 1 or word[0].isupper()))


def _is_measured(before: str) -> bool:
    """Tell whether a number stands before a unit, and no article before that: "the 1,250 ft. Empire State Building"."""
    words = before.split()
    return before[-1:].isdigit() and (len(words) < 2 or words[-2].casefold() not in ("a", "an", "the"))


def _begins_after_a_state(ahead: str) -> bool:
    """Tell whether a sentence begins after "Palo Alto, Calif.": not "(AP)", "USA", "Gov. Brown" or "Mayor Tubbs"."""
    following = ahead.lstrip("\"'“‘«‹")
    word = _first_word(following)
    is_name = word[:1].isalpha() and not word.isupper() and following[len(word) : len(word) + 1] != "."
    return is_name and word.casefold() not in _WITH_A_STATE


def _first_word(text: str) -> str:
    match = re.match(r"\w+", text)
    return match.group() if match else ""


def _cut_long(text: str, start: int, end: int) -> Sequence[Span]:
    """Return the span without the white space around it, in pieces of at most MAX_SENTENCE_CHARS, cut at white space if any."""
    if end - start <= MAX_SENTENCE_CHARS:
        return _stripped(text, start, end)
    return [span for piece in _pieces(text, start, end) for span in _stripped(text, *piece)]


def _stripped(text: str, start: int, end: int) -> tuple[Span, ...]:
    """Return the span without the white space around it, if anything is left of it."""
    given = text[start:end]
    words = given.lstrip()
    return (Span(end - len(words), start + len(given.rstrip())),) if words else ()


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > MAX_SENTENCE_CHARS:
        limit = start + MAX_SENTENCE_CHARS
        space = next((at for at in range(limit, start, -1) if text[at].isspace()), limit)
        yield start, space
        start = space
    yield start, end


def estimated_tokens(text: str) -> int:
    """Estimate how many tokens a language model counts in a text, rather too many than too few.

    A token is up to five ASCII letters, or any other character that is not blank, or a line break, or 16 blanks in a row. Real
    tokenisers need fewer for common English words and for most other alphabets; about as many for numbers, punctuation and CJK;
    more only for rare scripts and emoji, which some spell in two or three bytes each. On 5,072 sentences of Text2KGBench
    the estimate is 1.27 times the count of a BERT word-piece tokeniser, and less than nine tenths of it on 0.7 % of them.
    """
    return len(_TOKEN.findall(text))


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut unless it exceeds the budget alone: a sentence, a heading or a table row."""

    span: Span
    heading: Section | None = None


def chunk(document: Document, max_tokens: int, context_chars: int) -> tuple[Chunk, ...]:
    """Cut a document into chunks of whole sentences, headings and table rows.

    max_tokens: budget of a chunk's own text in `estimated_tokens`; what alone exceeds it is cut at white space. The heading path
        and the context are not counted.
    context_chars: how much of the text before a chunk is kept as its context, at most. Inside a table the context begins with the
        table's first row, so that the column names stand beside the values.
    Returns: chunks in order; each non-blank character of the document is in exactly one, and `chunk.text` is the document's text at
        `chunk.span`. A heading begins a new chunk, unless only headings came before it; `heading_path` names those above the chunk.
    """
    if max_tokens < 1:
        raise ValueError(f"a chunk holds at least one token, got {max_tokens}")
    text = document.text
    tables = deque(sorted(section.span for section in document.sections if section.kind == "table"))
    rows = sorted(section.span for section in document.sections if section.kind == "row")
    chunks: list[Chunk] = []
    for path, span in _chunk_spans(document, max_tokens):
        while tables and tables[0].end <= span.start:
            tables.popleft()
        header = _first_row(rows, tables[0]) if tables and tables[0].start < span.start else None
        chunks.append(
            Chunk(
                id=ids.chunk_id(document.id, span, span.of(text)),
                document_id=document.id,
                index=len(chunks),
                span=span,
                text=span.of(text),
                heading_path=path,
                context=_context(text, span.start, header if header and header.end <= span.start else None, context_chars),
            )
        )
    return tuple(chunks)


def _first_row(rows: list[Span], table: Span) -> Span | None:
    at = bisect_left(rows, table.start, key=lambda row: row.start)
    return rows[at] if at < len(rows) and table.contains(rows[at]) else None


def _chunk_spans(document: Document, max_tokens: int) -> Iterator[tuple[tuple[str, ...], Span]]:
    """Yield the heading path and span of each chunk."""
    above: list[Section] = []
    path: tuple[str, ...] = ()
    pending: Span | None = None
    used, only_headings = 0, True

    for unit in _units(document):
        tokens = estimated_tokens(document.text[pending.end if pending else unit.span.start : unit.span.end])
        starts_new = tokens + used > max_tokens or (unit.heading is not None and not only_headings)
        if pending is not None and starts_new:
            yield path, pending
            pending, tokens = None, estimated_tokens(unit.span.of(document.text))
        if unit.heading is not None:
            while above and above[-1].level >= unit.heading.level:
                above.pop()
        if pending is None:
            path, used, only_headings = tuple(_heading_text(document, section) for section in above), 0, True
        if unit.heading is not None:
            above.append(unit.heading)
        if tokens > max_tokens:
            *whole, rest = _within_budget(document.text, unit.span, max_tokens)
            for piece in whole:
                yield path, piece
            pending, used = rest, estimated_tokens(rest.of(document.text))
        else:
            pending = Span(pending.start if pending else unit.span.start, unit.span.end)
            used += tokens
        only_headings = only_headings and unit.heading is not None
    if pending is not None:
        yield path, pending


def _units(document: Document) -> Iterator[_Unit]:
    """Yield headings and rows whole, and the sentences of everything between, which end where a section does."""
    text = document.text
    edges = sorted(
        {edge for s in document.sections if s.kind != "page" for edge in (s.span.start, s.span.end) if edge < len(text)}
        | {len(text)}
    )
    at = next_edge = 0

    def sentences_up_to(end: int) -> Iterator[_Unit]:
        nonlocal at, next_edge
        while at < end:
            while edges[next_edge] <= at:
                next_edge += 1
            stop = min(edges[next_edge], end)
            for span in sentence_spans(text[at:stop], document.language):
                yield _Unit(span.shifted(at))
            at = stop

    whole = sorted((s for s in document.sections if s.kind in ("heading", "row")), key=lambda s: (s.span, s.kind))
    for section in whole:
        if section.span.start < at or section.span.end > len(text):
            continue  # sections that overlap: the first one counts
        yield from sentences_up_to(section.span.start)
        at = section.span.end
        words = section.span.of(text)
        if stripped := words.strip():
            start = section.span.start + len(words) - len(words.lstrip())
            yield _Unit(Span(start, start + len(stripped)), section if section.kind == "heading" else None)
    yield from sentences_up_to(len(text))


def _within_budget(text: str, span: Span, max_tokens: int) -> list[Span]:
    """Cut a span into pieces of at most `max_tokens`, between words, or inside a word that exceeds the budget alone."""
    pieces: list[Span] = []
    used = 0
    for word in _words_within_budget(text, span, max_tokens):
        tokens = estimated_tokens(text[pieces[-1].end if pieces else word.start : word.end])
        if pieces and used + tokens <= max_tokens:
            pieces[-1] = Span(pieces[-1].start, word.end)
            used += tokens
        else:
            pieces.append(word)
            used = estimated_tokens(word.of(text))
    return pieces


def _words_within_budget(text: str, span: Span, max_tokens: int) -> Iterator[Span]:
    for word in re.finditer(r"\S+", text[span.start : span.end]):
        tokens = list(_TOKEN.finditer(text, span.start + word.start(), span.start + word.end()))
        for first in range(0, len(tokens), max_tokens):
            yield Span(tokens[first].start(), tokens[min(first + max_tokens, len(tokens)) - 1].end())


def _heading_text(document: Document, heading: Section) -> str:
    """Return the words of a heading: without Markdown's marks, on one line."""
    line = heading.span.of(document.text).strip().splitlines()[0][:MAX_HEADING_CHARS]
    return " ".join(re.sub(r"^#{1,6}\s+|\s+#+\s*$", "", line).split())


def _context(text: str, start: int, header: Span | None, context_chars: int) -> str:
    first = f"{header.of(text).strip()}\n"[:context_chars] if header else ""
    room = context_chars - len(first)
    after_header = header.end if header else 0
    begins = max(after_header, start - room)
    tail = text[begins:start].rstrip()
    if begins > after_header and not text[begins - 1].isspace():
        tail = re.sub(r"^\S{1,40}(?=\s|$)", "", tail)  # a word cut in two says less than none
    return (first + tail.lstrip()).rstrip()
