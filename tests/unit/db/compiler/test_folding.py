"""What aggregates give for each kind of field."""

from decimal import Decimal
from typing import Any

import pytest

from openviper.db import fields
from openviper.db.compiler.select import compile_query
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.models import Model
from openviper.db.query.description import Aggregate, Column, Query
from openviper.db.registry import AnyModel


def make_model() -> AnyModel:
    class Thing(Model):
        number = fields.BigIntegerField(choices=[(1, "one"), (2, "two")])
        price = fields.DecimalField(max_digits=8, decimal_places=2)
        huge = fields.DecimalField(max_digits=30, decimal_places=2)
        ratio = fields.FloatField()
        flag = fields.BooleanField()
        token = fields.UUIDField()
        span = fields.DurationField()
        data = fields.JSONField()
        word = fields.CharField(max_length=5)

    return Thing


def read(name: str, field: str, value: object, engine: str) -> Any:
    """Give what becomes of a value of the driver."""
    node = Aggregate(name, Column(field))
    query = Query(make_model(), mode="aggregate", annotations=(("x", node),), columns=("x",))
    return compile_query(query, get_dialect(engine)).reader("default").one((value,))["x"]


@pytest.mark.parametrize(
    ("name", "field", "engine", "value", "result"),
    [
        ("count", "word", "sqlite", 3, "3"),
        ("sum", "number", "postgresql", Decimal(3), "3"),
        ("avg", "number", "postgresql", Decimal("1.5"), "1.5"),
        ("avg", "number", "sqlite", 1.5, "1.5"),
        ("sum", "price", "sqlite", 150, "Decimal('1.50')"),
        ("sum", "price", "postgresql", Decimal("1.50"), "Decimal('1.50')"),
        ("avg", "price", "sqlite", 150, "Decimal('1.50')"),
        ("avg", "price", "postgresql", Decimal("1.50"), "Decimal('1.50')"),
        ("sum", "ratio", "sqlite", 1.5, "1.5"),
        ("sum", "span", "postgresql", Decimal(5), "datetime.timedelta(microseconds=5)"),
        ("avg", "span", "sqlite", 5, "datetime.timedelta(microseconds=5)"),
        ("min", "flag", "sqlite", 0, "False"),
        ("max", "flag", "postgresql", True, "True"),
        ("sum", "price", "sqlite", None, "None"),
        ("min", "price", "sqlite", None, "None"),
    ],
)
def test_results_have_the_types_of_the_field(name: str, field: str, engine: str, value: object, result: str) -> None:
    """Sums and averages of decimals and durations stay what they are; averages of whole numbers are floats."""
    assert repr(read(name, field, value, engine)) == result


@pytest.mark.parametrize(
    ("name", "field"),
    [("sum", "word"), ("avg", "flag"), ("sum", "token"), ("avg", "data"), ("min", "data")],
)
def test_what_makes_no_sense_is_refused(name: str, field: str) -> None:
    """The message names the field and what it holds."""
    with pytest.raises(FieldError, match=field):
        read(name, field, None, "postgresql")


def test_what_an_engine_cannot_compute_is_refused() -> None:
    """SQLite has no exact numbers of 30 digits; they can be counted and compared all the same."""
    for name in ("sum", "avg"):
        with pytest.raises(DatabaseOperationNotSupportedError, match="huge"):
            read(name, "huge", None, "sqlite")
    assert read("count", "huge", 2, "sqlite") == 2
    assert read("max", "huge", None, "sqlite") is None


def test_truth_and_uuids_have_extremes_everywhere() -> None:
    """Where the engine has none for their types, others stand between."""
    thing = make_model()
    for field, between in (("flag", "INTEGER"), ("token", "TEXT")):
        node = Aggregate("max", Column(field))
        query = Query(thing, mode="aggregate", annotations=(("x", node),), columns=("x",))
        assert f"AS {between}" in compile_query(query, get_dialect("postgresql")).sql
        assert "CAST" not in compile_query(query, get_dialect("sqlite")).sql
