"""What cursors are signed with."""

import subprocess
import sys
from typing import Any

import pytest

from openviper.db import Model, fields
from openviper.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from openviper.db.pagination.keyset import keys_of
from openviper.db.pagination.prints import print_of


@pytest.fixture
def thing() -> Any:
    """A model."""

    class Thing(Model):
        name = fields.CharField(max_length=10)
        size = fields.IntegerField(null=True)

    return Thing


def printed(rows: Any, *, nulls_are_low: bool = True) -> str:
    keys = keys_of(rows.query, nulls_are_low=nulls_are_low)
    return repr(print_of(keys, rows.query, rows.params, nulls_are_low=nulls_are_low))


@pytest.mark.parametrize("number", range(5))
def test_values_are_printed_and_places_are_not(thing: Any, number: int) -> None:
    """The same order has the same print behind other values, and another one with another value."""

    def order(value: int) -> Any:
        return (
            F("size") * Value(value),
            Case(When(Q(size=value), then=Value(1)), default=Value(0)),
            Case(When(Q(size__in=[value, 3]), then=Value(1)), default=Value(0)),
            Subquery(thing.objects.filter(size=value, pk=OuterRef("pk")).values("name")[:1]),
            Exists(thing.objects.filter(pk=OuterRef("pk"))[value : value + 9]),
        )[number]

    one = printed(thing.objects.order_by(order(7)))
    assert one == printed(thing.objects.filter(name="x", size=5).order_by(order(7)))
    assert one == printed(thing.objects.filter(name="x").annotate(own=order(7)).order_by("own"))
    assert one != printed(thing.objects.order_by(order(8)))


def test_nulls_are_printed_where_they_were_asked_for(thing: Any) -> None:
    """Where an engine puts NULL is no part of what the author has written."""
    assert printed(thing.objects.order_by("size")) == printed(thing.objects.order_by("size"), nulls_are_low=False)
    last = thing.objects.order_by(F("size").asc(nulls_last=True))
    assert printed(last) != printed(thing.objects.order_by("size"))


def test_prints_are_the_same_in_every_process() -> None:
    """A cursor of one worker fits another one."""
    script = """
from openviper.db import Model, fields
from openviper.db.models import Case, Q, Value, When
from tests.unit.db.pagination.test_prints import printed

class Thing(Model):
    name = fields.CharField(max_length=10)

some = {"a", "b", "c", "d", "e"}
print(printed(Thing.objects.order_by(Case(When(Q(name__in=some), then=Value(1)), default=Value(0)))))
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, check=True, text=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1
