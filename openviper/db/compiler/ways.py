"""Ways: what becomes of one value of a query before the driver gets it."""

import datetime as dt
import sys
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from openviper.db.dialects.base import Dialect
from openviper.db.dialects.forms import Conversion, Storage, StorageForm
from openviper.db.exceptions import FieldValueError
from openviper.db.fields.addresses import GenericIPAddressField
from openviper.db.fields.base import AnyField, FieldKind
from openviper.db.fields.fits import Fit
from openviper.db.fields.numeric import (
    BigIntegerField,
    BooleanField,
    DecimalField,
    FloatField,
    IntegerField,
    SmallIntegerField,
)
from openviper.db.fields.related import ForeignKey
from openviper.db.fields.structured import ArrayField, BinaryField, JSONField
from openviper.db.fields.temporal import DateField, DateTimeField, DurationField, TimeField
from openviper.db.fields.text import TextField, UUIDField
from openviper.db.registry import AnyModel

if TYPE_CHECKING:
    from openviper.db.dialects.sqltypes import SQLType

__all__ = ["Way", "field_for", "way_to", "way_to_field"]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What becomes of a value.

    Args:
        label: What the value is for, in messages: ``blog.Post.title (exact)``.
        slow: Gives what the column holds for any value, or refuses it with a FieldValueError.
        form: How the engine represents that.
        test: Tells in line that a value needs no ``slow``; None if every value does.
        bind: From what ``slow`` gives to what the driver takes.
        null: Whether ``slow`` may give None.
        assigned: Name of the field that is set to the value; None if the value is only compared.
    """

    label: str
    slow: Callable[[Any], object]
    form: StorageForm
    _: KW_ONLY
    test: Conversion | None = None
    bind: Conversion | None = None
    null: bool = False
    assigned: str | None = None

    def sql_type(self) -> "SQLType":
        """Give the type that SQLAlchemy knows the parameter by."""
        # SQLAlchemy is loaded by the first query.
        from openviper.db.dialects.sqltypes import type_of

        return type_of(self.form)

    def convert(self, value: object) -> object:
        """Take a value all the way, without any haste.

        Raises:
            FieldValueError: It cannot be what it stands for.
        """
        fit = self.slow(value)
        if self.bind is None or fit is None:
            return fit
        return eval(self.bind.write("value"), dict(self.bind.names), {"value": fit})  # noqa: S307 - text of ours

    def dressed(self, dress: Conversion) -> "Way":
        """Give the way of a text that becomes a pattern in the end."""
        return replace(self, bind=dress.after(self.bind))


def way_to(
    storage: Storage, dialect: Dialect, *, label: str, field: AnyField | None = None, model: AnyModel | None = None
) -> Way:
    """Give the way of a value that something is compared or computed with.

    What the column could not hold is refused, as nothing could be equal to it; lengths, choices and validators are no
    matter of a comparison.

    Args:
        storage: What the other side is.
        dialect: Of the engine.
        label: See ``Way``.
        field: The field that the other side is, which may read more values than others of its kind.
        model: Whose instances stand for their key.
    """
    # An enum is a matter of reading: members are turned into plain values on the way.
    plain = replace(storage, members=None)
    form = dialect.form(plain)
    source = field.storage if isinstance(field, ForeignKey) else field
    slow = _comparing(plain.kind, source or field_for(plain), model)
    test = _test_of(plain.kind, use_tz=dialect.use_tz) if source is None else _inline(source.fit_value())
    return Way(label, slow, form, test=test, bind=form.bind)


def way_to_field(field: AnyField, dialect: Dialect) -> Way:
    """Give the way of a value that a field is set to.

    Args:
        field: The field.
        dialect: Of the engine.
    """
    form = dialect.form_of(field)
    slow = field.clean if field.null else _setting(field)
    return Way(field.path, slow, form, test=_inline(field.fit()), bind=form.bind, null=True, assigned=field.name)


def _setting(field: AnyField) -> Callable[[Any], object]:
    """Give what cleans a value that a row gets, which has no use for a None that a save would fill in."""

    def clean(value: object) -> object:
        if value is None:
            raise FieldValueError("This field cannot be null.")
        return field.clean(value)

    return clean


@lru_cache(maxsize=256)
def field_for(storage: Storage) -> AnyField:
    """Give a field that reads values for what is stored, where there is no field of a model."""
    if storage.kind == FieldKind.DECIMAL:
        return DecimalField(max_digits=storage.digits[0], decimal_places=storage.digits[1])
    if storage.kind == FieldKind.ARRAY:
        return ArrayField(field_for(storage.item or Storage(kind=FieldKind.TEXT)))
    return _FIELDS[storage.kind]()


_FIELDS: Final[dict[FieldKind, Callable[[], AnyField]]] = {
    FieldKind.SMALLINT: SmallIntegerField,
    FieldKind.INTEGER: IntegerField,
    FieldKind.BIGINT: BigIntegerField,
    FieldKind.FLOAT: lambda: FloatField(allow_inf=True),
    FieldKind.BOOLEAN: BooleanField,
    FieldKind.CHAR: lambda: TextField(blank=True),
    FieldKind.TEXT: lambda: TextField(blank=True),
    FieldKind.UUID: UUIDField,
    FieldKind.DATE: DateField,
    FieldKind.TIME: TimeField,
    FieldKind.DATETIME: DateTimeField,
    FieldKind.DURATION: DurationField,
    FieldKind.JSON: JSONField,
    FieldKind.BINARY: BinaryField,
    FieldKind.IP: GenericIPAddressField,
}

_TESTS: Final = {
    FieldKind.SMALLINT: Conversion(f"type({{v}}) is int and {-(2**15)} <= {{v}} <= {2**15 - 1}"),
    FieldKind.INTEGER: Conversion(f"type({{v}}) is int and {-(2**31)} <= {{v}} <= {2**31 - 1}"),
    FieldKind.BIGINT: Conversion(f"type({{v}}) is int and {-(2**63)} <= {{v}} <= {2**63 - 1}"),
    FieldKind.FLOAT: Conversion(
        "type({v}) is float and -_largest <= {v} <= _largest", {"_largest": sys.float_info.max}
    ),
    # The way to the driver fits it into its digits.
    FieldKind.DECIMAL: Conversion("type({v}) is _Decimal", {"_Decimal": Decimal}),
    FieldKind.BOOLEAN: Conversion("{v} is True or {v} is False"),
    FieldKind.CHAR: Conversion("type({v}) is str and {v}.isascii() and '\\0' not in {v}"),
    FieldKind.TEXT: Conversion("type({v}) is str and {v}.isascii() and '\\0' not in {v}"),
    FieldKind.UUID: Conversion("type({v}) is _UUID", {"_UUID": UUID}),
    FieldKind.DATE: Conversion("type({v}) is _date", {"_date": dt.date}),
    FieldKind.TIME: Conversion("type({v}) is _time and {v}.tzinfo is None", {"_time": dt.time}),
    FieldKind.BINARY: Conversion("type({v}) is bytes"),
}
_INSTANT: Final = Conversion(
    "type({v}) is _datetime and {v}.tzinfo is _UTC", {"_datetime": dt.datetime, "_UTC": dt.UTC}
)
_WALL_TIME: Final = Conversion("type({v}) is _datetime and {v}.tzinfo is None", {"_datetime": dt.datetime})


def _inline(fit: Fit | None) -> Conversion | None:
    return None if fit is None else Conversion(fit.template, fit.names)


def _test_of(kind: FieldKind, *, use_tz: bool) -> Conversion | None:
    if kind == FieldKind.DATETIME:
        return _INSTANT if use_tz else _WALL_TIME
    return _TESTS.get(kind)


def _comparing(kind: FieldKind, field: AnyField, model: AnyModel | None) -> Callable[[Any], object]:
    """Give what makes a value comparable, whatever it is."""
    plain = field_for(Storage(kind=kind)) if kind in _RANGED else None

    def read(value: object) -> object:
        if value is None:
            raise FieldValueError("None is equal to nothing; ask with isnull.")
        if hasattr(type(value), "_meta"):
            value = _key_of(value, model)
        fit: object = field.coerce(value)
        if plain is not None:
            plain.check(fit)
        return fit

    return read


# The range of the column counts, and not what a field adds to it.
_RANGED: Final = frozenset(
    {FieldKind.SMALLINT, FieldKind.INTEGER, FieldKind.BIGINT, FieldKind.FLOAT, FieldKind.DURATION}
)


def _key_of(record: Any, model: AnyModel | None) -> object:
    """Give the key that an instance stands for."""
    name = type(record).__name__
    if model is None:
        raise FieldValueError(f"an instance of {name} stands for no value here; give the value itself.")
    # A proxy and its parent have the same rows.
    if not isinstance(record, model) and record._meta.table != model._meta.table:
        raise FieldValueError(f"an instance of {name} is given where one of {model.__name__} is meant.")
    key: object = record.pk
    if key is None:
        raise FieldValueError(f"this {name} is not saved yet, so it has no key to compare with.")
    return key
