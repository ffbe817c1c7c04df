"""What a hook of an app must be, and how one is run: its limit in seconds, and the log of its duration."""

import asyncio
import inspect
import logging
import math
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Final, TypeAlias

from openviper.apps.exceptions import AppLifecycleConfigError
from openviper.primitives.problems import Problem

__all__ = [
    "SLOW_HOOK_SECONDS",
    "AsyncHook",
    "HookTimer",
    "SyncHook",
    "find_async_hook",
    "find_sync_hook",
    "timeout_problems",
]

logger = logging.getLogger("openviper.apps")

SyncHook: TypeAlias = Callable[[], object]
AsyncHook: TypeAlias = Callable[[], Awaitable[object]]

#: A hook that takes longer than this many seconds, or than its limit if that is shorter, is logged as a warning.
SLOW_HOOK_SECONDS: Final = 5.0


def find_sync_hook(module: ModuleType, name: str, *, app_name: str) -> SyncHook | None:
    """Return the plain function of that name, or None when the module has none, or has None there.

    Raises:
        AppLifecycleConfigError: It is something else: a coroutine function or a generator, a method, a class, an
            object, or a function that cannot be called without arguments.
    """
    hook: object = getattr(module, name, None)
    if hook is None:
        return None
    if not inspect.isfunction(hook) or inspect.iscoroutinefunction(hook) or _is_generator(hook):
        raise _wrong_kind(module, name, hook, app_name=app_name, wanted=f"a plain function (def {name}():)")
    _refuse_arguments(module, name, hook, app_name=app_name)
    return hook


def find_async_hook(module: ModuleType, name: str, *, app_name: str) -> AsyncHook | None:
    """Return the coroutine function of that name, or None when the module has none, or has None there.

    A ``functools.partial`` of a coroutine function is one as well.

    Raises:
        AppLifecycleConfigError: It is something else, or cannot be called without arguments.
    """
    hook: object = getattr(module, name, None)
    if hook is None:
        return None
    if not callable(hook) or not inspect.iscoroutinefunction(hook):
        raise _wrong_kind(module, name, hook, app_name=app_name, wanted=f"a coroutine function (async def {name}():)")
    _refuse_arguments(module, name, hook, app_name=app_name)
    return hook


def timeout_problems(timeout: object) -> list[Problem]:
    """List what is wrong with ``LIFECYCLE_HOOK_TIMEOUT``: it is a finite number above 0, or None."""
    if timeout is None:
        return []
    if isinstance(timeout, int | float) and not isinstance(timeout, bool) and 0 < timeout < math.inf:
        return []
    message = f"LIFECYCLE_HOOK_TIMEOUT is {timeout!r}"
    return [Problem("apps.E005", message, "give a number of seconds above 0, or None for no limit")]


class HookTimer:
    """Measures hooks, and ends those that hang.

    Args:
        timeout: Seconds that one hook may wait; None means no limit. Code that never awaits cannot be ended, only
            reported.
        clock: Seconds from any start; what the durations are measured with.

    Raises:
        ValueError: The timeout is not positive.
    """

    def __init__(self, timeout: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        if timeout is not None and timeout <= 0:
            raise ValueError(f"the time-out of a hook is {timeout} seconds; it must be positive, or None")
        self._timeout = timeout
        self._slow_after = SLOW_HOOK_SECONDS if timeout is None else min(timeout, SLOW_HOOK_SECONDS)
        self._clock = clock

    @contextmanager
    def measure(self, hook_name: str, *, app_name: str) -> Iterator[None]:
        """Log how long the block took, once it has ended well; as a warning when it was slow, and before its end too.

        The warning before the end comes from a thread of its own: a hook that never awaits stops the event loop.
        """
        still_running = "%s() of installed app %r is still running after %g seconds"
        alarm = threading.Timer(
            self._slow_after, logger.warning, [still_running, hook_name, app_name, self._slow_after]
        )
        alarm.daemon = True
        began = self._clock()
        alarm.start()
        try:
            yield
        finally:
            alarm.cancel()
        seconds = self._clock() - began
        level = logging.WARNING if seconds > self._slow_after else logging.DEBUG
        logger.log(level, "%s() of installed app %r took %.3f seconds", hook_name, app_name, seconds)

    async def wait(self, awaitable: Awaitable[object], hook_name: str, *, app_name: str) -> None:
        """Await what a hook returned.

        Raises:
            TimeoutError: The limit has passed; the message names app, hook and seconds.
            BaseException: Whatever the hook raises.
        """
        # The hook stays in the task of the caller: what startup() enters, shutdown() can leave.
        limit = asyncio.timeout(self._timeout)
        try:
            async with limit:
                await awaitable
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise self._expired(hook_name, app_name) from error
        if limit.expired():  # the hook caught its cancellation, so it has not done all of its work
            raise self._expired(hook_name, app_name)

    def _expired(self, hook_name: str, app_name: str) -> TimeoutError:
        return TimeoutError(
            f"{hook_name}() of installed app {app_name!r} did not finish within {self._timeout:g} seconds "
            "(LIFECYCLE_HOOK_TIMEOUT)"
        )


def _is_generator(hook: object) -> bool:
    return inspect.isgeneratorfunction(hook) or inspect.isasyncgenfunction(hook)


def _refuse_arguments(module: ModuleType, name: str, hook: Callable[..., object], *, app_name: str) -> None:
    try:
        inspect.signature(hook).bind()
    except TypeError as error:
        raise AppLifecycleConfigError(
            f"hook {name!r} of installed app {app_name!r} (in {module.__name__}) is called without arguments: {error}"
        ) from error


def _wrong_kind(module: ModuleType, name: str, hook: object, *, app_name: str, wanted: str) -> AppLifecycleConfigError:
    if inspect.iscoroutinefunction(hook):
        found = "a coroutine function"
    elif _is_generator(hook):
        found = "a generator function"
    elif inspect.isfunction(hook):
        found = "a plain function"
    elif isinstance(hook, type):
        found = f"the class {hook.__name__}"
    else:
        found = f"of type {type(hook).__name__}"
    return AppLifecycleConfigError(
        f"hook {name!r} of installed app {app_name!r} (in {module.__name__}) is {found}; it must be {wanted}"
    )
