"""SQL by hand: what is a parameter in it, and what a driver gets for its value."""

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db import fields
from openviper.db.compiler.handwritten import write_statement
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.models import Model

SQLITE = get_dialect("sqlite")
POSTGRES = get_dialect("postgresql")
MYSQL = get_dialect("mysql")
ORACLE = get_dialect("oracle")


@pytest.mark.parametrize(
    ("dialect", "sql", "args"),
    [
        (SQLITE, "SELECT ?, ?, ?", (1, 2, 1)),
        (POSTGRES, "SELECT $1, $2, $3", (1, 2, 1)),
        (MYSQL, "SELECT %s, %s, %s", (1, 2, 1)),
        (ORACLE, "SELECT :1, :2, :3", (1, 2, 1)),
    ],
)
def test_placeholders_of_engines(dialect: Any, sql: str, args: tuple[object, ...]) -> None:
    """One text serves every engine, and a name may stand in it several times."""
    assert write_statement("SELECT :a, :b_2, :a", {"a": 1, "b_2": 2}, dialect) == (sql, args)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ':name'",
        "SELECT 'it''s :name'",
        "SELECT E'\\':name'",
        'SELECT ":name" FROM t',
        "SELECT `:name`",
        "SELECT 1 -- :name",
        "SELECT /* :name\n:name */ 1",
        "SELECT $$ :name $$",
        "SELECT $tag$ :name $$ $tag$",
        "SELECT created::text, '5'::name",
        "SELECT a[1:2]",
        "SELECT '12:30'",
        "SELECT name'x:y'",
        "SELECT 1 : 2",
    ],
)
def test_what_is_no_parameter(sql: str) -> None:
    """Quotes, comments, casts and slices are left as they are."""
    assert write_statement(sql, {}, POSTGRES) == (sql, ())


def test_parameter_with_a_cast() -> None:
    """What stands before a cast may be a parameter."""
    assert write_statement("SELECT :a::int", {"a": 1}, POSTGRES).sql == "SELECT $1::int"


def test_percent_sign_stays_one() -> None:
    """Only a driver that reads percent signs gets them doubled."""
    sql = "SELECT 5 % :a, 'x%s' LIKE '%x%'"

    assert write_statement(sql, {"a": 3}, SQLITE).sql == "SELECT 5 % ?, 'x%s' LIKE '%x%'"
    assert write_statement(sql, {"a": 3}, MYSQL).sql == "SELECT 5 %% %s, 'x%%s' LIKE '%%x%%'"


@pytest.mark.parametrize("items", [[1, 2, 3], (1, 2, 3)])
def test_list_stands_for_all_of_its_items(items: object) -> None:
    """A list is written as many placeholders, in parentheses."""
    assert write_statement("x IN :ids AND y = :y", {"ids": items, "y": 9}, POSTGRES) == (
        "x IN ($1, $2, $3) AND y = $4",
        (1, 2, 3, 9),
    )


def test_empty_list() -> None:
    """A list without items is a query without rows, in which nothing is and outside of which everything is."""
    assert write_statement("x NOT IN :ids", {"ids": set()}, SQLITE) == ("x NOT IN (SELECT NULL WHERE 1 = 0)", ())
    assert write_statement("x IN :ids", {"ids": []}, ORACLE).sql == "x IN (SELECT NULL FROM dual WHERE 1 = 0)"
    assert write_statement("x in :ids", {"ids": []}, POSTGRES).sql == "x in (NULL) IS TRUE"
    assert write_statement("x NOT  IN :ids", {"ids": []}, POSTGRES).sql == "x NOT  IN (NULL) IS NOT FALSE"


def test_list_that_is_too_long() -> None:
    """More values than a statement takes are refused before they are sent."""
    with pytest.raises(FieldError, match=":ids"):
        write_statement("x IN :ids", {"ids": list(range(40_000))}, POSTGRES)


def test_missing_and_unknown_names() -> None:
    """Text and values have to name the same parameters."""
    with pytest.raises(FieldError, match=":b, and no value"):
        write_statement("SELECT :a, :b", {"a": 1}, SQLITE)
    with pytest.raises(FieldError, match="'c', which is no parameter of the statement; there are :a"):
        write_statement("SELECT :a", {"a": 1, "c": 2}, SQLITE)


class Word(StrEnum):
    YES = "yes"


MOMENT = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("value", "sqlite", "postgres"),
    [
        (None, None, None),
        (True, 1, True),
        (5, 5, 5),
        ("x", "x", "x"),
        (Word.YES, "yes", "yes"),
        (UUID(int=1), UUID(int=1).bytes, UUID(int=1)),
        (MOMENT, "2024-01-02 03:04:05.000000+00:00", MOMENT),
        (dt.date(2024, 1, 2), "2024-01-02", dt.date(2024, 1, 2)),
        ({"a": 1}, '{"a":1}', '{"a":1}'),
        (b"x", b"x", b"x"),
    ],
)
def test_values_have_the_form_of_columns(value: object, sqlite: object, postgres: object) -> None:
    """A value is compared with what a column holds, so it is given in the form that columns have."""
    assert write_statement(":v", {"v": value}, SQLITE).args == (sqlite,)
    assert write_statement(":v", {"v": value}, POSTGRES).args == (postgres,)


def test_decimals_depend_on_the_column() -> None:
    """SQLite stores decimals in a form that the column decides, which a text by hand does not tell."""
    assert write_statement(":v", {"v": Decimal("1.50")}, POSTGRES).args == (Decimal("1.50"),)
    with pytest.raises(DatabaseOperationNotSupportedError, match=":v is a Decimal"):
        write_statement(":v", {"v": Decimal("1.50")}, SQLITE)
    with pytest.raises(FieldError, match="no number"):
        write_statement(":v", {"v": Decimal("NaN")}, POSTGRES)


def test_instance_stands_for_its_key() -> None:
    """An instance is given as its key, and one without is refused."""

    class Thing(Model):
        name = fields.CharField(max_length=5)

    assert write_statement(":v", {"v": Thing(id=7)}, SQLITE).args == (7,)
    with pytest.raises(FieldError, match="not saved"):
        write_statement(":v", {"v": Thing()}, SQLITE)


@pytest.mark.parametrize("value", [object(), 1j, iter([1])])
def test_other_values_are_refused(value: object) -> None:
    """What no column holds is named, with what there is."""
    with pytest.raises(FieldError, match="a parameter takes bool, int"):
        write_statement(":v", {"v": value}, POSTGRES)


def test_value_that_no_column_holds_is_refused() -> None:
    """A value which an engine would change in silence is refused."""
    with pytest.raises(FieldError, match=":v: "):
        write_statement(":v", {"v": dt.datetime(2024, 1, 1)}, POSTGRES)  # noqa: DTZ001 - names no instant


@given(st.text())
def test_values_never_become_text(value: str) -> None:
    """Whatever stands in a value, the statement is the same."""
    sql = "SELECT ':a', :a"

    written = write_statement(sql, {"a": value}, SQLITE)

    assert written == ("SELECT ':a', ?", (value,))


def test_text_that_no_encoding_carries() -> None:
    """Half of a surrogate pair is told by us, in the statement as in a value."""
    with pytest.raises(FieldError, match="the statement holds half of a surrogate pair"):
        _ = write_statement("SELECT '\ud800'", {}, get_dialect("sqlite"))
    with pytest.raises(FieldError, match="half of a"):
        _ = write_statement("SELECT :x", {"x": "\ud800"}, get_dialect("sqlite"))
