"""Conditional requests: tags, dates, and which of them counts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.conditional import (
    Validators,
    check_conditions,
    is_range_current,
    matches_strongly,
    matches_weakly,
)
from openviper.http.dates import format_http_date

AT = 784111777
NOW = Validators('"a"', AT)
BEFORE, SAME, AFTER = (format_http_date(AT + seconds) for seconds in (-1, 0, 1))


def asked(method: str = "GET", now: Validators = NOW, **fields: str) -> int | None:
    headers = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in fields.items()]
    return check_conditions(method, headers, now)


@pytest.mark.parametrize(
    ("first", "second", "weakly", "strongly"),
    [
        ('"1"', '"1"', True, True),
        ('W/"1"', '"1"', True, False),
        ('W/"1"', 'W/"1"', True, False),
        ('"1"', '"2"', False, False),
        (None, '"1"', False, False),
        ('"1"', None, False, False),
    ],
)
def test_tags_compare_weakly_or_strongly(first: str | None, second: str | None, weakly: bool, strongly: bool) -> None:
    """The table of RFC 9110, 8.8.3.2; a tag that is not there matches nothing."""
    assert matches_weakly(first, second) is weakly
    assert matches_strongly(first, second) is strongly


def test_request_without_conditions_goes_on() -> None:
    """No condition, no verdict; what cannot be read is no condition either."""
    assert asked() is None
    assert asked(if_modified_since="yesterday", if_unmodified_since="0") is None
    assert asked(if_none_match="a", range="bytes=0-1") is None


@pytest.mark.parametrize("tags", ['"a"', 'W/"a"', '"x", "a"', '"x","a" ,"y"', "*", '"x, y", "a"'])
def test_known_state_is_not_sent_again(tags: str) -> None:
    """If-None-Match compares weakly: 304 for a read, 412 for anything else (RFC 9110, 13.1.2)."""
    assert asked(if_none_match=tags) == 304
    assert asked("HEAD", if_none_match=tags) == 304
    assert asked("PUT", if_none_match=tags) == 412
    assert asked(if_none_match='"b"') is None


def test_state_must_be_the_expected_one() -> None:
    """If-Match compares strongly; the star takes any state (RFC 9110, 13.1.1)."""
    assert asked("PUT", if_match='"b", "a"') is None
    assert asked("PUT", if_match="*") is None
    assert asked("PUT", if_match='"b"') == 412
    assert asked("GET", if_match='W/"a"') == 412
    assert asked(now=Validators(None, AT), if_match='"a"') == 412


def test_dates_are_asked_where_there_is_no_tag() -> None:
    """If-Modified-Since counts for reads, If-Unmodified-Since for all, and neither beside a tag (RFC 9110, 13.2.2)."""
    assert asked(if_modified_since=SAME) == 304
    assert asked(if_modified_since=AFTER) == 304
    assert asked(if_modified_since=BEFORE) is None
    assert asked("PUT", if_modified_since=SAME) is None
    assert asked("PUT", if_unmodified_since=BEFORE) == 412
    assert asked("PUT", if_unmodified_since=SAME) is None
    assert asked(if_none_match='"b"', if_modified_since=SAME) is None
    assert asked("PUT", if_match='"a"', if_unmodified_since=BEFORE) is None
    assert asked(now=Validators('"a"'), if_modified_since=AFTER, if_unmodified_since=BEFORE) is None


def test_expectation_is_weighed_before_knowledge() -> None:
    """A failed If-Match or If-Unmodified-Since is the answer, whatever the client knows."""
    assert asked(if_match='"b"', if_none_match='"a"') == 412
    assert asked(if_unmodified_since=BEFORE, if_none_match='"a"') == 412
    assert asked(if_unmodified_since=AFTER, if_none_match='"a"') == 304


@pytest.mark.parametrize(
    ("value", "now", "expected"),
    [
        (None, NOW, True),
        ('"a"', NOW, True),
        ('"b"', NOW, False),
        ('W/"a"', NOW, False),
        ('W/"a"', Validators('W/"a"', AT), False),
        ('"a"', Validators('W/"a"', AT), False),
        (SAME, NOW, True),
        (BEFORE, NOW, False),
        (AFTER, NOW, False),
        (SAME, Validators('W/"a"', AT), False),
        (SAME, Validators(None, AT), True),
        ("nonsense", NOW, False),
        ("nonsense", Validators(), False),
    ],
)
def test_range_is_cut_from_the_same_state_only(value: str | None, now: Validators, expected: bool) -> None:
    """If-Range takes a strong tag or the very date; anything else means the whole content (RFC 9110, 13.1.5)."""
    headers = [] if value is None else [(b"if-range", value.encode())]
    assert is_range_current(headers, now) is expected


@given(st.text(alphabet='W/", a*\x00é', max_size=60), st.sampled_from(["GET", "PUT"]))
def test_any_field_gives_a_verdict(value: str, method: str) -> None:
    """Nothing that a client sends raises."""
    for name in (b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since"):
        assert check_conditions(method, [(name, value.encode("latin-1"))], NOW) in (None, 304, 412)
