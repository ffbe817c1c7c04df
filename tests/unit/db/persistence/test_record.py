"""What instances are told of their rows."""

from typing import Any

import pytest

from openviper.db import Model, fields
from openviper.db.compiler.write import update_plan
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import ModelValidationError
from openviper.db.persistence.record import bind, known_values


def make_book() -> Any:
    class Book(Model):
        title = fields.CharField(max_length=5)
        pages = fields.IntegerField()
        price = fields.FloatField(null=True)

    return Book


def test_clean_values_are_put_in_place() -> None:
    """Fields that are excluded stay as they are; without exclusions all of them are cleaned."""
    book = make_book()(title="a", pages="3")
    book.full_clean(["pages"])
    assert book.pages == "3"
    book.full_clean()
    assert book.pages == 3
    book.title = "too long"
    with pytest.raises(ModelValidationError):
        book.full_clean()


def test_what_the_engine_cannot_store_is_named_by_field() -> None:
    """Binding meets values that were never cleaned; the error is that of their fields, all of them."""
    kind = make_book()
    plan = update_plan(kind._meta, get_dialect("sqlite"), ("title", "price"))
    assert bind(plan, {"id": 1, "title": "a", "price": 2.5}) == ("a", 2.5, 1)
    with pytest.raises(ModelValidationError) as caught:
        bind(plan, {"id": 1, "title": "a", "price": float("nan")})
    assert set(caught.value.errors) == {"price"}


def test_nothing_is_known_of_a_row_that_was_not_read() -> None:
    """An instance that was made here, or came from another database, says nothing of the row."""
    assert known_values(make_book()(title="a", pages=1), "default") == {}
