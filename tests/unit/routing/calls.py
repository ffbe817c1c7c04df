"""One request to a handler, through its route and its plan, without an application around it."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from openviper.exceptions import HTTPException
from openviper.http.response import Response
from openviper.primitives.json import decode
from openviper.routing.plan import compile_plan
from openviper.routing.route import Route
from openviper.types import Message, Scope

JSON = [(b"content-type", b"application/json")]


async def call(
    handler: Callable[..., object],
    path: str = "/",
    values: Sequence[object] = (),
    *,
    query: bytes = b"",
    body: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
    app: object = None,
    limit: int = 10_000,
    method: str = "POST",
) -> Any:
    """Give what the handler returned, decoded where it is JSON; a response of another kind as it is."""
    answer = await answer_of(
        handler, path, values, query=query, body=body, headers=headers, app=app, limit=limit, method=method
    )
    return decode(answer) if isinstance(answer, bytes) else answer


async def answer_of(
    handler: Callable[..., object],
    path: str = "/",
    values: Sequence[object] = (),
    *,
    query: bytes = b"",
    body: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
    app: object = None,
    limit: int = 10_000,
    method: str = "POST",
) -> Any:
    """Give what the plan of the handler answers."""
    route = Route.build(path, handler, methods=(method,), name=None)
    route.check_complete()
    scope: Scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": list(headers)}
    if app is not None:
        scope["app"] = app
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return await compile_plan(route, max_body_bytes=limit)(scope, receive, values)


async def refusal(handler: Callable[..., object], **request: Any) -> tuple[int, Any]:
    """Give status and detail of what the handler's arguments are refused with."""
    with pytest.raises(HTTPException) as caught:
        await call(handler, **request)
    return caught.value.status_code, caught.value.detail


async def faults(handler: Callable[..., object], **request: Any) -> list[tuple[str, list[object], str]]:
    """Give part, path and kind of every fault of a 422."""
    status, detail = await refusal(handler, **request)
    assert status == 422, detail
    return [(one["in"], one["path"], one["type"]) for one in detail]


def make_app() -> SimpleNamespace:
    """Make what a plan asks of the application in its scope."""
    return SimpleNamespace(dependency_overrides={}, lasting_dependencies=None)


async def send_all(response: Response) -> tuple[dict[bytes, bytes], bytes]:
    """Send a response; give its headers and its body."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    await response({"type": "http", "method": "GET", "headers": [], "openviper.body": None}, receive, send)
    return dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])
