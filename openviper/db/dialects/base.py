"""Dialect: what one engine stores each kind of value as, and what it can do."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from openviper.db.dialects.forms import Family, Storage, StorageForm, storage_of
from openviper.db.dialects.operations import STANDARD
from openviper.db.exceptions import DatabaseOperationNotSupportedError
from openviper.db.fields.base import AnyField

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import Dialect as Compiler

__all__ = ["Dialect", "Features"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What an engine can do, as far as it matters for the statements that are made for it.

    Args:
        placeholder: How a parameter stands in SQL, as SQLAlchemy names the style.
        max_parameters: Most parameters of one statement.
        max_list: Most items of one ``IN (...)``; None means that only the parameters count.
        array_parameter: Whether one parameter can carry a list, for ``= ANY(...)``.
        list_parameter: Whether one parameter can be written as a list in brackets, for ``IN``.
        limits_lists: Whether a subquery after ``IN`` may have a limit.
        bulk_rows: Most rows of one INSERT; a longer text is no faster.
        decimal_digits: Most digits of a decimal that is computed.
        decimal_places: How many of them may stand behind the point.
        max_identifier: Most bytes of a name.
        insert_returning: Whether INSERT gives rows back.
        update_returning: Whether UPDATE gives rows back.
        delete_returning: Whether DELETE gives rows back.
        upsert: The form of an INSERT that may meet a row; None if there is none.
        savepoints: Whether a part of a transaction can be undone.
        releases_savepoints: Whether a savepoint can be forgotten before the end.
        checks_late: Whether references are checked when a statement ends; elsewhere with each row that is deleted.
        ddl_in_transaction: Whether CREATE, ALTER and DROP can be rolled back.
        adds_constraints: Whether a table gets constraints after it was made; foreign keys stand in CREATE TABLE if not.
        partial_indexes: Whether an index may have a condition.
        expression_indexes: Whether an index may be of expressions.
        equal_nulls: Whether a unique index can be told to take rows without a value for equal.
        null_order: Whether ``NULLS FIRST`` and ``NULLS LAST`` are known.
        nulls_are_low: Whether NULL comes before every value in ascending order, where the statement does not say.
        row_locks: Whether SELECT can lock rows.
        skips_locked: Whether it can pass over rows that others have locked, or refuse to wait for them.
        locks_cut: Whether the rows of a query with a limit can be locked as they are read.
        locks_columns: Whether a lock names columns of a table; elsewhere it names the table.
        widens_sums: Whether sums and averages of whole numbers have room for more than these.
        repeats_rows: Whether a statement with the arguments of several rows is run once for each of them.
        conditions_are_values: Whether a condition may stand where a value does, be it a number.
        native_boolean: Whether a condition is a value; elsewhere truth is a number.
        bare_select: Whether SELECT may stand without FROM; elsewhere there is the table ``dual``.
        empty_text_is_null: Whether the empty text is NULL.
        nulls_are_distinct: Whether a unique column may hold NULL several times.
        settles_updates: Whether an UPDATE reads its table as it was, in subqueries too, until its last row is changed.
        lag_defaults: Whether ``lag()`` and ``lead()`` of a window take what stands for a row that is not there.
        nests_flat: Whether relations to many rows within each other are joined, as queries nest only so deep.
        lends_connection: Whether a function may use the raw connection, and send several statements in one hop.
    """

    placeholder: Literal["qmark", "numeric_dollar", "format", "numeric"]
    max_parameters: int
    max_list: int | None = None
    array_parameter: bool = False
    list_parameter: bool = False
    limits_lists: bool = True
    bulk_rows: int = 128
    decimal_digits: int = 1000
    decimal_places: int = 1000
    max_identifier: int
    insert_returning: bool
    update_returning: bool
    delete_returning: bool
    upsert: Literal["on conflict", "on duplicate key", "merge"] | None
    savepoints: bool = True
    releases_savepoints: bool = True
    checks_late: bool = True
    ddl_in_transaction: bool
    adds_constraints: bool = True
    partial_indexes: bool
    expression_indexes: bool = True
    equal_nulls: bool = False
    null_order: bool
    nulls_are_low: bool
    row_locks: bool = True
    skips_locked: bool = True
    locks_cut: bool = True
    locks_columns: bool = False
    widens_sums: bool = True
    repeats_rows: bool = False
    conditions_are_values: bool = True
    native_boolean: bool
    bare_select: bool = True
    empty_text_is_null: bool = False
    nulls_are_distinct: bool = True
    settles_updates: bool = True
    lag_defaults: bool = True
    nests_flat: bool = False
    lends_connection: bool = False


class Dialect(ABC):
    """One engine; ``openviper.db.dialects.engines`` gives it by its name.

    Args:
        use_tz: Whether datetimes are instants, see the setting ``USE_TZ``.
    """

    name: ClassVar[str]
    features: Features
    #: What the engine itself does when a row is deleted that others refer to, by the rule of the reference; it keeps
    #: a row that is referred to by any other rule, and carrying that out is left to whoever deletes.
    on_delete: ClassVar[Mapping[str, str]] = {"CASCADE": "CASCADE", "SET_NULL": "SET NULL"}
    #: The type of a key that the engine makes, where it is another one than that of the values.
    auto_type: ClassVar[str | None] = None
    #: What stands for no limit where the engine wants one before an offset; None if SQLAlchemy's words serve.
    no_limit: ClassVar[str | None] = None
    #: What stands behind INSERT INTO a table for a row that nothing is said of; ``{key}`` is the column of its key.
    default_row: ClassVar[str] = "DEFAULT VALUES"
    #: What gives the key of a new row: rows of RETURNING or of OUTPUT, a variable, or the driver without any words.
    key_words: Literal["returning", "output", "into", ""] = "returning"
    #: What stands around an INSERT into ``{table}`` that brings keys of its own to where the engine makes them.
    own_key_words: ClassVar[str] = "{sql}"
    #: What stands behind CREATE TABLE and DROP TABLE.
    create_words: ClassVar[str] = ""
    drop_words: ClassVar[str] = ""
    #: What stands before a statement to ask how it would be carried out.
    explain_words: ClassVar[str] = "EXPLAIN"
    #: What stands behind a table whose rows are locked, by whether they are waited for, where FOR UPDATE is not known.
    lock_hints: ClassVar[Mapping[str, str]] = {}
    #: Gives the names of the tables that a connection finds.
    table_names_sql: ClassVar[str]
    #: Lets nobody else make tables for as long as the session lasts, where a transaction cannot; None if one can.
    table_lock_sql: ClassVar[str | None] = None
    #: SQL text of what engines write each in their own way, see ``operations``.
    operations: ClassVar[Mapping[str, str]] = STANDARD
    #: How a text becomes the pattern of a lookup, by the name of the lookup: wildcards and where they stand.
    patterns: ClassVar[Mapping[str, str]] = {
        "contains": "like:within",
        "startswith": "like:prefix",
        "endswith": "like:suffix",
        "icontains": "like:within",
        "istartswith": "like:prefix",
        "iendswith": "like:suffix",
    }
    #: Whether a parameter says its type where nothing beside it does.
    casts_parameters: ClassVar[bool] = False
    #: Whether decimals are whole numbers of their last place, see ``StorageForm.scale``.
    scales_decimals: ClassVar[bool] = False
    #: Makes rows of a text of JSON, for lists that are too long for parameters: an operation by what the values are.
    json_lists: ClassVar[Mapping[Family, str]] = {}
    #: What SQLAlchemy's dialect would ask a server when it connects.
    server_facts: ClassVar[Mapping[str, object]] = {}

    def __init__(self, *, use_tz: bool = True) -> None:
        self.use_tz = use_tz
        self._forms: dict[Storage, StorageForm] = {}
        self._compiler: Compiler | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def form_of(self, column: AnyField) -> StorageForm:
        """Give the storage of a field.

        Raises:
            ModelReferenceError: It refers to a model that does not exist.
            DatabaseOperationNotSupportedError: The engine cannot store it.
        """
        return self.form(storage_of(column))

    def form(self, storage: Storage) -> StorageForm:
        """Give the form of what is stored; the same one on every call.

        Raises:
            DatabaseOperationNotSupportedError: The engine cannot store it.
        """
        form = self._forms.get(storage)
        if form is None:
            form = self.make_form(storage)
            if storage.members is not None:
                form = form.with_members(storage.members)
            self._forms[storage] = form
        return form

    def ask_steps(self, *, analyze: bool, verbose: bool, output: str) -> str:
        """Give what stands before a statement to ask how it would be carried out.

        Args:
            analyze: Whether it is carried out, to show what each step took.
            verbose: Whether more is told.
            output: How the answer is written.

        Raises:
            DatabaseOperationNotSupportedError: The engine does not know an option.
        """
        if analyze or verbose or output != "text":
            raise DatabaseOperationNotSupportedError(f"explain() takes no options on {self.name}")
        return self.explain_words

    def draw_steps(self, names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
        """Write the answer to ``ask_steps``: a line for each row, of several columns those that say something.

        Args:
            names: Of the columns.
            rows: The answer.
        """
        if len(names) == 1:
            return "\n".join(str(row[0]) for row in rows)
        told = ([(name, cell) for name, cell in zip(names, row, strict=True) if cell is not None] for row in rows)
        return "\n".join(", ".join(f"{name}: {cell}" for name, cell in row) for row in told)

    def in_zone(self, text: str, zone: str) -> str:
        """Write an operation for a time zone, where the engine knows none.

        Args:
            text: See ``operations``.
            zone: Name of the time zone.
        """
        return text

    @abstractmethod
    def make_form(self, storage: Storage) -> StorageForm:
        """Decide the form of what is stored, without the enum that instances may hold."""

    def limit(self, storage: Storage) -> str | None:
        """Give the condition that keeps out what the type of a column lets in, and no field can hold.

        What an expression comes to is computed by the engine, so only the engine can refuse it.

        Args:
            storage: What the column holds.

        Returns:
            SQL with ``{0}`` for the column, true or unknown for NULL; None if the type does it alone.
        """
        return None

    @property
    def compiler(self) -> "Compiler":
        """SQLAlchemy's dialect, which writes SQL text; loaded on first use and never connected."""
        if self._compiler is None:
            self._compiler = self.make_compiler(self.features.placeholder)
        return self._compiler

    def make_compiler(self, placeholder: str) -> "Compiler":
        """Make a dialect of SQLAlchemy that knows the server without asking it.

        Args:
            placeholder: See ``Features``.
        """
        made = self.load_compiler()(paramstyle=placeholder)
        vars(made).update(self.server_facts)
        return made

    @abstractmethod
    def load_compiler(self) -> "Callable[..., Compiler]":
        """Load the class of SQLAlchemy's dialect."""

    def refuse(self, storage: Storage) -> DatabaseOperationNotSupportedError:
        """Make the error for what the engine cannot store."""
        return DatabaseOperationNotSupportedError(
            f"{self.name} has no storage for a column of kind {storage.kind.value!r}"
        )
