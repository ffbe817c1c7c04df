"""Lookups on every engine: the same rows come of the same question, and a question that makes no sense is refused."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from openviper.conf import settings
from openviper.db.compiler import plan_cache
from openviper.db.connections import Database
from openviper.db.exceptions import FieldError
from openviper.db.query.expressions import F, Q, Subquery
from tests.contract.db.engines import Engine
from tests.contract.orm.models import Everything, Genre, Tag

# A file and the memory are one engine here, and there are many cases.
both = pytest.mark.parametrize("engine", ["sqlite-file", "postgresql", "mariadb"], indirect=True)
TOKEN = uuid.UUID("12345678-1234-5678-1234-567812345678")
NOON = dt.datetime(2026, 1, 31, 12, 30, 15, 500000, tzinfo=dt.UTC)

#: Number of the row to what it holds; what is left out is NULL.
ROWS: dict[int, dict[str, Any]] = {
    1: {
        "number": 5,
        "small": -1,
        "big": 2**40,
        "ratio": 0.5,
        "amount": Decimal("9.500"),
        "huge": Decimal("-1.5"),
        "flag": True,
        "word": "Straßenbahn",
        "text": "100% of_it [x]*?",
        "genre": Genre.NOVEL,
        "token": TOKEN,
        "day": dt.date(2026, 1, 31),
        "hour": dt.time(12, 30, 15, 250000),
        "moment": NOON,
        "span": dt.timedelta(days=1, microseconds=1),
        "data": {"a": [1, 2], "b": None},
        "blob": b"\x00\xff",
        "numbers": [1, 2],
        "address": "192.0.2.1",
    },
    2: {
        "number": 10,
        "small": 0,
        "big": -(2**40),
        "ratio": -2.25,
        "amount": Decimal("10.000"),
        "huge": Decimal("12345678901234567890.12345"),
        "flag": False,
        "word": "ÄPFEL und Birnen",
        "text": "100 of it\\",
        "genre": Genre.POETRY,
        "token": uuid.UUID(int=1),
        "day": dt.date(2024, 12, 30),
        "hour": dt.time(0, 0),
        "moment": dt.datetime(2024, 12, 30, 23, 59, 59, 999999, tzinfo=dt.UTC),
        "span": dt.timedelta(seconds=-1),
        "data": [1],
        "blob": b"a",
        "numbers": [],
        "address": "2001:db8::1",
    },
    3: {
        "number": 10,
        "word": "äpfel",
        "text": "x",
        "amount": Decimal("-0.001"),
        "moment": NOON + dt.timedelta(days=181),
    },
    4: {},
}


@pytest.fixture
async def rows(database: Database) -> Database:
    """The rows, in the table with a field of every kind."""
    await Everything.objects.bulk_create([Everything(**values) for values in ROWS.values()])
    # The field takes no empty text, but the column may hold one.
    await database.execute("UPDATE orm_everything SET text = '' WHERE id = 3")
    return database


async def found(*conditions: Any, **lookups: Any) -> list[int]:
    """Give the keys of the rows that meet a condition, in order."""
    return sorted(await Everything.objects.filter(*conditions, **lookups).values_list("pk", flat=True))


@both
@pytest.mark.parametrize(
    ("lookups", "expected"),
    [
        ({"number": 10}, [2, 3]),
        ({"number": "10"}, [2, 3]),
        ({"number__exact": 5}, [1]),
        ({"number__gt": 5}, [2, 3]),
        ({"number__gte": 5, "small__lt": 0}, [1]),
        ({"number__lte": 5}, [1]),
        ({"number__in": [5, 7, 10]}, [1, 2, 3]),
        ({"number__in": {5}}, [1]),
        ({"number__in": range(5, 8)}, [1]),
        ({"number__in": []}, []),
        ({"number__range": (5, 9)}, [1]),
        ({"number__isnull": True}, [4]),
        ({"number__isnull": False}, [1, 2, 3]),
        ({"number": None}, [4]),
        ({"pk": 3}, [3]),
        ({"pk__in": [1, 2, 9]}, [1, 2]),
        ({"id__gte": 3}, [3, 4]),
        ({"big": 2**40}, [1]),
        ({"ratio": 0.5}, [1]),
        ({"ratio__lt": 0}, [2]),
        ({"ratio__in": [0.5, -2.25]}, [1, 2]),
        ({"amount": Decimal("9.5")}, [1]),
        ({"amount__lt": 10}, [1, 3]),
        ({"amount__gte": "9.5"}, [1, 2]),
        ({"amount__in": [Decimal(10), 9.5]}, [1, 2]),
        ({"huge__gt": Decimal("12345678901234567890.12344")}, [2]),
        ({"huge__lt": 0}, [1]),
        ({"flag": True}, [1]),
        ({"flag": False}, [2]),
        ({"flag__in": [True, False]}, [1, 2]),
        ({"flag__isnull": True}, [3, 4]),
        ({"genre": Genre.NOVEL}, [1]),
        ({"genre": "poetry"}, [2]),
        ({"genre__in": [Genre.NOVEL, "poetry"]}, [1, 2]),
        ({"genre": "of old"}, []),
        ({"token": TOKEN}, [1]),
        ({"token": str(TOKEN)}, [1]),
        ({"token__in": [TOKEN, uuid.UUID(int=1)]}, [1, 2]),
        ({"day": dt.date(2026, 1, 31)}, [1]),
        ({"day__lt": "2025-01-01"}, [2]),
        ({"hour__gte": dt.time(12)}, [1]),
        ({"moment": NOON}, [1]),
        ({"moment": "2026-01-31T13:30:15.5+01:00"}, [1]),
        ({"moment__gt": dt.datetime(2026, 1, 1)}, [1, 3]),  # noqa: DTZ001 - read as the time in TIME_ZONE
        ({"span__gt": dt.timedelta(0)}, [1]),
        ({"span": "PT-1S"}, FieldError),
        ({"data": {"b": None, "a": [1, 2]}}, [1]),
        ({"data": [1]}, [2]),
        ({"data__isnull": True}, [3, 4]),
        ({"blob": b"\x00\xff"}, [1]),
        ({"blob__in": [b"a", b"b"]}, [2]),
        ({"numbers": [1, 2]}, [1]),
        ({"numbers": []}, [2]),
        ({"address": "192.0.2.1"}, [1]),
        ({"address": "2001:0db8:0::1"}, [2]),
    ],
    ids=str,
)
async def test_values_compare_as_values(rows: Database, lookups: Mapping[str, Any], expected: Any) -> None:
    """A value of the field's type, or what stands for it, finds the rows that Python would find (C-011v)."""
    if expected is FieldError:
        with pytest.raises(FieldError):
            await found(**lookups)
    else:
        assert await found(**lookups) == expected


@both
@pytest.mark.parametrize(
    ("lookups", "expected"),
    [
        ({"word__contains": "pfel"}, [3]),
        ({"word__contains": "PFEL"}, [2]),
        ({"word__icontains": "äPF"}, [2, 3]),
        ({"word__startswith": "Ä"}, [2]),
        ({"word__startswith": "ä"}, [3]),
        ({"word__istartswith": "äpfel"}, [2, 3]),
        ({"word__endswith": "nen"}, [2]),
        ({"word__endswith": "NEN"}, []),
        ({"word__iendswith": "BAHN"}, [1]),
        ({"word__iexact": "ÄPFEL"}, [3]),
        ({"word__iexact": None}, [4]),
        ({"text__contains": "%"}, [1]),
        ({"text__contains": "_"}, [1]),
        ({"text__contains": "\\"}, [2]),
        ({"text__icontains": "OF_IT"}, [1]),
        ({"text__contains": "[x]*?"}, [1]),
        ({"text__startswith": "100%"}, [1]),
        ({"text__startswith": "1__"}, []),
        ({"text__endswith": "]*?"}, [1]),
        ({"text__endswith": "?"}, [1]),
        ({"text__endswith": "\\"}, [2]),
        ({"text__iendswith": "IT\\"}, [2]),
        ({"text__contains": ""}, [1, 2, 3]),
        ({"text__endswith": ""}, [1, 2, 3]),
        ({"text": ""}, [3]),
        ({"word__regex": "^[Ää]"}, [2, 3]),
        ({"word__regex": "bahn$"}, [1]),
        ({"word__iregex": "^ä.*birnen"}, [2]),
        ({"word__in": ["äpfel", "Äpfel"]}, [3]),
        ({"word__gt": "a", "word__lt": "zzz"}, []),
        ({"address__startswith": "192."}, [1]),
        ({"address__contains": "db8"}, [2]),
        ({"word__contains": F("word")}, [1, 2, 3]),
        ({"text__startswith": F("text")}, [1, 2, 3]),
        ({"text__endswith": F("text")}, [1, 2, 3]),
        ({"word__iexact": F("word")}, [1, 2, 3]),
    ],
    ids=str,
)
async def test_texts_mean_themselves(rows: Database, lookups: Mapping[str, Any], expected: list[int]) -> None:
    """Case counts unless the lookup says so, beyond ASCII too, and no sign of a text is a wildcard."""
    assert await found(**lookups) == expected


@both
@pytest.mark.parametrize(
    ("lookups", "expected"),
    [
        ({"moment__year": 2026}, [1, 3]),
        ({"moment__year__lt": 2025}, [2]),
        ({"moment__month": 1}, [1]),
        ({"moment__day": 31}, [1, 3]),
        ({"moment__hour": 12}, [1, 3]),
        ({"moment__minute": 59}, [2]),
        ({"moment__second": 59}, [2]),
        ({"moment__second__gte": 16}, [2]),
        ({"moment__date": dt.date(2024, 12, 30)}, [2]),
        ({"moment__date__gt": "2025-01-01"}, [1, 3]),
        ({"moment__time": dt.time(12, 30, 15, 500000)}, [1, 3]),
        ({"moment__time__hour": 12}, [1, 3]),
        ({"moment__date__year__in": [2024, 2025]}, [2]),
        ({"moment__quarter": 4}, [2]),
        ({"moment__quarter": 3}, [3]),
        ({"day__year": 2024}, [2]),
        ({"day__week": 1}, [2]),
        ({"day__week": 5}, [1]),
        ({"day__week_day": 7}, [1]),
        ({"day__week_day": 2}, [2]),
        ({"hour__hour": 12}, [1]),
        ({"hour__minute": 0}, [2]),
        ({"hour__second": 15}, [1]),
        ({"moment__year__isnull": True}, [4]),
    ],
    ids=str,
)
async def test_parts_of_moments(rows: Database, lookups: Mapping[str, Any], expected: list[int]) -> None:
    """Parts of dates and times compare as numbers, and parts of parts too."""
    assert await found(**lookups) == expected


async def test_weeks_are_those_of_iso_8601(database: Database) -> None:
    """The week and its day agree with Python's calendar in every year."""
    days = [dt.date(2020, 12, 31) + dt.timedelta(days=n) for n in range(0, 2600, 57)]
    await Everything.objects.bulk_create([Everything(day=day) for day in days])

    weeks = Everything.objects.order_by("pk").annotate(week=F("day__week"), week_day=F("day__week_day"))
    found = await weeks.values_list("day", "week", "week_day")
    assert found == [(day, day.isocalendar().week, day.isoweekday() % 7 + 1) for day in days]


async def test_parts_are_those_of_the_time_zone(rows: Database, zone: None) -> None:
    """With another TIME_ZONE, parts are what clocks show there."""
    assert await found(moment__hour=13) == [1]
    assert await found(moment__hour=14) == [3]
    assert await found(moment__date=dt.date(2024, 12, 31)) == [2]


@pytest.fixture
def zone(engine: Engine) -> Iterator[None]:
    """Set TIME_ZONE to one with summer time."""
    plan_cache.clear()
    settings.reset()
    settings.configure(DATABASES={"default": {"OPTIONS": {"URL": engine.url}}}, TIME_ZONE="Europe/Berlin")
    yield
    plan_cache.clear()


async def test_huge_lists_of_every_form(rows: Database) -> None:
    """What JSON does not have finds its rows too."""
    tag = await Tag.objects.create(word="x")
    ids = [uuid.UUID(int=n) for n in range(3000)]
    assert await Tag.objects.filter(pk__in=[*ids, tag.pk]).count() == 1
    assert await found(token__in=ids) == [2]
    assert await found(ratio__in=[n / 7 for n in range(3000)] + [-2.25]) == [2]
    assert await found(amount__in=[Decimal(n) for n in range(3000)]) == [2]
    assert await found(moment__in=[NOON + dt.timedelta(seconds=n) for n in range(3000)]) == [1]
    assert await found(flag__in=[True] * 3000) == [1]
    assert await found(blob__in=[b"%d" % n for n in range(3000)] + [b"a"]) == [2]


@both
async def test_lists_are_found_among_lists(rows: Database) -> None:
    """Each item of the list is a list itself: as the column has it, or another one, or one of no items."""
    assert await found(numbers__in=[[1, 2], [7]]) == [1]
    assert await found(numbers__in=[(1, 2), []]) == [1, 2]
    assert await found(numbers__in=[[2, 1], [1], [1, 2, 3]]) == []
    assert await found(numbers__in=[]) == []
    assert await found(~Q(numbers__in=[[1, 2]])) == [2, 3, 4]
    with pytest.raises(FieldError, match="numbers__in"):
        await found(numbers__in=[[1, "x"]])


@both
async def test_first_and_last_days_are_days_as_others(database: Database) -> None:
    """What a driver keeps as an infinity has a year all the same, and is before and after others."""
    for number, day in enumerate((dt.date.min, dt.date(2026, 1, 31), dt.date.max, None)):
        moment = None if day is None else dt.datetime.combine(day, dt.time.max if number else dt.time.min, dt.UTC)
        _ = await Everything.objects.create(number=number, day=day, moment=moment)
    for name in ("day", "moment"):
        assert await found_numbers(**{f"{name}__year": 9999}) == [2]
        assert await found_numbers(**{f"{name}__year__lt": 2026, f"{name}__month": 1, f"{name}__day": 1}) == [0]
        assert await found_numbers(**{f"{name}__year__gte": 2026}) == [1, 2]
        assert await found_numbers(**{f"{name}__month": 12, f"{name}__week_day": 6, f"{name}__quarter": 4}) == [2]
    assert await found_numbers(moment__hour=23, moment__second=59) == [1, 2]
    assert await found_numbers(moment__date=dt.date.max) == [2]
    later = Everything.objects.filter(number__lt=3).annotate(
        since=F("moment") - dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    )
    assert [span.days for span in await later.order_by("number").values_list("since", flat=True)] == [
        -739646,
        0,
        2912412,
    ]


async def found_numbers(**lookups: Any) -> list[int]:
    return list(await Everything.objects.filter(**lookups).order_by("number").values_list("number", flat=True))


@both
async def test_whether_there_is_a_value_is_asked_with_true_or_false(rows: Database) -> None:
    """None is neither of them."""
    for path in ("word__isnull", "day__year__isnull"):
        with pytest.raises(FieldError, match=f"{path} takes True or False"):
            await found(**{path: None})


@both
async def test_one_value_is_not_any_number_of_rows(rows: Database) -> None:
    """A query set stands for a value where it has one row at most; an engine would take any, or fail."""
    keys = Everything.objects.order_by("-number").values("number")
    for lookups in ({"number": keys}, {"number__gte": keys}, {"pk": Everything.objects.all()}, {"number": keys[:2]}):
        with pytest.raises(FieldError, match=r"takes one value, .* \[:1\], or write \w+__in"):
            await found(**lookups)
    assert await found(number=keys.filter(number__isnull=False)[:1]) == [2, 3]
    assert await found(number__in=keys) == [1, 2, 3]
    assert await found(number=Subquery(keys.filter(word="äpfel"))) == [2, 3]
