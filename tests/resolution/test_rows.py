import pytest

from kgbuild.errors import InputError
from kgbuild.ids import entity_id
from kgbuild.resolution.rows import resolve_rows

ACME = entity_id("acme")


def row(id_, name, class_name=None, **more):
    return {"id": id_, "name": name, "class": class_name, **more}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        # Any JSON scalar is an id and comes back as given; equal names meet; order and number are kept.
        (
            [row(2, "Acme"), row("b", "Bolt"), row(True, "the ACME"), row(None, "Acme")],
            [(2, ACME, "Acme", 1.0), ("b", entity_id("bolt"), "Bolt", 1.0), (True, ACME, "Acme", 1.0), (None, ACME, "Acme", 1.0)],
        ),
        # An organisation's legal form is set aside, where the class tells that it is one.
        (
            [row(1, "Acme Inc.", "Company"), row(2, "Acme", "Company"), row(3, "Bolt Inc.")],
            [(1, ACME, "Acme Inc.", 1.0), (2, ACME, "Acme Inc.", 1.0), (3, entity_id("bolt inc"), "Bolt Inc.", 1.0)],
        ),
        # A country goes by its name.
        (
            [row(1, "Swedish", "Country"), row(2, "Sweden", "Country")],
            [(1, entity_id("sweden"), "Sweden", 1.0), (2, entity_id("sweden"), "Sweden", 1.0)],
        ),
        # A context is allowed, and a class may be left out.
        (
            [row(1, "Acme", context=[["o", "founded", "Ada"]]), {"id": 2, "name": "Acme"}],
            [(1, ACME, "Acme", 1.0), (2, ACME, "Acme", 1.0)],
        ),
    ],
)
def test_each_row_gets_the_entity_that_bears_its_name(rows, expected):
    found = [(line["id"], line["entity_id"], line["canonical_name"], line["score"]) for line in resolve_rows(rows)]
    assert found == expected
    assert [type(line[0]) for line in found] == [type(line[0]) for line in expected]


def test_the_class_tells_namesakes_apart_and_a_row_without_one_is_unsure():
    company, person, unknown, other_person = resolve_rows(
        [row(1, "Acme", "Company"), row(2, "Acme", "Person"), row(3, "Acme"), row(4, "ACME", "Person")]
    )
    assert company["entity_id"] != person["entity_id"] == other_person["entity_id"] == unknown["entity_id"]
    assert [line["score"] for line in (company, person, unknown, other_person)] == [1.0, 1.0, 0.5, 1.0]


def test_the_order_of_rows_changes_no_entity():
    rows = [row(1, "Acme", "Company"), row(2, "Acme", "Person"), row(3, "ACME"), row(4, "Bolt")]
    forward = {line["id"]: line for line in resolve_rows(rows)}
    assert {line["id"]: line for line in resolve_rows(rows[::-1])} == forward


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"name": "Acme"}, "id"),
        ({"id": [1], "name": "Acme"}, "the id is a list or an object. Give text, a number, true, false or null"),
        ({"id": {}, "name": "Acme"}, "the id is a list or an object"),
        ({"id": 1}, "name"),
        (row(1, "  "), "name"),
        (row(1, 7), "name"),
        (row(1, "Acme", 7), "class"),
        (row(1, "Acme", context=[["o", "founded"]]), "context"),
    ],
)
def test_a_row_that_cannot_be_used_is_named(bad, field):
    with pytest.raises(InputError, match=rf"line 2: {field}"):
        resolve_rows([row(1, "Acme"), bad])
