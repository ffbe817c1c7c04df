"""Dates, times and durations; above all what a value without an offset means."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields import DateField, DateTimeField, DurationField, TimeField
from openviper.primitives.json import decode, encode
from openviper.testing import override_settings

NOON = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize("value", [dt.date(2026, 1, 31), "2026-01-31"])
def test_date(value: object) -> None:
    """A date, and one as ISO 8601 writes it."""
    assert DateField().clean(value) == dt.date(2026, 1, 31)


@pytest.mark.parametrize(
    "value", [NOON, "2026-02-30", "20260131", "2026-W05-6", "31.01.2026", "2026-1-31", "", 20260131, None]
)
def test_value_that_is_no_date(value: object) -> None:
    """A datetime is no date, as its day depends on where one is; neither are other spellings."""
    with pytest.raises(FieldValueError):
        DateField().clean(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("12:30", dt.time(12, 30)), ("12:30:15.5", dt.time(12, 30, 15, 500_000)), (dt.time(1), dt.time(1))],
)
def test_time(value: object, expected: dt.time) -> None:
    """A time of day, and one as ISO 8601 writes it."""
    assert TimeField().clean(value) == expected


@pytest.mark.parametrize(
    "value", [dt.time(1, tzinfo=dt.UTC), "12:30Z", "12", "25:00", "12:30:15.1234567", "1:30", 12, NOON]
)
def test_value_that_is_no_time(value: object) -> None:
    """An offset means nothing without a date, and no digit of a second gets lost."""
    with pytest.raises(FieldValueError):
        TimeField().clean(value)


@given(st.datetimes(dt.datetime(1, 1, 3), dt.datetime(9999, 12, 29), timezones=st.timezones()))  # noqa: DTZ001 - bounds have no zone
def test_instant_is_kept_in_utc(moment: dt.datetime) -> None:
    """An aware value keeps its instant and comes out in UTC."""
    clean = DateTimeField().clean(moment)
    assert clean.tzinfo is dt.UTC
    assert clean.timestamp() == moment.timestamp()


@pytest.mark.parametrize(
    "written",
    [
        "2026-07-01T12:00:00Z",
        "2026-07-01 14:00:00+02:00",
        "2026-07-01T12:00+0000",
        "2026-07-01T12:00:00.000Z",
        "2026-07-01T12:00",
    ],
)
def test_instant_is_read_from_text(written: str) -> None:
    """ISO 8601 with an offset, or without in the zone of the project, UTC by default."""
    assert DateTimeField().clean(written) == NOON


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Tokyo"])
def test_value_without_offset_is_of_the_projects_zone(zone: str) -> None:
    """What has no offset is read as the time in TIME_ZONE, not in that of the machine or of the database."""
    naive = dt.datetime(2026, 7, 1, 12)  # noqa: DTZ001 - its lack of an offset is the subject
    hours = {"Europe/Berlin": 10, "America/New_York": 16, "Asia/Tokyo": 3}[zone]
    with override_settings(TIME_ZONE=zone):
        assert DateTimeField().clean(naive) == NOON.replace(hour=hours)
        assert DateTimeField().clean("2026-07-01T12:00") == NOON.replace(hour=hours)


def test_time_zones_are_off() -> None:
    """Without USE_TZ values have no offset, and those that have one are refused."""
    naive = dt.datetime(2026, 7, 1, 12)  # noqa: DTZ001 - its lack of an offset is the subject
    with override_settings(USE_TZ=False):
        assert DateTimeField().clean(naive) == naive
        for value in (NOON, "2026-07-01T12:00:00Z"):
            with pytest.raises(FieldValueError, match="USE_TZ is off"):
                DateTimeField().clean(value)


@pytest.mark.parametrize(
    "value",
    [
        dt.date(2026, 1, 1), "2026-01-01", "2026-13-01T00:00:00Z", "now", 0, 1767225600.0, None,
        "2026-01-01T00:00:00.1234567Z",
        "2026-01-01T00:00:00 Z", "2026-01-01T24:00:01Z", "2026-01-01T00:00:00+25:00",
        dt.datetime.min.replace(tzinfo=dt.timezone(dt.timedelta(hours=14))), "0001-01-01T00:00:00+14:00",
    ],
)  # fmt: skip
def test_value_that_is_no_instant(value: object) -> None:
    """Dates, numbers and years that UTC does not have are refused."""
    with pytest.raises(FieldValueError):
        DateTimeField().clean(value)


def test_moments_that_are_set_by_saving() -> None:
    """auto_now_add sets a field once, auto_now at every save; both are aware, in UTC."""
    added, changed, plain = DateTimeField(auto_now_add=True), DateTimeField(auto_now=True), DateTimeField()
    before = dt.datetime.now(dt.UTC)

    made = added.pre_save(None, is_new=True)

    assert isinstance(made, dt.datetime)
    assert before <= made <= dt.datetime.now(dt.UTC)
    assert added.pre_save(NOON, is_new=False) is NOON
    assert changed.pre_save(NOON, is_new=False) != NOON
    assert plain.pre_save(NOON, is_new=True) is NOON
    assert added.clean(None) is None
    assert (added.editable, plain.editable) == (False, True)


def test_dates_and_times_that_are_set_by_saving() -> None:
    """They are those of TIME_ZONE, as a calendar and a clock there show them."""
    with override_settings(TIME_ZONE="Pacific/Kiritimati"):
        day = DateField(auto_now=True).pre_save(None, is_new=True)
        time = TimeField(auto_now=True).pre_save(None, is_new=True)
        now = dt.datetime.now(dt.timezone(dt.timedelta(hours=14)))
    assert isinstance(day, dt.date)
    assert now.date() - day <= dt.timedelta(days=1)
    assert isinstance(time, dt.time)
    assert time.tzinfo is None
    with override_settings(USE_TZ=False):
        naive = DateTimeField(auto_now=True).pre_save(None, is_new=True)
        assert isinstance(naive, dt.datetime)
        assert naive.tzinfo is None


def test_value_has_one_source() -> None:
    """A field that is set by saving has no other source."""
    with pytest.raises(ModelDefinitionError, match="more than one"):
        DateTimeField(auto_now=True, auto_now_add=True)
    with pytest.raises(ModelDefinitionError, match="more than one"):
        DateField(auto_now=True, default=dt.date(2026, 1, 1))


@given(st.timedeltas(dt.timedelta(days=-100_000_000), dt.timedelta(days=100_000_000)))
def test_duration_is_read_as_it_is_written(length: dt.timedelta) -> None:
    """A duration passes, and so does what the framework's own JSON makes of it."""
    assert DurationField().clean(length) == length
    assert DurationField().clean(decode(encode(length))) == length


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("PT0S", dt.timedelta()), ("P1W2DT3H4M5.25S", dt.timedelta(9, 5, 250_000, 0, 4, 3)), ("-P1D", dt.timedelta(-1)),
        ("+PT90M", dt.timedelta(minutes=90)),
    ],
)  # fmt: skip
def test_duration_of_text(written: str, expected: dt.timedelta) -> None:
    """Weeks, days, hours, minutes and seconds, as ISO 8601 writes them."""
    assert DurationField().clean(written) == expected


@pytest.mark.parametrize(
    "value",
    [
        "P1Y", "P1M", "P", "PT", "P1DT", "1:30", "90", 90, 1.5, "PT1.1234567S", "P999999999W",
        dt.timedelta(days=200_000_000),
        dt.timedelta.min, dt.timedelta.max, None, "PT1S ",
    ],
)  # fmt: skip
def test_value_that_is_no_duration(value: object) -> None:
    """Months have no length, numbers no unit, and a column holds 292,271 years."""
    with pytest.raises(FieldValueError):
        DurationField().clean(value)


def test_longest_duration() -> None:
    """The column's 64 bits of microseconds are used to the last."""
    most = dt.timedelta(microseconds=2**63 - 1)
    assert DurationField().clean(most) == most
    with pytest.raises(FieldValueError):
        DurationField().clean(most + dt.timedelta(microseconds=1))


class Broken(dt.tzinfo):
    """A zone that knows nothing, or too much."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    def utcoffset(self, _: dt.datetime | None) -> dt.timedelta:
        if self.error is not None:
            raise self.error
        return dt.timedelta(days=2)

    def dst(self, _: dt.datetime | None) -> None:
        return None

    def tzname(self, _: dt.datetime | None) -> str:
        return "broken"


@pytest.mark.parametrize(
    "zone",
    [Broken(NotImplementedError()), Broken(RuntimeError("no")), Broken(OSError("no file")), Broken()],
    ids=["none", "raises", "file", "days"],
)
def test_zone_that_tells_no_offset(zone: dt.tzinfo) -> None:
    """A zone is code of anybody; what it raises is a refusal of the value."""
    moment = dt.datetime(2026, 1, 31, tzinfo=zone)
    for use_tz in (True, False):
        with override_settings(USE_TZ=use_tz), pytest.raises(FieldValueError, match="no offset"):
            DateTimeField().clean(moment)
