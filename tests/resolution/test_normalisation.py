import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgbuild.resolution.normalisation import block_key


@pytest.mark.parametrize(
    ("spellings", "key"),
    [
        # Case, white space of any kind and compatibility forms.
        (["Acme", "ACME", " acme\n", "\u00a0Acme", "\uff21\uff43\uff4d\uff45"], "acme"),
        (["Acme Steel", "Acme  Steel", "Acme\nSteel", "Acme\u2003Steel"], "acme steel"),
        (["Straße", "STRASSE"], "strasse"),
        # Diacritics, composed or not, and letters with a stroke.
        (["Café", "Cafe\u0301", "cafe"], "cafe"),
        (["Łódź", "Lodz"], "lodz"),
        (["Søren Kierkegaard", "Soren Kierkegaard"], "soren kierkegaard"),
        (["Αθήνα", "Αθηνα"], "αθηνα"),
        # Dots and spaces of initials.
        (["I.B.M.", "IBM", "I. B. M."], "ibm"),
        (["J.R.R. Tolkien", "J. R. R. Tolkien", "JRR Tolkien"], "jrr tolkien"),
        (["John F. Kennedy", "John F Kennedy"], "john f kennedy"),
        # A possessive at the end, with either apostrophe; elsewhere an apostrophe is no letter.
        (["Acme", "Acme's", "Acme’s"], "acme"),
        (["O'Brien", "O’Brien", "OBrien"], "obrien"),
        # "&" is "and".
        (["Johnson & Johnson", "Johnson and Johnson"], "johnson and johnson"),
        (["AT&T", "AT & T"], "at and t"),
        # A leading article, while a name is left.
        (["The Beatles", "the Beatles", "Beatles"], "beatles"),
        (["an engine", "engine"], "engine"),
        (["The The", "The"], "the"),
        # Hyphens, commas, quotation marks and other punctuation between words.
        (["Coca-Cola", "Coca Cola", "Coca–Cola"], "coca cola"),
        (["Acme, Inc.", "Acme Inc", "“Acme” Inc."], "acme inc"),
        (["Yahoo!", "Yahoo"], "yahoo"),
        # Characters that show nothing: soft hyphen, zero width space, word joiner, byte order mark.
        (["Acme", "Ac\u00adme", "Acme\u200b", "\u2060Acme", "\ufeffThe Acme", "Acme\u00ad's"], "acme"),
        (["Café", "Cafe\u00ad\u0301"], "cafe"),
        (["\u200b"], "\u200b"),
        # A name of punctuation only is its own key.
        (["!!!"], "!!!"),
    ],
)
def test_spellings_of_one_name_have_one_key(spellings, key):
    assert {spelling: block_key(spelling) for spelling in spellings} == dict.fromkeys(spellings, key)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Words tell names apart, legal forms, titles and plurals included: weighing them is for matching.
        ("Acme", "Acme Inc."),
        ("Smith", "Mr Smith"),
        ("General Motor", "General Motors"),
        # An initial is no article.
        ("A. Smith", "Smith"),
        ("A Smith", "Smith"),
        # Marks of other scripts are letters.
        ("Йод", "Иод"),
        ("がく", "かく"),
        ("की", "का"),
        # What joins or parts letters makes other words of them.
        ("می\u200cخواهم", "میخواهم"),
        ("क\u094d\u200dष", "क\u094dष"),
        # Signs and numbers count.
        ("C", "C++"),
        ("C#", "C"),
        ("Model 3.5", "Model 35"),
        ("Paris", "Paris (Texas)"),
    ],
)
def test_names_that_differ_in_more_have_different_keys(one, other):
    assert block_key(one) != block_key(other)


@given(st.text())
def test_every_name_has_a_key_that_white_space_around_it_does_not_change(name):
    assert bool(block_key(name)) is bool(name.strip())
    assert block_key(f"\n {name}\t") == block_key(name)


@given(st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=1))
def test_a_plain_small_word_is_its_own_key_and_case_is_nothing(word):
    assert block_key(word) == block_key(word.upper()) == word
