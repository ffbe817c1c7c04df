"""Which of several databases a statement goes to, where the code does not say so itself.

``using()`` and its kin go before everything else, then ``Meta.backend`` of the model, then a transaction: inside
``atomic()`` on a database that has the rows of a model, reads stay on its connection. Then the routers of
``DATABASES["ROUTERS"]`` are asked one after the other, and the first answer counts; without any it is ``default``.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from openviper.db.aliases import DEFAULT_ALIAS
from openviper.db.compiler.planning import plan_of
from openviper.db.connections.leases import current_lease, open_transactions
from openviper.db.connections.loops import get_database
from openviper.db.constructor import store_of
from openviper.db.exceptions import ConnectionLostError, CrossDatabaseRelationError, DatabaseTransactionRoutingError
from openviper.db.options import Options
from openviper.db.query.description import Query
from openviper.db.registry import AnyModel, AnyRecord
from openviper.db.routers import ask_alias, ask_yes_or_no, load, primary_of, same_rows, slot
from openviper.db.routing.replicas import PrimaryReplicaRouter

__all__ = ["Routed", "check_relations", "read_routed", "route_read", "route_write"]

logger = logging.getLogger("openviper.db.routing")

T = TypeVar("T")


class Routed(str):
    """An alias that routers have been asked for already."""

    __slots__ = ()


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
    return primary_of(alias)


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
