"""MySQL and MariaDB: the driver writes values into the text of a statement, so it gets those only that it writes right.

What arrives there are numbers, texts and bytes, and moments that are naive, as those are that come back.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from openviper.db.dialects import conversions as by
from openviper.db.dialects.base import Dialect, Features
from openviper.db.dialects.forms import Family, Storage, StorageForm
from openviper.db.dialects.operations import STANDARD
from openviper.db.dialects.zones import zone_of
from openviper.db.fields.base import FieldKind

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import Dialect as Compiler

__all__ = ["MariaDBDialect", "MySQLDialect"]

_ASCII: Final = "ascii_bin"

# A row has 65,535 bytes, of which a character may take four.
_LONGEST_VARCHAR: Final = 16_000
_MOST_DIGITS: Final = 65
_MOST_PLACES: Final = 30

_FORMS: Final = {
    FieldKind.SMALLINT: StorageForm(column_type="SMALLINT", family=Family.INTEGER),
    FieldKind.INTEGER: StorageForm(column_type="INTEGER", family=Family.INTEGER),
    FieldKind.BIGINT: StorageForm(column_type="BIGINT", family=Family.INTEGER),
    FieldKind.FLOAT: StorageForm(column_type="DOUBLE", family=Family.FLOAT, bind=by.FLOAT_IF_FINITE),
    FieldKind.BOOLEAN: StorageForm(
        column_type="TINYINT(1)", family=Family.BOOLEAN, bind=by.BOOLEAN_TO_NUMBER, read=by.BOOLEAN_FROM_NUMBER
    ),
    FieldKind.UUID: StorageForm(
        column_type="BINARY(16)", family=Family.UUID, bind=by.UUID_TO_BYTES, read=by.UUID_FROM_BYTES
    ),
    FieldKind.DATE: StorageForm(column_type="DATE", family=Family.DATE),
    # The engine's TIME is a length of time, and so is what the driver makes of it.
    FieldKind.TIME: StorageForm(
        column_type="TIME(6)",
        family=Family.TIME,
        bind=by.TIME_TO_DURATION,
        read=by.TIME_FROM_DURATION,
    ),
    FieldKind.DURATION: StorageForm(
        column_type="BIGINT", family=Family.INTEGER, bind=by.DURATION_TO_NUMBER, read=by.DURATION_FROM_NUMBER
    ),
    FieldKind.JSON: StorageForm(
        column_type="JSON",
        family=Family.JSON,
        bind=by.JSON_TO_SORTED_TEXT,
        read=by.JSON_FROM_TEXT,
        is_ordered=False,
        is_computable=False,
    ),
    FieldKind.IP: StorageForm(
        column_type="VARCHAR(39) CHARACTER SET ascii", family=Family.TEXT, collation=_ASCII, is_ordered=False
    ),
}

_LOCAL: Final = (
    "({0} + INTERVAL elt(1 + interval(timestampdiff(SECOND, '1970-01-01', {0}), {moments}), {offsets}) SECOND)"
)
# Of a float the engine makes a decimal that has all of its digits, as long as there is room for them.
_EXACT: Final = "(CASE WHEN abs({0}) < 1e34 THEN CAST({0} AS DECIMAL(65, 30)) END)"

_OPERATIONS: Final = {
    **STANDARD,
    "ceil": "CAST(ceil({0}) AS SIGNED)",
    "floor": "CAST(floor({0}) AS SIGNED)",
    "length": "char_length({0})",
    "position": "CAST({0} AS SIGNED)",
    # Sums of whole numbers are decimals, and a percent sign would be one of the driver.
    "%": "mod({0}, nullif({1}, 0))",
    "in list": "({0} IN {1})",
    "not in list": "({0} NOT IN {1})",
    "regex": "({0} REGEXP {1})",
    "iregex": "({0} REGEXP concat('(?i)', {1}))",
    "contains of": "(instr({0}, {1}) > 0)",
    "startswith of": "(left({0}, char_length({1})) = {1})",
    "endswith of": "(right({0}, char_length({1})) = {1})",
    "icontains of": "(instr(upper({0}), upper({1})) > 0)",
    "istartswith of": "(left(upper({0}), char_length(upper({1}))) = upper({1}))",
    "iendswith of": "(right(upper({0}), char_length(upper({1}))) = upper({1}))",
    "round": f"CAST(round({_EXACT}) AS SIGNED)",
    "round to": "round({0}, {1})",
    "now": "utc_timestamp(6)",
    "now naive": _LOCAL.replace("{0}", "utc_timestamp(6)"),
    "local": _LOCAL,
    "utc": "({0})",
    "date": "date({0})",
    "time": "CAST({0} AS TIME(6))",
    "year": "year({0})",
    "month": "month({0})",
    "day": "day({0})",
    "week": "week({0}, 3)",
    "first of year": "date_sub({0}, INTERVAL dayofyear({0}) - 1 DAY)",
    "first of month": "date_sub({0}, INTERVAL dayofmonth({0}) - 1 DAY)",
    "first of week": "date_sub({0}, INTERVAL weekday({0}) DAY)",
    "week_day": "dayofweek({0})",
    "quarter": "quarter({0})",
    "hour": "hour({0})",
    "minute": "minute({0})",
    "second": "second({0})",
    "shift": "({0} + INTERVAL {1} MICROSECOND)",
    "between": "timestampdiff(MICROSECOND, {1}, {0})",
    "shift day": "({0} + INTERVAL floor({1} / 86400000000) DAY)",
    "shift day back": "({0} - INTERVAL floor({1} / 86400000000) DAY)",
    "days between": "(datediff({0}, {1}) * 86400000000)",
    "float": "CAST({0} AS DOUBLE)",
    "integer": "CAST({0} AS SIGNED)",
    "decimal": _EXACT,
    "text": "CAST({0} AS CHAR)",
    "boolean": "({0} <> 0)",
}


class MySQLDialect(Dialect):
    """MySQL 8 and later."""

    name = "mysql"
    default_row = "() VALUES ()"
    create_words = " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4"
    table_names_sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
    # Names of locks are those of the server, and have 64 characters.
    table_lock_sql = "SELECT get_lock(concat('openviper ', md5(DATABASE())), 600)"
    operations = _OPERATIONS
    # Sessions read a backslash as itself.
    server_facts: ClassVar[Mapping[str, object]] = {"server_version_info": (8, 0, 16), "_backslash_escapes": False}
    gives_rows: ClassVar[bool] = False
    lag_defaults: ClassVar[bool] = True
    expression_indexes: ClassVar[bool] = True
    # Both engines take 'a', 'A', 'ä' and 'a ' for the same text, unless they are told to look at it.
    exact: ClassVar[str] = "utf8mb4_0900_bin"

    def __init__(self, *, use_tz: bool = True) -> None:
        super().__init__(use_tz=use_tz)
        self.key_words = "returning" if self.gives_rows else ""
        self.features = Features(
            placeholder="format",
            # The driver writes the values into the text; what bounds it is max_allowed_packet.
            max_parameters=65535,
            max_identifier=64,
            list_parameter=True,
            limits_lists=False,
            bulk_rows=4096,
            decimal_digits=_MOST_DIGITS,
            decimal_places=_MOST_PLACES,
            insert_returning=self.gives_rows,
            update_returning=False,
            delete_returning=self.gives_rows,
            upsert="on duplicate key",
            checks_late=False,
            ddl_in_transaction=False,
            partial_indexes=False,
            null_order=False,
            nulls_are_low=True,
            native_boolean=False,
            lag_defaults=self.lag_defaults,
            expression_indexes=self.expression_indexes,
        )

    def make_form(self, storage: Storage) -> StorageForm:
        """Decide the form of what is stored."""
        digits, places = storage.digits
        match storage.kind:
            case FieldKind.CHAR if (storage.max_length or 0) <= _LONGEST_VARCHAR:
                return StorageForm(
                    column_type=f"VARCHAR({storage.max_length})", family=Family.TEXT, collation=self.exact
                )
            case FieldKind.CHAR | FieldKind.TEXT:
                return StorageForm(column_type="LONGTEXT", family=Family.TEXT, collation=self.exact)
            case FieldKind.DECIMAL if digits <= _MOST_DIGITS and places <= _MOST_PLACES:
                return StorageForm(
                    column_type=f"DECIMAL({digits}, {places})", family=Family.DECIMAL, bind=by.exact_decimal(storage)
                )
            case FieldKind.DECIMAL:
                return by.sortable_decimal(f"VARCHAR({digits + 1}) CHARACTER SET ascii", storage, collation=_ASCII)
            case FieldKind.DATETIME:
                # DATETIME and not TIMESTAMP, which ends in 2038 and depends on the zone of the session.
                return StorageForm(
                    column_type="DATETIME(6)",
                    family=Family.DATETIME,
                    bind=by.DATETIME_TO_NAIVE_UTC if self.use_tz else by.DATETIME_TO_NAIVE,
                    read=by.DATETIME_FROM_NAIVE_UTC if self.use_tz else None,
                )
            case FieldKind.BINARY:
                is_short = storage.max_length is not None and storage.max_length <= _LONGEST_VARCHAR
                kind = f"VARBINARY({storage.max_length})" if is_short else "LONGBLOB"
                return StorageForm(column_type=kind, family=Family.BINARY)
            case FieldKind.ARRAY:
                return by.json_array("JSON", storage, use_tz=self.use_tz)
        return _FORMS[storage.kind]

    def in_zone(self, text: str, zone: str) -> str:
        """Write an operation for a time zone; the tables of the server that hold them are often empty."""
        if "{moments}" not in text:
            return text
        found = zone_of(zone)
        moments = ", ".join(map(str, found.moments)) or "1e18"
        offsets = ", ".join(map(str, found.offsets)) if found.moments else f"{found.offsets[0]}, {found.offsets[0]}"
        return text.replace("{moments}", moments).replace("{offsets}", offsets)

    def load_compiler(self) -> "Callable[..., Compiler]":
        """Load the class of SQLAlchemy's dialect."""
        # SQLAlchemy costs a start 100 ms and is needed for a query that no plan exists for.
        from sqlalchemy.dialects.mysql.base import MySQLDialect as Writer

        return Writer


class MariaDBDialect(MySQLDialect):
    """MariaDB 10.6 and later."""

    name = "mariadb"
    server_facts: ClassVar[Mapping[str, object]] = {
        "server_version_info": (10, 6, 0),
        "is_mariadb": True,
        "_backslash_escapes": False,
    }
    gives_rows = True
    lag_defaults = False
    expression_indexes = False
    exact = "utf8mb4_nopad_bin"

    def load_compiler(self) -> "Callable[..., Compiler]":
        """Load the class of SQLAlchemy's dialect."""
        # SQLAlchemy costs a start 100 ms and is needed for a query that no plan exists for.
        from sqlalchemy.dialects.mysql.mariadb import MariaDBDialect as Writer

        return Writer
