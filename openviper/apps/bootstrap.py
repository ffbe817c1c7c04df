"""From settings to running apps: what a process does once, and what a server, command or worker then starts.

``setup()`` is the part without an event loop: settings, logging, installed apps, their models, and the plain
``ready()`` hooks of their ``lifecycle`` modules. ``app_steps()`` is the part inside the loop: the framework's own
parts, then each app's package-level ``ready()``, then each app's ``startup()``. Stopping is the exact reverse.
"""

import importlib
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Final

from openviper.apps.cleanup import note_failures, unwind
from openviper.apps.entries import refuse
from openviper.apps.exceptions import AppLifecycleError
from openviper.apps.hooks import HookTimer, timeout_problems
from openviper.apps.lifecycle import AppLifecycle, AppLifecycleManager
from openviper.apps.plugins import find_plugin_ready, run_plugin_ready
from openviper.apps.registry import AppRegistry, registry
from openviper.apps.sequence import SharedSequence, StartSequence, Step
from openviper.conf import configure_logging, settings
from openviper.core.context import RequestIdFilter

__all__ = [
    "FRAMEWORK_PARTS",
    "Bootstrap",
    "app_steps",
    "is_set_up",
    "reset_setup",
    "running_apps",
    "setup",
    "without_setup",
]

#: The lifecycle modules of the framework's own parts (``<package>.lifecycle``), in the order of starting.
FRAMEWORK_PARTS: Final[tuple[str, ...]] = ("openviper.db.lifecycle",)

# The settings that a part is there for. One whose settings are all empty is not even loaded.
_NEEDED_BY: Final = {"openviper.db.lifecycle": ("DATABASE_URL", "DATABASES")}


class Bootstrap:
    """What one process has set up.

    Args:
        parts: Dotted names of the lifecycle modules of the framework's own parts.
        apps: Where the installed apps are kept.
    """

    def __init__(self, *, parts: Sequence[str] = FRAMEWORK_PARTS, apps: AppRegistry = registry) -> None:
        self._parts = tuple(parts)
        self._apps = apps
        # Reentrant, so that a hook which calls setup() finds it running rather than waiting for itself.
        self._lock = threading.RLock()
        self._is_running = False
        self._entries: object = ()
        # What a server starts; None until a setup has been completed.
        self._sequence: SharedSequence | None = None

    @property
    def is_set_up(self) -> bool:
        """Whether a setup has been completed and not been reset."""
        return self._sequence is not None

    def setup(self, *, force: bool = False) -> None:
        """See the function of that name."""
        with self._lock:
            if self._is_running or (not force and self._is_current()):
                return
            self._is_running = True
            self._sequence = None
            try:
                self._sequence = self._prepare(force=force)
            finally:
                self._is_running = False
                if self._sequence is None:
                    self._apps.clear()

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """See ``without_setup()``."""
        with self._lock:
            was_running, self._is_running = self._is_running, True
            try:
                yield
            finally:
                self._is_running = was_running

    def reset(self) -> None:
        """Forget the setup, so that the next one does everything again; for tests."""
        with self._lock:
            self._sequence = None
            self._apps.clear()

    def steps(self) -> list[Step]:
        """See ``app_steps()``."""
        self.setup()
        shared = self._sequence
        if shared is None:
            raise AppLifecycleError("the apps cannot be started while setup() is running; leave it to startup()")
        return [Step("the installed apps", shared.acquire, shared.release)]

    def _is_current(self) -> bool:
        return self.is_set_up and self._entries == _entries()

    def _prepare(self, *, force: bool) -> SharedSequence:
        settings.setup(force=force)
        configure_logging(settings, filters=[RequestIdFilter()])
        self._apps.populate(settings.INSTALLED_APPS)
        self._entries = _entries()
        self._apps.import_submodules("models")
        timeout = _hook_timeout()
        parts, apps = AppLifecycleManager(timeout), AppLifecycleManager(timeout)
        packages = [_package_of(part) for part in self._parts if _is_needed(part)]
        parts.discover(packages)
        # A part of the framework that is listed as an app too, for its tables, has its hooks run once.
        lifecycles = apps.discover(app.name for app in self._apps.apps if app.name not in packages)
        steps = [
            Step("the parts of the framework", parts.run_startup, parts.run_shutdown),
            *self._plugin_steps(lifecycles, HookTimer(timeout)),
            Step("the lifecycle hooks", apps.run_startup, apps.run_shutdown),
        ]
        parts.run_ready()
        apps.run_ready()
        return SharedSequence(StartSequence(steps))

    def _plugin_steps(self, lifecycles: Sequence[AppLifecycle], timer: HookTimer) -> list[Step]:
        ready = {lifecycle.app_name: lifecycle.ready for lifecycle in lifecycles}
        steps: list[Step] = []
        for app in self._apps.apps:
            hook = find_plugin_ready(app.name, app.module)
            # A package that re-exports the function of its lifecycle module means one hook, which setup() runs.
            if hook is not None and hook is not ready.get(app.name):
                steps.append(Step(f"ready() of {app.name!r}", partial(run_plugin_ready, app.name, hook, timer)))
        return steps


_bootstrap = Bootstrap()


def setup(force: bool = False) -> None:
    """Load the settings, configure logging, import the installed apps and their models, call their sync ``ready()``.

    The first call in a process does this, whichever thread makes it; others wait for it, and later calls return at
    once, as does a call from inside a hook. A call after ``INSTALLED_APPS`` has changed (an override in a test)
    does it anew. After a failure nothing counts as set up, and the next call tries again.

    Args:
        force: True reloads the settings and does everything again, the hooks included.

    Raises:
        ImproperlyConfigured: Settings, or the entries of ``INSTALLED_APPS``, cannot work.
        AppLifecycleError: An app cannot be imported, or a hook is of the wrong kind or has failed.
    """
    _bootstrap.setup(force=force)


def is_set_up() -> bool:
    """Tell whether ``setup()`` has been completed in this process."""
    return _bootstrap.is_set_up


def reset_setup() -> None:
    """Forget the setup and the installed apps; for tests. Modules that were imported stay imported."""
    _bootstrap.reset()


@contextmanager
def without_setup() -> Iterator[None]:
    """Let ``setup()`` return at once in the block, as inside a hook, so that an application is made and no hook runs.

    Setups in other threads wait for the end of the block.
    """
    with _bootstrap.held_back():
        yield


def app_steps() -> list[Step]:
    """Return what has to start before an application serves, calling ``setup()`` first if need be.

    The steps are shared by the applications of the process: the first that starts them runs the hooks, the last
    that stops them runs their counterparts, and after that they may start again.

    Raises:
        AppLifecycleError: A sync ``ready()`` asked for the steps, while ``setup()`` is still running.
        OpenViperError: What ``setup()`` raises.
    """
    return _bootstrap.steps()


@asynccontextmanager
async def running_apps() -> AsyncIterator[None]:
    """Hold the installed apps started for the length of a block: in a command, a shell, a worker or a test.

    Raises:
        BaseException: What a start or a stop raises, or the block itself; what then fails to stop is a note of it.
    """
    sequence = StartSequence(app_steps())
    await sequence.start()
    try:
        yield
    except BaseException as error:
        failures = await unwind([("the start", sequence.stop)], shielded=not isinstance(error, Exception))
        note_failures(error, failures)
        raise
    await sequence.stop()


def _package_of(part: str) -> str:
    """Return the package of a lifecycle module, making sure that it is there: it is part of this distribution."""
    importlib.import_module(part)
    return part.removesuffix(".lifecycle")


def _is_needed(part: str) -> bool:
    names = _NEEDED_BY.get(part)
    return names is None or any(settings.as_dict(mask_sensitive=False)[name] for name in names)


def _entries() -> object:
    """Return the apps as the settings have them now, safe from a later change of the list."""
    entries: object = settings.INSTALLED_APPS
    return tuple(entries) if isinstance(entries, list) else entries


def _hook_timeout() -> float | None:
    timeout: float | None = settings.LIFECYCLE_HOOK_TIMEOUT
    refuse(timeout_problems(timeout))
    return timeout
