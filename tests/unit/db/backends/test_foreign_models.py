"""Models on Oracle and SQL Server, from the settings down to doubles of the drivers: no server has run this."""

import sys
from typing import Any

import pytest

from openviper.conf import settings
from openviper.db import fields
from openviper.db.connections import close_db, get_database
from openviper.db.models import Model
from openviper.db.transactions import atomic
from tests.unit.db.backends import mssql_double, oracle_double


def make_author() -> Any:
    class Author(Model):
        name = fields.CharField(max_length=10)

        class Meta:
            table_name = "author"

    return Author


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> oracle_double.FakeConnection:
    """The session of an Oracle database, which is the default one."""
    raw = oracle_double.FakeConnection(SELECT=[[("ID", 0), ("NAME", 0)], (7, "Ann")])
    monkeypatch.setitem(sys.modules, "oracledb", oracle_double.FakeDriver(raw))
    settings.configure(DATABASE_URL="oracle://joe:s3cret@db/shop")
    return raw


@pytest.fixture
def mssql(monkeypatch: pytest.MonkeyPatch) -> mssql_double.FakeConnection:
    """The session of a SQL Server database, which is the default one."""
    raw = mssql_double.FakeConnection()
    monkeypatch.setitem(sys.modules, "pyodbc", mssql_double.FakeDriver(raw))
    settings.configure(DATABASE_URL="sqlserver+pyodbc://joe:s3cret@db/shop")
    return raw


async def test_oracle_stores_and_reads_models(oracle: oracle_double.FakeConnection) -> None:
    """A key comes in a variable, many rows go in one round trip, a transaction holds statements back."""
    author = make_author()
    assert (await author.objects.create(name="Ann")).pk == 1
    people = await author.objects.bulk_create([author(name=name) for name in "abc"])
    assert [one.pk for one in people] == [2, 3, 4]
    found = await author.objects.get(pk=7)
    assert (found.pk, found.name) == (7, "Ann")
    async with atomic():
        found.name = "Bob"
        await found.save()
    assert oracle.sent[1:] == [
        ("INSERT INTO author (name) VALUES (:1) RETURNING author.id INTO :2", [["Ann"]], True),
        ("INSERT INTO author (name) VALUES (:1) RETURNING id INTO :2", [["a"], ["b"], ["c"]], False),
        ("SELECT author.id, author.name \nFROM author \nWHERE author.id = :1", [[7]], True),
        ("UPDATE author SET name=:1 WHERE author.id = :2", [["Bob", 7]], False),
    ]
    assert oracle.calls == ["commit", "commit"]
    await close_db()


async def test_sql_server_stores_and_reads_models(mssql: mssql_double.FakeConnection) -> None:
    """A key comes as a row, keys of many in the order of the instances, whatever order they are told in."""
    author = make_author()
    mssql.answers["INSERT INTO author (name) OUTPUT inserted.id VALUES"] = [(1,)]
    assert (await author.objects.create(name="Ann")).pk == 1
    mssql.answers["INSERT INTO author (name) OUTPUT inserted.id SELECT"] = [(4,), (2,), (3,)]
    people = await author.objects.bulk_create([author(name=name) for name in "abc"], batch_size=3)
    assert [one.pk for one in people] == [2, 3, 4]
    own = await author.objects.create(pk=70, name="own")
    assert own.pk == 70
    async with atomic():
        people[0].name = "Bob"
        await people[0].save()
    assert mssql.statements[-4:] == [
        "SET IDENTITY_INSERT author ON; INSERT INTO author (id, name) VALUES (?, ?); SET IDENTITY_INSERT author OFF",
        "BEGIN TRANSACTION",
        "UPDATE author SET name=? WHERE author.id = ?",
        "COMMIT TRANSACTION; SET TRANSACTION ISOLATION LEVEL READ COMMITTED",
    ]
    assert get_database().dialect_name == "mssql"
    await close_db()
