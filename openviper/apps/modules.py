"""Importing what belongs to an installed app, with one rule for all of it.

What is not there is skipped; what is there and cannot be imported is an error. The two look alike to a careless
reader, for both raise ModuleNotFoundError: only the name of the missing module tells them apart.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from openviper.apps.exceptions import AppLifecycleImportError
from openviper.primitives.imports import module_exists

__all__ = ["import_app", "import_submodule"]


def import_app(app_name: str) -> ModuleType | None:
    """Import an app.

    Args:
        app_name: Dotted module name.

    Returns:
        The module, or None when the app, or a parent of it, cannot be found.

    Raises:
        AppLifecycleImportError: The app is there, and its code raises (a missing import of its own included).
    """
    with _named_failure(app_name, app_name):
        try:
            return importlib.import_module(app_name)
        except ModuleNotFoundError as error:
            if error.name is not None and f"{app_name}.".startswith(f"{error.name}."):
                return None
            raise


def import_submodule(app_name: str, submodule: str) -> ModuleType | None:
    """Import a module of an app that has been imported.

    Args:
        app_name: Dotted name of the app.
        submodule: Name inside the app, such as ``models``.

    Returns:
        The module, or None when the app has none of that name; a single-file app has none at all.

    Raises:
        AppLifecycleImportError: The module is there, and importing it raises.
    """
    name = f"{app_name}.{submodule}"
    with _named_failure(app_name, name):
        if sys.modules.get(name) is None and not module_exists(name):
            return None
        return importlib.import_module(name)


@contextmanager
def _named_failure(app_name: str, module: str) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit):
        raise  # meant for the process, or for the coroutine that imports
    # A lifecycle border: the code of an app may raise anything while it is imported. One that calls sys.exit() would
    # otherwise end the server without a word about itself; a cancellation is not meant for code that never awaits.
    except BaseException as error:
        raise AppLifecycleImportError(app_name, error, module=module) from error
