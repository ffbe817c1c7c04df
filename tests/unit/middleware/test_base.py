"""The contract of a middleware."""

from collections.abc import Awaitable, Callable

import pytest

from openviper import OpenViper, PlainTextResponse, Request
from openviper.exceptions import AuthenticationFailed, HTTPException, NotFound, PermissionDenied, TooManyRequests
from openviper.middleware.base import BaseMiddleware, HookedMiddleware
from openviper.middleware.cors import CORSMiddleware
from openviper.middleware.errors import ErrorResponder
from openviper.middleware.security import SecurityMiddleware
from openviper.middleware.stack import MiddlewareEntry, build_middleware_stack
from openviper.testing import TestClient, override_settings
from openviper.types import ASGIApp, Message, RawHeaders, Receive, Scope, Send

SHOP = "https://shop.example"


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    scope["reached"] = True


async def _receive() -> Message:
    return {}


async def _send(message: Message) -> None: ...


async def test_subclass_calls_the_next_application() -> None:
    """A subclass overrides the call and finds the next application in `app` (C-110)."""

    class Note(BaseMiddleware):
        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            scope["noted"] = scope["type"]
            await self.app(scope, receive, send)

    scope: Scope = {"type": "anything"}
    await Note(_app)(scope, _receive, _send)
    assert scope == {"type": "anything", "noted": "anything", "reached": True}


def test_subclass_without_a_call_cannot_be_built() -> None:
    """A middleware that forgot its method is found out when the stack is built."""

    class Forgot(BaseMiddleware): ...

    with pytest.raises(TypeError, match="__call__"):
        Forgot(_app)  # type: ignore[abstract]  # the point of the test


class RefusingBackend:
    """Knows nobody, and says so."""

    async def authenticate(self, scope: Scope) -> None:
        raise AuthenticationFailed("This key is not known.")


class Raising(BaseMiddleware):
    """Raises before the response, or in the middle of it."""

    def __init__(self, app: ASGIApp, *, error: HTTPException, begins: bool = False) -> None:
        super().__init__(app)
        self.error = error
        self.begins = begins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise self.error


async def test_answer_to_an_error_of_a_middleware_has_the_headers_of_those_around_it() -> None:
    """A page of an allowed origin can read the 401 of a backend, which is protected like any other response."""
    with override_settings(CORS_ALLOWED_ORIGINS=(SHOP,), AUTH_BACKENDS=(f"{__name__}.RefusingBackend",)):
        async with TestClient(OpenViper(routes=[], debug=False)) as client:
            response = await client.get("/", headers={"origin": SHOP})
    assert (response.status_code, response.json()) == (401, {"detail": "This key is not known."})
    assert response.headers["access-control-allow-origin"] == SHOP
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["www-authenticate"] == "Bearer"


async def test_error_between_two_middleware_is_answered_inside_the_outer_one() -> None:
    """With CORS switched off, or inside of what raised, the outer one still adds its headers."""
    layers: list[MiddlewareEntry] = [
        (SecurityMiddleware, {"allowed_hosts": ["testserver"]}),
        (Raising, {"error": TooManyRequests(30)}),
    ]
    stack = build_middleware_stack(_app, layers, responder=ErrorResponder({}, debug=False))
    response = await TestClient(stack).get("/")
    assert (response.status_code, response.headers["retry-after"]) == (429, "30")
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_handler_of_the_project_answers_errors_of_a_middleware() -> None:
    """``exception_handler`` counts for them as it does for those of handlers."""
    with override_settings(AUTH_BACKENDS=(f"{__name__}.RefusingBackend",)):
        app = OpenViper(routes=[], debug=False)

        @app.exception_handler(AuthenticationFailed)
        async def send_to_login(request: object, error: AuthenticationFailed) -> tuple[str, int]:
            return "log in first", 403

        async with TestClient(app) as client:
            response = await client.get("/")
    assert (response.status_code, response.text) == (403, "log in first")
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("layer", "options"),
    [(SecurityMiddleware, {"allowed_hosts": ["testserver"]}), (CORSMiddleware, {"allowed_origins": [SHOP]})],
)
async def test_error_after_the_start_passes(layer: type[BaseMiddleware], options: dict[str, object]) -> None:
    """A response that has begun cannot be another one; the error goes on to the server."""
    layers: list[MiddlewareEntry] = [(layer, options), (Raising, {"error": NotFound(), "begins": True})]
    stack = build_middleware_stack(_app, layers, responder=ErrorResponder({}, debug=False))
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"testserver")]}
    with pytest.raises(NotFound):
        await stack(scope, _receive, send)
    assert [message["type"] for message in sent] == ["http.response.start"]


async def test_stack_without_an_application_lets_errors_pass() -> None:
    """Where nothing builds answers, whoever called the stack gets the error itself."""
    error = NotFound()
    layers: list[MiddlewareEntry] = [(CORSMiddleware, {"allowed_origins": [SHOP]}), (Raising, {"error": error})]
    scope: Scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(NotFound) as caught:
        await build_middleware_stack(_app, layers)(scope, _receive, _send)
    assert caught.value is error


class Stamping(HookedMiddleware):
    """Notes what it sees, refuses the path that it is given, and stamps every response."""

    def __init__(self, app: ASGIApp, *, name: str = "inner", refuses: str = "/refused") -> None:
        super().__init__(app)
        self.name = name
        self.refuses = refuses

    def on_request(self, scope: Scope) -> ASGIApp | None:
        scope.setdefault("seen", []).append(self.name)
        return PlainTextResponse("no", 403) if scope["path"] == self.refuses else None

    def on_response(self, scope: Scope, status: int, headers: RawHeaders) -> None:
        headers.append((b"x-stamp", f"{self.name}-{status}".encode()))


class Shouting(HookedMiddleware):
    """Replaces bodies, in memory or not."""

    async def on_body(self, scope: Scope, status: int, headers: RawHeaders, body: bytes) -> bytes:
        return body.upper()

    def wrap_send(self, scope: Scope, send: Send) -> Send:
        async def send_upper(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": message.get("body", b"").upper()}
            await send(message)

        return send_upper

    def wrap_receive(self, scope: Scope, receive: Receive) -> Receive:
        async def receive_upper() -> Message:
            message = await receive()
            return {**message, "body": message.get("body", b"").upper()}

        return receive_upper


class Layered(Stamping):
    """Has a call of its own, which must not be passed over."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("seen", []).append("call")
        await super().__call__(scope, receive, send)


class Foreign:
    """A layer of another framework, which knows no hooks."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


async def _streamed(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in ", "more_body": True})
    await send({"type": "http.response.body", "body": b"parts"})


async def _broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise NotFound("Gone away.")


def _hooked_app(*middleware: MiddlewareEntry) -> OpenViper:
    app = OpenViper(middleware=middleware, routes=[], debug=False)

    @app.get("/")
    async def home() -> dict[str, str]:
        return {"hello": "world"}

    @app.get("/fault")
    async def fault() -> None:
        raise ValueError("of the handler")

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.get("/seen")
    async def seen(request: Request) -> object:
        return request.scope["seen"]

    @app.post("/echo")
    async def echo(request: Request) -> str:
        return (await request.body()).decode()

    app.mount("/streamed", _streamed)
    app.mount("/broken", _broken)
    return app


OUTER = (Stamping, {"name": "outer", "refuses": ""})


@pytest.fixture(params=["fused", "around a foreign layer", "as layers"])
def stacked(request: pytest.FixtureRequest) -> Callable[..., OpenViper]:
    """Build an application whose hooks are called directly, or by their own layers."""

    def build(*middleware: MiddlewareEntry) -> OpenViper:
        if request.param == "fused":
            return _hooked_app(*middleware)
        if request.param == "as layers":
            return _hooked_app(*middleware, Foreign)
        return _hooked_app(middleware[0], Foreign, *middleware[1:])

    return build


@pytest.mark.parametrize(
    ("path", "status", "stamps"),
    [
        ("/", 200, ["inner-200", "outer-200"]),
        ("/nowhere", 404, ["inner-404", "outer-404"]),
        ("/fault", 500, ["inner-500", "outer-500"]),
        ("/refused", 403, ["inner-403", "outer-403"]),
        ("/streamed/a", 200, ["inner-200", "outer-200"]),
        ("/broken/a", 404, ["inner-404", "outer-404"]),
    ],
)
async def test_every_response_passes_the_hooks_inside_out(
    stacked: Callable[..., OpenViper], path: str, status: int, stamps: list[str]
) -> None:
    """Answers, errors, streams and refusals are completed by the layers that the request had entered."""
    async with TestClient(stacked(OUTER, Stamping)) as client:
        response = await client.get(path)
    assert response.status_code == status
    assert response.headers.getlist("x-stamp") == stamps


async def test_refusal_is_completed_by_the_layers_that_were_entered(stacked: Callable[..., OpenViper]) -> None:
    """What the outermost layer refuses, the inner ones never see."""
    async with TestClient(stacked((Stamping, {"name": "outer", "refuses": "/"}), Stamping)) as client:
        response = await client.get("/")
    assert (response.status_code, response.headers.getlist("x-stamp")) == (403, ["outer-403"])


async def test_requests_pass_the_hooks_outside_in(stacked: Callable[..., OpenViper]) -> None:
    """The first of the list sees a request first."""
    async with TestClient(stacked(OUTER, Stamping)) as client:
        response = await client.get("/seen")
    assert response.json() == ["outer", "inner"]


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [("GET", "/", b"", '{"HELLO":"WORLD"}'), ("GET", "/streamed/", b"", "IN PARTS"), ("POST", "/echo", b"hi", "HI")],
)
async def test_bodies_pass_the_hooks_for_bodies(
    stacked: Callable[..., OpenViper], method: str, path: str, body: bytes, text: str
) -> None:
    """A body in memory is replaced whole, that of a stream piece by piece, and the length is right."""
    async with TestClient(stacked(OUTER, Shouting)) as client:
        response = await client.request(method, path, content=body)
    assert response.text == text


async def test_class_with_a_call_of_its_own_stays_a_layer() -> None:
    """A subclass that overrides the call is called."""
    async with TestClient(_hooked_app(Layered)) as client:
        response = await client.get("/seen")
    assert response.json() == ["call", "inner"]


@pytest.mark.parametrize(
    ("error", "status"), [(LookupError("no such header"), 500), (PermissionDenied("Not that."), 403)]
)
async def test_answer_to_a_hook_that_fails_passes_the_layers_around_it(
    stacked: Callable[..., OpenViper], caplog: pytest.LogCaptureFixture, error: Exception, status: int
) -> None:
    """A fault on a response costs the client that answer, and the one in its place has what the outer layers add."""

    class Failing(HookedMiddleware):
        def on_response(self, scope: Scope, status: int, headers: RawHeaders) -> None:
            raise error

    async with TestClient(stacked(OUTER, Failing, Stamping)) as client:
        response = await client.get("/")
    assert response.status_code == status
    assert response.headers.getlist("x-stamp") == [f"outer-{status}"]
    assert len(caplog.records) == (1 if status == 500 else 0)


async def test_outer_layer_minds_what_an_inner_one_says(stacked: Callable[..., OpenViper]) -> None:
    """Layers complete a response one after the other: what an inner one has set is there for the body of an outer."""

    class Obedient(HookedMiddleware):
        async def on_body(self, scope: Scope, status: int, headers: RawHeaders, body: bytes) -> bytes:
            return body if (b"x-stamp", b"inner-200") in headers else body.upper()

    async with TestClient(stacked(Obedient, Stamping)) as client:
        response = await client.get("/")
    assert response.text == '{"hello":"world"}'


class OnlyBodies(HookedMiddleware):
    """Replaces bodies in memory, and has nothing for streams."""

    async def on_body(self, scope: Scope, status: int, headers: RawHeaders, body: bytes) -> bytes:
        return body + b"!"


class OnlyMessages(HookedMiddleware):
    """Sees messages, whatever the body is."""

    def wrap_send(self, scope: Scope, send: Send) -> Send:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"x-seen", b"yes")]}
            await send(message)

        return send_marked


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", '{"hello":"world"}!'),
        ("/plain", "plain!"),
        ("/streamed/", "in parts"),
        ("/nowhere", '{"detail":"Not found."}!'),
    ],
)
async def test_hooks_for_bodies_and_for_messages_work_in_any_place(
    stacked: Callable[..., OpenViper], path: str, text: str
) -> None:
    """A layer with the hook for bodies alone, and one with that for messages alone, see every response of theirs."""
    async with TestClient(stacked(OnlyMessages, OnlyBodies)) as client:
        response = await client.get(path)
        head = await client.head(path)
    assert (response.text, response.headers["x-seen"]) == (text, "yes")
    assert head.headers["x-seen"] == "yes"


async def test_plain_hook_may_give_an_awaitable(stacked: Callable[..., OpenViper]) -> None:
    """A decorator that hides an async hook does no harm."""

    class Hidden(HookedMiddleware):
        def on_request(self, scope: Scope) -> Awaitable[ASGIApp | None]:
            async def refuse() -> ASGIApp | None:
                return PlainTextResponse("no", 403) if scope["path"] == "/refused" else None

            return refuse()

    async with TestClient(stacked(Hidden, Stamping)) as client:
        refused, served = await client.get("/refused"), await client.get("/")
    assert (refused.status_code, served.status_code) == (403, 200)


async def test_early_answer_is_a_response(stacked: Callable[..., OpenViper]) -> None:
    """Data is what handlers return; a hook that gives some is a fault."""

    class Mistaken(HookedMiddleware):
        def on_request(self, scope: Scope) -> ASGIApp | None:
            return b"{}"  # type: ignore[return-value]  # the point of the test

    async with TestClient(stacked(Mistaken, Stamping)) as client:
        assert (await client.get("/")).status_code == 500


async def test_websocket_passes_the_layers_of_the_hooks() -> None:
    """Fused middleware still handles a websocket."""

    class Closing(HookedMiddleware):
        async def serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.close", "code": 4001})

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async with TestClient(app := _hooked_app(Stamping, Closing)):
        await app({"type": "websocket", "path": "/", "headers": []}, _receive, send)
    assert [message["code"] for message in sent] == [4001]


async def test_layer_without_an_application_lets_errors_pass() -> None:
    """Around an application of another framework there is nobody who builds answers."""
    with pytest.raises(NotFound, match="Gone"):
        await Stamping(_broken)({"type": "http", "path": "/"}, _receive, _send)
