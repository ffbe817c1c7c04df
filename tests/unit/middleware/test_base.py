"""The contract of a middleware."""

import pytest

from openviper.middleware.base import BaseMiddleware
from openviper.types import Message, Receive, Scope, Send


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
