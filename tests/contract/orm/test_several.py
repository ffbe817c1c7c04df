"""Databases of several engines in one process: each has its own statements, transactions and handlers."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final

import pytest

from openviper.conf import settings
from openviper.db.connections import close_db, get_connection, get_database, init_db, request_connection
from openviper.db.exceptions import CrossDatabaseRelationError, DatabaseReadOnlyError, TransactionError
from openviper.db.monitor import watch_queries
from openviper.db.transactions import atomic, on_commit, on_rollback
from tests.contract.db.engines import Engine
from tests.contract.orm.conftest import emptied_on_postgres, empty_tables
from tests.contract.orm.models import Author, Book, Review

TABLE: Final = Author._meta.table
ALIASES: Final = ("default", "people", "archive", "shop")


@pytest.fixture
def urls(shop_url: str, other_shop_url: str, mariadb_shop: str, shop_file: Path, tmp_path: Path) -> Mapping[str, str]:
    """A file of SQLite, two databases of PostgreSQL, and one of MariaDB."""
    file = shutil.copy(shop_file, tmp_path / "several.db")
    return dict(zip(ALIASES, (f"sqlite:///{file}", shop_url, other_shop_url, mariadb_shop), strict=True))


@pytest.fixture
async def several(urls: Mapping[str, str]) -> AsyncIterator[None]:
    """All of them at once, empty."""
    settings.reset()
    settings.configure(DATABASES={alias: {"OPTIONS": {"URL": url}} for alias, url in urls.items()})
    for alias in ("people", "archive"):
        await get_database(alias).execute(emptied_on_postgres())
    await empty_tables(get_database("shop"))
    yield
    await close_db()


async def names() -> list[list[str]]:
    """The names of the authors, by database."""
    return [await Author.objects.using(one).order_by("name").values_list("name", flat=True) for one in ALIASES]


@pytest.mark.usefixtures("several")
async def test_each_alias_has_its_own_dialect() -> None:
    """One query is written four times at once, each as its engine has it, and its plan is found again (C-011va)."""

    async def work(alias: str) -> tuple[str, list[str]]:
        rows = Author.objects.using(alias)
        await rows.bulk_create([rows.model(name=f"{alias} {number}", age=number) for number in range(3)])
        await rows.filter(name__icontains="2").update(age=20)
        found = await rows.filter(age__gte=1).order_by("-age").values_list("name", flat=True)
        return get_database(alias).dialect_name, found

    for _ in range(2):
        found = await asyncio.gather(*(work(alias) for alias in ALIASES))
        assert [dialect for dialect, _ in found] == ["sqlite", "postgresql", "postgresql", "mariadb"]
        assert [rows[:2] for _, rows in found] == [[f"{alias} 2", f"{alias} 1"] for alias in ALIASES]
        await asyncio.gather(*(Author.objects.using(alias).all().delete() for alias in ALIASES))
    marks = [Author.objects.using(alias).filter(name="x").raw_sql() for alias in ALIASES]
    assert ["?" in marks[0], "$1" in marks[1], "$1" in marks[2], "%s" in marks[3]] == [True] * 4


@pytest.mark.usefixtures("several")
async def test_transactions_of_several_aliases_are_apart() -> None:
    """One block fails and undoes its own work; those around and inside keep theirs, and so do handlers (C-011va)."""
    told: list[str] = []
    async with atomic("default"):
        _ = await Author.objects.create(name="Ann")
        on_commit(lambda: told.append("default"))
        async with atomic("people"):
            _ = await Author.objects.using("people").create(name="Bob")
            on_commit(lambda: told.append("people"), using="people")
            with pytest.raises(ZeroDivisionError):
                async with atomic("shop"):
                    _ = await Author.objects.using("shop").create(name="Cid")
                    on_commit(lambda: told.append("shop"), using="shop")
                    on_rollback(lambda: told.append("not shop"), using="shop")
                    async with atomic("archive"):
                        _ = await Author.objects.using("archive").create(name="Dan")
                    raise ZeroDivisionError
            assert told == ["not shop"]
        assert told == ["not shop", "people"]
        # What is not committed yet is seen inside its own block only.
        assert await asyncio.create_task(Author.objects.using("people").count()) == 1
    assert told == ["not shop", "people", "default"]
    assert await names() == [["Ann"], ["Bob"], ["Dan"], []]


@pytest.mark.usefixtures("several")
async def test_two_databases_of_one_engine_share_plans_and_no_rows() -> None:
    """Instances know which of the two they are of, though the statement was the same."""
    ann = await Author.objects.using("people").create(name="Ann")
    assert await Author.objects.using("archive").filter(id=ann.id).exists() is False
    twin = await Author.objects.using("people").get(id=ann.id)
    twin.name = "Anne"
    await twin.save()
    await twin.save(using="archive")
    assert await names() == [[], ["Anne"], ["Anne"], []]
    with watch_queries() as log:
        await twin.delete()
    assert {record.alias for record in log.records} == {"archive"}
    assert await names() == [[], ["Anne"], [], []]


@pytest.mark.usefixtures("several")
async def test_using_survives_every_way_of_going_on() -> None:
    """Each call of a query set, of a manager and of a related manager keeps the database (C-011vb)."""
    rows = Author.objects.using("people")
    ann = await rows.create(name="Ann")
    dune = await Book.objects.using("people").create(title="Dune", author=ann)
    _ = await Review.objects.using("people").create(book=dune, stars=5)
    goings = (
        rows.all(),
        rows.filter(name="Ann"),
        rows.exclude(name="Bob"),
        rows.order_by("-name"),
        rows.reverse(),
        rows.distinct(),
        rows.limit(5),
        rows.offset(0),
        rows[:1],
        rows.only("name"),
        rows.defer("age"),
        rows.select_related("country"),
        rows.prefetch_related("books__reviews"),
        rows.values("name"),
        rows.values_list("name", flat=True),
        rows | rows.filter(name="Bob"),
        rows & rows.filter(name="Ann"),
        ann.books,
        ann.books.all(),
        ann.books.filter(title="Dune"),
        dune.reviews.order_by("stars"),
    )
    with watch_queries() as log:
        for going in goings:
            assert len(await going) == 1
        assert await rows.get(id=ann.id) == await rows.first() == await rows.last()
        assert [await rows.count(), await rows.exists()] == [1, True]
        assert [one.name async for one in rows.iterator()] == ["Ann"]
        assert (await rows.order_by("id").paginate(1)).items[0].name == "Ann"
        assert await rows.get_or_create(name="Ann") == (ann, False)
        assert (await rows.update_or_create({"age": 4}, name="Ann"))[1] is False
        await rows.bulk_update([ann], ["name"])
        await ann.refresh_from_db()
        await ann.books.update(pages=7)
        await ann.books.get_or_create(title="Dune")
    assert {record.alias for record in log.records} == {"people"}


@pytest.mark.usefixtures("several")
async def test_instances_of_another_database_are_refused() -> None:
    """Assigned, given to a query, stored and stored in bulk, before anything is sent (C-011ve)."""
    ann = await Author.objects.using("people").create(name="Ann")
    bob = await Author.objects.create(name="Bob")
    dune = await Book.objects.create(title="Dune", author=bob)
    with watch_queries() as log:
        with pytest.raises(CrossDatabaseRelationError, match=r"Book.author .* 'default' cannot be one from 'people'"):
            dune.author = ann
        for ask in (
            lambda: Book.objects.filter(author=ann),
            lambda: Book.objects.filter(author__in=[bob, ann]).count(),
            lambda: Book.objects.exclude(author=ann).exists(),
            lambda: Book.objects.update(author=ann),
            lambda: Book.objects.filter(author=ann).delete(),
        ):
            with pytest.raises(CrossDatabaseRelationError, match=r"an instance of orm.Author from 'people'"):
                await ask()
        for write in (
            lambda: Book.objects.create(title="New", author=ann),
            lambda: Book(title="New", author=ann).save(),
            lambda: Book.objects.bulk_create([Book(title="New", author=ann)]),
            lambda: Book.objects.get_or_create(title="New", author_id=0, defaults={"editor": ann}),
            lambda: ann.books.using("default").create(title="New", author=ann),
        ):
            with pytest.raises(CrossDatabaseRelationError):
                await write()
    assert [record.sql[:6] for record in log.records] == ["SELECT"]  # what get_or_create() looked for
    assert dune.author is bob
    assert await Book.objects.count() == 1
    assert (await Book.objects.using("people").create(title="Own", author=ann)).author is ann


@pytest.fixture(params=["READ_ONLY", "replica"])
async def view(request: pytest.FixtureRequest, engine: Engine) -> AsyncIterator[str]:
    """An alias for reading only, of the database that another one writes to; it holds one author."""
    if engine.name == "sqlite-memory":
        pytest.skip("a database in memory is that of one alias")
    told: dict[str, object] = {"ROLE": "replica"} if request.param == "replica" else {"READ_ONLY": True}
    settings.reset()
    settings.configure(
        DATABASES={"default": {"OPTIONS": {"URL": engine.url}}, "view": {"OPTIONS": {"URL": engine.url, **told}}}
    )
    if engine.name == "postgresql":
        await get_database().execute(emptied_on_postgres())
    if engine.name == "mariadb":
        await empty_tables(get_database())
    _ = await Author.objects.create(name="Ann")
    yield "view"
    await close_db()


def writes_of(alias: str, ann: Author) -> Sequence[Callable[[], Awaitable[object]]]:
    """Give every way to write."""
    rows, database = Author.objects.using(alias), get_database(alias)
    return (
        ann.save,
        ann.delete,
        lambda: rows.create(name="x"),
        lambda: rows.bulk_create([Author(name="x")]),
        lambda: rows.bulk_update([ann], ["name"]),
        lambda: rows.update(name="x"),
        lambda: rows.all().delete(),
        lambda: rows.get_or_create(name="x"),
        lambda: rows.update_or_create({"age": 1}, name="Ann"),
        lambda: ann.books.create(title="x"),
        lambda: Author.objects.raw(f"DELETE FROM {TABLE}").using(alias),
        lambda: Author.objects.raw(f"/* x */ update {TABLE} set age = 1").using(alias).values(),
        rows.select_for_update,
        lambda: Author(name="x").save(using=alias),
        lambda: init_db(using=alias),
        lambda: init_db(drop_first=True, using=alias),
        lambda: database.execute("CREATE TABLE other (id INTEGER)"),
        lambda: database.fetch(f"WITH gone AS (DELETE FROM {TABLE} RETURNING id) SELECT * FROM gone"),
        lambda: database.execute_many(f"INSERT INTO {TABLE} VALUES (1)", [()]),
    )


async def test_read_only_aliases_send_no_write(view: str) -> None:
    """Whatever would write is refused by its alias before anything is sent (C-011vd)."""
    ann = await Author.objects.using(view).get(name="Ann")
    ann.name = "Anne"
    with watch_queries() as log:
        for place, write in enumerate(writes_of(view, ann)):
            with pytest.raises(DatabaseReadOnlyError, match=f"nothing was sent: database '{view}'") as found:
                await write()
            assert "@" not in str(found.value), place
    # What get_or_create() looked for is all.
    assert [record.sql.partition(" ")[0] for record in log.records] == ["SELECT"]


async def test_read_only_aliases_read(view: str, engine: Engine) -> None:
    """In every way, transactions included; what no text shows is refused by the session of the engine (C-011vd)."""
    rows = Author.objects.using(view)
    assert [one.name async for one in rows.order_by("name").iterator()] == ["Ann"]
    assert [one.name for one in await Author.objects.raw(f"SELECT * FROM {TABLE}").using(view)] == ["Ann"]
    async with atomic(view):
        assert await rows.count() == 1
    if engine.name == "postgresql":
        with pytest.raises(DatabaseReadOnlyError, match="a write was refused"):
            await get_database(view).fetch(f"SELECT nextval(pg_get_serial_sequence('{TABLE}', 'id'))")


#: What would open a session, or a single statement, for writing, or writes besides; none of it is sent.
OPENING: Final = (
    f"SET STATEMENT tx_read_only=0 FOR DELETE FROM {TABLE}",
    f"/*! SET STATEMENT tx_read_only=0 FOR INSERT INTO {TABLE} (name) */ SELECT 'x'",
    f"SELECT 1; SET SESSION TRANSACTION READ WRITE; DELETE FROM {TABLE}",
    f"SHOW TIME ZONE; SET TRANSACTION READ WRITE; DELETE FROM {TABLE}",
    f"SELECT '\\'; SET SESSION tx_read_only=0; DELETE FROM {TABLE}; SELECT '",
    f"SELECT $$'$$; DELETE FROM {TABLE}; SELECT $$'$$",
    "/* /* */ SELECT 1 */ SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SET SESSION TRANSACTION READ WRITE",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SET default_transaction_read_only = off",
    "set @@session.tx_read_only = 0",
    "RESET ALL",
    "BEGIN READ WRITE",
    "START TRANSACTION READ WRITE",
    "COMMIT",
    "SELECT 1 INTO/**/OUTFILE '/tmp/openviper'",
    "TABLE x INTO DUMPFILE '/tmp/openviper'",
    f"ANALYZE UPDATE {TABLE} SET age = 1",
    f"PREPARE p AS DELETE FROM {TABLE}",
    "CALL p()",
    "",
)


async def test_what_would_open_a_session_for_writing_is_not_sent(view: str) -> None:
    """By a query of the database, by a statement of models, by a stream and on a connection alike (C-011vd)."""
    database = get_database(view)
    async with get_connection(view) as connection:
        ways: Sequence[Callable[[str], Awaitable[object]]] = (
            database.fetch,
            database.execute,
            database.fetch_named,
            lambda sql: anext(database.stream(sql)),
            lambda sql: Author.objects.raw(sql).using(view).values(),
            connection.fetch,
            connection.fetch_one,
            connection.fetch_value,
            connection.execute,
            lambda sql: connection.execute_many(sql, [()]),
            lambda sql: anext(connection.stream(sql)),
        )
        with watch_queries() as log:
            for sql in OPENING:
                for send in ways:
                    with pytest.raises(DatabaseReadOnlyError, match="nothing was sent"):
                        await send(sql)
        assert not log.records


async def _opens_its_session(engine: Engine) -> str:
    """Give a statement that reads by its text, and opens its session for writing."""
    if engine.name == "postgresql":
        return "SELECT set_config('default_transaction_read_only', 'off', false)"
    await get_database().execute("DROP FUNCTION IF EXISTS orm_opens")
    await get_database().execute(
        "CREATE FUNCTION orm_opens() RETURNS INT BEGIN SET SESSION tx_read_only = 0; RETURN 1; END"
    )
    return "SELECT orm_opens()"


async def _writes_by_a_function(engine: Engine) -> str:
    """Give a statement that reads by its text, and writes by a function."""
    if engine.name == "postgresql":
        return f"SELECT nextval(pg_get_serial_sequence('{TABLE}', 'id'))"
    await get_database().execute("DROP FUNCTION IF EXISTS orm_writes")
    await get_database().execute(
        f"CREATE FUNCTION orm_writes() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM {TABLE}; RETURN 1; END"
    )
    return "SELECT orm_writes()"


async def test_what_a_function_opens_is_closed_again(view: str, engine: Engine) -> None:
    """Before the next statement, in the pool, on a pinned connection, in a transaction and after it (C-011vd)."""
    if engine.name == "sqlite-file":
        pytest.skip("SQLite opens its file for reading only")
    opens, writes = await _opens_its_session(engine), await _writes_by_a_function(engine)
    database = get_database(view)

    async def refused(send: Callable[[str], Awaitable[object]]) -> None:
        with pytest.raises(DatabaseReadOnlyError, match="a write was refused"):
            await send(writes)

    async def streamed(sql: str) -> None:
        assert [rows async for rows in database.stream(sql)]

    for send in (database.fetch, database.fetch_named, streamed):
        for _ in range(3):
            await send(opens)
        await refused(send)
    async with request_connection(view):
        await database.fetch(opens)
        await refused(database.fetch)
    async with atomic(view):
        await database.fetch(opens)
    await refused(database.fetch)
    async with get_connection(view) as connection:
        await connection.fetch(opens)
        await refused(connection.fetch_value)
        assert [rows async for rows in connection.stream(opens)]
        await refused(connection.execute)
        async with aclosing(connection.stream(f"{opens} UNION ALL SELECT NULL", size=1)) as lists:
            assert await anext(lists)  # and the second list is not asked for
        await refused(connection.execute)
        await connection.begin()
        await refused(connection.fetch)
        await connection.rollback()
    await refused(database.fetch)
    assert await Author.objects.using("default").count() == 1


async def test_connections_for_reading_read(view: str, engine: Engine) -> None:
    """What ``get_connection()`` hands out of such a database has all that others have."""
    sql = f"SELECT name FROM {TABLE}"
    async with get_connection(view) as connection:
        assert connection.is_open
        assert [row[0] for row in await connection.fetch(sql)] == ["Ann"]
        assert await connection.fetch_value(f"{sql} WHERE name <> ';' ;") == "Ann"
        assert (await connection.fetch_one(sql) or ("",))[0] == "Ann"
        assert [[row[0] for row in rows] async for rows in connection.stream(sql)] == [["Ann"]]
        await connection.begin()
        await connection.savepoint("here")
        await connection.execute(sql)
        await connection.rollback_to("here")
        await connection.savepoint("there")
        await connection.release("there")
        await connection.commit()
    async with atomic(view), get_connection(view) as connection:
        assert await connection.fetch_value(sql) == "Ann"
        with pytest.raises(DatabaseReadOnlyError):
            await connection.execute(f"DELETE FROM {TABLE}")
    assert engine.name != "mariadb" or await get_database(view).fetch("SHOW TABLES")


@pytest.mark.usefixtures("several")
async def test_a_lock_belongs_to_the_transaction_of_its_alias() -> None:
    """A block of another alias does not hold it."""
    async with atomic("shop"):
        with pytest.raises(TransactionError):
            await Author.objects.using("people").select_for_update()
