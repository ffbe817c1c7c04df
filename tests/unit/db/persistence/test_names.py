"""Names of fields that callers give."""

from typing import Any

import pytest

from openviper.db import fields
from openviper.db.compiler.bulk import Conflict
from openviper.db.constraints import UniqueConstraint
from openviper.db.exceptions import FieldError
from openviper.db.models import Model
from openviper.db.options import Options
from openviper.db.persistence.names import find_field, read_conflict, read_field_names, read_update_fields


def make_item() -> Options:
    class Item(Model):
        code = fields.CharField(max_length=20, unique=True)
        shop = fields.IntegerField()
        shelf = fields.IntegerField()
        parent: Any = fields.ForeignKey("self", null=True)

        class Meta:
            constraints = (
                UniqueConstraint("place", ["shop", "shelf"]),
                UniqueConstraint("some", ["shelf"], "shop IS NULL"),
            )

    return Item._meta


def test_fields_are_found_by_name_and_attribute() -> None:
    """A reference has two names; what is named twice counts once."""
    item = make_item()
    assert find_field("parent_id", item, "x") is find_field("parent", item, "x")
    assert [one.name for one in read_field_names(["shop", "parent", "parent_id"], item, "x")] == ["shop", "parent"]
    assert read_update_fields(["parent_id"], item) == ("parent",)


def test_names_of_nothing_are_refused_with_what_there_is() -> None:
    """Unknown names, the key, a text in place of a list, and no names at all."""
    item = make_item()
    with pytest.raises(FieldError, match=r"x: .*Item has no field 'nope'; there are code, shop, shelf, parent"):
        find_field("nope", item, "x")
    with pytest.raises(FieldError, match="key"):
        find_field("pk", item, "x")
    assert find_field("pk", item, "x", with_key=True) is item.pk
    with pytest.raises(FieldError, match="list"):
        read_field_names("shop", item, "x")
    with pytest.raises(ValueError, match="no field"):
        read_field_names([], item, "x")
    with pytest.raises(ValueError, match="'nope'"):
        read_update_fields(["nope"], item)


def test_conflicts_are_told_by_what_is_unique() -> None:
    """A unique field, a group of fields, the key; no constraint that holds for some rows only."""
    item = make_item()
    assert read_conflict(item, False, False, None, None) is None
    assert read_conflict(item, True, False, None, None) == Conflict()
    assert read_conflict(item, False, True, ["code"], ["shop", "parent"]) == Conflict(("code",), ("shop", "parent_id"))
    assert read_conflict(item, False, True, ["shelf", "shop"], ["code"]) == Conflict(("shelf", "shop"), ("code",))
    assert read_conflict(item, False, True, ["pk"], ["code"]) == Conflict(("id",), ("code",))
    with pytest.raises(FieldError, match="not unique; what is: id; code; shop, shelf"):
        read_conflict(item, False, True, ["shelf"], ["code"])
    with pytest.raises(FieldError, match="already"):
        read_conflict(item, False, True, ["code"], ["code"])


@pytest.mark.parametrize(
    ("ignores", "updates", "unique", "updated"),
    [
        (True, True, None, None),
        (False, True, ["code"], None),
        (False, True, None, ["shop"]),
        (True, False, ["code"], None),
    ],
)
def test_arguments_that_contradict_each_other(
    ignores: bool, updates: bool, unique: list[str] | None, updated: list[str] | None
) -> None:
    """What goes together is asked for together."""
    with pytest.raises(ValueError, match="conflicts"):
        read_conflict(make_item(), ignores, updates, unique, updated)
