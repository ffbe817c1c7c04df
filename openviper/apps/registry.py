"""The installed apps, in order: imported once, and asked for the modules that other rooms look for in them."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from openviper.apps.entries import label_of, label_problems, name_problems, order_problems, read_requires, refuse
from openviper.apps.modules import import_app, import_submodule

__all__ = ["AppRegistry", "InstalledApp", "registry"]

logger = logging.getLogger("openviper.apps")


@dataclass(frozen=True, slots=True)
class InstalledApp:
    """One app of the project, imported.

    Args:
        name: Dotted name, as ``INSTALLED_APPS`` holds it.
        label: Last part of the name; no two installed apps share it.
        module: Its package, or its single file.
        path: The folder of the package, or the one that the single file lies in; None when it lies in none.
        requires: Names of the apps that it needs before it.
    """

    name: str
    label: str
    module: ModuleType
    path: Path | None
    requires: tuple[str, ...] = ()


class AppRegistry:
    """The installed apps of the process; ``clear()`` empties it, which tests do."""

    def __init__(self) -> None:
        self._apps: tuple[InstalledApp, ...] = ()

    @property
    def apps(self) -> tuple[InstalledApp, ...]:
        """The apps that were found, in the order of ``INSTALLED_APPS``; empty before ``populate()``."""
        return self._apps

    def populate(self, names: Sequence[str]) -> None:
        """Import every app and check names, labels and requirements; this replaces what was there.

        An app that cannot be found is skipped, with one warning. If anything fails, the registry stays as it was.

        Args:
            names: The entries of ``INSTALLED_APPS``; they are not changed.

        Raises:
            ImproperlyConfigured: There is no list of entries, an entry is no dotted name or is there twice, two apps
                share a label, or an app requires what is not before it.
            AppLifecycleImportError: An app is there and cannot be imported (a RuntimeError).
        """
        refuse(name_problems(names))
        modules = {name: import_app(name) for name in names}
        missing = [name for name, module in modules.items() if module is None]
        for name in missing:
            logger.warning("installed app %r cannot be found; it is skipped", name)
        found = [_describe(name, module) for name, module in modules.items() if module is not None]
        refuse(label_problems([app.name for app in found]))
        refuse(order_problems(names, {app.name: app.requires for app in found}, missing=missing))
        self._apps = tuple(found)

    def import_submodules(self, name: str) -> dict[str, ModuleType]:
        """Import the module of that name in every app that has one.

        Args:
            name: Name inside an app, such as ``models``.

        Returns:
            App name to module, in the order of the apps; an app without such a module is left out.

        Raises:
            AppLifecycleImportError: A module is there and cannot be imported (a RuntimeError).
        """
        modules = {app.name: import_submodule(app.name, name) for app in self._apps}
        return {app_name: module for app_name, module in modules.items() if module is not None}

    def clear(self) -> None:
        """Forget all apps; what has been imported stays imported."""
        self._apps = ()


#: The installed apps of this process, filled by ``setup()``.
registry = AppRegistry()


def _describe(name: str, module: ModuleType) -> InstalledApp:
    return InstalledApp(name, label_of(name), module, _folder_of(module), read_requires(name, module))


def _folder_of(module: ModuleType) -> Path | None:
    portions: Iterable[str] | None = getattr(module, "__path__", None)
    if portions is not None:
        return next((Path(portion).absolute() for portion in portions), None)
    file: str | None = getattr(module, "__file__", None)
    return None if file is None else Path(file).absolute().parent
