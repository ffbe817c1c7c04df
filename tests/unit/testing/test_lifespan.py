"""Startup and shutdown as the test client runs them."""

import asyncio

import pytest

from openviper.testing import AppTimeoutError, LifespanFailedError, ProtocolError, TestClient
from openviper.types import ASGIApp, Message, Receive, Scope, Send


def answering(*answers: Message) -> ASGIApp:
    """An app that sends one answer for each event of its lifespan."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for answer in answers:
            await receive()
            await send(answer)

    return app


async def test_failed_startup_is_raised_with_its_message() -> None:
    """A startup that the application reports as failed fails the test with the application's words."""
    app = answering({"type": "lifespan.startup.failed", "message": "no database at db.example"})
    with pytest.raises(LifespanFailedError, match=r"no database at db\.example") as raised:
        await TestClient(app).__aenter__()
    assert raised.value.phase == "startup"


async def test_cause_of_a_failed_startup_is_chained() -> None:
    """The error that the application raises after its report is the cause of the failure."""
    cause = OSError("refused")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
        raise cause

    with pytest.raises(LifespanFailedError) as raised:
        await TestClient(app).__aenter__()
    assert raised.value.__cause__ is cause


async def test_failed_shutdown_is_raised_with_its_message() -> None:
    """A shutdown that the application reports as failed fails the test too, when the block ends."""
    app = answering({"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.failed", "message": "stuck"})
    client = await TestClient(app).__aenter__()
    with pytest.raises(LifespanFailedError, match="stuck") as raised:
        await client.__aexit__(None, None, None)
    assert raised.value.phase == "shutdown"


async def test_failure_without_a_message_is_named() -> None:
    """A failure that the application does not explain is explained by the event."""
    with pytest.raises(LifespanFailedError, match=r"lifespan\.startup\.failed without a message"):
        await TestClient(answering({"type": "lifespan.startup.failed"})).__aenter__()


async def test_exception_in_the_startup_is_raised_as_it_is() -> None:
    """An application that raises instead of answering raises in the test."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError("no lifespan here")

    with pytest.raises(NotImplementedError, match="no lifespan here"):
        await TestClient(app).__aenter__()


async def test_application_that_dies_between_its_phases_is_noticed() -> None:
    """An application that raises after its startup raises in the test when the block ends."""
    lost = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await lost.wait()
        raise LookupError("listener lost")

    client = await TestClient(app).__aenter__()
    lost.set()
    with pytest.raises(LookupError, match="listener lost"):
        await client.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"type": "lifespan.shutdown.complete"}, "sent 'lifespan.shutdown.complete' while lifespan.startup"),
        ({"type": "http.response.start"}, "sent 'http.response.start' while lifespan.startup"),
    ],
)
async def test_wrong_answer_is_a_fault(answer: Message, complaint: str) -> None:
    """What is no answer to the startup breaks the protocol."""
    with pytest.raises(ProtocolError, match=complaint):
        await TestClient(answering(answer)).__aenter__()


async def test_second_answer_to_one_event_is_a_fault() -> None:
    """An answer without a question breaks the protocol, also when the application caught the error."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        try:
            await send({"type": "lifespan.startup.complete"})
        except AssertionError:
            await receive()

    with pytest.raises(ProtocolError, match="while no answer was due"):
        await TestClient(app).__aenter__()


async def test_application_that_returns_without_an_answer_is_a_fault() -> None:
    """A lifespan that ends before its answer would leave a server waiting."""
    with pytest.raises(ProtocolError, match=r"returned while lifespan\.startup\.complete or \.failed was due"):
        await TestClient(answering()).__aenter__()


async def test_startup_that_hangs_is_cancelled() -> None:
    """A startup that takes longer than the client waits is cancelled and named."""
    ended: list[bool] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    with pytest.raises(AppTimeoutError, match=r"lifespan\.startup took longer"):
        await TestClient(app, timeout=0.01).__aenter__()
    assert ended == [True]


async def test_application_that_waits_on_after_its_shutdown_is_ended() -> None:
    """An application that asks for another event after its last answer is cancelled, as servers do."""
    ended: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while True:
                event = await receive()
                await send({"type": f"{event['type']}.complete"})
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async with TestClient(app):
        pass
    assert ended == ["cancelled"]


async def test_client_can_be_entered_again() -> None:
    """Each block is a life of its own, with an empty state (C-119)."""
    states: list[dict[str, object]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        states.append(dict(scope["state"]))
        scope["state"]["used"] = True
        for _ in range(2):
            event = await receive()
            await send({"type": f"{event['type']}.complete"})

    client = TestClient(app)
    for _ in range(2):
        async with client:
            pass
    assert states == [{}, {}]
