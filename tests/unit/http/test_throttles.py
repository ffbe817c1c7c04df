"""Throttles."""

import functools

import pytest

from openviper.exceptions import ImproperlyConfigured, TooManyRequests
from openviper.http.request import Request
from openviper.http.throttles import BaseThrottle, build_throttles, check_throttles
from openviper.types import Message


class _Fixed(BaseThrottle):
    """Says what it was told, and counts the questions."""

    asked = 0

    def __init__(self, allows: bool = True, seconds: float | None = None) -> None:
        self.allows = allows
        self.seconds = seconds

    def allow_request(self, request: Request, view: object) -> bool:
        self.asked += 1
        return self.allows

    def wait(self) -> float | None:
        return self.seconds


class _Silent(BaseThrottle):
    """Refuses without saying for how long."""

    async def allow_request(self, request: Request, view: object) -> bool:
        return False


async def _receive() -> Message:
    raise AssertionError("the body was read")


_REQUEST = Request({"type": "http", "method": "GET", "headers": []}, _receive)


async def test_request_within_every_limit_goes_on() -> None:
    """Plain and async throttles alike."""
    throttles = [_Fixed(), _Fixed()]
    await check_throttles(throttles, _REQUEST, None)
    assert [throttle.asked for throttle in throttles] == [1, 1]


@pytest.mark.parametrize(
    ("seconds", "expected"), [((3.2, 7.01), "8"), ((0.0, -1.0), "0"), ((None, 2.0), "2"), ((None, None), None)]
)
async def test_longest_time_is_told_in_whole_seconds(seconds: tuple[float | None, ...], expected: str | None) -> None:
    """All throttles are asked, so that each counts the request."""
    last = _Fixed()
    throttles = [*(_Fixed(False, each) for each in seconds), _Silent(), last]
    with pytest.raises(TooManyRequests) as caught:
        await check_throttles(throttles, _REQUEST, None)
    assert caught.value.headers.get("Retry-After") == expected
    assert last.asked == 1


def test_throttles_are_made_for_each_request() -> None:
    """By a class, another callable, or a dotted path to one."""
    made = build_throttles(
        [_Fixed, functools.partial(_Fixed, False), f"{__name__}._Silent"], listed_in="DEFAULT_THROTTLE_CLASSES"
    )
    assert [type(make()) for make in made] == [_Fixed, _Fixed, _Silent]
    assert made[0]() is not made[0]()
    assert _Silent().wait() is None


@pytest.mark.parametrize(
    ("entry", "why"), [(_Fixed(), "is no throttle"), ("openviper.absent.Thing", "cannot be imported")]
)
def test_entry_that_makes_no_throttle_is_refused(entry: object, why: str) -> None:
    """The list is named."""
    with pytest.raises(ImproperlyConfigured, match=f"here entry .* {why}"):
        build_throttles([entry], listed_in="here")
