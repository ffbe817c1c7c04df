"""The executor, as far as no database is needed."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from openviper.db import Model, fields
from openviper.db.backends.base import BackendOptions, Row
from openviper.db.compiler.hydration import Cell, read_flat
from openviper.db.dialects.forms import Conversion
from openviper.db.exceptions import TableNotFound, UnreadableValueError
from openviper.db.executor import MOST_KEYS, bypass_permissions, in_slices, name_model, read_rows
from openviper.db.permissions import bypass_permissions as original

HERE: Final = BackendOptions(alias="default", scheme="sqlite", address=":memory:")


def test_a_missing_table_has_an_owner() -> None:
    """The error names the model whose table it is, also where another one was asked for."""

    class Post(Model):
        title = fields.CharField()

        class Meta:
            table_name = "posts"

    class Author(Model):
        name = fields.CharField()

        class Meta:
            table_name = "authors"

    def owner_of(table: str) -> tuple[str | None, str]:
        error = name_model(TableNotFound(None, table), Post._meta, HERE)
        return error.model_name, error.table_name

    assert owner_of("posts") == (Post._meta.label, "posts")
    assert owner_of("main.authors") == (Author._meta.label, "authors")
    assert owner_of("others") == (None, "others")


def test_advice_on_a_missing_table_is_about_its_database() -> None:
    """A replica gets tables from its primary, and what is for reading only from whoever writes there."""

    class Note(Model):
        pass

    def advice(told: BackendOptions) -> str:
        return str(name_model(TableNotFound(None, Note._meta.table), Note._meta, told)).partition("; ")[2]

    assert advice(HERE) == "`await init_db()` makes those that are missing"
    there = replace(HERE, alias="there")
    assert advice(there) == "`await init_db(using='there')` makes those that are missing"
    assert advice(replace(there, read_only=True)).endswith("its tables are made where it is written")
    assert advice(replace(there, read_only=True, is_replica=True)).endswith("gets tables from its primary 'there'")


def test_many_rows_and_one_fault() -> None:
    """What finds the fault is asked once, for the row that cannot be read, and of how many rows does not matter."""
    reader = read_flat(Cell(0, "price", Conversion("_Decimal({v})", {"_Decimal": Decimal})), 1)("default")
    asked: list[Row] = []

    def find_fault(row: Row) -> str | None:
        asked.append(row)
        return reader.find_fault(row)

    rows = [*[("1.5",)] * 5000, ("soon",), ("later",)]
    with pytest.raises(UnreadableValueError, match="in price"):
        read_rows(reader._replace(find_fault=find_fault), rows)
    assert asked == [("soon",)]


def test_a_fault_of_no_cell_stays_what_it_is() -> None:
    """A row that has too few columns is no unreadable value."""
    reader = read_flat(Cell(0, "price"), 2)("default")
    with pytest.raises(ValueError, match="unpack"):
        read_rows(reader, [(1,)])


def test_lists_of_keys_need_no_filling_up() -> None:
    """Keys are cut at a power of two, up to which statements fill their lists; none is lost and none comes twice."""
    assert MOST_KEYS.bit_count() == 1
    keys = range(2 * MOST_KEYS + 1)
    parts = list(in_slices(keys))
    assert [len(part) for part in parts] == [MOST_KEYS, MOST_KEYS, 1]
    assert [key for part in parts for key in part] == list(keys)
    assert list(in_slices(())) == []


def test_bypass_is_where_it_was_promised() -> None:
    """Scripts import it from here (C-010)."""
    assert bypass_permissions is original
    with pytest.raises(KeyError), bypass_permissions():
        raise KeyError
