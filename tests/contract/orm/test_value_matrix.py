"""One matrix of values, through models: each is kept as it was on every engine, or refused by the same error."""

import datetime as dt
import uuid
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import pytest

from openviper.db import F
from openviper.db.connections import Database
from openviper.db.exceptions import FieldError, IntegrityError, ModelValidationError
from openviper.db.transactions import atomic
from tests.contract.orm.models import Author, Everything, Genre, Profile, Tag

UTC_MIN: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
UTC_MAX: Final = dt.datetime.max.replace(tzinfo=dt.UTC)
ABROAD: Final = dt.timezone(dt.timedelta(hours=5, minutes=30))
AWKWARD: Final = "it's \" \\ % _ ? $1 :1 \n\t\x1a\x7f ﬁ ß İ 🐍👩‍👩‍👧"


class Plain(Enum):
    """What is no text and no number, though it stands for one."""

    ONE = 1


#: What is kept, by field.
KEPT: Final[dict[str, list[Any]]] = {
    "small": [-(2**15), 0, 2**15 - 1],
    "number": [-(2**31), 0, 2**31 - 1],
    "big": [-(2**63), 2**53 + 1, 2**63 - 1],
    "positive": [0, 2**31 - 1],
    "ratio": [0.1, -1e-300, 1.7976931348623157e308, 2.0, 1e16],
    "amount": [Decimal("-999999999.999"), Decimal("0.001"), Decimal("0.000"), Decimal("100.000")],
    "huge": [Decimal("1234567890123456789012345.67891"), Decimal("-0.00001")],
    "flag": [True, False],
    "word": ["a ", " a", AWKWARD, "ä" * 50, "🐍" * 50],
    "text": [" x\r\ny ", AWKWARD * 500],
    "genre": list(Genre),
    "token": [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)],
    "day": [dt.date.min, dt.date(1582, 10, 10), dt.date(2024, 2, 29), dt.date.max],
    "hour": [dt.time.min, dt.time(23, 59, 59, 999999), dt.time(12, 0, 0, 1)],
    "moment": [UTC_MIN, UTC_MAX, dt.datetime(1969, 12, 31, 23, 59, 59, 999999, dt.UTC)],
    "span": [dt.timedelta(microseconds=-1), dt.timedelta(0), dt.timedelta(days=99_999_999, microseconds=7)],
    "data": [{"b": [1, 2.5, None, True, "ä🐍"], "a": {}}, [], "", "null", 0, False, 2**63 - 1],
    "blob": [b"", b"\0\xff'\\", bytes(range(256)) * 300],
    "numbers": [[], [0, -1, 2**31 - 1]],
    "words": [[], ["a ", "NULL", '{"x"}', "🐍"]],
    "address": ["::1", "255.255.255.255"],
}
#: What becomes another value on its way, as it is read with it.
CONVERTED: Final[dict[str, list[tuple[Any, Any]]]] = {
    "big": [("7", 7)],
    "amount": [(1, Decimal("1.000")), ("2.5", Decimal("2.500"))],
    "moment": [
        (dt.datetime(2026, 3, 1, 12, tzinfo=ABROAD), dt.datetime(2026, 3, 1, 6, 30, tzinfo=dt.UTC)),
        (dt.datetime(2026, 3, 1, 12), dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)),  # noqa: DTZ001 - it is of TIME_ZONE
    ],
    "day": [("2026-03-01", dt.date(2026, 3, 1))],
    "token": [("00000000000000000000000000000007", uuid.UUID(int=7))],
    "blob": [(bytearray(b"ab"), b"ab"), (memoryview(b"ab"), b"ab")],
    "genre": [(Genre.NOVEL.value, Genre.NOVEL)],
}
REFUSED: Final[dict[str, list[Any]]] = {
    "small": [2**15, -(2**15) - 1],
    "number": [2**31, 1.5, "x"],
    "big": [True, 2**63, -(2**63) - 1, Decimal("0.5")],
    "positive": [-1],
    "ratio": [float("nan"), float("inf"), -float("inf")],
    "amount": [Decimal("0.0001"), Decimal(10**9), Decimal("NaN"), Decimal("Infinity")],
    "word": ["", "x" * 51, "a\0b", "\ud800", Plain.ONE, {"a": 1}, b"x"],
    "text": ["\0", "\udfff"],
    "genre": ["none of them"],
    "token": ["x", 7, "{00000000-0000-0000-0000-000000000007}"],
    "day": ["2026-02-30"],
    "hour": [dt.time(12, tzinfo=dt.UTC), "25:00"],
    "moment": ["yesterday", UTC_MIN.replace(tzinfo=ABROAD)],
    "span": [dt.timedelta.max],
    "data": [float("nan"), {"a": {1, 2}}, 2**64, "a\0b"],
    "numbers": [[2**31], "x"],
    "address": ["300.1.1.1"],
}


#: A file and the memory are one engine here, and there are many values.
each = pytest.mark.parametrize("engine", ["sqlite-file", "postgresql", "mariadb"], indirect=True)


async def check_kept(name: str, given: Any, kept: Any) -> None:
    """Check that a value comes back by every way in, and is found again where it can be compared."""
    one = await Everything.objects.create(**{name: given})
    (two,) = await Everything.objects.bulk_create([Everything(**{name: given})])
    three = await Everything.objects.create()
    await Everything.objects.filter(id=three.pk).update(**{name: given})
    keys = [one.pk, two.pk, three.pk]
    for key in keys:
        found = getattr(await Everything.objects.get(id=key), name)
        assert (found, type(found)) == (kept, type(kept))
        if isinstance(kept, Decimal | dt.datetime):
            assert repr(found) == repr(kept)
    assert await Everything.objects.filter(**{name: given}).order_by("id").values_list("id", flat=True) == keys
    assert await Everything.objects.filter(**{f"{name}__in": [given]}).count() == 3
    assert await Everything.objects.exclude(**{name: given}).count() == 0
    await Everything.objects.all().delete()


@each
@pytest.mark.parametrize("name", KEPT)
async def test_value_is_kept_as_it_was(database: Database, name: str) -> None:
    """Every type, at its limits: it comes back equal and of its type, and is found again (C-011vf)."""
    for value in KEPT[name]:
        await check_kept(name, value, value)


@each
@pytest.mark.parametrize("name", CONVERTED)
async def test_value_becomes_what_its_field_holds(database: Database, name: str) -> None:
    """What stands for a value is turned into it before any engine sees it: moments with an offset, texts, numbers."""
    for given, kept in CONVERTED[name]:
        await check_kept(name, given, kept)


@each
@pytest.mark.parametrize("name", REFUSED)
async def test_value_that_cannot_be_kept_is_refused(database: Database, name: str) -> None:
    """By the same error on every engine, whichever way it comes, and nothing is stored (C-011vf)."""
    row = await Everything.objects.create()
    for value in REFUSED[name]:
        with pytest.raises(ModelValidationError) as caught:
            _ = await Everything.objects.create(**{name: value})
        assert list(caught.value.errors) == [name]
        with pytest.raises(ModelValidationError):
            await Everything.objects.bulk_create([Everything(**{name: value})])
        with pytest.raises(ModelValidationError):
            await Everything.objects.filter(id=row.pk).update(**{name: value})
    assert await Everything.objects.count() == 1
    assert getattr(await Everything.objects.get(id=row.pk), name) is None


@each
async def test_empty_text_is_a_text(database: Database) -> None:
    """It is neither NULL nor a space, where a field takes it."""
    author = await Author.objects.create(name="Ann")
    for bio in ("", " "):
        await Profile.objects.all().delete()
        _ = await Profile.objects.create(author=author, bio=bio)
        assert (await Profile.objects.get(bio=bio)).bio == bio
        assert not await Profile.objects.filter(bio={"": " ", " ": ""}[bio]).exists()
        assert not await Profile.objects.filter(bio__isnull=True).exists()


@each
async def test_texts_are_told_apart_in_unique_keys(database: Database) -> None:
    """Case, accents, spaces at the end, signs that look alike: each is a text of its own, and once only (C-011vf)."""
    words = ["a", "A", "ä", "a\u0308", "Ä", "a ", " a", "ß", "ss", "ﬁ", "fi", "🐍", "İ", "i", "", " "]
    await Tag.objects.bulk_create([Tag(word=word) for word in words if word.strip()])
    stored = {word for word in words if word.strip()}
    for word in stored:
        assert await Tag.objects.filter(word=word).values_list("word", flat=True) == [word]
        assert (await Tag.objects.get_or_create(word=word))[1] is False
        with pytest.raises(IntegrityError) as caught:
            async with atomic():
                _ = await Tag.objects.create(word=word)
        assert caught.value.kind == "unique"
    assert set(await Tag.objects.values_list("word", flat=True).distinct()) == stored
    assert await Tag.objects.filter(word__in=["A", "ä"]).count() == 2
    assert await Tag.objects.exclude(word="a").count() == len(stored) - 1


@each
async def test_comparison_takes_no_notice_of_what_a_column_cannot_hold(database: Database) -> None:
    """A value outside of the range of a column is refused in a filter too, by name and before anything is sent."""
    for name, value in (("big", 2**63), ("moment", "yesterday"), ("token", "x"), ("ratio", float("nan"))):
        with pytest.raises(FieldError, match=name):
            await Everything.objects.filter(**{name: value})


@each
async def test_whole_numbers_of_64_bits_do_not_wrap(database: Database) -> None:
    """What an expression comes to is refused by the engine, and the row stays as it was."""
    row = await Everything.objects.create(big=2**63 - 1)
    with pytest.raises(Exception, match=r".+") as caught:
        async with atomic():
            await Everything.objects.filter(id=row.pk).update(big=F("big") + 1)
    assert type(caught.value).__module__ == "openviper.db.exceptions"
    assert (await Everything.objects.get(id=row.pk)).big == 2**63 - 1
