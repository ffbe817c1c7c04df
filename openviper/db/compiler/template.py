"""SQL text of an engine's own, with expressions in it; loads SQLAlchemy, so others import it inside functions."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from openviper.db.dialects.sqltypes import SQLType

__all__ = ["make_predicate", "make_text"]


class _Text(FunctionElement[Any]):
    """A text with operands; it is taken for a function call, which needs no brackets."""

    inherit_cache = False

    def __init__(self, template: str, operands: Sequence[ColumnElement[Any]], zone: str) -> None:
        super().__init__(*operands)
        self.template = template
        self.zone = zone


def make_text(
    template: str, operands: Sequence[ColumnElement[Any]], sql_type: SQLType, *, zone: str = ""
) -> ColumnElement[Any]:
    """Make an expression of a text of ``openviper.db.dialects.operations``.

    Args:
        template: The text.
        operands: What stands in its places.
        sql_type: Of the result.
        zone: Name of a time zone, for texts that have a place for one.
    """
    made = _Text(template, operands, zone)
    made.type = sql_type
    return made


def make_predicate(template: str, operands: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
    """Make a condition of a text.

    Args:
        template: The text.
        operands: What stands in its places.
    """
    # With the type of truth SQLAlchemy would compare it with 1, on engines that have no such type.
    return make_text(template, operands, NullType())


@compiles(_Text)
def _write(element: _Text, compiler: SQLCompiler, **options: Any) -> str:
    written = [compiler.process(one, **options) for one in element.clauses]
    quoted = "'" + element.zone.replace("'", "''") + "'"
    joined = " || ".join(f"coalesce({one}, '')" for one in written)
    rows = ", ".join(f"({one})" for one in written)
    return element.template.format(*written, all=", ".join(written), joined=joined, rows=rows, zone=quoted)
