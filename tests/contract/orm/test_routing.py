"""Routers: which database a statement goes to where the code does not say so."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from openviper.conf import settings
from openviper.db import Model, atomic, fields, on_commit
from openviper.db.connections import get_connection, get_database, init_db, request_connection
from openviper.db.exceptions import (
    CrossDatabaseRelationError,
    DatabaseAliasNotFoundError,
    DatabaseConfigurationError,
    DatabaseReadOnlyError,
    DatabaseRoutingError,
    DatabaseTransactionRoutingError,
    FieldError,
)
from openviper.db.monitor import watch_queries
from openviper.db.registry import AnyModel
from openviper.db.routing import PrimaryReplicaRouter
from tests.contract.orm.models import Author, Book, Country, Review
from tests.contract.orm.places import Configure, aliases, fill


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
        with pytest.raises(DatabaseTransactionRoutingError, match="outside of the transaction on 'default'"):
            _ = await Author.objects.create(name="Bob")
        async with atomic("one"):
            _ = await Author.objects.create(name="Bob")
    _ = await Author.objects.create(name="Cid")
    assert await Author.objects.using("one").count() == 2


ROUTED_OUT: Mapping[str, Callable[[Author], Awaitable[object]]] = {
    "create": lambda _: Author.objects.create(name="x"),
    "save": lambda ann: ann.save(),
    "delete": lambda ann: ann.delete(),
    "bulk_create": lambda _: Author.objects.bulk_create([Author(name="x")]),
    "bulk_update": lambda ann: Author.objects.bulk_update([ann], ["name"]),
    "update": lambda _: Author.objects.update(age=1),
    "delete of rows": lambda _: Author.objects.all().delete(),
    "get_or_create": lambda _: Author.objects.get_or_create(name="x"),
    "update_or_create": lambda _: Author.objects.update_or_create({"age": 1}, name="x"),
    "raw": lambda _: Author.objects.raw(f"UPDATE {Author._meta.table} SET age = 1").values(),
}


@pytest.mark.parametrize("name", ROUTED_OUT)
async def test_a_write_is_not_routed_out_of_a_transaction(configure: Configure, name: str) -> None:
    """The first of its model neither, which a rollback leaves; a block there or ``using()`` allows it (C-011va)."""
    configure(Sends(Author="one"))
    ann = await Author.objects.create(name="Ann")
    ann.name = "Anne"
    async with atomic():
        _ = await Country.objects.create(code="NO", name="Norway")
        with watch_queries() as log, pytest.raises(DatabaseTransactionRoutingError, match="'one' by the routers"):
            await ROUTED_OUT[name](ann)
        assert not log.records
        async with atomic("one"):
            await ROUTED_OUT[name](ann)
    with pytest.raises(DatabaseTransactionRoutingError, match="outside of the transaction on 'two'"):
        async with atomic("two"):
            _ = await Country.objects.create(code="SE", name="Sweden")


async def test_what_says_its_database_may_leave_a_transaction(configure: Configure) -> None:
    """By ``using()``, or as an instance that no router sends anywhere; so may everything where there are no routers."""
    configure(Sends(Country="one"))
    bob = await Author.objects.using("two").create(name="Bob")
    async with atomic():
        _ = await Country.objects.using("one").create(code="NO", name="Norway")
        await Country(code="SE", name="Sweden").save(using="one")
        bob.name = "Robert"
        await bob.save()
        _ = await bob.books.create(title="Emma")
    assert await Country.objects.using("one").count() == 2
    assert await Author.objects.using("two").values_list("name", flat=True) == ["Robert"]
    assert await Book.objects.using("two").count() == 1
    configure()
    async with atomic("one"):
        _ = await Author.objects.create(name="nobody routes")
    assert await Author.objects.using("default").count() == 1


async def test_query_sets_of_one_database_are_combined(configure: Configure) -> None:
    """What says no database is in ``default``, and with routers goes along; only other rows are refused."""
    configure()
    both = Author.objects.using("two"), Author.objects.all()
    for rows in (both, both[::-1]):
        with pytest.raises(FieldError, match="of one database"):
            _ = rows[0] | rows[1]
    assert (Author.objects.using("default") | both[1]).db_alias == "default"
    for router in (Sends(Author="two", Book="two"), PrimaryReplicaRouter("default", ["one"])):
        configure(router)
        ann = await Author.objects.create(name="Ann")
        dune = await Book.objects.create(title="Dune", author=ann)
        ada = await Book.objects.create(title="Ada", author=ann)
        others = Book.objects.filter(title="Ada")
        for combined in (
            ann.books.filter(title="Dune") | others,
            others | ann.books.filter(title="Dune"),
            others.union(ann.books.all()),
            ann.books.difference(others.none()),
            Book.objects.filter(id__in=ann.books.all()),
        ):
            assert await combined.order_by("id") == [dune, ada]
        with pytest.raises(FieldError, match="'default' and 'archive'"):
            _ = Book.objects.using("default") | Book.objects.using("archive")
    assert (Book.objects.using("one") | Book.objects.using("default")).db_alias == "default"


@pytest.mark.parametrize("has_routers", [True, False], ids=["routers", "plain"])
async def test_an_empty_alias_is_none(configure: Configure, has_routers: bool) -> None:
    """An empty text, of a variable that is not set say, is refused everywhere and never the main database."""
    configure(*[Sends(Book="one")] * has_routers)
    ann = await Author.objects.create(name="Ann")
    for ask in (
        lambda: Author.objects.using(""),
        lambda: Author.objects.all().using(""),
        lambda: Author.objects.raw("SELECT 1").using(""),
        lambda: on_commit(lambda: None, using=""),
    ):
        with pytest.raises(ValueError, match="empty text"):
            _ = ask()
    for wait in (
        lambda: ann.save(using=""),
        lambda: ann.delete(using=""),
        lambda: ann.refresh_from_db(using=""),
        lambda: init_db(using=""),
        atomic("").__aenter__,
        get_connection("").__aenter__,
        request_connection("").__aenter__,
    ):
        with watch_queries() as log, pytest.raises(DatabaseAliasNotFoundError, match="''"):
            await wait()
        assert not log.records


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
    with pytest.raises(DatabaseReadOnlyError, match=r"from its primary: init_db\(using='default'\)"):
        await init_db(using="one")


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


class Stated(Model):
    """Lives in another database than those that refer to it."""

    name = fields.CharField(max_length=10)

    class Meta:
        backend = "one"


async def test_a_model_that_says_where_it_lives(configure: Configure) -> None:
    """Goes there whatever routers say."""
    router = Sends(read="two", write="two")
    configure(router)
    await get_database("one").execute(
        f"CREATE TABLE {Stated._meta.table} (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)"
    )
    kept = await Stated.objects.create(name="x")
    kept.name = "y"
    assert await aliases(kept.save, Stated.objects.count, kept.refresh_from_db, kept.delete) == ["one"]
    assert router.asked == []
