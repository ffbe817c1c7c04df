"""SQL Server's SELECT as SQLAlchemy would not write it; loads SQLAlchemy, so others import it inside functions.

A limit belongs to ORDER BY there, and SQLAlchemy wants both to be said, or the limit to be a number in the text.
"""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects.mssql.base import MSDialect, MSSQLCompiler

__all__ = ["SQLServerWriter"]


class _Compiler(MSSQLCompiler):
    """Writes statements."""

    def _use_top(self, select: Select[Any]) -> bool:
        return False

    def _check_can_use_fetch_limit(self, select: Select[Any]) -> None:
        """Pass: an order is always there."""

    def order_by_clause(self, select: Select[Any], **options: Any) -> str:
        """Write the order, where one may stand: on top, and beside a limit."""
        if self.is_subquery() and not _is_cut(select):  # type: ignore[no-untyped-call]  # SQLAlchemy has no types here
            return ""
        order: str = self.process(select._order_by_clause, **options)  # noqa: SLF001 - no other way
        return f" ORDER BY {order}" if order else ""

    def _row_limit_clause(self, select: Any, **kw: Any) -> str:  # type: ignore[override]  # two names above it differ
        limit: str = super()._row_limit_clause(select, **kw)  # type: ignore[no-untyped-call]  # no types here either
        if not limit or select._order_by_clauses:  # noqa: SLF001 - no other way
            return limit
        # Distinct rows are sorted by what they show.
        return f" ORDER BY {'1' if select._distinct else '(SELECT NULL)'}{limit}"  # noqa: SLF001 - no other way


def _is_cut(select: Select[Any]) -> bool:
    return select._limit_clause is not None or select._offset_clause is not None  # noqa: SLF001 - no other way


class SQLServerWriter(MSDialect):
    """SQLAlchemy's dialect, with limits as parameters."""

    statement_compiler = _Compiler
    # One object serves several kinds of statements, each of which is compiled once.
    supports_statement_cache = False
