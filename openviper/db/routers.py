"""The routers of the project: read from the settings once, and asked which database a statement goes to.

Where there are none a query pays for one look at ``slot.routers``, which is empty then. It begins with a mark in it, so
that whoever is first to look reads the settings; and it has one again when they change.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from datetime import date, datetime
from decimal import Decimal
from typing import Final, cast
from uuid import UUID

from openviper.conf import settings
from openviper.db.aliases import DEFAULT_ALIAS, NO_ALIASES
from openviper.db.exceptions import (
    CrossDatabaseRelationError,
    DatabaseAliasNotFoundError,
    DatabaseConfigurationError,
    DatabaseRoutingError,
)
from openviper.db.registry import AnyModel, AnyRecord
from openviper.primitives.imports import import_string

__all__ = [
    "ask_alias",
    "ask_yes_or_no",
    "common_alias",
    "load",
    "may_relate",
    "name_router",
    "primary_of",
    "refuse_crossing",
    "refuse_foreign",
    "rows_of",
    "same_rows",
    "slot",
    "stays_at",
]

_METHODS: Final = ("db_for_read", "db_for_write", "allow_relation", "allow_migrate")
#: Names of ``DATABASES["ROUTING"]``, and what a PrimaryReplicaRouter calls them.
_SHORT_FORM: Final[Mapping[str, str]] = {
    "PRIMARY": "primary_alias",
    "REPLICAS": "replica_aliases",
    "READ_YOUR_WRITES": "read_your_writes",
    "REPLICA_SELECTION": "replica_selection",
}
_REPLICA_ROUTER: Final = "openviper.db.routing.PrimaryReplicaRouter"
# Most values of queries are none of an instance, and lists of keys are long.
_PLAIN: Final = frozenset({int, str, float, bool, bytes, type(None), UUID, Decimal, date, datetime})
_LISTS: Final = frozenset({tuple, list, set, frozenset})
#: Stands in the slot while nobody has read the settings.
_UNREAD: Final[tuple[object, ...]] = (object(),)


class _Slot:
    """What is known of routing in this process; an object, so that whoever imported it sees what changes."""

    __slots__ = ("aliases", "is_spread", "made", "primaries", "routers", "used")

    def __init__(self) -> None:
        self.routers: tuple[object, ...] = _UNREAD
        #: Replica to primary: both have the same rows.
        self.primaries: Mapping[str, str] = {}
        self.aliases: frozenset[str] = frozenset()
        #: The databases that have been used, and whether instances may be of different ones.
        self.used: set[str] = set()
        self.is_spread = False
        #: What the settings said when routers were made last, and these.
        self.made: tuple[tuple[object, object] | None, tuple[object, ...]] = (None, ())


slot: Final = _Slot()


def _forget() -> None:
    slot.routers = _UNREAD


settings.on_change(_forget)


def load() -> tuple[object, ...]:
    """Give the routers of the settings, the first to be asked first.

    Raises:
        DatabaseConfigurationError: What the settings say about them cannot work.
    """
    if slot.routers is not _UNREAD:
        return slot.routers
    databases: Mapping[str, object] = settings.DATABASES
    entries, short_form = databases.get("ROUTERS", ()), databases.get("ROUTING")
    slot.aliases = frozenset(databases) - NO_ALIASES | {DEFAULT_ALIAS}
    replicas = [alias for alias in databases if _option_of(databases[alias], "ROLE") == "replica"]
    # They keep what they count, such as turns, while the settings say the same.
    stated, made = slot.made
    if stated != (entries, short_form):
        made = _make_all(entries, short_form, replicas)
        stated = (copy(entries), copy(short_form))
    # A replica that no router names is one of the main database.
    primaries = {alias: DEFAULT_ALIAS for alias in replicas if alias != DEFAULT_ALIAS}
    for router in made:
        primaries.update(_check_family(router))
    slot.primaries = primaries
    slot.made = (stated, made)
    slot.routers = made
    return made


def same_rows(alias: str, other: str) -> bool:
    """Tell whether two databases have the same rows: they are one, or a primary and its replicas.

    Args:
        alias: One of them.
        other: The other one.
    """
    return alias == other or primary_of(alias) == primary_of(other)


def primary_of(alias: str) -> str:
    """Give the database that a replica follows; any other is its own.

    Args:
        alias: The replica.
    """
    return slot.primaries.get(alias, alias)


def common_alias(first: str | None, second: str | None) -> str | None:
    """Give the database that the rows of two query sets are read from together; None leaves it to the routers.

    Rows of a relation stay where their instance came from; those of a class are in ``default``, and with routers go
    along. Of databases that have the same rows it is the primary.

    Args:
        first: Alias of the one; None if it has none.
        second: Alias of the other.

    Raises:
        LookupError: They are of different databases.
    """
    if first == second:
        return first
    has_routers = bool(load())
    if has_routers and (first is None or second is None):
        return first or second
    one, other = first or DEFAULT_ALIAS, second or DEFAULT_ALIAS
    if not same_rows(one, other):
        raise LookupError(f"{one!r} and {other!r}")
    return primary_of(one)


def stays_at(record: AnyRecord) -> str | None:
    """Give the database in which an instance is looked for again; None leaves it to the routers.

    It is the one that the instance came from, unless others have its rows as well.

    Args:
        record: The instance.
    """
    return None if record._origin is None else rows_of(record._origin.alias)


def rows_of(alias: str) -> str | None:
    """Give the database in which rows beside those of a database are read; None leaves it to the routers.

    Args:
        alias: The database that those came from.
    """
    if slot.routers and (alias in slot.primaries or alias in slot.primaries.values()):
        return None
    return alias


async def ask_alias(question: str, model: AnyModel, **hints: object) -> str | None:
    """Ask the routers for a database, and give the first answer; None where no router has one.

    Args:
        question: ``db_for_read`` or ``db_for_write``.
        model: Whose rows.
        hints: What else is known: ``instance``.

    Raises:
        DatabaseAliasNotFoundError: The answer is no alias of the settings.
        DatabaseRoutingError: A router fails, or gives something else.
    """
    # The pairs of a many-to-many without a model of their own are where the model is that declares it.
    model = model._meta.auto_created or model
    for router in load():
        answer = await _ask(router, question, (model,), hints)
        if answer is None:
            continue
        asked = f"router {name_router(router)}, asked {question}({model._meta.label}),"
        if not isinstance(answer, str):
            raise DatabaseRoutingError(
                f"{asked} gives {type(answer).__name__}; it has to give the alias of a database, or None"
            )
        if answer not in slot.aliases:
            raise DatabaseAliasNotFoundError(answer, slot.aliases, asked)
        return answer
    return None


async def ask_yes_or_no(question: str, *args: object) -> bool | None:
    """Ask the routers what is allowed, and give the first answer; None where no router has one.

    Args:
        question: ``allow_relation`` or ``allow_migrate``.
        args: What it is about.

    Raises:
        DatabaseRoutingError: A router fails, or gives something else than True, False and None.
    """
    for router in load():
        answer = await _ask(router, question, args, {})
        if answer is None:
            continue
        if not isinstance(answer, bool):
            raise DatabaseRoutingError(
                f"router {name_router(router)} gives {type(answer).__name__} to {question}(); "
                "it has to give True, False or None"
            )
        return answer
    return None


def may_relate() -> bool:
    """Tell whether a router may allow relations between databases, so that it has to be asked first."""
    return any(hasattr(router, "allow_relation") for router in slot.routers)


def refuse_crossing(record: AnyRecord, other: AnyRecord, path: str) -> None:
    """Refuse to let an instance refer to one of another database, unless a router will be asked when it is saved.

    Args:
        record: The instance that refers.
        other: What it is to refer to.
        path: The field.

    Raises:
        CrossDatabaseRelationError: They are of different databases.
    """
    own, their = record._origin, other._origin
    if own is None or their is None or same_rows(own.alias, their.alias) or may_relate():
        return
    raise CrossDatabaseRelationError(
        f"{path} of an instance from database {own.alias!r} cannot be one from {their.alias!r}; "
        f"read it with using({own.alias!r}), or let a router's allow_relation() permit it"
    )


def refuse_foreign(values: Iterable[object], alias: str) -> None:
    """Refuse instances of another database among the values of a query, whose keys mean other rows there.

    Args:
        values: Of the query.
        alias: The database that it runs on.

    Raises:
        CrossDatabaseRelationError: There is one.
    """
    for value in values:
        kind = type(value)
        if kind in _PLAIN:
            continue
        if kind in _LISTS:
            refuse_foreign(cast("Iterable[object]", value), alias)
            continue
        origin = getattr(value, "_origin", None)
        if origin is None or same_rows(origin.alias, alias):
            continue
        options = value._meta  # type: ignore[attr-defined]  # only instances have an origin
        # A model that lives elsewhere by its declaration is referred to by its keys.
        if options.database != origin.alias:
            raise CrossDatabaseRelationError(
                f"a query on database {alias!r} is given an instance of {options.label} from {origin.alias!r}, "
                "where its key may be that of another row; give the key itself if that is meant"
            )


def name_router(router: object) -> str:
    """Name a router for messages."""
    kind = router if isinstance(router, type) else type(router)
    return f"{kind.__module__}.{kind.__qualname__}"


async def _ask(router: object, question: str, args: tuple[object, ...], hints: Mapping[str, object]) -> object:
    method = getattr(router, question, None)
    if method is None:
        return None
    try:
        answer = method(*args, **hints)
        if inspect.isawaitable(answer):
            answer = await answer
    except Exception as error:  # code of the project, whose error is named by whose it is
        raise DatabaseRoutingError(
            f"router {name_router(router)} failed to answer {question}(): {type(error).__name__}"
        ) from error
    return answer


def _make_all(entries: object, short_form: object, replicas: Sequence[str]) -> tuple[object, ...]:
    if isinstance(entries, str) or not isinstance(entries, Sequence):
        raise DatabaseConfigurationError(
            f"DATABASES['ROUTERS'] is {type(entries).__name__}; give it a list of dotted paths, classes or instances"
        )
    made = [_make(entry) for entry in entries]
    if short_form:
        made.append(_make_by_short_form(short_form, replicas))
    return tuple(made)


def _make(entry: object) -> object:
    found = entry
    if isinstance(entry, str):
        try:
            found = import_string(entry)
        except ImportError as error:
            raise DatabaseConfigurationError(
                f"DATABASES['ROUTERS'] names {entry!r}, which cannot be imported: {error}"
            ) from error
    if isinstance(found, type):
        try:
            found = found()
        except TypeError as error:
            raise DatabaseConfigurationError(
                f"router {name_router(found)} cannot be made without arguments; put an instance into "
                "DATABASES['ROUTERS'], or state a PrimaryReplicaRouter in DATABASES['ROUTING']"
            ) from error
    if not any(callable(getattr(found, name, None)) for name in _METHODS):
        raise DatabaseConfigurationError(
            f"DATABASES['ROUTERS'] holds {name_router(found)}, which is no router; "
            f"it needs one of {', '.join(_METHODS)}"
        )
    return found


def _make_by_short_form(stated: object, replicas: Sequence[str]) -> object:
    if not isinstance(stated, Mapping) or not set(stated) <= set(_SHORT_FORM):
        raise DatabaseConfigurationError(
            f"DATABASES['ROUTING'] has to be a table with the names {', '.join(_SHORT_FORM)}"
        )
    given = {"PRIMARY": DEFAULT_ALIAS, "REPLICAS": list(replicas), **stated}
    kind = cast("Callable[..., object]", import_string(_REPLICA_ROUTER))
    try:
        return kind(**{_SHORT_FORM[name]: value for name, value in given.items()})
    except (TypeError, ValueError) as error:
        raise DatabaseConfigurationError(f"DATABASES['ROUTING'] cannot work: {error}") from error


def _check_family(router: object) -> Mapping[str, str]:
    """Give replica to primary of a router that knows; all of them have to be there."""
    family: Mapping[str, str] = getattr(router, "family", {})
    for replica, primary in family.items():
        engines = {_engine_of(replica), _engine_of(primary)} - {None}
        if len(engines) > 1:
            raise DatabaseConfigurationError(
                f"{replica!r} cannot be a replica of {primary!r}: they are of different engines"
            )
    for alias in sorted({*family, *family.values()}):
        if alias not in slot.aliases:
            raise DatabaseAliasNotFoundError(alias, slot.aliases, f"router {name_router(router)}")
    return family


def _engine_of(alias: str) -> str | None:
    """Give the engine that the address of a database begins with; None if it has none here."""
    databases: Mapping[str, object] = settings.DATABASES
    url = _option_of(databases.get(alias), "URL") or (settings.DATABASE_URL if alias == DEFAULT_ALIAS else None)
    engine = str(url).partition("://")[0].partition("+")[0].lower() if url else None
    return "postgresql" if engine == "postgres" else engine


def _option_of(entry: object, name: str) -> object:
    if not isinstance(entry, Mapping):
        return None
    inner = entry.get("OPTIONS")
    return (inner.get(name) if isinstance(inner, Mapping) else None) or entry.get(name)
