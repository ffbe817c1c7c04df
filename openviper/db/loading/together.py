"""One read for all: the first task that asks reads, those that ask meanwhile wait for it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from contextvars import ContextVar
from typing import Final

from openviper.db.connections.leases import current_lease
from openviper.db.peers import Load, Sharing

__all__ = ["is_inside", "together"]

# The read for all that the running code was called by, as a checker or a router that it asks; tasks inherit it.
_inside: Final[ContextVar[Load | None]] = ContextVar("inside_loads", default=None)


def is_inside() -> bool:
    """Tell whether a read for all has called the running code, which must wait for none then: it may be that one."""
    load = _inside.get()
    return load is not None and not load.is_over.is_set()


async def together(
    sharing: Sharing,
    name: Hashable,
    alias: str,
    read: Callable[[], Awaitable[None]],
    ask: Callable[[], Awaitable[None]] | None = None,
) -> bool:
    """Read something for all instances of a result, or wait until somebody has done so; tells whether it read itself.

    Afterwards the caller looks whether it has what it wants, and reads for itself otherwise: whoever reads for others
    may fail, and that is nobody's failure but its own. Where it is cancelled, the next one reads for all.

    Args:
        sharing: What the instances share.
        name: What is read.
        alias: The database. What is read on a connection of one's own, such as that of a transaction, is waited for
            there only: another one sees other rows, and may wait for a connection that this one holds.
        read: Reads and hands out.
        ask: Asks whether the caller may have what somebody else reads; None if nobody has to be asked.
    """
    key = (name, asyncio.get_running_loop(), current_lease(alias))
    while (running := sharing.loads.get(key)) is not None:
        if ask is not None:
            await ask()
        await running.is_over.wait()
        if not running.is_cancelled:
            return False
    running = sharing.loads[key] = Load()
    token = _inside.set(running)
    try:
        await read()
    except asyncio.CancelledError:
        running.is_cancelled = True
        raise
    finally:
        del sharing.loads[key]
        running.is_over.set()
        try:  # noqa: SIM105 - suppress() would be paid for by every read
            _inside.reset(token)
        except ValueError:  # the task was thrown away, and what closes it runs in another context
            pass
    return True
