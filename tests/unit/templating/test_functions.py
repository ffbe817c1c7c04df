"""What every template can call."""

import builtins

import pytest

from openviper.conf import settings
from openviper.http.request import Request
from openviper.routing.router import Router
from openviper.templating.functions import (
    clear_globals,
    register_global,
    registered_globals,
    static,
    url_for,
)
from openviper.testing import override_settings
from openviper.types import Message


@pytest.mark.parametrize(
    ("base", "name", "address"),
    [
        ("/static/", "css/site.css", "/static/css/site.css"),
        ("/static", "a b&c.png", "/static/a%20b%26c.png"),
        ("https://cdn.example.com/x/", "ä.js", "https://cdn.example.com/x/%C3%A4.js"),
        ("/static/", "a?b#c%20.js", "/static/a%3Fb%23c%2520.js"),
        ("/static/", 'x" onload="y', "/static/x%22%20onload%3D%22y"),
    ],
)
def test_address_of_a_static_file(base: str, name: str, address: str) -> None:
    """An address is ``STATIC_URL`` and the name, percent-encoded."""
    settings.configure(STATIC_URL=base)

    assert static(name) == address


@pytest.mark.parametrize(
    "name", ["../x", "a/../b", "/etc/passwd", "", "a//b", "./a", "a\\b", "a\nb", "//evil.com/x", "a/"]
)
def test_name_of_no_static_file_is_refused(name: str) -> None:
    """A name that climbs, is absolute or could lead to another host makes no address."""
    with pytest.raises(ValueError, match=r"static\("):
        static(name)


async def receive() -> Message:
    return {}


def request_to(router: Router, **scope: object) -> Request:
    """A request that an application with these routes serves."""
    return Request({"type": "http", "app": router, **scope}, receive)


@pytest.fixture
def router() -> Router:
    router = Router()

    @router.get("/books/{book_id:int}", name="book")
    async def book(book_id: int) -> None: ...

    return router


def test_path_of_a_route(router: Router) -> None:
    """A route of the application that serves the request is found by its name, below its ``root_path``."""
    assert url_for(request_to(router), "book", book_id=3) == "/books/3"
    assert url_for(request_to(router, root_path="/shop"), "book", book_id=3) == "/shop/books/3"


def test_unknown_route_is_an_error(router: Router) -> None:
    """A name that no route has is named."""
    with pytest.raises(KeyError, match="boook"):
        url_for(request_to(router), "boook")


def test_seam_takes_the_place_of_ours() -> None:
    """A room above may register its own ``static``; clearing brings ours back."""
    register_global("static", str.upper)
    assert registered_globals()["static"].value == str.upper

    clear_globals()

    assert registered_globals()["static"].value is static


@pytest.mark.parametrize("name", ["eval", "exec", "open", "getattr", "__import__", "compile", "type", "vars", "input"])
def test_unsafe_builtin_is_refused(name: str) -> None:
    """A builtin that leads out of the sandbox cannot be registered under any name."""
    with pytest.raises(ValueError, match="sandbox"):
        register_global("harmless", vars(builtins)[name])


@pytest.mark.parametrize("name", ["", "a b", "_x", "__class__", "1a"])
def test_name_that_no_template_could_use_is_refused(name: str) -> None:
    """A name is an identifier that templates can reach."""
    with pytest.raises(ValueError, match="no name"):
        register_global(name, 1)


def test_value_that_is_to_take_the_request_is_a_function() -> None:
    """Only what can be called gets a request."""
    with pytest.raises(TypeError, match="cannot be called"):
        register_global("answer", 42, takes_request=True)


def test_static_url_is_read_when_the_page_is_made() -> None:
    """An override of ``STATIC_URL`` counts at once."""
    settings.configure()

    with override_settings(STATIC_URL="/assets/"):
        assert static("a.css") == "/assets/a.css"
