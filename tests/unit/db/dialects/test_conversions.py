"""What is refused on the way to a driver that would take it for something else."""

import datetime as dt
from decimal import Decimal, localcontext
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import FieldValueError
from openviper.db.fields.base import FieldKind
from tests.contract.storage.stores import compiled

PRICE = Storage(kind=FieldKind.DECIMAL, max_digits=6, decimal_places=2)
LONG = Storage(kind=FieldKind.DECIMAL, max_digits=30, decimal_places=2)
MOMENT = Storage(kind=FieldKind.DATETIME)
NAIVE = dt.datetime(2026, 1, 31, 12, 30)  # noqa: DTZ001 - what is refused
BERLIN = dt.datetime(2026, 1, 31, 12, 30, tzinfo=ZoneInfo("Europe/Berlin"))
ALL = ["sqlite", "postgresql", "mysql", "mariadb", "oracle", "mssql"]


def bind(engine: str, storage: Storage, value: object, *, use_tz: bool = True) -> object:
    return compiled(get_dialect(engine, use_tz=use_tz).form(storage).bind)(value)


def read(engine: str, storage: Storage, value: object, *, use_tz: bool = True) -> object:
    return compiled(get_dialect(engine, use_tz=use_tz).form(storage).read)(value)


@pytest.mark.parametrize("engine", ALL)
@pytest.mark.parametrize("storage", [PRICE, LONG])
@pytest.mark.parametrize("text", ["1.005", "1e40", "NaN", "sNaN", "Infinity", "-Infinity"])
def test_decimal_is_never_rounded(engine: str, storage: Storage, text: str) -> None:
    """What a column cannot hold as it is does not reach the engine, which would round it or store no number."""
    with pytest.raises(FieldValueError):
        bind(engine, storage, Decimal(text))


@pytest.mark.parametrize("storage", [PRICE, LONG])
def test_context_of_the_thread_has_no_say(storage: Storage) -> None:
    """A program may compute with three digits; what it stores keeps all of them."""
    with localcontext(prec=3):
        stored = bind("sqlite", storage, Decimal("1234.56"))
        assert read("sqlite", storage, stored) == Decimal("1234.56")


def test_decimal_is_stored_as_its_last_place() -> None:
    """SQLite gets a whole number, of cents for a price."""
    assert bind("sqlite", PRICE, Decimal("-12.50")) == -1250
    assert get_dialect("sqlite").form(PRICE).scale == 2


def test_long_decimal_is_a_text_that_sorts() -> None:
    """Beyond 64 bits the texts are in the order of the numbers."""
    numbers = [Decimal(text) for text in ("-10.00", "-9.00", "-0.01", "0.00", "0.01", "9.00", "10.00")]
    stored = [str(bind("sqlite", LONG, number)) for number in numbers]
    assert stored == sorted(stored)
    assert len({len(text) for text in stored}) == 1
    assert not get_dialect("sqlite").form(LONG).is_computable


@pytest.mark.parametrize("engine", ALL)
def test_moment_without_offset_is_no_instant(engine: str) -> None:
    """A driver would take it for local time, or for UTC."""
    with pytest.raises(FieldValueError, match="offset"):
        bind(engine, MOMENT, NAIVE)


@pytest.mark.parametrize("engine", ALL)
def test_moment_of_another_zone_is_stored_in_utc(engine: str) -> None:
    """The same instant is the same value, wherever it was written down."""
    assert bind(engine, MOMENT, BERLIN) == bind(engine, MOMENT, BERLIN.astimezone(dt.UTC))


@pytest.mark.parametrize("engine", ALL)
def test_instant_outside_of_the_calendar_is_refused(engine: str) -> None:
    """The first hours of the year 1 east of Greenwich have no date in UTC."""
    with pytest.raises(FieldValueError, match="years 1 to 9999"):
        bind(engine, MOMENT, dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2))))


@pytest.mark.parametrize("engine", ALL)
def test_offset_is_refused_where_none_is_kept(engine: str) -> None:
    """With USE_TZ off a column holds what clocks show; an offset would be dropped."""
    with pytest.raises(FieldValueError, match="offset"):
        bind(engine, MOMENT, BERLIN, use_tz=False)
    with pytest.raises(FieldValueError, match="offset"):
        bind(engine, Storage(kind=FieldKind.TIME), dt.time(12, tzinfo=dt.UTC))


@pytest.mark.parametrize("engine", ALL)
def test_moment_without_zone_comes_back_without(engine: str) -> None:
    """With USE_TZ off no zone is added on any way."""
    stored = bind(engine, MOMENT, NAIVE, use_tz=False)
    # The drivers hand out datetimes where the column is one; SQLite has texts.
    given = stored if engine == "sqlite" else NAIVE
    assert read(engine, MOMENT, given, use_tz=False) == NAIVE


@pytest.mark.parametrize("engine", ["sqlite", "mysql", "mariadb", "mssql"])
def test_nan_is_refused_where_it_would_be_null(engine: str) -> None:
    """SQLite stores it as NULL without a word, others have no such number."""
    with pytest.raises(FieldValueError, match="nan"):
        bind(engine, Storage(kind=FieldKind.FLOAT), float("nan"))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "oracle"])
def test_infinity_passes_where_it_is_a_number(engine: str) -> None:
    """It is stored as what it is."""
    assert bind(engine, Storage(kind=FieldKind.FLOAT), float("inf")) == float("inf")


def test_infinity_in_a_list_is_refused_where_lists_are_json() -> None:
    """JSON would have null in its place."""
    with pytest.raises(FieldValueError, match="inf"):
        bind("sqlite", Storage(kind=FieldKind.ARRAY, item=Storage(kind=FieldKind.FLOAT)), [float("inf")])


def test_uuid_is_one_of_the_standard_library() -> None:
    """What is read equals what was stored, and is as unchangeable."""
    value = uuid4()
    made = read("sqlite", Storage(kind=FieldKind.UUID), value.bytes)
    assert type(made) is UUID
    assert (made, hash(made), repr(made)) == (value, hash(value), repr(value))
    with pytest.raises(TypeError):
        setattr(made, "int", 1)  # noqa: B010 - checkers know that it is refused


def test_json_with_keys_in_another_order_is_the_same_text() -> None:
    """Equal values are equal for an engine that compares texts."""
    storage = Storage(kind=FieldKind.JSON)
    assert bind("sqlite", storage, {"b": 1, "a": {"d": 1, "c": 2}}) == '{"a":{"c":2,"d":1},"b":1}'


@pytest.mark.parametrize(("kind", "empty"), [(FieldKind.CHAR, ""), (FieldKind.TEXT, ""), (FieldKind.BINARY, b"")])
def test_empty_value_survives_oracle(kind: FieldKind, empty: object) -> None:
    """Oracle makes NULL of it, so the column takes NULL, which is read as what it was."""
    form = get_dialect("oracle").form(Storage(kind=kind, max_length=10))
    assert form.is_nullable
    assert read("oracle", Storage(kind=kind, max_length=10), "x") == "x"
    assert eval(form.read.write("v") if form.read else "", {"v": None}) == empty
    assert get_dialect("oracle").form(Storage(kind=kind, max_length=10, null=True)).read is None


def test_time_is_made_of_what_asyncmy_gives() -> None:
    """The driver reads a time of day as a length of time."""
    assert read("mysql", Storage(kind=FieldKind.TIME), dt.timedelta(hours=23, microseconds=1)) == dt.time(23, 0, 0, 1)
