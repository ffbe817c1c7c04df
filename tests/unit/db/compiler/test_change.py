"""UPDATE and DELETE of the rows of a query."""

import pytest

from openviper.db import fields
from openviper.db.compiler.change import change_plan
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.models import Model
from openviper.db.query.description import Column, Lookup, Many, Operation, Order, Param, Query
from openviper.db.query.writes import Delete, Update, rows_of
from openviper.db.registry import AnyModel

SQLITE, POSTGRES = get_dialect("sqlite"), get_dialect("postgresql")


def make_models() -> tuple[AnyModel, AnyModel]:
    class Author(Model):
        name = fields.CharField(max_length=20)
        age = fields.IntegerField()

        class Meta:
            table_name = "author"

    class Book(Model):
        author = fields.ForeignKey(Author, related_name="books")
        pages = fields.IntegerField()

        class Meta:
            table_name = "book"
            ordering = ("pages",)

    return Author, Book


def test_conditions_of_the_row_itself_stand_in_the_statement() -> None:
    """The order of the model has no part in it."""
    _, book = make_models()
    query = rows_of(Query(book, where=(Lookup("pages__gte", 0),)))
    plan = change_plan(Delete(query), SQLITE)
    assert plan.sql == "DELETE FROM book WHERE book.pages >= ?"
    assert plan.bind((5,)) == (5,)
    update = Update(query, (("pages", Operation("+", Column("pages"), Param(1))),))
    plan = change_plan(update, SQLITE)
    assert plan.sql == "UPDATE book SET pages=(book.pages + ?) WHERE book.pages >= ?"
    assert plan.bind((5, 1)) == (1, 5)
    assert change_plan(update, SQLITE) is plan


def test_joins_and_limits_go_into_a_subquery() -> None:
    """The keys of the rows are asked for where they cannot be told otherwise."""
    author, book = make_models()
    joined = change_plan(Delete(rows_of(Query(book, where=(Lookup("author__name", 0),)))), SQLITE)
    assert joined.sql.startswith("DELETE FROM book WHERE book.id IN (SELECT ")
    cut = change_plan(Delete(rows_of(Query(book, order=(Order(Column("pages")),), limit=0))), POSTGRES)
    assert "ORDER BY" in cut.sql
    assert "LIMIT" in cut.sql
    many = change_plan(Delete(rows_of(Query(author, where=(Lookup("books__pages", 0),)))), SQLITE)
    assert "EXISTS" in many.sql


def test_lists_decide_the_text_where_they_must() -> None:
    """A plan is made for each size, rounded up to a power of two."""
    _, book = make_models()
    change = Delete(rows_of(Query(book, where=(Lookup("pk__in", Many(0)),))))
    plan = change_plan(change, SQLITE)
    three, four = ((1, 2, 3),), ((1, 2, 3, 4),)
    if plan.lists:
        assert plan.sized(three) is plan.sized(four)
        assert plan.sized(three).bind(three) == (1, 2, 3, 3)
    assert not change_plan(change, POSTGRES).lists


def test_what_is_no_row_of_the_table_is_refused() -> None:
    """Groups have no key, and an assignment reads its own row."""
    _, book = make_models()
    with pytest.raises(DatabaseOperationNotSupportedError, match="grouped"):
        change_plan(Delete(rows_of(Query(book, grouped=("pages",)))), SQLITE)
    with pytest.raises(FieldError, match="Subquery"):
        change_plan(Update(rows_of(Query(book)), (("pages", Column("author__age")),)), SQLITE)


def test_statements_that_change_rows_read_none() -> None:
    """Reading their rows is a mistake of the code, and named as one."""
    _, book = make_models()
    with pytest.raises(TypeError, match="default"):
        change_plan(Delete(rows_of(Query(book))), SQLITE).reader("default").many([])
