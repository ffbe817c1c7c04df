"""A model whose query sets are looked at and never read."""

from typing import Any

import pytest

from openviper.db import Model, fields


@pytest.fixture
def book() -> Any:
    """A model with an order of its own."""

    class Book(Model):
        title = fields.CharField(max_length=100)
        genre = fields.CharField(max_length=20)
        price = fields.IntegerField()

        class Meta:
            ordering = ("-price", "title")

    return Book
