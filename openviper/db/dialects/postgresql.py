"""PostgreSQL, as asyncpg speaks to it: nearly every kind has a type of its own, and the driver converts in C."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from openviper.db.dialects import conversions as by
from openviper.db.dialects.base import Dialect, Features
from openviper.db.dialects.forms import Conversion, Family, Storage, StorageForm
from openviper.db.dialects.operations import STANDARD
from openviper.db.fields.base import FieldKind

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import Dialect as Compiler

__all__ = ["PostgreSQLDialect"]

_FORMS: Final = {
    FieldKind.SMALLINT: StorageForm(column_type="SMALLINT", family=Family.INTEGER),
    FieldKind.INTEGER: StorageForm(column_type="INTEGER", family=Family.INTEGER),
    FieldKind.BIGINT: StorageForm(column_type="BIGINT", family=Family.INTEGER),
    FieldKind.FLOAT: StorageForm(column_type="DOUBLE PRECISION", family=Family.FLOAT),
    FieldKind.BOOLEAN: StorageForm(column_type="BOOLEAN", family=Family.BOOLEAN),
    FieldKind.TEXT: StorageForm(column_type="TEXT", family=Family.TEXT),
    FieldKind.UUID: StorageForm(column_type="UUID", family=Family.UUID, read=by.UUID_FROM_UUID),
    FieldKind.DATE: StorageForm(column_type="DATE", family=Family.DATE),
    # asyncpg drops the offset of a time without a word.
    FieldKind.TIME: StorageForm(column_type="TIME WITHOUT TIME ZONE", family=Family.TIME, bind=by.TIME_WITHOUT_ZONE),
    # An interval of months comes back as one of days.
    FieldKind.DURATION: StorageForm(
        column_type="BIGINT", family=Family.INTEGER, bind=by.DURATION_TO_NUMBER, read=by.DURATION_FROM_NUMBER
    ),
    # The driver's own form is text as well; a codec on the connection would decode what nobody looks at.
    FieldKind.JSON: StorageForm(
        column_type="JSONB",
        family=Family.JSON,
        bind=by.JSON_TO_TEXT,
        read=by.JSON_FROM_TEXT,
        is_ordered=False,
        is_computable=False,
    ),
    FieldKind.BINARY: StorageForm(column_type="BYTEA", family=Family.BINARY),
    # inet would take 1200 instead of 160 ns to fetch as a text, and say /32 of it elsewhere.
    FieldKind.IP: StorageForm(column_type="VARCHAR(39)", family=Family.TEXT, cast_type="TEXT", is_ordered=False),
}

_OPERATIONS: Final = {
    **STANDARD,
    "ceil": "ceil({0})::bigint",
    "floor": "floor({0})::bigint",
    "finite": (
        "(CASE {0} WHEN 'infinity' THEN '9999-12-31 23:59:59.999999+00'"
        " WHEN '-infinity' THEN '0001-01-01 00:00:00+00' ELSE {0} END)"
    ),
    "strict greatest": "(CASE WHEN num_nulls({all}) = 0 THEN greatest({all}) END)",
    "strict least": "(CASE WHEN num_nulls({all}) = 0 THEN least({all}) END)",
    "regex": "({0} ~ {1})",
    "iregex": "({0} ~* {1})",
    "any": "({0} = ANY({1}))",
    "none": "({0} <> ALL({1}))",
    "position": "({0})::int",
    "round": "round(({0})::numeric)",
    "round to": "round({0}, {1})",
    "now": "statement_timestamp()",
    "now naive": "(statement_timestamp() AT TIME ZONE {zone})",
    "local": "({0} AT TIME ZONE {zone})",
    "utc": "({0} AT TIME ZONE 'UTC')",
    "date": "({0})::date",
    "time": "({0})::time",
    "year": "extract(year from {0})::int",
    "month": "extract(month from {0})::int",
    "day": "extract(day from {0})::int",
    "week": "extract(week from {0})::int",
    "first of year": "CAST(date_trunc('year', CAST({0} AS timestamp)) AS date)",
    "first of month": "CAST(date_trunc('month', CAST({0} AS timestamp)) AS date)",
    "first of week": "CAST(date_trunc('week', CAST({0} AS timestamp)) AS date)",
    "week_day": "(extract(dow from {0})::int + 1)",
    "quarter": "extract(quarter from {0})::int",
    "hour": "extract(hour from {0})::int",
    "minute": "extract(minute from {0})::int",
    "second": "floor(extract(second from {0}))::int",
    "shift": "({0} + {1} * interval '1 microsecond')",
    "between": "(extract(epoch from {0} - {1}) * 1000000)::bigint",
    "shift day": "({0} + floor({1} / 86400000000.0)::int)",
    "shift day back": "({0} - floor({1} / 86400000000.0)::int)",
    "days between": "(({0} - {1})::bigint * 86400000000)",
    "float": "({0})::double precision",
    "integer": "({0})::bigint",
    "decimal": "({0})::numeric",
    "text": "({0})::text",
    "boolean": "({0})::boolean",
}

# The first and the last moment of Python's calendar.
_MOMENTS: Final = {
    FieldKind.DATE: ("0001-01-01", "9999-12-31"),
    FieldKind.DATETIME: ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
}

_COPY: Final = Conversion("{v}[:]")


class PostgreSQLDialect(Dialect):
    """PostgreSQL 13 and later."""

    name = "postgresql"
    drop_words = " CASCADE"
    operations = _OPERATIONS
    casts_parameters = True
    table_names_sql = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    features = Features(
        placeholder="numeric_dollar",
        # The protocol counts them in 16 bits, which asyncpg reads with a sign.
        max_parameters=32767,
        array_parameter=True,
        max_identifier=63,
        insert_returning=True,
        update_returning=True,
        delete_returning=True,
        upsert="on conflict",
        ddl_in_transaction=True,
        partial_indexes=True,
        equal_nulls=True,
        null_order=True,
        nulls_are_low=False,
        native_boolean=True,
    )

    def ask_steps(self, *, analyze: bool, verbose: bool, output: str) -> str:
        """Give what stands before a statement to ask how it would be carried out."""
        stated = [word for word, is_stated in (("ANALYZE", analyze), ("VERBOSE", verbose)) if is_stated]
        return f"EXPLAIN ({', '.join([*stated, f'FORMAT {output.upper()}'])})"

    def make_form(self, storage: Storage) -> StorageForm:
        """Decide the form of what is stored."""
        match storage.kind:
            case FieldKind.CHAR:
                return StorageForm(column_type=f"VARCHAR({storage.max_length})", family=Family.TEXT, cast_type="TEXT")
            case FieldKind.DECIMAL:
                digits, places = storage.digits
                return StorageForm(
                    column_type=f"NUMERIC({digits}, {places})",
                    family=Family.DECIMAL,
                    bind=by.exact_decimal(storage),
                    read=None if places else by.DECIMAL_WITHOUT_EXPONENT,
                    cast_type="NUMERIC",
                )
            case FieldKind.DATETIME:
                return StorageForm(
                    column_type=f"TIMESTAMP {'WITH' if self.use_tz else 'WITHOUT'} TIME ZONE",
                    family=Family.DATETIME,
                    bind=by.DATETIME_TO_UTC if self.use_tz else by.DATETIME_TO_NAIVE,
                    read=by.DATETIME_FROM_UTC if self.use_tz else None,
                )
            case FieldKind.ARRAY:
                return self._make_array(storage)
        return _FORMS[storage.kind]

    def limit(self, storage: Storage) -> str | None:
        """Keep dates in the years that Python knows; the server goes on to 294276, and nobody could read such rows."""
        words = _MOMENTS.get(storage.kind)
        if words is None:
            return None
        first, last = words
        zone = "+00" if storage.kind == FieldKind.DATETIME and self.use_tz else ""
        # The driver stores the first and the last moment as infinities.
        return f"{{0}} BETWEEN '{first}{zone}' AND '{last}{zone}' OR {{0}} IN ('-infinity', 'infinity')"

    def load_compiler(self) -> "Callable[..., Compiler]":
        """Load the class of SQLAlchemy's dialect."""
        # SQLAlchemy costs a start 100 ms and is needed for a query that no plan exists for.
        from sqlalchemy.dialects.postgresql.base import PGDialect as Writer

        return Writer

    def _make_array(self, storage: Storage) -> StorageForm:
        if storage.item is None:
            raise self.refuse(storage)
        item = self.form(storage.item)
        # A list that an instance shared with its row would change in both, so that nobody saw the change.
        bind, read = (way or _COPY for way in by.convert_items(storage.item, item.bind, item.read))
        return StorageForm(
            column_type=f"{item.column_type}[]",
            family=Family.ARRAY,
            bind=bind,
            read=read,
            cast_type=f"{item.parameter_type}[]",
            is_ordered=item.is_ordered,
            is_computable=False,
        )
