"""The names that a shell starts with: the settings, the front door of the framework, and the models."""

import inspect
from collections.abc import Iterator
from types import ModuleType

from openviper.app import OpenViper
from openviper.apps.modules import import_submodule
from openviper.apps.registry import registry
from openviper.conf import settings
from openviper.core.project import Project
from openviper.http.request import Request
from openviper.http.response import HTMLResponse, JSONResponse

__all__ = ["build_namespace"]


def build_namespace(project: Project, *, with_models: bool = True) -> dict[str, object]:
    """Collect the names for a shell.

    Of two models with one name the later app's is taken, and the target's before all others.

    Args:
        project: The target's models are added whether or not it is an installed app.
        with_models: False leaves all models out.

    Raises:
        AppLifecycleImportError: A ``models`` module is there and cannot be imported.
    """
    names: dict[str, object] = {
        "settings": settings,
        "OpenViper": OpenViper,
        "Request": Request,
        "JSONResponse": JSONResponse,
        "HTMLResponse": HTMLResponse,
    }
    if with_models:
        for module in _models_modules(project.app):
            names.update(_classes_of(module))
    return names


def _models_modules(target: str | None) -> Iterator[ModuleType]:
    yield from registry.import_submodules("models").values()
    if target is not None and (module := import_submodule(target, "models")) is not None:
        yield module


def _classes_of(module: ModuleType) -> dict[str, type]:
    """Collect the public classes that a module defines, or one of the modules inside it if it is a package."""
    return {
        name: member
        for name, member in inspect.getmembers(module, inspect.isclass)
        if f"{member.__module__}.".startswith(f"{module.__name__}.") and not name.startswith("_")
    }
