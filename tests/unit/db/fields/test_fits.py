"""Fits: where one holds, cleaning gives the very same value back; usual values fit; foreign classes void them."""

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal
from enum import Enum, IntEnum, IntFlag
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.conf import settings
from openviper.db import fields
from openviper.db.fields import TextChoice
from openviper.db.fields.base import AnyField
from openviper.db.fields.fits import Fit


class Color(TextChoice):
    RED = "red"
    EMPTY = ""


class Shade(TextChoice):
    DARK = "dark"
    LIGHT = "light"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Right(IntFlag):
    READ = 1
    WRITE = 2


class Guessing(str, Enum):  # noqa: UP042 - made to be another class than StrEnum
    YES = "yes"

    @classmethod
    def _missing_(cls, value: object) -> "Guessing":
        made = str.__new__(cls, str(value))
        made._value_ = str(value)
        made._name_ = "guess"
        return made


class Text(str):
    __slots__ = ()


class Number(int):
    pass


class Lower(fields.CharField[str]):
    """A field of a project, which changes what it is given."""

    def coerce(self, value: object) -> object:
        return str(value).lower()


class Even(fields.IntegerField[int]):
    """A field of a project, which refuses more than its parent."""

    def check(self, value: int) -> None:
        super().check(value - value % 2)


class Trimmed(fields.TextField[str]):
    """A field of a project, which takes cleaning into its own hands."""

    def clean(self, value: object) -> str:
        return super().clean(value).strip()


def choices(given: object, kind: type[AnyField]) -> AnyField:
    """Make a field with choices whose type is beside the point here."""
    return kind(choices=given)


FIELDS: dict[str, AnyField] = {
    "integer": fields.IntegerField(),
    "small": fields.SmallIntegerField(),
    "big": fields.BigIntegerField(),
    "positive": fields.PositiveIntegerField(),
    "auto": fields.AutoField(),
    "float": fields.FloatField(),
    "any float": fields.FloatField(allow_inf=True, allow_nan=True),
    "decimal": fields.DecimalField(max_digits=6, decimal_places=2),
    "whole decimal": fields.DecimalField(max_digits=3, decimal_places=0),
    "fraction": fields.DecimalField(max_digits=3, decimal_places=3),
    "boolean": fields.BooleanField(),
    "char": fields.CharField(max_length=5),
    "blank": fields.CharField(max_length=5, blank=True),
    "text": fields.TextField(),
    "limited text": fields.TextField(max_length=5, blank=True),
    "slug": fields.SlugField(max_length=5),
    "blank slug": fields.SlugField(max_length=5, blank=True),
    "email": fields.EmailField(),
    "url": fields.URLField(),
    "ip": fields.IPAddressField(),
    "uuid": fields.UUIDField(),
    "date": fields.DateField(),
    "time": fields.TimeField(),
    "datetime": fields.DateTimeField(),
    "duration": fields.DurationField(),
    "json": fields.JSONField(),
    "binary": fields.BinaryField(),
    "limited binary": fields.BinaryField(max_length=3),
    "array": fields.ArrayField(fields.IntegerField()),
    "texts to choose": choices(["a", "b", ""], fields.CharField),
    "numbers to choose": choices([(1, "one"), (2, "two"), (2**40, "many")], fields.IntegerField),
    "enum": choices(Shade, fields.CharField),
    "enum with blank": choices(Color, fields.CharField),
    "numbers of an enum": choices(Size, fields.IntegerField),
    "flags": choices(Right, fields.IntegerField),
    "guessing enum": choices(Guessing, fields.CharField),
    "lower": Lower(),
    "even": Even(),
    "trimmed": Trimmed(),
    "validated": fields.IntegerField(validators=[lambda value: value]),
}

BERLIN = dt.timezone(dt.timedelta(hours=2))
MOMENTS = st.datetimes() | st.datetimes(timezones=st.sampled_from([dt.UTC, BERLIN]))
EDGES: list[object] = [
    *(sign * 2**power + more for power in (15, 31, 63) for sign in (1, -1) for more in (-1, 0, 1)),
    *(
        Decimal(text)
        for text in ("9999.99", "10000.00", "-0.00", "0.00", "0", "1.5", "1E+2", "NaN", "sNaN", "Infinity")
    ),
    *(Decimal(text) for text in ("999", "1000", "0.999", "1.000", "-9999.99", "1.50")),
    *(math.inf, -math.inf, math.nan, 0.0, -0.0, 1e308),
    *("", "a", "red", "dark", "yes", "abcde", "abcdef", "a\0b", "ä", "a\ud800", "a b", Text("a"), "7"),
    *(Number(5), True, False, 0, 1, 2, 3, 2**40, None, b"", b"abc", b"abcd", bytearray(b"a")),
    *(*Color, *Shade, *Size, *Right, Right.READ | Right.WRITE, *Guessing, Guessing("made up")),
    *(dt.timedelta.max, dt.timedelta.min, dt.timedelta(days=106751991), dt.timedelta(days=-106751991)),
    *(dt.date(2026, 1, 31), dt.time(12, tzinfo=dt.UTC), dt.datetime.max.replace(tzinfo=BERLIN), [], [1], {}, object()),
]
VALUES = st.one_of(
    st.sampled_from(EDGES),
    st.integers(),
    st.floats(),
    st.decimals(places=2) | st.decimals(min_value=-20000, max_value=20000),
    st.text(max_size=7),
    st.text("ab-_", max_size=7),
    st.binary(max_size=5),
    st.uuids(),
    st.dates() | st.times() | MOMENTS | st.timedeltas(),
)


def predicate(fit: Fit, *, null: bool = False) -> Callable[[object], object]:
    """Make a function of a fit, as generated code has it inline."""
    return cast("Callable[[object], object]", eval(f"lambda v: {fit.write('v', null=null)}", dict(fit.names)))


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are one to everybody: equal, of one type, and written alike."""
    return one is other or (type(one) is type(other) and one == other and repr(one) == repr(other))


@pytest.fixture(autouse=True, params=[True, False], ids=["instants", "clocks"])
def use_tz(request: pytest.FixtureRequest) -> None:
    """Datetimes are held both ways."""
    settings.configure(SECRET_KEY="x" * 50, USE_TZ=request.param)


@pytest.mark.parametrize("name", FIELDS)
@given(value=VALUES)
def test_what_fits_is_clean(name: str, value: object) -> None:
    """Where the fit holds, clean() refuses nothing and changes nothing; it never raises."""
    fit = FIELDS[name].fit()
    if fit is not None and predicate(fit)(value):
        assert is_same(FIELDS[name].clean(value), value)


@pytest.mark.parametrize("name", FIELDS)
@given(value=VALUES)
def test_value_that_fits_is_coerced_to_itself(name: str, value: object) -> None:
    """What lookups ask says the same of coerce() and check()."""
    fit = FIELDS[name].fit_value()
    if fit is not None and predicate(fit)(value):
        coerced = FIELDS[name].coerce(value)
        FIELDS[name].check(coerced)
        assert is_same(coerced, value)


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: type(edge).__name__)
def test_edges(edge: object) -> None:
    """The same holds for the values at the borders, each with each field; none of them but None fits as None."""
    for field in FIELDS.values():
        fit = field.fit()
        if fit is not None and predicate(fit)(edge):
            assert edge is not None
            assert is_same(field.clean(edge), edge)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC if settings.USE_TZ else None)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("integer", lambda: 5),
        ("positive", lambda: 0),
        ("auto", lambda: 2**40),
        ("float", lambda: -1.5),
        ("decimal", lambda: Decimal("-9999.99")),
        ("decimal", lambda: Decimal("0.00")),
        ("fraction", lambda: Decimal("0.125")),
        ("boolean", lambda: False),
        ("char", lambda: "abcde"),
        ("blank", lambda: ""),
        ("text", lambda: "long " * 1000),
        ("slug", lambda: "a-b_1"),
        ("uuid", uuid4),
        ("uuid", lambda: UUID(int=0)),
        ("date", dt.date.today),
        ("time", lambda: dt.time(12, 30)),
        ("datetime", now),
        ("duration", lambda: dt.timedelta(days=-3)),
        ("binary", lambda: b"\0" * 1000),
        ("texts to choose", lambda: "b"),
        ("numbers to choose", lambda: 2),
        ("enum", lambda: Shade.DARK),
        ("numbers of an enum", lambda: Size.LARGE),
    ],
)
def test_usual_values_fit(name: str, make: Callable[[], object]) -> None:
    """What an instance usually holds does not have to be looked at by its field."""
    fit = FIELDS[name].fit()
    assert fit is not None
    assert predicate(fit)(make())


@pytest.mark.parametrize("name", ["lower", "even", "trimmed", "validated", "email", "url", "flags", "guessing enum"])
def test_fields_that_cannot_say(name: str) -> None:
    """What overrides a step of cleaning, validates, or may hold what is no member has no fit."""
    assert FIELDS[name].fit() is None


def test_validators_and_choices_are_no_matter_of_lookups() -> None:
    """A lookup may ask for a value that could not be stored."""
    for name in ("validated", "numbers to choose", "numbers of an enum"):
        fit = FIELDS[name].fit_value()
        assert fit is not None
        assert predicate(fit)(5)


def test_none_fits_where_it_is_asked_for() -> None:
    """No fit holds for None by itself; ``write(null=True)`` adds it."""
    fit = fields.IntegerField(null=True).fit()
    assert fit is not None
    assert not predicate(fit)(None)
    assert predicate(fit, null=True)(None)


@pytest.mark.parametrize(
    ("field", "takes_none"),
    [
        (fields.IntegerField(), False),
        (fields.IntegerField(null=True), True),
        (fields.AutoField(), True),
        (fields.DateField(auto_now=True), True),
        (fields.DateTimeField(auto_now_add=True), True),
        (fields.TimeField(), False),
    ],
)
def test_who_takes_none(field: AnyField, *, takes_none: bool) -> None:
    """None passes where it is stored, where the engine makes the value, and where saving does."""
    assert field.takes_none is takes_none
