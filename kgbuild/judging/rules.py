"""What a candidate's own words and the ontology can decide, without asking a model."""

from collections.abc import Iterable

from kgbuild.judging.assertion import not_asserted
from kgbuild.judging.datatypes import fits
from kgbuild.ontology.model import Ontology, Property
from kgbuild.records import CandidateTriple, Chunk, Literal, Mention, Reason, Span, Verdict
from kgbuild.resolution.clustering import classes_join
from kgbuild.resolution.normalisation import block_key

VERSION = 5
"""Raised by hand whenever a rule changes: verdicts of an earlier version are then judged again, for free."""

PRONOUNS = frozenset(
    """
    he she it they we you i him her them us me his hers its their theirs our ours your yours my mine
    himself herself itself themselves who whom whose which what where when that this these those
    """.split()
)


def judge_by_rules(triple: CandidateTriple, chunk: Chunk, ontology: Ontology | None) -> Verdict:
    """Check a candidate against the words of its chunk and the ontology; the first broken rule is the reason.

    Without an ontology, or under an open one, only the words, the self-loop and whether the words say that it is so are checked.
    Under `typing: soft` a candidate outside domain or range that breaks no other rule stays undecided, for a model to judge.
    """
    if (missing := _not_in_text(triple, chunk)) is not None:
        return Verdict.rejected(Reason.NOT_IN_TEXT, missing)
    if (pronoun := _pronoun(triple)) is not None:
        return Verdict.rejected(Reason.PRONOUN, pronoun)
    off_type: tuple[Reason, str] | None = None
    if ontology is not None and not ontology.is_open:
        if (prop := ontology.properties.get(triple.predicate)) is None:
            return Verdict.rejected(Reason.UNKNOWN_PROPERTY, triple.predicate)
        for class_name in _class_names(triple):
            if class_name not in ontology.classes:
                return Verdict.rejected(Reason.UNKNOWN_CLASS, class_name or "no class given")
        off_type = _off_type(triple, prop, ontology)
        if off_type is not None and ontology.typing == "hard":
            return Verdict.rejected(*off_type)
        if (wrong := _wrong_datatype(triple.object, prop)) is not None:
            return Verdict.rejected(Reason.WRONG_DATATYPE, wrong)
    if _is_self_loop(triple, ontology):
        return Verdict.rejected(Reason.SELF_LOOP, f"{triple.subject.text} on both sides")
    if (otherwise := not_asserted(triple, chunk)) is not None:
        return Verdict.rejected(*otherwise)
    if off_type is not None:
        reason, detail = off_type
        return Verdict.undecided(Reason.OFF_TYPE, f"{reason}: {detail}")
    return Verdict.accepted()


def _not_in_text(triple: CandidateTriple, chunk: Chunk) -> str | None:
    """Name the first words that the chunk does not have where the candidate says."""
    claimed: list[tuple[str, Span | None, str]] = [
        ("quote", triple.evidence, triple.quote),
        ("subject", triple.subject.span, triple.subject.text),
        ("object", triple.object.span, triple.object.text),
        *((qualifier.name, qualifier.value.span, qualifier.value.text) for qualifier in triple.qualifiers),
    ]
    for part, span, words in claimed:
        if span is None:
            return f"{part}: {words}"
        if not chunk.span.contains(span):
            return f"{part}: {words} ({span.start}-{span.end} is outside the chunk)"
        if (found := span.shifted(-chunk.span.start).of(chunk.text)) != words:
            return f"{part}: {words} (the text at {span.start}-{span.end} is {found!r})"
    return None


def _pronoun(triple: CandidateTriple) -> str | None:
    """Return the first side that is a pronoun: it points at a name elsewhere, and would make one entity of all that it points at.

    In capitals it is a name: US, IT, WHO.
    """
    sides = (side.text for side in (triple.subject, triple.object) if isinstance(side, Mention))
    return next((text for text in sides if text[:1].lower() + text[1:] in PRONOUNS), None)


def _class_names(triple: CandidateTriple) -> Iterable[str]:
    yield triple.subject.class_name
    if isinstance(triple.object, Mention):
        yield triple.object.class_name


def _off_type(triple: CandidateTriple, prop: Property, ontology: Ontology) -> tuple[Reason, str] | None:
    subject, object_ = triple.subject, triple.object
    if not ontology.is_a(subject.class_name, prop.domain):
        return Reason.OUTSIDE_DOMAIN, f"{subject.class_name} is not a {_any_of(prop.domain)}"
    # A mention given for a property of literals breaks the datatype rule, not this one.
    if isinstance(object_, Mention) and prop.range_classes and not ontology.is_a(object_.class_name, prop.range_classes):
        return Reason.OUTSIDE_RANGE, f"{object_.class_name} is not a {_any_of(prop.range_classes)}"
    return None


def _wrong_datatype(object_: Mention | Literal, prop: Property) -> str | None:
    if not prop.range:
        return None
    if isinstance(object_, Mention):
        return None if prop.range_classes else f"{object_.text} is a {object_.class_name}, not a {_any_of(prop.datatypes)}"
    if not prop.datatypes:
        return f"{object_.value} is a literal, not a {_any_of(prop.range_classes)}"
    if any(fits(object_.value, datatype) for datatype in prop.datatypes):
        return None
    return f"{object_.value} is not a {_any_of(prop.datatypes)}"


def _is_self_loop(triple: CandidateTriple, ontology: Ontology | None) -> bool:
    """Tell whether resolution would make one entity of both sides: the city New York lies in the state New York, and may."""
    if not isinstance(triple.object, Mention):
        return False
    same_name = block_key(triple.subject.text) == block_key(triple.object.text)
    return same_name and classes_join(triple.subject.class_name, triple.object.class_name, ontology)


def _any_of(names: tuple[str, ...]) -> str:
    return " or ".join(names)
