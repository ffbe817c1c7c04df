"""Blocking calls, kept off the event loop."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__all__ = ["run_in_thread"]

P = ParamSpec("P")
T = TypeVar("T")


async def run_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a blocking call in a thread and wait for its result.

    Context variables of the caller are seen by the call. The threads belong to the running loop, which
    bounds their number (``min(32, cpus + 4)``, as the standard library documents) and joins them when it closes.

    Raises:
        BaseException: Whatever the call raises. A cancelled caller stops waiting; the call itself runs to its end.
    """
    return await asyncio.to_thread(function, *args, **kwargs)
