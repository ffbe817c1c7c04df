"""Tables of models, made and dropped through a connection of ours."""

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from openviper.db.connections import close_db, get_database
from openviper.db.dialects.engines import get_dialect
from openviper.db.exceptions import IntegrityError, QueryError
from openviper.db.options import Options
from openviper.db.registry import registry
from openviper.db.schema.creation import create_tables, drop_tables
from openviper.db.transactions import atomic
from tests.contract.db.engines import Engine
from tests.contract.storage.models import make_models


@pytest.fixture
def models() -> Iterator[list[Options]]:
    with registry.isolated():
        yield list(make_models().values())


async def test_tables_are_made_in_a_transaction(engine: Engine, models: list[Options]) -> None:
    """They are there when the block ends, with their constraints, and gone when it fails."""
    block = atomic if engine.undoes_tables else nullcontext
    dialect = get_dialect(engine.name.partition("-")[0])
    database = get_database()
    if engine.undoes_tables:
        with pytest.raises(ZeroDivisionError):
            async with atomic():
                await create_tables(database, models, dialect)
                raise ZeroDivisionError
    with pytest.raises(QueryError):
        await database.fetch("SELECT * FROM shop_author")

    async with block():
        assert len(await create_tables(database, models, dialect)) == 3
    await database.execute("INSERT INTO shop_author (name) VALUES ('a')")
    with pytest.raises(IntegrityError):
        await database.execute("INSERT INTO shop_author (name) VALUES ('a')")

    assert len(await drop_tables(database, models, dialect)) == 3
    assert len(await create_tables(database, models, dialect)) == 3
    async with block():
        assert len(await drop_tables(database, models, dialect)) == 3
    await close_db()
