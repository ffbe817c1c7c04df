"""What a router of the project may have."""

from collections.abc import Awaitable
from typing import Protocol

from openviper.db.registry import AnyModel, AnyRecord

__all__ = ["DatabaseRouter"]


class DatabaseRouter(Protocol):
    """What a router may have; methods may be async as well, and one that is missing has no answer.

    ``instance`` is among the hints where a row of it is written.
    """

    def db_for_read(self, model: AnyModel, **hints: object) -> str | Awaitable[str | None] | None:
        """Give the alias of the database that rows of a model are read from; None leaves it to the next router."""

    def db_for_write(self, model: AnyModel, **hints: object) -> str | Awaitable[str | None] | None:
        """Give the alias of the database that rows of a model are written to; None leaves it to the next router."""

    def allow_relation(self, record: AnyRecord, other: AnyRecord) -> bool | Awaitable[bool | None] | None:
        """Tell whether an instance may refer to one of another database; None leaves it to the next router."""

    def allow_migrate(self, alias: str, model: AnyModel) -> bool | Awaitable[bool | None] | None:
        """Tell whether a database gets the table of a model; None leaves it to the next router."""
