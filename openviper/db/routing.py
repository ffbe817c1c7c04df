"""Which of several databases a statement goes to, where the code does not say so itself.

``using()`` and its kin go before everything else, then ``Meta.backend`` of the model, then a transaction: inside
``atomic()`` on a database that has the rows of a model, reads stay on its connection. Then the routers of
``DATABASES["ROUTERS"]`` are asked one after the other, and the first answer counts; without any it is ``default``.
"""

import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Final, Literal, Protocol, TypeAlias, TypeVar

from openviper.core.context import request_tree
from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.compiler.planning import plan_of
from openviper.db.connections.leases import current_lease, open_transactions
from openviper.db.connections.loops import get_database
from openviper.db.constructor import store_of
from openviper.db.exceptions import ConnectionLostError, CrossDatabaseRelationError, DatabaseTransactionRoutingError
from openviper.db.options import Options
from openviper.db.query.description import Query
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.routers import ask_alias, ask_yes_or_no, load, same_rows, slot

__all__ = [
    "DatabaseRouter",
    "PrimaryReplicaRouter",
    "Routed",
    "check_relations",
    "note_written",
    "read_routed",
    "route_read",
    "route_write",
    "use_primary",
]

logger = logging.getLogger("openviper.db.routing")

T = TypeVar("T")

#: Chooses one of the replicas that can be reached.
Selection: TypeAlias = Callable[[Sequence[str]], str]

_WRITTEN: Final = "openviper.db.routing"
#: Replicas that could not be reached, and when.
_lost: Final[dict[str, float]] = {}
_only_primary: Final[ContextVar[bool]] = ContextVar("only_primary", default=False)


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


class Routed(str):
    """An alias that routers have been asked for already."""

    __slots__ = ()


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


async def route_read(query: Query, using: str | None = None) -> str | None:
    """Give the database that a query reads; None means that of the model.

    Args:
        query: The description.
        using: What the code says.

    Raises:
        DatabaseAliasNotFoundError: A router names a database that is not there.
        DatabaseRoutingError: A router fails.
        CrossDatabaseRelationError: The query also reads rows that routers keep in another database.
    """
    options: Options = query.model._meta
    if not load() or using is not None or options.database is not None:
        return options.database if using is None else using
    alias = await _choose(query)
    for other in plan_of(query, get_database(alias).dialect).models:
        home = other._meta.database or await _home_of(other)
        if not same_rows(home, alias) and await ask_alias("db_for_read", other) != alias:
            raise CrossDatabaseRelationError(
                f"a query of {options.label} on database {alias!r} also reads {other._meta.label}, which routers keep "
                f"in {home!r}, and no statement reaches both; ask for its keys first, and give them as a list"
            )
    return alias


async def _choose(query: Query) -> str:
    """Give the database that routers and transactions choose for a query."""
    # What is locked is about to be written.
    if query.lock is not None:
        return await _home_of(query.model)
    if any(True for _ in open_transactions()):
        home = await _home_of(query.model)
        inside = [scope.alias for scope in open_transactions() if same_rows(scope.alias, home)]
        if inside:
            return home if home in inside else inside[-1]
    return await ask_alias("db_for_read", query.model) or DEFAULT_ALIAS


async def route_write(options: Options, using: str | None = None, record: AnyRecord | None = None) -> str:
    """Give the database that rows of a model are written to.

    Args:
        options: Of the model.
        using: What the code says.
        record: The instance that is written; None where it is none or several.

    Raises:
        DatabaseAliasNotFoundError: A router names a database that is not there.
        DatabaseRoutingError: A router fails.
        DatabaseTransactionRoutingError: The write would leave the transaction that it seems to be part of.
    """
    if using is not None:
        return using
    origin = None if record is None else record._origin
    # One that lives elsewhere by its declaration is written where it came from.
    own = origin.alias if origin is not None and (options.database is not None or not load()) else options.database
    if own is not None or not load():
        return own or DEFAULT_ALIAS
    answer = await _ask_home(options.model, record)
    if answer is None and origin is not None and origin.alias not in slot.primaries:
        # It stays where it is, as what goes on from it does, and no router sends it anywhere.
        return str(origin.alias)
    alias = answer or _left_home(record)
    _keep_inside(options, alias)
    return alias


async def read_routed(
    read: Callable[..., Awaitable[T]], query: Query, values: tuple[object, ...], using: str | None, **more: object
) -> T:
    """Run a query where the routers send it, and elsewhere if that database cannot be reached.

    Args:
        read: One of the reading functions of the executor.
        query: The description.
        values: Its values.
        using: What the code says.
        more: What else the function takes.
    """
    chosen = await route_read(query, using)
    alias = DEFAULT_ALIAS if chosen is None else chosen
    get_database(alias)  # made under its plain name
    tried: set[str] = set()
    while True:
        try:
            return await read(query, values, Routed(alias), **more)
        except ConnectionLostError as error:
            tried.add(alias)
            other = None if using is not None else await _stand_in(query, alias, tried)
            if other is None:
                raise
            logger.warning("replica %r cannot be reached (%s), so %r is asked in its place", alias, error, other)
            alias = other


async def check_relations(record: AnyRecord, alias: str) -> None:
    """Refuse an instance that refers to one of another database, unless a router permits it.

    Args:
        record: The instance.
        alias: Where it is to be stored.

    Raises:
        CrossDatabaseRelationError: It refers to one.
    """
    options: Options = record._meta
    values = vars(record)
    for field in options.relations:
        known = values.get(store_of(field.name))
        if not known or known[1] is None or known[1]._origin is None or known[0] != values.get(field.attname):
            continue
        their = known[1]._origin.alias
        if same_rows(their, alias) or await ask_yes_or_no("allow_relation", record, known[1]):
            continue
        raise CrossDatabaseRelationError(
            f"this {options.label} goes to database {alias!r}, and its {field.name} is from {their!r}; store both in "
            f"one database, assign {field.attname} if the key is meant, or let a router's allow_relation() permit it"
        )


async def _home_of(model: AnyModel, record: AnyRecord | None = None) -> str:
    """Give the database that rows of a model are written to."""
    return await _ask_home(model, record) or _left_home(record)


async def _ask_home(model: AnyModel, record: AnyRecord | None) -> str | None:
    hints = {} if record is None else {"instance": record}
    return await ask_alias("db_for_write", model, **hints)


def _left_home(record: AnyRecord | None) -> str:
    """Give the database that a row is written to where no router has an answer."""
    origin = None if record is None else record._origin
    alias = DEFAULT_ALIAS if origin is None else origin.alias
    return slot.primaries.get(alias, alias)


def _keep_inside(options: Options, alias: str) -> None:
    """Refuse a write that no open transaction would hold, though it seems to be part of one.

    The code around it need not know of routers: what it undoes together has to be undone together.
    """
    outside = [scope.alias for scope in open_transactions()]
    if not outside or alias in outside:
        return
    replica = next((one for one in outside if same_rows(one, alias)), None)
    if replica is not None:
        raise DatabaseTransactionRoutingError(
            f"a write of {options.label} goes to database {alias!r}, outside of the transaction on its replica "
            f"{replica!r}; begin it with atomic({alias!r})"
        )
    raise DatabaseTransactionRoutingError(
        f"a write of {options.label} goes to database {alias!r} by the routers, outside of the transaction on "
        f"{outside[-1]!r}, whose rollback would leave it; begin one on {alias!r} too, or name it with using()"
    )


def note_written(alias: str) -> None:
    """Note that the running tree of tasks writes to a database, so that it reads there from now on.

    Args:
        alias: The database.
    """
    if request_tree.is_used:
        _written().add(slot.primaries.get(alias, alias))


def _written() -> set[str]:
    """Give the databases that the running tree of tasks has written to."""
    tree = request_tree.get()
    found = tree.get(_WRITTEN)
    if found is None:
        found = tree[_WRITTEN] = set()
    return found  # type: ignore[return-value]  # whatever is under this key was put there above


async def _stand_in(query: Query, alias: str, tried: set[str]) -> str | None:
    """Give the database that is asked in place of a replica that cannot be reached; None if there is none."""
    primary = slot.primaries.get(alias)
    # A transaction sees its own moment, which no other database has.
    if primary is None or current_lease(alias) is not None:
        return None
    for router in slot.routers:
        if isinstance(router, PrimaryReplicaRouter) and alias in router.family:
            router.note_lost(alias)
    other = await route_read(query) or primary
    return primary if other in tried else other


def _selection(named: object) -> Selection:
    if callable(named):
        return named
    if named == "random":
        return random.choice
    if named != "round_robin":
        raise ValueError(f"replica_selection is {named!r}; it is 'round_robin', 'random' or a function")
    turn = count()
    return lambda replicas: replicas[next(turn) % len(replicas)]
