"""The installed app of authentication, as far as it stands."""

from openviper.apps.registry import AppRegistry
from openviper.auth import middleware
from openviper.middleware.auth import AuthenticationMiddleware


def test_middleware_has_its_documented_name() -> None:
    """The documented path and that of the default MIDDLEWARE give the same class (C-008)."""
    assert middleware.AuthenticationMiddleware is AuthenticationMiddleware


def test_package_is_an_installed_app() -> None:
    """Listed in INSTALLED_APPS the package is found and imported (C-109)."""
    registry = AppRegistry()
    registry.populate(["openviper.auth"])
    assert [(app.name, app.label) for app in registry.apps] == [("openviper.auth", "auth")]
