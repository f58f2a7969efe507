"""What names of persons and organisations may carry besides the name: titles, suffixes, legal forms."""

import re
from dataclasses import dataclass

from kgbuild.resolution.normalisation import as_shown, block_key

# Only words that are nobody's first name: "Justice Smith" and "Major Taylor" are called so.
TITLES = frozenset(
    "dr doctor prof professor sir dame lord lady mr mister mrs ms miss president senator governor chancellor rev reverend".split()
)
TITLES_OF_ONE = frozenset({"mrs", "ms", "miss", "lady", "dame", "lord"})
"""Titles that tell one bearer of a surname from another: "Mrs. Obama" is not the Obama that the document is about."""
_WIFE = "mrs"  # "Mrs. John Smith" is not John Smith
_REGNAL = frozenset("king queen pope emperor empress tsar tsarina prince princess sultan shah".split())
_GENERATIONS = {"jr": "jr", "junior": "jr", "sr": "sr", "senior": "sr", "ii": "ii", "iii": "iii", "iv": "iv"}
_HONOURS = frozenset("phd md dds jd mba esq obe cbe kbe mbe frs".split())


@dataclass(frozen=True, slots=True)
class PersonName:
    """The parts of a person's name, normalised.

    words: the name without titles, generation and honours, at least one word.
    generation: "jr", "iii" or "": what tells a son from his father. After a king's or a pope's name a numeral is part of the name.
    """

    titles: frozenset[str]
    words: tuple[str, ...]
    generation: str

    @property
    def surname(self) -> str:
        """The name without titles, as a surname or another short form stands in longer names."""
        return " ".join([*self.words, self.generation]).rstrip()

    @property
    def key(self) -> str:
        """What spellings of one full name agree in. A title is part of a name that has only one word besides."""
        counted = self.titles if len(self.words) == 1 else self.titles & {_WIFE}
        return " ".join([*sorted(counted), self.surname])


def person_name(text: str) -> PersonName:
    """Split a name.

    >>> person_name("Dr. Martin Luther King, Jr., Ph.D.").words, person_name("Mrs. Obama").titles, person_name("Henry Ford II").key
    (('martin', 'luther', 'king'), frozenset({'mrs'}), 'henry ford ii')
    """
    words = block_key(text).split()
    start = next((n for n, word in enumerate(words[:-1]) if word not in TITLES), len(words) - 1)
    titles, words = frozenset(words[:start]), words[start:]
    while len(words) > 1:
        if words[-1] in _HONOURS:
            words.pop()
        elif len(words) > 2 and words[-2:] == ["ph", "d"]:
            del words[-2:]
        else:
            break
    is_generation = len(words) > 1 and words[-1] in _GENERATIONS and words[0] not in _REGNAL
    generation = _GENERATIONS[words.pop()] if is_generation else ""
    return PersonName(titles, tuple(words), generation)


# Legal forms however they are written, and only as written here or with dots: "Day Spa" and "Radio AS" are names.
_FORMS = frozenset("inc incorporated corp corporation ltd llc llp plc gmbh asa oyj srl sarl pty pvt bhd company co limited".split())
_FORMS_AS_WRITTEN = frozenset(["AG", "AB", "NV", "BV", "Oy", "OY", "SpA", "A/S", "SE", "SA", "AS", "KG"])
_DOUBTFUL = frozenset(["company", "co", "limited", "SE", "SA", "AS"])  # words of names too: "Bad Company", "Sport SA"
_SAME_FORM = {"incorporated": "inc", "corporation": "corp", "limited": "ltd", "company": "co", "A/S": "as"}
LEGAL_FORMS = _FORMS | {form.casefold() for form in _FORMS_AS_WRITTEN}
_MOST_FORMS = 3  # "GmbH & Co. KG"; a bound for hostile names
_OF_TWO_FORMS = re.compile(r"\b(GmbH|AG) (?:&|und|and) Co\.? KG$", re.IGNORECASE)
_POSSESSIVE = re.compile(r"['’`´]s$", re.IGNORECASE)
_JOINS = frozenset(["&", "+", "and", "und", "et", "of", "de"])
# With a legal form and nothing else, these are names: "News Corporation", "the Trading Company".
_GENERIC = frozenset(
    "the news international national general global universal first united american british public private new old standard "
    "development holding holdings group trading investment insurance bank management media technology energy oil gas steel motor "
    "theatre theater opera press broadcasting municipal joint stock parent own".split()
)


@dataclass(frozen=True, slots=True)
class OrganisationName:
    """An organisation's name in two parts, as "Acme" and "inc" of "Acme, Inc.".

    form: its legal forms, normalised; "" where there is none, or none without which a name is left.
    is_doubtful: the form may be a word of the name, as in "Bad Company".
    """

    rest: str
    form: str = ""
    is_doubtful: bool = False


def organisation_name(text: str) -> OrganisationName:
    """Set the final legal forms of a name apart.

    >>> organisation_name("Toyota Motor Co., Ltd."), organisation_name("Tiffany & Co.").form
    (OrganisationName(rest='Toyota Motor', form='co ltd', is_doubtful=False), '')
    """
    words = _OF_TWO_FORMS.sub(r"\1", _POSSESSIVE.sub("", as_shown(text))).split()
    forms: list[str] = []
    is_doubtful = False
    while len(words) > 1 and len(forms) < _MOST_FORMS and not is_doubtful:
        form = _legal_form(words[-1])
        rest = block_key(" ".join(words[:-1])).split()
        if not form or words[-2].casefold() in _JOINS or (len(rest) == 1 and (len(rest[0]) == 1 or rest[0] in _GENERIC)):
            break
        # "Co., Ltd." is one form, "Bad Company Ltd." a name and a form.
        is_doubtful = len(rest) == 1 and form in _DOUBTFUL and not (forms and form == "co")
        if is_doubtful and forms:
            return OrganisationName(" ".join(words), " ".join(forms))
        forms.insert(0, _SAME_FORM.get(form, form).casefold())
        words.pop()
    return OrganisationName(" ".join(words).rstrip(","), " ".join(forms), is_doubtful) if forms else OrganisationName(text)


def _legal_form(word: str) -> str:
    """Return the form as the tables above have it; "" if the word is none."""
    written = word.strip(",()").rstrip(".")
    letters = written.replace(".", "")
    if letters.casefold() in _FORMS or (letters != written and letters.casefold() in LEGAL_FORMS):
        return letters.casefold()
    return letters if letters in _FORMS_AS_WRITTEN else ""
