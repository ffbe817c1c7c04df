"""Dates of HTTP."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.http.dates import format_http_date, parse_http_date

THEN = 784111777


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_all_three_forms_are_read(text: str) -> None:
    """The form of today and the two that a recipient must still accept (RFC 9110, 5.6.7)."""
    assert parse_http_date(text) == THEN


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        "Sun, \u0660\u0666 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT; length=3",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    """A date that cannot be read is ignored, not an error."""
    assert parse_http_date(text) is None


def test_two_digits_of_a_year_mean_a_year_that_is_near() -> None:
    """A year more than 50 years ahead is one of the past century; a leap second is the one before."""
    assert format_http_date(parse_http_date("Friday, 01-Jan-99 00:00:60 GMT") or 0) == "Fri, 01 Jan 1999 00:00:59 GMT"
    assert format_http_date(parse_http_date("Monday, 01-Jan-24 00:00:00 GMT") or 0) == "Mon, 01 Jan 2024 00:00:00 GMT"


@given(st.integers(0, 4102444800))
def test_date_survives(seconds: int) -> None:
    """What is written is what the standard library writes, and is read as it was."""
    assert format_http_date(seconds + 0.9) == formatdate(seconds, usegmt=True)
    assert parse_http_date(format_http_date(seconds)) == seconds


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_none(text: str) -> None:
    """Nothing that a client sends raises."""
    assert parse_http_date(text) is None or isinstance(parse_http_date(text), int)
