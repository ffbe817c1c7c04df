"""Cursors: what they hold, and what is refused."""

import base64
import datetime as dt
import string
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db.exceptions import DatabaseOperationNotSupportedError, InvalidCursorError
from openviper.db.pagination.cursor import Cursor, open_cursor, seal_cursor
from openviper.exceptions import BadRequest
from openviper.testing import override_settings

ORDER = ("blog.Post", ("-created", "id"))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.binary(),
    st.uuids(),
    st.decimals(allow_nan=False),
    st.dates(),
    st.times(),
    st.datetimes(timezones=st.sampled_from([None, dt.UTC])),
    st.timedeltas(),
)


@given(st.lists(VALUES, max_size=5), st.booleans())
def test_every_value_comes_back(values: list[object], is_backward: bool) -> None:
    """A cursor gives the values that were put into it, with their types."""
    cursor = Cursor(tuple(values), is_backward)

    found = open_cursor(seal_cursor(cursor, ORDER), ORDER)

    assert found == cursor
    assert [type(value) for value in found.values] == [type(value) for value in values]


def test_text_of_a_cursor_can_stand_in_a_url() -> None:
    """A cursor needs no escaping."""
    text = seal_cursor(Cursor(("ä?&= /", 2**80, b"\xff" * 20)), ORDER)

    assert set(text) <= set(string.ascii_letters + string.digits + "-_")


def test_members_of_enums_are_their_values() -> None:
    """What a column holds is the value of a member, and so is what its cursor holds."""

    class Color(Enum):
        RED = "red"

    class Size(IntEnum):
        BIG = 3

    class Word(StrEnum):
        YES = "yes"

    found = open_cursor(seal_cursor(Cursor((Color.RED, Size.BIG, Word.YES)), ORDER), ORDER)

    assert found.values == ("red", 3, "yes")
    assert [type(value) for value in found.values] == [str, int, str]


@given(st.data())
def test_changed_cursor_is_refused(data: st.DataObject) -> None:
    """Whatever letter a client changes, the signature does not fit any more."""
    text = seal_cursor(Cursor((5, "Dune")), ORDER)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(
        st.sampled_from(string.ascii_letters + string.digits + "-_").filter(lambda one: one != text[place])
    )

    with pytest.raises(InvalidCursorError):
        open_cursor(text[:place] + letter + text[place + 1 :], ORDER)


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    """What is no cursor is a client's mistake, whatever it holds."""
    with pytest.raises(InvalidCursorError):
        open_cursor(text, ORDER)


@pytest.mark.parametrize("given", ["", "=", "a" * 10_000, "not base64!", "YWJj", b"bytes", 5])
def test_no_cursor_is_a_400(given: object) -> None:
    """The error is one that a client is answered with."""
    with pytest.raises(BadRequest) as caught:
        open_cursor(given, ORDER)  # type: ignore[arg-type]  # what comes from outside

    assert caught.value.status_code == 400
    assert isinstance(caught.value, ValueError)


def test_cursor_of_another_order_is_refused() -> None:
    """A cursor fits the order that it was made for, and no other."""
    text = seal_cursor(Cursor((5,)), ORDER)

    with pytest.raises(InvalidCursorError, match="another order"):
        open_cursor(text, ("blog.Post", ("created", "id")))


def test_cursor_of_another_key_is_refused() -> None:
    """A project with another SECRET_KEY does not take it."""
    with override_settings(SECRET_KEY="a" * 50):
        text = seal_cursor(Cursor((5,)), ORDER)
        assert open_cursor(text, ORDER).values == (5,)

    with override_settings(SECRET_KEY="b" * 50), pytest.raises(InvalidCursorError):
        open_cursor(text, ORDER)


def test_padded_cursor_is_refused() -> None:
    """One place has one text."""
    text = seal_cursor(Cursor((5,)), ORDER)
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    with pytest.raises(InvalidCursorError):
        open_cursor(base64.urlsafe_b64encode(data + b"\0").decode(), ORDER)
    with pytest.raises(InvalidCursorError):
        open_cursor(text + "=", ORDER)


def test_values_without_an_order_have_no_cursor() -> None:
    """Rows that are sorted by JSON cannot be found again by it."""
    with pytest.raises(DatabaseOperationNotSupportedError, match="dict"):
        seal_cursor(Cursor(({"a": 1},)), ORDER)


def test_instants_keep_their_offset() -> None:
    """A datetime of another zone is the same instant when it comes back."""
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    moment = dt.datetime(2024, 2, 29, 12, 30, 15, 123456, tzinfo=zone)
    values = (moment, Decimal("1.50"), UUID(int=5))

    found = open_cursor(seal_cursor(Cursor(values), ORDER), ORDER).values

    assert found == values
    assert str(found[1]) == "1.50"


def test_cursor_that_is_made_can_be_opened() -> None:
    """One that would be refused as too long is not made."""
    for length in (6_000, 6_100):
        assert open_cursor(seal_cursor(Cursor(("x" * length,)), ORDER), ORDER).values == ("x" * length,)
    for value in ("x" * 6_200, "\0" * 2_000, b"x" * 4_000):
        with pytest.raises(DatabaseOperationNotSupportedError, match=r"takes \d+ characters .* at most 8192"):
            seal_cursor(Cursor((value,)), ORDER)
