"""Ways: what becomes of one value that something is compared with."""

import datetime as dt
import enum
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db import fields
from openviper.db.compiler.values import Parameters
from openviper.db.compiler.ways import field_for, way_to
from openviper.db.dialects.base import Dialect
from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.forms import Storage, storage_of
from openviper.db.exceptions import FieldError, FieldValueError
from openviper.db.fields.base import AnyField, FieldKind
from openviper.db.models import Model

SQLITE = get_dialect("sqlite")
POSTGRES = get_dialect("postgresql")
INTEGER = Storage(kind=FieldKind.INTEGER)


class Letter(enum.StrEnum):
    """A member that is a text as well."""

    A = "a"


def bind(field: AnyField, value: object, dialect: Dialect = SQLITE) -> object:
    """Give what the driver gets for a value that a field is compared with."""
    parameters = Parameters(dialect)
    made = parameters.value(0, way_to(storage_of(field), dialect, label="name", field=field))
    return parameters.binder([made.key])((value,))[0]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (fields.IntegerField(), 5, 5),
        (fields.IntegerField(), "5", 5),
        (fields.CharField(), "a", "a"),
        (fields.CharField(max_length=2), "longer", "longer"),
        (fields.CharField(), "é", "é"),
        (fields.CharField(choices=Letter), Letter.A, "a"),
        (fields.CharField(), Letter.A, "a"),
        (fields.EmailField(), "no address", "no address"),
        (fields.BooleanField(), True, 1),
        (fields.DecimalField(), Decimal("1.5"), 150),
        (fields.DecimalField(), 2, 200),
        (fields.FloatField(), 2, 2.0),
        (fields.FloatField(), float("inf"), float("inf")),
        (fields.UUIDField(), UUID(int=1), UUID(int=1).bytes),
        (fields.DateField(), dt.date(2026, 1, 31), "2026-01-31"),
        (fields.DurationField(), dt.timedelta(seconds=1), 1_000_000),
        (fields.JSONField(), {"b": 1, "a": [2]}, '{"a":[2],"b":1}'),
        (fields.BinaryField(), bytearray(b"x"), b"x"),
        (fields.ArrayField(fields.IntegerField()), (1, "2"), "[1,2]"),
        (fields.GenericIPAddressField(), "2001:DB8::0", "2001:db8::"),
    ],
    ids=repr,
)
def test_value_becomes_what_the_column_holds(field: AnyField, value: object, expected: object) -> None:
    """A value of the right type, or what stands for one, is brought into the form of the engine."""
    result = bind(field, value)

    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (fields.IntegerField(), None),
        (fields.IntegerField(), 2**31),
        (fields.SmallIntegerField(), 2**15),
        (fields.BigIntegerField(), -(2**63) - 1),
        (fields.IntegerField(), 1.0),
        (fields.IntegerField(), True),
        (fields.IntegerField(), "1x"),
        (fields.CharField(), 1),
        (fields.CharField(), b"a"),
        (fields.CharField(), "\0"),
        (fields.CharField(), "\ud800"),
        (fields.DecimalField(), "1.005"),
        (fields.DecimalField(), Decimal("1e9")),
        (fields.DecimalField(), Decimal("nan")),
        (fields.FloatField(), float("nan")),
        (fields.FloatField(), "x"),
        (fields.BooleanField(), 2),
        (fields.UUIDField(), "x"),
        (fields.DateField(), dt.datetime(2026, 1, 31, tzinfo=dt.UTC)),
        (fields.TimeField(), dt.time(1, tzinfo=dt.UTC)),
        (fields.DurationField(), 5),
        (fields.JSONField(), object),
        (fields.BinaryField(), "x"),
        (fields.ArrayField(fields.IntegerField()), 5),
    ],
    ids=repr,
)
@pytest.mark.parametrize("dialect", [SQLITE, POSTGRES], ids=lambda one: one.name)
def test_value_that_can_be_nothing_of_the_column_is_refused(field: AnyField, value: object, dialect: Dialect) -> None:
    """It would be found nowhere, so it is an error with the name of what it was compared with."""
    with pytest.raises(FieldError, match=r"^name: "):
        bind(field, value, dialect)


def test_naive_datetime_is_read_as_the_field_reads_it() -> None:
    """A datetime without an offset is the time in TIME_ZONE."""
    naive = dt.datetime(2026, 1, 31, 12)  # noqa: DTZ001 - that is the point
    assert bind(fields.DateTimeField(), naive, POSTGRES) == naive.replace(tzinfo=dt.UTC)


FIELDS: dict[str, Callable[[], AnyField]] = {
    "integer": fields.IntegerField,
    "float": fields.FloatField,
    "char": fields.CharField,
    "boolean": fields.BooleanField,
    "uuid": fields.UUIDField,
    "date": fields.DateField,
    "datetime": fields.DateTimeField,
    "decimal": fields.DecimalField,
    "binary": fields.BinaryField,
    "json": fields.JSONField,
}
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.decimals(),
    st.datetimes(),
    st.dates(),
    st.uuids(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)


@given(kind=st.sampled_from(sorted(FIELDS)), value=ANYTHING, name=st.sampled_from(["sqlite", "postgresql"]))
def test_any_value_is_bound_or_refused(kind: str, value: Any, name: str) -> None:
    """Nothing else than a FieldError comes of a value, whatever it is."""
    try:
        result = bind(FIELDS[kind](), value, get_dialect(name))
    except FieldError:
        return
    assert result is not None


def test_instance_stands_for_its_key() -> None:
    """An instance of the model that is meant gives its key; any other one is refused, as is one without a key."""

    class Author(Model):
        name = fields.CharField()

    class Book(Model):
        title = fields.CharField()

    way = way_to(Storage(kind=FieldKind.BIGINT), SQLITE, label="author", model=Author)
    assert way.convert(Author(id=5)) == 5
    for record, message in ((Book(id=5), "one of Author is meant"), (Author(), "not saved yet")):
        with pytest.raises(FieldValueError, match=message):
            way.convert(record)
    with pytest.raises(FieldValueError, match="stands for no value here"):
        way_to(Storage(kind=FieldKind.BIGINT), SQLITE, label="age").convert(Author(id=5))


@pytest.mark.parametrize("kind", [kind for kind in FieldKind if kind != FieldKind.DECIMAL])
def test_every_kind_has_a_field_that_reads_it(kind: FieldKind) -> None:
    """A computed value without a field of a model is read like that of a field of its kind."""
    read = field_for(Storage(kind=kind))
    assert read.kind == (FieldKind.TEXT if kind == FieldKind.CHAR else kind)
