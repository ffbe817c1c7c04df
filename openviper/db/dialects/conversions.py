"""The ways of values that several engines share, each as an expression; figures in ns are of Python 3.11."""

import datetime as dt
import math
from collections.abc import Callable
from decimal import Context, Decimal, Inexact, InvalidOperation
from functools import cache
from typing import Final, Never
from uuid import UUID, SafeUUID

import orjson

from openviper.db.dialects.forms import Conversion, Family, Storage, StorageForm
from openviper.db.exceptions import FieldValueError
from openviper.db.fields.base import FieldKind, shorten

__all__ = [
    "BOOLEAN_FROM_NUMBER",
    "BOOLEAN_TO_NUMBER",
    "DATETIME_FROM_NAIVE_UTC",
    "DATETIME_FROM_TEXT",
    "DATETIME_FROM_UTC",
    "DATETIME_TO_NAIVE",
    "DATETIME_TO_NAIVE_UTC",
    "DATETIME_TO_TEXT",
    "DATETIME_TO_UTC",
    "DATETIME_TO_UTC_TEXT",
    "DATE_FROM_TEXT",
    "DATE_TO_TEXT",
    "DECIMAL_WITHOUT_EXPONENT",
    "DURATION_FROM_NUMBER",
    "DURATION_TO_NUMBER",
    "FLOAT_BUT_NAN",
    "FLOAT_IF_FINITE",
    "JSON_FROM_TEXT",
    "JSON_TO_SORTED_TEXT",
    "JSON_TO_TEXT",
    "TIME_FROM_DURATION",
    "TIME_FROM_TEXT",
    "TIME_TO_DURATION",
    "TIME_TO_TEXT",
    "TIME_WITHOUT_ZONE",
    "UUID_FROM_BYTES",
    "UUID_FROM_UUID",
    "UUID_TO_BYTES",
    "convert_items",
    "exact_decimal",
    "json_array",
    "naive_datetime",
    "placed_decimal",
    "scaled_decimal",
    "sortable_decimal",
]

# Numbers of the engine, sums among them, become decimals without any rounding, whatever the context of the thread is.
_WIDE: Final = Context(prec=4000, traps=[InvalidOperation, Inexact])
_new: Final = object.__new__
_set_number: Final = vars(UUID)["int"].__set__
_set_safety: Final = vars(UUID)["is_safe"].__set__
_UNKNOWN: Final = SafeUUID.unknown


def _refuse_number(value: float) -> Never:
    raise FieldValueError(f"{value} is a number that this database does not store.")


def _to_utc(value: dt.datetime) -> dt.datetime:
    """Turn an aware datetime into one of UTC; drivers would drop its offset or take a naive one for local time."""
    if value.utcoffset() is None:
        raise FieldValueError(f"{shorten(value)} has no offset, so it names no instant; make it aware.")
    try:
        return value.astimezone(dt.UTC)
    except OverflowError as error:
        raise FieldValueError(f"{shorten(value)} is outside the years 1 to 9999 in UTC.") from error


def _utc_text(value: dt.datetime) -> str:
    return _to_utc(value).isoformat(" ", "microseconds")


def _refuse_offset(value: dt.datetime | dt.time) -> Never:
    raise FieldValueError(f"{shorten(value)} has an offset, which this column does not keep.")


BOOLEAN_TO_NUMBER: Final = Conversion("(1 if {v} else 0)")
BOOLEAN_FROM_NUMBER: Final = Conversion("({v} != 0)")

# SQLite stores NaN as NULL without a word.
FLOAT_BUT_NAN: Final = Conversion("({v} if {v} == {v} else _refuse_number({v}))", {"_refuse_number": _refuse_number})
FLOAT_IF_FINITE: Final = Conversion(
    "({v} if _is_finite({v}) else _refuse_number({v}))", {"_is_finite": math.isfinite, "_refuse_number": _refuse_number}
)

DATE_TO_TEXT: Final = Conversion("{v}.isoformat()")
DATE_FROM_TEXT: Final = Conversion("_read_date({v})", {"_read_date": dt.date.fromisoformat})

TIME_WITHOUT_ZONE: Final = Conversion(
    "({v} if {v}.tzinfo is None else _refuse_offset({v}))", {"_refuse_offset": _refuse_offset}
)
TIME_TO_TEXT: Final = Conversion(f"{TIME_WITHOUT_ZONE.template}.isoformat('microseconds')", TIME_WITHOUT_ZONE.names)
TIME_FROM_DURATION: Final = Conversion("(_MIDNIGHT + {v}).time()", {"_MIDNIGHT": dt.datetime(1, 1, 1, tzinfo=dt.UTC)})
TIME_TO_DURATION: Final = Conversion(
    f"(_on_day(_FIRST_DAY, {TIME_WITHOUT_ZONE.template}, _UTC) - _MIDNIGHT)",
    {
        **TIME_WITHOUT_ZONE.names,
        **TIME_FROM_DURATION.names,
        "_FIRST_DAY": dt.date.min,
        "_UTC": dt.UTC,
        "_on_day": dt.datetime.combine,
    },
)
TIME_FROM_TEXT: Final = Conversion("_read_time({v})", {"_read_time": dt.time.fromisoformat})

# What clean() gives has this very object as its zone, which is asked in 10 ns.
DATETIME_TO_UTC: Final = Conversion(
    "({v} if {v}.tzinfo is _UTC else _to_utc({v}))", {"_UTC": dt.UTC, "_to_utc": _to_utc}
)
# asyncpg stores the first and the last instant as infinities, and reads these without a zone.
DATETIME_FROM_UTC: Final = Conversion("({v} if {v}.tzinfo else {v}.replace(tzinfo=_UTC))", {"_UTC": dt.UTC})
DATETIME_TO_NAIVE: Final = Conversion(
    "({v} if {v}.tzinfo is None else _refuse_offset({v}))", {"_refuse_offset": _refuse_offset}
)
DATETIME_TO_NAIVE_UTC: Final = Conversion(f"{DATETIME_TO_UTC.template}.replace(tzinfo=None)", DATETIME_TO_UTC.names)
DATETIME_FROM_NAIVE_UTC: Final = Conversion("{v}.replace(tzinfo=_UTC)", {"_UTC": dt.UTC})
# All with six digits of a second, so that the order of the texts is that of the instants.
# In two halves, as isoformat() asks the zone for an offset that is known: 0.7 of the time.
DATETIME_TO_UTC_TEXT: Final = Conversion(
    "(_date_text({v}) + {v}.time().isoformat('microseconds').join((' ', '+00:00'))"
    " if {v}.tzinfo is _UTC else _utc_text({v}))",
    {"_UTC": dt.UTC, "_date_text": dt.date.isoformat, "_utc_text": _utc_text},
)
DATETIME_TO_TEXT: Final = Conversion(
    f"{DATETIME_TO_NAIVE.template}.isoformat(' ', 'microseconds')", DATETIME_TO_NAIVE.names
)
DATETIME_FROM_TEXT: Final = Conversion("_read_datetime({v})", {"_read_datetime": dt.datetime.fromisoformat})

DURATION_TO_NUMBER: Final = Conversion("(({v}.days * 86400 + {v}.seconds) * 1000000 + {v}.microseconds)")
# By position: the keyword costs 120 of 320 ns.
DURATION_FROM_NUMBER: Final = Conversion("_duration(0, 0, {v})", {"_duration": dt.timedelta})


def _make_uuid(number: int) -> UUID:
    # A UUID forbids assignment, so its slots are filled: its own constructor takes 480 ns, this 150.
    made = _new(UUID)
    _set_number(made, number)
    _set_safety(made, _UNKNOWN)
    return made


UUID_TO_BYTES: Final = Conversion("{v}.bytes")
UUID_FROM_BYTES: Final = Conversion(
    "_make_uuid(_from_bytes({v}))", {"_make_uuid": _make_uuid, "_from_bytes": int.from_bytes}
)
# A driver's own subclass can be written as JSON by nobody, and pickles of it need the driver.
UUID_FROM_UUID: Final = Conversion("_make_uuid({v}.int)", {"_make_uuid": _make_uuid})

JSON_TO_TEXT: Final = Conversion("_dumps({v}).decode()", {"_dumps": orjson.dumps})
# Where JSON is a text, equal values have to be equal texts; jsonb does not keep the order of keys either.
JSON_TO_SORTED_TEXT: Final = Conversion(
    "_dumps({v}, None, _SORTED).decode()", {"_dumps": orjson.dumps, "_SORTED": orjson.OPT_SORT_KEYS}
)
JSON_FROM_TEXT: Final = Conversion("_loads({v})", {"_loads": orjson.loads})


#: asyncpg gives a number without places the exponent of its last group of digits: ``1.5625E+8``.
DECIMAL_WITHOUT_EXPONENT: Final = Conversion("_quantize({v}, _ONE)", {"_quantize": _WIDE.quantize, "_ONE": Decimal(1)})


@cache
def _fitter(digits: int, places: int) -> Callable[[Decimal], Decimal]:
    """Give what refuses a decimal that the engine would round, or that has no place in the column."""
    step = Decimal(1).scaleb(-places)
    quantize = Context(prec=digits, traps=[InvalidOperation, Inexact]).quantize

    def fit(value: Decimal) -> Decimal:
        try:
            fitting = quantize(value, step)
        except (InvalidOperation, Inexact) as error:
            raise FieldValueError(
                f"{shorten(value)} has more than {digits} digits, or more than {places} behind the point."
            ) from error
        if fitting.is_nan():
            raise FieldValueError(f"{shorten(value)} is no number.")
        return fitting

    return fit


def exact_decimal(storage: Storage) -> Conversion:
    """Give the way of a decimal to a driver that takes decimals; the engine would round in silence."""
    digits, places = storage.digits
    name = f"_fit_{digits}_{places}"
    return Conversion(f"{name}({{v}})", {name: _fitter(digits, places)})


def placed_decimal(storage: Storage) -> Conversion:
    """Give the way of a decimal from an engine that leaves out the zeros at its end, and so all places of some.

    Args:
        storage: What is stored.
    """
    places = storage.digits[1]
    step = f"_place_{places}"
    names = {"_quantize": _WIDE.quantize, "_Decimal": Decimal, step: Decimal(1).scaleb(-places)}
    return Conversion(f"_quantize(_Decimal({{v}}), {step})", names)


def scaled_decimal(column_type: str, storage: Storage) -> StorageForm:
    """Give the form of a decimal of at most 18 digits as a whole number of its last place.

    It is exact, and order, equality and sums are the engine's own. 250 ns to bind, 85 to read; as text it would be 45
    and 100, with ``'10.00' < '9.00'``.

    Args:
        column_type: An integer of 64 bits.
        storage: What is stored.
    """
    fit = exact_decimal(storage)
    places = storage.digits[1]
    step = f"_step_{places}"
    bind = Conversion(f"int({fit.template}.scaleb({places}, _wide))", {**fit.names, "_wide": _WIDE})
    read = Conversion(f"_multiply({step}, {{v}})", {"_multiply": _WIDE.multiply, step: Decimal(1).scaleb(-places)})
    return StorageForm(column_type=column_type, family=Family.INTEGER, bind=bind, read=read, scale=places)


def sortable_decimal(column_type: str, storage: Storage, *, collation: str | None = None) -> StorageForm:
    """Give the form of a decimal that no number of the engine holds: a text of fixed length.

    It is the whole number of the last place plus ``10 ** max_digits``: negative ones begin with 0, others with 1. It
    is exact and in order; the engine cannot compute with it.

    Args:
        column_type: A text of at least ``max_digits + 1`` characters.
        storage: What is stored.
        collation: See ``StorageForm``.
    """
    fit = exact_decimal(storage)
    digits, places = storage.digits
    offset = f"_offset_{digits}"
    names = {"_wide": _WIDE, "_Decimal": Decimal, offset: 10**digits}
    return StorageForm(
        column_type=column_type,
        family=Family.TEXT,
        bind=Conversion(
            f"'%0{digits + 1}d' % (int({fit.template}.scaleb({places}, _wide)) + {offset})", {**fit.names, **names}
        ),
        read=Conversion(f"_Decimal(int({{v}}) - {offset}).scaleb(-{places}, _wide)", names),
        collation=collation,
        is_computable=False,
    )


def _json_item(storage: Storage, *, use_tz: bool) -> tuple[Conversion | None, Conversion | None]:
    """Give both ways of an item of a list that is stored as JSON."""
    ways: dict[FieldKind, tuple[Conversion, Conversion | None]] = {
        FieldKind.FLOAT: (FLOAT_IF_FINITE, Conversion("float({v})")),
        FieldKind.UUID: (Conversion("str({v})"), Conversion("_UUID({v})", {"_UUID": UUID})),
        FieldKind.DATE: (DATE_TO_TEXT, DATE_FROM_TEXT),
        FieldKind.TIME: (TIME_TO_TEXT, TIME_FROM_TEXT),
        FieldKind.DATETIME: (DATETIME_TO_UTC_TEXT if use_tz else DATETIME_TO_TEXT, DATETIME_FROM_TEXT),
        FieldKind.DURATION: (DURATION_TO_NUMBER, DURATION_FROM_NUMBER),
        FieldKind.BINARY: (Conversion("{v}.hex()"), Conversion("_from_hex({v})", {"_from_hex": bytes.fromhex})),
    }
    if storage.kind == FieldKind.DECIMAL:
        fit = exact_decimal(storage)
        text = Conversion("format({v}, 'f')").after(fit)
        return text, Conversion("_Decimal({v})", {"_Decimal": Decimal})
    return ways.get(storage.kind, (None, None))


def convert_items(
    storage: Storage, bind: Conversion | None, read: Conversion | None
) -> tuple[Conversion | None, Conversion | None]:
    """Give both ways of a list whose items have the given ones.

    Args:
        storage: What each item is.
        bind: See ``StorageForm``.
        read: See ``StorageForm``.
    """

    def each(item: Conversion | None) -> Conversion | None:
        if item is None:
            return None
        return Conversion(f"[{item.write('_item', null=storage.null)} for _item in {{v}}]", item.names)

    return each(bind), each(read)


def naive_datetime(column_type: str, *, use_tz: bool) -> StorageForm:
    """Give the form of a datetime in a column without a zone: instants in UTC, to the microsecond.

    Args:
        column_type: A type that holds six digits of a second.
        use_tz: Whether datetimes are instants.
    """
    to_text = Conversion("{v}.isoformat(' ', 'microseconds')")
    return StorageForm(
        column_type=column_type,
        family=Family.DATETIME,
        bind=to_text.after(DATETIME_TO_NAIVE_UTC if use_tz else DATETIME_TO_NAIVE),
        read=DATETIME_FROM_NAIVE_UTC if use_tz else None,
    )


def json_array(column_type: str, storage: Storage, *, use_tz: bool, collation: str | None = None) -> StorageForm:
    """Give the form of a list as JSON text.

    Args:
        column_type: A type that holds JSON text.
        storage: What is stored.
        use_tz: Whether datetimes are instants.
        collation: See ``StorageForm``.
    """
    item = storage.item or Storage(kind=FieldKind.JSON)
    bind, read = _json_item(item, use_tz=use_tz)
    form = StorageForm(column_type="", family=Family.JSON, bind=bind, read=read)
    if item.members is not None:
        form = form.with_members(item.members)
    bind, read = convert_items(item, form.bind, form.read)
    return StorageForm(
        column_type=column_type,
        family=Family.JSON,
        bind=JSON_TO_TEXT.after(bind),
        read=JSON_FROM_TEXT if read is None else read.after(JSON_FROM_TEXT),
        collation=collation,
        is_ordered=False,
        is_computable=False,
    )
