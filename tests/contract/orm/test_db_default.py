"""Defaults that the database makes."""

import datetime as dt
import uuid
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from openviper.db import fields
from openviper.db.connections import Database
from openviper.db.exceptions import ModelDefinitionError, NotLoadedError
from openviper.db.functions import Concat, Lower, Now
from openviper.db.models import Count, F, Model, TextChoice, Value
from openviper.db.monitor import watch_queries
from openviper.db.registry import registry
from openviper.db.schema.creation import create_tables, drop_tables
from openviper.db.schema.ddl import create_statements
from openviper.db.schema.table import schema_of
from openviper.db.transactions import atomic

NASTY = 'it\'s; --\\ "%s" :x {0} ☃'


class Mood(TextChoice):
    """How a thing feels."""

    GLAD = "glad"
    SAD = "sad"


class Minted(Model):
    """Has a default of every kind."""

    id: int
    name = fields.CharField(max_length=50)
    text = fields.CharField(max_length=100, db_default=NASTY)
    long = fields.TextField(db_default="a\nb")
    empty = fields.CharField(max_length=10, blank=True, db_default="")
    number = fields.IntegerField(db_default=-7)
    big = fields.BigIntegerField(db_default=2**62)
    ratio = fields.FloatField(db_default=0.1)
    price = fields.DecimalField(max_digits=8, decimal_places=2, db_default=Decimal("10.50"))
    flag = fields.BooleanField(db_default=True)
    mood = fields.CharField(max_length=10, choices=Mood, db_default=Mood.SAD)
    token = fields.UUIDField(db_default=uuid.UUID(int=5))
    day = fields.DateField(db_default=dt.date(2020, 2, 29))
    hour = fields.TimeField(db_default=dt.time(12, 30, 1, 5))
    moment = fields.DateTimeField(db_default=dt.datetime(2020, 1, 2, 3, 4, 5, 6, dt.UTC))
    span = fields.DurationField(db_default=dt.timedelta(days=1, microseconds=3))
    data: Any = fields.JSONField(db_default={"a": [1, "'"]})
    blob = fields.BinaryField(db_default=b"\x00'\xff")
    nullable = fields.IntegerField(null=True, db_default=3)
    made = fields.DateTimeField(db_default=Now())
    sum = fields.IntegerField(db_default=Value(40) + Value(2))
    word = fields.CharField(max_length=20, db_default=Concat(Lower(Value("AB")), Value("c'")))
    twice = fields.IntegerField(default=1, db_default=2)


MADE = {
    "text": NASTY,
    "long": "a\nb",
    "empty": "",
    "number": -7,
    "big": 2**62,
    "ratio": 0.1,
    "price": Decimal("10.50"),
    "flag": True,
    "mood": Mood.SAD,
    "token": uuid.UUID(int=5),
    "day": dt.date(2020, 2, 29),
    "hour": dt.time(12, 30, 1, 5),
    "moment": dt.datetime(2020, 1, 2, 3, 4, 5, 6, dt.UTC),
    "span": dt.timedelta(days=1, microseconds=3),
    "data": {"a": [1, "'"]},
    "blob": b"\x00'\xff",
    "nullable": 3,
    "sum": 42,
    "word": "abc'",
    "twice": 1,
}


@pytest.fixture(autouse=True)
async def things(database: Database) -> AsyncIterator[None]:
    await create_tables(database, [Minted._meta], database.dialect)
    yield
    await drop_tables(database, [Minted._meta], database.dialect)


def values_of(thing: Minted) -> dict[str, object]:
    return {name: getattr(thing, name) for name in MADE}


async def test_a_new_row_has_them_all() -> None:
    """C-011zb: One statement stores the row, and the instance has what the database made, in its types."""
    before = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
    thing = Minted(name="a")
    with watch_queries() as log:
        await thing.save()
        assert values_of(thing) == MADE
        assert type(thing.mood) is Mood
        assert before < thing.made < dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)
    assert len(log.records) == 1
    assert thing.changed_fields() == ()
    stored = await Minted.objects.get(pk=thing.pk)
    assert stored.to_dict() == thing.to_dict()


async def test_what_is_assigned_is_stored() -> None:
    """A value of one's own goes before the default, None included, and the next save writes what has changed."""
    thing = await Minted.objects.create(name="b", number=5, nullable=None, flag=False)
    assert (thing.number, thing.nullable, thing.flag, thing.price) == (5, None, False, Decimal("10.50"))
    thing.number += 1
    assert thing.changed_fields() == ("number",)
    await thing.save()
    stored = await Minted.objects.get(pk=thing.pk)
    assert (stored.number, stored.nullable, stored.flag, stored.twice) == (6, None, False, 1)


async def test_many_rows_at_once() -> None:
    """bulk_create() leaves out of each what it lacks, in one statement for those that lack the same."""
    some = [Minted(name=str(number), **({"number": number} if number % 2 else {})) for number in range(7)]
    with watch_queries() as log:
        await Minted.objects.bulk_create(some)
    inserts = [one for one in log.records if "INSERT" in one.sql]
    assert len(inserts) <= 6
    assert [one.number for one in some] == [-7, 1, -7, 3, -7, 5, -7]
    assert [one.word for one in some] == ["abc'"] * 7
    assert {one.pk: one.number for one in await Minted.objects.all()} == {one.pk: one.number for one in some}
    assert {one.name: one.pk for one in await Minted.objects.all()} == {one.name: one.pk for one in some}
    assert all(one.changed_fields() == () for one in some)


async def test_get_or_create_and_update_or_create() -> None:
    """They make rows like any other way."""
    made, is_new = await Minted.objects.get_or_create(name="c")
    assert is_new
    assert values_of(made) == MADE
    again, is_new = await Minted.objects.update_or_create(defaults={"number": 9}, name="c")
    assert not is_new
    assert (again.number, again.pk) == (9, made.pk)
    other, is_new = await Minted.objects.update_or_create(name="d", number=4)
    assert is_new
    assert (other.number, other.sum) == (4, 42)


async def test_before_it_is_saved_there_is_no_value() -> None:
    """The attribute says so; cleaning passes it over, and what is refused leaves the instance as it was."""
    thing = Minted(name="e")
    with pytest.raises(NotLoadedError, match="the database makes it when the instance is saved"):
        _ = thing.number
    thing.full_clean()
    assert "number" not in thing.changed_fields()
    assert "number" not in thing.to_dict()
    with pytest.raises(ZeroDivisionError):
        async with atomic():
            await thing.save()
            assert thing.number == -7
            _ = 1 // 0
    assert thing.pk is None
    await thing.save()
    assert await Minted.objects.filter(number=-7).count() == 1


async def test_a_field_that_was_not_read_is_not_left_out() -> None:
    """Storing an instance elsewhere, or once more, never puts the default in the place of what its row has."""
    _ = await Minted.objects.create(name="f", number=8)
    partial = await Minted.objects.defer("number").get(name="f")
    partial.pk = None
    with pytest.raises(NotLoadedError, match="number"):
        await partial.save(force_insert=True)
    with pytest.raises(NotLoadedError, match="number"):
        await Minted.objects.bulk_create([partial])


async def test_rows_by_hand_have_them_too(database: Database) -> None:
    """The defaults are those of the columns."""
    await database.execute("INSERT INTO orm_minted (name, twice) VALUES ('g', 5)")
    stored = await Minted.objects.get(name="g")
    assert values_of(stored) == MADE | {"twice": 5}
    await database.execute("INSERT INTO orm_minted (name) VALUES ('h')")
    assert (await Minted.objects.get(name="h")).twice == 2
    assert await Minted.objects.values("number").annotate(n=Count("*")).values_list("number", "n") == [(-7, 2)]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: fields.IntegerField(db_default=F("id")), "there before the row"),
        (lambda: fields.IntegerField(db_default=Count("*")), "no queries, aggregates"),
        (lambda: fields.IntegerField(db_default="many"), "db_default of"),  # type: ignore[call-overload]  # a mistake
        (lambda: fields.IntegerField(db_default=Now()), "datetime"),
        (lambda: fields.CharField(max_length=2, db_default="abc"), "db_default of"),
        (lambda: fields.FloatField(allow_inf=True, db_default=float("inf")), "number"),
    ],
)
def test_what_is_no_default(make: Any, message: str, database: Database) -> None:
    """What the column could not hold is refused before there is a table."""
    with registry.isolated():
        made: Any = type(
            "Odd", (Model,), {"__module__": __name__, "id": fields.IntegerField(primary_key=True), "x": make()}
        )
        with pytest.raises(ModelDefinitionError, match=message):
            create_statements([schema_of(made._meta)], database.dialect)


def test_what_contradicts_a_default() -> None:
    """Keys, moments that set themselves, and what Python calls."""
    for make in (
        lambda: fields.IntegerField(primary_key=True, db_default=1),
        lambda: fields.DateTimeField(auto_now=True, db_default=Now()),
        lambda: fields.UUIDField(db_default=uuid.uuid4),  # type: ignore[call-overload]  # a mistake
        lambda: fields.ForeignKey(Minted, db_default=1),
    ):
        with pytest.raises(ModelDefinitionError, match="db_default"):
            make()
