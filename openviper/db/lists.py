"""Lists that were read for all instances of a result: they wait to be handed out, unless their tables change."""

import copy
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any, Final
from weakref import ref

from openviper.db.registry import AnyRecord

__all__ = ["KEPT_SECONDS", "LINK_STORE", "Lists", "note_change", "writes_to"]

#: For how many seconds a list that was read for peers is given to those that had it already.
KEPT_SECONDS: Final = 1.0

#: From so many references on those to instances that are gone are looked for.
_MANY_REFS: Final = 100
#: Values that somebody could change in place.
_MUTABLE: Final = frozenset({dict, list, set, bytearray})

#: What a row of a many-to-many is given on its way: the key of the instance that it is linked with.
LINK_STORE: Final = "_linked_with"

#: How often rows of a table were written, of those tables whose rows somebody keeps for others.
_writes: Final[dict[str, int]] = {}


class Waiting:
    """What waits to be handed out to the instances of one key.

    Args:
        read_at: When it was read, in seconds of the clock.
    """

    __slots__ = ("again", "given", "read_at", "rows")

    def __init__(self, read_at: float) -> None:
        self.read_at = read_at
        #: The lists that nobody has had yet, one for each instance.
        self.rows: list[list[AnyRecord]] = []
        #: Where the rows of the last of them came from, with what the driver gave: they are somebody's own now.
        self.given: list[tuple[Any, Any]] = []
        #: The rows made again, for those who ask again.
        self.again: list[AnyRecord] | None = None


class Lists:
    """What a relation leads to, read for all instances of a result and waiting to be handed out.

    Each instance is given its list once, whenever it asks; and again for a second after it was read, as code asks twice
    in a row, or of an instance that many others refer to. The rows are made again then, of what the driver gave, so
    that nobody meets what was done to those before.

    Args:
        tables: Whose rows it depends on.
        room: For how many instances the next read is.
        within: The transaction that reads, outside of which nothing is given; None for what was read outside of any.
        keeps: Whether lists are given again; False for rows that have more with them than their own values.
        clock: Counts seconds.
    """

    __slots__ = ("_clock", "_keeps", "_lists", "_within", "_writes", "room", "tables")

    def __init__(
        self,
        tables: Iterable[str],
        room: int,
        *,
        within: object = None,
        keeps: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tables = tuple(tables)
        self.room = room
        self._within = None if within is None else ref(within)
        self._keeps = keeps
        self._clock = clock
        self._lists: dict[Hashable, Waiting] = {}
        self._writes = writes_to(self.tables)

    def __contains__(self, key: Hashable) -> bool:
        found = self._lists.get(key)
        return found is not None and not self._is_over(found)

    @property
    def is_current(self) -> bool:
        """Whether no row that it depends on was written since it was read, as far as this process knows."""
        return self._writes == writes_to(self.tables)

    def is_of(self, within: object) -> bool:
        """Tell whether this was read in a transaction; in none, where that is None."""
        return (within is None) if self._within is None else (within is not None and self._within() is within)

    def renewed(self) -> "Lists":
        """Give one for the same that begins anew, and with one instance."""
        within = None if self._within is None else self._within()
        return Lists(self.tables, 1, within=within, keeps=self._keeps, clock=self._clock)

    def put(self, key: Hashable, rows: list[AnyRecord]) -> None:
        """Keep a list; several instances may have one key."""
        found = self._lists.get(key)
        if found is None or not found.rows:
            found = self._lists[key] = Waiting(self._clock())
        found.rows.append(rows)

    def take(self, key: Hashable) -> list[AnyRecord] | None:
        """Give a list as one's own; None where there is none."""
        found = self._lists.get(key)
        if found is None:
            return None
        if found.rows:
            rows = found.rows.pop()
            if not found.rows:
                # No instances are kept: those that are given may come to know each other, and who asked for them.
                found.given = [(row._origin, row._row) for row in rows]
                if self._is_over(found):
                    del self._lists[key]
            return rows
        if self._is_over(found):
            del self._lists[key]
            return None
        if found.again is None:
            self._make_again()
        return [_twin_of(row) for row in found.again or ()]

    def forget(self) -> None:
        """Drop what all have had and nobody is given again."""
        self._lists = {key: found for key, found in self._lists.items() if not self._is_over(found)}

    def _is_over(self, found: Waiting) -> bool:
        return not found.rows and (not self._keeps or self._clock() - found.read_at >= KEPT_SECONDS)

    def _make_again(self) -> None:
        """Make the rows of all lists again, at once, so that they are peers."""
        by_maker: dict[Any, list[tuple[list[AnyRecord], Any]]] = {}
        for found in self._lists.values():
            if found.again is None:
                again = found.again = []
                for origin, row in found.given or [(one._origin, one._row) for one in (found.rows or [[]])[0]]:
                    by_maker.setdefault(origin.make, []).append((again, row))
        for make, pairs in by_maker.items():
            made = make([row for _, row in pairs])
            for (again, _), record in zip(pairs, made, strict=True):
                record.__dict__.pop(LINK_STORE, None)
                again.append(record)


def note_change(table: str) -> None:
    """Note that rows are written, so that nobody is given what was read before.

    Args:
        table: Whose rows.
    """
    # Only of what somebody keeps: every write asks.
    if table in _writes:
        _writes[table] += 1


def writes_to(tables: Iterable[str]) -> Mapping[str, int]:
    """Give how often rows of tables were written; it is counted from the first question on.

    Args:
        tables: Whose rows.
    """
    return {table: _writes.setdefault(table, 0) for table in tables}


def _twin_of(record: AnyRecord) -> AnyRecord:
    """Give a copy of an instance that is one of its peers."""
    twin: AnyRecord = object.__new__(type(record))
    twin.__dict__.update(
        {name: copy.deepcopy(one) if type(one) in _MUTABLE else one for name, one in record.__dict__.items()}
    )
    origin = record._origin
    twin._row, twin._origin = record._row, origin
    refs = origin.refs
    if isinstance(refs, list):
        if len(refs) >= _MANY_REFS and len(refs) & (len(refs) - 1) == 0:  # seldom enough to cost nothing
            refs[:] = [one for one in refs if one() is not None]
        refs.append(ref(twin))
    return twin
