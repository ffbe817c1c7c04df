"""SQLite: four kinds of storage, so each value says in its own form what it is, and sorts as it should.

The names of the types decide nothing but the affinity, which SQLite reads out of them (``INT``, ``TEXT``, ``BLOB``);
the rest of a name says what the column holds, to people and to whoever reads the schema.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from openviper.db.dialects import conversions as by
from openviper.db.dialects.base import Dialect, Features
from openviper.db.dialects.forms import Family, Storage, StorageForm
from openviper.db.dialects.operations import STANDARD
from openviper.db.fields.base import FieldKind

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import Dialect as Compiler

__all__ = ["SQLiteDialect"]

# A whole number has 63 bits: each of 18 digits fits.
_MOST_SCALED_DIGITS: Final = 18
# Of the numbers of each kind, beside the sign.
_BITS: Final = {FieldKind.SMALLINT: 15, FieldKind.INTEGER: 31, FieldKind.BIGINT: 63, FieldKind.DURATION: 63}

_FORMS: Final = {
    FieldKind.SMALLINT: StorageForm(column_type="SMALLINT", family=Family.INTEGER),
    FieldKind.INTEGER: StorageForm(column_type="INTEGER", family=Family.INTEGER),
    FieldKind.BIGINT: StorageForm(column_type="BIGINT", family=Family.INTEGER),
    FieldKind.FLOAT: StorageForm(column_type="REAL", family=Family.FLOAT, bind=by.FLOAT_BUT_NAN),
    FieldKind.BOOLEAN: StorageForm(
        column_type="BOOLEAN", family=Family.BOOLEAN, bind=by.BOOLEAN_TO_NUMBER, read=by.BOOLEAN_FROM_NUMBER
    ),
    FieldKind.TEXT: StorageForm(column_type="TEXT", family=Family.TEXT),
    # 16 bytes in an index instead of 36; in the order of the UUIDs, and 400 instead of 1000 ns to fetch.
    FieldKind.UUID: StorageForm(
        column_type="UUID_BLOB", family=Family.UUID, bind=by.UUID_TO_BYTES, read=by.UUID_FROM_BYTES
    ),
    FieldKind.DATE: StorageForm(
        column_type="DATE_TEXT", family=Family.DATE, bind=by.DATE_TO_TEXT, read=by.DATE_FROM_TEXT
    ),
    FieldKind.TIME: StorageForm(
        column_type="TIME_TEXT", family=Family.TIME, bind=by.TIME_TO_TEXT, read=by.TIME_FROM_TEXT
    ),
    FieldKind.DURATION: StorageForm(
        column_type="DURATION_INT", family=Family.INTEGER, bind=by.DURATION_TO_NUMBER, read=by.DURATION_FROM_NUMBER
    ),
    FieldKind.JSON: StorageForm(
        column_type="JSON_TEXT",
        family=Family.JSON,
        bind=by.JSON_TO_SORTED_TEXT,
        read=by.JSON_FROM_TEXT,
        is_ordered=False,
        is_computable=False,
    ),
    FieldKind.BINARY: StorageForm(column_type="BLOB", family=Family.BINARY),
    FieldKind.IP: StorageForm(column_type="VARCHAR(39)", family=Family.TEXT, is_ordered=False),
}

# Functions that SQLite does not have by itself are those of ``connections.sqlite_functions``. LIKE takes no notice of
# the case of ASCII letters; GLOB does, and finds a prefix by an index.
_OPERATIONS: Final = {
    **STANDARD,
    "lower": "unicode_lower({0})",
    "upper": "unicode_upper({0})",
    "greatest": "max({all})",
    "least": "min({all})",
    "regex": "regexp({1}, {0})",
    "iregex": "iregexp({1}, {0})",
    "iexact": "(unicode_upper({0}) = unicode_upper({1}))",
    "contains": "(instr({0}, {1}) > 0)",
    "startswith": "({0} GLOB {1})",
    "endswith": "({0} GLOB {1})",
    # The empty text, as from an empty search box, is found without a call of Python for each row.
    "icontains": "(instr(CASE {1} WHEN '' THEN {0} ELSE unicode_upper({0}) END, unicode_upper({1})) > 0)",
    "istartswith": "(CASE {1} WHEN '*' THEN {0} ELSE unicode_upper({0}) END GLOB unicode_upper({1}))",
    "iendswith": "(CASE {1} WHEN '*' THEN {0} ELSE unicode_upper({0}) END GLOB unicode_upper({1}))",
    "contains of": "(instr({0}, {1}) > 0)",
    "startswith of": "(substr({0}, 1, length({1})) = {1})",
    "endswith of": "(length({1}) = 0 OR substr({0}, -length({1})) = {1})",
    "icontains of": "(instr(unicode_upper({0}), unicode_upper({1})) > 0)",
    "istartswith of": "(substr(unicode_upper({0}), 1, length(unicode_upper({1}))) = unicode_upper({1}))",
    "iendswith of": (
        "(length({1}) = 0 OR substr(unicode_upper({0}), -length(unicode_upper({1}))) = unicode_upper({1}))"
    ),
    "ceil": "(CAST({0} AS INTEGER) + ({0} > CAST({0} AS INTEGER)))",
    "floor": "(CAST({0} AS INTEGER) - ({0} < CAST({0} AS INTEGER)))",
    "round": "round({0})",
    "round to": "round({0}, {1})",
    "to scale": "CAST(round({0} * {1}) AS INTEGER)",
    "now": "now_text()",
    "now naive": "local_time(now_text(), {zone})",
    "local": "local_time({0}, {zone})",
    "utc": "substr({0}, 1, 26)",
    "date": "substr({0}, 1, 10)",
    "time": "substr({0}, 12, 15)",
    "year": "CAST(substr({0}, 1, 4) AS INTEGER)",
    "month": "CAST(substr({0}, 6, 2) AS INTEGER)",
    "day": "CAST(substr({0}, 9, 2) AS INTEGER)",
    # The Thursday of a week says which year it belongs to.
    "week": "((strftime('%j', date(substr({0}, 1, 10), '-3 days', 'weekday 4')) - 1) / 7 + 1)",
    "first of year": "(substr({0}, 1, 4) || '-01-01')",
    "first of month": "(substr({0}, 1, 7) || '-01')",
    "first of week": "date({0}, '-6 days', 'weekday 1')",
    "week_day": "(CAST(strftime('%w', substr({0}, 1, 10)) AS INTEGER) + 1)",
    "quarter": "((CAST(substr({0}, 6, 2) AS INTEGER) + 2) / 3)",
    # A time of day is what a moment ends with.
    "hour": "CAST(substr({0}, -15, 2) AS INTEGER)",
    "minute": "CAST(substr({0}, -12, 2) AS INTEGER)",
    "second": "CAST(substr({0}, -9, 2) AS INTEGER)",
    "shift": "shift_time({0}, {1})",
    "between": "time_between({0}, {1})",
    "shift day": "shift_day({0}, {1}, 1)",
    "shift day back": "shift_day({0}, {1}, -1)",
    "days between": "time_between({0}, {1})",
    "float": "CAST({0} AS REAL)",
    "integer": "CAST({0} AS INTEGER)",
    "text": "CAST({0} AS TEXT)",
    "boolean": "({0} <> 0)",
    "power": "power({0}, {1})",
}

_VALUES: Final = "(SELECT value FROM json_each({0}))"
_BYTES: Final = "(SELECT from_hex(value) FROM json_each({0}))"
_JSON_LISTS: Final = {
    **dict.fromkeys(Family, _VALUES),
    Family.BINARY: _BYTES,
    Family.UUID: _BYTES,
    Family.FLOAT: "(SELECT float_of(value) FROM json_each({0}))",
}


class SQLiteDialect(Dialect):
    """SQLite, of the version that Python was built with."""

    name = "sqlite"
    no_limit = "-1"
    # The only type whose column is the number of the row itself.
    auto_type = "INTEGER"
    table_names_sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
    operations = _OPERATIONS
    patterns: ClassVar[Mapping[str, str]] = {
        "startswith": "glob:prefix",
        "endswith": "glob:suffix",
        "istartswith": "glob:prefix",
        "iendswith": "glob:suffix",
    }
    scales_decimals = True
    explain_words = "EXPLAIN QUERY PLAN"
    json_lists = _JSON_LISTS

    def __init__(self, *, use_tz: bool = True) -> None:
        super().__init__(use_tz=use_tz)
        version = sqlite3.sqlite_version_info
        returning = version >= (3, 35)
        self.features = Features(
            placeholder="qmark",
            max_parameters=32766 if version >= (3, 32) else 999,
            max_identifier=255,
            insert_returning=returning,
            update_returning=returning,
            delete_returning=returning,
            upsert="on conflict",
            ddl_in_transaction=True,
            adds_constraints=False,
            partial_indexes=True,
            null_order=version >= (3, 30),
            nulls_are_low=True,
            row_locks=False,
            nests_flat=True,
            lends_connection=True,
            skips_locked=False,
            native_boolean=False,
            settles_updates=False,
        )

    def draw_steps(self, names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
        """Write the steps, each below the one that it is a part of."""
        depth: dict[object, int] = {}
        lines = []
        for step, parent, _, detail in rows:
            depth[step] = depth.get(parent, -1) + 1
            lines.append(f"{'  ' * depth[step]}{detail}")
        return "\n".join(lines)

    def make_form(self, storage: Storage) -> StorageForm:
        """Decide the form of what is stored."""
        digits, places = storage.digits
        match storage.kind:
            case FieldKind.CHAR:
                return StorageForm(column_type=f"VARCHAR({storage.max_length})", family=Family.TEXT)
            case FieldKind.DECIMAL if digits <= _MOST_SCALED_DIGITS:
                return by.scaled_decimal(f"DECIMAL_INT({digits}, {places})", storage)
            case FieldKind.DECIMAL:
                return by.sortable_decimal(f"DECIMAL_TEXT({digits}, {places})", storage)
            case FieldKind.DATETIME:
                # As text 520 ns to bind and 50 to read, as a number of microseconds 140 and 270; and people, as well
                # as SQLite's own functions, can read it.
                return StorageForm(
                    column_type="DATETIME_TEXT",
                    family=Family.DATETIME,
                    bind=by.DATETIME_TO_UTC_TEXT if self.use_tz else by.DATETIME_TO_TEXT,
                    read=by.DATETIME_FROM_TEXT,
                )
            case FieldKind.ARRAY:
                return by.json_array("ARRAY_TEXT", storage, use_tz=self.use_tz)
        return _FORMS[storage.kind]

    def limit(self, storage: Storage) -> str | None:
        """Keep numbers in their range and texts in their length; to SQLite a type is a hint.

        A number that left the 64 bits has become a float, and a text is greater than all numbers: a range keeps out
        both. It costs 12 of 80 ns to insert a value, ``typeof()`` would cost 37.
        """
        digits, _ = storage.digits
        match storage.kind:
            case FieldKind.CHAR:
                return f"length({{0}}) <= {storage.max_length}"
            case FieldKind.DECIMAL if digits <= _MOST_SCALED_DIGITS:
                most = 10**digits - 1
                return f"{{0}} BETWEEN {-most} AND {most}"
            case FieldKind.DECIMAL:
                return f"length({{0}}) = {digits + 1}"
        bits = _BITS.get(storage.kind)
        return None if bits is None else f"{{0}} BETWEEN {-(2**bits)} AND {2**bits - 1}"

    def load_compiler(self) -> "Callable[..., Compiler]":
        """Load the class of SQLAlchemy's dialect."""
        # SQLAlchemy costs a start 100 ms and is needed for a query that no plan exists for.
        from sqlalchemy.dialects.sqlite.base import SQLiteDialect as Writer

        return Writer
