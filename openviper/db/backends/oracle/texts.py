"""What the text of a statement tells before it is sent."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from openviper.db.backends.base import Args
from openviper.db.exceptions import QueryError

__all__ = ["PLAIN", "Places", "expand", "places_in", "storing", "waiting"]

#: How the statements of models begin, so that nothing else need be looked at.
PLAIN: Final = ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "MERGE ")

_MARK: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|:(?P<place>\d+)", re.DOTALL)
_INTO: Final = re.compile(r"\sRETURNING\s[^'\"]*(?:\"[^\"]*\"[^'\"]*)*\sINTO\s+(:\d+(?:\s*,\s*:\d+)*)\s*$")
# What changes the session alone stores nothing.
_STORING: Final = re.compile(
    r"(?i)\s*(?:ALTER(?!\s+SESSION)|CREATE|DROP|RENAME|TRUNCATE|GRANT|REVOKE|COMMENT|ANALYZE|AUDIT|NOAUDIT)\b"
)


class Places(NamedTuple):
    """Where values stand in a statement.

    Args:
        order: For each mark from left to right the index of its value.
        given: How many values there are, of which some may stand at several marks.
        returned: How many marks at the end are filled by the server.
    """

    order: tuple[int, ...]
    given: int
    returned: int


@lru_cache(maxsize=2000)
def places_in(sql: str) -> Places:
    """Find the marks ``:1``, ``:2`` of a statement; those in literals and comments are none."""
    into = _INTO.search(sql)
    returned = into[1].count(":") if into else 0
    order = [int(found["place"]) - 1 for found in _MARK.finditer(sql) if found["place"]]
    kept = order[: len(order) - returned]
    return Places(tuple(kept), max(kept, default=-1) + 1, returned)


def expand(places: Places, args: Args) -> Sequence[object]:
    """Give a value for each mark: the driver takes one for every time that it stands there.

    Args:
        places: See ``places_in``.
        args: The values.

    Raises:
        QueryError: There are more marks than values, or fewer.
    """
    if len(args) != places.given:
        raise QueryError(f"the statement has places for {places.given} values, and {len(args)} are given")
    return args if len(places.order) == places.given else [args[place] for place in places.order]


def storing(sql: str) -> str | None:
    """Give the word of a statement that stores what was done before, whether a transaction is open or not."""
    match = _STORING.match(sql)
    return match[0].strip().upper() if match else None


def waiting(sql: str, seconds: int | None) -> str:
    """Let a SELECT wait for locked rows no longer than it may; sessions have no such limit.

    Args:
        sql: The statement.
        seconds: How long; None means no limit.
    """
    head, lock, rest = sql.rpartition(" FOR UPDATE")
    is_open = lock and "'" not in rest and not re.search(r"(?i)\b(?:NOWAIT|WAIT|SKIP)\b", rest)
    return f"{head}{lock}{rest} WAIT {seconds}" if is_open and seconds is not None else sql
