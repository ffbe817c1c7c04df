"""Pages from templates, as views give them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import openviper
from openviper.apps.bootstrap import reset_setup
from openviper.conf import settings
from openviper.http.request import Request
from openviper.http.response import HTMLResponse
from openviper.http.shortcuts import render
from openviper.routing.router import Router
from openviper.templating import TemplateNotFoundError, clear_globals, reset_templating
from openviper.testing import TestClient


@pytest.fixture(autouse=True)
def fresh_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget settings, apps and templates before and after."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    _forget()
    yield
    _forget()
    sys.modules.pop("page_context", None)


def _forget() -> None:
    settings.reset()
    reset_setup()
    reset_templating()
    clear_globals()


@pytest.fixture
def site(tmp_path: Path) -> Callable[..., TestClient]:
    """An application with one view at ``/`` and the templates that the test gives."""

    def site(view: Callable[..., Any], templates: dict[str, str], **fields: Any) -> TestClient:
        settings.configure(**{"DEBUG": False, "MIDDLEWARE": ()} | fields)
        (tmp_path / "templates").mkdir()
        for name, text in templates.items():
            (tmp_path / "templates" / name).write_text(text)
        router = Router()
        router.get("/", name="home")(view)
        router.get("/books/{book_id:int}", name="book")(view)
        return TestClient(openviper.OpenViper(routes=[("/", router)]))

    return site


async def test_page_is_sent_as_html(site: Callable[..., TestClient]) -> None:
    """``render`` answers with status, headers and the rendered text; it is at the front door too."""

    async def view(request: Request) -> HTMLResponse:
        return await openviper.render(request, "page.html", {"name": "<Ada>"}, 201, {"X-Page": "yes"})

    async with site(view, {"page.html": "Hello {{ name }}"}) as client:
        response = await client.get("/")

    assert (response.status_code, response.text) == (201, "Hello &lt;Ada&gt;")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["x-page"] == "yes"
    assert openviper.render is render


async def test_page_has_the_request_and_addresses(site: Callable[..., TestClient]) -> None:
    """A template reads the request, links to routes by name and to static files."""

    async def view(request: Request) -> HTMLResponse:
        return await render(request, "page.html", {"request": "not me"})

    source = "{{ request.query_params['q'] }} {{ url_for('book', book_id=3) }} {{ static('a.css') }}"
    async with site(view, {"page.html": source}) as client:
        response = await client.get("/", params={"q": "<x>"})

    assert response.text == "&lt;x&gt; /books/3 /static/a.css"


async def test_address_is_below_the_root_path(site: Callable[..., TestClient]) -> None:
    """Behind a proxy that serves the site below a path, or in a mount, links begin with that path."""

    async def view(request: Request) -> HTMLResponse:
        return await render(request, "page.html")

    client = site(view, {"page.html": "{{ url_for('book', book_id=3) }}"})
    inner_router = Router()
    inner_router.get("/")(view)
    inner_router.get("/parts/{book_id:int}", name="book")(view)
    outer = client.app
    assert isinstance(outer, openviper.OpenViper)
    outer.mount("/inner", openviper.OpenViper(routes=[("/", inner_router)]))
    texts = [await fetch(outer, "/proxy/", "/proxy"), await fetch(outer, "/proxy/inner/", "/proxy")]

    assert texts == ["/proxy/books/3", "/proxy/inner/parts/3"]


async def fetch(app: openviper.OpenViper, path: str, root_path: str) -> str:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": root_path, "headers": [], "query_string": b""}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return str(sent[1]["body"].decode())


async def test_context_of_the_view_wins_over_processors(site: Callable[..., TestClient], tmp_path: Path) -> None:
    """A page has what the context processors give, unless the view says otherwise."""
    (tmp_path / "page_context.py").write_text(
        "async def site(request): return {'a': request.path, 'b': 'processor', 'request': None}\n"
    )

    async def view(request: Request) -> HTMLResponse:
        return await render(request, "page.html", {"b": "view"})

    client = site(
        view, {"page.html": "{{ a }} {{ b }} {{ request.method }}"}, CONTEXT_PROCESSORS=("page_context.site",)
    )
    async with client:
        response = await client.get("/")

    assert response.text == "/ view GET"


async def test_missing_template_is_a_500(
    site: Callable[..., TestClient], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """A page that is not there is a fault of the site: a short answer, and the folders in the log."""

    async def view(request: Request) -> HTMLResponse:
        return await render(request, "gone.html")

    async with site(view, {}) as client:
        response = await client.get("/")

    assert response.status_code == 500
    assert "gone.html" not in response.text
    assert caplog.records[-1].exc_info is not None
    error = caplog.records[-1].exc_info[1]
    assert isinstance(error, TemplateNotFoundError)
    assert error.searched == (tmp_path / "templates",)


async def test_missing_template_is_told_in_debug(site: Callable[..., TestClient]) -> None:
    """With ``DEBUG`` the answer itself says what was looked for."""

    async def view(request: Request) -> HTMLResponse:
        return await render(request, "gone.html")

    async with site(view, {}, DEBUG=True) as client:
        response = await client.get("/")

    assert response.status_code == 500
    assert "gone.html" in response.text


async def test_html_response_renders_a_template(site: Callable[..., TestClient]) -> None:
    """``HTMLResponse(template=...)`` renders at once, with the request if the context has it."""

    async def view(request: Request) -> HTMLResponse:
        context = {"name": "<Ada>", "request": request}
        return HTMLResponse(template="page.html", context=context, status_code=404)

    async with site(view, {"page.html": "{{ name }} {{ url_for('home') }}"}) as client:
        response = await client.get("/")

    assert (response.status_code, response.text) == (404, "&lt;Ada&gt; /")


def test_html_response_takes_content_or_a_template() -> None:
    """Both at once, and a context for content, are mistakes of the caller."""
    with pytest.raises(TypeError, match="not both"):
        HTMLResponse("<p>", template="page.html")
    with pytest.raises(TypeError, match="template= only"):
        HTMLResponse("<p>", context={})


@pytest.mark.parametrize("name", ["mail.txt", "read.md"])
async def test_plain_text_is_no_page(name: str, site: Callable[..., TestClient]) -> None:
    """Values are not escaped in such a template, so that a browser must not read it as a page; both ways alike."""

    async def view(request: Request) -> HTMLResponse:
        if "directly" in request.query_params:
            return HTMLResponse(template=name, context={"x": "<script>"})
        return await render(request, name, {"x": "<script>"})

    async with site(view, {name: "{{ x }}"}) as client:
        for query in ("", "?directly=1"):
            response = await client.get(f"/{query}")
            assert response.headers["content-type"] == "text/plain; charset=utf-8"
            assert response.text == "<script>"
