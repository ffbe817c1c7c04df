"""What a piece of code sends to databases, for whoever wants to know: tests, budgets, and the page of an error.

It stands below the databases and below what shows it, which do not know each other. Watching costs nothing while
nobody watches: whoever does sets a context variable, which child tasks inherit.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

__all__ = ["QUERIES", "QueryLog", "QueryRecord", "collecting", "query_logs"]

#: Where a scope keeps the log of its request in debug: a ``QueryLog``.
QUERIES: Final = "openviper.queries"


@dataclass(frozen=True, slots=True)
class QueryRecord:
    """One statement that was sent.

    Args:
        alias: To which database.
        sql: Its text, with placeholders.
        parameters: The type of each value, and its length where it has one; never the value.
        seconds: From sending to the last row.
        caller: File and line outside of the framework that led to it.
        failed: Name of the error that it ended with; None if it went well.
    """

    alias: str
    sql: str
    parameters: tuple[str, ...]
    seconds: float
    caller: str
    failed: str | None = None


@dataclass(slots=True)
class QueryLog:
    """Statements in the order in which they ended.

    Args:
        records: The first of them.
        count: How many there were.
        most: How many are kept; more are only counted.
    """

    records: list[QueryRecord] = field(default_factory=list)
    count: int = 0
    most: int = 10_000

    @property
    def seconds(self) -> float:
        """What the statements that were kept took together; some of them may have run at the same time."""
        return sum(record.seconds for record in self.records)

    def add(self, record: QueryRecord) -> None:
        """Note a statement."""
        self.count += 1
        if len(self.records) < self.most:
            self.records.append(record)


#: The logs that want to know what the running task sends; a child task starts with those of its parent.
query_logs: Final[ContextVar[tuple[QueryLog, ...]]] = ContextVar("query_logs", default=())


@contextmanager
def collecting(log: QueryLog) -> Iterator[QueryLog]:
    """Note in a log what a block sends, and what the tasks send that it starts; blocks may stand inside each other."""
    query_logs.set((*query_logs.get(), log))
    try:
        yield log
    finally:
        # Not by a token, which only the context that made it accepts: a fixture may end in another one.
        query_logs.set(tuple(other for other in query_logs.get() if other is not log))
