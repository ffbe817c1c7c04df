"""Tables of models: made where they are missing, dropped where they are there; in memory."""

from collections.abc import AsyncIterator

import pytest

from openviper.db import AbstractModel, Model, fields
from openviper.db.connections import Database, close_db, configure_db, get_database, reset_engine
from openviper.db.options import Options
from openviper.db.schema.creation import create_tables, drop_tables


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """A database without tables."""
    configure_db("sqlite:///:memory:")
    yield get_database()
    await close_db()
    await reset_engine()


def make_models() -> list[Options]:
    """Give models of every kind, of which two have tables of their own."""

    class Base(AbstractModel):
        name = fields.CharField()

    class Author(Base):
        class Meta:
            table_name = "made_author"

    class Book(Base):
        author = fields.ForeignKey(Author)

        class Meta:
            table_name = "made_book"

    class Seen(Author):
        class Meta:
            proxy = True

    class Foreign(Model):
        name = fields.CharField()

        class Meta:
            table_name = "made_elsewhere"
            managed = False

    models: list[Options] = [one._meta for one in (Base, Author, Book, Seen, Foreign)]
    return models


async def test_tables_are_made_once(database: Database) -> None:
    """Those that are there stay with their rows; abstract models, proxies and foreign tables have none to make."""
    models = make_models()
    assert sorted(await create_tables(database, models, database.dialect)) == ["made_author", "made_book"]
    await database.execute("INSERT INTO made_author (name) VALUES ('Ann')")
    assert await create_tables(database, models, database.dialect) == []
    assert await database.fetch_value("SELECT count(*) FROM made_author") == 1


async def test_tables_are_dropped_if_they_are_there(database: Database) -> None:
    """A table that nobody made is passed over, and one that is not managed is left alone."""
    models = make_models()
    await database.execute("CREATE TABLE made_elsewhere (id INTEGER)")
    assert await drop_tables(database, models, database.dialect) == []
    await create_tables(database, models, database.dialect)
    assert sorted(await drop_tables(database, models, database.dialect)) == ["made_author", "made_book"]
    assert await database.fetch_value("SELECT name FROM sqlite_master WHERE type = 'table'") == "made_elsewhere"
