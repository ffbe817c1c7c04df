"""Reading query sets, as far as nothing is sent."""

from typing import Any

import pytest

from openviper.db import Avg, Count, F, Sum
from openviper.db.exceptions import FieldError


def test_a_forgotten_await_is_told(book: Any) -> None:
    """Whatever would have to read the rows at once says what to write instead."""
    rows = book.objects.filter(price=1)
    with pytest.raises(TypeError, match="for row in await rows, or async for"):
        list(rows)
    with pytest.raises(TypeError, match=r"await rows\.count\(\)"):
        len(rows)
    with pytest.raises(TypeError, match=r"await rows\.exists\(\)"):
        bool(rows)
    with pytest.raises(TypeError, match="row in await rows"):
        _ = 1 in rows


async def test_none_asks_nothing(book: Any) -> None:
    """No database is configured here, and none is needed."""
    rows = book.objects.none()
    assert await rows == []
    assert await rows.first() is None
    assert await rows.last() is None
    assert await rows.count() == 0
    assert await rows.exists() is False
    assert [row async for row in rows] == []
    with pytest.raises(IndexError, match="no row 0 in this query"):
        await rows[0]


def test_aggregate_wants_aggregates(book: Any) -> None:
    """Names are needed where they cannot be made, and stand for one value each."""
    with pytest.raises(FieldError, match="at least one aggregate"):
        book.objects.aggregate()
    with pytest.raises(FieldError, match="another name for each"):
        book.objects.aggregate(Sum("price"), price__sum=Avg("price"))
    with pytest.raises(FieldError, match=r"takes aggregates such as Sum\('price'\), not Combined"):
        book.objects.aggregate(Sum("price") / Count())
    with pytest.raises(FieldError, match=r"aggregate\(n=\.\.\.\) takes an expression, not int"):
        book.objects.aggregate(n=5)
    with pytest.raises(FieldError, match="needs a name"):
        book.objects.aggregate(Sum(F("price") + 1))
