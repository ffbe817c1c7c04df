"""Statements that write one instance."""

import datetime as dt
from decimal import Decimal

import pytest

from openviper.db import fields
from openviper.db.compiler.write import insert_plan, name_faults, update_plan, write_binder, write_column_binder
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import ModelValidationError
from openviper.db.models import Model
from openviper.db.options import Options

SQLITE, POSTGRES = get_dialect("sqlite"), get_dialect("postgresql")


def make_item() -> Options:
    class Item(Model):
        name = fields.CharField(max_length=20, db_column="order")
        price = fields.DecimalField(max_digits=8, decimal_places=2)
        changed = fields.DateTimeField(auto_now=True)
        ratio = fields.FloatField(null=True, allow_nan=True)

        class Meta:
            table_name = "item"

    return Item._meta


def test_insert_has_all_fields_and_gives_the_key_back() -> None:
    """A key that the engine makes is not among the columns; one that is known is, and nothing comes back."""
    item = make_item()
    plan = insert_plan(item, POSTGRES, makes_key=True)
    assert plan.sql == 'INSERT INTO item ("order", price, changed, ratio) VALUES ($1, $2, $3, $4) RETURNING item.id'
    assert [field.name for field in plan.fields] == ["name", "price", "changed", "ratio"]
    assert [field.name for field in plan.prepared] == ["changed"]
    known = insert_plan(item, SQLITE, makes_key=False)
    assert known.sql == 'INSERT INTO item (id, "order", price, changed, ratio) VALUES (?, ?, ?, ?, ?)'
    assert known.key is None


def test_insert_can_pass_conflicts_over() -> None:
    """The words stand before RETURNING, or at the end."""
    item = make_item()
    assert insert_plan(item, SQLITE, makes_key=True, ignores=True).sql.endswith(" ON CONFLICT DO NOTHING RETURNING id")
    assert insert_plan(item, SQLITE, makes_key=False, ignores=True).sql.endswith(" ON CONFLICT DO NOTHING")


def test_update_binds_the_fields_and_the_key() -> None:
    """The arguments are in the order of the placeholders, whatever the order of the names."""
    item = make_item()
    plan = update_plan(item, SQLITE, ("price", "name"))
    assert plan.sql == 'UPDATE item SET "order"=?, price=? WHERE item.id = ?'
    assert plan.bind({"id": 7, "name": "a", "price": Decimal("1.50")}) == ("a", 150, 7)


def test_plans_are_made_once() -> None:
    """The same question gives the same plan, until a model is made or forgotten."""
    item = make_item()
    plan = insert_plan(item, SQLITE, makes_key=True)
    assert insert_plan(item, SQLITE, makes_key=True) is plan
    assert insert_plan(item, POSTGRES, makes_key=True) is not plan
    assert "INSERT" in repr(plan)


def test_values_are_bound_one_by_one_or_by_columns() -> None:
    """Both ways make the same of every value, None among them."""
    item = make_item()
    chosen = [item.by_name["price"], item.by_name["changed"], item.by_name["ratio"]]
    moment = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    records: list[dict[str, object]] = [
        {"price": Decimal("1.5"), "changed": moment, "ratio": 0.5},
        {"price": None, "changed": None, "ratio": None},
    ]
    rows = [write_binder(chosen, SQLITE)(record) for record in records]
    assert rows == [(150, "2026-01-31 00:00:00.000000+00:00", 0.5), (None, None, None)]
    assert list(zip(*write_column_binder(chosen, SQLITE)(records), strict=True)) == rows
    assert write_binder((), SQLITE)({}) == ()


def test_origin_remembers_what_was_bound() -> None:
    """The row of an instance is what was bound, and the key that the engine made."""
    item = make_item()
    plan = insert_plan(item, SQLITE, makes_key=True)
    origin = plan.origin("default")
    assert origin is plan.origin("default")
    assert origin.places == {"name": 0, "price": 1, "changed": 2, "ratio": 3, "id": 4}
    assert insert_plan(item, SQLITE, makes_key=False).origin("default").places["id"] == 0


def test_fields_that_cannot_be_stored_are_named() -> None:
    """The engine's reason stands at the field; values that are right pass."""
    item = make_item()
    values = {"ratio": float("nan"), "price": Decimal("1.5")}
    with pytest.raises(ModelValidationError) as caught:
        name_faults([item.by_name["price"], item.by_name["ratio"]], SQLITE, values)
    assert set(caught.value.errors) == {"ratio"}
    name_faults([item.by_name["price"]], SQLITE, values)
