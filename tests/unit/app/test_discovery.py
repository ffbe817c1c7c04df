"""The routes of a project."""

from collections.abc import Callable

import pytest

from openviper.app.discovery import discover_routes
from openviper.exceptions import ImproperlyConfigured

ROUTES = "from openviper.routing.router import Router\nrouter = Router()\nroute_paths = [('/shop', router)]\n"


@pytest.mark.parametrize("module", ["found.settings", "found.settings.production", "found.config"])
def test_routes_stand_beside_the_settings(module: str, write: Callable[..., None]) -> None:
    """Also where the settings are a package of several modules."""
    write({"found.routes": ROUTES})
    assert [prefix for prefix, _ in discover_routes(module)] == ["/shop"]


def test_settings_without_a_package_lead_to_routes_beside_them(write: Callable[..., None]) -> None:
    """A flat project has a module of its own for routes."""
    write({"routes": ROUTES})
    assert [prefix for prefix, _ in discover_routes("settings")] == ["/shop"]


def test_without_a_module_there_are_no_routes(write: Callable[..., None]) -> None:
    """No settings, or no module of routes, is no error."""
    assert discover_routes(None) == []
    write({"bare.settings": ""})
    assert discover_routes("bare.settings") == []


def test_missing_import_inside_routes_is_no_missing_module(write: Callable[..., None]) -> None:
    """What the module lacks is reported, not taken for its absence."""
    write({"broken.routes": "import not_there_at_all\n"})
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        discover_routes("broken.settings")


@pytest.mark.parametrize(
    ("source", "message"), [("", "no list 'route_paths'"), ("route_paths = ['/shop']", "each entry is a pair")]
)
def test_module_that_holds_something_else_says_what_is_missing(
    source: str, message: str, write: Callable[..., None]
) -> None:
    """The error names the module and what to write."""
    write({"odd.routes": source})
    with pytest.raises(ImproperlyConfigured, match=message) as caught:
        discover_routes("odd.settings")
    assert "odd.routes" in str(caught.value)
