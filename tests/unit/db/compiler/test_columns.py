"""Columns of many rows as one parameter."""

import datetime as dt
from decimal import Decimal

import pytest

from openviper.db.compiler.columns import column_of
from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Storage
from openviper.db.fields.base import FieldKind

POSTGRES = get_dialect("postgresql")


@pytest.mark.parametrize(
    ("storage", "parameter", "values", "packed"),
    [
        (Storage(kind=FieldKind.INTEGER), "::text::INTEGER[]", [1, None, -2], "{1,NULL,-2}"),
        (
            Storage(kind=FieldKind.DECIMAL, max_digits=8, decimal_places=2),
            "::text::NUMERIC[]",
            [Decimal("1.50"), None, Decimal("1E+2")],
            "{1.50,NULL,1E+2}",
        ),
        (Storage(kind=FieldKind.BOOLEAN), "::text::BOOLEAN[]", [True, False, None], "{t,f,NULL}"),
    ],
)
def test_numbers_go_as_one_text(storage: Storage, parameter: str, values: list[object], packed: str) -> None:
    """They hold nothing that a text would have to mask, and an empty list is one as well."""
    column = column_of(POSTGRES.form(storage))
    assert (column.parameter, column.cast) == (parameter, "")
    assert column.pack is not None
    assert column.pack(values) == packed
    assert column.pack([]) == "{}"


def test_what_a_number_says_of_itself_is_not_asked() -> None:
    """A number whose class writes it in its own way is written as the number that it is."""

    class Sly(int):
        def __repr__(self) -> str:
            return "1}, now something else {"

        __str__ = __repr__

    column = column_of(POSTGRES.form(Storage(kind=FieldKind.INTEGER)))
    assert column.pack is not None
    assert column.pack([Sly(7)]) == "{7}"


def test_texts_and_moments_are_left_to_the_driver() -> None:
    """Their lists go as they are."""
    for kind, parameter in ((FieldKind.TEXT, "::TEXT[]"), (FieldKind.DATE, "::DATE[]"), (FieldKind.JSON, "::JSONB[]")):
        assert column_of(POSTGRES.form(Storage(kind=kind))) == (parameter, "", None)


def test_arrays_are_masked_item_by_item() -> None:
    """Each item stands in quotes, so that nothing in it means anything."""
    item = Storage(kind=FieldKind.TEXT)
    column = column_of(POSTGRES.form(Storage(kind=FieldKind.ARRAY, item=item)))
    assert (column.parameter, column.cast) == ("::text[]", "::TEXT[]")
    assert column.pack is not None
    day = dt.date(2026, 1, 31)
    assert column.pack(
        [None, [], ["a,b", '"', "\\", "}", None], [1, Decimal("1.5"), True], [b"\0\xff"], [day], [[1]]]
    ) == [
        None,
        "{}",
        r'{"a,b","\"","\\","}",NULL}',
        '{"1","1.5","True"}',
        r'{"\\x00ff"}',
        '{"2026-01-31"}',
        '{{"1"}}',
    ]
