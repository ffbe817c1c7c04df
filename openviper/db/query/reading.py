"""Reading: what every query set is to the parts below it, and what is prefetched for one."""

from collections.abc import Coroutine, Generator
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self, TypeAlias, TypeVar

from openviper.db.peers import FetchMode
from openviper.db.query.description import Query
from openviper.db.registry import AnyRecord

__all__ = ["Answer", "Prefetch", "Reading", "Touched", "WholeReading"]

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


class WholeReading(Reading, Protocol):
    """A query set of instances that can be gone on from."""

    def __await__(self) -> Generator[object, None, list[AnyRecord]]:
        """Read all rows."""

    def first(self) -> Answer[AnyRecord]:
        """Read the first row."""

    def with_query(self, query: Query) -> Self:
        """Give a query set with another description."""

    def fetch_mode(self, mode: FetchMode | None) -> Self:
        """Say how instances read what was not read with them."""

    def prefetch_related(self, *names: None) -> Self:
        """Take back what is read along."""


class Touched(NamedTuple):
    """All rows that belong to an instance by a relation.

    Args:
        record: The instance.
        name: What its model calls those rows.
        base: The query set of all rows of their model, that is narrowed to those of an instance.
    """

    record: AnyRecord
    name: str
    base: WholeReading


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
