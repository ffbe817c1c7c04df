"""Oracle, as oracledb speaks to it: the empty text is NULL, a number may come as a float, and there is no time of day.

The connection has to hand out decimals for numbers with a scale, ints for those without, and text for CLOB; see
``fetch_decimals`` and ``fetch_lobs`` of the driver. Nothing of this module was run against a server.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from openviper.db.dialects import conversions as by
from openviper.db.dialects.base import Dialect, Features
from openviper.db.dialects.forms import Conversion, Family, Storage, StorageForm
from openviper.db.dialects.operations import STANDARD
from openviper.db.fields.base import FieldKind

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import Dialect as Compiler

__all__ = ["OracleDialect"]

# A VARCHAR2 has 4,000 bytes, whatever the characters are.
_LONGEST_VARCHAR: Final = 4000
_LONGEST_RAW: Final = 2000
_MOST_DIGITS: Final = 38

_FORMS: Final = {
    FieldKind.SMALLINT: StorageForm(column_type="NUMBER(5)", family=Family.INTEGER),
    FieldKind.INTEGER: StorageForm(column_type="NUMBER(10)", family=Family.INTEGER),
    FieldKind.BIGINT: StorageForm(column_type="NUMBER(19)", family=Family.INTEGER),
    FieldKind.FLOAT: StorageForm(column_type="BINARY_DOUBLE", family=Family.FLOAT),
    FieldKind.BOOLEAN: StorageForm(
        column_type="NUMBER(1)", family=Family.BOOLEAN, bind=by.BOOLEAN_TO_NUMBER, read=by.BOOLEAN_FROM_NUMBER
    ),
    FieldKind.UUID: StorageForm(
        column_type="RAW(16)", family=Family.UUID, bind=by.UUID_TO_BYTES, read=by.UUID_FROM_BYTES
    ),
    # A DATE has a time of day, and comes as a datetime.
    FieldKind.DATE: StorageForm(column_type="DATE", family=Family.DATE, read=Conversion("{v}.date()")),
    FieldKind.TIME: StorageForm(
        column_type="VARCHAR2(15 CHAR)", family=Family.TIME, bind=by.TIME_TO_TEXT, read=by.TIME_FROM_TEXT
    ),
    FieldKind.DURATION: StorageForm(
        column_type="NUMBER(19)", family=Family.INTEGER, bind=by.DURATION_TO_NUMBER, read=by.DURATION_FROM_NUMBER
    ),
    FieldKind.JSON: StorageForm(
        column_type="CLOB",
        family=Family.JSON,
        bind=by.JSON_TO_SORTED_TEXT,
        read=by.JSON_FROM_TEXT,
        is_ordered=False,
        is_comparable=False,
        is_computable=False,
    ),
    FieldKind.IP: StorageForm(column_type="VARCHAR2(39 CHAR)", family=Family.TEXT, is_ordered=False),
}

_LOCAL: Final = "CAST(from_tz({0}, 'UTC') AT TIME ZONE {zone} AS TIMESTAMP(6))"
_NOW: Final = "CAST(sys_extract_utc(systimestamp) AS TIMESTAMP(6))"
_BETWEEN: Final = " + ".join(
    f"extract({part} from ({{0}} - {{1}})) * {factor}"
    for part, factor in (("day", 86400000000), ("hour", 3600000000), ("minute", 60000000), ("second", 1000000))
)
_OPERATIONS: Final = {
    **STANDARD,
    # The empty text is NULL, and so is what it is compared with; no other value is. It is never unknown, so that it
    # can be denied.
    "exact text": ("(({0} = {1} AND {0} IS NOT NULL AND {1} IS NOT NULL) OR ({0} IS NULL AND {1} IS NULL))"),
    # Of a float it would be a float.
    "ceil": "CAST(ceil({0}) AS NUMBER(19))",
    "floor": "CAST(floor({0}) AS NUMBER(19))",
    "%": "mod({0}, nullif({1}, 0))",
    "regex": "regexp_like({0}, {1})",
    "iregex": "regexp_like({0}, {1}, 'i')",
    "contains of": "(instr({0}, {1}) > 0)",
    "startswith of": "(substr({0}, 1, length({1})) = {1})",
    "endswith of": "(substr({0}, -length({1})) = {1})",
    "icontains of": "(instr(upper({0}), upper({1})) > 0)",
    "istartswith of": "(substr(upper({0}), 1, length(upper({1}))) = upper({1}))",
    "iendswith of": "(substr(upper({0}), -length(upper({1}))) = upper({1}))",
    # A float would be rounded to the even neighbour.
    "round": "round(CAST({0} AS NUMBER))",
    "round to": "round({0}, {1})",
    "now": _NOW,
    "now naive": _LOCAL.replace("{0}", _NOW),
    "local": _LOCAL,
    "utc": "({0})",
    "date": "trunc({0})",
    "time": "to_char({0}, 'HH24:MI:SS.FF6')",
    "year": "extract(year from {0})",
    "month": "extract(month from {0})",
    "day": "extract(day from {0})",
    "week": "to_number(to_char({0}, 'IW'))",
    "first of year": "trunc({0}, 'YYYY')",
    "first of month": "trunc({0}, 'MM')",
    "first of week": "trunc({0}, 'IW')",
    "week_day": "(mod(trunc({0}) - trunc({0}, 'IW') + 1, 7) + 1)",
    "quarter": "to_number(to_char({0}, 'Q'))",
    # A time of day is what a moment ends with, as the session writes it.
    "hour": "to_number(substr({0}, -15, 2))",
    "minute": "to_number(substr({0}, -12, 2))",
    "second": "to_number(substr({0}, -9, 2))",
    "shift": "({0} + numtodsinterval({1} / 1000000, 'SECOND'))",
    "between": f"({_BETWEEN})",
    "shift day": "({0} + floor({1} / 86400000000))",
    "shift day back": "({0} - floor({1} / 86400000000))",
    "days between": "(({0} - {1}) * 86400000000)",
    "float": "CAST({0} AS BINARY_DOUBLE)",
    "integer": "CAST({0} AS NUMBER(19))",
    "decimal": "CAST({0} AS NUMBER)",
    "text": "to_char({0})",
    "boolean": "({0} <> 0)",
}


def _json_list(column_type: str, value: str = "v") -> str:
    return f"(SELECT {value} FROM json_table({{0}}, '$[*]' COLUMNS (v {column_type} PATH '$')))"  # noqa: S608 - words of ours


_BYTES: Final = _json_list("VARCHAR2(4000)", "hextoraw(v)")
_JSON_LISTS: Final = {
    Family.INTEGER: _json_list("NUMBER"),
    Family.BOOLEAN: _json_list("NUMBER"),
    Family.FLOAT: _json_list("VARCHAR2(40)", "to_binary_double(v)"),
    Family.TEXT: _json_list("VARCHAR2(4000)"),
    Family.TIME: _json_list("VARCHAR2(15)"),
    Family.BINARY: _BYTES,
    Family.UUID: _BYTES,
}


class OracleDialect(Dialect):
    """Oracle 19c and later."""

    name = "oracle"
    drop_words = " CASCADE CONSTRAINTS"
    table_names_sql = "SELECT table_name FROM user_tables"
    operations = _OPERATIONS
    default_row = "({key}) VALUES (DEFAULT)"
    key_words = "into"
    json_lists = _JSON_LISTS
    server_facts: ClassVar[Mapping[str, object]] = {
        "server_version_info": (19,),
        "max_identifier_length": 128,
        # Conditions are values from 23ai on, and the columns are numbers.
        "supports_native_boolean": False,
    }
    features = Features(
        placeholder="numeric",
        max_parameters=65535,
        max_list=1000,
        decimal_digits=_MOST_DIGITS,
        decimal_places=_MOST_DIGITS,
        max_identifier=128,
        # RETURNING fills variables of the caller; there are no rows to read.
        insert_returning=False,
        update_returning=False,
        delete_returning=False,
        upsert="merge",
        releases_savepoints=False,
        ddl_in_transaction=False,
        partial_indexes=False,
        null_order=True,
        nulls_are_low=False,
        native_boolean=False,
        bare_select=False,
        empty_text_is_null=True,
        locks_cut=False,
        locks_columns=True,
        repeats_rows=True,
        conditions_are_values=False,
    )

    def make_form(self, storage: Storage) -> StorageForm:
        """Decide the form of what is stored."""
        digits, places = storage.digits
        match storage.kind:
            case FieldKind.CHAR | FieldKind.TEXT:
                return _make_text(storage)
            case FieldKind.BINARY:
                is_short = storage.max_length is not None and storage.max_length <= _LONGEST_RAW
                return _with_empty(
                    StorageForm(
                        column_type=f"RAW({storage.max_length})" if is_short else "BLOB",
                        family=Family.BINARY,
                        is_ordered=is_short,
                        is_comparable=is_short,
                    ),
                    storage,
                    "b''",
                )
            case FieldKind.DECIMAL if digits <= _MOST_DIGITS:
                return StorageForm(
                    column_type=f"NUMBER({digits}, {places})",
                    family=Family.DECIMAL,
                    bind=by.exact_decimal(storage),
                    read=by.placed_decimal(storage),
                )
            case FieldKind.DECIMAL:
                return by.sortable_decimal(f"VARCHAR2({digits + 1} CHAR)", storage)
            case FieldKind.DATETIME:
                # With a zone the driver would still hand out a naive one.
                return StorageForm(
                    column_type="TIMESTAMP(6)",
                    family=Family.DATETIME,
                    bind=by.DATETIME_TO_NAIVE_UTC if self.use_tz else by.DATETIME_TO_NAIVE,
                    read=by.DATETIME_FROM_NAIVE_UTC if self.use_tz else None,
                )
            case FieldKind.ARRAY:
                return replace(by.json_array("CLOB", storage, use_tz=self.use_tz), is_comparable=False)
        return _FORMS[storage.kind]

    def load_compiler(self) -> "Callable[..., Compiler]":
        """Load the class of SQLAlchemy's dialect."""
        # SQLAlchemy costs a start 100 ms and is needed for a query that no plan exists for.
        from sqlalchemy.dialects.oracle.base import OracleDialect as Writer

        return Writer


def _make_text(storage: Storage) -> StorageForm:
    is_short = storage.kind == FieldKind.CHAR and (storage.max_length or 0) <= _LONGEST_VARCHAR
    form = StorageForm(
        column_type=f"VARCHAR2({storage.max_length} CHAR)" if is_short else "CLOB",
        family=Family.TEXT,
        is_ordered=is_short,
        is_comparable=is_short,
    )
    return _with_empty(form, storage, "''")


def _with_empty(form: StorageForm, storage: Storage, empty: str) -> StorageForm:
    """Give the form for a field that has no NULL, so that a NULL in its column is what the engine made of nothing."""
    if storage.null:
        return form
    return replace(form, read=Conversion(f"({empty} if {{v}} is None else {{v}})"), is_nullable=True)
