"""What every query set is to the parts below it."""

import dataclasses

import pytest

from openviper.db import Prefetch, fields
from openviper.db.models import Model
from openviper.db.query.reading import Reading


def parts_of(reading: Reading) -> tuple[object, ...]:
    return reading.params, reading.db_alias, reading.prefetches, reading.is_none


def test_query_set_can_be_read_by_its_parts() -> None:
    """A query set has what the protocol names, for those who do not know its class."""

    class Book(Model):
        title = fields.CharField()

    rows = Book.objects.filter(title="a").using("other").prefetch_related("tags")
    assert parts_of(rows) == (("a",), "other", ("tags",), False)
    assert parts_of(Book.objects.none()) == ((), None, (), True)


def test_prefetch_never_changes() -> None:
    """It may be shared by query sets; two of them are two, as their queries may differ."""
    one = Prefetch("books", to_attr="found")
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.name = "other"  # type: ignore[misc]  # this is what is tested
    assert one != Prefetch("books", to_attr="found")
    assert {one: 1}[one] == 1
