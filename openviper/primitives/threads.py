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
        RuntimeError: The call raised StopIteration, which no awaitable can pass on (PEP 479); it is the cause.
        BaseException: Whatever else the call raises. A cancelled caller stops waiting; the call itself runs to its
            end.
    """
    return await asyncio.to_thread(_call, function, args, kwargs)


def _call(function: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> T:
    try:
        return function(*args, **kwargs)
    except StopIteration as error:
        # A future refuses this exception, and its waiter would wait for ever.
        raise RuntimeError(f"{getattr(function, '__qualname__', function)!s} raised StopIteration") from error
