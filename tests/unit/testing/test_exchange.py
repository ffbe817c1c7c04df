"""What the test client takes for a fault of the protocol."""

import asyncio

import pytest

from openviper.testing import ProtocolError, TestClient
from openviper.testing.exchange import cancel_and_wait
from openviper.types import ASGIApp, Message, Receive, Scope, Send

START: Message = {"type": "http.response.start", "status": 200, "headers": []}
END: Message = {"type": "http.response.body", "body": b""}


def sending(*messages: Message) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    return app


def start(status: object = 200, **fields: object) -> Message:
    return {"type": "http.response.start", "status": status, **fields}


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([END], "http.response.body was sent before http.response.start"),
        ([START, START], "a second http.response.start"),
        ([START], "before the response 200 was complete"),
        ([START, {**END, "more_body": True}], "before the response 200 was complete"),
        ([START, END, END], "http.response.body was sent after the response was complete"),
        ([START, END, START], "http.response.start was sent after the response was complete"),
        ([{"type": "websocket.accept"}], "'websocket.accept' is no message that a server takes here"),
        ([{}], "None is no message"),
        ([start("200"), END], "status '200' is no integer"),
        ([start(True), END], "status True is no integer"),
        ([start(99), END], "status 99 is no integer from 200 to 599"),
        ([start(headers=[("content-type", "text/plain")]), END], "no pair of two byte strings"),
        ([start(headers=[(b"a", b"b", b"c")]), END], "no pair of two byte strings"),
        ([start(headers=[(b"Content-Type", b"text/plain")]), END], "no token in lower case"),
        ([start(headers=[(b"", b"x")]), END], "no token in lower case"),
        ([start(headers=[(b"x", b"a\r\nset-cookie: b")]), END], "line break or NUL"),
        ([START, {**END, "body": "text"}], "body must be bytes"),
        ([START, {**END, "more_body": 1}], "more_body a bool"),
        ([start(204), {**END, "body": b"x"}], "a 204 response has no body"),
        ([start(304), {**END, "body": b"x"}], "a 304 response has no body"),
        ([start(204, headers=[(b"content-length", b"0")]), END], "a 204 response carries no content-length"),
        ([start(headers=[(b"content-length", b"5")]), {**END, "body": b"x"}], "content-length is 5, the body has 1"),
    ],
)
async def test_message_that_a_server_would_not_take_is_a_fault(messages: list[Message], complaint: str) -> None:
    """Each breach of ASGI or HTTP fails the test and says what was sent, to which request."""
    with pytest.raises(ProtocolError, match=f"GET /page: .*{complaint}"):
        await TestClient(sending(*messages)).get("/page")


async def test_fault_that_the_application_caught_is_still_a_fault() -> None:
    """An error layer that answers its own mistake does not hide it from the test."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(start(2000))
        except AssertionError:
            await send(start(500))
            await send(END)

    with pytest.raises(ProtocolError, match="status 2000"):
        await TestClient(app).get("/")


async def test_fault_comes_before_the_exception_that_it_led_to() -> None:
    """When the application fails because of its own wrong message, the message is what the test is told."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await send(END)
        except AssertionError as error:
            raise KeyError("hidden") from error

    with pytest.raises(ProtocolError, match=r"before http\.response\.start"):
        await TestClient(app).get("/")


async def test_smallest_messages_are_enough() -> None:
    """Headers, body and more_body may be left out, as the specification says."""
    response = await TestClient(
        sending({"type": "http.response.start", "status": 201}, {"type": "http.response.body"})
    ).get("/")
    assert (response.status_code, response.content, len(response.headers)) == (201, b"", 0)


async def test_pieces_of_a_body_are_put_together() -> None:
    """A streamed response is one body for the test."""
    pieces = [{"type": "http.response.body", "body": piece, "more_body": True} for piece in (b"a", b"", b"b")]
    response = await TestClient(sending(START, *pieces, END)).get("/")
    assert response.content == b"ab"


async def test_client_disconnects_after_the_response() -> None:
    """An application that asks on after the response is told that the client has gone."""
    events: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        events.append((await receive())["type"])
        await send(START)
        await send(END)
        events.append((await receive())["type"])
        events.append((await receive())["type"])

    await TestClient(app).get("/")
    assert events == ["http.request", "http.disconnect", "http.disconnect"]


async def test_work_after_the_response_is_waited_for() -> None:
    """The client answers when the application has ended, so what it does after its response is done by then."""
    done: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        await send(END)
        await asyncio.sleep(0)
        done.append(True)

    await TestClient(app).get("/")
    assert done == [True]


async def test_length_of_a_head_answer_is_that_of_the_content() -> None:
    """An answer to HEAD may announce the length of a body that it leaves out."""
    response = await TestClient(sending(start(headers=[(b"content-length", b"99")]), END)).head("/")
    assert response.headers["content-length"] == "99"


async def test_application_that_cannot_be_cancelled_is_named() -> None:
    """A task that swallows its cancellation is reported instead of being waited for without an end."""
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stubborn(), name="app for GET /")
    await asyncio.sleep(0)
    with pytest.raises(ProtocolError, match=r"app for GET / was cancelled and still runs after 0\.01 s"):
        await cancel_and_wait(task, seconds=0.01)
    release.set()
    await task
