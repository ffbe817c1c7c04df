"""Time zones as numbers, for engines that know none: when clocks are set, and to what."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

__all__ = ["Zone", "zone_of"]

_FIRST: Final = datetime(1880, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2101, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(days=7)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Zone(NamedTuple):
    """What clocks show, from 1880 to 2100; before and after that they stay as they are.

    Args:
        moments: Seconds since 1970 at which clocks are set.
        offsets: Seconds between UTC and what they show: before the first of the moments, and from each of them on.
    """

    moments: tuple[int, ...]
    offsets: tuple[int, ...]


@cache
def zone_of(name: str) -> Zone:
    """Give a time zone; the same one on every call.

    Args:
        name: As in the setting ``TIME_ZONE``.
    """
    zone = ZoneInfo(name)
    moments: list[int] = []
    offsets = [_offset(_FIRST, zone)]
    start = _FIRST
    while start < _LAST:
        end = start + _STEP
        # No zone has set its clocks twice within a week and back to where they were.
        if _offset(end, zone) != offsets[-1]:
            moments.append(_change(start, end, zone))
            offsets.append(_offset(end, zone))
        start = end
    return Zone(tuple(moments), tuple(offsets))


def _change(start: datetime, end: datetime, zone: ZoneInfo) -> int:
    before = _offset(start, zone)
    low, high = int((start - _EPOCH).total_seconds()), int((end - _EPOCH).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(_EPOCH + timedelta(seconds=middle), zone) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(moment: datetime, zone: ZoneInfo) -> int:
    return int((moment.astimezone(zone).utcoffset() or timedelta()).total_seconds())
