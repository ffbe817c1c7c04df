"""Peers: instances that came of one result; what one of them lacks is read for all of them in one query.

An instance finds the others through its origin, which is one object for all that a result gave of a model. That holds
them weakly: nobody lives longer for having peers. What is kept besides is made when something is asked for the first
time; see ``openviper.db.loading``, which does the reading.
"""

import asyncio
from collections.abc import Hashable, Iterable, Sequence
from typing import Final, Literal, Protocol, TypeAlias
from weakref import ref

from openviper.db.lists import Lists
from openviper.db.registry import AnyRecord

__all__ = [
    "FETCH_MODES",
    "FETCH_ONE",
    "FETCH_PEERS",
    "FETCH_RAISE",
    "HELD",
    "FetchMode",
    "Load",
    "PeerSource",
    "ReferenceOrigin",
    "Sharing",
    "Source",
    "can_hold",
    "hold",
    "members_of",
]

#: How what was not read is read when it is asked for: for the instance alone, for all of its result, or not at all.
FetchMode: TypeAlias = Literal["one", "peers", "raise"]

#: Reads what is asked for, for the one instance that it is asked of.
FETCH_ONE: Final = "one"
#: Reads what is asked for, for all instances of the same result.
FETCH_PEERS: Final = "peers"
#: Refuses to read anything that was not asked for by name.
FETCH_RAISE: Final = "raise"
FETCH_MODES: Final = (FETCH_ONE, FETCH_PEERS, FETCH_RAISE)

#: Says of a query that its instances will be found through those that hold them, so that no reference to each is made.
HELD: Final = "held"


class Result(Protocol):
    """What the instances of one result have in common."""

    @property
    def refs(self) -> "PeerSource | None":
        """Where the instances are; None for one that came alone."""


#: Weak references to the instances; or, of those that were read along with others, what those came of and where they
#: keep them.
PeerSource: TypeAlias = list[ref[AnyRecord]] | tuple[Result, str]


class Source(Result, Protocol):
    """Where an instance came from, as far as those that it refers to have to know."""

    @property
    def alias(self) -> str:
        """The database."""

    @property
    def mode(self) -> FetchMode | None:
        """How what was not read is read; None leaves it to the settings."""

    def alone(self) -> "Source":
        """Give the origin of a copy, which has no peers."""


class ReferenceOrigin:
    """The origin of an instance of which only the key is known, since another one refers to it.

    Args:
        source: Where the other one came from.
        field: The field that refers, as ``app.Model.field``.
        name: Its name alone.
    """

    __slots__ = ("alias", "field", "mode", "name", "source")

    #: Instances like this one are found by those that refer to them.
    refs: Final = None

    def __init__(self, source: Source, field: str, name: str) -> None:
        self.alias = source.alias
        self.mode = source.mode
        self.source = source
        self.field = field
        self.name = name

    def __repr__(self) -> str:
        return f"<ReferenceOrigin {self.alias}, {self.field}>"

    def alone(self) -> "ReferenceOrigin":
        """Give the origin of a copy, which has no peers."""
        return ReferenceOrigin(self.source.alone(), self.field, self.name)


class Load:
    """A read for all instances of a result, while it runs."""

    __slots__ = ("is_cancelled", "is_over")

    def __init__(self) -> None:
        self.is_over = asyncio.Event()
        #: Whether the task that read was cancelled, so that another one has to begin again.
        self.is_cancelled = False


class Sharing:
    """What the instances of one result share, from the first read for all of them on."""

    __slots__ = ("__weakref__", "lists", "loads")

    def __init__(self) -> None:
        #: The reads that run, by what is read, in which loop and on which connection of one's own.
        self.loads: dict[Hashable, Load] = {}
        #: What waits to be handed out, by the relation and whether permissions were passed over.
        self.lists: dict[Hashable, Lists] = {}


def members_of(result: Result) -> list[AnyRecord]:
    """Give the instances of a result that are still there, and still what they were read as.

    Args:
        result: The origin that they share.
    """
    refs = result.refs
    if refs is None:
        return []
    if isinstance(refs, list):
        found: list[AnyRecord] = [one() for one in refs]
    else:
        source, store = refs
        found = [one for holder in members_of(source) for one in _kept(vars(holder).get(store))]
    return [one for one in found if one is not None and one._origin is result]


def can_hold(holders: Sequence[AnyRecord]) -> bool:
    """Tell whether instances can be found through others: those have one origin, and are found themselves.

    Args:
        holders: The others, at least one.
    """
    origin = getattr(holders[0], "_origin", None)
    return origin is not None and origin.refs is not None and holders[-1]._origin is origin


def hold(found: Sequence[AnyRecord], holders: Sequence[AnyRecord], store: str) -> None:
    """Let instances of one result be found through those that keep them in lists.

    A weak reference to each would take a tenth of the time that such a result takes, and mostly nobody asks.

    Args:
        found: The instances, of a query that was told ``HELD``.
        holders: Those that keep them; see ``can_hold()``.
        store: The attribute that has the list.
    """
    if len(found) > 1:
        found[0]._origin.refs = holders[0]._origin, store


def _kept(value: object) -> Iterable[AnyRecord]:
    """Give the instances that an attribute of a relation has: a list, a pair of key and instance, or an instance."""
    if value is None:
        return ()
    if isinstance(value, list):
        return value
    return (value[1] if isinstance(value, tuple) else value,)
