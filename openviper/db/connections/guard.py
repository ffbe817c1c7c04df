"""Databases that are for reading only: what would write is refused before anything is sent."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from openviper.db.backends.base import Args, BackendOptions, Row, Statements
from openviper.db.connections.database import Database, is_write
from openviper.db.exceptions import DatabaseReadOnlyError

if TYPE_CHECKING:
    import sqlite3

__all__ = ["ReadOnlyDatabase", "check_reading", "refuse_write"]

T = TypeVar("T")

# What may change something by the look of its first word, and tells about the server or the session only.
_HARMLESS: Final = re.compile(r"(?i)[\s(]*(?:DESC|DESCRIBE|PRAGMA|SET|SHOW|TABLE)\b")


class ReadOnlyDatabase(Database):
    """A database with ``READ_ONLY``, or a replica.

    What a text does not show, such as a function that writes, is refused by the session, which is told the same.
    """

    __slots__ = ()

    async def run(self, function: "Callable[[sqlite3.Connection], T]", *, sql: str = "", args: Args = ()) -> T:
        """See ``Database``; what does not say that it reads is refused."""
        check_reading(sql, self.options)
        return await super().run(function, sql=sql, args=args)

    def stream(self, sql: str, args: Args = (), size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
        """See ``Database``."""
        check_reading(sql, self.options)
        return super().stream(sql, args, size)

    def _run(self, sql: str, args: Args, call: Callable[[Statements], Awaitable[T]]) -> Coroutine[object, object, T]:
        check_reading(sql, self.options)
        return super()._run(sql, args, call)


def check_reading(sql: str, options: BackendOptions) -> None:
    """Refuse a statement that writes by its text.

    Args:
        sql: The statement; an empty one may do anything.
        options: Of the database.

    Raises:
        DatabaseReadOnlyError: It does.
    """
    if is_write(sql) and not _HARMLESS.match(sql):
        raise refuse_write(options)


def refuse_write(options: BackendOptions) -> DatabaseReadOnlyError:
    """Make the error of a write that was not sent.

    Args:
        options: Of the database.
    """
    why = "a replica" if options.is_replica else "READ_ONLY"
    return DatabaseReadOnlyError(
        f"nothing was sent: database {options.alias!r} is {why}, so it is for reading only; "
        "name the database that may be written with using()"
    )
