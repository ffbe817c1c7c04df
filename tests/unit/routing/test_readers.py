"""From the text of a request to the type of an argument."""

import datetime as dt
import decimal
import enum
import uuid
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.routing.readers import find_reader, is_readable, name_expected


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"

    @classmethod
    def _missing_(cls, value: object) -> "Colour | None":
        return cls.RED if value == "rot" else None


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Right(enum.Flag):
    READ = 1
    WRITE = 2


READABLE = [
    (str, " a ", " a "),
    (int, "1", 1),
    (int, "+007", 7),
    (int, "-0", 0),
    (int, str(2**63 - 1), 2**63 - 1),
    (int, str(-(2**63)), -(2**63)),
    (float, "1", 1.0),
    (float, "-1.5e-3", -0.0015),
    (float, ".5", 0.5),
    (float, "2.", 2.0),
    (bool, "true", True),
    (bool, "0", False),
    (bool, "on", True),
    (bool, "Yes", True),
    (bool, "OFF", False),
    (bool, "no", False),
    (decimal.Decimal, "1.10", decimal.Decimal("1.10")),
    (decimal.Decimal, "-3", decimal.Decimal(-3)),
    (uuid.UUID, str(uuid.UUID(int=1)), uuid.UUID(int=1)),
    (dt.date, "2026-11-20", dt.date(2026, 11, 20)),
    (dt.datetime, "2026-11-20T10:00:00", dt.datetime(2026, 11, 20, 10)),  # noqa: DTZ001 - as the client wrote it
    (dt.time, "10:00:00", dt.time(10)),
    (dt.timedelta, "P1D", dt.timedelta(1)),
    (Colour, "blue", Colour.BLUE),
    (Colour, "rot", Colour.RED),
    (Size, "2", Size.LARGE),
    (Right, "3", Right.READ | Right.WRITE),
    (Literal["asc", "desc"], "desc", "desc"),
    (Literal[10, 20], "20", 20),
]


@pytest.mark.parametrize(("kind", "text", "value"), READABLE)
def test_text_becomes_the_type(kind: Any, text: str, value: object) -> None:
    """Each type reads the form that people and programs write."""
    assert is_readable(kind)
    found = find_reader(kind)(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *(
            (int, text)
            for text in (
                "",
                "1.0",
                "1e3",
                "1_0",
                " 1",
                "1\n",
                "٣",
                "0x1",
                "true",
                "+",
                "9" * 19,
                "9" * 5000,
                str(2**63),
            )
        ),
        *((float, text) for text in ("", ".", "nan", "inf", "-Infinity", "1e400", "1_0", " 1", "٣", "1e5000", "e1")),
        *((decimal.Decimal, text) for text in ("", "NaN", "sNaN", "Infinity", "1e99999999", "1_0", "9" * 5000)),
        (bool, "maybe"),
        (bool, ""),
        (bool, "on" * 5000),
        (uuid.UUID, "1"),
        (dt.date, "2026-02-30"),
        (dt.timedelta, "P99999999999D"),
        (Colour, "green"),
        (Colour, "RED"),
        (Size, "3"),
        (Size, "1.0"),
        (Right, "99"),
        (Literal["asc", "desc"], "up"),
        (Literal[10, 20], "010"),
    ],
)
def test_text_that_is_not_of_the_type_is_a_value_error(kind: Any, text: str) -> None:
    """Numbers are finite, bounded and plain; choices are those that the type names."""
    with pytest.raises(ValueError, match=r".*"):
        find_reader(kind)(text)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever a client sends, a reader gives a value or a ValueError."""
    for kind in {case[0] for case in READABLE}:
        try:
            find_reader(kind)(text)
        except ValueError:
            continue


@given(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_as_python_writes_them_are_read(number: int, amount: float) -> None:
    """What str() writes of an int of 64 bits and of any finite float comes back."""
    assert find_reader(int)(str(number)) == number
    assert find_reader(float)(str(amount)) == amount


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (int, "a whole number"),
        (dt.date, "a valid date"),
        (Colour, "one of red, blue"),
        (Size, "one of 1, 2"),
        (Literal["asc", "desc"], "one of asc, desc"),
    ],
)
def test_type_is_named_for_people(kind: Any, expected: str) -> None:
    """A client is told what would have been right."""
    assert name_expected(kind) == expected
