"""Blocking calls, kept off the event loop.

``run_in_thread`` is for short calls of the framework and of projects. Handlers that block run in a pool of their own,
so that forty of them which wait for something do not keep a file from being read or a name from being resolved. What
gives back what such a call has taken never stands in that line: all those in front may be waiting for just this.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from threading import Lock
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = [
    "DEFAULT_POOL_SIZE",
    "close_pool",
    "enter_pool",
    "limit_pool",
    "run_at_once",
    "run_in_pool",
    "run_in_thread",
    "submit",
]

P = ParamSpec("P")
T = TypeVar("T")

# Threads that stay for clean-ups, and seconds that a cancelled caller still waits for one.
_KEPT_ENDERS: Final = 8
_LAST_WAIT: Final = 5.0

#: Threads for blocking handlers where no setting says otherwise.
DEFAULT_POOL_SIZE: Final = 40

# A pool belongs to a loop. One whose loop is gone has no owner left either, and its idle threads end by themselves; at
# the end of a process they are woken up to end, so that a script that closes nothing ends at once.
_pools: "Final[WeakKeyDictionary[asyncio.AbstractEventLoop, ThreadPoolExecutor]]" = WeakKeyDictionary()
_enders: "Final[WeakKeyDictionary[asyncio.AbstractEventLoop, _Enders]]" = WeakKeyDictionary()
_limits: "Final[WeakKeyDictionary[asyncio.AbstractEventLoop, int]]" = WeakKeyDictionary()


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


async def run_in_pool(size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a call that may block for long, in the pool of the running loop, and wait for its result.

    Context variables of the caller are seen by the call. One that finds all threads busy waits for its turn; a caller
    that is cancelled before that leaves the line, and one cancelled later stops waiting while the call goes on.

    Args:
        size: Threads of the pool, at least 1; counts for the first call on a loop whose pool nobody has limited.
        function: What to call.
        args: Its arguments.
        kwargs: Its keyword arguments.

    Raises:
        RuntimeError: The call raised StopIteration, which no awaitable can pass on (PEP 479); it is the cause.
        BaseException: Whatever else the call raises.
    """
    return await enter_pool(size, copy_context(), function, args, kwargs)


def enter_pool(
    size: int, context: Context, function: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]
) -> asyncio.Future[T]:
    """Hand a call over to the pool, with the context variables that it is to see; see ``run_in_pool``."""
    return asyncio.wrap_future(submit(size, context, function, args, kwargs))


def submit(
    size: int, context: Context, function: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]
) -> "Future[T]":
    """Hand a call over to the pool as ``enter_pool`` does; the result can be waited for in any thread.

    Args:
        size: See ``run_in_pool``.
        context: What the call sees; no other call may be in it at the same time.
        function: What to call.
        args: Its arguments.
        kwargs: Its keyword arguments.
    """
    loop = asyncio.get_running_loop()
    pool = _pools.get(loop)
    if pool is None:
        from concurrent.futures import ThreadPoolExecutor  # an application without blocking handlers starts without

        size = _limits.get(loop, size)
        pool = _pools[loop] = ThreadPoolExecutor(size, thread_name_prefix="openviper-handler")
    return pool.submit(context.run, _call, function, args, kwargs)


async def run_at_once(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a clean-up that may block in a thread of its own, which it gets at once, and wait for its end.

    There are as many such threads at a time as there are clean-ups, each of something that an earlier call has taken.
    A caller that is cancelled waits on for up to five seconds, so that what comes after it finds it done; then it stops
    waiting, while the call goes on.

    Raises:
        RuntimeError: The call raised StopIteration; it is the cause.
        CancelledError: The caller was cancelled meanwhile; whatever the call raised is its cause.
        BaseException: Whatever else the call raises.
    """
    loop = asyncio.get_running_loop()
    enders = _enders.get(loop)
    if enders is None:
        enders = _enders[loop] = _Enders()
    ending = asyncio.wrap_future(enders.submit(copy_context(), function, args, kwargs))
    cancelled: asyncio.CancelledError | None = None
    while not ending.done():
        try:
            await asyncio.wait([ending], timeout=None if cancelled is None else _LAST_WAIT)
        except asyncio.CancelledError as error:
            cancelled = error
        else:
            break  # it is done, or has had its time
    if cancelled is None:
        return ending.result()
    if not ending.done():
        # Asked for, so that asyncio does not report an error that nobody waits for any more.
        ending.add_done_callback(asyncio.Future.exception)
        raise cancelled
    raise cancelled from ending.exception()


def limit_pool(size: int) -> None:
    """Decide how many threads the pool of the running loop has when it is made next, whoever makes the first call.

    Args:
        size: Threads, at least 1.
    """
    _limits[asyncio.get_running_loop()] = size


def close_pool() -> None:
    """Let the pool of the running loop go: calls under way run to their end, idle threads end now.

    A later call makes a new pool.
    """
    loop = asyncio.get_running_loop()
    for one in (_pools.pop(loop, None), _enders.pop(loop, None)):
        if one is not None:
            one.shutdown(wait=False)


class _Enders:
    """The threads of clean-ups: some that stay, which saves 100 us, and one for each that finds them busy."""

    def __init__(self) -> None:
        from concurrent.futures import ThreadPoolExecutor  # as above

        self._make = ThreadPoolExecutor
        self._kept = ThreadPoolExecutor(_KEPT_ENDERS, thread_name_prefix="openviper-clean-up")
        # Counted where the calls end, since the loop that asked may be gone by then.
        self._lock = Lock()
        self._busy = 0

    def submit(
        self,
        context: Context,
        function: Callable[..., T],
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> "Future[T]":
        """Start a call, which always has a thread."""
        with self._lock:
            is_kept = self._busy < _KEPT_ENDERS
            self._busy += is_kept
        if not is_kept:
            single = self._make(1, thread_name_prefix="openviper-clean-up")
            ending = single.submit(context.run, _call, function, args, kwargs)
            single.shutdown(wait=False)  # which lets it end first
            return ending
        ending = self._kept.submit(context.run, _call, function, args, kwargs)
        ending.add_done_callback(self._note_end)
        return ending

    def shutdown(self, *, wait: bool) -> None:
        """Let the threads that stay go, when their calls have run to the end."""
        self._kept.shutdown(wait)

    def _note_end(self, ending: "Future[T]") -> None:
        with self._lock:
            self._busy -= 1


def _call(function: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> T:
    try:
        return function(*args, **kwargs)
    except StopIteration as error:
        # A future refuses this exception, and its waiter would wait for ever.
        raise RuntimeError(f"{getattr(function, '__qualname__', function)!s} raised StopIteration") from error
