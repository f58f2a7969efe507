"""In which language a text is written, and when it does not say."""

import pytest

from kgbuild.documents.language import declared_language, detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The company was founded in Berlin by two brothers.", "en"),
        ("Die Firma wurde von zwei Brüdern in Berlin gegründet und ist heute in Köln.", "de"),
        ("La société a été fondée par deux frères et elle est dans une petite ville.", "fr"),
        ("La empresa fue fundada por dos hermanos en una ciudad de la costa.", "es"),
        ("La società è stata fondata da due fratelli in una città della costa.", "it"),
        ("A empresa foi fundada por dois irmãos em uma cidade do sul e não é grande.", "pt"),
        ("Het bedrijf werd door twee broers in een stad aan de kust opgericht.", "nl"),
        ("会社は1998年にベルリンで設立された。", "ja"),
        ("公司成立于1998年，总部在柏林。", "zh"),
        ("Компания была основана в Берлине, и это был не первый раз.", "ru"),
        ("회사는 베를린에서 설립되었다.", "ko"),
        # A name, a number or a table of either says nothing.
        ("Acme Corp", "und"),
        ("name,city\nAcme,Berlin\nBolt,Paris", "und"),
        ("", "und"),
    ],
)
def test_a_language_is_told_by_its_script_or_its_common_words(text, language):
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("tag", "language"), [("en-GB", "en"), ("pt_BR", "pt"), ("DE", "de"), ("x", ""), ("", ""), ("english", "")]
)
def test_a_declared_language_is_its_first_part(tag, language):
    assert declared_language(tag) == language
