"""Operators: the kinds they take, what comes of them, and the form both sides are brought to."""

import pytest

from openviper.db.compiler.arithmetic import expected_beside
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query import description as d
from tests.unit.db.compiler.things import NAME, PRICE, RATE, RATIO, SMALL, TWO, write


@pytest.mark.parametrize(
    ("node", "text", "kind", "places"),
    [
        (SMALL, "small", FieldKind.SMALLINT, 0),
        (d.Operation("+", SMALL, TWO), "(small + ?)", FieldKind.BIGINT, 0),
        (d.Operation("/", SMALL, TWO), "(CAST(small AS REAL) / nullif(CAST(? AS REAL), 0))", FieldKind.FLOAT, 0),
        (d.Operation("+", PRICE, TWO), "(price + ? * 100)", FieldKind.DECIMAL, 2),
        (d.Operation("+", PRICE, RATE), "(price * 100 + rate)", FieldKind.DECIMAL, 4),
        (d.Operation("*", PRICE, RATE), "(price * rate)", FieldKind.DECIMAL, 6),
        (d.Operation("*", PRICE, TWO), "(price * ?)", FieldKind.DECIMAL, 2),
        (d.Operation("+", PRICE, RATIO), "(CAST(price AS REAL) / 100.0 + ratio)", FieldKind.FLOAT, 0),
    ],
)
def test_numbers_are_brought_to_one_form(node: d.Expression, text: str, kind: FieldKind, places: int) -> None:
    """Decimals stay whole numbers of their last place on SQLite, and meet others in the finer one."""
    written, storage = write(node)
    assert (written, storage.kind, storage.digits[1]) == (text, kind, places)


def test_numbers_of_the_engine_stay_as_they_are() -> None:
    """Where decimals are a type of the engine, nothing is scaled, and parameters say their type."""
    assert write(d.Operation("+", PRICE, RATE), "postgresql")[0] == "(price + rate)"
    assert write(d.Operation("+", PRICE, TWO), "postgresql")[0] == "(price + CAST($1 AS BIGINT))"


@pytest.mark.parametrize(
    ("kind", "operator", "expected"),
    [
        (FieldKind.DECIMAL, "*", FieldKind.BIGINT),
        (FieldKind.DATETIME, "+", FieldKind.DURATION),
        (FieldKind.DURATION, "*", FieldKind.BIGINT),
        (FieldKind.DURATION, "+", FieldKind.DURATION),
        (FieldKind.TEXT, "+", FieldKind.TEXT),
    ],
)
def test_value_beside_an_operand_is_what_makes_sense_there(kind: FieldKind, operator: str, expected: FieldKind) -> None:
    """A plain number beside a decimal is whole, and what is added to a moment is a length of time."""
    assert expected_beside(Storage(kind=kind), operator).kind == expected


@pytest.mark.parametrize(("left", "operator"), [(NAME, "+"), (RATIO, "%"), (d.Column("at"), "*")])
def test_operator_that_means_nothing_is_refused(left: d.Expression, operator: str) -> None:
    """The message says which kinds stand at both sides."""
    with pytest.raises(FieldError, match=r"cannot be computed|no exact remainder"):
        write(d.Operation(operator, left, SMALL))
