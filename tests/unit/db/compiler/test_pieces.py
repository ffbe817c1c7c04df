"""Pieces of SQL: numbers of one form made of those of another."""

import pytest

from openviper.db.compiler.pieces import ask
from openviper.db.dialects.forms import Storage
from openviper.db.exceptions import DatabaseOperationNotSupportedError, FieldError
from openviper.db.fields.base import FieldKind
from openviper.db.query import description as d
from tests.unit.db.compiler.things import PRICE, scope_of, write


def test_decimals_kept_as_text_are_not_computed_with() -> None:
    """More digits than SQLite counts with are refused, and are no trouble elsewhere."""
    node = d.Operation("+", d.Column("huge"), PRICE)
    with pytest.raises(FieldError, match="huge has 30 digits"):
        write(node)
    assert write(node, "postgresql")[1].kind == FieldKind.DECIMAL


def test_parameter_says_its_type_where_the_server_asks() -> None:
    """PostgreSQL is told; SQLite, which has values with types, is not."""
    node = d.Param(0, Storage(kind=FieldKind.DATE))
    assert write(node, "postgresql")[0] == "CAST($1 AS DATE)"
    assert write(node)[0] == "?"


def test_what_an_engine_cannot_do_is_said() -> None:
    """An operation without a text of its own is an error that names it."""
    with pytest.raises(DatabaseOperationNotSupportedError, match="mysql has no operation 'any'"):
        ask("any", (), scope_of("mysql"))
