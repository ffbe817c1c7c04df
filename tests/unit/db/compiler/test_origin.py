"""What has changed in instances since their rows were read."""

from decimal import Decimal
from typing import Any

import pytest

from openviper.db import fields
from openviper.db.compiler.origin import Differ, RowOrigin, known_fields, origin_for
from openviper.db.dialects.engines import get_dialect
from openviper.db.models import Model

SQLITE = get_dialect("sqlite")


def made_of(model: Any, row: tuple[object, ...], *names: str, **values: object) -> Any:
    """Give an instance that was read from a row with these columns, and holds these values now."""
    made = object.__new__(model)
    places = {name: place for place, name in enumerate(names)}
    made._row, made._origin = row, RowOrigin("main", Differ(known_fields(model._meta, SQLITE, places)))
    vars(made).update(values)
    return made


def make_pet() -> Any:
    class Pet(Model):
        owner: Any = fields.ForeignKey("self", null=True)
        price = fields.DecimalField(max_digits=6, decimal_places=2, null=True)

    return Pet


def test_unread_fields_are_changes_when_they_are_set() -> None:
    """A field that the row does not have counts as changed as soon as it has a value; one that is gone does not."""
    made = made_of(make_pet(), (1, 2), "id", "owner_id", id=1, owner_id=2)
    assert made.changed_fields() == ()
    made.price = None
    assert made.changed_fields() == ("price",)
    del made.owner_id
    assert made.changed_fields() == ("price",)


def test_origin_of_stored_values() -> None:
    """It has any fields, in any order, and is found again."""
    pet = make_pet()
    origin = origin_for(pet._meta, SQLITE, ("price", "id"), "main")
    assert origin.places == {"price": 0, "id": 1}
    assert origin is origin_for(pet._meta, SQLITE, ("price", "id"), "main")
    made = pet(id=1, price=Decimal("2.5"))
    made._row, made._origin = (250, 1), origin
    del made.owner_id
    assert not made.has_changed
    made.price = Decimal(3)
    assert made.changed_fields() == ("price",)


@pytest.mark.parametrize(
    ("stored", "value", "changed"),
    [
        (b'{"a":1,"b":2}', {"b": 2, "a": 1}, False),
        (b'{"a":1}', {"a": True}, True),
        (b'{"a":1}', {"a": 1.0}, True),
        (b"[1,2]", (1, 2), False),
        (b"[1,2]", {1, 2}, True),
        (None, None, False),
        (None, [], True),
        (b"null", None, False),
    ],
)
def test_changes_of_json(stored: bytes | None, value: object, changed: bool) -> None:
    """Values are equal if they are stored alike; what cannot be stored is a change."""

    class Thing(Model):
        data = fields.JSONField(null=True)

    made = made_of(Thing, (1, stored), "id", "data", id=1, data=value)
    assert made.has_changed is changed


def test_nan_has_not_changed() -> None:
    """It equals nothing, not even itself."""

    class Thing(Model):
        ratio = fields.FloatField(allow_nan=True)

    made = made_of(Thing, (1, float("nan")), "id", "ratio", id=1, ratio=float("nan"))
    assert not made.has_changed
    made.ratio = 1.0
    assert made.has_changed
