"""Fields that hold dates, times and durations."""

import datetime as dt
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeVar, Unpack, overload

from openviper.conf import settings
from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields.base import AnyOptions, Field, FieldKind, FieldOptions, V, shorten
from openviper.db.fields.fits import Fit

__all__ = ["DateField", "DateTimeField", "DurationField", "MomentOptions", "TimeField"]

P = TypeVar("P")

# Python's own reading takes weeks, hours alone and more digits of a second than it keeps.
_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
_IS_DATE: Final = re.compile(_DATE)
_IS_TIME: Final = re.compile(_TIME)
_IS_DATETIME: Final = re.compile(rf"{_DATE}[T ]{_TIME}(?:Z|[+-][0-9]{{2}}:?[0-9]{{2}})?")
# ISO 8601 without years and months, whose length depends on where they begin.
_DURATION: Final = re.compile(
    r"(?P<sign>[+-])?P(?=[0-9T])(?:(?P<weeks>[0-9]{1,9})W)?(?:(?P<days>[0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]{1,12})H)?(?:(?P<minutes>[0-9]{1,14})M)?"
    r"(?:(?P<seconds>[0-9]{1,15})(?:\.(?P<fraction>[0-9]{1,6}))?S)?)?"
)

# The column holds microseconds in 64 bits: 292,271 years.
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_LONGEST: Final = (2**63 - 1) * _MICROSECOND


class MomentOptions(FieldOptions[V], total=False):
    """What a field takes that can be set by itself."""

    auto_now: bool
    auto_now_add: bool


class _MomentBase(Field[V]):
    """What dates and times have in common: that they can be set when a row is stored.

    Args:
        auto_now: Whether every save sets it.
        auto_now_add: Whether the first save sets it.
        options: As for every field.
    """

    takes_choices: ClassVar[bool] = False

    def __init__(self, *, auto_now: bool = False, auto_now_add: bool = False, **options: Unpack[AnyOptions]) -> None:
        self.auto_now = auto_now
        self.auto_now_add = auto_now_add
        if auto_now or auto_now_add:
            options.setdefault("editable", False)
        super().__init__(**options)
        if auto_now + auto_now_add + self.has_default > 1:
            raise ModelDefinitionError(
                f"{type(self).__name__} states more than one of auto_now, auto_now_add and default; "
                "each of them says where the value comes from"
            )

    @property
    def takes_none(self) -> bool:
        """Whether ``clean()`` lets None pass; it does where saving sets the value."""
        return super().takes_none or self.auto_now or self.auto_now_add

    @property
    def prepares(self) -> bool:
        """Whether ``pre_save()`` may give something else than what the instance holds."""
        return self.auto_now or self.auto_now_add or type(self).pre_save is not _MomentBase.pre_save

    def pre_save(self, value: object, *, is_new: bool) -> object:
        """Give the present moment where the field is set by itself, else what the instance holds.

        Args:
            value: What the instance holds.
            is_new: Whether a row is inserted.
        """
        return self.now() if self.auto_now or (self.auto_now_add and is_new) else value

    def now(self) -> object:
        """Give the present moment as the field holds one."""
        raise NotImplementedError


class DateField(_MomentBase[V]):
    """A date.

    Args:
        auto_now: Whether every save sets it, to the day that it is in ``TIME_ZONE``.
        auto_now_add: Whether the first save sets it.
        options: As for every field.
    """

    kind = FieldKind.DATE
    value_type: ClassVar[type] = dt.date

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "DateField[dt.date]", *, null: Literal[False] = ..., **options: Unpack[MomentOptions[dt.date]]
        ) -> None: ...
        @overload
        def __init__(
            self: "DateField[dt.date | None]", *, null: Literal[True], **options: Unpack[MomentOptions[dt.date | None]]
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...

    def coerce(self, value: object) -> object:
        """Take a date, or one written as ``2026-01-31``.

        Raises:
            FieldValueError: It is neither; a datetime is none, as its day depends on where one is.
        """
        if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
            return value
        return _read(value, _IS_DATE, dt.date.fromisoformat, "date; write it as 2026-01-31")

    def state_fit(self) -> Fit | None:
        """Say that a date passes."""
        return Fit("type({v}) is _date", {"_date": dt.date})

    def now(self) -> object:
        """Give today's date in ``TIME_ZONE``."""
        return dt.datetime.now(_zone()).date()


class TimeField(_MomentBase[V]):
    """A time of day without a zone.

    Args:
        auto_now: Whether every save sets it, to the time that it is in ``TIME_ZONE``.
        auto_now_add: Whether the first save sets it.
        options: As for every field.
    """

    kind = FieldKind.TIME
    value_type: ClassVar[type] = dt.time

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "TimeField[dt.time]", *, null: Literal[False] = ..., **options: Unpack[MomentOptions[dt.time]]
        ) -> None: ...
        @overload
        def __init__(
            self: "TimeField[dt.time | None]", *, null: Literal[True], **options: Unpack[MomentOptions[dt.time | None]]
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...

    def coerce(self, value: object) -> object:
        """Take a time, or one written as ``12:30`` or ``12:30:15.5``.

        Raises:
            FieldValueError: It is neither, or has an offset, which means nothing without a date.
        """
        if not isinstance(value, dt.time):
            return _read(value, _IS_TIME, dt.time.fromisoformat, "time; write it as 12:30:00")
        if value.tzinfo is not None:
            raise FieldValueError(f"{shorten(value)} has a time zone, which means nothing without a date.")
        return value

    def state_fit(self) -> Fit | None:
        """Say that a time without an offset passes."""
        return Fit("type({v}) is _time and {v}.tzinfo is None", {"_time": dt.time})

    def now(self) -> object:
        """Give the time of day in ``TIME_ZONE``."""
        return dt.datetime.now(_zone()).time()


class DateTimeField(_MomentBase[V]):
    """A date and time.

    With ``USE_TZ`` it is an instant: instances hold it in UTC, aware, and a value without an offset is read as the
    time in ``TIME_ZONE``. Without, it is what a calendar and a clock show, and a value with an offset is refused.

    Args:
        auto_now: Whether every save sets it.
        auto_now_add: Whether the first save sets it.
        options: As for every field.
    """

    kind = FieldKind.DATETIME
    value_type: ClassVar[type] = dt.datetime

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "DateTimeField[dt.datetime]",
            *,
            null: Literal[False] = ...,
            **options: Unpack[MomentOptions[dt.datetime]],
        ) -> None: ...
        @overload
        def __init__(
            self: "DateTimeField[dt.datetime | None]",
            *,
            null: Literal[True],
            **options: Unpack[MomentOptions[dt.datetime | None]],
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...

    def coerce(self, value: object) -> object:
        """Take a datetime, or one written as ``2026-01-31T12:30:00Z``.

        Raises:
            FieldValueError: It is neither, or has an offset where ``USE_TZ`` is off.
        """
        if not isinstance(value, dt.datetime):
            value = _read(
                value, _IS_DATETIME, dt.datetime.fromisoformat, "date and time; write it as 2026-01-31T12:30:00Z"
            )
        is_aware = _has_offset(value)
        if not settings.USE_TZ:
            if is_aware:
                raise FieldValueError(f"{shorten(value)} has an offset, and USE_TZ is off.")
            return value.replace(tzinfo=None)
        if value.tzinfo is dt.UTC:
            return value
        # Python would take one without an offset as the time of the machine, asyncpg as that of its own zone.
        aware = value if is_aware else value.replace(tzinfo=_zone())
        try:
            return aware.astimezone(dt.UTC)
        except (OverflowError, ValueError) as error:
            raise FieldValueError(f"{shorten(value)} is outside the years 1 to 9999 in UTC.") from error

    def state_fit(self) -> Fit | None:
        """Say that an instant in UTC passes; without ``USE_TZ`` a datetime without an offset."""
        # The setting is read with each value, as a test may override it; that costs what any attribute costs.
        text = "type({v}) is _datetime and {v}.tzinfo is (_UTC if _settings.USE_TZ else None)"
        return Fit(text, {"_datetime": dt.datetime, "_UTC": dt.UTC, "_settings": settings})

    def now(self) -> object:
        """Give the present instant in UTC; without ``USE_TZ`` what clocks show in ``TIME_ZONE``."""
        return dt.datetime.now(dt.UTC) if settings.USE_TZ else dt.datetime.now(_zone()).replace(tzinfo=None)


class DurationField(Field[V]):
    """A length of time, exact to the microsecond; at most 292,271 years."""

    kind = FieldKind.DURATION
    value_type: ClassVar[type] = dt.timedelta
    takes_choices: ClassVar[bool] = False

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: "DurationField[dt.timedelta]",
            *,
            null: Literal[False] = ...,
            **options: Unpack[FieldOptions[dt.timedelta]],
        ) -> None: ...
        @overload
        def __init__(
            self: "DurationField[dt.timedelta | None]",
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions[dt.timedelta | None]],
        ) -> None: ...
        def __init__(self, **options: object) -> None: ...

    def coerce(self, value: object) -> object:
        """Take a timedelta, or one written as ISO 8601 has it: ``P1DT2H30M``.

        Raises:
            FieldValueError: It is neither; a number is none, as nothing says in which unit.
        """
        if isinstance(value, dt.timedelta):
            return value
        return _read(value, _DURATION, _parse_duration, "duration; write it as P1DT2H30M")

    def check(self, value: dt.timedelta) -> None:
        """Look at the range.

        Raises:
            FieldValueError: The column cannot hold it.
        """
        if not -_LONGEST <= value <= _LONGEST:
            raise FieldValueError(f"{shorten(value)} is longer than 292,271 years.")

    def state_fit(self) -> Fit | None:
        """Say that a duration passes; one within a day of the longest is looked at more closely."""
        most = _LONGEST.days
        return Fit(f"type({{v}}) is _duration and {-most} < {{v}}.days < {most}", {"_duration": dt.timedelta})


def _read(value: object, form: re.Pattern[str], parse: Callable[[str], P], what: str) -> P:
    if isinstance(value, str) and form.fullmatch(value):
        try:
            return parse(value)
        except (ValueError, OverflowError) as error:  # the 30th of February
            raise FieldValueError(f"{shorten(value)} is no {what}.") from error
    raise FieldValueError(f"{shorten(value)} is no {what}.")


def _has_offset(value: dt.datetime) -> bool:
    if value.tzinfo is None:
        return False
    try:
        return value.utcoffset() is not None
    except Exception as error:  # a zone is code of anybody, which may raise anything
        raise FieldValueError(f"{shorten(value)} has a zone that tells no offset.") from error


def _parse_duration(text: str) -> dt.timedelta:
    found = _DURATION.fullmatch(text)
    parts = found.groupdict(default="0") if found else {}
    micro = int(parts.pop("fraction").ljust(6, "0"))
    is_negative = parts.pop("sign") == "-"
    length = dt.timedelta(microseconds=micro, **{name: int(digits) for name, digits in parts.items()})
    return -length if is_negative else length


def _zone() -> dt.tzinfo:
    if settings.TIME_ZONE == "UTC":
        return dt.UTC
    # The files of zones are for projects that have another one. Zones are kept, so that this is a look-up.
    from zoneinfo import ZoneInfo

    return ZoneInfo(settings.TIME_ZONE)
