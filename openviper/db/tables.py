"""Models as SQLAlchemy's tables, once a model and dialect: what SQL text is written from.

A table has its columns and its key, under the attributes of the model (``table.c.author_id``). What else stands on it
matters for DDL only, see ``openviper.db.schema``.
"""

from functools import cache
from typing import TYPE_CHECKING

from openviper.db.dialects.base import Dialect
from openviper.db.options import Options
from openviper.db.registry import registry

if TYPE_CHECKING:
    from sqlalchemy import Table

__all__ = ["table_of"]


def table_of(options: Options, dialect: Dialect) -> "Table":
    """Give the table of a model; the same one on every call, as long as no model is made or forgotten.

    Args:
        options: Of the model.
        dialect: Of the engine.

    Raises:
        ModelReferenceError: A reference of the model leads nowhere.
        DatabaseOperationNotSupportedError: The engine cannot store a field.
    """
    return _tables_of(dialect).give(options)


class _Tables:
    """The tables of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._made: dict[Options, Table] = {}
        self._version = -1

    def give(self, options: Options) -> "Table":
        # A new model may be the target of a reference, whose column is of the type of its key.
        if self._version != registry.version:
            self._made.clear()
            self._version = registry.version
        found = self._made.get(options)
        if found is None:
            found = self._made[options] = _make_table(options, self._dialect)
        return found


@cache
def _tables_of(dialect: Dialect) -> _Tables:
    return _Tables(dialect)


def _make_table(options: Options, dialect: Dialect) -> "Table":
    # SQLAlchemy costs a start 100 ms and is needed for a query that no plan exists for.
    from sqlalchemy import Column, FetchedValue, MetaData, Table

    from openviper.db.dialects.sqltypes import type_of  # which loads it too

    columns = [
        Column(
            field.column,
            type_of(dialect.form_of(field)),
            key=field.attname,
            primary_key=field.primary_key,
            nullable=field.null,
            autoincrement=False,
            # Else SQLAlchemy would add the key that the engine makes to an INSERT by itself.
            server_default=FetchedValue() if field.auto else None,
        )
        for field in options.fields
    ]
    # What a statement gives back is said by whoever writes it.
    return Table(options.table, MetaData(), *columns, implicit_returning=False)
