"""CORSMiddleware: which pages may read the answers."""

import pytest

from openviper import OpenViper
from openviper.conf import settings
from openviper.exceptions import SettingsValidationError
from openviper.middleware.base import BaseMiddleware
from openviper.middleware.cors import CORSMiddleware
from openviper.middleware.stack import build_middleware_stack, load_middleware
from openviper.testing import TestClient, TestResponse
from openviper.types import ASGIApp, Message, Receive, Scope, Send

SHOP = "https://shop.example"


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request with the method that it used."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": scope["method"].encode()})


def allow(*origins: str, app: ASGIApp = inner, **options: object) -> TestClient:
    stack = build_middleware_stack(app, [(CORSMiddleware, {"allowed_origins": origins, **options})])
    return TestClient(stack)


async def ask(client: TestClient, origin: str | None) -> dict[str, str]:
    """Ask from a page and give the headers that have to do with origins."""
    response = await client.get("/", headers={} if origin is None else {"origin": origin})
    assert response.text == "GET"
    return cors_headers(response)


async def preflight(client: TestClient, origin: str = SHOP, method: str = "PUT", headers: str = "") -> TestResponse:
    fields = {"origin": origin, "access-control-request-method": method}
    if headers:
        fields["access-control-request-headers"] = headers
    return await client.options("/", headers=fields)


def cors_headers(response: TestResponse) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith(("access-", "vary"))}


def test_class_has_the_promised_path() -> None:
    """The dotted path of the plugin example can be imported (C-109)."""
    assert load_middleware(["openviper.middleware.cors.CORSMiddleware"]) == [CORSMiddleware]


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_nothing_is_allowed_without_an_origin_in_the_settings(method: str) -> None:
    """With the framework's defaults no page of another site may read anything (W-30)."""
    client = TestClient(CORSMiddleware(inner))
    headers = {"origin": SHOP, "access-control-request-method": "GET"}
    response = await client.request(method, "/", headers=headers)
    assert (response.text, cors_headers(response)) == (method, {})


async def test_values_come_from_the_settings() -> None:
    """Built with the next application alone, the middleware takes every value from the settings."""
    with settings.overridden(
        CORS_ALLOWED_ORIGINS=(SHOP,),
        CORS_ALLOW_CREDENTIALS=True,
        CORS_ALLOWED_METHODS=("GET", "PUT"),
        CORS_ALLOWED_HEADERS=("X-Token",),
        CORS_EXPOSE_HEADERS=("X-Total",),
        CORS_MAX_AGE=60,
    ):
        client = TestClient(CORSMiddleware(inner))
    assert await ask(client, SHOP) == {
        "vary": "Origin",
        "access-control-allow-origin": SHOP,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "X-Total",
    }
    assert cors_headers(await preflight(client, headers="X-Token")) == {
        "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        "access-control-allow-origin": SHOP,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-token",
        "access-control-max-age": "60",
    }


@pytest.mark.parametrize(
    ("allowed", "origin", "may_read"),
    [
        (SHOP, SHOP, True),
        (SHOP, "http://shop.example", False),
        (SHOP, "https://shop.example:8443", False),
        (SHOP, "https://shop.example.evil.example", False),
        (SHOP, "null", False),
        ("HTTPS://Shop.Example:443", SHOP, True),
        ("http://localhost:3000", "http://localhost:3000", True),
        ("http://[::1]:3000", "http://[::1]:3000", True),
        ("https://*.shop.example", "https://www.shop.example", True),
        ("https://*.shop.example", "https://a.b.shop.example", False),
        ("https://*.shop.example", "https://shop.example", False),
        ("https://*.shop.example", "https://.shop.example", False),
        ("https://*.shop.example", "https://evil.example/.shop.example", False),
        ("https://*.shop.example", "https://wwwXshop.example", False),
        ("https://pr-*.shop.example", "https://pr-12.shop.example", True),
        ("http://localhost:*", "http://localhost:5173", True),
        ("http://localhost:*", "http://localhost", False),
        ("null", "null", True),
        ("*", "https://anyone.example", True),
        ("*", "null", True),
    ],
)
async def test_origin_is_allowed_exactly_or_by_pattern(allowed: str, origin: str, may_read: bool) -> None:
    """An entry allows one origin; a star in it stands for one label and never for a dot (W-30)."""
    assert ("access-control-allow-origin" in await ask(allow(allowed), origin)) is may_read


@pytest.mark.parametrize("origin", [SHOP, "https://evil.example", None])
async def test_caches_keep_answers_by_origin(origin: str | None) -> None:
    """Where the answer depends on the origin every response says so, also to those that have none."""
    assert (await ask(allow(SHOP), origin))["vary"] == "Origin"


@pytest.mark.parametrize("origin", [SHOP, None])
async def test_open_answers_are_the_same_for_all(origin: str | None) -> None:
    """With a star every response carries the star, so that caches may give it to anybody."""
    assert await ask(allow("*"), origin) == {"access-control-allow-origin": "*"}


@pytest.mark.parametrize(
    ("vary", "expected"),
    [(b"Cookie", ["Cookie", "Origin"]), (b"cookie, ORIGIN", ["cookie, ORIGIN"]), (b"*", ["*"])],
)
async def test_vary_of_the_response_is_kept(vary: bytes, expected: list[str]) -> None:
    """Origin is added to what the response varies by, once."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"vary", vary)]})
        await send({"type": "http.response.body"})

    response = await allow(SHOP, app=app).get("/", headers={"origin": SHOP})
    assert response.headers.getlist("vary") == expected


async def test_response_that_decides_itself_is_left_alone() -> None:
    """A response with an allowed origin of its own gets none of ours; two would be refused by browsers."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"access-control-allow-origin", b"*")]})
        await send({"type": "http.response.body"})

    response = await allow(SHOP, app=app, allow_credentials=True).get("/", headers={"origin": SHOP})
    assert cors_headers(response) == {"access-control-allow-origin": "*", "vary": "Origin"}


async def test_error_that_was_answered_inside_can_be_read_too() -> None:
    """A page sees why its request failed, since the answer 500 carries the headers as well."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body"})

    response = await allow(SHOP, app=app).get("/", headers={"origin": SHOP})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (500, SHOP)


async def test_message_of_the_application_is_not_changed() -> None:
    """An application may send the same message object every time; it stays as it was."""
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start)
        await send({"type": "http.response.body"})

    await allow(SHOP, app=app).get("/", headers={"origin": SHOP})
    assert start["headers"] == []


async def test_preflight_is_answered_without_the_application() -> None:
    """The question of a browser is answered with 204, what is allowed and for how long."""
    response = await preflight(allow(SHOP, allowed_headers=["*"]), headers="X-A, authorization")
    assert (response.status_code, response.content) == (204, b"")
    assert cors_headers(response) == {
        "vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        "access-control-allow-origin": SHOP,
        "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        "access-control-allow-headers": "X-A, authorization",
        "access-control-max-age": "600",
    }


async def test_star_for_headers_is_written_out_with_credentials() -> None:
    """Browsers take a star literally when credentials are allowed, so the requested names are repeated."""
    response = await preflight(allow(SHOP, allow_credentials=True, allowed_headers=["*"]), headers="x-a")
    assert response.headers["access-control-allow-headers"] == "x-a"


async def test_preflight_without_headers_names_none() -> None:
    """Nothing was asked for, so with a star there is nothing to name."""
    response = await preflight(allow(SHOP, allowed_headers=["*"]))
    assert "access-control-allow-headers" not in response.headers


@pytest.mark.parametrize("fields", [{"origin": SHOP}, {"access-control-request-method": "PUT"}, {}])
async def test_options_that_is_no_preflight_reaches_the_application(fields: dict[str, str]) -> None:
    """Only a request with an origin and a requested method is a preflight; others are the application's."""
    assert (await allow(SHOP).options("/", headers=fields)).text == "OPTIONS"


@pytest.mark.parametrize(
    ("question", "detail"),
    [
        ({"origin": "https://evil.example"}, "origin"),
        ({"method": "DELETE"}, "method"),
        ({"method": "put"}, "method"),
        ({"headers": "x-b"}, "header"),
        ({"headers": "x-a, x-b"}, "header"),
    ],
)
async def test_preflight_for_what_is_not_allowed_is_refused(question: dict[str, str], detail: str) -> None:
    """The refusal says which part is not allowed and allows nothing."""
    client = allow(SHOP, allowed_methods=["GET", "PUT"], allowed_headers=["X-A"])
    response = await preflight(client, **question)
    assert response.status_code == 403
    assert detail in response.text
    assert list(cors_headers(response)) == ["vary"]


@pytest.mark.parametrize("headers", ["x-a(", "x-a; x-b", "x-a,", "caf\xe9"])
async def test_malformed_header_list_is_not_repeated(headers: str) -> None:
    """What is no list of header names is refused, a star or not."""
    client = allow(SHOP, allowed_headers=["*"])
    assert (await preflight(client, headers=headers)).status_code == 403


@pytest.mark.parametrize(("method", "status"), [("PROPFIND", 204), ("not a method", 403)])
async def test_star_for_methods_allows_any_method(method: str, status: int) -> None:
    """A star repeats the requested method, if it is one."""
    response = await preflight(allow(SHOP, allowed_methods=["*"]), method=method)
    assert response.status_code == status
    assert response.headers.get("access-control-allow-methods") == (method if status == 204 else None)


async def test_head_is_allowed_with_get() -> None:
    """HEAD asks for the same as GET, so it needs no entry."""
    client = allow(SHOP, allowed_methods=["GET"])
    assert (await preflight(client, method="HEAD")).status_code == 204


async def test_simple_headers_need_no_entry() -> None:
    """The headers that every page may send are allowed in a preflight too."""
    client = allow(SHOP, allowed_headers=["x-a"])
    assert (await preflight(client, headers="content-type, Accept, x-a")).status_code == 204


@pytest.mark.parametrize("origin", ["*", "null"])
def test_credentials_for_everybody_are_refused(origin: str) -> None:
    """Cookies for every origin would let any site act for a logged-in user: that is a ValueError (W-30)."""
    with pytest.raises(ValueError, match="every site act for a logged-in user") as raised:
        allow(SHOP, origin, allow_credentials=True)
    assert isinstance(raised.value, SettingsValidationError)


@pytest.mark.parametrize(
    "origin", ["shop.example", "https://shop.example/", "https://shop.example/*", "https://", "//a"]
)
def test_malformed_origin_is_refused(origin: str) -> None:
    """An entry that no browser would ever send is an error at the start, and it is named."""
    with pytest.raises(SettingsValidationError, match="is no origin"):
        allow(origin)


@pytest.mark.parametrize("origin", [SHOP, "https://other.example"])
async def test_star_beside_an_origin_stands_for_both(origin: str) -> None:
    """The answer is the same for every page, so caches need not keep it apart."""
    client = TestClient(build_middleware_stack(inner, [(CORSMiddleware, {"allowed_origins": ["*", SHOP]})]))
    assert await ask(client, origin) == {"access-control-allow-origin": "*"}


@pytest.mark.parametrize("accept", ["application/problem+json", "text/html"])
@pytest.mark.parametrize("is_fused", [True, False])
async def test_refused_preflight_is_an_error_like_any_other(accept: str, is_fused: bool) -> None:
    """It comes in the form that the client reads; caches keep it apart by all that it depends on."""
    layer = (CORSMiddleware, {"allowed_origins": [SHOP]})
    app = OpenViper(routes=[], debug=False, middleware=[layer] if is_fused else [layer, Passing])
    fields = {"origin": "https://other.example", "access-control-request-method": "GET", "accept": accept}
    async with TestClient(app) as client:
        response = await client.options("/", headers=fields)
    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (403, accept)
    assert "this origin is not allowed" in response.text
    varying = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
    assert response.headers.getlist("vary") == [varying, "Accept"]
    assert "access-control-allow-origin" not in response.headers


class Passing(BaseMiddleware):
    """A layer without hooks, which keeps those around it from being called directly."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.mark.parametrize("kind", ["websocket", "lifespan", "of the future"])
async def test_other_scopes_pass(kind: str) -> None:
    """A scope of another type reaches the application as it is, the same object (C-111)."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        pass

    scope: Scope = {"type": kind, "headers": [(b"origin", b"https://evil.example")]}
    await allow(SHOP, app=app).app(scope, receive, send)
    assert seen[0] is scope


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"expose_headers": "X-A"}, r"CORS_EXPOSE_HEADERS is the text 'X-A'; write a tuple: \('X-A',\)"),
        ({"allowed_headers": "*"}, "CORS_ALLOWED_HEADERS is the text"),
        ({"allowed_methods": "GET"}, "CORS_ALLOWED_METHODS is the text"),
        ({"expose_headers": ["X-A\r\nset-cookie: b"]}, "CORS_EXPOSE_HEADERS: .* is no name"),
        ({"expose_headers": ["X-\u20ac"]}, "is no name"),
        ({"allowed_headers": ["X-A, X-B"]}, "is no name"),
        ({"allowed_methods": ["GET", ""]}, "'' is no name"),
        ({"allowed_methods": [5]}, "5 is no name"),
        ({"allowed_methods": None}, "CORS_ALLOWED_METHODS is None; write a tuple"),
        ({"allowed_origins": None}, "CORS_ALLOWED_ORIGINS is None; write a tuple"),
        ({"allowed_origins": [SHOP, None]}, "CORS_ALLOWED_ORIGINS: None is no text"),
        ({"max_age": -2}, "CORS_MAX_AGE is -2"),
    ],
)
def test_list_that_cannot_work_is_refused(options: dict[str, object], complaint: str) -> None:
    """At the start and by name: a text read letter by letter, or a name that would break the header."""
    with pytest.raises(SettingsValidationError, match=complaint):
        CORSMiddleware(inner, **{"allowed_origins": [SHOP], **options})  # type: ignore[arg-type]  # the point of the test


def test_text_in_place_of_a_list_is_refused() -> None:
    """A text is a sequence of letters, and none of them is meant as an origin."""
    with pytest.raises(SettingsValidationError, match="write a tuple"):
        build_middleware_stack(inner, [(CORSMiddleware, {"allowed_origins": SHOP})])
