"""Writing query sets, as far as nothing is sent."""

from typing import Any

from openviper.db import Manager


async def test_none_is_written_without_asking(book: Any) -> None:
    """No row is meant, so none is changed."""
    rows = book.objects.none()
    assert await rows.update(price=1) == 0
    assert await rows.delete() == 0


def test_a_manager_deletes_nothing(book: Any) -> None:
    """Whoever means all rows says so: all().delete()."""
    assert not hasattr(Manager, "delete")
    assert hasattr(book.objects.all(), "delete")
