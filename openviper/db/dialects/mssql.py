"""SQL Server, as pyodbc speaks to it: texts are counted in halves of characters and compared without case.

Nothing of this module was run against a server.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from openviper.db.dialects import conversions as by
from openviper.db.dialects.base import Dialect, Features
from openviper.db.dialects.forms import Family, Storage, StorageForm
from openviper.db.dialects.operations import STANDARD
from openviper.db.dialects.zones import zone_of
from openviper.db.fields.base import FieldKind

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import Dialect as Compiler

__all__ = ["SQLServerDialect"]

_EXACT: Final = "Latin1_General_100_BIN2"
_LONGEST_NVARCHAR: Final = 4000
_LONGEST_VARBINARY: Final = 8000
_MOST_DIGITS: Final = 38

_TEXT: Final = StorageForm(column_type="NVARCHAR(max)", family=Family.TEXT, collation=_EXACT)
_FORMS: Final = {
    FieldKind.SMALLINT: StorageForm(column_type="SMALLINT", family=Family.INTEGER),
    FieldKind.INTEGER: StorageForm(column_type="INTEGER", family=Family.INTEGER),
    FieldKind.BIGINT: StorageForm(column_type="BIGINT", family=Family.INTEGER),
    FieldKind.FLOAT: StorageForm(column_type="FLOAT(53)", family=Family.FLOAT, bind=by.FLOAT_IF_FINITE),
    FieldKind.BOOLEAN: StorageForm(
        column_type="BIT", family=Family.BOOLEAN, bind=by.BOOLEAN_TO_NUMBER, read=by.BOOLEAN_FROM_NUMBER
    ),
    FieldKind.TEXT: _TEXT,
    # UNIQUEIDENTIFIER sorts by its last six bytes first.
    FieldKind.UUID: StorageForm(
        column_type="BINARY(16)", family=Family.UUID, bind=by.UUID_TO_BYTES, read=by.UUID_FROM_BYTES
    ),
    FieldKind.DATE: StorageForm(column_type="DATE", family=Family.DATE),
    # The driver sends a time of day without its fraction.
    FieldKind.TIME: StorageForm(column_type="TIME(6)", family=Family.TIME, bind=by.TIME_TO_TEXT),
    FieldKind.DURATION: StorageForm(
        column_type="BIGINT", family=Family.INTEGER, bind=by.DURATION_TO_NUMBER, read=by.DURATION_FROM_NUMBER
    ),
    FieldKind.JSON: replace(
        _TEXT,
        family=Family.JSON,
        bind=by.JSON_TO_SORTED_TEXT,
        read=by.JSON_FROM_TEXT,
        is_ordered=False,
        is_computable=False,
    ),
    FieldKind.IP: StorageForm(column_type="VARCHAR(39)", family=Family.TEXT, collation=_EXACT, is_ordered=False),
}

# A whole number above 32 bits would be a decimal, and so would what is computed with it.
_DAY: Final = "CAST(86400000000 AS BIGINT)"
# len() leaves out spaces at the end.
_LENGTH: Final = "(datalength(CAST({0} AS NVARCHAR(max))) / 2)"
# By moments, since the server knows zones by the names that Windows gives them.
_LOCAL: Final = "dateadd(second, {spans}, {0})"
_NOW: Final = "CAST(sysutcdatetime() AS DATETIME2(6))"
_OPERATIONS: Final = {
    **STANDARD,
    "ceil": "CAST(ceiling({0}) AS BIGINT)",
    "floor": "CAST(floor({0}) AS BIGINT)",
    "concat": "concat({all}, N'')",
    # greatest() came with SQL Server 2022, and passes over NULL.
    "greatest": "(SELECT CASE WHEN count(*) = count(v) THEN max(v) END FROM (VALUES {rows}) AS g (v))",
    "least": "(SELECT CASE WHEN count(*) = count(v) THEN min(v) END FROM (VALUES {rows}) AS g (v))",
    "length": f"CAST({_LENGTH} AS INT)",
    "position": "CAST({0} AS INT)",
    "substr": "substring({all})",
    "substr from": "substring({all}, 2147483647)",
    "contains of": "(datalength({1}) = 0 OR charindex({1}, {0}) > 0)",
    "startswith of": "(datalength({1}) = 0 OR charindex({1}, {0}) = 1)",
    "endswith of": f"(right({{0}}, {_LENGTH.replace('0', '1')}) = {{1}})",
    "icontains of": "(datalength({1}) = 0 OR charindex(upper({1}), upper({0})) > 0)",
    "istartswith of": "(datalength({1}) = 0 OR charindex(upper({1}), upper({0})) = 1)",
    "iendswith of": f"(right(upper({{0}}), {_LENGTH.replace('0', '1')}) = upper({{1}}))",
    "round": "CAST(round({0}, 0) AS BIGINT)",
    "round to": "round({0}, {1})",
    "now": _NOW,
    "now naive": _LOCAL.replace("{0}", _NOW),
    "local": _LOCAL,
    "utc": "({0})",
    "date": "CAST({0} AS DATE)",
    "time": "CAST({0} AS TIME(6))",
    "year": "datepart(year, {0})",
    "month": "datepart(month, {0})",
    "day": "datepart(day, {0})",
    "week": "datepart(iso_week, {0})",
    "first of year": "datefromparts(year({0}), 1, 1)",
    "first of month": "datefromparts(year({0}), month({0}), 1)",
    "first of week": "dateadd(day, -((datepart(weekday, {0}) + @@DATEFIRST + 5) % 7), {0})",
    "week_day": "((datepart(weekday, {0}) + @@DATEFIRST - 1) % 7 + 1)",
    "quarter": "datepart(quarter, {0})",
    "hour": "datepart(hour, {0})",
    "minute": "datepart(minute, {0})",
    "second": "datepart(second, {0})",
    # Each step takes a number of 32 bits.
    "shift": (
        "dateadd(microsecond, CAST({1} AS BIGINT) % 1000000, dateadd(second, CAST({1} AS BIGINT) / 1000000 % 86400,"
        f" dateadd(day, CAST({{1}} AS BIGINT) / {_DAY}, {{0}})))"
    ),
    "between": "datediff_big(microsecond, {1}, {0})",
    "shift day": "dateadd(day, CAST(floor({1} / 86400000000.0) AS INT), {0})",
    "shift day back": "dateadd(day, -CAST(floor({1} / 86400000000.0) AS INT), {0})",
    "days between": f"(datediff(day, {{1}}, {{0}}) * {_DAY})",
    "float": "CAST({0} AS FLOAT(53))",
    "integer": "CAST({0} AS BIGINT)",
    "decimal": "CAST({0} AS DECIMAL(38, 10))",
    "text": "CAST({0} AS NVARCHAR(40))",
    "boolean": "({0} <> 0)",
}

_TEXTS: Final = f"(SELECT v FROM OPENJSON({{0}}) WITH (v NVARCHAR(4000) COLLATE {_EXACT} '$'))"  # noqa: S608 - words of ours
_BYTES: Final = "(SELECT CONVERT(VARBINARY(8000), v, 2) FROM OPENJSON({0}) WITH (v VARCHAR(8000) '$'))"


def _json_list(column_type: str) -> str:
    return f"(SELECT v FROM OPENJSON({{0}}) WITH (v {column_type} '$'))"  # noqa: S608 - words of ours


_JSON_LISTS: Final = {
    Family.INTEGER: _json_list("BIGINT"),
    Family.BOOLEAN: _json_list("INT"),
    Family.FLOAT: _json_list("FLOAT(53)"),
    Family.TEXT: _TEXTS,
    Family.BINARY: _BYTES,
    Family.UUID: _BYTES,
    Family.DATE: _json_list("DATE"),
    Family.TIME: _json_list("TIME(6)"),
    Family.DATETIME: _json_list("DATETIME2(6)"),
}


class SQLServerDialect(Dialect):
    """SQL Server 2019 and later."""

    name = "mssql"
    table_names_sql = "SELECT name FROM sys.tables WHERE schema_id = schema_id()"
    operations = _OPERATIONS
    key_words = "output"
    own_key_words = "SET IDENTITY_INSERT {table} ON; {sql}; SET IDENTITY_INSERT {table} OFF"
    json_lists = _JSON_LISTS
    patterns: ClassVar[Mapping[str, str]] = {
        name: style.replace("like", "like[") for name, style in Dialect.patterns.items()
    }
    server_facts: ClassVar[Mapping[str, object]] = {"server_version_info": (15,), "_supports_offset_fetch": True}
    features = Features(
        placeholder="qmark",
        # The server takes 2100 and keeps some for itself.
        max_parameters=2090,
        decimal_digits=_MOST_DIGITS,
        decimal_places=_MOST_DIGITS,
        max_identifier=128,
        insert_returning=True,
        update_returning=True,
        delete_returning=True,
        upsert="merge",
        releases_savepoints=False,
        ddl_in_transaction=True,
        partial_indexes=True,
        expression_indexes=False,
        null_order=False,
        nulls_are_low=True,
        native_boolean=False,
        nulls_are_distinct=False,
        widens_sums=False,
        conditions_are_values=False,
    )
    lock_hints: ClassVar[Mapping[str, str]] = {
        "wait": "WITH (UPDLOCK, ROWLOCK)",
        "nowait": "WITH (UPDLOCK, ROWLOCK, NOWAIT)",
        "skip_locked": "WITH (UPDLOCK, ROWLOCK, READPAST)",
    }
    # It refuses a table that a deletion could reach by two paths, so that none is left to it.
    on_delete: ClassVar[Mapping[str, str]] = {}

    def make_form(self, storage: Storage) -> StorageForm:
        """Decide the form of what is stored."""
        digits, places = storage.digits
        match storage.kind:
            case FieldKind.CHAR:
                # It counts in UTF-16, of which a character may take two.
                units = 2 * (storage.max_length or 0)
                return replace(_TEXT, column_type=f"NVARCHAR({units})") if units <= _LONGEST_NVARCHAR else _TEXT
            case FieldKind.DECIMAL if digits <= _MOST_DIGITS:
                return StorageForm(
                    column_type=f"DECIMAL({digits}, {places})", family=Family.DECIMAL, bind=by.exact_decimal(storage)
                )
            case FieldKind.DECIMAL:
                return by.sortable_decimal(f"VARCHAR({digits + 1})", storage, collation=_EXACT)
            case FieldKind.DATETIME:
                # DATETIMEOFFSET compares by instant too, but its text needs a converter in every connection.
                return by.naive_datetime("DATETIME2(6)", use_tz=self.use_tz)
            case FieldKind.BINARY:
                is_short = storage.max_length is not None and storage.max_length <= _LONGEST_VARBINARY
                return StorageForm(
                    column_type=f"VARBINARY({storage.max_length if is_short else 'max'})", family=Family.BINARY
                )
            case FieldKind.ARRAY:
                return by.json_array("NVARCHAR(max)", storage, use_tz=self.use_tz, collation=_EXACT)
        return _FORMS[storage.kind]

    def in_zone(self, text: str, zone: str) -> str:
        """Write an operation for a time zone, by the moments at which its clocks are set."""
        if "{spans}" not in text:
            return text
        found = zone_of(zone)
        operand = text.partition("{spans}, ")[2].removesuffix(")")
        cases = " ".join(
            f"WHEN {operand} >= '{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}' THEN {offset}"
            for moment, offset in zip(reversed(found.moments), reversed(found.offsets), strict=False)
        )
        first = found.offsets[0]
        return text.replace("{spans}", f"CASE {cases} ELSE {first} END" if cases else str(first))

    def load_compiler(self) -> "Callable[..., Compiler]":
        """Load the class of SQLAlchemy's dialect."""
        # SQLAlchemy costs a start 100 ms and is needed for a query that no plan exists for.
        from openviper.db.dialects.transact import SQLServerWriter

        return SQLServerWriter
