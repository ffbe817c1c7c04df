"""Tables of all models at once, and a database that the program itself states."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from openviper.conf import settings
from openviper.db import Model, fields
from openviper.db.connections import configure_db, get_database, init_db, request_connection, reset_engine
from openviper.db.exceptions import DatabaseBackendNotFoundError, DatabaseConfigurationError, QueryError
from openviper.db.registry import registry
from openviper.db.transactions import atomic
from tests.contract.db.engines import Engine


@pytest.fixture(autouse=True)
def models_of_this_test() -> Iterator[None]:
    """Two models, one that refers to the other; one that lives elsewhere and one that others look after."""
    with registry.isolated():
        registry.clear()

        class Author(Model):
            name = fields.CharField(max_length=50)

            class Meta:
                table_name = "init_author"

        class Book(Model):
            author = fields.ForeignKey(Author, on_delete="CASCADE", related_name="books")

            class Meta:
                table_name = "init_book"

        class Elsewhere(Model):
            class Meta:
                table_name = "init_elsewhere"
                backend = "archive"

        class Foreign(Model):
            class Meta:
                table_name = "init_foreign"
                managed = False

        yield


async def authors() -> object:
    """Count the rows of a table."""
    return await get_database().fetch_value("SELECT count(*) FROM init_author")


async def test_tables_are_made_once(engine: Engine) -> None:
    """The tables of the alias are made, a second call makes nothing, and dropping first empties them."""
    await init_db(drop_first=True)
    assert await init_db() == []
    await get_database().execute("INSERT INTO init_author (name) VALUES ('Ann')")
    assert await init_db() == []
    assert await authors() == 1
    assert sorted(await init_db(drop_first=True)) == ["init_author", "init_book"]
    assert await authors() == 0
    await reset_engine()


async def test_several_at_once(engine: Engine) -> None:
    """Tasks, as processes, may make the tables at the same time."""
    await asyncio.gather(*(init_db(drop_first=True) for _ in range(3)), *(init_db() for _ in range(3)))
    assert await authors() == 0
    await reset_engine()


async def test_inside_of_blocks(engine: Engine) -> None:
    """In a transaction the tables belong to it; a pinned connection gets one of its own."""
    if not engine.undoes_tables:
        pytest.skip("tables are no part of a transaction here")
    await init_db(drop_first=True)
    await get_database().execute("INSERT INTO init_author (name) VALUES ('Ann')")
    with pytest.raises(KeyError):
        async with atomic():
            await init_db(drop_first=True)
            assert await authors() == 0
            raise KeyError
    assert await authors() == 1
    async with request_connection():
        await init_db(drop_first=True)
        assert await authors() == 0
    await reset_engine()


async def test_all_or_nothing(engine: Engine) -> None:
    """When the engine refuses one statement, nothing is made and nothing is dropped."""
    if not engine.undoes_tables:
        pytest.skip("tables are no part of a transaction here")
    await init_db(drop_first=True)
    await get_database().execute("INSERT INTO init_author (name) VALUES ('Ann')")

    class Clash(Model):
        class Meta:
            table_name = "init_clash"

    await get_database().execute("CREATE VIEW init_clash AS SELECT 1")
    with pytest.raises(QueryError, match="init_clash"):
        await init_db(drop_first=True)
    assert await authors() == 1
    await get_database().execute("DROP VIEW init_clash")
    await reset_engine()


async def test_sessions_forget_what_they_prepared(engine: Engine) -> None:
    """After tables were dropped and made with other columns, every connection of the pool reads them."""
    database = get_database()

    def state(column: fields.Field[str] | fields.Field[int]) -> None:
        registry.clear()
        type(
            "Alone",
            (Model,),
            {"name": column, "__module__": __name__, "Meta": type("Meta", (), {"table_name": "init_alone"})},
        )

    state(fields.CharField(max_length=5))
    await init_db(drop_first=True)
    await asyncio.gather(*(database.fetch("SELECT * FROM init_alone") for _ in range(4)))
    state(fields.IntegerField())
    await init_db(drop_first=True)
    await database.execute("INSERT INTO init_alone (name) VALUES (7)")

    async def read() -> object:
        async with atomic(read_only=True):
            return [tuple(row) for row in await database.fetch("SELECT * FROM init_alone")]

    assert await asyncio.gather(*(read() for _ in range(4))) == [[(1, 7)]] * 4
    await reset_engine()


async def test_program_states_its_database(engine: Engine) -> None:
    """``configure_db()`` wins over the settings until ``reset_engine()``, which may be called again and again."""
    first = get_database()
    await first.fetch_value("SELECT 1")
    configure_db("sqlite://", echo=True)
    assert get_database() is not first
    assert get_database().options.echo
    assert get_database().dialect.name == "sqlite"
    await get_database().execute("CREATE TABLE only_here (id INTEGER)")
    await reset_engine()
    await reset_engine()
    assert not get_database().options.echo
    with pytest.raises(QueryError):
        await get_database().fetch("SELECT * FROM only_here")
    await reset_engine()


async def test_alias_without_models_gets_those_of_the_default(tmp_path: Path) -> None:
    """Rows can be copied there; an alias that has models of its own gets their tables only."""
    aliases = {alias: {"URL": f"sqlite:///{tmp_path / alias}.db"} for alias in ("default", "spare", "archive")}
    with settings.overridden(DATABASES=aliases, DATABASE_URL=""):
        assert sorted(await init_db(using="spare")) == ["init_author", "init_book"]
        assert await init_db(using="spare") == []
        assert await get_database("spare").fetch_value("SELECT count(*) FROM init_author") == 0
        assert await init_db(using="archive") == ["init_elsewhere"]
        assert sorted(await init_db()) == ["init_author", "init_book"]
        await reset_engine()


def test_address_is_checked_at_once() -> None:
    """A wrong address is refused where it is stated, and nothing changes."""
    with pytest.raises(DatabaseConfigurationError):
        configure_db("shop.db")
    with pytest.raises(DatabaseBackendNotFoundError):
        configure_db("access:///shop.mdb")
