"""Plan: all that a query needs when it runs, made once for all queries of its shape."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from openviper.db.backends.base import Row
from openviper.db.query.description import Place
from openviper.db.registry import AnyModel

__all__ = ["Binder", "Maker", "Plan", "Reader", "Values"]

#: The values of a query, by place.
Values: TypeAlias = tuple[object, ...]
#: Gives the driver's arguments, in the order of the placeholders, of the values of a query.
Binder: TypeAlias = Callable[[Values], tuple[object, ...]]


def _find_none(_row: Row) -> None:
    """Find no fault in any row."""


class Reader(NamedTuple):
    """What makes results of the rows of one database; both are generated functions.

    Args:
        many: Gives the list of results of all rows.
        one: Gives the result of one row.
        find_fault: Gives the name of the first value that a row cannot be read because of; None if it can.
    """

    many: Callable[[Sequence[Row]], list[Any]]
    one: Callable[[Row], Any]
    find_fault: Callable[[Row], str | None] = _find_none


class Maker(Protocol):
    """Gives the reader for the rows of one database."""

    def __call__(self, alias: str) -> Reader:
        """Make the reader.

        Args:
            alias: The database that the rows come from, which instances remember.
        """


class Plan:
    """SQL text, what binds the values, and what reads the rows.

    A plan belongs to a dialect and serves every database of it.

    Args:
        sql: The statement, with the placeholders of the engine.
        bind: See ``Binder``; it checks every value.
        make_reader: See ``Maker``.
        lists: Places whose number of values decides the text; see ``sized``.
        resize: Makes the plan for other numbers of values; None where there are no ``lists``.
        models: Whose rows it reads besides those that it is about; permission is asked for each of them.
    """

    __slots__ = ("_make_reader", "_readers", "_resize", "bind", "lists", "models", "sql")

    def __init__(
        self,
        sql: str,
        *,
        bind: Binder,
        make_reader: Maker,
        lists: tuple[Place, ...] = (),
        resize: "Callable[[Values], Plan] | None" = None,
        models: tuple[AnyModel, ...] = (),
    ) -> None:
        self.sql = sql
        self.models = models
        #: Gives the driver's arguments of the values; a FieldError where one of them cannot be what it stands for.
        self.bind = bind
        self.lists = lists
        self._make_reader = make_reader
        self._resize = resize
        self._readers: dict[str, Reader] = {}

    def __repr__(self) -> str:
        return f"<Plan {self.sql}>"

    def reader(self, alias: str) -> Reader:
        """Give what reads the rows of a database; the same one on every call.

        Args:
            alias: The database.
        """
        found = self._readers.get(alias)
        if found is None:
            found = self._readers[alias] = self._make_reader(alias)
        return found

    def sized(self, values: Values) -> "Plan":
        """Give the plan for the lists among the values; this one where there are none, or their sizes do not matter.

        Args:
            values: Of the query.
        """
        return self if self._resize is None else self._resize(values)
