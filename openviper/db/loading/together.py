"""One read for all: the first task that asks reads, those that ask meanwhile wait for it."""

import asyncio
from collections.abc import Awaitable, Callable

from openviper.db.connections.leases import current_lease
from openviper.db.peers import Load, Sharing

__all__ = ["together"]


async def together(sharing: Sharing, name: str, alias: str, read: Callable[[], Awaitable[None]]) -> None:
    """Read something for all instances of a result, or wait until somebody has done so.

    Afterwards the caller looks whether it has what it wants, and reads for itself otherwise: whoever reads for others
    may fail, and that is nobody's failure but its own. Where it is cancelled, the next one reads for all.

    Args:
        sharing: What the instances share.
        name: What is read.
        alias: The database. What is read on a connection of one's own, such as that of a transaction, is waited for
            there only: another one sees other rows, and may wait for a connection that this one holds.
        read: Reads and hands out.
    """
    key = (name, asyncio.get_running_loop(), current_lease(alias))
    # A loop, since of those who waited for one that was cancelled the first begins again and the others wait for it.
    while (running := sharing.loads.get(key)) is not None:
        await running.is_over.wait()
        if not running.is_cancelled:
            return
    running = sharing.loads[key] = Load()
    try:
        await read()
    except asyncio.CancelledError:
        running.is_cancelled = True
        raise
    finally:
        del sharing.loads[key]
        running.is_over.set()
