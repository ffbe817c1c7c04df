"""The requests that are being answered."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from openviper.server.requests import OpenRequests
from openviper.types import ASGIApp, Message, Receive, Scope, Send

PATIENCE = 30.0


class Connection:
    """The server's side of one request: what it gives to the application, and what it gets."""

    def __init__(self, app: ASGIApp, kind: str = "http", **more: object) -> None:
        self.sent: list[Message] = []
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.scope: dict[str, Any] = {
            "type": kind,
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "http_version": "1.1",
            "client": ("127.0.0.1", "4711"),
            "server": ("127.0.0.1", "80"),
            **more,
        }
        self.task = asyncio.create_task(self._run(app))

    async def _run(self, app: ASGIApp) -> None:
        await app(self.scope, self.incoming.get, self._send)

    async def _send(self, message: Message) -> None:
        self.sent.append(message)


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204})
    await send({"type": "http.response.body"})


def talk(notes: list[Message]) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """An application that holds a conversation until it is told that it is over."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        while not notes or notes[-1]["type"] != "websocket.disconnect":
            notes.append(await receive())

    return app


async def test_scope_is_as_the_specification_has_it() -> None:
    """Ports are numbers, and each request has a copy of what the lifespan has left."""
    requests = OpenRequests(answer, access_log=False)
    requests.state = {"pool": 1}

    first, second = Connection(requests), Connection(requests)
    await asyncio.gather(first.task, second.task)

    assert first.scope["client"] == ("127.0.0.1", 4711)
    assert first.scope["server"] == ("127.0.0.1", 80)
    assert first.scope["state"] == {"pool": 1}
    assert first.scope["state"] is not second.scope["state"]


@pytest.mark.parametrize("peer", [None, ("", "0"), ("", 0)])
async def test_peer_of_a_unix_socket_has_no_address(peer: object) -> None:
    """What is no host is None."""
    connection = Connection(OpenRequests(answer, access_log=True), client=peer)
    await connection.task

    assert connection.scope["client"] is None


async def test_server_is_not_named() -> None:
    """A dash keeps granian from adding its name, and an application that has one keeps it."""

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"Server", b"mine")]})

    plain, own = Connection(OpenRequests(answer, access_log=False)), Connection(OpenRequests(named, access_log=False))
    await asyncio.gather(plain.task, own.task)

    assert plain.sent[0]["headers"] == [(b"server", b"-")]
    assert own.sent[0]["headers"] == [(b"Server", b"mine")]


async def test_error_before_the_answer_is_a_500() -> None:
    """Of an application that raises the client sees that, and nothing of the error."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("secret")

    page, talk = (
        Connection(OpenRequests(app, access_log=False)),
        Connection(OpenRequests(app, access_log=False), "websocket"),
    )
    await asyncio.gather(page.task, talk.task)

    assert [page.sent[0]["status"], page.sent[1]["body"]] == [500, b"Internal Server Error"]
    assert talk.sent == [{"type": "websocket.close", "code": 1011}]


async def test_error_within_the_answer_breaks_the_connection() -> None:
    """An answer that is cut short must not look complete, so the server gets the error."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        raise LookupError

    connection = Connection(OpenRequests(app, access_log=False))

    with pytest.raises(LookupError):
        await connection.task


async def test_websocket_is_over_when_the_server_stops() -> None:
    """The application sees a disconnect, its client the close code of a restart."""
    notes: list[Message] = []
    requests = OpenRequests(talk(notes), access_log=False)
    connection = Connection(requests, "websocket")
    await connection.incoming.put({"type": "websocket.receive", "text": "hello"})
    async with asyncio.timeout(PATIENCE):
        while not notes:
            await asyncio.sleep(0)

    requests.stop()
    await requests.wait_ended()
    await connection.task

    assert notes == [{"type": "websocket.receive", "text": "hello"}, {"type": "websocket.disconnect", "code": 1012}]
    assert connection.sent == [{"type": "websocket.accept"}, {"type": "websocket.close", "code": 1012}]


async def test_nothing_open_is_nothing_to_wait_for() -> None:
    """Waiting ends with the last request; a cancelled one is counted, and ends too."""

    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    requests = OpenRequests(endless, access_log=False)
    await requests.wait_ended()
    assert requests.cancel() == 0

    connections = [Connection(requests), Connection(requests)]
    await asyncio.sleep(0)
    assert requests.cancel() == 2
    async with asyncio.timeout(PATIENCE):
        await requests.wait_ended()
    results = await asyncio.gather(*(connection.task for connection in connections), return_exceptions=True)

    assert [type(result) for result in results] == [asyncio.CancelledError] * 2


async def test_access_log_names_the_outcome(caplog: pytest.LogCaptureFixture) -> None:
    """A request, a websocket that is accepted and one that is refused have one line each."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close", "code": 1008})

    with caplog.at_level("INFO"):
        await Connection(OpenRequests(answer, access_log=True), path="/ä", query_string=b"a=1").task
        await Connection(OpenRequests(refuse, access_log=True), "websocket").task
        await Connection(OpenRequests(answer, access_log=False)).task

    assert [record.getMessage() for record in caplog.records] == [
        '127.0.0.1:4711 - "GET /%C3%A4?a=1 HTTP/1.1" 204',
        '127.0.0.1:4711 - "WebSocket /" 403',
    ]
