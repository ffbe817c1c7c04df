"""What a table is made of, as data that no engine has a part in; the same model gives the same data in every process.

Every constraint and index has a name that is stated, so that a later change can find it: a prefix for what it is
(``pk``, ``uq``, ``fk``, ``ck``, ``ix``; ``rg`` for the range of a column), the table and the columns, cut to 63 bytes
with a digest at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

from openviper.db.constraints import CheckConstraint, Index, UniqueConstraint, make_name
from openviper.db.dialects.forms import Storage, storage_of
from openviper.db.fields.base import AnyField
from openviper.db.fields.numeric import PositiveIntegerField
from openviper.db.fields.related import ForeignKey
from openviper.db.fields.relation import OnDelete
from openviper.db.options import Options

__all__ = [
    "CheckSchema",
    "ColumnSchema",
    "ForeignKeySchema",
    "IndexSchema",
    "TableSchema",
    "UniqueSchema",
    "Written",
    "schema_of",
]


@dataclass(frozen=True, slots=True)
class Written:
    """What a model says by an expression, which each engine writes in its own way.

    Args:
        options: Of the model.
        given: A field with a default, a condition, or an expression.
    """

    options: Options
    given: object


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSchema:
    """One column.

    Args:
        name: Its name in the database.
        storage: What it holds; whether it may be NULL is part of that.
        is_auto: Whether the engine makes the value.
        default: What the engine stores where nothing is said; None if that is NULL.
    """

    name: str
    storage: Storage
    is_auto: bool = False
    default: "Written | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSchema:
    """An index.

    Args:
        name: Its name in the database.
        columns: Names of columns, ``"-name"`` for descending order.
        is_unique: Whether no two rows of it are equal.
        condition: What a row must meet to be in it, as SQL or to be written; None means all rows.
        expressions: What is in it in place of columns.
        nulls_are_equal: Whether a unique one takes rows without a value for equal.
    """

    name: str
    columns: tuple[str, ...] = ()
    is_unique: bool = False
    condition: "str | Written | None" = None
    expressions: "tuple[Written, ...]" = ()
    nulls_are_equal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UniqueSchema:
    """Columns that no two rows have in common; rows with a NULL in one of them do not count."""

    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKeySchema:
    """A column that holds the key of another table.

    Args:
        name: Its name in the database.
        column: The column.
        target_table: Table that it refers to.
        target_column: The key there.
        on_delete: What becomes of a row when its target is deleted, as the model says it.
    """

    name: str
    column: str
    target_table: str
    target_column: str
    on_delete: OnDelete = "CASCADE"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSchema:
    """A condition that every row meets, as SQL or to be written."""

    name: str
    condition: "str | Written"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """One table.

    Args:
        name: Its name in the database.
        columns: Its columns, in order.
        primary_key: Name of the column that is the key.
        uniques: Columns that no two rows have in common.
        foreign_keys: References to other tables.
        checks: Conditions that every row meets.
        indexes: Its indexes.
    """

    name: str
    columns: tuple[ColumnSchema, ...]
    primary_key: str
    uniques: tuple[UniqueSchema, ...] = ()
    foreign_keys: tuple[ForeignKeySchema, ...] = ()
    checks: tuple[CheckSchema, ...] = ()
    indexes: tuple[IndexSchema, ...] = ()

    @property
    def primary_key_name(self) -> str:
        """Name of the constraint that the key is."""
        return make_name("pk", self.name, ())

    def column(self, name: str) -> ColumnSchema:
        """Give a column.

        Raises:
            LookupError: There is none of the name.
        """
        for one in self.columns:
            if one.name == name:
                return one
        raise LookupError(f"table {self.name} has no column {name!r}")


def schema_of(options: Options) -> TableSchema:
    """Give the table of a model as data.

    Args:
        options: Of a model with a table.

    Raises:
        ModelReferenceError: A reference of the model leads nowhere.
    """
    uniques = _uniques_of(options)
    return TableSchema(
        name=options.table,
        columns=tuple(
            ColumnSchema(
                name=one.column,
                storage=_bare(storage_of(one)),
                is_auto=one.auto,
                default=Written(options, one) if one.has_db_default else None,
            )
            for one in options.fields
        ),
        primary_key=options.pk.column,
        uniques=uniques,
        foreign_keys=tuple(chain.from_iterable(_foreign_key_of(one, options) for one in options.relations)),
        checks=_checks_of(options),
        indexes=_indexes_of(options, {one.columns for one in uniques}),
    )


def _bare(storage: Storage) -> Storage:
    """Leave out the enum, which is a matter of Python: a column holds its values."""
    return replace(storage, members=None, item=None if storage.item is None else _bare(storage.item))


def _checks_of(options: Options) -> tuple[CheckSchema, ...]:
    # An update by an expression is computed by the engine, which alone can see what it comes to.
    positive = [one.column for one in options.fields if isinstance(one, PositiveIntegerField)]
    return (
        *(CheckSchema(name=make_name("ck", options.table, (one,)), condition=f'"{one}" >= 0') for one in positive),
        *(
            CheckSchema(
                name=one.name, condition=one.check if isinstance(one.check, str) else Written(options, one.check)
            )
            for one in options.constraints
            if isinstance(one, CheckConstraint)
        ),
    )


def _uniques_of(options: Options) -> tuple[UniqueSchema, ...]:
    table = options.table
    single = [(one.column,) for one in options.fields if one.unique and not one.primary_key]
    groups = dict.fromkeys([*single, *(_columns(group, options) for group in options.unique_together)])
    stated = [
        UniqueSchema(name=one.name, columns=_columns(one.fields, options))
        for one in options.constraints
        if isinstance(one, UniqueConstraint) and one.is_plain and one.nulls_distinct is not False
    ]
    return (*(UniqueSchema(name=make_name("uq", table, group), columns=group) for group in groups), *stated)


def _indexes_of(options: Options, unique: set[tuple[str, ...]]) -> tuple[IndexSchema, ...]:
    stated = [_index_of(one, options) for one in options.indexes]
    # What is unique has an index of its own; Oracle refuses a second one over the same columns.
    known = {(options.pk.column,), *unique, *(one.columns for one in stated if one.condition is None and one.columns)}
    single = [(one.column,) for one in options.fields if one.db_index and (one.column,) not in known]
    conditional = [
        IndexSchema(
            name=one.name,
            columns=_columns(one.fields, options),
            is_unique=True,
            condition=_condition(one.condition, options),
            expressions=tuple(Written(options, each) for each in one.expressions),
            nulls_are_equal=one.nulls_distinct is False,
        )
        for one in options.constraints
        if isinstance(one, UniqueConstraint) and not (one.is_plain and one.nulls_distinct is not False)
    ]
    return (
        *(IndexSchema(name=make_name("ix", options.table, group), columns=group) for group in single),
        *stated,
        *conditional,
    )


def _index_of(index: Index, options: Options) -> IndexSchema:
    columns = _columns(index.fields, options)
    return IndexSchema(
        name=index.name or make_name("ix", options.table, [name.removeprefix("-") for name in columns]),
        columns=columns,
        condition=_condition(index.condition, options),
        expressions=tuple(Written(options, one) for one in index.expressions),
    )


def _condition(given: object, options: Options) -> "str | Written | None":
    return given if given is None or isinstance(given, str) else Written(options, given)


def _foreign_key_of(field: AnyField, options: Options) -> tuple[ForeignKeySchema, ...]:
    if field.related is None or not isinstance(field, ForeignKey):
        return ()
    target: Options = field.related.model._meta
    # No engine looks into another database.
    if target.database != options.database:
        return ()
    return (
        ForeignKeySchema(
            name=make_name("fk", options.table, (field.column,)),
            column=field.column,
            target_table=target.table,
            target_column=target.pk.column,
            on_delete=field.on_delete,
        ),
    )


def _columns(names: Sequence[str], options: Options) -> tuple[str, ...]:
    """Give the columns of fields, each with the ``-`` that its field has."""
    return tuple(name[: name.startswith("-")] + options.by_name[name.removeprefix("-")].column for name in names)
