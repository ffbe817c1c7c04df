"""What starts before the first request and stops after the last one."""

import asyncio

import pytest

from openviper.app.life import Life, describe_failure, refuse_lifespan
from openviper.apps.sequence import Step
from openviper.types import Message, Scope


class _Server:
    """Sends lifespan events and keeps the answers."""

    def __init__(self, *events: str) -> None:
        self.scope: Scope = {"type": "lifespan"}
        self._events = list(events)
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        return {"type": f"lifespan.{self._events.pop(0)}"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


def _life(log: list[str], *names: str, fail: str = "") -> Life:
    def step(name: str) -> Step:
        async def start() -> None:
            log.append(f"+{name}")
            if name == fail:
                raise RuntimeError(f"{name} is broken")

        async def stop() -> None:
            log.append(f"-{name}")

        return Step(name, start, stop)

    return Life(lambda: [step(name) for name in names], hook_timeout=lambda: 5.0)


async def test_everything_starts_in_order_and_stops_in_reverse() -> None:
    """Steps first, then on_startup handlers, sync or async, in order; on_shutdown handlers before the steps stop."""
    log: list[str] = []
    life = _life(log, "db", "apps")

    async def started() -> None:
        log.append("+async")

    life.on_startup += [started, lambda: log.append("+sync")]
    life.on_shutdown += [lambda: log.append("-first"), lambda: log.append("-second")]
    server = _Server("startup", "shutdown")
    await life.serve_lifespan(server.scope, server.receive, server.send)

    assert log == ["+db", "+apps", "+async", "+sync", "-first", "-second", "-apps", "-db"]
    assert [message["type"] for message in server.sent] == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert not life.is_running


async def test_failed_start_is_undone_and_told_to_the_server() -> None:
    """The server learns why, and nothing that had started is left running."""
    log: list[str] = []
    life = _life(log, "db", "apps", "late", fail="apps")
    server = _Server("startup")
    await life.serve_lifespan(server.scope, server.receive, server.send)
    assert log == ["+db", "+apps", "-db"]
    assert server.sent == [{"type": "lifespan.startup.failed", "message": "apps is broken"}]


async def test_failing_handler_undoes_the_steps_and_both_errors_are_told() -> None:
    """An error of the clean-up stands below the one that led to it."""

    async def fine() -> None: ...

    life = Life(lambda: [Step("the pool", fine, _refuse)], hook_timeout=lambda: None)

    @life.on_startup.append
    def broken() -> None:
        raise ValueError("no broker")

    server = _Server("startup")
    await life.serve_lifespan(server.scope, server.receive, server.send)
    message = server.sent[0]["message"]
    assert message.startswith("no broker\n")
    assert "the pool" in message
    assert "will not stop" in message


async def _refuse() -> None:
    raise RuntimeError("will not stop")


async def test_every_shutdown_handler_runs_and_failures_come_together() -> None:
    """One that fails does not keep the others, nor the steps, from stopping (A-46)."""
    log: list[str] = []
    life = _life(log, "db")

    def fail(word: str) -> None:
        raise RuntimeError(word)

    life.on_shutdown += [lambda: fail("one"), lambda: fail("two"), lambda: log.append("-third")]
    server = _Server("startup", "shutdown")
    await life.serve_lifespan(server.scope, server.receive, server.send)
    assert log == ["+db", "-third", "-db"]
    assert server.sent[-1]["type"] == "lifespan.shutdown.failed"
    assert "one" in server.sent[-1]["message"]
    assert "two" in server.sent[-1]["message"]


async def test_handler_that_hangs_is_given_up() -> None:
    """After the time-out the start fails, naming the handler and the seconds."""

    async def hang() -> None:
        await asyncio.Event().wait()

    life = Life(list, hook_timeout=lambda: 0.01)
    life.on_startup.append(hang)
    with pytest.raises(TimeoutError, match=r"hang did not finish within 0\.01 s"):
        await life.start()


async def test_time_out_of_the_handlers_own_is_its_own_error() -> None:
    """A TimeoutError from inside is not taken for ours."""

    async def impatient() -> None:
        raise TimeoutError("the broker is slow")

    life = Life(list, hook_timeout=lambda: 5.0)
    life.on_startup.append(impatient)
    with pytest.raises(TimeoutError, match="the broker is slow"):
        await life.start()


async def test_one_start_serves_all_who_ask_for_it() -> None:
    """Several first requests start once; after a stop a new start runs the steps again (C-119)."""
    log: list[str] = []
    life = _life(log, "db")
    await asyncio.gather(life.start(), life.start())
    assert log == ["+db"]
    await life.stop()
    await life.stop()
    await life.start()
    assert log == ["+db", "-db", "+db"]
    await life.stop()


async def test_cancelled_lifespan_is_not_swallowed() -> None:
    """A server that gives up on the start gets its cancellation through, and what had started is stopped."""
    log: list[str] = []
    life = _life(log, "db")

    async def hang() -> None:
        await asyncio.Event().wait()

    life.on_startup.append(hang)
    server = _Server("startup")
    task = asyncio.create_task(life.serve_lifespan(server.scope, server.receive, server.send))
    while log != ["+db"]:
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["+db", "-db"]
    assert server.sent == []


async def test_refusal_waits_for_the_event_and_says_why() -> None:
    """The protocol wants the event received before it is answered."""
    server = _Server("startup")
    await refuse_lifespan(server.receive, server.send, RuntimeError("no such middleware"))
    assert server.sent == [{"type": "lifespan.startup.failed", "message": "no such middleware"}]


def test_failure_without_words_is_named_by_its_class() -> None:
    """An empty message would tell the server nothing."""
    assert describe_failure(KeyError()) == "KeyError"
