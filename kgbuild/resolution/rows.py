"""The `resolve` command's lines: names in, the entity each belongs to out."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr, ValidationError

from kgbuild.errors import InputError
from kgbuild.ids import mention_id
from kgbuild.records import Mention
from kgbuild.resolution.coreference import representatives
from kgbuild.resolution.normalisation import block_key
from kgbuild.resolution.resolve import resolve
from kgbuild.serialisation import first_problem


class _NameRow(BaseModel):
    """One name. `context`: facts known of it; read, checked, and left for matching to use."""

    id: StrictBool | StrictInt | StrictFloat | StrictStr | None
    name: StrictStr = Field(pattern=r"\S")
    class_name: StrictStr | None = Field(None, alias="class")
    context: list[tuple[str, str, str]] = []


def resolve_rows(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one line per row, in order, ids as given.

    A function of the set of names and classes: equal rows count once. Each row is a document of its own: no name is short for
    that of another row, and an organisation's legal form is set aside.
    score: 1 where name and class decide; 1/n where the class is not given and n entities bear the name.
    """
    names = [_checked(n, row) for n, row in enumerate(rows, 1)]
    mentions = [_mention(name) for name in names]
    components: dict[str, set[Mention]] = {}
    keys = {mention: block_key(representatives([mention], None)[mention.id]) for mention in set(mentions)}
    for mention, key in keys.items():
        components.setdefault(key, set()).add(mention)
    entities = {key: resolve(key, members, None) for key, members in components.items()}
    entity_of = {member: entity for found in entities.values() for entity in found for member in entity.mention_ids}
    out: list[dict[str, Any]] = []
    for name, mention in zip(names, mentions, strict=True):
        namesakes = len(entities[keys[mention]])
        score = 1.0 if name.class_name else round(1 / namesakes, 4)
        entity = entity_of[mention.id]
        out.append({"id": name.id, "entity_id": entity.id, "canonical_name": entity.name, "score": score})
    return out


def _checked(number: int, row: Mapping[str, Any]) -> _NameRow:
    remedy = 'Write {"id": ..., "name": "...", "class": "..." or null}'
    if isinstance(row.get("id"), (list, dict)):
        raise InputError(f"line {number}", "the id is a list or an object. Give text, a number, true, false or null", remedy)
    try:
        return _NameRow.model_validate(row)
    except ValidationError as error:
        raise InputError(f"line {number}", first_problem(error), remedy) from error


def _mention(name: _NameRow) -> Mention:
    class_name = name.class_name or ""
    return Mention(mention_id("", None, name.name, class_name), "", None, name.name, class_name)
