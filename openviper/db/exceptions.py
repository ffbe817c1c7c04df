"""What can go wrong with models and the database.

::

    OpenViperError
    ├── FieldValueError (ValueError)
    ├── HTTPException
    │   ├── BadRequest 400
    │   │   └── InvalidPageError (ValueError)
    │   │       └── InvalidCursorError
    │   ├── NotFound 404
    │   │   └── PageNotFoundError (LookupError)
    │   ├── PermissionDenied 403 (PermissionError)
    │   │   └── ModelPermissionError
    │   └── ValidationError 422 (ValueError)
    │       └── ModelValidationError
    ├── ModelDefinitionError (TypeError)
    ├── ModelReferenceError (LookupError)
    ├── NotLoadedError (AttributeError)
    │   └── FetchBlockedError
    └── ORMException
        ├── ConnectionLostError (ConnectionError)
        ├── DatabaseConfigurationError (ImproperlyConfigured, ValueError)
        │   ├── DatabaseAliasNotFoundError (LookupError)
        │   └── DatabaseBackendNotFoundError (LookupError)
        ├── DatabaseOperationNotSupportedError (NotImplementedError)
        ├── DatabaseReadOnlyError (PermissionError)
        ├── DatabaseRoutingError (RuntimeError)
        │   ├── CrossDatabaseRelationError (ValueError)
        │   └── DatabaseTransactionRoutingError
        ├── DoesNotExist (LookupError)
        ├── FieldError (ValueError)
        ├── IntegrityError (ValueError)
        │   └── ProtectedError
        │       └── RestrictedError
        ├── MultipleObjectsReturned (LookupError)
        ├── PoolTimeoutError (TimeoutError)
        ├── QueryBudgetError (AssertionError)
        ├── QueryError (RuntimeError)
        │   ├── LockTimeoutError (TimeoutError)
        │   ├── SerializationError
        │   ├── StatementTimeoutError (TimeoutError)
        │   ├── TableNotFound (LookupError)
        │   └── UnreadableValueError (ValueError)
        └── TransactionError (RuntimeError)

What a driver raises is chained as ``__cause__``; its text may hold values of the row, ours never does.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from openviper.exceptions import (
    BadRequest,
    ImproperlyConfigured,
    NotFound,
    OpenViperError,
    PermissionDenied,
    ValidationError,
)

__all__ = [
    "ConnectionLostError",
    "CrossDatabaseRelationError",
    "DatabaseAliasNotFoundError",
    "DatabaseBackendNotFoundError",
    "DatabaseConfigurationError",
    "DatabaseOperationNotSupportedError",
    "DatabaseReadOnlyError",
    "DatabaseRoutingError",
    "DatabaseTransactionRoutingError",
    "DoesNotExist",
    "FetchBlockedError",
    "FieldError",
    "FieldValueError",
    "IntegrityError",
    "InvalidCursorError",
    "InvalidPageError",
    "LockTimeoutError",
    "ModelDefinitionError",
    "ModelPermissionError",
    "ModelReferenceError",
    "ModelValidationError",
    "MultipleObjectsReturned",
    "NotLoadedError",
    "ORMException",
    "PageNotFoundError",
    "PoolTimeoutError",
    "ProtectedError",
    "QueryBudgetError",
    "QueryError",
    "RestrictedError",
    "SerializationError",
    "StatementTimeoutError",
    "TableNotFound",
    "TransactionError",
    "UnreadableValueError",
]


class FieldValueError(OpenViperError, ValueError):
    """A value cannot be what a field holds.

    Args:
        messages: What is wrong with it, a sentence each.
    """

    code = "field-value-invalid"

    def __init__(self, *messages: str) -> None:
        super().__init__(" ".join(messages))
        self.messages = list(messages)


class ModelValidationError(ValidationError):
    """422: fields of an instance hold what they must not; all of them are named at once.

    Args:
        errors: Field name to what is wrong with it, a sentence each; ``__all__`` is for what concerns the instance as
            a whole. One text stands for ``{"__all__": [text]}``.
    """

    code = "model-invalid"

    def __init__(self, errors: Mapping[str, Sequence[str]] | str) -> None:
        whole = {"__all__": [errors]} if isinstance(errors, str) else errors
        self.errors = {name: list(messages) for name, messages in whole.items()}
        super().__init__([_describe(name, message) for name, messages in self.errors.items() for message in messages])


class ModelPermissionError(PermissionDenied):
    """403: the user of the running task may not do this with a model; nothing of the statement was sent.

    Args:
        model: Label of the model, such as ``blog.Post``; the message has its name only.
        action: What was to be done: ``create``, ``read``, ``update`` or ``delete``.
    """

    code = "model-permission-denied"

    def __init__(self, model: str, action: str) -> None:
        super().__init__(f"No permission to {action} {model.rpartition('.')[2]}.")
        self.model = model
        self.action = action


class InvalidPageError(BadRequest, ValueError):
    """400: what was given is no number of a page, or no size of one."""

    code = "page-invalid"


class InvalidCursorError(InvalidPageError):
    """400: a cursor was not made by this project, or for rows in another order."""

    code = "cursor-invalid"


class PageNotFoundError(NotFound, LookupError):
    """404: a page lies beyond the last one."""

    code = "page-missing"


class ModelDefinitionError(OpenViperError, TypeError):
    """A model or a field is declared in a way that cannot work."""

    code = "model-definition-invalid"


class ModelReferenceError(OpenViperError, LookupError):
    """A name that stands for a model leads to none, or to several.

    Args:
        reference: The name as it was written.
        referrer: Who refers by it; empty for a direct look-up.
        known: Labels of the models that exist.
        reason: What is wrong with the name.
    """

    code = "model-reference-unresolved"

    def __init__(self, reference: str, *, referrer: str, known: Iterable[str], reason: str) -> None:
        self.reference = reference
        self.referrer = referrer
        self.known = sorted(known)
        subject = f"{referrer} refers to {reference!r}" if referrer else f"{reference!r}"
        models = ", ".join(self.known) or "none"
        super().__init__(f"{subject}: {reason}; models that exist: {models}")


class NotLoadedError(OpenViperError, AttributeError):
    """A field of an instance was not read from the database, so it has no value to give.

    Args:
        label: The model.
        field: The field that was asked for.
        remedy: How to get it.
    """

    code = "field-not-loaded"

    def __init__(self, label: str, field: str, *, remedy: str) -> None:
        super().__init__(f"{field} of this {label} is not loaded; {remedy}")
        self.label = label
        self.field = field


class FetchBlockedError(NotLoadedError):
    """What was asked for was not read, and the fetch mode ``"raise"`` has nothing read that nobody asked for."""

    code = "fetch-blocked"

    def __init__(self, label: str, field: str, *, remedy: str) -> None:
        super().__init__(label, field, remedy=f"fetch_mode 'raise' reads nothing by itself; {remedy}")


class ORMException(OpenViperError):
    """Root of what goes wrong between a query and its database."""

    code = "orm"


class DoesNotExist(ORMException, LookupError):
    """One row was asked for, and there is none."""

    code = "row-missing"


class MultipleObjectsReturned(ORMException, LookupError):
    """One row was asked for, and there are several."""

    code = "rows-ambiguous"


class FieldError(ORMException, ValueError):
    """A query names a field, a lookup or a kind of value that does not exist there."""

    code = "query-field-unknown"


class IntegrityError(ORMException, ValueError):
    """A constraint of the database refuses the rows.

    Args:
        message: What was broken, without values of the rows.
        kind: ``unique``, ``foreign key``, ``not null``, ``check`` or ``exclusion``; empty if the engine does not say.
        constraint: Name of the constraint; None where the engine does not say.
        table: Table that it stands on; None where the engine does not say.
        columns: Its columns, as far as the engine says.
    """

    code = "integrity"

    def __init__(
        self,
        message: str,
        *,
        kind: str = "",
        constraint: str | None = None,
        table: str | None = None,
        columns: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.constraint = constraint
        self.table = table
        self.columns = tuple(columns)


class ProtectedError(IntegrityError):
    """Rows cannot be deleted, as others refer to them by a field that protects them.

    Args:
        label: Model of the rows that were to be deleted.
        referrers: The fields that refer, as ``blog.Post.author``, with the number of their rows.
    """

    code = "row-protected"
    _rule = "PROTECT"

    def __init__(self, label: str, referrers: Mapping[str, int]) -> None:
        held = ", ".join(f"{count} by {field}" for field, count in referrers.items())
        super().__init__(
            f"rows of {label} are not deleted, as others refer to them with on_delete={self._rule!r}: {held}; "
            "delete those first, or let them refer to something else",
            kind="foreign key",
        )
        self.label = label
        self.referrers = dict(referrers)


class RestrictedError(ProtectedError):
    """Rows cannot be deleted, as others refer to them that are not deleted along with them."""

    code = "row-restricted"
    _rule = "RESTRICT"


class QueryError(ORMException, RuntimeError):
    """The database refuses a statement, or ends it.

    Args:
        message: What the engine says.
        sqlstate: Its five characters of the SQL standard, or the engine's own name of the error; None if unknown.
    """

    code = "query-failed"

    def __init__(self, message: str, *, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class StatementTimeoutError(QueryError, TimeoutError):
    """A statement took longer than ``STATEMENT_TIMEOUT`` and was ended by the database."""

    code = "statement-timeout"

    def __new__(cls, *args: object, **_: object) -> Self:
        """Make the error; RuntimeError, which comes first in the order of classes, cannot when a copy asks for it."""
        return TimeoutError.__new__(cls, *args)


class LockTimeoutError(QueryError, TimeoutError):
    """Something that others hold did not become free within ``LOCK_TIMEOUT``."""

    code = "lock-timeout"

    def __new__(cls, *args: object, **_: object) -> Self:
        """Make the error; RuntimeError, which comes first in the order of classes, cannot when a copy asks for it."""
        return TimeoutError.__new__(cls, *args)


class SerializationError(QueryError):
    """Transactions stood in each other's way and this one had to give; the same work may pass when done again."""

    code = "transaction-conflict"


class TableNotFound(QueryError, LookupError):
    """A table is not there.

    Args:
        model_name: Label of the model whose table it is; None for a statement that was written by hand.
        table_name: The table, as the engine names it.
        advice: What makes it; empty means ``init_db()``.
    """

    code = "table-missing"

    def __init__(self, model_name: str | None, table_name: str, advice: str = "") -> None:
        mend = advice or "`await init_db()` makes those that are missing"
        super().__init__(f"there is no table {table_name!r}{f' of model {model_name!r}' if model_name else ''}; {mend}")
        self.model_name, self.table_name = model_name, table_name


class UnreadableValueError(QueryError, ValueError):
    """A row holds what no field could hold, so another program or a statement written by hand has stored it."""

    code = "value-unreadable"


class DatabaseReadOnlyError(ORMException, PermissionError):
    """A write was tried where only reading is allowed: an alias, a transaction or a file."""

    code = "database-read-only"


class DatabaseOperationNotSupportedError(ORMException, NotImplementedError):
    """An engine cannot do what is asked of it."""

    code = "database-operation-unsupported"


class DatabaseConfigurationError(ORMException, ImproperlyConfigured, ValueError):
    """The settings of a database cannot work; the message names the alias and never the address."""

    code = "database-configuration"


class DatabaseAliasNotFoundError(DatabaseConfigurationError, LookupError):
    """A database is asked for by an alias that the settings do not have.

    Args:
        alias: What was asked for.
        known: The aliases that there are.
        asked_by: What asked for it, such as a router by its name; None where it was the code itself.
    """

    code = "database-alias-unknown"

    def __init__(self, alias: str, known: Iterable[str], asked_by: str | None = None) -> None:
        self.alias, self.known, self.asked_by = alias, sorted(known), asked_by
        who = f"{asked_by} names database {alias!r}, and " if asked_by else ""
        super().__init__(f"{who}there is no database {alias!r} in DATABASES; known: {', '.join(self.known) or 'none'}")


class DatabaseBackendNotFoundError(DatabaseConfigurationError, LookupError):
    """The address of a database begins with the name of an engine that is not there.

    Args:
        alias: Whose address it is.
        scheme: The name of the engine.
        known: The names that there are.
    """

    code = "database-engine-unknown"

    def __init__(self, alias: str, scheme: str, known: Iterable[str]) -> None:
        self.alias, self.scheme, self.known = alias, scheme, sorted(known)
        super().__init__(
            f"the URL of database {alias!r} begins with {scheme!r}, an engine that is not there; "
            f"begin it with one of: {', '.join(self.known)}"
        )


class DatabaseRoutingError(ORMException, RuntimeError):
    """A router cannot be asked, fails, or gives what is no answer."""

    code = "database-routing"


class DatabaseTransactionRoutingError(DatabaseRoutingError):
    """A write would leave the transaction that it seems to be part of, since it is routed to another database."""

    code = "database-routing-transaction"


class CrossDatabaseRelationError(DatabaseRoutingError, ValueError):
    """An instance of one database is related to, or compared with, rows of another one."""

    code = "database-relation-crosses"


class ConnectionLostError(ORMException, ConnectionError):
    """A database cannot be reached, or a connection to it broke.

    Args:
        message: What happened.
        was_sent: Whether a statement was under way, so that it may have been carried out.
    """

    code = "connection-lost"

    def __init__(self, message: str, *, was_sent: bool = False) -> None:
        super().__init__(message)
        self.was_sent = was_sent


class PoolTimeoutError(ORMException, TimeoutError):
    """All connections are in use and none came back within ``POOL_TIMEOUT``.

    Args:
        alias: Whose connections they are.
        timeout: Seconds that were waited.
        holders: Who has them: a description and the seconds since, the oldest first.
    """

    code = "pool-timeout"

    def __init__(self, alias: str, timeout: float, holders: Sequence[tuple[str, float]]) -> None:
        self.alias = alias
        self.timeout = timeout
        self.holders = tuple(holders)
        held = "; ".join(f"{holder} for {age:.1f} s" for holder, age in self.holders)
        super().__init__(
            f"no connection to database {alias!r} became free within {timeout:g} seconds; "
            f"{len(self.holders)} in use: {held or 'all of them being opened'}; "
            "hold them for less time, or raise POOL_SIZE or MAX_OVERFLOW"
        )


class TransactionError(ORMException, RuntimeError):
    """A transaction cannot do what is asked of it in the state that it is in."""

    code = "transaction-state"


class QueryBudgetError(ORMException, AssertionError):
    """A block sent more queries than it was allowed to.

    Args:
        most: How many were allowed.
        queries: The texts of those that were sent, in order.
    """

    code = "query-budget"

    def __init__(self, most: int, queries: Sequence[str]) -> None:
        self.most = most
        self.queries = tuple(queries)
        lines = "\n".join(f"  {number}. {sql}" for number, sql in enumerate(queries, 1))
        super().__init__(f"{len(queries)} queries where at most {most} are allowed:\n{lines}")


def _describe(name: str, message: str) -> dict[str, object]:
    # The form of every entry of a 422, see routing.faults, which stands above.
    return {"field": name, "in": "model", "type": "invalid", "message": message, "path": [name]}
