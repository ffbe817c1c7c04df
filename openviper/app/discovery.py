"""The routes of a project, found beside its settings."""

import importlib
from collections.abc import Iterator

from openviper.exceptions import ImproperlyConfigured
from openviper.primitives.imports import module_exists
from openviper.routing.router import Router

__all__ = ["checked_entry", "discover_routes"]


def discover_routes(settings_module: str | None) -> list[tuple[str, Router]]:
    """Give ``route_paths`` of the project's ``routes`` module: pairs of prefix and router.

    Args:
        settings_module: Name of the loaded settings: ``shop.settings`` and ``shop.settings.production`` lead to
            ``shop.routes``, a bare ``settings`` to ``routes``. None finds nothing.

    Raises:
        ImproperlyConfigured: The module has no ``route_paths``, or one that holds something else.
        Exception: Whatever the module's own code raises.
    """
    for name in _candidates(settings_module):
        if module_exists(name):
            module = importlib.import_module(name)
            try:
                entries = module.route_paths
            except AttributeError as error:
                raise ImproperlyConfigured(
                    f"{name} has no list 'route_paths'; add: route_paths = [(\"/\", router)]"
                ) from error
            return [checked_entry(f"{name}.route_paths", entry) for entry in entries]
    return []


def checked_entry(place: str, entry: object) -> tuple[str, Router]:
    """Give a pair of prefix and router as such.

    Raises:
        ImproperlyConfigured: It is something else; the message names the place.
    """
    match entry:
        case (str(prefix), Router() as router):
            return prefix, router
    raise ImproperlyConfigured(f"{place} holds {entry!r}; each entry is a pair (prefix, Router)")


def _candidates(settings_module: str | None) -> Iterator[str]:
    """Give the places to look at: beside ``settings``, also when the settings are a package of several modules."""
    if settings_module is None:
        return
    parent, _, last = settings_module.rpartition(".")
    if parent.rpartition(".")[2] == "settings" and last != "settings":
        parent = parent.rpartition(".")[0]
    yield f"{parent}.routes" if parent else "routes"
