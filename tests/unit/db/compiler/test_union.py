"""Expressions of different kinds brought to one."""

import pytest

from openviper.db.compiler.expressions import compile_assignment
from openviper.db.exceptions import FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query import description as d
from tests.unit.db.compiler.things import NAME, PRICE, RATE, scope_of, write


def test_sides_of_a_case_agree() -> None:
    """NULL and values without a type are of the kind of the others."""
    case = d.Case(((d.Lookup("small", 0), PRICE), (d.Lookup("name", 1), d.Null())), d.Param(2))
    text, storage = write(case)
    assert storage.kind == FieldKind.DECIMAL
    assert storage.null
    assert "THEN NULL" in text
    with pytest.raises(FieldError, match="different kinds: number, text"):
        write(d.Case(((d.Lookup("small", 0), PRICE),), NAME))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_assignment_is_in_the_form_of_the_column(engine: str) -> None:
    """A finer number is rounded to the places of the column; a text is no number."""
    scope = scope_of(engine)
    typed = compile_assignment(d.Operation("*", PRICE, RATE), scope, "price")
    text = str(typed.element.compile(dialect=scope.dialect.compiler))
    assert "round(" in text
    assert typed.storage.digits == (8, 2)
    plain = compile_assignment(RATE, scope, "rate")
    assert str(plain.element.compile(dialect=scope.dialect.compiler)) == "compiler_thing.rate"
    with pytest.raises(FieldError, match=r"Thing\.price is set to an expression: name is text where number is wanted"):
        compile_assignment(NAME, scope, "price")
