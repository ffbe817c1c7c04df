"""A primary and its replicas: who reads where, and what a request sees of its own writes."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from typing import Any

import pytest

from openviper import OpenViper
from openviper.conf import settings
from openviper.core.context import request_tree
from openviper.db import atomic
from openviper.db.connections import close_db, get_database, init_db
from openviper.db.exceptions import (
    ConnectionLostError,
    CrossDatabaseRelationError,
    DatabaseConfigurationError,
    DatabaseReadOnlyError,
    TableNotFound,
)
from openviper.db.monitor import watch_queries
from openviper.db.routing import PrimaryReplicaRouter, use_primary
from openviper.management.base import BaseCommand
from openviper.testing import TestClient
from tests.contract.orm.circle import Club, Person
from tests.contract.orm.conftest import emptied_on_postgres
from tests.contract.orm.models import Author, Book, Review
from tests.contract.orm.places import Configure, aliases, fill


async def test_replicas_take_turns(configure: Configure) -> None:
    """Round robin, at random, or as a function says; writes and locks go to the primary (C-011vc)."""
    configure(PrimaryReplicaRouter("default", ["one", "two"], read_your_writes=False))
    _ = await fill("one", "two")
    assert await aliases(*[Author.objects.count] * 4) == ["one", "two", "one", "two"]
    async with atomic():
        assert await aliases(Author.objects.select_for_update) == ["default"]
    assert await aliases(lambda: Author.objects.create(name="x"), lambda: Author.objects.update(age=5)) == ["default"]

    request_tree.begin()
    configure(PrimaryReplicaRouter("default", ["one", "two"], replica_selection=lambda replicas: replicas[-1]))
    assert await aliases(*[Author.objects.count] * 3) == ["two"]
    configure(PrimaryReplicaRouter("default", ["one", "two"], replica_selection="random"))
    assert set(await aliases(*[Author.objects.count] * 40)) == {"one", "two"}
    with use_primary():
        assert await aliases(Author.objects.count) == ["default"]
    with pytest.raises(ValueError, match="replica_selection is 'best'"):
        PrimaryReplicaRouter("default", ["one"], replica_selection="best")  # type: ignore[arg-type]  # the test
    for wrong in ([], ["default"], ["one", "one"]):
        with pytest.raises(ValueError, match="all different"):
            PrimaryReplicaRouter("default", wrong)


async def test_short_form_in_the_settings(configure: Configure) -> None:
    """ROUTING states a PrimaryReplicaRouter without Python; ROLE says which aliases are replicas."""
    configure(ROUTING={"REPLICAS": ["one"], "READ_YOUR_WRITES": False})
    assert await aliases(Author.objects.count, lambda: Author.objects.create(name="x"), Author.objects.count) == [
        "one",
        "default",
        "one",
    ]
    configure(ROUTING={"REPLICA": "one"})
    with pytest.raises(DatabaseConfigurationError, match=r"ROUTING.* REPLICAS"):
        await Author.objects.count()


WRITES: Mapping[str, Callable[[Author], Awaitable[object]]] = {
    "create": lambda _: Author.objects.create(name="x"),
    "save": lambda ann: _changed(ann).save(),
    "delete": lambda ann: ann.delete(),
    "update": lambda _: Author.objects.update(age=7),
    "delete of rows": lambda _: Author.objects.filter(name="none").delete(),
    "bulk_create": lambda _: Author.objects.bulk_create([Author(name="x")]),
    "bulk_update": lambda ann: Author.objects.bulk_update([ann], ["name"]),
    "raw": lambda _: Author.objects.raw(f"UPDATE {Author._meta.table} SET age = 3").values(),
    "explicit": lambda _: Author.objects.using("default").create(name="x"),
    "related": lambda ann: ann.books.create(title="Dune"),
}


def _changed(ann: Author) -> Author:
    ann.name = "Anne"
    return ann


@pytest.mark.parametrize("name", WRITES)
async def test_read_your_writes(configure: Configure, name: str) -> None:
    """After a write of any kind the same task, and its children, read from the primary (C-011vc)."""
    configure(PrimaryReplicaRouter("default", ["one"]))
    ann = await Context().run(asyncio.create_task, fill("one"))
    request_tree.begin()
    assert await aliases(Author.objects.count) == ["one"]
    await WRITES[name](await Author.objects.get(id=ann.id))
    assert await aliases(Author.objects.count, lambda: asyncio.create_task(_count())) == ["default"]
    request_tree.begin()
    assert await aliases(Author.objects.count) == ["one"]


async def _count() -> int:
    return await Author.objects.count()


@pytest.mark.parametrize("name", WRITES)
async def test_the_first_write_outside_of_requests_is_remembered(configure: Configure, name: str) -> None:
    """Where nothing was read before, in a script say, the first write counts like every other one (C-011vc)."""
    configure(PrimaryReplicaRouter("default", ["one"]))
    ann = await fill("one")

    async def script() -> list[str]:
        await WRITES[name](ann)
        return await aliases(Author.objects.count, lambda: asyncio.create_task(_count()))

    assert await Context().run(asyncio.create_task, script()) == ["default"]


async def _write_and_read() -> list[str]:
    """Write first of all, in a transaction; give where what was written is read then."""
    async with atomic():
        await Author.objects.bulk_create([Author(name="x")])
    return await aliases(Author.objects.get_queryset().exists, Author.objects.count)


class Writes(BaseCommand):
    """A command that writes first of all, and reads."""

    found: list[str]

    async def handle(self, **_options: object) -> None:
        """Do so."""
        self.found = await _write_and_read()


async def test_scripts_commands_and_hooks_read_what_they_write(configure: Configure) -> None:
    """After ``atomic()`` as well, each in a context in which nobody has looked before (C-011vc)."""
    configure(PrimaryReplicaRouter("default", ["one"]))
    assert await asyncio.to_thread(Context().run, asyncio.run, _write_and_read()) == ["default"]
    command = Writes()
    await asyncio.to_thread(Context().run, command.execute)
    assert command.found == ["default"]

    hooked: list[list[str]] = []

    async def serve() -> None:
        app = OpenViper()

        @app.on_startup
        async def start() -> None:
            hooked.append(await _write_and_read())

        async with TestClient(app):
            pass

    await Context().run(asyncio.create_task, serve())
    assert hooked == [["default"]]


async def test_what_a_child_has_written_its_parent_reads(configure: Configure) -> None:
    """A tree of tasks is one, whichever of them writes."""
    configure(PrimaryReplicaRouter("default", ["one"]))
    await Author.objects.count()
    async with asyncio.TaskGroup() as group:
        group.create_task(_create())
    assert await aliases(Author.objects.count) == ["default"]


async def _create() -> Author:
    return await Author.objects.create(name="x")


async def test_two_hundred_trees_know_nothing_of_each_other(configure: Configure) -> None:
    """Of interleaved requests each reads what it has written, and those that wrote nothing the replica (C-011vc)."""
    configure(PrimaryReplicaRouter("default", ["one"]))

    async def request(number: int) -> list[str]:
        request_tree.begin()
        await asyncio.sleep(0)
        before = await Author.objects.filter(name=f"author {number}").exists()
        if number % 2:
            async with asyncio.TaskGroup() as group:
                group.create_task(_named(number))
        await asyncio.sleep(0)
        async with asyncio.TaskGroup() as group:
            child = group.create_task(_exists(number))
        after = await Author.objects.filter(name=f"author {number}").exists()
        return [str(one) for one in (before, child.result(), after)]

    found = await asyncio.gather(*(request(number) for number in range(200)))
    assert found == [["False", str(number % 2 == 1), str(number % 2 == 1)] for number in range(200)]


async def _named(number: int) -> Author:
    return await Author.objects.create(name=f"author {number}")


async def _exists(number: int) -> bool:
    return await Author.objects.filter(name=f"author {number}").exists()


async def test_instances_of_a_replica_are_rows_of_the_primary(configure: Configure) -> None:
    """Saved they are an UPDATE of what has changed there; all else goes on alike (C-011vc)."""
    configure(PrimaryReplicaRouter("default", ["one"], read_your_writes=False))
    _ = await fill("one")
    ann = await Author.objects.get(name="Ann")
    assert (ann._origin is not None and ann._origin.alias) == "one"
    ann.age = 30
    with watch_queries() as log:
        await ann.save()
        await ann.save()
    assert [(one.alias, one.sql.partition(" WHERE")[0]) for one in log.records] == [
        ("default", f"UPDATE {Author._meta.table} SET age=?")
    ]
    assert not ann.has_changed
    assert await Author.objects.using("default").values_list("age", flat=True) == [30]
    again = await Author.objects.get(name="Ann")
    assert again.age == 1
    assert await aliases(lambda: again.books.create(title="Dune"), again.books.count) == ["default", "one"]
    assert await Author.objects.bulk_update([again, ann], ["age"]) == 1
    assert (await Author.objects.get_or_create(name="Ann"))[1] is False
    assert await aliases(lambda: Author.objects.get_or_create(name="Ann")) == ["default"]
    assert await aliases(again.refresh_from_db) == ["one"]
    with use_primary():
        await again.refresh_from_db()
    again.name = "Anna"
    await again.save()
    assert await aliases(again.delete) == ["default"]
    assert await Author.objects.using("default").count() == 0


async def test_relations_within_a_family(configure: Configure) -> None:
    """Rows of a replica and of its primary may refer to each other; those of a third database may not."""
    configure(PrimaryReplicaRouter("default", ["one"], read_your_writes=False))
    _ = await fill("one")
    stranger = await Author.objects.using("two").create(name="Bob")
    ann = await Author.objects.get(name="Ann")
    dune = await Book.objects.create(title="Dune", author=ann)
    dune.editor = ann
    await dune.save()
    assert await Book.objects.using("default").filter(author=ann, editor__name="Ann").count() == 1
    with pytest.raises(CrossDatabaseRelationError):
        dune.editor = stranger
    with pytest.raises(CrossDatabaseRelationError):
        await Book.objects.filter(author=stranger)
    with pytest.raises(CrossDatabaseRelationError):
        _ = await Book.objects.create(title="New", author=stranger)


async def test_a_replica_that_is_down_is_passed_over(configure: Configure, caplog: pytest.LogCaptureFixture) -> None:
    """Reads go to the next one, at last to the primary, with a warning; after a while it is tried again (C-011vc)."""
    now = [0.0]
    router = PrimaryReplicaRouter("default", ["gone", "one"], read_your_writes=False, clock=lambda: now[0])
    configure(router)
    for ask in (
        Author.objects.count,
        Author.objects.all,
        Author.objects.first,
    ):
        assert not await ask()
    assert sum("replica 'gone' cannot be reached" in record.getMessage() for record in caplog.records) == 1
    assert await aliases(*[Author.objects.count] * 3) == ["one"]
    now[0] = 11
    await Author.objects.count()
    await Author.objects.count()
    assert sum("replica 'gone' cannot be reached" in record.getMessage() for record in caplog.records) == 2
    with pytest.raises(ConnectionLostError):
        await Author.objects.using("gone").count()

    configure(PrimaryReplicaRouter("default", ["gone"], read_your_writes=False))
    assert await Author.objects.count() == 0


@pytest.mark.parametrize(
    "told", [{"ROUTERS": [PrimaryReplicaRouter("default", ["one"])]}, {"ROUTING": {"REPLICAS": ["one"]}}]
)
async def test_a_replica_that_a_router_names_is_for_reading_only(configure: Configure, told: Mapping[str, Any]) -> None:
    """Without ROLE too: by models, raw statements and sessions, and it gets its tables from the primary (C-011vd)."""
    configure()
    configure(**told)
    await get_database("into_one").execute(f"DROP TABLE {Review._meta.table}")
    for wait in (
        lambda: Author.objects.using("one").create(name="x"),
        lambda: Author(name="x").save(using="one"),
        lambda: Author.objects.using("one").update(name="x"),
        lambda: Author.objects.using("one").all().delete(),
        lambda: Author.objects.raw(f"DELETE FROM {Author._meta.table}").using("one").values(),
        lambda: get_database("one").execute(f"DELETE FROM {Author._meta.table}"),
        lambda: init_db(using="one"),
    ):
        with watch_queries() as log, pytest.raises(DatabaseReadOnlyError, match="'one' is a replica"):
            await wait()
        assert not log.records
    with pytest.raises(TableNotFound, match="'one' is a replica, which gets tables from its primary 'default'"):
        await Review.objects.using("one").count()
    assert await Author.objects.using("one").count() == 0


async def test_two_databases_of_a_server(shop_url: str, other_shop_url: str) -> None:
    """A primary and a replica on PostgreSQL, the replica filled by the test and opened for reading (C-011vc)."""
    entries: dict[str, Any] = {
        "default": {"OPTIONS": {"URL": shop_url}},
        "replica": {"OPTIONS": {"URL": other_shop_url, "ROLE": "replica"}},
        "filling": {"OPTIONS": {"URL": other_shop_url}},
        "ROUTERS": [PrimaryReplicaRouter("default", ["replica"])],
    }
    settings.reset()
    settings.configure(DATABASES=entries)
    request_tree.begin()
    for alias in ("default", "filling"):
        await get_database(alias).execute(emptied_on_postgres())
    _ = await Author.objects.using("filling").create(id=1, name="Ann, as the replica knows her")
    await Context().run(asyncio.create_task, _fill_primary())
    ann = await Author.objects.get(id=1)
    assert ann.name == "Ann, as the replica knows her"
    with pytest.raises(DatabaseReadOnlyError):
        await ann.save(using="replica", force_update=True)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_request(number)) for number in range(200)]
    assert [task.result() for task in tasks] == [_expected(number) for number in range(200)]
    assert (await Author.objects.get(id=1)).name == "Ann, as the replica knows her"
    ann.age = 44
    await ann.save()
    assert (await Author.objects.get(id=1)).name == "Ann"
    await close_db()


async def _fill_primary() -> None:
    _ = await Author.objects.using("default").create(id=1, name="Ann")


async def _request(number: int) -> Sequence[str]:
    request_tree.begin()
    found = [(await Author.objects.get(id=1)).name]
    if number % 3 == 0:
        await Author.objects.filter(id=1).update(age=number)
    found.append((await Author.objects.get(id=1)).name)
    async with atomic():
        found.append((await Author.objects.get(id=1)).name)
    return found


def _expected(number: int) -> Sequence[str]:
    old = "Ann, as the replica knows her"
    return [old, "Ann" if number % 3 == 0 else old, "Ann"]


async def test_what_is_loaded_later_comes_from_where_it_is_now(configure: Configure) -> None:
    """References, relations and links of an instance from a replica are read by the routers, for its peers too."""
    configure(PrimaryReplicaRouter("default", ["one"], read_your_writes=False))
    for alias in ("default", "into_one"):
        for number in (1, 2):
            ann = await Author.objects.using(alias).create(name=f"Ann {number}")
            dune = await Book.objects.using(alias).create(title=f"Dune {number}", author=ann)
            _ = await Review.objects.using(alias).create(book=dune, stars=number)
    books = await Book.objects.order_by("id")
    assert {book._origin.alias for book in books if book._origin} == {"one"}
    with use_primary():
        assert await aliases(lambda: books[0].author, lambda: books[1].author) == ["default"]
        assert await aliases(lambda: books[0].reviews, books[1].reviews.all) == ["default"]
    async with atomic():
        assert await aliases(lambda: books[1].reviews.filter(stars=2)) == ["default"]
    found = await Author.objects.prefetch_related("books__reviews").order_by("id")
    assert [[len(book.reviews) for book in one.books] for one in found] == [[1], [1]]


async def test_links_of_an_instance_from_a_replica(configure: Configure) -> None:
    """They are written to the primary; an instance of a third database cannot be linked (C-011ve)."""
    configure(PrimaryReplicaRouter("default", ["one"], read_your_writes=False))
    for alias in ("default", "into_one"):
        _ = await Person.objects.using(alias).create(name="Ann")
        _ = await Club.objects.using(alias).create(name="Readers")
    stranger = await Club.objects.using("two").create(name="Others")
    ann, readers = await Person.objects.get(name="Ann"), await Club.objects.get(name="Readers")
    assert {one._origin.alias for one in (ann, readers) if one._origin} == {"one"}
    with watch_queries() as log:
        await readers.members.add(ann)
    assert {record.alias for record in log.records} == {"default"}
    with use_primary():
        assert await readers.members.count() == 1
    assert await readers.members.count() == 0
    with pytest.raises(CrossDatabaseRelationError, match="in database 'one'"):
        await stranger.members.add(ann)
    with pytest.raises(CrossDatabaseRelationError):
        await ann.clubs.set([stranger])


async def test_requests_know_nothing_of_each_other(configure: Configure) -> None:
    """What one has written is read by it and by its tasks; the next one, and the test around it, read replicas."""
    configure(PrimaryReplicaRouter("default", ["one"]))
    app = OpenViper(routes=[], middleware=[])

    @app.get("/count")
    async def count() -> dict[str, int]:
        return {"count": await Author.objects.count()}

    @app.post("/authors")
    async def add() -> dict[str, int]:
        _ = await asyncio.create_task(_create())
        return {"count": await Author.objects.count()}

    _ = await Author.objects.using("one").count()
    async with app.test_client() as client:
        for number in (1, 2):
            assert (await client.get("/count")).json() == {"count": 0}
            assert (await client.post("/authors")).json() == {"count": number}
    assert await Author.objects.count() == 0
