"""The days that rows have, each once."""

import datetime as dt
from collections.abc import Iterator

import pytest

from openviper.conf import settings
from openviper.db.compiler import plan_cache
from openviper.db.connections import Database
from openviper.db.exceptions import FieldError
from openviper.db.models import Count
from openviper.db.query.functions import FirstDay
from tests.contract.db.engines import Engine
from tests.contract.orm.models import Author, Book, Everything, Review
from tests.contract.orm.shelf import fill_shelf

DAYS = [dt.date(2021, 1, 3), dt.date(2021, 1, 4), dt.date(2020, 12, 31), dt.date(2020, 2, 29), dt.date(1, 1, 1)]


@pytest.fixture(autouse=True)
async def days(database: Database) -> None:
    rows = [Everything(day=day, moment=dt.datetime(day.year, day.month, day.day, 12, tzinfo=dt.UTC)) for day in DAYS]
    await Everything.objects.bulk_create([*rows, Everything(), Everything(day=DAYS[0])])


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("year", [dt.date(1, 1, 1), dt.date(2020, 1, 1), dt.date(2021, 1, 1)]),
        ("month", [dt.date(1, 1, 1), dt.date(2020, 2, 1), dt.date(2020, 12, 1), dt.date(2021, 1, 1)]),
        ("week", [dt.date(1, 1, 1), dt.date(2020, 2, 24), dt.date(2020, 12, 28), dt.date(2021, 1, 4)]),
        ("day", sorted(DAYS)),
    ],
)
async def test_days_of_rows(kind: str, found: list[dt.date]) -> None:
    """Of days and of moments alike, without rows that have none, in either order."""
    for name in ("day", "moment"):
        assert await Everything.objects.dates(name, kind) == found  # type: ignore[arg-type]  # one of the literals
        backwards = Everything.objects.dates(name, kind, "DESC")  # type: ignore[arg-type]  # one of the literals
        assert await backwards == found[::-1]
    assert await Everything.objects.dates("day", "year").count() == 3
    assert await Everything.objects.filter(day__year=2020).dates("day", "month")[:1] == [dt.date(2020, 2, 1)]


async def test_days_through_relations_and_in_groups() -> None:
    """They are a column like any other."""
    await fill_shelf()
    assert await Review.objects.dates("book__published", "year") == [dt.date(1815, 1, 1), dt.date(1965, 1, 1)]
    months = Book.objects.filter(published__gt=dt.date(1810, 1, 1)).values(month=FirstDay("published", "month"))
    assert await months.annotate(n=Count("*")).order_by("month").values_list("month", "n") == [
        (dt.date(1815, 12, 1), 1),
        (dt.date(1965, 8, 1), 1),
    ]


@pytest.fixture
def berlin(engine: Engine) -> Iterator[None]:
    """Set TIME_ZONE to one further east."""
    plan_cache.clear()
    settings.reset()
    settings.configure(DATABASES={"default": {"OPTIONS": {"URL": engine.url}}}, TIME_ZONE="Europe/Berlin")
    yield
    plan_cache.clear()


@pytest.mark.usefixtures("berlin")
async def test_the_day_is_that_of_the_zone() -> None:
    """A moment late in UTC is on the next day further east."""
    await Everything.objects.all().delete()
    _ = await Everything.objects.create(moment=dt.datetime(2020, 12, 31, 23, 30, tzinfo=dt.UTC))
    assert await Everything.objects.dates("moment", "year") == [dt.date(2021, 1, 1)]


async def test_what_has_no_days() -> None:
    """Other fields, other kinds, parts and combinations."""
    with pytest.raises(FieldError, match="no day in"):
        await Author.objects.dates("name", "year")
    with pytest.raises(FieldError, match="first day"):
        _ = Everything.objects.dates("day", "hour")  # type: ignore[arg-type]  # a mistake
    with pytest.raises(FieldError, match="'ASC' or 'DESC'"):
        _ = Everything.objects.dates("day", "year", "down")  # type: ignore[arg-type]  # a mistake
    with pytest.raises(TypeError):
        _ = Everything.objects.all()[:2].dates("day", "year")
