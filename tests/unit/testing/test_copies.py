"""Copies of MariaDB databases; what a project sees of them is in tests/contract/orm/test_databases_of_tests.py."""

import os
import uuid
from collections.abc import AsyncIterator

import pytest

from openviper.conf import settings
from openviper.db.connections import close_db, get_connection
from openviper.testing.copies import TableCopies
from tests.contract.db.engines import MARIADB, is_listening, on_mariadb

NAME = f"openviper_copied_{uuid.uuid4().hex[:12]}"


@pytest.fixture
async def copies() -> AsyncIterator[TableCopies]:
    """The copy of a database with a table that has rows, and one that has none."""
    if not is_listening(MARIADB) and not os.environ.get("REQUIRE_SERVICES"):
        pytest.skip("no MariaDB is running here")
    await on_mariadb(
        f"CREATE DATABASE {NAME}",
        f"CREATE TABLE {NAME}.author (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(9))",
        f"CREATE TABLE {NAME}.book (id INT AUTO_INCREMENT PRIMARY KEY, author_id INT REFERENCES author (id))",
        f"INSERT INTO {NAME}.author (name) VALUES ('Ann'), ('Bob')",
        f"DELETE FROM {NAME}.author WHERE name = 'Bob'",
    )
    settings.reset()
    settings.configure(DATABASE_URL=f"{MARIADB.rpartition('/')[0]}/information_schema")
    yield TableCopies(NAME, f"{NAME}_2")
    await close_db()
    await on_mariadb(f"DROP DATABASE {NAME}", f"DROP DATABASE IF EXISTS {NAME}_2")


async def renew(copies: TableCopies) -> None:
    async with get_connection() as session:
        await copies.renew(session)


@pytest.mark.parametrize(
    "changes",
    [
        (),
        ("INSERT INTO author (name) VALUES ('Cid')", "INSERT INTO book (author_id) VALUES (1)"),
        ("DELETE FROM author",),
        ("DROP TABLE book", "ALTER TABLE author ADD COLUMN age INT"),
        ("CREATE TABLE other (id INT)", "CREATE INDEX by_name ON author (name)"),
    ],
    ids=["none", "rows", "fewer rows", "fewer tables", "more tables"],
)
async def test_copy_is_as_the_original(copies: TableCopies, changes: tuple[str, ...]) -> None:
    """Whatever was done to it: tables, rows, and the keys that come next."""
    await renew(copies)
    if changes:
        await on_mariadb(*changes, database=f"{NAME}_2")
    await renew(copies)
    for table, number in (("author", 3), ("book", 1)):
        described = [await on_mariadb(f"SELECT md5(count(*)) FROM {place}.{table}") for place in (NAME, f"{NAME}_2")]
        assert described[0] == described[1]
        assert await on_mariadb(
            f"INSERT INTO {table} () VALUES ()", "SELECT last_insert_id()", database=f"{NAME}_2"
        ) == (number)
    tables = f"SELECT count(*) FROM information_schema.columns WHERE table_schema = '{NAME}_2'"
    assert await on_mariadb(tables) == 4
