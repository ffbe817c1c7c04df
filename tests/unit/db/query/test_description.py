"""Descriptions: what tells them apart, and what makes them equal."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest

from openviper.db import fields
from openviper.db.models import Model
from openviper.db.query import description as d


def test_equal_descriptions_find_each_other() -> None:
    """Values are no part of a description, so queries that differ in them only are one key of a dict."""

    class Book(Model):
        title = fields.CharField()

    one, other = (d.Query(Book, where=(d.Lookup("title", 0),)) for _ in range(2))
    assert one == other
    assert hash(one) == hash(other)
    assert one != d.Query(Book, where=(d.Lookup("title", 1),))
    assert one != d.Query(Book, where=(d.Lookup("id", 0),))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (d.Column("a"), d.OuterColumn("a")),
        (d.And(()), d.Or(())),
        (d.Param(0), d.Many(0)),
        (d.Exists(d.Query(int), 0), d.Subquery(d.Query(int), 0)),
    ],
    ids=["columns", "connectors", "values", "subqueries"],
)
def test_nodes_of_one_length_are_not_equal(one: object, other: object) -> None:
    """All nodes are tuples; what kind they are of is part of them."""
    assert one != other


def test_lookup_can_be_made_without_its_class() -> None:
    """What is made in a third of the time is the same."""
    made = d.make_lookup("title__icontains", 3)
    assert made == d.Lookup("title__icontains", 3)
    assert type(made) is d.Lookup


def test_truth_is_no_plain_value() -> None:
    """True may mean a lookup (``isnull``), so it is looked at; numbers, texts and moments are not."""
    assert {int, str, float, bytes, Decimal, UUID, dt.date, dt.datetime} <= d.PLAIN
    assert bool not in d.PLAIN
