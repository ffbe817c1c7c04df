"""Routers: which database a statement goes to where the code does not say so, with a primary and its replicas."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest

from openviper.conf import settings
from openviper.core.context import request_tree
from openviper.db import Model, atomic, fields
from openviper.db.connections import close_db, get_database, init_db
from openviper.db.exceptions import (
    ConnectionLostError,
    CrossDatabaseRelationError,
    DatabaseAliasNotFoundError,
    DatabaseConfigurationError,
    DatabaseReadOnlyError,
    DatabaseRoutingError,
    DatabaseTransactionRoutingError,
)
from openviper.db.monitor import watch_queries
from openviper.db.registry import AnyModel
from openviper.db.routing import PrimaryReplicaRouter, use_primary
from tests.contract.orm.circle import Club, Person
from tests.contract.orm.conftest import emptied_on_postgres
from tests.contract.orm.models import Author, Book, Country, Review

Configure = Callable[..., None]


@pytest.fixture
async def configure(shop_file: Path, tmp_path: Path) -> AsyncIterator[Configure]:
    """Three files with the tables, and whatever routers a test has; ``gone`` is a server that does not answer."""
    entries: dict[str, Any] = {}
    for alias in ("default", "one", "two"):
        path = shutil.copy(shop_file, tmp_path / f"{alias}.db")
        entries[alias] = {"OPTIONS": {"URL": f"sqlite:///{path}"}}
    entries["gone"] = {"OPTIONS": {"URL": f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}"}}

    def set_up(*routers: object, **more: object) -> None:
        settings.reset()
        settings.configure(DATABASES={**entries, "ROUTERS": list(routers), **more})

    yield set_up
    await close_db()


async def aliases(*work: Callable[[], Awaitable[object]]) -> list[str]:
    """Give the databases that statements go to, each once in a row."""
    with watch_queries() as log:
        for one in work:
            await one()
    found: list[str] = []
    for record in log.records:
        if found[-1:] != [record.alias]:
            found.append(record.alias)
    return found


async def fill(*others: str) -> Author:
    """Store an author in the main database, and the same row in others."""
    ann = await Author.objects.using("default").create(name="Ann", age=1)
    for alias in others:
        _ = await Author.objects.using(alias).create(id=ann.id, name="Ann", age=1)
    return ann


class Sends:
    """Sends models to databases by name, and notes what it was asked."""

    def __init__(self, **homes: object) -> None:
        self.homes = homes
        self.asked: list[tuple[str, str, object]] = []

    def db_for_read(self, model: AnyModel, **hints: object) -> Any:
        """Answer at once."""
        return self._answer("read", model, hints)

    async def db_for_write(self, model: AnyModel, **hints: object) -> Any:
        """Answer after a while."""
        await asyncio.sleep(0)
        return self._answer("write", model, hints)

    def _answer(self, what: str, model: AnyModel, hints: Mapping[str, object]) -> Any:
        self.asked.append((what, model.__name__, hints.get("instance")))
        answer = self.homes.get(model.__name__, self.homes.get(what))
        if isinstance(answer, Exception):
            raise answer
        return answer


class Silent:
    """Has one method of four, and no opinion."""

    def allow_migrate(self, alias: str, model: AnyModel) -> bool | None:
        """Give no answer."""


async def test_the_first_answer_counts(configure: Configure) -> None:
    """Routers without the method, or without an answer, are passed over; sync and async ones may be mixed (C-011va)."""
    sends = Sends(Author="one")
    configure(Silent, sends, Sends(read="two", write="two"))
    ann = await Author.objects.create(name="Ann")
    assert await aliases(
        lambda: Author.objects.get(id=ann.id), Book.objects.count, lambda: Review.objects.using("default").count()
    ) == ["one", "two", "default"]
    assert sends.asked[0] == ("write", "Author", ann)
    assert await Author.objects.using("default").count() == 0


async def test_routers_by_name(configure: Configure) -> None:
    """A dotted path names a class or an instance."""
    configure(f"{__name__}.Silent", f"{__name__}.everything_in_two")
    assert await aliases(Author.objects.count) == ["two"]


everything_in_two = Sends(read="two", write="two")


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        ("nowhere", DatabaseAliasNotFoundError, r"router .*Sends, asked db_for_\w+\(orm.Author\), names .*'nowhere'"),
        (5, DatabaseRoutingError, r"gives int; it has to give the alias"),
        (
            KeyError("mysql://root:secret@host"),
            DatabaseRoutingError,
            r"Sends failed to answer db_for_\w+\(\): KeyError$",
        ),
    ],
    ids=["no alias", "no text", "raises"],
)
async def test_answers_that_are_none(configure: Configure, answer: object, kind: type[Exception], message: str) -> None:
    """The error names the router and the question, and nothing that a router says about addresses."""
    configure(Sends(read=answer, write=answer))
    for ask in (Author.objects.count, lambda: Author.objects.create(name="x"), lambda: Author.objects.all().delete()):
        with pytest.raises(kind, match=message) as found:
            await ask()
        assert "secret" not in str(found.value)


@pytest.mark.parametrize(
    "routers",
    [["no.such.Router"], [object()], [PrimaryReplicaRouter], "openviper.db.routing.PrimaryReplicaRouter", 5],
    ids=["no module", "no router", "no arguments", "a text", "a number"],
)
async def test_routers_that_cannot_be(configure: Configure, routers: Any) -> None:
    """Settings that cannot work are told by the first query, and by the check command."""
    configure()
    settings.reset()
    settings.configure(DATABASES={"default": {"URL": "sqlite://"}, "ROUTERS": routers})
    with pytest.raises(DatabaseConfigurationError, match="ROUTERS"):
        await Author.objects.count()


async def test_transactions_keep_reads(configure: Configure) -> None:
    """Inside atomic() on a database that has the rows, reads stay on its connection, replicas included (C-011va)."""
    configure(PrimaryReplicaRouter("default", ["one", "two"]))
    _ = await fill("one", "two")
    async with atomic():
        assert await aliases(Author.objects.count, lambda: Author.objects.filter(age=1)) == ["default"]
    async with atomic("two", read_only=True):
        assert await aliases(*[Author.objects.count] * 3) == ["two"]


async def test_writes_do_not_leave_their_transaction(configure: Configure) -> None:
    """One that a block seems to hold, and does not, is refused before it is sent."""
    configure(PrimaryReplicaRouter("default", ["one"]))
    async with atomic("one"):
        with pytest.raises(DatabaseTransactionRoutingError, match="on its replica 'one'; begin it with atomic"):
            _ = await Author.objects.create(name="x")
        _ = await Author.objects.using("default").create(name="meant so")
    assert await Author.objects.using("default").count() == 1


async def test_a_router_does_not_change_its_mind_inside_a_transaction(configure: Configure) -> None:
    """Once rows of a model were written in a transaction, others do not go elsewhere."""
    homes: dict[str, object] = {"write": "default"}
    router = Sends()
    router.homes = homes
    configure(router)
    async with atomic():
        _ = await Author.objects.create(name="Ann")
        homes["write"] = "one"
        with pytest.raises(DatabaseTransactionRoutingError, match="written to 'default' in this transaction"):
            _ = await Author.objects.create(name="Bob")
        async with atomic("one"):
            _ = await Author.objects.create(name="Bob")
    _ = await Author.objects.create(name="Cid")
    assert await Author.objects.using("one").count() == 2


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


async def test_a_router_may_allow_relations(configure: Configure) -> None:
    """Then the key is stored, whatever it means over there."""

    class Allows:
        async def allow_relation(self, record: Model, other: Model) -> bool | None:
            return True if getattr(other, "name", "") == "Bob" else None

    configure(Allows())
    bob = await Author.objects.using("one").create(name="Bob")
    cid = await Author.objects.using("one").create(name="Cid")
    await Author.objects.bulk_create([Author(name="x"), Author(name="y")])
    dune = await Book.objects.create(title="Dune", author=bob)
    dune.editor = bob
    await dune.save()
    assert dune.editor_id == bob.id
    dune.editor = cid
    with pytest.raises(CrossDatabaseRelationError, match="its editor is from 'one'"):
        await dune.save()


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


async def test_tables_where_routers_allow_them(configure: Configure, tmp_path: Path) -> None:
    """init_db() asks of every model, and makes no table in a replica of a router (C-011va)."""

    class Apart:
        async def allow_migrate(self, alias: str, model: AnyModel) -> bool | None:
            if model.__name__ in {"Author", "Country"}:
                return alias == "people"
            return False

    settings.reset()
    settings.configure(
        DATABASES={
            "default": {"URL": f"sqlite:///{tmp_path / 'd.db'}"},
            "people": {"URL": f"sqlite:///{tmp_path / 'p.db'}"},
            "ROUTERS": [Apart()],
        }
    )
    assert await init_db() == []
    assert sorted(await init_db(using="people")) == sorted([Author._meta.table, Country._meta.table])
    configure(PrimaryReplicaRouter("default", ["one"]))
    assert await init_db(using="one") == []


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


async def test_joins_do_not_cross_databases(configure: Configure) -> None:
    """A model that declares another database cannot be joined, and one of a router's neither."""
    configure(Sends(Author="one"))
    asks: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: Book.objects.filter(author__name="Ann"),
        lambda: Book.objects.select_related("author"),
        lambda: Book.objects.filter(author__in=Author.objects.filter(name="Ann")),
    )
    for ask in asks:
        with pytest.raises(DatabaseRoutingError, match=r"reads orm.Author, .* 'one'"):
            await ask()


class Kept(Model):
    """Lives in another database than those that refer to it."""

    name = fields.CharField(max_length=10)

    class Meta:
        backend = "one"


async def test_a_model_that_says_where_it_lives(configure: Configure) -> None:
    """Goes there whatever routers say."""
    router = Sends(read="two", write="two")
    configure(router)
    await get_database("one").execute(
        f"CREATE TABLE {Kept._meta.table} (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)"
    )
    kept = await Kept.objects.create(name="x")
    kept.name = "y"
    assert await aliases(kept.save, Kept.objects.count, kept.refresh_from_db, kept.delete) == ["one"]
    assert router.asked == []


async def test_what_is_loaded_later_comes_from_where_it_is_now(configure: Configure) -> None:
    """References, relations and links of an instance from a replica are read by the routers, for its peers too."""
    configure(PrimaryReplicaRouter("default", ["one"], read_your_writes=False))
    for alias in ("default", "one"):
        for number in (1, 2):
            ann = await Author.objects.using(alias).create(name=f"Ann {number}")
            dune = await Book.objects.using(alias).create(title=f"Dune {number}", author=ann)
            _ = await Review.objects.using(alias).create(book=dune, stars=number)
    books = await Book.objects.order_by("id")
    assert {book._origin.alias for book in books if book._origin} == {"one"}
    with use_primary():
        assert await aliases(lambda: books[0].author, lambda: books[1].author) == ["default"]
        assert await aliases(lambda: books[0].reviews, lambda: books[1].reviews.all()) == ["default"]
    async with atomic():
        assert await aliases(lambda: books[1].reviews.filter(stars=2)) == ["default"]
    found = await Author.objects.prefetch_related("books__reviews").order_by("id")
    assert [[len(book.reviews) for book in one.books] for one in found] == [[1], [1]]


async def test_links_of_an_instance_from_a_replica(configure: Configure) -> None:
    """They are written to the primary; an instance of a third database cannot be linked (C-011ve)."""
    configure(PrimaryReplicaRouter("default", ["one"], read_your_writes=False))
    for alias in ("default", "one"):
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
