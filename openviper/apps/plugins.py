"""The ``ready()`` of an app's package, called while the server starts; sync or async.

It is another hook than the ``ready()`` of the ``lifecycle`` module, which runs before there is an event loop.
"""

import inspect
from collections.abc import Callable
from types import ModuleType

from openviper.apps.exceptions import AppLifecycleConfigError, PluginReadyError
from openviper.apps.hooks import HookTimer
from openviper.apps.interruption import contained
from openviper.apps.modules import import_submodule

__all__ = ["find_plugin_ready", "run_plugin_ready"]


def find_plugin_ready(app_name: str, module: ModuleType) -> Callable[[], object] | None:
    """Return the ``ready`` of an app's package, else that of its ``apps`` module, else None.

    A submodule of the name ``ready`` is no hook, and None counts as absent.

    Args:
        app_name: Dotted name of the app.
        module: The app's package, or its single file.

    Raises:
        AppLifecycleConfigError: ``ready`` is there and not callable.
        AppLifecycleImportError: The ``apps`` module is there and cannot be imported.
    """
    hook = _read(module, app_name)
    if hook is not None:
        return hook
    apps_module = import_submodule(app_name, "apps")
    return None if apps_module is None else _read(apps_module, app_name)


async def run_plugin_ready(app_name: str, hook: Callable[[], object], timer: HookTimer) -> None:
    """Call a plugin's ``ready()``, and await what it returns if that can be awaited.

    Args:
        app_name: Dotted name of the app.
        hook: Any callable.
        timer: What limits the part that is awaited, and logs the duration.

    Raises:
        PluginReadyError: The hook failed, called ``sys.exit()``, or awaits longer than the time-out (a RuntimeError).
    """
    try:
        with contained(), timer.measure("ready", app_name=app_name):
            result = hook()
            if inspect.isawaitable(result):
                await timer.wait(result, "ready", app_name=app_name)
    except Exception as error:  # a lifecycle border: hooks are foreign code, and the error names the app
        raise PluginReadyError(app_name, error) from error


def _read(module: ModuleType, app_name: str) -> Callable[[], object] | None:
    hook: object = getattr(module, "ready", None)
    # Importing a submodule binds its name in the package, so <app>/ready.py looks like an attribute.
    if hook is None or isinstance(hook, ModuleType):
        return None
    if not callable(hook):
        raise AppLifecycleConfigError(
            f"hook 'ready' of installed app {app_name!r} (in {module.__name__}) is of type {type(hook).__name__}; "
            "it must be callable: def ready(): or async def ready():"
        )
    return hook
