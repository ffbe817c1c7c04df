"""The log of queries that each request has in debug."""

from openviper.core.queries import QUERIES, QueryLog, QueryRecord, query_logs
from openviper.middleware.queries import QueryNotesMiddleware
from openviper.types import Message, Receive, Scope, Send

RECORD = QueryRecord("default", "SELECT 1", (), 0.0, "here")


async def receive() -> Message:
    """Nothing is asked for."""
    raise NotImplementedError


async def send(message: Message) -> None:
    """Nothing is sent."""


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that sends one query."""
    for log in query_logs.get():
        log.add(RECORD)


async def test_request_has_a_log_of_its_own() -> None:
    """What the application sends is in the scope of its request, and nothing is noted afterwards."""
    app = QueryNotesMiddleware(inner)
    scopes: list[Scope] = [{"type": "http"}, {"type": "http"}]
    for scope in scopes:
        await app(scope, receive, send)
    await inner({}, receive, send)
    assert [scope[QUERIES].records for scope in scopes] == [[RECORD], [RECORD]]
    assert query_logs.get() == ()


async def test_outer_log_sees_all() -> None:
    """An application inside another one leaves the log to it; what is no request has none."""
    log = QueryLog()
    scope: Scope = {"type": "http", QUERIES: log}
    await QueryNotesMiddleware(inner)(scope, receive, send)
    other: Scope = {"type": "websocket"}
    await QueryNotesMiddleware(inner)(other, receive, send)
    assert scope[QUERIES] is log
    assert QUERIES not in other
