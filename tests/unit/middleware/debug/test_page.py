"""The pages that a developer sees."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from openviper import OpenViper
from openviper.conf import settings
from openviper.exceptions import ImproperlyConfigured, MethodNotAllowed, NotFound
from openviper.http.response import HTMLResponse
from openviper.middleware.debug.page import error_page, routes_page
from openviper.routing.router import Router
from openviper.testing import TestClient, override_settings
from openviper.types import Scope

HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\" onload='x' &amp; \udcff\x00"
BROWSER = {"accept": "text/html"}


class Reader(HTMLParser):
    """Takes a page apart: its tags with their attributes, and its text."""

    def __init__(self, page: HTMLResponse) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page.body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def _scope(**values: object) -> Scope:
    return {"type": "http", "method": "GET", "path": "/boks/7", "headers": [], **values}


def _page(error: Exception, text: str = "the traceback", **values: object) -> HTMLResponse:
    try:
        raise error
    except Exception as raised:  # noqa: BLE001 - the traceback is what is needed
        return error_page(_scope(**values), raised, text=text)


def _router() -> Router:
    async def handler(**values: Any) -> None: ...

    router = Router()
    router.add("/orders", handler)
    router.add("/books/{book_id:int}", handler)
    return router


def test_page_tells_the_error_and_its_surroundings() -> None:
    """Kind, message, notes, source, variables, request, settings, versions and the text of the traceback."""
    basket = ["apples"]
    error = ValueError("a basket of " + basket[0])
    error.add_note("on a Monday")
    with override_settings(DEBUG=True):
        reader = Reader(_page(error))
    for part in [
        *("ValueError", "a basket of apples", "on a Monday", "GET", "/boks/7", "raise error", "error_page(_scope"),
        *("values", "the traceback", "INSTALLED_APPS", "OpenViper", "Python"),
        "tests/unit/middleware/debug/test_page.py",
    ]:
        assert part in reader.text


def test_page_of_a_framework_error_names_its_description() -> None:
    """The place in the documentation stands below the message; other errors have none."""
    assert "reference/errors.html#improperly-configured" in Reader(_page(ImproperlyConfigured("x"))).text
    assert "reference/errors.html" not in Reader(_page(ValueError("x"))).text.replace(__file__, "").split("Request")[0]


def test_hostile_content_is_text() -> None:
    """Markup in the message, the variables, the request or the traceback makes no tag and no attribute."""
    hostile = HOSTILE
    plain = Reader(_page(ValueError("x"), "t"))
    error = ValueError(hostile)
    error.add_note(hostile)
    page = Reader(
        _page(
            error,
            hostile,
            path=f"/{hostile}",
            method=hostile,
            headers=[(b"<script>", hostile.encode("latin-1", "replace"))],
            query_string=b"<img>=<script>",
            path_params={"<b>": hostile},
            user=hostile,
        )
    )
    allowed = set(plain.tags) | {"td", "th", "tr", "pre", "p"}
    assert set(page.tags) <= allowed
    assert not {"script", "img", "b"} & set(page.tags)
    assert not {name for name in page.attributes if name.startswith("on")}
    assert "<script>alert(1)</script>" in page.text


def test_secrets_are_hidden_on_the_page() -> None:
    """Variables, headers, cookies, query and settings; the words of the source are the project's own."""
    secret = "hunter" + str(2)
    with override_settings(SECRET_KEY=secret * 6):
        page = _page(
            KeyError("x"),
            headers=[(b"authorization", f"Bearer {secret}".encode()), (b"cookie", f"session={secret}".encode())],
            query_string=f"token={secret}".encode(),
            path_params={"api_key": secret},
        )
    assert secret not in Reader(page).text


def test_page_is_not_kept_and_needs_no_script() -> None:
    """It is not to be stored, allows no script, and has none."""
    page = _page(ValueError("x"))
    assert page.status_code == 500
    assert page.headers["cache-control"] == "no-store"
    assert "script" not in page.headers["content-security-policy"]
    assert "script" not in Reader(page).tags


def test_address_without_a_route_lists_those_that_there_are() -> None:
    """Method and pattern of each route, the nearest first; no frame of the framework's own."""
    page = routes_page(_scope(), NotFound(), _router())
    text = Reader(page).text
    assert page.status_code == 404
    assert text.index("/books/{book_id:int}") < text.index("/orders")
    assert "Traceback" not in text


def test_application_without_routes_is_told_so() -> None:
    """An empty list would leave a reader guessing."""
    assert "This application has no routes yet." in Reader(routes_page(_scope(), NotFound(), Router())).text


def test_mounted_application_is_compared_below_its_mount() -> None:
    """The path of the mount is no part of what was mistyped."""
    text = Reader(routes_page(_scope(path="/shop/order", root_path="/shop"), NotFound(), _router())).text
    assert text.index("/orders") < text.index("/books/{book_id:int}")


def test_wrong_method_keeps_its_header() -> None:
    """A 405 lists the routes too, and says which methods there are."""
    page = routes_page(_scope(), MethodNotAllowed(["POST"]), _router())
    assert (page.status_code, page.headers["allow"]) == (405, "POST")


def test_many_routes_are_cut() -> None:
    """Two hundred are listed, and the number of the others."""

    async def handler() -> None: ...

    router = Router()
    for number in range(250):
        router.add(f"/page{number}", handler)
    reader = Reader(routes_page(_scope(), NotFound(), router))
    assert "50 more" in reader.text
    assert reader.text.count("handler") == 200


@pytest.fixture
def app() -> Iterator[OpenViper]:
    with override_settings(SECURE_CONTENT_SECURITY_POLICY={"default-src": ["'none'"]}, DEBUG=True):
        app = OpenViper(routes=[])

        @app.get("/books/{book_id:int}")
        async def book(book_id: int) -> str:
            if book_id > 10:
                raise NotFound(f"There is no book {book_id}.")
            raise RuntimeError(f"book {book_id} is torn")

        yield app


async def test_application_in_debug_shows_the_page_under_a_strict_policy(app: OpenViper) -> None:
    """The page's own policy stays, and the project's code is what is open."""
    async with TestClient(app) as client:
        response = await client.get("/books/7", headers=BROWSER)
    assert response.status_code == 500
    assert response.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "book 7 is torn" in response.text
    assert response.text.count("<details open>") == 1


async def test_not_found_of_a_handler_shows_where_it_was_raised(app: OpenViper) -> None:
    """The detail is told, and the frame of the handler; an address without a route has no frame."""
    async with TestClient(app) as client:
        raised = await client.get("/books/33", headers=BROWSER)
        missing = await client.get("/boks", headers=BROWSER)
    assert (raised.status_code, missing.status_code) == (404, 404)
    assert "There is no book 33." in raised.text
    assert "Traceback" in raised.text
    assert "Traceback" not in missing.text
    assert "/books/{book_id:int}" in missing.text


async def test_application_out_of_debug_shows_nothing(app: OpenViper) -> None:
    """Without debug a visitor sees a status and one sentence, whatever the setting says."""
    closed = OpenViper(debug=False, routes=[("", app)])
    async with TestClient(closed) as client:
        broken = await client.get("/books/7", headers=BROWSER)
        missing = await client.get("/boks", headers=BROWSER)
    for response in (broken, missing):
        assert "torn" not in response.text
        assert "book_id" not in response.text
        assert "SECRET_KEY" not in response.text
        assert len(response.text) < 1000
    assert "Internal Server Error" in broken.text


async def test_secrets_of_settings_and_path_stand_nowhere() -> None:
    """Not in a variable of another name, nor in the path, the title and the scope."""

    async def reset(token: str) -> None:
        key, scope = settings.SECRET_KEY, {"path": f"/reset/{token}"}
        raise LookupError(len(key) + len(scope))

    app = OpenViper(debug=True)
    app.add("/reset/{token}", reset)
    with override_settings(SECRET_KEY="hush" * 20):
        async with TestClient(app) as client:
            page = await client.get("/reset/hunter2", headers=BROWSER)
    assert "LookupError" in page.text
    assert "hunter2" not in page.text
    assert "hushhush" not in page.text
