"""Reading: what every query set is to the parts below it, and what is prefetched for one."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from openviper.db.query.description import Query

__all__ = ["Answer", "Prefetch", "Reading"]

T = TypeVar("T")
#: What a call gives that has to be awaited, once.
Answer: TypeAlias = Coroutine[Any, Any, T]


class Reading(Protocol):
    """A description, its values, and where it is read from."""

    @property
    def query(self) -> Query:
        """What is read."""

    @property
    def params(self) -> tuple[object, ...]:
        """The values, by place."""

    @property
    def db_alias(self) -> str | None:
        """The database; None leaves it to the model."""

    @property
    def prefetches(self) -> tuple[object, ...]:
        """What was given to ``prefetch_related()``."""

    @property
    def is_none(self) -> bool:
        """Whether it has no rows, whatever the database holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Prefetch:
    """A relation to prefetch with a query of one's own.

    Args:
        name: The relation, after those that lead to it: ``"books__reviews"``.
        queryset: Which rows of it, in which order, and what of them; None means all.
        to_attr: Attribute that gets what was found: a list, or an instance or None where a relation leads to one.
            None leaves it to the relation: ``author.books``.
    """

    name: str
    queryset: Reading | None = None
    to_attr: str | None = None
