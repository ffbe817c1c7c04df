"""The matrix: each kind of value on each engine, there and back, in order, and found again by the engine."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal, localcontext
from enum import Enum, IntEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openviper.db import fields
from openviper.db.fields.base import AnyField
from tests.contract.storage.stores import Store, table_of


class Colour(str, Enum):  # noqa: UP042 - what str() says of such a member is not its value
    """Members are texts, and say something else of themselves."""

    RED = "red"
    GREEN = "green's \\ %s"


class Size(IntEnum):
    """Members are numbers."""

    SMALL = 1
    LARGE = 2_000_000


def texts(most: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=most)


def decimals(digits: int, places: int) -> st.SearchStrategy[Decimal]:
    most = 10**digits - 1
    return st.integers(-most, most).map(lambda number: Decimal(f"{number}e-{places}"))


# The second of two equal times means nothing in UTC, and in a time without a date.
INSTANTS: Final = st.datetimes(timezones=st.just(dt.UTC)).map(lambda value: value.replace(fold=0))
TIMES: Final = st.times().map(lambda value: value.replace(fold=0))
UTC_MIN: Final = dt.datetime.min.replace(tzinfo=dt.UTC)
UTC_MAX: Final = dt.datetime.max.replace(tzinfo=dt.UTC)
LONGEST: Final = dt.timedelta(microseconds=2**63 - 1)
AWKWARD: Final = [
    "",
    "a",
    "A",
    "ä",
    "a ",
    " a",
    "'",
    '"',
    "\\",
    "%s",
    "%",
    "?",
    "$1",
    "\n",
    "\t",
    "\x1a",
    "\U0001f40d",
    "ﬁ",
    "ß",
]
# What is smaller than the smallest normal number is taken for 0 by MariaDB.
FLOATS: Final = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
LEAVES: Final = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    # For jsonb 1 and 1.0 are equal, and from 1e16 on it drops the point of a float.
    | st.floats(-1e15, 1e15, allow_nan=False, allow_subnormal=False).filter(lambda number: not number.is_integer())
    | texts(20)
)
JSON: Final = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(8), inner, max_size=4), max_leaves=10
).filter(lambda value: value is not None)


def array_of(item: Callable[[], AnyField]) -> AnyField:
    return fields.ArrayField(item())


#: Name to the field, values that are always tried, and a source of others.
KINDS: Final[dict[str, tuple[Callable[[], AnyField], list[Any], st.SearchStrategy[Any]]]] = {
    "smallint": (fields.SmallIntegerField, [-(2**15), -1, 0, 1, 2**15 - 1], st.integers(-(2**15), 2**15 - 1)),
    "integer": (fields.IntegerField, [-(2**31), -1, 0, 1, 2**31 - 1], st.integers(-(2**31), 2**31 - 1)),
    "bigint": (fields.BigIntegerField, [-(2**63), -1, 0, 2**53 + 1, 2**63 - 1], st.integers(-(2**63), 2**63 - 1)),
    "float": (
        fields.FloatField,
        [-1.7976931348623157e308, -1e-5, 0.0, 0.1, 1 / 3, 1e16, 2.0, 1.7976931348623157e308, 2.2250738585072014e-308],
        FLOATS,
    ),
    "decimal(10, 2)": (
        fields.DecimalField,
        [
            Decimal(text)
            for text in ("-99999999.99", "-10.00", "-9.00", "-0.01", "0.00", "9.00", "10.00", "99999999.99")
        ],
        decimals(10, 2),
    ),
    "decimal(18, 18)": (
        lambda: fields.DecimalField(max_digits=18, decimal_places=18),
        [Decimal("0.000000000000000001"), Decimal("-0.999999999999999999"), Decimal("0E-18")],
        decimals(18, 18),
    ),
    "decimal(12, 0)": (
        lambda: fields.DecimalField(max_digits=12, decimal_places=0),
        [Decimal(-999999999999), Decimal(0), Decimal(1000), Decimal(999999999999)],
        decimals(12, 0),
    ),
    "decimal(19, 2)": (
        lambda: fields.DecimalField(max_digits=19, decimal_places=2),
        [Decimal("12345678901234567.89"), Decimal("-12345678901234567.89"), Decimal("0.00"), Decimal("-0.01")],
        decimals(19, 2),
    ),
    "decimal(38, 10)": (
        lambda: fields.DecimalField(max_digits=38, decimal_places=10),
        [Decimal("-9999999999999999999999999999.9999999999"), Decimal("0.0000000001"), Decimal("0E-10")],
        decimals(38, 10),
    ),
    "decimal(80, 40)": (
        lambda: fields.DecimalField(max_digits=80, decimal_places=40),
        [Decimal("1e-40"), Decimal("-1e-40"), Decimal(9) * Decimal(10) ** 39],
        decimals(80, 40),
    ),
    "boolean": (fields.BooleanField, [True, False], st.booleans()),
    "char": (lambda: fields.CharField(max_length=50, blank=True), AWKWARD, texts(50)),
    "char with an enum": (lambda: fields.CharField(choices=Colour), list(Colour), st.sampled_from(Colour)),
    "integer with an enum": (lambda: fields.IntegerField(choices=Size), list(Size), st.sampled_from(Size)),
    "text": (lambda: fields.TextField(blank=True), [*AWKWARD, "x" * 70_000], texts(200)),
    "uuid": (fields.UUIDField, [UUID(int=0), UUID(int=1), UUID(int=2**127), UUID(int=2**128 - 1)], st.uuids()),
    "date": (
        fields.DateField,
        [dt.date.min, dt.date(1969, 12, 31), dt.date(2024, 2, 29), dt.date.max],
        st.dates(),
    ),
    "time": (
        fields.TimeField,
        [dt.time.min, dt.time(12, 30), dt.time(0, 0, 0, 1), dt.time.max],
        st.times().map(lambda value: value.replace(fold=0)),
    ),
    "datetime": (
        fields.DateTimeField,
        [
            UTC_MIN,
            dt.datetime(1969, 12, 31, 23, 59, 59, 999999, dt.UTC),
            dt.datetime(2038, 1, 20, tzinfo=dt.UTC),
            UTC_MAX,
        ],
        INSTANTS,
    ),
    "duration": (
        fields.DurationField,
        [-LONGEST, dt.timedelta(microseconds=-1), dt.timedelta(), dt.timedelta(days=3, microseconds=7), LONGEST],
        st.timedeltas(-LONGEST, LONGEST),
    ),
    "json": (
        fields.JSONField,
        [
            {"b": 1, "a": [1, 2.0, 2.5, None, True, "ä", {"x": {}}]},
            [],
            {},
            "",
            "text",
            0,
            False,
            2**63 - 1,
            {"%s": "'\\"},
        ],
        JSON,
    ),
    "binary": (fields.BinaryField, [b"", b"\0", b"\xff" * 300, bytes(range(256)), b"'\\%s"], st.binary(max_size=300)),
    "ip": (
        fields.GenericIPAddressField,
        ["0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::ff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
        st.ip_addresses().map(str),
    ),
    "array of integers": (
        lambda: fields.ArrayField(fields.IntegerField()),
        [[], [0], [1, -1], [2**31 - 1] * 40],
        st.lists(st.integers(-(2**31), 2**31 - 1), max_size=8),
    ),
    "array of texts or None": (
        lambda: fields.ArrayField(fields.CharField(null=True, blank=True)),
        [[None], ["", None, "NULL", "{}", '"', ","], AWKWARD],
        st.lists(st.none() | texts(10), max_size=6),
    ),
    "array of decimals": (
        lambda: fields.ArrayField(fields.DecimalField(max_digits=20, decimal_places=10)),
        [[Decimal("0E-10"), Decimal("1E-10"), Decimal("-9999999999.9999999999")]],
        st.lists(decimals(20, 10), max_size=4),
    ),
    "array of moments": (
        lambda: fields.ArrayField(fields.DateTimeField()),
        [[UTC_MIN, UTC_MAX]],
        st.lists(INSTANTS, max_size=4),
    ),
    "array of members": (
        lambda: fields.ArrayField(fields.CharField(choices=Colour)),
        [list(Colour)],
        st.lists(st.sampled_from(Colour), max_size=4),
    ),
    **{
        f"array of {name}": (partial(array_of, item), [values], st.lists(source, max_size=4))
        for name, item, values, source in [
            ("uuids", fields.UUIDField, [UUID(int=7)], st.uuids()),
            ("dates", fields.DateField, [dt.date.min, dt.date.max], st.dates()),
            ("times", fields.TimeField, [dt.time.max], TIMES),
            ("durations", fields.DurationField, [-LONGEST], st.timedeltas(-LONGEST, LONGEST)),
            ("bytes", fields.BinaryField, [b"", b"\0\xff"], st.binary(max_size=20)),
            ("floats", fields.FloatField, [0.0, 2.0, -0.1], FLOATS.map(lambda number: number + 0.0)),
            ("booleans", fields.BooleanField, [True, False], st.booleans()),
            ("addresses", fields.GenericIPAddressField, ["::1"], st.ip_addresses().map(str)),
        ]
    },
}

ONE_AFTER_THE_OTHER: Final = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("kind", KINDS)
def test_value_comes_back(store: Store, kind: str) -> None:
    """What was stored comes back equal and of the same type; NULL does as None."""
    make, always, source = KINDS[kind]
    with table_of(store, make()) as column:

        @ONE_AFTER_THE_OTHER
        @given(st.lists(source, max_size=12))
        def try_values(drawn: list[Any]) -> None:
            column.fill(values := [column.field.clean(value) for value in drawn] + [None])
            check_same(column.values(), values)

        column.fill(values := [column.field.clean(value) for value in always])
        check_same(column.values(), values)
        try_values()


def check_same(found: list[Any], values: list[Any]) -> None:
    assert found == values
    assert [type(one) for one in found] == [type(one) for one in values]
    assert [repr(one) for one in found if isinstance(one, Decimal | UUID | dt.datetime)] == [
        repr(one) for one in values if isinstance(one, Decimal | UUID | dt.datetime)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_engine_orders_as_python_does(store: Store, kind: str) -> None:
    """ORDER BY gives the order of the values, where the form says so."""
    make, always, source = KINDS[kind]
    with table_of(store, make()) as column:
        if not column.form.is_ordered or kind.startswith("array"):
            pytest.skip("this form promises no order")

        @ONE_AFTER_THE_OTHER
        @given(st.lists(source, min_size=2, max_size=12))
        def try_values(drawn: list[Any]) -> None:
            column.fill(values := [column.field.clean(value) for value in drawn])
            assert column.in_order() == sorted(range(len(values)), key=values.__getitem__)

        column.fill(values := [column.field.clean(value) for value in reversed(always)])
        assert column.in_order() == sorted(range(len(values)), key=values.__getitem__)
        try_values()


@pytest.mark.parametrize("kind", KINDS)
def test_engine_finds_the_value(store: Store, kind: str) -> None:
    """A comparison finds a value and those that are equal to it in Python, and no others."""
    make, always, source = KINDS[kind]
    with table_of(store, make()) as column:

        @ONE_AFTER_THE_OTHER
        @given(st.lists(source, min_size=1, max_size=6))
        def try_values(drawn: list[Any]) -> None:
            check_found([column.field.clean(value) for value in drawn])

        def check_found(values: list[Any]) -> None:
            column.fill(values)
            for value in values:
                assert column.equal_to(value) == [n for n, one in enumerate(values) if are_equal(one, value, kind)]

        check_found([column.field.clean(value) for value in always])
        try_values()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("array")])
def test_list_of_values_is_one_parameter(store: Store, kind: str) -> None:
    """Where one parameter carries a list, the values in it find their rows."""
    if not store.dialect.features.array_parameter:
        pytest.skip("the engine has no such parameters")
    make, always, _ = KINDS[kind]
    with table_of(store, make()) as column:
        values = [column.field.clean(value) for value in always]
        column.fill(values)
        wanted = [column.bind(value) for value in values[1:]]
        found = store.fetch(f"SELECT n FROM matrix WHERE v = ANY(?::{column.form.parameter_type}[]) ORDER BY n", wanted)
        assert [row[0] for row in found] == [n for n in range(len(values)) if values[n] in values[1:]]


def test_cast_of_a_parameter_cuts_nothing(store: Store) -> None:
    """A value that is too long or too exact for a column is not taken for one that fits."""
    if not store.dialect.features.array_parameter:
        pytest.skip("the engine has no such parameters")
    with table_of(store, fields.CharField(max_length=3)) as column:
        column.fill(["abc"])
        assert store.fetch(f"SELECT n FROM matrix WHERE v = ?::{column.form.parameter_type}", "abcd") == []
    with table_of(store, fields.DecimalField()) as column:
        column.fill([Decimal("1.01")])
        sql = f"SELECT n FROM matrix WHERE v = ?::{column.form.parameter_type}"
        assert store.fetch(sql, Decimal("1.006")) == []


def sorted_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def are_equal(one: Any, other: Any, kind: str) -> bool:
    """Compare values; 0 and False are two of them in JSON."""
    return bool(sorted_json(one) == sorted_json(other)) if kind == "json" else bool(one == other)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.startswith(("decimal", "duration"))])
def test_engine_adds_up_exactly(store: Store, kind: str) -> None:
    """A sum has no rounding, where the form says that the engine computes."""
    make, always, _ = KINDS[kind]
    with table_of(store, make()) as column:
        if not column.form.is_computable:
            pytest.skip("the engine cannot compute with this form")
        values = [column.field.clean(value) for value in always if abs(value) != LONGEST]
        column.fill(values)
        total = store.fetch("SELECT SUM(v) FROM matrix")[0][0]
        if kind == "duration":
            # The sum of whole numbers is a decimal on PostgreSQL and MariaDB.
            assert column.read(int(total)) == sum(values, dt.timedelta())
            return
        with localcontext(prec=100):
            assert column.read(total) == sum(values)


def test_moment_without_zone_comes_back(store: Store) -> None:
    """With USE_TZ off it is what clocks show: no zone is added or taken away, and the order is theirs."""
    with table_of(store, fields.DateTimeField(null=True), use_tz=False) as column:

        @ONE_AFTER_THE_OTHER
        @given(st.lists(st.datetimes().map(lambda value: value.replace(fold=0)), max_size=12))
        def try_values(drawn: list[dt.datetime]) -> None:
            column.fill([*drawn, None])
            check_same(column.values(), [*drawn, None])
            column.fill(drawn)
            assert column.in_order() == sorted(range(len(drawn)), key=drawn.__getitem__)

        try_values()
