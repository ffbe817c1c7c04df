"""A primary and its replicas: who reads where, and which writes a tree of tasks has to see again."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Final, Literal, TypeAlias

from openviper.core.context import request_tree
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.routers import primary_of

__all__ = ["PrimaryReplicaRouter", "note_written", "use_primary"]

#: Chooses one of the replicas that can be reached.
Selection: TypeAlias = Callable[[Sequence[str]], str]

_WRITTEN: Final = "openviper.db.routing"
#: Replicas that could not be reached, and when.
_lost: Final[dict[str, float]] = {}
_only_primary: Final[ContextVar[bool]] = ContextVar("only_primary", default=False)


class PrimaryReplicaRouter:
    """Writes to one database, and reads from others that follow it.

    A replica that cannot be reached is passed over for a while, with a warning in the log, and what was to be read
    there is read from another one, at last from the primary. Whatever locks rows reads the primary, and so does
    everything inside ``atomic()`` on it.

    Args:
        primary_alias: The database that is written to.
        replica_aliases: Those that have its rows, at least one.
        read_your_writes: Whether what has written reads from the primary from then on: a request, or a tree of tasks.
        replica_selection: ``round_robin``, ``random``, or a function that gets the replicas and gives one.
        retry_after: Seconds until a replica that could not be reached is tried again.
        clock: Seconds that only grow.

    Raises:
        ValueError: There is no replica, the primary is among them, or there is no such selection.
    """

    def __init__(
        self,
        primary_alias: str,
        replica_aliases: Sequence[str],
        read_your_writes: bool = True,
        replica_selection: Literal["round_robin", "random"] | Selection = "round_robin",
        *,
        retry_after: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        replicas = [replica_aliases] if isinstance(replica_aliases, str) else list(replica_aliases)
        if not replicas or len({primary_alias, *replicas}) <= len(replicas):
            raise ValueError(
                f"a PrimaryReplicaRouter takes a primary and at least one replica, all different; it got "
                f"{primary_alias!r} and {replicas!r}"
            )
        self.primary_alias = primary_alias
        self.replica_aliases = tuple(replicas)
        self.read_your_writes = read_your_writes
        self._select = _selection(replica_selection)
        self._retry_after = retry_after
        self._clock = clock
        #: Replica to primary.
        self.family: Mapping[str, str] = dict.fromkeys(replicas, primary_alias)
        # Requests begin a tree of their own from now on.
        request_tree.is_used = True

    def __repr__(self) -> str:
        return f"<PrimaryReplicaRouter {self.primary_alias} {' '.join(self.replica_aliases)}>"

    def db_for_read(self, _model: AnyModel, **_hints: object) -> str:
        """Give a replica, or the primary where only that has what is asked for."""
        if _only_primary.get() or (self.read_your_writes and self.primary_alias in _written()):
            return self.primary_alias
        replicas = self.replica_aliases
        if _lost:
            now = self._clock()
            replicas = tuple(one for one in replicas if now - _lost.get(one, -self._retry_after) >= self._retry_after)
        return self._select(replicas) if replicas else self.primary_alias

    def db_for_write(self, _model: AnyModel, instance: AnyRecord | None = None, **_hints: object) -> str | None:
        """Give the primary, unless an instance came from elsewhere."""
        origin = None if instance is None else instance._origin
        if origin is not None and origin.alias != self.primary_alias and origin.alias not in self.family:
            return None
        return self.primary_alias

    def allow_migrate(self, alias: str, _model: AnyModel) -> bool | None:
        """Leave tables alone that come from the primary."""
        return False if alias in self.family else None

    def note_lost(self, alias: str) -> None:
        """Pass a replica over for a while."""
        _lost[alias] = self._clock()


@contextmanager
def use_primary() -> Iterator[None]:
    """Let everything inside that a ``PrimaryReplicaRouter`` decides be read from the primary, in child tasks too."""
    before = _only_primary.get()
    _only_primary.set(True)
    try:
        yield
    finally:
        # Not by a token, which only the context that made it accepts.
        _only_primary.set(before)


def note_written(alias: str) -> None:
    """Note that the running tree of tasks writes to a database, so that it reads there from now on.

    Args:
        alias: The database.
    """
    if request_tree.is_used:
        _written().add(primary_of(alias))


def _written() -> set[str]:
    """Give the databases that the running tree of tasks has written to."""
    tree = request_tree.get()
    found = tree.get(_WRITTEN)
    if found is None:
        found = tree[_WRITTEN] = set()
    return found  # type: ignore[return-value]  # whatever is under this key was put there above


def _selection(named: object) -> Selection:
    if callable(named):
        return named
    if named == "random":
        return random.choice
    if named != "round_robin":
        raise ValueError(f"replica_selection is {named!r}; it is 'round_robin', 'random' or a function")
    turn = count()
    return lambda replicas: replicas[next(turn) % len(replicas)]
