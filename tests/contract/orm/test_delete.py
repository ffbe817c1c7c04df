"""Deleting rows, and what becomes of those that refer to them."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from openviper.db import fields
from openviper.db.connections import Database, get_database
from openviper.db.exceptions import IntegrityError, ProtectedError, RestrictedError, UnreadableValueError
from openviper.db.functions import RowNumber
from openviper.db.models import Model, Window
from openviper.db.monitor import max_queries, watch_queries
from openviper.db.registry import registry
from openviper.db.schema.creation import create_tables, drop_tables
from openviper.db.transactions import atomic
from tests.contract.db.engines import whole
from tests.contract.orm.models import Author, Book, Country, Node, Profile, Review


async def counts(database: Database, *tables: str) -> list[int]:
    return [await database.fetch_value(f"SELECT count(*) FROM {table}") for table in tables]


async def make_shop() -> tuple[Author, Author]:
    """Two authors; the first has two books with a review each, one of them edited by the second."""
    ann, bea = await Author.objects.bulk_create([Author(name="Ann"), Author(name="Bea")])
    books = await Book.objects.bulk_create(
        [Book(author=ann, title="One", editor=bea), Book(author=ann, title="Two"), Book(author=bea, title="Three")]
    )
    await Review.objects.bulk_create([Review(book=book, stars=5) for book in books])
    await Profile(author=ann).save()
    return ann, bea


async def test_one_statement_where_the_engine_does_it_all(database: Database) -> None:
    """Cascades and references set to null are the engine's; the count is of the model's own rows (C-011i)."""
    ann, bea = await make_shop()

    async with max_queries(1):
        assert await ann.delete() == 1

    assert await counts(database, "orm_author", "orm_book", "orm_review", "orm_profile") == [1, 1, 1, 0]
    assert await Book.objects.filter(author=bea).delete() == 1
    assert await counts(database, "orm_book", "orm_review") == [0, 0]


async def test_deleted_instance_is_new(database: Database) -> None:
    """It keeps its key, and the next save stores it again; a rollback takes that back."""
    country = await Country.objects.create(code="DE", name="Germany")
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await country.delete()
            assert country.has_changed
            raise ZeroDivisionError
    assert not country.has_changed

    assert await country.delete() == 1
    assert country.pk == "DE"
    assert await country.delete() == 0
    await country.save()
    assert await counts(database, "orm_country") == [1]
    with pytest.raises(ValueError, match="no key"):
        await Author(name="x").delete()


async def test_query_sets_delete_what_they_would_read(database: Database) -> None:
    """Joins, orders and limits tell which rows go."""
    await make_shop()
    async with max_queries(1):
        assert await Review.objects.filter(book__author__name="Bea").delete() == 1
    async with max_queries(1):
        assert await Review.objects.order_by("-id")[:1].delete() == 1
    assert [one.id for one in await Review.objects.all()] == [1]
    assert await Author.objects.filter(books__title="Three").delete() == 1
    assert await Author.objects.filter(name="nobody").delete() == 0
    assert await Book.objects.all().delete() == 2


async def test_trees_are_deleted_with_their_branches(database: Database) -> None:
    """A model that refers to itself loses the whole branch, and the count is of the rows that were asked for."""
    root = await Node.objects.create(name="root")
    left, right = await Node.objects.bulk_create([Node(name="left", parent=root), Node(name="right", parent=root)])
    await Node(name="leaf", parent=left).save()

    assert await left.delete() == 1
    assert sorted([one.name for one in await Node.objects.all()]) == ["right", "root"]
    assert await Node.objects.all().delete() == 2
    assert right.pk is not None


@dataclass
class Rules:
    """Models whose fields have a rule each."""

    target: Any
    protecting: Any
    restricting: Any
    defaulting: Any
    untouched: Any
    middle: Any


@pytest.fixture
async def rules(database: Database) -> Any:
    """Tables with every rule."""
    with registry.isolated():
        made = make_rules()
        options = [one._meta for one in vars(made).values()]
        async with whole(database):
            await create_tables(database, options, database.dialect)
        yield made
        async with whole(database):
            await drop_tables(get_database(), options, database.dialect)


def make_rules() -> Rules:
    class Target(Model):
        name = fields.CharField(max_length=20)

        class Meta:
            table_name = "rule_target"

    class Middle(Model):
        target = fields.ForeignKey(Target, on_delete="CASCADE")

        class Meta:
            table_name = "rule_middle"

    class Protecting(Model):
        middle = fields.ForeignKey(Middle, on_delete="PROTECT")

        class Meta:
            table_name = "rule_protecting"

    class Restricting(Model):
        target = fields.ForeignKey(Target, on_delete="CASCADE")
        middle = fields.ForeignKey(Middle, on_delete="RESTRICT")

        class Meta:
            table_name = "rule_restricting"

    class Defaulting(Model):
        target = fields.ForeignKey(Target, on_delete="SET_DEFAULT", default=1)

        class Meta:
            table_name = "rule_defaulting"

    class Untouched(Model):
        target = fields.ForeignKey(Target, on_delete="DO_NOTHING")

        class Meta:
            table_name = "rule_untouched"

    return Rules(Target, Protecting, Restricting, Defaulting, Untouched, Middle)


async def test_keys_that_cannot_be_read(sqlite: Database) -> None:
    """What another program has stored as a key is told as every query tells it, and nothing is deleted."""
    with registry.isolated():

        class Keyed(Model):
            id = fields.UUIDField(primary_key=True, default=uuid.uuid4)

            class Meta:
                table_name = "rule_keyed"

        class Keeping(Model):
            keyed = fields.ForeignKey(Keyed, on_delete="PROTECT")

            class Meta:
                table_name = "rule_keeping"

        options = [Keyed._meta, Keeping._meta]
        await create_tables(sqlite, options, sqlite.dialect)
        try:
            _ = await Keyed.objects.create()
            await sqlite.execute("UPDATE rule_keyed SET id = 'none'")
            with pytest.raises(UnreadableValueError, match="something in pk "):
                await Keyed.objects.all().delete()
            assert await counts(sqlite, "rule_keyed") == [1]
        finally:
            await drop_tables(sqlite, options, sqlite.dialect)


async def test_rows_are_deleted_by_their_windows(database: Database, rules: Rules) -> None:
    """Rows that other rows may hold are locked by their keys, which a query with windows finds (C-011i, C-011za)."""
    await rules.target.objects.bulk_create([rules.target(name=name) for name in "aab"])
    ranked = rules.target.objects.annotate(place=Window(RowNumber(), partition_by="name", order_by="-id"))
    doubled = ranked.filter(place__gt=1)

    assert await doubled.delete() == 1
    assert await doubled.delete() == 0
    assert await counts(database, "rule_target") == [2]


async def test_different_rows_are_locked_by_their_keys(database: Database, rules: Rules) -> None:
    """A query of different rows can lock none, so one around it does (C-011i)."""
    await rules.target.objects.bulk_create([rules.target(name=name) for name in "ab"])

    with watch_queries() as log:
        assert await rules.target.objects.distinct().delete() == 2
    locking = [record for record in log.records if "FOR UPDATE" in record.sql]
    assert len(locking) == int(database.dialect.features.row_locks)


async def test_protected_rows_stay(database: Database, rules: Rules) -> None:
    """PROTECT anywhere down the cascade refuses, and says which field of which model, and how many rows (C-011i)."""
    target = await rules.target.objects.create(name="a")
    middle = await rules.middle.objects.create(target=target)
    await rules.protecting.objects.bulk_create([rules.protecting(middle=middle) for _ in range(3)])

    for deleting in (target.delete, middle.delete, rules.target.objects.all().delete):
        with pytest.raises(ProtectedError, match=r"3 by \w+\.Protecting\.middle") as caught:
            await deleting()
        assert list(caught.value.referrers.values()) == [3]
        assert isinstance(caught.value, IntegrityError)
    assert await counts(database, "rule_target", "rule_middle", "rule_protecting") == [1, 1, 3]

    await rules.protecting.objects.all().delete()
    assert await target.delete() == 1
    assert await counts(database, "rule_target", "rule_middle") == [0, 0]


async def test_restricted_rows_go_with_what_takes_them_along(database: Database, rules: Rules) -> None:
    """RESTRICT refuses unless the row that refers is deleted by another way (C-011i)."""
    first, second = await rules.target.objects.bulk_create([rules.target(name="a"), rules.target(name="b")])
    middle = await rules.middle.objects.create(target=first)
    other = await rules.restricting.objects.create(target=second, middle=middle)
    with pytest.raises(RestrictedError, match=r"1 by \w+\.Restricting\.middle"):
        await first.delete()
    with pytest.raises(RestrictedError):
        await middle.delete()
    other.target = first
    await other.save()

    assert await first.delete() == 1
    assert await counts(database, "rule_target", "rule_middle", "rule_restricting") == [1, 0, 0]


async def test_references_fall_back_to_their_default(database: Database, rules: Rules) -> None:
    """SET_DEFAULT is an UPDATE of ours; what it leads to has to be there."""
    first, second = await rules.target.objects.bulk_create([rules.target(name="a"), rules.target(name="b")])
    rows = await rules.defaulting.objects.bulk_create([rules.defaulting(target=second) for _ in range(2)])

    assert await second.delete() == 1

    assert {one.target_id for one in await rules.defaulting.objects.all()} == {first.pk}
    assert len(rows) == 2
    with pytest.raises(IntegrityError):
        await first.delete()


async def test_rows_without_a_rule_are_refused_by_the_engine(database: Database, rules: Rules) -> None:
    """DO_NOTHING and NO_ACTION leave it to the database, which keeps what others refer to."""
    target = await rules.target.objects.create(name="a")
    await rules.untouched.objects.create(target=target)
    with pytest.raises(IntegrityError) as caught:
        await target.delete()
    assert caught.value.kind == "foreign key"
    assert not target.has_changed
    assert await counts(database, "rule_target") == [1]


@pytest.fixture
def circle(database: Database) -> Iterator[None]:
    with registry.isolated():
        yield


async def test_models_that_refer_to_each_other_in_a_circle(database: Database, circle: None) -> None:
    """Rows that restrict each other can go together."""

    class Team(Model):
        captain: Any = fields.ForeignKey("Player", null=True, on_delete="RESTRICT", related_name="+")

        class Meta:
            table_name = "circle_team"

    class Player(Model):
        team = fields.ForeignKey(Team, on_delete="CASCADE")

        class Meta:
            table_name = "circle_player"

    options = [Team._meta, Player._meta]
    async with whole(database):
        await create_tables(database, options, database.dialect)
    try:
        team = await Team.objects.create()
        player = await Player.objects.create(team=team)
        with_captain = await Team.objects.get(pk=team.pk)
        with_captain.captain = player
        await with_captain.save()
        with pytest.raises(RestrictedError):
            await player.delete()
        assert await with_captain.delete() == 1
        assert await counts(database, "circle_team", "circle_player") == [0, 0]
    finally:
        async with whole(database):
            await drop_tables(database, options, database.dialect)


async def test_rows_that_hold_each_other_let_go_first(database: Database, circle: None) -> None:
    """Two rows that restrict each other go with a third one, as one of the references can be null."""

    class Guild(Model):
        name = fields.CharField(max_length=20)

        class Meta:
            table_name = "circle_club"

    class LeftHand(Model):
        club = fields.ForeignKey(Guild, on_delete="CASCADE", related_name="+")
        right: Any = fields.ForeignKey("RightHand", null=True, on_delete="RESTRICT", related_name="+")

        class Meta:
            table_name = "circle_left"

    class RightHand(Model):
        club = fields.ForeignKey(Guild, on_delete="CASCADE", related_name="+")
        left = fields.ForeignKey(LeftHand, on_delete="RESTRICT", related_name="+")

        class Meta:
            table_name = "circle_right"

    options = [Guild._meta, LeftHand._meta, RightHand._meta]
    async with whole(database):
        await create_tables(database, options, database.dialect)
    try:
        club = await Guild.objects.create(name="a")
        left = await LeftHand.objects.create(club=club)
        left.right = await RightHand.objects.create(club=club, left=left)
        await left.save()
        with pytest.raises(RestrictedError):
            await left.delete()
        assert await club.delete() == 1
        assert await counts(database, "circle_club", "circle_left", "circle_right") == [0, 0, 0]
    finally:
        async with whole(database):
            await drop_tables(database, options, database.dialect)
