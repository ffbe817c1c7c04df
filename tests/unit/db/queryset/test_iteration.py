"""Walks that need no database: what is refused, and what has no rows; engines are in the contract suite."""

from typing import Any

import pytest

from openviper.db.exceptions import FieldError
from openviper.db.queryset.iteration import batch, id_batch, iterator


async def test_query_sets_without_rows(book: Any) -> None:
    """Nothing is asked where nothing is meant."""
    rows = book.objects.none()

    assert [row async for row in iterator(rows)] == []
    assert [row async for row in iterator(rows.values())] == []
    assert [some async for some in batch(rows)] == []
    assert [some async for some in id_batch(rows)] == []


async def test_sizes_and_slices(book: Any) -> None:
    """A portion has a row at least, and a slice is not cut again."""
    with pytest.raises(FieldError, match="chunk_size takes a whole number of 1 or more, not 0"):
        await anext(iterator(book.objects.all(), 0))
    with pytest.raises(FieldError, match="size takes"):
        await anext(batch(book.objects.all(), 0))
    with pytest.raises(TypeError, match="slice"):
        await anext(id_batch(book.objects.all()[:5]))
    with pytest.raises(FieldError, match="keys of instances"):
        await anext(id_batch(book.objects.values()))
