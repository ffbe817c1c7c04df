"""The order of tables, and conditions in SQL; whole statements are tried in tests/contract/storage."""

import re

import pytest

from openviper.db.constraints import CheckConstraint
from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import DatabaseOperationNotSupportedError
from openviper.db.fields import CharField, DecimalField
from openviper.db.fields.base import FieldKind
from openviper.db.models import Model
from openviper.db.schema.ddl import create_statements, in_order
from openviper.db.schema.table import CheckSchema, ColumnSchema, ForeignKeySchema, TableSchema, schema_of

KEY = ColumnSchema(name="id", storage=Storage(kind=FieldKind.BIGINT), is_auto=True)
PRICE = ColumnSchema(name="price", storage=Storage(kind=FieldKind.DECIMAL, max_digits=6, decimal_places=2))
LONG = ColumnSchema(name="long", storage=Storage(kind=FieldKind.DECIMAL, max_digits=60, decimal_places=40))


def table(name: str, *targets: str) -> TableSchema:
    keys = tuple(
        ForeignKeySchema(name=f"fk_{name}_{one}", column="id", target_table=one, target_column="id") for one in targets
    )
    return TableSchema(name=name, columns=(KEY,), primary_key="id", foreign_keys=keys)


def order(*tables: TableSchema) -> list[tuple[str, list[str]]]:
    return [(one.name, [key.target_table for key in late]) for one, late in in_order(tables)]


def test_tables_come_after_those_that_they_refer_to() -> None:
    """Others keep their places, and tables outside and the table itself are not waited for."""
    assert order(table("a", "c", "a", "outside"), table("b"), table("c")) == [("b", []), ("c", []), ("a", [])]


def test_circle_is_cut_where_it_is() -> None:
    """One reference of the circle waits; a table that only leads into the circle comes after it with none."""
    assert order(table("a", "b"), table("b", "c"), table("c", "b")) == [("b", ["c"]), ("a", []), ("c", [])]


def check(engine: str, condition: str, *columns: ColumnSchema) -> str:
    schema = TableSchema(
        name="t", columns=(KEY, *columns), primary_key="id", checks=(CheckSchema(name="c", condition=condition),)
    )
    return create_statements([schema], get_dialect(engine))[0].partition("CONSTRAINT c CHECK ")[2]


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        ("price >= 9.99", "((price / 100.0) >= 9.99)"),
        ("PRICE > id", "((PRICE / 100.0) > id)"),
        ('"price" > 1', '(("price" / 100.0) > 1)'),
        ("name <> 'price' AND price_id > 1", "(name <> 'price' AND price_id > 1)"),
        ("name LIKE 'it''s % price:x'", "(name LIKE 'it''s % price:x')"),
        ("price(1) > 0", "(price(1) > 0)"),
    ],
)
def test_decimal_of_a_condition_is_what_it_reads_as(condition: str, written: str) -> None:
    """Where a decimal is a number of cents, a condition still speaks of the price; texts and others stay."""
    assert check("sqlite", condition, PRICE).startswith(written)
    assert check("postgresql", condition, PRICE).startswith(f"({condition})")


def test_condition_cannot_compute_with_a_text() -> None:
    """A decimal that no number of the engine holds is refused there, and allowed where it is a number."""
    with pytest.raises(DatabaseOperationNotSupportedError, match=r"t\.long"):
        check("sqlite", "long > 5", LONG)
    assert check("postgresql", "long > 5", LONG)


def test_statement_is_the_same_in_every_process() -> None:
    """No part of a statement has the order of a set."""

    class Page(Model):
        title = CharField(max_length=20)
        price = DecimalField()

        class Meta:
            table_name = "page"
            constraints = (CheckConstraint("b", "price > 1"), CheckConstraint("a", "price > 2"))

    text = create_statements([schema_of(Page._meta)], get_dialect("postgresql"))[0]
    assert text.index("CONSTRAINT b") < text.index("CONSTRAINT a")


def test_columns_keep_the_range_of_their_fields() -> None:
    """Where the type does not: not for a key that the engine makes, nor for what refers to another table's."""
    columns = (
        ColumnSchema(name="order", storage=Storage(kind=FieldKind.SMALLINT, null=True)),
        ColumnSchema(name="word", storage=Storage(kind=FieldKind.CHAR, max_length=5)),
        ColumnSchema(name="day", storage=Storage(kind=FieldKind.DATE)),
        ColumnSchema(name="a_id", storage=Storage(kind=FieldKind.BIGINT)),
        PRICE,
        LONG,
    )
    keys = (ForeignKeySchema(name="fk", column="a_id", target_table="a", target_column="id"),)
    schema = TableSchema(name="t", columns=(KEY, *columns), primary_key="id", foreign_keys=keys)
    for engine, limits in (
        (
            "sqlite",
            [
                '"order" BETWEEN -32768 AND 32767',
                "length(word) <= 5",
                "price BETWEEN -999999 AND 999999",
                "length(long) = 61",
            ],
        ),
        ("postgresql", ["day BETWEEN '0001-01-01' AND '9999-12-31' OR day IN ('-infinity', 'infinity')"]),
        ("mysql", []),
    ):
        sql = create_statements([schema], get_dialect(engine))[0]
        assert re.findall(r"CONSTRAINT rg_t_\w+ CHECK \((.*)\),?$", sql, re.MULTILINE) == limits
