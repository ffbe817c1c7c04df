"""The contract of a middleware."""

import pytest

from openviper import OpenViper
from openviper.exceptions import AuthenticationFailed, HTTPException, NotFound, TooManyRequests
from openviper.middleware.base import BaseMiddleware
from openviper.middleware.cors import CORSMiddleware
from openviper.middleware.errors import ErrorResponder
from openviper.middleware.security import SecurityMiddleware
from openviper.middleware.stack import MiddlewareEntry, build_middleware_stack
from openviper.testing import TestClient, override_settings
from openviper.types import ASGIApp, Message, Receive, Scope, Send

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
