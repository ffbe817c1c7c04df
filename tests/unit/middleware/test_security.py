"""SecurityMiddleware: hosts, https and the headers that protect visitors."""

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import pytest

from openviper import OpenViper, Request
from openviper.conf import settings
from openviper.exceptions import SettingsValidationError
from openviper.middleware.base import BaseMiddleware
from openviper.middleware.security import SecurityMiddleware
from openviper.middleware.stack import build_middleware_stack, load_middleware
from openviper.testing import TestClient, TestResponse
from openviper.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

Ask = Callable[..., Awaitable[TestResponse]]

DEFAULT_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
}


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request, accept every websocket, and say nothing to other scopes."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    elif scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"inside"})


def protect(app: ASGIApp = inner, /, **options: object) -> ASGIApp:
    return build_middleware_stack(app, [(SecurityMiddleware, {"allowed_hosts": ["shop.example"], **options})])


async def ask(url: str = "http://shop.example/", /, **options: object) -> TestResponse:
    return await TestClient(protect(inner, **options)).get(url)


async def send_raw(app: ASGIApp, headers: RawHeaders, **scope: object) -> list[Message]:
    """Call an app with exactly these headers, which no client would send, and give what it sent."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    base: Scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "query_string": b""}
    await app({**base, "headers": headers, **scope}, receive, send)
    return sent


def test_class_has_the_promised_path() -> None:
    """The dotted paths of the plugin example can be imported (C-109)."""
    paths = ["openviper.middleware.security.SecurityMiddleware", "openviper.middleware.base.BaseMiddleware"]
    assert load_middleware(paths) == [SecurityMiddleware, BaseMiddleware]


async def test_response_gets_the_default_headers() -> None:
    """With the framework's defaults three headers are added, and nothing that needs a decision."""
    response = await ask()
    assert {name: value for name, value in response.headers.items() if name != "content-type"} == DEFAULT_HEADERS
    assert response.text == "inside"


async def test_values_come_from_the_settings() -> None:
    """Built with the next application alone, the middleware takes every value from the settings."""
    with settings.overridden(
        ALLOWED_HOSTS=("shop.example",),
        SECURE_HSTS_SECONDS=60,
        SECURE_HSTS_INCLUDE_SUBDOMAINS=True,
        SECURE_HSTS_PRELOAD=True,
        SECURE_BROWSER_XSS_FILTER=True,
        SECURE_CONTENT_SECURITY_POLICY="default-src 'self'",
        SECURE_PERMISSIONS_POLICY="camera=()",
        SECURE_CROSS_ORIGIN_OPENER_POLICY="same-origin",
        SECURE_CROSS_ORIGIN_EMBEDDER_POLICY="require-corp",
        SECURE_CROSS_ORIGIN_RESOURCE_POLICY="same-site",
        X_FRAME_OPTIONS="SAMEORIGIN",
    ):
        client = TestClient(SecurityMiddleware(inner))
    response = await client.get("https://shop.example/")
    assert dict(response.headers) == {
        **DEFAULT_HEADERS,
        "content-type": "text/plain",
        "x-frame-options": "SAMEORIGIN",
        "strict-transport-security": "max-age=60; includeSubDomains; preload",
        "x-xss-protection": "1; mode=block",
        "content-security-policy": "default-src 'self'",
        "permissions-policy": "camera=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
        "cross-origin-resource-policy": "same-site",
    }


async def test_settings_are_read_once() -> None:
    """What a request gets was decided when the middleware was built, not when the request came."""
    client = TestClient(protect(inner))
    with settings.overridden(X_FRAME_OPTIONS="SAMEORIGIN"):
        response = await client.get("http://shop.example/")
    assert response.headers["x-frame-options"] == "DENY"


async def test_empty_value_leaves_its_header_out() -> None:
    """None and an empty text both mean that a header is not sent."""
    response = await ask(frame_options="", referrer_policy=None)
    assert [name for name in response.headers if name in DEFAULT_HEADERS] == ["x-content-type-options"]


async def test_header_of_the_response_is_kept() -> None:
    """A header that the response already has is neither replaced nor doubled."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"x-frame-options", b"SAMEORIGIN"), (b"content-security-policy", b"sandbox")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    response = await TestClient(protect(app, content_security_policy="default-src 'none'")).get("http://shop.example/")
    assert response.headers.getlist("x-frame-options") == ["SAMEORIGIN"]
    assert response.headers.getlist("content-security-policy") == ["sandbox"]
    assert response.headers.getlist("x-content-type-options") == ["nosniff"]


async def test_message_of_the_application_is_not_changed() -> None:
    """An application may send the same message object every time; it stays as it was."""
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start)
        await send({"type": "http.response.body"})

    client = TestClient(protect(app))
    await client.get("http://shop.example/")
    assert start == {"type": "http.response.start", "status": 200, "headers": []}


async def test_hsts_is_sent_over_https_only() -> None:
    """Browsers ignore the header on a plain connection, so it is not there (RFC 6797, 7.2)."""
    plain = await ask("http://shop.example/", hsts_seconds=60)
    encrypted = await ask("https://shop.example/", hsts_seconds=60)
    assert plain.headers.get("strict-transport-security") is None
    assert encrypted.headers["strict-transport-security"] == "max-age=60"


@pytest.mark.parametrize(("host", "status"), [("shop.example:8000", 200), ("evil.example", 400), ("a b", 400)])
async def test_request_for_another_host_is_refused(host: str, status: int) -> None:
    """Only a request for one of the allowed hosts reaches the application."""
    response = await TestClient(protect()).get("/", headers={"host": host})
    assert response.status_code == status


@pytest.mark.parametrize(("environment", "status"), [("development", 200), ("testing", 200), ("production", 400)])
async def test_host_of_the_test_client_is_allowed_outside_production(
    environment: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application can be tested with the hosts that it has, and production serves these alone."""
    monkeypatch.setenv("OPENVIPER_ENV", environment)
    with settings.overridden(ALLOWED_HOSTS=("shop.example",)):
        client = TestClient(SecurityMiddleware(inner))
    assert (await client.get("/")).status_code == status


async def test_request_without_a_host_is_refused() -> None:
    """Without a Host header nothing is served, whatever a proxy's header says."""
    sent = await send_raw(protect(allowed_hosts=["*"]), [(b"x-forwarded-host", b"shop.example")])
    assert sent[0]["status"] == 400


async def test_refusal_is_a_protected_answer() -> None:
    """The refusal says no more than it must, and has the headers of every other response."""
    client = TestClient(protect())
    response = await client.get("http://evil.example/")
    assert response.json() == {"detail": "This host is not served here."}
    assert response.headers["x-content-type-options"] == "nosniff"
    assert (await client.head("http://evil.example/")).content == b""


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [("text/html", "text/html; charset=utf-8"), ("application/problem+json", "application/problem+json")],
)
@pytest.mark.parametrize("is_fused", [True, False])
async def test_refusal_is_an_error_like_any_other(accept: str, content_type: str, is_fused: bool) -> None:
    """It comes in the form that the client reads, and caches keep the forms apart."""
    layer = (SecurityMiddleware, {"allowed_hosts": ["shop.example"]})
    app = OpenViper(routes=[], debug=False, middleware=[layer] if is_fused else [layer, Passing])
    async with TestClient(app) as client:
        response = await client.get("http://evil.example/", headers={"accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (400, content_type)
    assert response.headers["vary"] == "Accept"
    assert response.headers["x-frame-options"] == "DENY"


class Passing(BaseMiddleware):
    """A layer without hooks, which keeps those around it from being called directly."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def test_refused_host_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The log names the host, shortened and escaped, so that it can be added or ignored."""
    with caplog.at_level(logging.WARNING, logger="openviper.security"):
        await send_raw(protect(), [(b"host", b"evil.example\n" + b"x" * 1000)])
    assert "evil.example\\nxxx" in caplog.text
    assert len(caplog.messages[0]) < 400


async def test_unknown_scheme_counts_as_plain() -> None:
    """A scope without a scheme is a plain one, as the specification says."""
    sent = await send_raw(protect(hsts_seconds=60), [(b"host", b"shop.example")], scheme="")
    assert not any(name == b"strict-transport-security" for name, _ in sent[0]["headers"])


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("http://shop.example/", "https://shop.example/"),
        ("http://shop.example:8000/a%20b/%C3%A9?q=1&q=%2F", "https://shop.example/a%20b/%C3%A9?q=1&q=%2F"),
        ("http://shop.example//evil.example/x", "https://shop.example//evil.example/x"),
    ],
)
async def test_plain_request_is_sent_to_https(url: str, location: str) -> None:
    """The redirect keeps path and query as they were sent, leaves the port out and asks for the same method."""
    response = await ask(url, ssl_redirect=True)
    assert (response.status_code, response.headers["location"]) == (307, location)
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_encrypted_request_is_not_redirected() -> None:
    """Over https the redirect has nothing to do."""
    assert (await ask("https://shop.example/", ssl_redirect=True)).text == "inside"


async def test_redirect_never_leads_to_an_unchecked_host() -> None:
    """A request for a foreign host is refused before there is a redirect to it."""
    response = await ask("http://evil.example/", ssl_redirect=True)
    assert (response.status_code, "location" in response.headers) == (400, False)


async def test_forwarded_scheme_is_not_trusted() -> None:
    """Only the scope says whether a connection is encrypted; anybody can send a header."""
    response = await TestClient(protect(ssl_redirect=True)).get(
        "http://shop.example/", headers={"x-forwarded-proto": "https", "forwarded": "proto=https"}
    )
    assert response.status_code == 307


async def test_path_that_a_header_cannot_carry_is_quoted() -> None:
    """Whatever bytes a server passes on as the path, the redirect is one header."""
    sent = await send_raw(
        protect(ssl_redirect=True),
        [(b"host", b"shop.example")],
        raw_path=b"/a\r\nset-cookie: b\xff",
        query_string=b"q=\n",
    )
    assert (b"location", b"https://shop.example/a%0D%0Aset-cookie:%20b%FF?q=%0A") in sent[0]["headers"]


async def test_path_is_quoted_where_there_is_no_raw_one() -> None:
    """A server that gives no raw path still gets the right redirect."""
    sent = await send_raw(protect(ssl_redirect=True), [(b"host", b"shop.example")], path="/é x")
    assert (b"location", b"https://shop.example/%C3%A9%20x") in sent[0]["headers"]


@pytest.mark.parametrize("raw_path", [b"@evil.example/", b".evil.example", b":1@evil.example", b"http://evil.example/"])
async def test_target_without_a_slash_does_not_change_the_host(raw_path: bytes) -> None:
    """A server may pass on whatever stands in the first line; the redirect leads to the host that was checked."""
    sent = await send_raw(protect(ssl_redirect=True), [(b"host", b"shop.example")], raw_path=raw_path)
    location = dict(sent[0]["headers"])[b"location"].decode()
    assert urlsplit(location).netloc == "shop.example"


async def test_query_is_sent_on_once() -> None:
    """Also where the server has left it in the raw path."""
    sent = await send_raw(
        protect(ssl_redirect=True), [(b"host", b"shop.example")], raw_path=b"/a?b=1", query_string=b"b=1"
    )
    assert (b"location", b"https://shop.example/a?b=1") in sent[0]["headers"]


@pytest.mark.parametrize(
    ("headers", "scheme", "expected"),
    [
        ([(b"host", b"shop.example")], "wss", {"type": "websocket.accept"}),
        ([(b"host", b"evil.example")], "wss", {"type": "websocket.close", "code": 1008}),
        ([], "wss", {"type": "websocket.close", "code": 1008}),
        ([(b"host", b"shop.example")], "ws", {"type": "websocket.close", "code": 1008}),
    ],
)
async def test_websocket_is_checked_too(headers: RawHeaders, scheme: str, expected: Message) -> None:
    """A websocket for another host, or a plain one where https is a must, is closed before it opens (C-111)."""
    assert await send_raw(protect(ssl_redirect=True), headers, type="websocket", scheme=scheme) == [expected]


@pytest.mark.parametrize("kind", ["lifespan", "of the future"])
async def test_other_scopes_pass(kind: str) -> None:
    """A scope of another type reaches the application as it is, the same object (C-111)."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        return {}

    async def send(message: Message) -> None:
        pass

    scope: Scope = {"type": kind}
    await protect(app)(scope, receive, send)
    assert seen[0] is scope


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("default-src 'self'", "default-src 'self'"),
        ({"default-src": ["'self'", "https://cdn.example"]}, "default-src 'self' https://cdn.example"),
        ({"default-src": "'none'", "upgrade-insecure-requests": ()}, "default-src 'none'; upgrade-insecure-requests"),
    ],
)
async def test_content_security_policy_is_text_or_directives(policy: object, expected: str) -> None:
    """Directives become one line; one without sources stands alone."""
    assert (await ask(content_security_policy=policy)).headers["content-security-policy"] == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("camera=()", "camera=()"),
        (
            {"camera": [], "geolocation": ["self", "https://a.example"]},
            'camera=(), geolocation=(self "https://a.example")',
        ),
        ({"fullscreen": "*", "usb": "self"}, "fullscreen=*, usb=(self)"),
    ],
)
async def test_permissions_policy_is_text_or_features(policy: object, expected: str) -> None:
    """Origins are quoted, keywords are not, and an empty list switches a feature off."""
    assert (await ask(permissions_policy=policy)).headers["permissions-policy"] == expected


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"allowed_hosts": ["https://shop.example"]}, "'https://shop.example' is no host"),
        ({"content_security_policy": {"script-src": ["'self'; object-src *"]}}, "has a source with"),
        ({"frame_options": "DENY\r\nx: y"}, "line break"),
        ({"referrer_policy": "\u2192"}, "referrer-policy"),
        ({"frame_options": "ALLOW-FROM https://a.example"}, "browsers know no 'ALLOW-FROM https://a.example'"),
        ({"referrer_policy": "none"}, "browsers know no 'none'; use no-referrer"),
        ({"cross_origin_opener_policy": "same_origin"}, "browsers know no 'same_origin'"),
        ({"cross_origin_embedder_policy": "require"}, "cross-origin-embedder-policy"),
        ({"cross_origin_resource_policy": "none"}, "cross-origin-resource-policy"),
        ({"hsts_seconds": -1}, "SECURE_HSTS_SECONDS is -1"),
    ],
)
def test_wrong_value_is_refused_when_the_stack_is_built(options: dict[str, object], complaint: str) -> None:
    """A value that cannot work is an error at the start, not at the first request, and it is named."""
    with pytest.raises(SettingsValidationError, match=complaint):
        protect(inner, **options)


async def test_value_may_be_a_list_or_have_parameters() -> None:
    """A referrer policy names what older browsers fall back on, and an opener policy where reports go."""
    response = await ask(
        referrer_policy="no-referrer, strict-origin-when-cross-origin",
        cross_origin_opener_policy='same-origin; report-to="coop"',
        frame_options="sameorigin",
    )
    assert response.headers["referrer-policy"] == "no-referrer, strict-origin-when-cross-origin"
    assert response.headers["cross-origin-opener-policy"] == 'same-origin; report-to="coop"'
    assert response.headers["x-frame-options"] == "sameorigin"


@pytest.mark.parametrize(
    "policy",
    [{"script-src": ["'self'", "'nonce'"], "style-src": "'nonce'"}, "script-src 'self' 'nonce'; style-src 'nonce'"],
)
async def test_each_answer_has_a_nonce_of_its_own(policy: object) -> None:
    """The handler finds it in the request, and the header has it wherever the policy asks for one."""
    app = OpenViper(routes=[], debug=False, middleware=[(SecurityMiddleware, {"content_security_policy": policy})])

    @app.get("/")
    async def page(request: Request) -> str:
        return request.csp_nonce

    async with TestClient(app) as client:
        first, second = await client.get("/"), await client.get("/")
        lost = await client.get("/nowhere")
    assert first.text != second.text
    assert len(first.text) == 32
    for response in (first, second):
        told = f"script-src 'self' 'nonce-{response.text}'; style-src 'nonce-{response.text}'"
        assert response.headers.getlist("content-security-policy") == [told]
    assert "'nonce'" not in lost.headers["content-security-policy"]


async def test_answer_without_a_page_brings_no_nonce() -> None:
    """A 304 changes the fields of the page that a browser has kept, in which the nonce of that time stands."""
    layer = SecurityMiddleware(
        inner,
        allowed_hosts=["shop.example"],
        content_security_policy="script-src 'self' 'nonce'; img-src 'nonce'",
        permissions_policy="camera=()",
    )
    scope: Scope = {"type": "http", "scheme": "http", "path": "/", "headers": [(b"host", b"shop.example")]}
    layer.on_request(scope)
    fresh: RawHeaders = []
    layer.on_response(scope, 200, fresh)
    kept: RawHeaders = []
    layer.on_response(scope, 304, kept)
    nonce = scope["csp_nonce"].encode()
    policy = (b"content-security-policy", b"script-src 'self' 'nonce-%b'; img-src 'nonce-%b'" % (nonce, nonce))
    assert policy in fresh
    assert [field for field in fresh if field not in kept] == [policy]
    own: RawHeaders = [(b"content-security-policy", b"sandbox")]
    layer.on_response(scope, 200, own)
    assert [value for name, value in own if name == b"content-security-policy"] == [b"sandbox"]


async def test_without_a_nonce_in_the_policy_there_is_none() -> None:
    """Nothing is made that nobody asks for; a refused host gets a policy like any other answer."""
    layer = SecurityMiddleware(inner, allowed_hosts=["shop.example"], content_security_policy="default-src 'self'")
    scope: Scope = {"type": "http", "scheme": "http", "path": "/", "headers": [(b"host", b"shop.example")]}
    assert layer.on_request(scope) is None
    assert Request(scope, _unused).csp_nonce == ""
    refused = await ask("http://other.example/", content_security_policy="script-src 'nonce'")
    assert refused.status_code == 400
    assert refused.headers["content-security-policy"].startswith("script-src 'nonce-")


async def _unused() -> Message:
    raise AssertionError


async def test_path_in_the_log_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """A line break in it does not begin a line that nobody has written."""
    await send_raw(protect(), [(b"host", b"other.example")], path="/a\nINFO all is well")
    assert "/a%0AINFO%20all%20is%20well refused" in caplog.text


async def test_websocket_is_refused_once_it_has_come() -> None:
    """Nothing may be sent before the server has told of the connection."""
    order: list[str] = []

    async def receive() -> Message:
        order.append("received")
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        order.append(message["type"])

    await protect()({"type": "websocket", "path": "/", "headers": [(b"host", b"evil.example")]}, receive, send)
    assert order == ["received", "websocket.close"]
