"""What a request has sent to databases, as text for a developer."""

import os
from dataclasses import dataclass
from typing import Final

from openviper.core.queries import QUERIES, QueryLog, QueryRecord
from openviper.middleware.debug.frames import working_directory
from openviper.middleware.debug.values import hide
from openviper.types import Scope

__all__ = ["Queries", "Statement", "queries_of"]

_MOST_CHARACTERS: Final = 2000
_MOST_PARAMETERS: Final = 30


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: its text, what its parameters were of, the time that it took, and the line that led to it."""

    sql: str
    parameters: str
    duration: str
    caller: str


@dataclass(frozen=True, slots=True)
class Queries:
    """All that is shown: a sentence about how many there were, and the statements."""

    summary: str
    statements: tuple[Statement, ...]


def queries_of(scope: Scope) -> Queries | None:
    """Give the statements of a request; None where nothing was sent or noted.

    Args:
        scope: An ASGI scope of type http.
    """
    log = scope.get(QUERIES)
    if not isinstance(log, QueryLog) or not log.count:
        return None
    # A task of the request may go on and add to it.
    records = list(log.records)
    return Queries(_summary(log.count, records), tuple(_statement(record) for record in records))


def _summary(count: int, records: list[QueryRecord]) -> str:
    took = sum(record.seconds for record in records) * 1000
    parts = [f"{count:,} in {took:,.1f} ms"]
    if again := len(records) - len({(record.alias, record.sql) for record in records}):
        parts.append(f"{again:,} of them with a text that had been sent before")
    if count > len(records):
        parts.append(f"the first {len(records):,} are shown")
    return "; ".join(parts)


def _statement(record: QueryRecord) -> Statement:
    # A statement that is written by hand may have values in its text.
    sql = hide(record.sql[: 2 * _MOST_CHARACTERS])
    if len(sql) > _MOST_CHARACTERS:
        sql = f"{sql[:_MOST_CHARACTERS]}…"
    shown = record.parameters[:_MOST_PARAMETERS]
    more = [f"{len(record.parameters) - len(shown):,} more"] if len(record.parameters) > len(shown) else []
    told = [f"database {record.alias}"] if record.alias != "default" else []
    told += [f"failed with {record.failed}"] if record.failed else []
    told += [", ".join((*shown, *more))] if shown else []
    folder = working_directory()
    caller = record.caller.removeprefix(f"{folder}{os.sep}") if folder else record.caller
    return Statement(sql, "; ".join(told), f"{record.seconds * 1000:,.1f} ms", caller)
