"""Statements that write many instances: their text, and what binds all of them at once.

Where a parameter can be a list, a statement has one list a column, and the same text for any number of rows; they are
numbered, so that the engine inserts them in their order and the keys come back in it. Elsewhere each row has parameters
of its own, and rows come in groups of a power of two, so that few texts are ever prepared.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from openviper.db.backends.base import Row
from openviper.db.compiler.columns import column_of
from openviper.db.compiler.merge import Conflict, merge_text
from openviper.db.compiler.write import BindRow, bare_insert, write_binder, write_column_binder, write_reader
from openviper.db.dialects.base import Dialect
from openviper.db.fields.base import AnyField
from openviper.db.options import Options
from openviper.db.registry import registry
from openviper.db.tables import table_of

if TYPE_CHECKING:
    from sqlalchemy import Table

__all__ = ["BulkPlan", "Conflict", "bulk_insert_plan", "bulk_update_plan"]

_MAX_PLANS: Final = 500
#: Most rows of a statement that carries lists, so that neither side holds too much at once.
_MOST_LISTED: Final = 20_000

# The name of the lists as a table, which no table of a model has.
_ROWS: Final = "_openviper_rows"


_Writer: TypeAlias = Callable[[int], str]


class BulkPlan:
    """A statement that writes many instances.

    Args:
        fields: Whose values it binds, in the order of its parameters.
        dialect: Of the engine.
        write: Gives the text for a number of rows.
        is_listed: Whether each column is one list, so that the number does not matter.
    """

    __slots__ = (
        "_columns",
        "_is_any_size",
        "_packs",
        "_repeats",
        "_sorts_keys",
        "_write",
        "bind",
        "fields",
        "given",
        "gives_keys",
        "is_listed",
        "most",
        "read_given",
        "read_keys",
    )

    def __init__(self, fields: Sequence[AnyField], dialect: Dialect, write: _Writer, *, is_listed: bool) -> None:
        self.fields = tuple(fields)
        self.is_listed = is_listed
        # Where values become text nothing is prepared, and each number of rows has a text of its own anyway.
        self._repeats = dialect.features.repeats_rows
        self._is_any_size = is_listed or dialect.features.list_parameter or self._repeats
        # OUTPUT gives rows in any order, while keys are counted up in the order of the rows.
        self._sorts_keys = dialect.key_words == "output"
        #: Whether keys come back, in the order of the rows, and what reads them.
        self.gives_keys = False
        #: The fields whose values come back, the key among them, and what reads them; none where it is the key alone.
        self.given: tuple[AnyField, ...] = ()
        self.read_given: Callable[[Sequence[object]], dict[str, object]] = write_reader((), dialect)
        self.read_keys: Callable[[Sequence[Row]], list[object]] = list
        #: Gives the arguments of one instance.
        self.bind: BindRow = write_binder(fields, dialect)
        self._columns = write_column_binder(fields, dialect)
        self._packs = [column_of(dialect.form_of(one)).pack for one in fields]
        self._write = lru_cache(maxsize=2 * dialect.features.bulk_rows.bit_length())(write)
        fitting = dialect.features.max_parameters // max(1, len(fields))
        #: Most rows of one statement.
        self.most = _MOST_LISTED if is_listed else max(1, min(dialect.features.bulk_rows, fitting)) if fields else 1

    def sql(self, count: int) -> str:
        """Give the statement.

        Args:
            count: How many rows it writes.
        """
        return self._write(1 if self.is_listed or self._repeats else count)

    def bind_many(self, records: Sequence[Mapping[str, object]]) -> list[tuple[object, ...]]:
        """Give the values of the driver, a row for each instance.

        Args:
            records: Attributes of the instances.

        Raises:
            FieldValueError: The engine cannot store a value.
        """
        if self.is_listed:
            return list(zip(*self._columns(records), strict=True))
        return [self.bind(values) for values in records]

    def args(self, rows: Sequence[Row]) -> list[object]:
        """Give the arguments of a statement.

        Args:
            rows: What was bound, of at least one instance.
        """
        if not self.is_listed:
            return [value for row in rows for value in row]
        columns = [list(column) for column in zip(*rows, strict=True)]
        return [pack(column) if pack else column for pack, column in zip(self._packs, columns, strict=True)]

    def in_order(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Put the keys that came back into the order of the instances.

        Args:
            rows: What the statement gave.
        """
        return sorted(rows, key=itemgetter(0)) if self._sorts_keys and self.gives_keys else rows

    def split(self, count: int, batch_size: int | None = None) -> Iterator[slice]:
        """Divide rows into those of one statement each.

        Args:
            count: How many there are.
            batch_size: Most rows of one statement; None leaves it to the engine.
        """
        most = min(self.most, batch_size or self.most)
        start = 0
        while start < count:
            size = min(most, count - start)
            if not self._is_any_size and size < most:
                size = 1 << (size.bit_length() - 1)
            yield slice(start, start + size)
            start += size


def bulk_insert_plan(
    options: Options,
    dialect: Dialect,
    *,
    makes_keys: bool,
    conflict: Conflict | None = None,
    left: tuple[str, ...] = (),
) -> BulkPlan:
    """Give the INSERT of many instances; the same one on every call.

    Keys come back where the engine makes them, and where a row that is updated may have another one; in the order of
    the rows.

    Args:
        options: Of the model.
        dialect: Of the engine.
        makes_keys: Whether the engine makes the keys.
        conflict: What happens where a row is in the way; None means an error.
        left: Attributes of fields that the engine makes the values of; they come back as keys do, where INSERT gives
            rows back and none can be in the way.
    """
    return _insert_plan(options, dialect, makes_keys, conflict, left, registry.version)


def bulk_update_plan(options: Options, dialect: Dialect, names: tuple[str, ...]) -> BulkPlan:
    """Give the UPDATE of some fields of many instances; the same one on every call.

    Its last parameter is the key. On engines without lists it writes one row.

    Args:
        options: Of the model.
        dialect: Of the engine.
        names: Attributes of the fields; at least one.
    """
    return _update_plan(options, dialect, names, registry.version)


@lru_cache(maxsize=_MAX_PLANS)
def _insert_plan(
    options: Options,
    dialect: Dialect,
    makes_keys: bool,
    conflict: Conflict | None,
    left: tuple[str, ...],
    _version: int,
) -> BulkPlan:
    words = _Words(options, dialect)
    fields = [one for one in options.fields if not (makes_keys and one is options.pk) and one.attname not in left]
    if conflict is not None and dialect.features.upsert == "merge":
        merge = partial(merge_text, options, dialect, fields, conflict)
        return BulkPlan(fields, dialect, merge, is_listed=False)
    gives_keys = makes_keys if conflict is None else bool(conflict.updated) and dialect.key_words == "returning"
    given: tuple[AnyField, ...] = ()
    if left and conflict is None and dialect.key_words == "returning":
        given = (*((options.pk,) if makes_keys else ()), *(options.by_name[name] for name in left))
        end = f" RETURNING {', '.join(map(words.column, given))}"
    else:
        end = words.conflict(conflict) + (words.returning(len(fields)) if gives_keys else "")
    is_listed = bool(fields) and dialect.features.array_parameter
    plan = BulkPlan(fields, dialect, partial(words.insert, fields, end, is_listed), is_listed=is_listed)
    plan.gives_keys = gives_keys and not given
    plan.read_keys = _write_key_reader(options, dialect)
    plan.given, plan.read_given = given, write_reader(given, dialect)
    return plan


@lru_cache(maxsize=_MAX_PLANS)
def _update_plan(options: Options, dialect: Dialect, names: tuple[str, ...], _version: int) -> BulkPlan:
    words = _Words(options, dialect)
    fields = [*(options.by_name[name] for name in names), options.pk]
    is_listed = dialect.features.array_parameter
    return BulkPlan(fields, dialect, partial(words.update, fields, is_listed), is_listed=is_listed)


def _write_key_reader(options: Options, dialect: Dialect) -> Callable[[Sequence[Row]], list[object]]:
    read = dialect.form_of(options.pk).read
    names = dict(read.names) if read else {}
    part = read.write("key") if read else "key"
    exec(f"def read_keys(rows):\n    return [{part} for key, in rows]", names)  # noqa: S102 - nothing of it is given
    return cast("Callable[[Sequence[Row]], list[object]]", names["read_keys"])


class _Words:
    """What statements about many rows are written of; SQLAlchemy has no form for lists as columns."""

    def __init__(self, options: Options, dialect: Dialect) -> None:
        self._options = options
        self._dialect = dialect
        self._table: Table = table_of(options, dialect)
        self._names = dialect.compiler.identifier_preparer
        self.table = self._names.format_table(self._table)

    def column(self, field: AnyField) -> str:
        """Give the name of a column, quoted where it has to be."""
        return self._names.format_column(self._table.c[field.attname])

    def insert(self, fields: Sequence[AnyField], end: str, is_listed: bool, count: int) -> str:
        """Write an INSERT."""
        dialect, into = self._dialect, ["INSERT INTO", self.table]
        if not fields:
            if "{key}" in dialect.default_row:
                return bare_insert(self._options, dialect)
            return " ".join([*into, *self._output(), dialect.default_row]) + end
        into.append(f"({', '.join(map(self.column, fields))})")
        if dialect.key_words == "output":
            return self._insert_output(into, fields, count)
        if is_listed:
            names, values = self._listed(fields)
            source = f"unnest({self._lists(fields)}) WITH ORDINALITY AS {_ROWS} ({', '.join(names)}, place)"
            return " ".join([*into, "SELECT", ", ".join(values), "FROM", source, "ORDER BY place"]) + end
        return " ".join([*into, "VALUES", self._rows(len(fields), count)]) + end

    def update(self, fields: Sequence[AnyField], is_listed: bool, _count: int) -> str:
        """Write an UPDATE, whose last field is the key."""
        columns = [self.column(one) for one in fields]
        names, values = self._listed(fields)
        given = values if is_listed else [self._mark(place) for place in range(len(fields))]
        changes = ", ".join(f"{column} = {value}" for column, value in zip(columns[:-1], given, strict=False))
        words = ["UPDATE", self.table, "SET", changes]
        if is_listed:
            words.append(f"FROM unnest({self._lists(fields)}) AS {_ROWS} ({', '.join(names)})")
        return " ".join([*words, "WHERE", f"{self.table}.{columns[-1]} = {given[-1]}"])

    def returning(self, width: int) -> str:
        """Write what gives keys back, behind a row of so many values."""
        key = self.column(self._options.pk)
        words = {"returning": f" RETURNING {key}", "into": f" RETURNING {key} INTO {self._mark(width)}"}
        return words.get(self._dialect.key_words, "")

    def conflict(self, conflict: Conflict | None) -> str:
        """Write what happens where a row is in the way."""
        if conflict is None:
            return ""
        by_name = self._options.by_name
        if self._dialect.features.upsert == "on duplicate key":
            # A key that stays as it is makes the row of the other one stay as it is.
            columns = [self.column(by_name[name]) for name in conflict.updated]
            key = self.column(self._options.pk)
            changes = [f"{one} = VALUES({one})" for one in columns] or [f"{key} = {key}"]
            return f" ON DUPLICATE KEY UPDATE {', '.join(changes)}"
        if not conflict.updated:
            return " ON CONFLICT DO NOTHING"
        unique = ", ".join(self.column(by_name[name]) for name in conflict.unique)
        columns = [self.column(by_name[name]) for name in conflict.updated]
        return f" ON CONFLICT ({unique}) DO UPDATE SET {', '.join(f'{one} = excluded.{one}' for one in columns)}"

    def _insert_output(self, into: Sequence[str], fields: Sequence[AnyField], count: int) -> str:
        """Write an INSERT in which the order of the rows is that of their keys, where these are counted up."""
        if self._options.pk in fields:
            sql = " ".join([*into, "VALUES", self._rows(len(fields), count)])
            own = self._dialect.own_key_words
            return own.format(table=self.table, sql=sql) if self._options.pk.auto else sql
        names = [f"c{place}" for place in range(len(fields))]
        row = ", ".join(f"CAST(? AS {self._dialect.form_of(one).column_type})" for one in fields)
        rows = ", ".join(f"({row}, {place})" for place in range(count))
        source = f"FROM (VALUES {rows}) AS {_ROWS} ({', '.join(names)}, place) ORDER BY place"
        return " ".join([*into, *self._output(), "SELECT", ", ".join(names), source])

    def _output(self) -> Sequence[str]:
        is_made = self._dialect.key_words == "output" and self._options.pk.auto
        return (f"OUTPUT inserted.{self.column(self._options.pk)}",) if is_made else ()

    def _listed(self, fields: Sequence[AnyField]) -> tuple[list[str], list[str]]:
        """Give the names of lists as columns, and the values that come of them."""
        names = [f"c{place}" for place in range(len(fields))]
        casts = [column_of(self._dialect.form_of(one)).cast for one in fields]
        return names, [f"{_ROWS}.{name}{cast}" for name, cast in zip(names, casts, strict=True)]

    def _lists(self, fields: Sequence[AnyField]) -> str:
        columns = [column_of(self._dialect.form_of(one)) for one in fields]
        return ", ".join(f"{self._mark(place)}{column.parameter}" for place, column in enumerate(columns))

    def _rows(self, width: int, count: int) -> str:
        places = (range(start, start + width) for start in range(0, width * count, width))
        return ", ".join(f"({', '.join(map(self._mark, row))})" for row in places)

    def _mark(self, place: int) -> str:
        return {"qmark": "?", "numeric_dollar": f"${place + 1}", "format": "%s", "numeric": f":{place + 1}"}[
            self._dialect.features.placeholder
        ]
