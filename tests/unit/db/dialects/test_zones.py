"""Time zones as numbers."""

import datetime as dt
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from openviper.db.dialects.engines import get_dialect
from openviper.db.dialects.zones import zone_of

NAMES = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"]


@given(st.sampled_from(NAMES), st.datetimes(dt.datetime(1880, 1, 2), dt.datetime(2100, 12, 30)))  # noqa: DTZ001 - made aware below
def test_offset_is_that_of_the_zone(name: str, moment: dt.datetime) -> None:
    """At any moment from 1880 to 2100."""
    zone, aware = zone_of(name), moment.replace(tzinfo=dt.UTC, microsecond=0)
    passed = sum(one <= aware.timestamp() for one in zone.moments)
    assert dt.timedelta(seconds=zone.offsets[passed]) == aware.astimezone(ZoneInfo(name)).utcoffset()


def test_zone_without_changes_is_written_too() -> None:
    """The function of the engine wants one moment at least."""
    text = get_dialect("mariadb").in_zone("{moments} {offsets}", "UTC")
    assert text == "1e18 0, 0"
