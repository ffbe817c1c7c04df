"""Small ASGI applications for the tests of the test client."""

from collections.abc import Awaitable, Callable

import pytest

from openviper.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


@pytest.fixture
def answering() -> Callable[..., ASGIApp]:
    """Make an app that reads its request and answers every one alike."""

    def make(body: bytes = b"", status: int = 200, headers: list[tuple[bytes, bytes]] | None = None) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "http.response.start", "status": status, "headers": headers or []})
            await send({"type": "http.response.body", "body": body})

        return app

    return make


@pytest.fixture
def seen() -> list[Scope]:
    """The scopes that ``recording`` was called with."""
    return []


@pytest.fixture
def recording(seen: list[Scope]) -> ASGIApp:
    """An app that keeps its scopes and answers with the body that it got."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        body = b""
        while True:
            message = await receive()
            body += message["body"]
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


@pytest.fixture
def with_lifespan() -> Callable[..., ASGIApp]:
    """Make an app that runs one function at its startup, one at its shutdown, and one for every request."""

    def make(
        startup: Callable[[Scope], Awaitable[None]], shutdown: Callable[[Scope], Awaitable[None]], handle: Handler
    ) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "lifespan":
                await handle(scope, receive, send)
                return
            for phase, hook in (("startup", startup), ("shutdown", shutdown)):
                await receive()
                await hook(scope)
                await send({"type": f"lifespan.{phase}.complete"})

        return app

    return make
