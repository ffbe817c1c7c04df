"""Saving instances: what is sent, what is stored, and what the instance knows afterwards."""

import datetime as dt
import shutil
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from openviper.conf import settings
from openviper.db import fields
from openviper.db.connections import Database, close_db
from openviper.db.exceptions import (
    DatabaseReadOnlyError,
    FieldError,
    IntegrityError,
    ModelValidationError,
    NotLoadedError,
    TableNotFound,
)
from openviper.db.models import Model
from openviper.db.monitor import max_queries, watch_queries
from openviper.db.permissions import set_checker
from openviper.db.query.expressions import F
from openviper.db.registry import registry
from openviper.db.schema.creation import create_tables, drop_tables
from openviper.db.transactions import atomic
from tests.contract.db.engines import whole
from tests.contract.orm.models import Author, Book, Country, Everything, Frozen, Genre, Node, Tag


async def test_new_instance_becomes_a_row_with_its_key_in_one_query(database: Database) -> None:
    """The first save inserts, and brings the key that the engine made (C-011)."""
    author = Author(name="Ann", email="ann@example.com")

    async with max_queries(1):
        await author.save()

    assert author.id == 1
    assert not author.has_changed
    rows = await database.fetch("SELECT id, name, email, age FROM orm_author")
    assert [tuple(row) for row in rows] == [(1, "Ann", "ann@example.com", None)]


async def test_nothing_is_sent_when_nothing_has_changed(database: Database) -> None:
    """A second save of the same values costs nothing (C-011g)."""
    author = Author(name="Ann")
    await author.save()

    async with max_queries(0):
        await author.save()
        await author.save(update_fields=[])


async def test_only_changed_fields_are_sent(database: Database) -> None:
    """What others have written into other columns meanwhile stays (C-011g)."""
    author = Author(name="Ann", age=30)
    await author.save()
    await database.execute("UPDATE orm_author SET age = 31")

    author.name = "Anne"
    async with max_queries(1) as log:
        await author.save()

    assert "age" not in log.records[0].sql
    assert tuple((await database.fetch("SELECT name, age FROM orm_author"))[0]) == ("Anne", 31)
    assert author.changed_fields() == ()
    author.age = 32
    assert author.changed_fields() == ("age",)


async def test_update_fields_are_written_and_no_others(database: Database) -> None:
    """A field that has changed and is not named stays changed, also in the eyes of the instance."""
    author = Author(name="Ann", age=30)
    await author.save()
    author.name, author.age = "Anne", 31

    await author.save(update_fields=["name"])

    assert author.changed_fields() == ("age",)
    assert tuple((await database.fetch("SELECT name, age FROM orm_author"))[0]) == ("Anne", 30)


@pytest.mark.parametrize("names", [["nmae"], ["id"], ["pk"], "name"])
async def test_update_fields_that_cannot_be_written_are_refused(database: Database, names: list[str]) -> None:
    """Names of no field, the key, and a text in place of a list are errors that say what there is."""
    author = Author(name="Ann")
    await author.save()

    with pytest.raises(ValueError, match="update_fields") as caught:
        await author.save(update_fields=names)
    assert "name" in str(caught.value)


async def test_row_that_is_gone_is_an_error(database: Database) -> None:
    """An update that meets no row raises the model's own DoesNotExist, and leaves the instance changed (C-011g)."""
    author = Author(name="Ann")
    await author.save()
    await database.execute("DELETE FROM orm_author")
    author.name = "Anne"

    with pytest.raises(Author.DoesNotExist, match="force_insert"):
        await author.save()

    assert author.changed_fields() == ("name",)
    await author.save(force_insert=True)
    assert await database.fetch_value("SELECT name FROM orm_author") == "Anne"


async def test_values_are_cleaned_before_they_are_stored(database: Database) -> None:
    """Digits become numbers; what cannot be is refused, all at once, and nothing is sent (C-011a)."""
    author = Author(name="Ann", age="41")
    await author.save()
    assert author.age == 41

    broken = Author(name="x" * 101, age="old", email="nobody")
    async with max_queries(0):
        with pytest.raises(ModelValidationError) as caught:
            await broken.save()
    assert set(caught.value.errors) == {"name", "age", "email"}


async def test_failed_save_leaves_the_instance_as_it_was(database: Database) -> None:
    """Neither clean values nor keys nor moments stay behind."""
    await Author(name="Ann", email="ann@example.com").save()
    twin = Author(name="Bea", email="ann@example.com", age="7")
    before = dict(vars(twin))

    with pytest.raises(IntegrityError) as caught:
        await twin.save()

    assert caught.value.kind == "unique"
    assert vars(twin) == before
    assert twin.pk is None
    assert twin._row is None
    twin.email = "bea@example.com"
    await twin.save()
    assert twin.pk is not None


async def test_keys_of_ones_own_are_inserted(database: Database) -> None:
    """An instance with a key that was never stored is a new row; a row of the key makes that an error."""
    await Country(code="DE", name="Germany").save()
    with pytest.raises(IntegrityError):
        await Country(code="DE", name="Deutschland").save()
    tag = Tag(word="new")
    await tag.save()
    assert isinstance(tag.id, UUID)
    assert not tag.has_changed
    node = Node(id=70, name="root")
    await node.save()
    assert await database.fetch_value("SELECT id FROM orm_node") == 70
    assert not node.has_changed


async def test_force_update_writes_an_instance_that_was_not_read(database: Database) -> None:
    """Whoever knows that the row is there needs no query to read it."""
    await Country(code="DE", name="Germany").save()

    async with max_queries(1):
        await Country(code="DE", name="Deutschland").save(force_update=True)

    assert await database.fetch_value("SELECT name FROM orm_country") == "Deutschland"
    with pytest.raises(Country.DoesNotExist):
        await Country(code="FR", name="France").save(force_update=True)
    with pytest.raises(ValueError, match="no key"):
        await Author(name="Ann").save(force_update=True)
    with pytest.raises(ValueError, match="force_insert"):
        await Author(name="Ann").save(force_update=True, force_insert=True)


async def test_changed_key_is_refused(database: Database) -> None:
    """A row keeps its key; without one the instance is a new row."""
    author = Author(name="Ann")
    await author.save()
    author.id = 5
    with pytest.raises(FieldError, match="force_insert"):
        await author.save()

    author.id = None  # type: ignore[assignment]  # what makes a copy
    await author.save()
    assert author.id == 2
    assert await database.fetch_value("SELECT count(*) FROM orm_author") == 2


async def test_moments_are_set_by_themselves(database: Database) -> None:
    """auto_now_add is set once, auto_now with every save that sends something."""
    author = Author(name="Ann")
    await author.save()
    book = Book(author=author, title="One")
    await book.save()
    added, changed = book.added, book.changed
    assert isinstance(added, dt.datetime)

    await book.save()
    assert book.changed == changed
    book.pages = 101
    await book.save()
    assert book.changed > changed
    assert book.added == added
    assert not book.has_changed


async def test_reference_to_an_instance_saved_since(database: Database) -> None:
    """The key of an instance that was assigned before it was saved is found when it is needed."""
    author = Author(name="Ann")
    book = Book(author=author, title="One")
    with pytest.raises(ModelValidationError) as caught:
        await book.save()
    assert set(caught.value.errors) == {"author"}

    await author.save()
    await book.save()
    assert book.author_id == author.id


async def test_every_kind_of_field_is_stored_and_known(database: Database) -> None:
    """After a save no field of any kind counts as changed, and each one does when it is set anew."""
    thing = Everything(
        small=1, number=2, big=2**40, positive=3, ratio=0.5, amount="1.500", huge="12345678901234567890.12345",
        flag=True, word="w", text="t", slug="a-b", url="https://example.com", genre="poetry",
        token="12345678-1234-5678-1234-567812345678", day="2026-01-31", hour="10:30",
        moment="2026-01-31T10:30:00+02:00", span=dt.timedelta(days=1, microseconds=1),
        data={"b": [1, None], "a": "x"}, blob=b"\0\1", numbers=[1, 2],
        words=["a", "b,c"], address="::1",
    )  # fmt: skip
    await thing.save()
    assert thing.changed_fields() == ()
    assert thing.genre is Genre.POETRY
    async with max_queries(0):
        await thing.save()

    thing.amount = Decimal("2.5")
    thing.data["b"].append(2)
    thing.numbers = [3]
    thing.genre = None
    with watch_queries() as log:
        await thing.save()
    assert log.count == 1
    assert thing.changed_fields() == ()
    nothing = Everything()
    await nothing.save()
    assert nothing.changed_fields() == ()
    assert nothing.id == thing.id + 1


async def test_save_inside_a_transaction_is_undone_with_it(database: Database) -> None:
    """After a rollback the instance is new again, so that the same work can be done once more (C-011m)."""
    author = Author(name="Ann")
    other = Author(name="Bea")
    await other.save()
    other.name = "Bee"
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await author.save()
            await other.save()
            assert not author.has_changed
            raise ZeroDivisionError
    assert vars(author)["id"] is None
    assert other.changed_fields() == ("name",)

    async with atomic():
        await author.save()
        await other.save()
    assert await database.fetch_value("SELECT count(*) FROM orm_author WHERE name IN ('Ann', 'Bee')") == 2


async def test_inner_block_undoes_what_was_saved_in_it(database: Database) -> None:
    """A savepoint that is rolled back takes the instances saved inside of it along, and no others."""
    kept, undone = Author(name="Ann"), Author(name="Bea")
    async with atomic():
        await kept.save()
        with pytest.raises(ZeroDivisionError):
            async with atomic():
                await undone.save()
                raise ZeroDivisionError
    assert kept.id is not None
    assert undone.id is None


async def test_instance_that_only_knows_its_key_sends_what_it_is_given(database: Database) -> None:
    """A reference that was never read can be updated by name."""
    author = Author(name="Ann", age=30)
    await author.save()
    known = Book(author_id=author.id, title="x").author
    with pytest.raises(NotLoadedError):
        await known.save(update_fields=["age"])

    known.age = 31
    async with max_queries(1):
        await known.save()
    assert tuple((await database.fetch("SELECT name, age FROM orm_author"))[0]) == ("Ann", 31)


async def test_fields_that_were_not_read_make_no_row(database: Database) -> None:
    """A copy of an instance without some fields is refused by the name of one, and left as it was."""
    stored = await Book.objects.create(author=await Author.objects.create(name="Ann"), title="Dune")
    copy = await Book.objects.only("title").get(id=stored.id)
    with pytest.raises(NotLoadedError, match="author_id of this"):
        await copy.save(force_insert=True)
    copy.pk = None
    with pytest.raises(NotLoadedError):
        await copy.save()
    assert (copy.pk, copy.title, await Book.objects.count()) == (None, "Dune", 1)


async def test_permission_is_asked_for_each_action(database: Database) -> None:
    """The checker hears what is done, unless it is not to be asked; one that refuses stops it all."""

    class Checker:
        def __init__(self) -> None:
            self.asked: list[str] = []

        async def check(self, model: type[Model], action: str) -> None:
            self.asked.append(f"{action} {model.__name__}")
            if action == "delete":
                raise PermissionError

    checker = Checker()
    before = set_checker(checker)
    try:
        author = Author(name="Ann")
        await author.save()
        author.name = "Anne"
        await author.save()
        await Author.objects.bulk_create([Author(name="Bea")])
        await Author.objects.bulk_update([author], ["name"])
        await Author.objects.filter(name="x").update(name="y")
        for deleting in (author.delete, Author.objects.all().delete):
            with pytest.raises(PermissionError):
                await deleting()
        asked, checker.asked = checker.asked, []
        author.name = "Annie"
        await author.save(ignore_permissions=True)
        assert await author.delete(ignore_permissions=True) == 1
    finally:
        set_checker(before)
    assert asked == [
        "create Author", "update Author", "create Author", "update Author", "update Author", "delete Author",
        "delete Author",
    ]  # fmt: skip
    assert checker.asked == []


async def test_missing_table_is_named_with_its_model(database: Database) -> None:
    """Whatever writes says whose table is not there."""
    with registry.isolated():

        class Ghost(Model):
            name = fields.CharField(max_length=20, default="x")

        for write in (
            Ghost().save,
            Ghost(id=1).delete,
            lambda: Ghost(id=1).save(force_update=True),
            lambda: Ghost.objects.bulk_create([Ghost()]),
            lambda: Ghost.objects.bulk_update([Ghost(id=1)], ["name"]),
            lambda: Ghost.objects.all().update(name="x"),
            lambda: Ghost.objects.all().delete(),
        ):
            with pytest.raises(TableNotFound) as caught:
                await write()
            assert caught.value.model_name == Ghost._meta.label


async def test_number_that_an_engine_does_not_store_names_its_field(database: Database) -> None:
    """What a field allows and the engine does not is a fault of the value, not of the query."""
    with registry.isolated():

        class Ratio(Model):
            value = fields.FloatField(allow_nan=True, default=0.0)

            class Meta:
                table_name = "nan_ratio"

        async with whole(database):
            await create_tables(database, [Ratio._meta], database.dialect)
        try:
            for store in (
                Ratio(value=float("nan")).save,
                lambda: Ratio.objects.bulk_create([Ratio(), Ratio(value=float("nan"))]),
            ):
                if database.dialect_name != "postgresql":
                    with pytest.raises(ModelValidationError) as caught:
                        await store()
                    assert set(caught.value.errors) == {"value"}
                else:
                    await store()
        finally:
            async with whole(database):
                await drop_tables(database, [Ratio._meta], database.dialect)


async def test_rows_are_copied_to_another_database(sqlite: Database, tmp_path: Path) -> None:
    """An instance that was read from one database is new in another one; force_update takes the row for given."""
    shutil.copy(tmp_path / "shop.db", tmp_path / "other.db")
    settings.reset()
    urls = {"default": tmp_path / "shop.db", "other": tmp_path / "other.db"}
    await close_db()
    settings.configure(DATABASES={alias: {"OPTIONS": {"URL": f"sqlite:///{path}"}} for alias, path in urls.items()})
    country = await Country.objects.create(code="DE", name="Germany")

    await country.save(using="other")
    assert country._origin is not None
    assert country._origin.alias == "other"
    country.name = "Deutschland"
    await country.save()
    assert (await Country.objects.get(pk="DE")).name == "Germany"
    await country.save(using="default", force_update=True)
    assert (await Country.objects.get(pk="DE")).name == "Deutschland"
    assert await Country.objects.using("other").filter(name="Deutschland").count() == 1


async def test_names_that_are_words_of_sql(database: Database) -> None:
    """Tables and columns with names of statements are quoted in every kind of write."""
    with registry.isolated():

        class Order(Model):
            group = fields.IntegerField(db_column="order")
            select = fields.CharField(max_length=20, db_column="Select")

            class Meta:
                table_name = "User"

        async with whole(database):
            await create_tables(database, [Order._meta], database.dialect)
        try:
            order = await Order.objects.create(group=1, select="a")
            orders = await Order.objects.bulk_create([Order(group=2, select="b"), Order(group=3, select="c")])
            order.group = 5
            await order.save()
            assert await Order.objects.bulk_update(orders, ["group", "select"]) == 2
            await Order.objects.bulk_create(
                [Order(id=order.id, group=9, select="z")],
                update_conflicts=True, unique_fields=["id"], update_fields=["group"],
            )  # fmt: skip
            assert await Order.objects.filter(group=9).update(select=F("select")) == 1
            assert await Order.objects.filter(select="a").delete() == 1
        finally:
            async with whole(database):
                await drop_tables(database, [Order._meta], database.dialect)


async def test_model_of_a_key_alone(database: Database) -> None:
    """A model without fields of its own has rows too."""
    with registry.isolated():

        class Ticket(Model):
            id: int

            class Meta:
                table_name = "only_ticket"

        async with whole(database):
            await create_tables(database, [Ticket._meta], database.dialect)
        try:
            ticket = await Ticket.objects.create()
            tickets = await Ticket.objects.bulk_create([Ticket(), Ticket()])
            assert [ticket.id, *(one.id for one in tickets)] == [1, 2, 3]
            assert await ticket.delete() == 1
        finally:
            async with whole(database):
                await drop_tables(database, [Ticket._meta], database.dialect)


async def test_read_only_models_are_not_written(database: Database) -> None:
    """Meta.read_only refuses before anything is sent."""
    async with max_queries(0):
        with pytest.raises(DatabaseReadOnlyError):
            await Frozen().save()
