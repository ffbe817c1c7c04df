"""Loading: what is filled in an instance, and what is kept; in memory."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from openviper.db import Model, fields
from openviper.db.connections import close_db, configure_db, get_database, reset_engine
from openviper.db.loading import load
from openviper.db.monitor import max_queries


@pytest.fixture
async def author() -> AsyncIterator[Any]:
    """A model with one row."""

    class Author(Model):
        name = fields.CharField(max_length=10)
        age = fields.IntegerField(null=True)

        class Meta:
            table_name = "loading_author"

    configure_db("sqlite:///:memory:")
    database = get_database()
    await database.execute("CREATE TABLE loading_author (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)")
    await database.execute("INSERT INTO loading_author VALUES (1, 'Ann', 30)")
    yield Author
    await close_db()
    await reset_engine()


async def test_missing_fields_are_filled(author: Any) -> None:
    """What was not read is there afterwards, and what was assigned is kept and counts as changed."""
    record = await author.objects.only("id").get()
    record.age = 31

    async with max_queries(1):
        await load(record)

    assert (record.name, record.age) == ("Ann", 31)
    assert record.changed_fields() == ("age",)


async def test_row_that_is_gone(author: Any) -> None:
    """Without a row there is nothing to fill in, and the instance stays as it was."""
    record = await author.objects.only("id").get()
    await get_database().execute("DELETE FROM loading_author")

    with pytest.raises(author.DoesNotExist):
        await load(record)

    assert "name" not in vars(record)
