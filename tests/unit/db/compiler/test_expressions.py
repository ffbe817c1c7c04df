"""Expressions as SQL: values, lists, cases, parts of moments."""

import pytest

from openviper.db.compiler.expressions import compile_assignment
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import FieldError, ModelValidationError
from openviper.db.fields.base import FieldKind
from openviper.db.query import description as d
from tests.unit.db.compiler.things import SMALL, TWO, scope_of, write


def test_value_alone_needs_a_type() -> None:
    """A value says its type, or what stands beside it does."""
    with pytest.raises(FieldError, match="nothing says of which type"):
        write(TWO)
    assert write(TWO, expected=Storage(kind=FieldKind.TEXT))[1].kind == FieldKind.TEXT
    assert write(d.Param(0, Storage(kind=FieldKind.DATE)))[1].kind == FieldKind.DATE
    with pytest.raises(FieldError, match="between two plain values"):
        write(d.Operation("+", TWO, TWO))


def test_lists_stand_beside_in_only() -> None:
    """A list is no value of an expression."""
    with pytest.raises(FieldError, match="at the right of __in"):
        write(d.Many(0))


def test_condition_within_a_case_is_a_condition_like_others() -> None:
    """It has parameters of its own."""
    text, _ = write(d.Case(((d.Not(d.Lookup("ratio__gt", 0)), SMALL),), SMALL))
    assert text == "CASE WHEN (ratio <= ? OR ratio IS NULL) THEN small ELSE small END"


def test_parts_of_moments_are_fields_too() -> None:
    """F('at__year') is a number."""
    sql, _ = write(d.Column("at__year"), "postgresql")
    assert sql.startswith("extract(year from ((CASE at WHEN 'infinity' THEN '9999-12-31 23:59:59.999999+00' ")
    assert sql.endswith(" ELSE at END) AT TIME ZONE 'UTC'))::int")
    with pytest.raises(FieldError, match="ends with the lookup 'gt'"):
        write(d.Column("at__gt"))


def test_null_is_assigned_where_it_may_stand() -> None:
    """None for a field that takes none is what save would say."""
    scope = scope_of("sqlite")
    assert str(compile_assignment(d.Null(), scope, "ratio").element) == "NULL"
    with pytest.raises(ModelValidationError, match="null"):
        compile_assignment(d.Null(), scope, "price")
