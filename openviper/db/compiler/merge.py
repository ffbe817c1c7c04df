"""MERGE: the INSERT that may meet a row, as Oracle and SQL Server have it.

Both are told by which columns a row is the same one. Where any that are unique count, all groups of such columns stand
in the condition. No keys come back: the row that is met may have any.
"""

from collections.abc import Sequence
from typing import NamedTuple

from openviper.db.dialects.base import Dialect
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.schema.table import schema_of
from openviper.db.tables import table_of

__all__ = ["Conflict", "merge_text"]

_TARGET = "_openviper_target"
_ROWS = "_openviper_rows"


class Conflict(NamedTuple):
    """What an INSERT does where a row is in its way.

    Args:
        unique: Attributes of the fields by which it is the same row; none means any that are unique.
        updated: Attributes that the row takes over; none leaves it as it is.
    """

    unique: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()


def merge_text(options: Options, dialect: Dialect, fields: Sequence[AnyField], conflict: Conflict, count: int) -> str:
    """Write a MERGE.

    Args:
        options: Of the model.
        dialect: Of the engine.
        fields: Whose values it binds.
        conflict: What happens where a row is in the way.
        count: How many rows it has; engines that repeat a statement get one.
    """
    table, names = table_of(options, dialect), dialect.compiler.identifier_preparer
    columns = {one.column: names.format_column(table.c[one.attname]) for one in fields}
    by_name = options.by_name
    name = names.format_table(table)
    if dialect.features.repeats_rows:
        target, given = name, {one: f":{place}" for place, one in enumerate(columns, start=1)}
        head = f"MERGE INTO {name} USING dual"
    else:
        target, given = _TARGET, {one: f"{_ROWS}.{column}" for one, column in columns.items()}
        # One row of another statement may be on its way between the look and the INSERT.
        head = f"MERGE INTO {name} WITH (HOLDLOCK) AS {_TARGET} USING {_source(fields, dialect, columns, count)}"
    groups = [[by_name[one].column for one in conflict.unique]] if conflict.unique else _unique_groups(options, columns)
    same = " OR ".join(
        f"({' AND '.join(f'{target}.{columns[one]} = {given[one]}' for one in group)})" for group in groups
    )
    keys = {one for group in groups for one in group} | {options.pk.column}
    updated = [by_name[one].column for one in conflict.updated]
    changes = ", ".join(f"{columns[one]} = {given[one]}" for one in updated if one not in keys)
    words = [head, f"ON ({same or '1 = 0'})"]
    if changes:
        words.append(f"WHEN MATCHED THEN UPDATE SET {changes}")
    words += ["WHEN NOT MATCHED THEN INSERT", f"({', '.join(columns.values())})"]
    words.append(f"VALUES ({', '.join(given.values())})")
    text = " ".join(words)
    if dialect.features.repeats_rows:
        return text
    has_own_keys = options.pk.auto and options.pk in fields
    return dialect.own_key_words.format(table=name, sql=text) + ";" if has_own_keys else f"{text};"


def _source(fields: Sequence[AnyField], dialect: Dialect, columns: dict[str, str], count: int) -> str:
    row = ", ".join(f"CAST(? AS {dialect.form_of(one).column_type})" for one in fields)
    return f"(VALUES {', '.join([f'({row})'] * count)}) AS {_ROWS} ({', '.join(columns.values())})"


def _unique_groups(options: Options, columns: dict[str, str]) -> list[list[str]]:
    """Give the groups of columns that make a row the same, of those that are given."""
    groups = [[options.pk.column], *(list(one.columns) for one in schema_of(options).uniques)]
    return [group for group in groups if all(one in columns for one in group)]
