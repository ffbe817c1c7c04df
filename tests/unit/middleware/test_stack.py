"""From a list of middleware to one callable."""

from typing import Any

import pytest

from openviper.exceptions import ImproperlyConfigured
from openviper.middleware.base import HookedMiddleware
from openviper.middleware.security import SecurityMiddleware
from openviper.middleware.stack import build_middleware_stack, load_middleware
from openviper.types import ASGIApp, Message, Receive, Scope, Send


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    scope["log"].append("app")


async def _receive() -> Message:
    return {}


async def _send(message: Message) -> None: ...


class Named:
    def __init__(self, app: ASGIApp, name: str = "plain") -> None:
        self.app, self.name = app, name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["log"].append(self.name)
        await self.app(scope, receive, send)


@pytest.mark.parametrize("kind", ["http", "lifespan", "websocket", "something.new"])
async def test_first_entry_is_outermost_for_every_type_of_scope(kind: str) -> None:
    """Every layer sees every scope, the first entry first (C-111)."""
    log: list[str] = []
    stack = build_middleware_stack(_app, [(Named, {"name": "outer"}), Named, lambda app: Named(app, "made")])
    await stack({"type": kind, "log": log}, _receive, _send)
    assert log == ["outer", "plain", "made", "app"]


def test_paths_are_imported_in_order() -> None:
    """The setting names classes by dotted path (C-108)."""
    path = "openviper.middleware.security.SecurityMiddleware"
    assert load_middleware((path, f"{__name__}.Named"))[0] is SecurityMiddleware


@pytest.mark.parametrize(
    "path", ["no.such.Middleware", "openviper.middleware.base.Absent", "plain", "openviper.middleware.base.__doc__"]
)
def test_entry_that_cannot_be_used_is_named(path: str) -> None:
    """The error repeats the entry, so that it is found in the settings (C-119a)."""
    with pytest.raises(ImproperlyConfigured, match="MIDDLEWARE entry") as caught:
        load_middleware([path])
    assert repr(path) in str(caught.value)


@pytest.mark.parametrize("value", [None, 3, "shop.middleware.Timing", (3,)])
def test_setting_that_holds_no_paths_is_shown(value: Any) -> None:
    """A value of another kind is an error about the setting, not one from inside the framework."""
    with pytest.raises(ImproperlyConfigured, match=r"^MIDDLEWARE is ") as caught:
        load_middleware(value)
    assert repr(value) in str(caught.value)


def test_error_inside_a_middleware_module_is_not_hidden(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that is there but broken shows its own error as the cause."""
    (tmp_path / "half_middleware.py").write_text("import not_installed_here\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImproperlyConfigured, match="not_installed_here"):
        load_middleware(["half_middleware.X"])


@pytest.mark.parametrize("entry", [lambda: None, (Named, {"colour": "red"}), lambda app: None])
def test_class_that_does_not_fit_is_named(entry: Any) -> None:
    """Wrong arguments, or a factory that makes nothing, are found before a request comes."""
    with pytest.raises(ImproperlyConfigured, match="middleware"):
        build_middleware_stack(_app, [entry])


def test_type_error_of_a_constructor_passes_unchanged() -> None:
    """The constructor's own mistakes are its own."""

    class Broken:
        def __init__(self, app: ASGIApp) -> None:
            raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        build_middleware_stack(_app, [Broken])  # type: ignore[list-item]  # it never becomes an application


def test_hooked_class_that_skips_its_base_is_named() -> None:
    """Without the constructor of the base there are no hooks, which a request would find out."""

    class Forgetful(HookedMiddleware):
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

    with pytest.raises(ImproperlyConfigured, match=r"Forgetful does not call super\(\).__init__\(app\)"):
        build_middleware_stack(_app, [Forgetful])
