"""What is sent to the databases: a log of queries, and budgets for tests.

Watching costs nothing while nobody watches: whoever does sets a context variable, which child tasks inherit.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Final

from openviper.core.queries import QueryLog, QueryRecord, query_logs
from openviper.db.exceptions import QueryBudgetError
from openviper.primitives.blocks import Block

__all__ = ["QueryLog", "QueryRecord", "QueryWatch", "is_watched", "max_queries", "note_query", "watch_queries"]

logger = logging.getLogger("openviper.db")

#: Packages that are on the way to a statement and never the reason for it.
_PASSED_OVER: Final = frozenset({__name__.partition(".")[0], "asyncio", "contextlib"})


def is_watched() -> bool:
    """Tell whether a block around the running code collects queries."""
    return bool(query_logs.get())


class QueryWatch(Block[QueryLog]):
    """A block that collects statements: ``with`` or ``async with``, which are the same here.

    Args:
        most: How many are allowed; None sets no limit.
    """

    __slots__ = ("_most", "_open")

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._open: list[QueryLog] = []

    def __enter__(self) -> QueryLog:
        log = QueryLog()
        self._open.append(log)
        query_logs.set((*query_logs.get(), log))
        return log

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        log = self._open.pop()
        # Not by a token, which only the context that made it accepts: a fixture may end in another one.
        query_logs.set(tuple(other for other in query_logs.get() if other is not log))
        if error is None and self._most is not None and log.count > self._most:
            raise QueryBudgetError(self._most, [record.sql for record in log.records])


def watch_queries() -> QueryWatch:
    """Collect the statements of a block, and of the tasks that it starts; with ``with`` and with ``async with``.

    Blocks may stand inside each other; each sees what is sent inside of it.
    """
    return QueryWatch()


def max_queries(most: int) -> QueryWatch:
    """Fail when a block sends more statements than that; with ``with`` and with ``async with``.

    The words that begin and end transactions do not count. The error is a ``QueryBudgetError`` (an AssertionError) that
    lists the statements; an error of the block itself passes.

    Args:
        most: How many are allowed, 0 or more.
    """
    return QueryWatch(most)


@contextmanager
def note_query(
    alias: str,
    sql: str,
    args: Sequence[object],
    *,
    is_logged: bool,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[None]:
    """Note the statement that the block runs, in the logs of the running code.

    Args:
        alias: The database.
        sql: The text.
        args: Its values, of which only the types are kept.
        is_logged: Whether it goes to the log of the process as well.
        clock: Seconds from any start.
    """
    caller, failed = _find_caller(), None
    began = clock()
    try:
        yield
    except BaseException as error:
        failed = type(error).__name__
        raise
    finally:
        record = QueryRecord(alias, sql, tuple(map(_masked, args)), clock() - began, caller, failed)
        for log in query_logs.get():
            log.add(record)
        if is_logged:
            values = ", ".join(record.parameters)
            logger.info("[%s] %.1f ms: %s [%s] %s", alias, record.seconds * 1000, sql, values, caller)


def _masked(value: object) -> str:
    name = type(value).__name__
    return f"{name}({len(value)})" if isinstance(value, str | bytes | list | tuple) else name


def _find_caller() -> str:
    # While a coroutine runs, the ones that await it are the frames above.
    frame = sys._getframe(2)  # noqa: SLF001 - there is no public way that does not build the whole stack
    while frame.f_back is not None:
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] not in _PASSED_OVER:
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return "unknown"
