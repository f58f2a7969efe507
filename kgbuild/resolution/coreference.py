"""Which mentions in one document refer to the same thing, and by which names, without titles and legal forms, they are compared.

Acronyms and bare surnames count only within a document, where they are evidence: on Re-DocRED's revised development set, which
lacks some aliases, acronyms are right 57 times in 60 and surnames 186 in 225. Across documents an acronym is right .23 to .42 of
the time. A legal form is left out across documents too: of COMBO's names 13 meet another by that, all rightly.
A country goes by its name where an adjective or another name stands for it. Nothing else is done for places, where a shorter name
within a longer one is mostly another place.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from kgbuild.ontology.model import Ontology
from kgbuild.records import Mention
from kgbuild.resolution.clustering import classes_join
from kgbuild.resolution.countries import country_name
from kgbuild.resolution.kinds import kind_of_class
from kgbuild.resolution.name_parts import LEGAL_FORMS, TITLES_OF_ONE, PersonName, organisation_name, person_name
from kgbuild.resolution.normalisation import as_shown, block_key

_SMALL_WORDS = frozenset(
    {"of", "and", "the", "for", "in", "on", "at", "to", "de", "la", "du", "des", "der", "die", "und", "et", "y"}
)
_PARTICLES = frozenset(
    {"van", "von", "de", "der", "den", "da", "di", "del", "della", "dos", "du", "la", "le", "ter", "ten", "zu", "bin", "al"}
)
_MOST_PARTICLES = 3  # "de la", "van der"; a bound for hostile names

_Written = tuple[str, str]
"""A mention's text and class: all that is looked at."""


def representatives(mentions: Iterable[Mention], ontology: Ontology | None) -> dict[str, str]:
    """Return, by mention id, the name under which each mention of one document is compared with other documents.

    That is its own text, but for these:
    - Full names of a person that differ by titles and honours alone go under the one without, if the document has it.
    - An organisation's name goes without its legal form. A form that may be a word of the name ("Bad Company") is left out only
      after two words, or where the document has the name without it; and none where the document has "Acme Inc." and "Acme Ltd.".
    - A country's adjective or other name goes under its name, where the class can be a country's.
    - An acronym of exactly one longer name in the document, and a surname that ends exactly one longer name of a person, go under
      the longer name, if their classes can be those of one thing. Longer names that are short for another of them do not count.
    """
    mentions = list(mentions)
    names = _Names({(mention.text, mention.class_name) for mention in mentions}, ontology)
    return {mention.id: names.representative((mention.text, mention.class_name)) for mention in mentions}


@dataclass(frozen=True, slots=True)
class _Short:
    """What a name may be short for: names of these initials, persons of this surname, of this class.

    titles: those before it that only one bearer of the surname has. is_titled: it has any title.
    """

    initials: str
    surname: str
    is_titled: bool
    titles: frozenset[str]
    class_name: str


class _Names:
    """The full names of a document, each by the key that its spellings share, and what may be short for them."""

    def __init__(self, written: set[_Written], ontology: Ontology | None) -> None:
        self._ontology = ontology
        self._kinds = {class_name: kind_of_class(class_name, ontology) for _, class_name in written}
        self._key: dict[_Written, str] = {}
        self._short: dict[_Written, _Short] = {}
        self._spelled: dict[str, str] = {}
        self._classes: dict[str, set[str]] = {}
        self._shorts: dict[str, set[_Short]] = {}
        self._titles: dict[str, set[str]] = {}
        self._without_forename: set[str] = set()  # "Mr Smith"
        self._of_initials: dict[str, set[str]] = {}
        self._of_surname: dict[str, set[str]] = {}
        self._found: dict[_Short, tuple[str, ...]] = {}
        kinds = _kinds(written, self._kinds, ontology)
        without_form = _without_legal_forms({text for text, class_name in written if kinds[text, class_name] == "organisation"})
        for text, class_name in written:
            kind = kinds[text, class_name]
            name = without_form[text] if kind == "organisation" else country_name(text, class_name, ontology)
            self._add(text, class_name, kind, name)

    def _add(self, text: str, class_name: str, kind: str, name: str) -> None:
        person = person_name(text)
        key = person.key if kind == "person" else block_key(name)
        short = _Short(_as_acronym(text), person.surname, bool(person.titles), person.titles & TITLES_OF_ONE, class_name)
        self._key[text, class_name] = key
        self._short[text, class_name] = short
        self._classes.setdefault(key, set()).add(class_name)
        self._shorts.setdefault(key, set()).add(short)
        # A spelling without titles represents those with them; then the longest, then the first by code point.
        self._spelled[key] = min(self._spelled.get(key, name), name, key=lambda form: (block_key(form) != key, -len(form), form))
        for initials in _initials(person.words if kind == "person" else block_key(text).split()):
            self._of_initials.setdefault(initials, set()).add(key)
        if kind in ("person", ""):
            self._titles.setdefault(key, set()).update(short.titles)
            if len(person.words) == 1:
                self._without_forename.add(key)
            for surname in _surnames(person):
                self._of_surname.setdefault(surname, set()).add(key)

    def representative(self, written: _Written) -> str:
        short = self._short[written]
        if short not in self._found:  # a document may have thousands of one surname
            longest = (key for key in self._longer(short) if not self._is_short_for_another(key, short))
            self._found[short] = tuple(islice(longest, 2))  # a second name is enough to leave the short one alone
        found = self._found[short]
        return self._spelled[found[0] if len(found) == 1 else self._key[written]]

    def _longer(self, short: _Short) -> Iterator[str]:
        keys = self._of_initials.get(short.initials, set()) | self._of_surname.get(short.surname, set())
        return (key for key in keys if self._is_short_for(short, key))

    def _is_short_for_another(self, key: str, short: _Short) -> bool:
        return any(self._is_short_for(short, other) for form in self._shorts[key] for other in self._longer(form))

    def _is_short_for(self, short: _Short, key: str) -> bool:
        is_acronym = key in self._of_initials.get(short.initials, ())
        is_surname = key in self._of_surname.get(short.surname, ()) and self._bears(key, short)
        for class_name in self._classes[key]:
            kinds = {self._kinds[class_name], self._kinds[short.class_name]}
            fits = "place" not in kinds and (is_acronym or (is_surname and "person" in kinds))
            if fits and classes_join(short.class_name, class_name, self._ontology):
                return True
        return False

    def _bears(self, key: str, short: _Short) -> bool:
        """Tell whether a name can have a short form's titles: "Mrs Obama" is not Barack Obama, nor "Mr Obama" Lady Obama."""
        if not short.is_titled:
            return True
        titles = self._titles[key]
        return key not in self._without_forename and short.titles <= titles and (bool(short.titles) or not titles)


def _kinds(written: Iterable[_Written], kind_of: Mapping[str, str], ontology: Ontology | None) -> dict[_Written, str]:
    """Return the kind of each name: its class's, or, where that tells none, the one that its key has elsewhere in the document."""
    written = list(written)
    classes: dict[str, set[str]] = {}
    for text, class_name in written:
        classes.setdefault(block_key(text), set()).add(class_name)

    def kind(text: str, class_name: str) -> str:
        if kind_of[class_name]:
            return kind_of[class_name]
        others = classes[block_key(text)]
        kinds = {kind_of[other] for other in others if kind_of[other] and classes_join(class_name, other, ontology)}
        return kinds.pop() if len(kinds) == 1 else ""

    return {(text, class_name): kind(text, class_name) for text, class_name in written}


def _without_legal_forms(organisations: Iterable[str]) -> dict[str, str]:
    """Return, by the names of a document's organisations, the names to compare."""
    names = {text: organisation_name(text) for text in organisations}
    forms: dict[str, set[str]] = {}
    for name in names.values():
        forms.setdefault(block_key(name.rest), set()).add(name.form)

    def compared(text: str) -> str:
        name = names[text]
        of_name = forms[block_key(name.rest)]
        is_one_thing = len(of_name - {""}) == 1 and (not name.is_doubtful or "" in of_name)
        return name.rest if is_one_thing else text

    return {text: compared(text) for text in names}


def _surnames(name: PersonName) -> Iterator[str]:
    """Yield what can stand for a full name: its last word with the particles before it, and its last two words of three or more;
    each with the generation or without."""
    words = name.words if len(name.words) > 1 else (*name.titles, *name.words)
    if len(words) < 2 or len(words[-1]) == 1:
        return
    lengths = [1]
    while lengths[-1] + 1 < len(words) and lengths[-1] <= _MOST_PARTICLES and words[-lengths[-1] - 1] in _PARTICLES:
        lengths.append(lengths[-1] + 1)
    if len(name.words) > 2 and len(words[-2]) > 1:
        lengths.append(2)
    for length in lengths:
        surname = " ".join(words[-length:])
        yield surname
        if name.generation:
            yield f"{surname} {name.generation}"


def _initials(words: Sequence[str]) -> set[str]:
    """Return the acronyms of a name: its small words and a legal form are counted or not, and "and" may stand in them as "&"."""
    words = list(words)
    if all(len(word) == 1 or word in _SMALL_WORDS for word in words):
        return set()
    forms = [words, words[:-1]] if words[-1] in LEGAL_FORMS and words[-2:-1] != ["and"] else [words]
    forms += [["&" if word == "and" else word for word in form] for form in forms]
    forms += [[word for word in form if word not in _SMALL_WORDS] for form in forms]
    return {"".join(word[0] for word in form) for form in forms if len(form) >= 2}


def _as_acronym(text: str) -> str:
    """Return the initials that a name is written as, "&" included; "" where it is no acronym."""
    letters = re.sub(r"[.& ]", "", as_shown(text))
    key = block_key(text).replace(" and ", "&")
    return key if letters.isalpha() and letters.isupper() and " " not in key else ""
