"""SQL Server, as pyodbc speaks to it: texts are counted in halves of characters and compared without case.

Nothing of this module was run against a server.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from openviper.db.dialects import conversions as by
from openviper.db.dialects.base import Dialect, Features
from openviper.db.dialects.forms import Family, Storage, StorageForm
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


class SQLServerDialect(Dialect):
    """SQL Server 2019 and later."""

    name = "mssql"
    table_names_sql = "SELECT name FROM sys.tables"
    server_facts: ClassVar[Mapping[str, object]] = {"server_version_info": (15,), "_supports_offset_fetch": True}
    features = Features(
        placeholder="qmark",
        # The server takes 2100 and keeps some for itself.
        max_parameters=2090,
        max_identifier=128,
        insert_returning=True,
        update_returning=True,
        delete_returning=True,
        upsert="merge",
        releases_savepoints=False,
        ddl_in_transaction=True,
        partial_indexes=True,
        null_order=False,
        nulls_are_low=True,
        native_boolean=False,
        nulls_are_distinct=False,
    )
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

    def load_compiler(self) -> "Callable[..., Compiler]":
        """Load the class of SQLAlchemy's dialect."""
        # SQLAlchemy costs a start 100 ms and is needed for a query that no plan exists for.
        from sqlalchemy.dialects.mssql.base import MSDialect as Writer

        return Writer
