"""What paginate() makes of a query before it is read; engines are in the contract suite."""

from typing import Any

import pytest

from openviper.db import Model, fields
from openviper.db.exceptions import FieldError, InvalidCursorError, InvalidPageError
from openviper.testing import override_settings


@pytest.fixture
def book() -> Any:
    """A model."""

    class Book(Model):
        title = fields.CharField(max_length=10)

    return Book


async def test_what_is_refused_before_anything_is_sent(book: Any) -> None:
    """No database is needed to tell that a page cannot be."""
    with override_settings(DATABASES={"default": {"OPTIONS": {"URL": "sqlite:///:memory:"}}}):
        with pytest.raises(InvalidPageError):
            await book.objects.paginate(0)
        with pytest.raises(InvalidPageError, match="not both"):
            await book.objects.paginate(2, cursor="x")
        with pytest.raises(InvalidCursorError):
            await book.objects.paginate(cursor="x")
        with pytest.raises(TypeError, match="slice"):
            await book.objects.all()[:3].paginate()
        with pytest.raises(FieldError, match="chance"):
            await book.objects.order_by("?").paginate()
