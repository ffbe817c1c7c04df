"""TestClient: requests, redirects, cookies, contexts and the life of the application."""

from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar

import pytest
from starlette.applications import Starlette
from starlette.requests import Request as StarletteRequest
from starlette.responses import StreamingResponse
from starlette.routing import Route

from openviper.core.anonymous import AnonymousUser
from openviper.core.context import current_user
from openviper.testing import (
    AppTimeoutError,
    ProtocolError,
    ResponseTooLargeError,
    TestClient,
    TestResponse,
    TooManyRedirectsError,
)
from openviper.types import ASGIApp, Receive, Scope, Send

mark: ContextVar[str] = ContextVar("mark", default="clean")


def redirecting(status: int, location: str) -> ASGIApp:
    """An app that sends everything but the path ``/end`` to another address and tells there how it was asked."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive()).get("body", b"")
        if scope["path"] == "/end":
            names = b" ".join(
                sorted(name for name, _ in scope["headers"] if name in (b"authorization", b"content-type", b"cookie"))
            )
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"|".join([scope["method"].encode(), body, names])})
            return
        await send({"type": "http.response.start", "status": status, "headers": [(b"location", location.encode())]})
        await send({"type": "http.response.body"})

    return app


async def test_client_without_a_block_sends_no_lifespan_events(recording: ASGIApp, seen: list[Scope]) -> None:
    """A client used without its block calls the application for requests only."""
    await TestClient(recording).get("/")
    assert [scope["type"] for scope in seen] == ["http"]


async def test_block_starts_and_stops_the_application(with_lifespan: Callable[..., ASGIApp]) -> None:
    """Entering the block runs the startup before the first request, leaving it runs the shutdown (A-02)."""
    events: list[str] = []

    async def startup(scope: Scope) -> None:
        events.append("startup")

    async def shutdown(scope: Scope) -> None:
        events.append("shutdown")

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        events.append(scope["path"])
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with TestClient(with_lifespan(startup, shutdown, handle)) as client:
        await client.get("/first")
    assert events == ["startup", "/first", "shutdown"]


async def test_state_of_the_lifespan_is_copied_into_each_request(with_lifespan: Callable[..., ASGIApp]) -> None:
    """What the startup leaves in its state is in that of every request; what a request adds is in its own only."""
    states: list[dict[str, object]] = []

    async def startup(scope: Scope) -> None:
        scope["state"]["pool"] = "open"

    async def shutdown(scope: Scope) -> None:
        pass

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        states.append(dict(scope["state"]))
        scope["state"]["mine"] = True
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with TestClient(with_lifespan(startup, shutdown, handle)) as client:
        await client.get("/")
        await client.get("/")
    assert states == [{"pool": "open"}, {"pool": "open"}]


async def test_block_inside_its_own_block_is_refused(with_lifespan: Callable[..., ASGIApp]) -> None:
    """A client in use cannot be entered again; the application would start twice."""

    async def nothing(*_: object) -> None:
        pass

    async with TestClient(with_lifespan(nothing, nothing, nothing)) as client:
        with pytest.raises(RuntimeError, match="in use already"):
            await client.__aenter__()


async def test_context_variables_of_the_application_stay_inside(with_lifespan: Callable[..., ASGIApp]) -> None:
    """What a request or a hook sets in a context variable reaches neither the test nor the next request (C-007)."""
    values: list[str] = []

    async def startup(scope: Scope) -> None:
        mark.set("startup")

    async def shutdown(scope: Scope) -> None:
        pass

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        values.append(mark.get())
        mark.set("request")
        current_user.set(AnonymousUser("left behind"))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    async with TestClient(with_lifespan(startup, shutdown, handle)) as client:
        await client.get("/")
        await client.get("/")
    assert values == ["clean", "clean"]
    assert (mark.get(), current_user.get()) == ("clean", None)


async def test_context_variables_of_the_test_are_seen_by_the_application() -> None:
    """A request runs in a copy of the test's context, as the child task of a task does (C-007)."""
    values: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        values.append(mark.get())
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    token = mark.set("from the test")
    try:
        await TestClient(app).get("/")
    finally:
        mark.reset(token)
    assert values == ["from the test"]


async def test_exception_of_the_application_reaches_the_test() -> None:
    """What the application raises is raised in the test, as the same object."""
    error = LookupError("nobody there")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    with pytest.raises(LookupError) as raised:
        await TestClient(app).get("/")
    assert raised.value is error


async def test_timeout_of_the_application_itself_is_not_taken_for_that_of_the_client() -> None:
    """A TimeoutError that the application raises is its own, however the client's time stands."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise TimeoutError("database")

    with pytest.raises(TimeoutError, match="database") as raised:
        await TestClient(app).get("/")
    assert not isinstance(raised.value, AppTimeoutError)


async def test_application_that_does_not_end_is_cancelled() -> None:
    """After the client's timeout the application is cancelled and the test is told what took too long."""
    ended: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await receive()  # waits for a disconnect that does not come
        finally:
            ended.append(True)

    with pytest.raises(AppTimeoutError, match=r"GET /slow took longer than 0\.01 s"):
        await TestClient(app, timeout=0.01).get("/slow")
    assert ended == [True]


async def test_body_over_the_limit_is_refused() -> None:
    """A response that goes on and on is stopped at the limit, also when the application catches the error."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"x" * 400, "more_body": True})
        except ValueError:
            return

    with pytest.raises(ResponseTooLargeError, match="1000 bytes"):
        await TestClient(app, max_response_bytes=1000).get("/")


async def test_streamed_request_is_delivered_piece_by_piece() -> None:
    """An async iterable is read as the application asks for it: a piece is there before the next one is made."""
    order: list[str] = []

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"one", b"two"):
            order.append(f"made {piece.decode()}")
            yield piece

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            order.append(f"got {message['body'].decode()}")
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    await TestClient(app).post("/", content=pieces())
    assert order == ["made one", "got one", "made two", "got two", "got "]


async def test_unread_generator_is_closed(answering: Callable[..., ASGIApp]) -> None:
    """A generator that the application stopped reading has been closed when the response is there."""
    closed: list[bool] = []

    async def pieces() -> AsyncIterator[bytes]:
        try:
            yield b"one"
            yield b"two"
        finally:
            closed.append(True)

    await TestClient(answering()).post("/", content=pieces())
    assert closed == [True]


@pytest.mark.parametrize("method", ["get", "head", "options", "post", "put", "patch", "delete"])
async def test_shortcut_sends_its_method(recording: ASGIApp, seen: list[Scope], method: str) -> None:
    """Each method of HTTP has a method of the client."""
    send = getattr(TestClient(recording), method)
    response: TestResponse = await send("/")
    assert (seen[0]["method"], response.status_code) == (method.upper(), 200)


async def test_head_has_no_body(answering: Callable[..., ASGIApp]) -> None:
    """The body of an answer to HEAD is dropped, as a server does; its length may still be announced."""
    response = await TestClient(answering(b"hello", headers=[(b"content-length", b"5")])).head("/")
    assert (response.content, response.headers["content-length"]) == (b"", "5")


async def test_headers_of_the_client_go_with_every_request(recording: ASGIApp, seen: list[Scope]) -> None:
    """A header of one request wins over the client's header of that name, in any case of its letters."""
    client = TestClient(recording, headers={"Authorization": "Bearer a", "X-Kept": "yes"})
    await client.get("/", headers={"authorization": "Bearer b"})
    fields = dict(seen[0]["headers"])
    assert (fields[b"authorization"], fields[b"x-kept"]) == (b"Bearer b", b"yes")


async def test_cookies_are_kept_between_requests() -> None:
    """A cookie that one response sets goes with the next request, and the test can read and change the jar."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        sent = dict(scope["headers"]).get(b"cookie", b"none")
        headers = [(b"set-cookie", b"session=abc; Path=/; HttpOnly")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": sent})

    client = TestClient(app)
    first = await client.get("/")
    second = await client.get("/", cookies={"theme": "dark"})
    client.cookies.delete("session")
    third = await client.get("/")
    assert [first.text, second.text, third.text] == ["none", "theme=dark; session=abc", "none"]
    assert (first.cookies, client.cookies["session"]) == ({"session": "abc"}, "abc")


async def test_redirect_is_an_answer_by_default() -> None:
    """A redirect is given to the test as it is."""
    response = await TestClient(redirecting(302, "/end")).get("/")
    assert (response.status_code, response.is_redirect, response.history) == (302, True, [])


@pytest.mark.parametrize(
    ("status", "asked", "then"),
    [(301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (303, "HEAD", "HEAD"), (302, "PUT", "PUT")],
)
async def test_redirected_method_is_that_of_a_browser(status: int, asked: str, then: str) -> None:
    """301 and 302 turn POST into GET, 303 turns everything but HEAD; a dropped body takes its headers along."""
    client = TestClient(redirecting(status, "/end"))
    response = await client.request(asked, "/", json={"a": 1}, follow_redirects=True)
    assert response.text == {"GET": "GET||", "HEAD": "", "PUT": 'PUT|{"a":1}|content-type'}[then]
    assert [past.status_code for past in response.history] == [status]


@pytest.mark.parametrize("status", [307, 308])
async def test_redirect_that_keeps_the_method_keeps_the_body(status: int) -> None:
    """307 and 308 repeat the request as it was."""
    response = await TestClient(redirecting(status, "end")).post("/start", json=[1], follow_redirects=True)
    assert response.text == "POST|[1]|content-type"


async def test_redirect_cannot_repeat_an_iterator() -> None:
    """A body that is read once cannot be sent twice, and the test is told so."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"

    with pytest.raises(TypeError, match="an iterator is read once"):
        await TestClient(redirecting(307, "/end")).post("/", content=pieces(), follow_redirects=True)


async def test_credentials_do_not_go_to_another_host() -> None:
    """A redirect to another host leaves the Authorization header and cookies behind and asks that host."""
    client = TestClient(redirecting(302, "http://elsewhere.example/end"), headers={"Authorization": "Bearer a"})
    response = await client.get("/", cookies={"session": "a"}, follow_redirects=True)
    assert (response.text, response.url) == ("GET||", "http://elsewhere.example/end")
    response = await client.get("/", headers={"cookie": "session=a"}, follow_redirects=True)
    assert response.text == "GET||"


async def test_endless_redirects_end() -> None:
    """After twenty redirects the client gives up and names the last addresses."""
    with pytest.raises(TooManyRedirectsError, match=r"http://testserver/again -> http://testserver/again") as raised:
        await TestClient(redirecting(302, "/again")).get("/", follow_redirects=True)
    assert len(raised.value.urls) == 21


async def test_response_speaks_for_itself(answering: Callable[..., ASGIApp]) -> None:
    """A response shows its status, method and address when an assertion fails."""
    response = await TestClient(answering(status=404)).get("/missing?page=2")
    assert repr(response) == "<TestResponse 404 of GET http://testserver/missing?page=2>"


async def test_application_of_another_framework_is_called_alike() -> None:
    """An application of Starlette, streaming both ways, works as any ASGI application does."""

    async def shout(request: StarletteRequest) -> StreamingResponse:
        pieces = [piece.upper() async for piece in request.stream()]
        return StreamingResponse(iter(pieces))

    async def pieces() -> AsyncIterator[bytes]:
        yield b"quiet "
        yield b"words"

    async with TestClient(Starlette(routes=[Route("/", shout, methods=["POST"])])) as client:
        response = await client.post("/", content=pieces())
    assert response.text == "QUIET WORDS"


async def test_protocol_error_is_an_assertion_error() -> None:
    """A broken protocol counts as a failed assertion of the test."""

    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    with pytest.raises(AssertionError, match="GET /: the application returned without starting a response") as raised:
        await TestClient(silent).get("/")
    assert isinstance(raised.value, ProtocolError)
