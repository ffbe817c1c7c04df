"""Numbers and truth: ranges, digits, and what is no number though Python would take it for one."""

import math
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openviper.db.exceptions import FieldValueError, ModelDefinitionError
from openviper.db.fields import (
    AutoField,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    DecimalField,
    Field,
    FieldKind,
    FloatField,
    IntegerField,
    NullBooleanField,
    PositiveIntegerField,
    SmallIntegerField,
)

RANGES = [
    (SmallIntegerField(), -(2**15), 2**15 - 1),
    (IntegerField(), -(2**31), 2**31 - 1),
    (PositiveIntegerField(), 0, 2**31 - 1),
    (BigIntegerField(), -(2**63), 2**63 - 1),
]


@pytest.mark.parametrize(("field", "least", "most"), RANGES)
def test_range_of_whole_numbers(field: Field[int], least: int, most: int) -> None:
    """The ends of a range pass, and what lies beyond is refused with the range."""
    assert (field.clean(least), field.clean(most)) == (least, most)
    for beyond in (least - 1, most + 1, 10**5000):
        with pytest.raises(FieldValueError, match=f"not between {least} and {most}"):
            field.clean(beyond)


@pytest.mark.parametrize(
    "value", [True, False, 1.0, 1.5, "1.0", "1e3", " 1", "1_000", "٣", "", "0x10", Decimal(1), None, [], b"1"]
)
def test_value_that_is_no_whole_number(value: object) -> None:
    """A bool, a float and what Python would read leniently are refused."""
    with pytest.raises(FieldValueError):
        IntegerField().clean(value)


@given(st.integers(-(2**31), 2**31 - 1))
def test_whole_number_is_read_from_its_digits(number: int) -> None:
    """Digits as forms and URLs bring them stand for their number."""
    assert IntegerField().clean(str(number)) == number
    assert IntegerField().clean(f"{number:+d}") == number


def test_subclass_becomes_a_plain_number() -> None:
    """A member of an enum becomes its number."""

    class Size(IntEnum):
        LARGE = 3

    assert type(IntegerField().clean(Size.LARGE)) is int
    assert IntegerField().clean(Size.LARGE) == 3


@pytest.mark.parametrize("value", [1, 1.5, -0.0, "1.5", "-2e3", ".5", Decimal("1.5")])
def test_float_takes_numbers(value: float) -> None:
    """Numbers and their digits become floats."""
    assert FloatField().clean(value) == float(value)


@pytest.mark.parametrize(
    "value", [True, "1_0", "x", "1e99999", "1" * 5000, 10**400, "1e400", Fraction(1, 2), 1j, b"1", Decimal("sNaN")]
)
def test_value_that_is_no_float(value: object) -> None:
    """What is no number, or larger than a float, is refused and never becomes infinite."""
    with pytest.raises(FieldValueError):
        FloatField(allow_inf=True, allow_nan=True).clean(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, "inf", "-Infinity"])
def test_infinite_float(value: object) -> None:
    """Infinity passes where it is allowed."""
    assert math.isinf(FloatField(allow_inf=True).clean(value))
    for field in (FloatField(), FloatField(allow_nan=True)):
        with pytest.raises(FieldValueError, match="no finite number"):
            field.clean(value)


@pytest.mark.parametrize("value", [math.nan, "nan", Decimal("NaN")])
def test_float_that_is_no_number(value: object) -> None:
    """NaN passes where it is allowed."""
    assert math.isnan(FloatField(allow_nan=True).clean(value))
    for field in (FloatField(), FloatField(allow_inf=True)):
        with pytest.raises(FieldValueError, match="no finite number"):
            field.clean(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.5", "1.50"),
        (1, "1.00"),
        (0.1, "0.10"),
        (Decimal("1.500"), "1.50"),
        ("1e2", "100.00"),
        ("-0", "0.00"),
        ("999.99", "999.99"),
    ],
)
def test_decimal_has_its_places(value: object, expected: str) -> None:
    """A value comes out with the places of the column; a float counts as what Python writes for it."""
    assert str(DecimalField(max_digits=5, decimal_places=2).clean(value)) == expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1.001", "more than 2 decimal places"),
        (0.1 + 0.2, "more than 2 decimal places"),
        ("1000", "more than 3 digits"),
        ("999.995", "more than 2 decimal places"),
        (Decimal("1E+1000000"), "more than 3 digits"),
        (10**50, "more than 3 digits"),
        (Decimal("NaN"), "no finite"),
        (Decimal("sNaN"), "no finite"),
        ("Infinity", "no finite"),
        (math.nan, "no finite"),
        (True, "no number"),
        ("1,5", "no number"),
        ("", "no number"),
        (" 1", "no number"),
        ("1_0", "no number"),
        (b"1", "no number"),
        (Fraction(1, 2), "no number"),
        ("1e999999", "no number"),
    ],
)
def test_decimal_is_never_rounded(value: object, reason: str) -> None:
    """What does not fit is refused, with the reason."""
    with pytest.raises(FieldValueError, match=reason):
        DecimalField(max_digits=5, decimal_places=2).clean(value)


@pytest.mark.parametrize("default", [0, "0", "0.00", 0.0])
def test_decimal_has_a_decimal_by_default(default: Any) -> None:
    """It may be written in another way, and instances have a decimal before they are stored as well."""
    made = DecimalField(max_digits=5, decimal_places=2, default=default).make_default()
    assert (type(made), str(made)) == (Decimal, "0.00")


@pytest.mark.parametrize("default", ["free", True, "1.005", 1000])
def test_decimal_refuses_a_default_that_is_none(default: Any) -> None:
    """The author is told when the field is declared, and not whoever stores the first row."""
    with pytest.raises(ModelDefinitionError, match="DecimalField has the default"):
        DecimalField(max_digits=5, decimal_places=2, default=default)


@given(st.decimals(allow_nan=False, allow_infinity=False), st.integers(1, 30), st.integers(0, 30))
def test_decimal_keeps_its_value(number: Decimal, digits: int, places: int) -> None:
    """Whatever passes is equal to what was given, with no more digits and places than the column has."""
    if places > digits:
        return
    try:
        clean = DecimalField(max_digits=digits, decimal_places=places).clean(number)
    except FieldValueError:
        return
    assert clean == number
    assert clean.as_tuple().exponent == -places
    assert len(clean.as_tuple().digits) <= max(digits, places + 1)


@pytest.mark.parametrize(("digits", "places"), [(0, 0), (5, 6), (5, -1), (1001, 2)])
def test_digits_that_no_column_has(digits: int, places: int) -> None:
    """There are no more places than digits, and as many digits as some engine keeps."""
    with pytest.raises(ModelDefinitionError, match="max_digits"):
        DecimalField(max_digits=digits, decimal_places=places)


@pytest.mark.parametrize("value", [True, 1, "1", "true", "TRUE", "t", "yes", "Y", "on"])
def test_words_for_true(value: object) -> None:
    """What forms and files write for true is true."""
    assert BooleanField().clean(value) is True


@pytest.mark.parametrize("value", [False, 0, "0", "false", "False", "f", "no", "N", "OFF"])
def test_words_for_false(value: object) -> None:
    """What they write for false is false."""
    assert BooleanField().clean(value) is False


@pytest.mark.parametrize("value", [2, -1, 1.0, 0.0, "", "maybe", "truee", None, [], "null"])
def test_value_that_is_neither(value: object) -> None:
    """Truth is not guessed from other values."""
    with pytest.raises(FieldValueError):
        BooleanField().clean(value)


def test_truth_that_may_be_unknown() -> None:
    """A NullBooleanField takes None as well."""
    assert NullBooleanField().null
    assert NullBooleanField().clean(None) is None
    assert NullBooleanField().clean("no") is False


@pytest.mark.parametrize("kind", [AutoField, BigAutoField])
def test_key_that_the_engine_makes(kind: type[AutoField]) -> None:
    """It is the primary key, of 64 bits, and None before the row is there."""
    field = kind()
    assert (field.primary_key, field.auto, field.unique, field.kind) == (True, True, True, FieldKind.BIGINT)
    assert field.clean(None) is None
    assert field.clean("7") == 7
