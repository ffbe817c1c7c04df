"""The DDL of one dialect: statements that make tables and drop them, as text."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from openviper.db.constraints import make_name
from openviper.db.dialects.base import Dialect
from openviper.db.exceptions import DatabaseOperationNotSupportedError
from openviper.db.fields.base import AnyField, FieldKind
from openviper.db.schema.late import expressions
from openviper.db.schema.table import (
    ColumnSchema,
    ForeignKeySchema,
    IndexSchema,
    TableSchema,
    UniqueSchema,
    Written,
)

if TYPE_CHECKING:
    from sqlalchemy import CheckConstraint, Column, ColumnElement, ForeignKeyConstraint, Index, Table
    from sqlalchemy.sql import ClauseElement

__all__ = ["create_statements", "drop_statements", "in_order"]


# A literal, which is passed over, or a name with its quotes.
_NAME: Final = re.compile(r"'(?:[^']|'')*'|(?P<quote>\"?)\b(?P<name>[A-Za-z_][A-Za-z0-9_]*)\b(?P=quote)(?!\()")


def in_order(tables: Iterable[TableSchema]) -> Iterator[tuple[TableSchema, tuple[ForeignKeySchema, ...]]]:
    """Put tables into an order in which each comes after those that it refers to.

    Tables that refer to each other have no such order, so a table comes with those of its references that lead to one
    further back, and have to wait for it. References to tables that are not among the given ones wait for nothing.

    Args:
        tables: In the order that is kept as far as possible.
    """
    waiting = {table.name: table for table in tables}
    while waiting:
        free = (table for table in waiting.values() if not _waits(table, waiting))
        table = next(free, None) or _find_circle(waiting)
        late = tuple(_waits(table, waiting))
        del waiting[table.name]
        yield table, late


def create_statements(tables: Iterable[TableSchema], dialect: Dialect) -> list[str]:
    """Write what makes tables with all that stands on them.

    Args:
        tables: In any order; those that they refer to are among them, or there already.
        dialect: Of the engine.

    Raises:
        DatabaseOperationNotSupportedError: The engine has no such column, or no unique index with a condition.
    """
    # SQLAlchemy is not loaded by a process that makes no tables.
    from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

    schemas = tuple(tables)
    writer = _Writer(dialect, schemas)
    statements: list[str] = []
    waiting: list[str] = []
    for schema, late in in_order(schemas):
        keys, late_keys = writer.keys_of(schema, late)
        table = CreateTable(writer.tables[schema.name], include_foreign_key_constraints=keys)
        statements.append(writer.text(table) + dialect.create_words)
        statements += [writer.text(CreateIndex(index)) for index in writer.make_indexes(schema)]
        waiting += [writer.text(AddConstraint(key)) for key in late_keys]
    return [*statements, *waiting]


def drop_statements(tables: Iterable[TableSchema], dialect: Dialect) -> list[str]:
    """Write what drops tables, with all that stands on them.

    Args:
        tables: In any order; all of them exist. No other table refers to them.
        dialect: Of the engine.
    """
    # SQLAlchemy is not loaded by a process that drops no tables.
    from sqlalchemy import delete
    from sqlalchemy.schema import DropConstraint, DropTable

    schemas = tuple(tables)
    writer = _Writer(dialect, schemas)
    statements: list[str] = []
    drops: list[str] = []
    for schema, late in in_order(schemas):
        drops.append(writer.text(DropTable(writer.tables[schema.name])) + dialect.drop_words)
        statements += [writer.text(DropConstraint(key)) for key in writer.keys_of(schema, late)[1]]
    if not dialect.features.adds_constraints:
        # SQLite deletes the rows of a table before it, and stumbles over those that refer to them from further on;
        # when all of them are gone, none is left to be missed at the end of the transaction.
        empty = [writer.text(delete(writer.tables[schema.name])) for schema in schemas]
        statements = ["PRAGMA defer_foreign_keys = ON", *writer.release_rows(schemas), *empty]
    return [*statements, *reversed(drops)]


def _waits(table: TableSchema, waiting: dict[str, TableSchema]) -> list[ForeignKeySchema]:
    """Give the references of a table to others that are still waiting."""
    return [one for one in table.foreign_keys if one.target_table in waiting and one.target_table != table.name]


def _find_circle(waiting: dict[str, TableSchema]) -> TableSchema:
    """Give a table that leads back to itself; others may merely wait for such ones."""
    table = next(iter(waiting.values()))
    seen: set[str] = set()
    while table.name not in seen:
        seen.add(table.name)
        table = waiting[_waits(table, waiting)[0].target_table]
    return table


class _Writer:
    """Writes DDL with the compiler of SQLAlchemy."""

    def __init__(self, dialect: Dialect, schemas: Sequence[TableSchema]) -> None:
        # SQLAlchemy is not loaded by a process that makes no tables.
        from sqlalchemy import Column, Integer, MetaData, Table

        self._dialect = dialect
        # A statement without parameters is sent as it is, so nothing in it may be doubled for a driver.
        self._compiler = dialect.make_compiler("qmark")
        self._metadata = MetaData()
        self.tables = {schema.name: self._make_table(schema) for schema in schemas}
        for key in (one for schema in schemas for one in schema.foreign_keys):
            if key.target_table not in self._metadata.tables:
                # Of a table that is there already SQLAlchemy wants to know that it has the column.
                Table(key.target_table, self._metadata, Column(key.target_column, Integer))

    def text(self, element: "ClauseElement") -> str:
        """Write a statement."""
        lines = str(element.compile(dialect=self._compiler)).strip().splitlines()
        return "\n".join(line.replace("\t", "    ").rstrip() for line in lines)

    def keys_of(
        self, schema: TableSchema, late: Sequence[ForeignKeySchema]
    ) -> "tuple[list[ForeignKeyConstraint], list[ForeignKeyConstraint]]":
        """Give the references that stand in the table, and those that are added to it."""
        late_names = {one.name for one in late} if self._dialect.features.adds_constraints else set()
        # They are a set, and the text of a statement has to be the same in every process.
        keys = sorted(self.tables[schema.name].foreign_key_constraints, key=lambda key: str(key.name))
        return (
            [key for key in keys if key.name not in late_names],
            [key for key in keys if key.name in late_names],
        )

    def release_rows(self, schemas: Iterable[TableSchema]) -> Iterator[str]:
        """Write what lets go of the rows that others of their table would take along when they are deleted.

        SQLite gives up where that goes down a thousand levels. Rows that a constraint keeps as they are stay so.
        """
        # SQLAlchemy is not loaded by a process that drops no tables.
        from sqlalchemy import null, update

        for schema in schemas:
            for key in schema.foreign_keys:
                if key.target_table == schema.name and key.on_delete == "CASCADE":
                    table = self.tables[schema.name]
                    other = null() if schema.column(key.column).storage.null else table.c[key.target_column]
                    yield self.text(update(table).values({key.column: other}).prefix_with("OR IGNORE"))

    def make_indexes(self, schema: TableSchema) -> "list[Index]":
        """Draw up the indexes of a table."""
        # SQLAlchemy is not loaded by a process that makes no tables.
        from sqlalchemy import Index

        columns = self.tables[schema.name].columns
        made: list[Index] = []
        for one in self._indexes(schema):
            if one.condition is not None and not self._dialect.features.partial_indexes and one.is_unique:
                raise DatabaseOperationNotSupportedError(
                    f"{self._dialect.name} has no unique index with a condition, such as {one.name} of {schema.name}"
                )
            if one.expressions and not self._dialect.features.expression_indexes:
                if not one.is_unique:
                    continue  # it would make queries faster, and none of them gives other rows without it
                raise DatabaseOperationNotSupportedError(
                    f"{self._dialect.name} has no unique index of expressions, such as {one.name} of {schema.name}"
                )
            parts: list[Any] = [columns[name[1:]].desc() if name[0] == "-" else columns[name] for name in one.columns]
            parts += [self._key(key) for key in one.expressions]
            words: dict[str, Any] = {}
            if one.nulls_are_equal:
                words |= self._equal_nulls(one)
            # Without the condition an index that is not unique is larger, and finds the same rows.
            if one.condition is not None and self._dialect.features.partial_indexes:
                words[f"{self._compiler.name}_where"] = self._condition(one.condition, schema)
            table = self.tables[schema.name]
            made.append(Index(one.name, *parts, unique=one.is_unique, _table=table, **words))
        return made

    def _key(self, key: Written) -> "ColumnElement[Any]":
        # SQLAlchemy is not loaded by a process that makes no tables.
        from sqlalchemy import literal_column

        text, is_descending = expressions.key_text(key.given, key.options, self._dialect)
        return literal_column(f"({text}){' DESC' if is_descending else ''}")

    def _equal_nulls(self, one: IndexSchema) -> dict[str, Any]:
        """Give what makes an index take rows without a value for equal."""
        if not self._dialect.features.nulls_are_distinct:
            return {}
        if not self._dialect.features.equal_nulls:
            raise DatabaseOperationNotSupportedError(
                f"{self._dialect.name} takes rows without a value for different ones, and {one.name} has "
                "nulls_distinct=False; give the fields a value in place of None"
            )
        return {f"{self._compiler.name}_nulls_not_distinct": True}

    def _make_table(self, schema: TableSchema) -> "Table":
        # SQLAlchemy is not loaded by a process that makes no tables.
        from sqlalchemy import CheckConstraint, PrimaryKeyConstraint, Table, UniqueConstraint

        # An id that was given out once is not given out again after its row is deleted.
        words: dict[str, Any] = {"sqlite_autoincrement": any(one.is_auto for one in schema.columns)}
        return Table(
            schema.name,
            self._metadata,
            *(self._make_column(one, schema) for one in schema.columns),
            PrimaryKeyConstraint(schema.primary_key, name=schema.primary_key_name),
            *(
                UniqueConstraint(*one.columns, name=one.name)
                for one in schema.uniques
                if not self._is_index(one, schema)
            ),
            *(self._make_key(one) for one in schema.foreign_keys),
            *(CheckConstraint(self._condition(one.condition, schema), name=one.name) for one in schema.checks),
            **words,
        )

    def _make_column(self, schema: ColumnSchema, table: TableSchema) -> "Column[Any]":
        # SQLAlchemy is not loaded by a process that makes no tables.
        from sqlalchemy import Column, Identity

        from openviper.db.dialects.sqltypes import type_of  # which loads it too

        form = self._dialect.form(schema.storage)
        nullable = schema.storage.null or form.is_nullable
        if not schema.is_auto:
            # With the column, so that SQLite drops both together.
            limit = self._make_limit(schema, table)
            default = None if schema.default is None else self._default(schema.default)
            words: dict[str, Any] = {"nullable": nullable, "autoincrement": False, "server_default": default}
            return Column(schema.name, type_of(form), *limit, **words)
        form = replace(form, column_type=self._dialect.auto_type or form.column_type)
        # Values of one's own are allowed, so that fixtures and copies keep their keys.
        return Column(schema.name, type_of(form), Identity(always=False), nullable=False, autoincrement=True)

    def _default(self, default: Written) -> "ColumnElement[Any]":
        # SQLAlchemy is not loaded by a process that makes no tables.
        from sqlalchemy import literal_column

        found = expressions.default_text(cast("AnyField", default.given), default.options, self._dialect)
        return literal_column(f"({found})")

    def _make_limit(self, column: ColumnSchema, table: TableSchema) -> "Iterator[CheckConstraint]":
        """Draw up what keeps the values of a column in the range of their field, where its type does not."""
        # SQLAlchemy is not loaded by a process that makes no tables.
        from sqlalchemy import CheckConstraint, text

        limit = self._dialect.limit(column.storage)
        # A reference is what another table has.
        if limit is not None and all(one.column != column.name for one in table.foreign_keys):
            condition = limit.format(self._dialect.compiler.identifier_preparer.quote(column.name))
            yield CheckConstraint(text(condition), name=make_name("rg", table.name, (column.name,)))

    def _make_key(self, schema: ForeignKeySchema) -> "ForeignKeyConstraint":
        # SQLAlchemy is not loaded by a process that makes no tables.
        from sqlalchemy import ForeignKeyConstraint

        words = self._dialect.on_delete.get(schema.on_delete)
        return ForeignKeyConstraint(
            [schema.column], [f"{schema.target_table}.{schema.target_column}"], name=schema.name, ondelete=words
        )

    def _condition(self, text: "str | Written", table: TableSchema) -> "ColumnElement[Any]":
        """Give SQL of a model, in which decimals are meant as they read and not as they are stored.

        Raises:
            DatabaseOperationNotSupportedError: It names a decimal that is stored as a text.
        """
        # SQLAlchemy is not loaded by a process that makes no tables.
        from sqlalchemy import literal_column

        if isinstance(text, Written):
            return literal_column(expressions.condition_text(text.given, text.options, self._dialect))
        forms = {one.name.lower(): self._dialect.form(one.storage) for one in table.columns}
        decimals = {one.name.lower() for one in table.columns if one.storage.kind == FieldKind.DECIMAL}
        quotes = self._dialect.compiler.identifier_preparer

        def read(found: re.Match[str]) -> str:
            name = found["name"]
            form = forms.get((name or "").lower())
            if form is None:
                return found[0]
            # A model quotes in one way for all engines; left bare, a column called "order" would be a word of SQL.
            written: str = quotes.quote_identifier(name) if found["quote"] else found[0]
            if name.lower() not in decimals:
                return written
            if not form.is_computable:
                raise DatabaseOperationNotSupportedError(
                    f"{self._dialect.name} stores {table.name}.{name} as a text, so the condition {text!r} cannot "
                    "compute with it; give the field fewer digits, or leave the condition out"
                )
            # Of a number with up to 15 digits the quotient is the very float that a literal is read as.
            return f"({written} / 1{'0' * form.scale}.0)" if form.scale else written

        return literal_column(_NAME.sub(read, text))

    def _is_index(self, schema: UniqueSchema, table: TableSchema) -> bool:
        """Tell whether uniqueness has to be an index with a condition, as the engine takes two NULLs for equal."""
        has_null = any(table.column(name).storage.null for name in schema.columns)
        return has_null and not self._dialect.features.nulls_are_distinct

    def _indexes(self, table: TableSchema) -> "Iterator[IndexSchema]":
        yield from table.indexes
        for one in table.uniques:
            if self._is_index(one, table):
                condition = " AND ".join(
                    f"[{name}] IS NOT NULL" for name in one.columns if table.column(name).storage.null
                )
                yield IndexSchema(name=one.name, columns=one.columns, is_unique=True, condition=condition)
