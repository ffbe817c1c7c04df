"""The hooks of each app's ``lifecycle`` module: ``ready``, ``startup`` and ``shutdown``."""

import asyncio
import inspect
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from openviper.apps.cleanup import Cleanup, note_failures, unwind
from openviper.apps.exceptions import (
    AppLifecycleConfigError,
    AppLifecycleError,
    AppReadyError,
    AppShutdownError,
    AppStartupError,
)
from openviper.apps.hooks import AsyncHook, HookTimer, SyncHook, find_async_hook, find_sync_hook
from openviper.apps.interruption import contained
from openviper.apps.modules import import_app, import_submodule

__all__ = ["AppLifecycle", "AppLifecycleManager"]

logger = logging.getLogger("openviper.apps")


@dataclass(frozen=True, slots=True)
class AppLifecycle:
    """The hooks of one app.

    Args:
        app_name: Dotted name of the app.
        ready: Plain function, called before the event loop starts; None when the app has none.
        startup: Coroutine function, awaited when the server starts; None when the app has none.
        shutdown: Coroutine function, awaited when the server stops; None when the app has none.
    """

    app_name: str
    ready: SyncHook | None = None
    startup: AsyncHook | None = None
    shutdown: AsyncHook | None = None


class AppLifecycleManager:
    """Finds, checks and runs the hooks of apps; two managers share nothing.

    Args:
        hook_timeout: Seconds that one ``startup()`` or ``shutdown()`` may take; None means no limit.
        clock: Seconds from any start; what durations are measured with.

    Raises:
        ValueError: The time-out is not positive.
    """

    def __init__(self, hook_timeout: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._timer = HookTimer(hook_timeout, clock)
        self._lifecycles: list[AppLifecycle] = []
        # The apps that run_shutdown() will pass. Before any start these are all: nothing was started, so nothing
        # is left out.
        self._to_stop: list[AppLifecycle] = []
        # The loop that the apps were started on; None while they are not running.
        self._loop: asyncio.AbstractEventLoop | None = None

    def discover(self, app_names: Iterable[str]) -> list[AppLifecycle]:
        """Import the ``lifecycle`` module of each app, and check its hooks; this replaces an earlier discovery.

        Args:
            app_names: Dotted names in order; a name that comes twice counts once. An app that cannot be found is
                skipped with a warning, an app without a ``lifecycle`` module in silence.

        Raises:
            AppLifecycleImportError: An app, or its ``lifecycle`` module, is there and cannot be imported.
            AppLifecycleConfigError: A hook is of the wrong kind.
            AppLifecycleError: The apps found before are running; shut them down first.
        """
        self._refuse_when_started("discover()")
        found = [_read_lifecycle(app_name) for app_name in dict.fromkeys(app_names)]
        self._lifecycles = [lifecycle for lifecycle in found if lifecycle is not None]
        self._to_stop = list(self._lifecycles)
        return list(self._lifecycles)

    def run_ready(self) -> None:
        """Call every ``ready()`` in order.

        Raises:
            AppReadyError: A hook failed; the ones after it were not called.
            AppLifecycleConfigError: A hook returned an awaitable, whose work would have been lost.
        """
        for lifecycle in self._lifecycles:
            if lifecycle.ready is not None:
                self._call_ready(lifecycle.app_name, lifecycle.ready)

    async def run_startup(self) -> None:
        """Await every ``startup()`` in order.

        When one fails, or the caller is cancelled, the apps that had started are shut down in reverse order.

        Raises:
            AppStartupError: A hook failed, or took longer than the time-out.
            AppLifecycleError: The apps are starting or running already.
            BaseException: The caller was cancelled or interrupted; what failed in the cleanup is a note of it.
        """
        self._refuse_when_started("run_startup()")
        # Set before the first await, so that a second start meanwhile is refused.
        self._loop = asyncio.get_running_loop()
        try:
            await self._start_each()
        except BaseException:
            self._loop = None
            raise

    async def _start_each(self) -> None:
        self._to_stop = []
        for lifecycle in self._lifecycles:
            try:
                if lifecycle.startup is not None:
                    await self._run(lifecycle.startup, "startup", lifecycle.app_name)
            except GeneratorExit:
                raise  # the coroutine is being thrown away; nothing can be awaited any more
            except Exception as error:  # a lifecycle border: what had started is undone, whatever was raised
                failures = await unwind(self._take_cleanups())
                raise AppStartupError(lifecycle.app_name, error, map(_shutdown_error, failures)) from error
            except BaseException as interruption:
                note_failures(interruption, await unwind(self._take_cleanups(), shielded=True))
                raise
            # An app counts as started once it is passed, so that one with a shutdown() alone is shut down as well.
            self._to_stop.append(lifecycle)

    async def run_shutdown(self) -> None:
        """Await every ``shutdown()`` in reverse order; a second call does nothing.

        Without a start before it, the hooks of all apps are run.

        Raises:
            AppShutdownError: One or more hooks failed, or took longer than the time-out; all have been run.
            BaseException: The caller was cancelled; all hooks have been run by then.
        """
        self._loop = None
        failures = await unwind(self._take_cleanups())
        if failures:
            errors = [error for _, error in failures]
            cause = errors[0] if len(errors) == 1 else ExceptionGroup("shutdown() hooks failed", errors)
            raise AppShutdownError(failures) from cause

    def _refuse_when_started(self, asked: str) -> None:
        # What was started on a loop that is closed can neither run nor be stopped any more.
        if self._loop is not None and not self._loop.is_closed():
            names = ", ".join(repr(lifecycle.app_name) for lifecycle in self._lifecycles) or "without hooks"
            raise AppLifecycleError(
                f"{asked} while the installed apps ({names}) are starting or running; call run_shutdown() first"
            )

    def _call_ready(self, app_name: str, ready: SyncHook) -> None:
        try:
            with contained(), self._timer.measure("ready", app_name=app_name):
                result = ready()
        except Exception as error:  # a lifecycle border: hooks are foreign code, and the error names the app
            raise AppReadyError(app_name, error) from error
        if inspect.isawaitable(result):
            if inspect.iscoroutine(result):
                result.close()  # or Python warns, long after, that it was never awaited
            raise AppLifecycleConfigError(
                f"hook 'ready' of installed app {app_name!r} returned an awaitable, which nobody awaits before the "
                "event loop starts; move that work to startup()"
            )

    async def _run(self, hook: AsyncHook, hook_name: str, app_name: str) -> None:
        with contained(), self._timer.measure(hook_name, app_name=app_name):
            await self._timer.wait(hook(), hook_name, app_name=app_name)

    def _take_cleanups(self) -> list[Cleanup]:
        """Return the shutdown of every app that is to be stopped, and forget them: each is stopped once."""
        to_stop, self._to_stop = self._to_stop, []
        return [self._cleanup(lifecycle.app_name, lifecycle.shutdown) for lifecycle in to_stop if lifecycle.shutdown]

    def _cleanup(self, app_name: str, shutdown: AsyncHook) -> Cleanup:
        return app_name, lambda: self._run(shutdown, "shutdown", app_name)


def _read_lifecycle(app_name: str) -> AppLifecycle | None:
    if import_app(app_name) is None:
        logger.warning("installed app %r cannot be found; it is skipped", app_name)
        return None
    module = import_submodule(app_name, "lifecycle")
    if module is None:
        return None
    return AppLifecycle(
        app_name,
        ready=find_sync_hook(module, "ready", app_name=app_name),
        startup=find_async_hook(module, "startup", app_name=app_name),
        shutdown=find_async_hook(module, "shutdown", app_name=app_name),
    )


def _shutdown_error(failure: tuple[str, Exception]) -> AppShutdownError:
    error = AppShutdownError([failure])
    error.__cause__ = failure[1]
    return error
