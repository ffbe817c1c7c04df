"""Which project is under test, and where its application is."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openviper.core.project import SETTINGS_VARIABLE, find_project
from openviper.exceptions import ImproperlyConfigured
from openviper.primitives.imports import import_string
from openviper.types import ASGIApp

__all__ = ["APP_VARIABLE", "ProjectUnderTest", "find_project_under_test"]

#: The environment variable that names the application.
APP_VARIABLE: Final = "OPENVIPER_TEST_APP"

_TABLE: Final = "tool.openviper.testing"
_KEYS: Final = frozenset({"app", "settings"})


@dataclass(frozen=True, slots=True)
class ProjectUnderTest:
    """The project whose tests are running.

    Args:
        root: The folder that its modules are imported from.
        settings_module: Dotted name of its settings; None when it has none.
        app: Where its application is, ``package.module:attribute``; None when nothing tells.
    """

    root: Path
    settings_module: str | None
    app: str | None

    def load_app(self) -> ASGIApp:
        """Import the application.

        Raises:
            ImproperlyConfigured: Nothing tells where it is, or there is nothing that can be called.
            ImportError: The module or the attribute is not there.
        """
        if self.app is None:
            raise ImproperlyConfigured(
                f"no application to test was found in {self.root}; name it as 'package.asgi:app' in {APP_VARIABLE} or "
                f"as app in [{_TABLE}] of pyproject.toml"
            )
        app = import_string(self.app)
        if not callable(app):
            raise ImproperlyConfigured(f"the application to test, {self.app}, is {app!r}, which cannot be called")
        return app


def find_project_under_test(root: Path, environ: Mapping[str, str]) -> ProjectUnderTest:
    """Find out what is under test, from the environment, ``pyproject.toml`` and the layout of the project.

    The application is, first found: ``OPENVIPER_TEST_APP``, ``app`` of the table ``tool.openviper.testing``, and
    ``app`` in the module ``asgi`` of the package that the settings belong to. The settings are those of
    ``OPENVIPER_SETTINGS_MODULE``, of ``settings`` in the table, or of the only package that has some.

    Args:
        root: The folder that the tests run in; ``pyproject.toml`` is read there.
        environ: The variables of the process.

    Raises:
        ImproperlyConfigured: The table has another key, or a value that is no text.
        AmbiguousProjectError: Several packages have settings and nothing tells which one is meant.
    """
    table = _read_table(root / "pyproject.toml")
    # What the environment names wins over the table, as it does over everything in files.
    named = environ.get(SETTINGS_VARIABLE) or table.get("settings")
    settings_module = find_project(root, settings_option=named, environ={}).settings_module
    app = environ.get(APP_VARIABLE) or table.get("app")
    if app is None and settings_module is not None:
        app = f"{_package_of(settings_module)}asgi"
    if app is not None and ":" not in app:
        app = f"{app}:app"
    return ProjectUnderTest(root, settings_module, app)


def _read_table(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ImproperlyConfigured(f"{file}: {error}") from error
    table = document.get("tool", {}).get("openviper", {}).get("testing", {})
    wrong = [key for key, value in table.items() if key not in _KEYS or not isinstance(value, str)]
    if wrong:
        raise ImproperlyConfigured(
            f"{file}: [{_TABLE}] has {', '.join(wrong)}; it may have {' and '.join(sorted(_KEYS))}, each of them text"
        )
    return dict(table)


def _package_of(settings_module: str) -> str:
    """Give the package that the settings belong to, with a dot at the end; empty in the root layout."""
    parts = settings_module.split(".")
    # shop.settings and shop.settings.production are both settings of shop; shop.config is, too.
    parent = parts[: parts.index("settings")] if "settings" in parts else parts[:-1]
    return "".join(f"{part}." for part in parent)
