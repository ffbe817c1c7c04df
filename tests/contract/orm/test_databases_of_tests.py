"""The fixture ``db``, run as a project runs it: in a pytest of its own, on a file and on a server."""

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]  # it has no marker for type checkers
import pytest

from tests.contract.db.engines import MARIADB, POSTGRES, is_listening, on_mariadb
from tests.contract.orm.conftest import on_server

pytest_plugins = ["pytester"]

NAME = f"viper_{os.getpid()}"

MODELS = """
from openviper.db import Model, fields

class Author(Model):
    name = fields.CharField(max_length=50, unique=True)

class Book(Model):
    author = fields.ForeignKey(Author, related_name="books")
    title = fields.CharField(max_length=50)
"""

ASGI = """
from openviper import OpenViper
from openviper.db import atomic
from shop.models import Author

app = OpenViper(routes=[])

@app.on_startup
async def look():
    assert await Author.objects.filter(name="Real").count() == 0

@app.get("/authors")
async def authors():
    return await Author.objects.order_by("id").values("id", "name")

@app.post("/authors")
async def add():
    async with atomic():
        author = await Author.objects.create(name="Ann")
    return {"id": author.id}
"""

CONFTEST = """
import pytest
from shop.models import Author, Book

async def write():
    await Book.objects.create(author=await Author.objects.create(name="First"), title="One")

@pytest.fixture(scope="session")
def db_rows():
    return write
"""

STRICT = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""


@pytest.fixture(params=["sqlite", "memory", "postgresql", "mariadb"])
def url(request: pytest.FixtureRequest, pytester: pytest.Pytester) -> Iterator[str]:
    """The address of the database of a developer."""
    if request.param == "sqlite":
        yield f"sqlite:///{pytester.path / 'shop.sqlite3'}"
    elif request.param == "memory":
        yield "sqlite:///:memory:"
    elif request.param == "mariadb":
        if not is_listening(MARIADB) and not os.environ.get("REQUIRE_SERVICES"):
            pytest.skip("no MariaDB is running here")
        yield urlsplit(MARIADB)._replace(path=f"/{NAME}").geturl()
    else:
        if not is_listening(POSTGRES) and not os.environ.get("REQUIRE_SERVICES"):
            pytest.skip("no PostgreSQL is running here")
        # It need not exist: tests do not look at it.
        yield urlsplit(POSTGRES)._replace(path=f"/{NAME}").geturl()


@pytest.fixture
def project(url: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The folder of a project with two models, whose settings name the database."""
    for name in [name for name in os.environ if name.startswith(("OPENVIPER_", "DATABASE_"))]:
        monkeypatch.delenv(name)
    pytester.makeini(STRICT)
    package = pytester.mkpydir("shop")
    (package / "settings.py").write_text(f"INSTALLED_APPS = ('shop',)\nDATABASE_URL = {url!r}\n")
    (package / "models.py").write_text(MODELS)
    (package / "asgi.py").write_text(ASGI)
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # Not the cache of the outer run, and no warning of ours may hide.
    return project.runpytest_subprocess("-p", "no:cacheprovider", "-W", "error", *arguments)


async def names_on_server(url: str) -> list[str]:
    if url.startswith("mariadb"):
        names = await on_mariadb("SELECT coalesce(group_concat(schema_name), '') FROM information_schema.schemata")
        return str(names).split(",")
    connection = await asyncpg.connect(POSTGRES)
    try:
        return [row[0] for row in await connection.fetch("SELECT datname FROM pg_database")]
    finally:
        await connection.close()


def test_each_test_has_empty_tables_of_its_own(project: pytest.Pytester, url: str) -> None:
    """What a test, a handler or a thread writes is seen by all of them, and is gone in the next test."""
    project.makepyfile(
        """
        import pytest
        from openviper.db import on_commit, atomic
        from openviper.db.exceptions import IntegrityError
        from openviper.testing import max_queries
        from shop.models import Author

        @pytest.mark.parametrize("time", range(2))
        async def test_asynchronous(client, db, time):
            done = []
            async with atomic(durable=True):
                await Author.objects.create(name="Bob")
                on_commit(lambda: done.append(1))
            assert done == [1]
            async with max_queries(1):
                assert (await client.get("/authors")).json() == [{"id": 1, "name": "Bob"}]
            assert (await client.post("/authors")).json() == {"id": 2}
            assert await Author.objects.count() == 2

        @pytest.mark.parametrize("time", range(2))
        def test_plain(db, sync_client, time):
            assert sync_client.post("/authors").json() == {"id": 1}
            assert sync_client.get("/authors").json() == [{"id": 1, "name": "Ann"}]

        async def test_without_client(db):
            assert await Author.objects.count() == 0
            await Author.objects.create(name="Ann")
            with pytest.raises(IntegrityError):
                await Author.objects.create(name="Ann")

        async def test_too_many_queries(db):
            with pytest.raises(AssertionError, match="2 queries where at most 1"):
                async with max_queries(1):
                    await Author.objects.count()
                    await Author.objects.count()
        """
    )
    run(project).assert_outcomes(passed=6)
    assert not (project.path / "shop.sqlite3").exists()
    if not url.startswith("sqlite"):
        assert [name for name in asyncio.run(names_on_server(url)) if NAME in name] == []


def test_tests_begin_with_the_rows_of_the_project(project: pytest.Pytester) -> None:
    """They are written once, and every test has them unchanged; keys go on after theirs."""
    project.makeconftest(CONFTEST)
    project.makepyfile(
        """
        import pytest
        from shop.models import Author, Book

        @pytest.fixture(autouse=True)
        def everywhere(db):
            pass

        @pytest.mark.parametrize("time", range(2))
        async def test_rows(time):
            assert await Book.objects.values_list("title", "author__name") == [("One", "First")]
            assert (await Author.objects.create(name="Second")).id == 2
            await Book.objects.all().delete()
        """
    )
    run(project).assert_outcomes(passed=2)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_every_alias_leads_to_a_copy(project: pytest.Pytester) -> None:
    """A replica shows what was written to the default database; another database is another copy."""
    (project.path / "shop" / "settings.py").write_text(
        f"""INSTALLED_APPS = ("shop",)
DATABASES = {{
    "default": {{"URL": "sqlite:///{project.path}/a.sqlite3"}},
    "replica": {{"OPTIONS": {{"URL": "sqlite:///{project.path}/b.sqlite3", "READ_ONLY": True}}}},
    "listed": {{"OPTIONS": {{"URL": "sqlite:///{project.path}/d.sqlite3"}}}},
    "ROUTING": {{"REPLICAS": ["listed"]}},
    "archive": {{"URL": "sqlite:///{project.path}/c.sqlite3"}},
}}
"""
    )
    (project.path / "shop" / "models.py").write_text(
        MODELS + "\n\nclass Old(Model):\n    name = fields.CharField(max_length=9)\n"
        "    class Meta:\n        backend = 'archive'\n"
    )
    project.makepyfile(
        """
        from shop.models import Author, Old

        async def test_aliases(db):
            await Author.objects.create(name="Ann")
            await Old.objects.create(name="Eve")
            assert await Author.objects.using("replica").values_list("name", flat=True) == ["Ann"]
            assert await Author.objects.using("listed").values_list("name", flat=True) == ["Ann"]
            assert await Old.objects.count() == 1
        """
    )
    run(project).assert_outcomes(passed=1)
    assert list(project.path.glob("*.sqlite3")) == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_models_of_a_test_have_tables(project: pytest.Pytester) -> None:
    """Models that a module of tests brings, or one that is imported late, are no exception."""
    project.makepyfile(
        """
        from openviper.db import Model, fields

        async def test_first(db):
            from shop.models import Author
            assert await Author.objects.count() == 0

        async def test_second(db):
            assert await Note.objects.count() == 0

        def test_third():
            class Later(Model):
                text = fields.CharField(max_length=5)
            globals()["Later"] = Later

        async def test_fourth(db):
            await Later.objects.create(text="a")

        class Note(Model):
            text = fields.CharField(max_length=5)
        """
    )
    run(project).assert_outcomes(passed=4)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_server_of_the_site_is_refused(project: pytest.Pytester) -> None:
    """A database that is called like one in production says that the settings are the wrong ones."""
    (project.path / "shop" / "settings.py").write_text("DATABASE_URL = 'postgresql://nobody@db.invalid/production'\n")
    project.makepyfile("def test_any(db):\n    pass\n")
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*ImproperlyConfigured: tests make databases*'production'*"])


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_configured_database_is_left_alone(project: pytest.Pytester) -> None:
    """What a program said with configure_db() is taken for the original too, and holds again afterwards."""
    (project.path / "shop" / "asgi.py").write_text(
        "from openviper.db.connections import configure_db\n"
        f"configure_db('sqlite:///{project.path}/said.sqlite3')\n" + ASGI
    )
    project.makepyfile(
        """
        from openviper.db.addresses import read_options

        async def test_rows(client, db):
            assert (await client.post("/authors")).json() == {"id": 1}

        def test_address(app):
            assert read_options("default").address.endswith("said.sqlite3")
        """
    )
    run(project).assert_outcomes(passed=2)
    assert not (project.path / "said.sqlite3").exists()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_what_a_broken_run_left_is_replaced(project: pytest.Pytester) -> None:
    """Databases of these names are dropped first."""
    asyncio.run(on_server(POSTGRES, f'CREATE DATABASE "test_{NAME}"', f'CREATE DATABASE "test_{NAME}_empty"'))
    project.makepyfile("def test_any(db):\n    pass\n")
    run(project).assert_outcomes(passed=1)


async def authors_of(url: str) -> list[str]:
    """Read what is in a database, by nothing of ours."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file:
            return [row[0] for row in file.execute("SELECT name FROM shop_author ORDER BY id")]
    if url.startswith("mariadb"):
        names = "SELECT group_concat(name ORDER BY id) FROM shop_author"
        return str(await on_mariadb(names, database=urlsplit(url).path[1:])).split(",")
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch("SELECT name FROM shop_author ORDER BY id")]
    finally:
        await connection.close()


def test_databases_are_kept(project: pytest.Pytester, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the last test left can be looked at; another run begins anew, and drops it unless it keeps it too."""
    project.makeconftest(CONFTEST)
    project.makepyfile(
        """
        import pytest
        from shop.models import Author

        @pytest.mark.parametrize("name", ["Ann", "Bob"])
        async def test_write(db, name):
            assert await Author.objects.values_list("name", flat=True) == ["First"]
            await Author.objects.create(name=name)
        """
    )
    kept = project.path / ".pytest_cache" / "d" / "openviper-databases" / "test-0.sqlite3"
    is_file = url.startswith("sqlite")
    place = str(kept) if is_file else f"test_{NAME}"
    copy = f"sqlite:///{kept}" if is_file else urlsplit(url)._replace(path=f"/{place}").geturl()
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)  # its name would be a part of those that are expected
    monkeypatch.setenv("OPENVIPER_TEST_KEEPDB", "1")
    for _ in range(2):
        result = project.runpytest_subprocess("-W", "error")
        result.assert_outcomes(passed=2)
        result.stdout.fnmatch_lines([f"database 'default' of the last test: {place}"])
        assert asyncio.run(authors_of(copy)) == ["First", "Bob"]
    run(project).assert_outcomes(passed=2)  # without a cache they are in the folder of the session
    monkeypatch.setenv("OPENVIPER_TEST_KEEPDB", "0")
    run(project).assert_outcomes(passed=2)
    if not url.startswith("sqlite"):
        assert [name for name in asyncio.run(names_on_server(url)) if NAME in name] == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_engines_without_copies_are_refused(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that no copies are made on is named, before anything is sent to it."""
    monkeypatch.setenv("OPENVIPER_DATABASE_URL", "mysql://root@127.0.0.1:9/shop")
    project.makepyfile("def test_any(db):\n    pass\n")
    result = run(project)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*copies of databases of SQLite, PostgreSQL and MariaDB, not of mysql*"])


@pytest.mark.parametrize("url", ["mariadb"], indirect=True)
def test_tables_that_a_test_has_changed_are_made_again(project: pytest.Pytester) -> None:
    """Where the server has no copies, what a test does to tables is undone as well."""
    project.makepyfile(
        """
        import pytest
        from openviper.db.connections import get_database
        from shop.models import Author, Book

        @pytest.mark.parametrize("time", range(3))
        async def test_change(db, time):
            assert await Book.objects.filter(author__name="x").count() == 0
            assert (await Author.objects.create(name="Ann")).id == 1
            await get_database().execute('ALTER TABLE shop_book ADD COLUMN "more" INT')
            await get_database().execute('CREATE TABLE other (id INT)')
        """
    )
    run(project).assert_outcomes(passed=3)
