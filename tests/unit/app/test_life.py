"""What starts before the first request and stops after the last one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from openviper.app.exceptions import LifespanHandlerError
from openviper.app.life import Life, describe_failure, refuse_start
from openviper.apps.sequence import Step
from openviper.exceptions import ImproperlyConfigured
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
    assert life.loop is None


async def test_failed_start_is_undone_and_told_to_the_server() -> None:
    """The server learns why, and nothing that had started is left running."""
    log: list[str] = []
    life = _life(log, "db", "apps", "late", fail="apps")
    server = _Server("startup")
    await life.serve_lifespan(server.scope, server.receive, server.send)
    assert log == ["+db", "+apps", "-db"]
    assert server.sent == [{"type": "lifespan.startup.failed", "message": "RuntimeError: apps is broken"}]


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
    first, second = message.splitlines()
    assert first.startswith("on_startup handler tests.unit.app.test_life.")
    assert first.endswith("broken failed: ValueError: no broker")
    assert second == "while undoing the pool: RuntimeError: will not stop"


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
    one, two = server.sent[-1]["message"].split("; ")
    assert one.startswith("on_shutdown handler tests.unit.app.test_life.")
    assert one.endswith("failed: RuntimeError: one")
    assert "failed: RuntimeError: two" in two


async def test_failure_of_a_handler_names_it_and_keeps_the_cause() -> None:
    """A bare "'cfg'" would tell nobody that it was a KeyError, nor where."""
    life = Life(list, hook_timeout=lambda: None)

    @life.on_startup.append
    def configure() -> None:
        raise KeyError("cfg")

    with pytest.raises(
        LifespanHandlerError, match=r"on_startup handler \S+configure failed: KeyError: 'cfg'"
    ) as caught:
        await life.start_late()
    assert (caught.value.event, caught.value.handler.endswith("configure")) == ("on_startup", True)
    assert isinstance(caught.value.original_exception, KeyError)
    assert caught.value.__cause__ is caught.value.original_exception


async def test_failing_shutdown_handler_is_named_beside_other_failures() -> None:
    """What stops besides it does not hide which handler failed, nor turn it into one of on_startup."""

    async def fine() -> None: ...

    life = Life(lambda: [Step("the pool", fine, _refuse)], hook_timeout=lambda: None)
    life.on_shutdown.append(_leave)
    server = _Server("startup", "shutdown")
    await life.serve_lifespan(server.scope, server.receive, server.send)
    message = server.sent[-1]["message"]
    assert "on_shutdown handler tests.unit.app.test_life._leave failed: RuntimeError: it called sys.exit(0)" in message
    assert "on_startup" not in message
    assert "RuntimeError: will not stop" in message


def _leave() -> None:
    raise SystemExit(0)


@pytest.mark.parametrize("interruption", [SystemExit(0), asyncio.CancelledError()], ids=repr)
@pytest.mark.parametrize("place", ["step", "handler"])
async def test_start_that_ends_by_an_interruption_of_its_own_is_told(place: str, interruption: BaseException) -> None:
    """sys.exit(), or an unasked CancelledError, is a failed start, and the server is told so."""

    async def interrupt() -> None:
        raise interruption

    life = Life(lambda: [Step("the pool", interrupt)] if place == "step" else [], hook_timeout=lambda: None)
    life.on_startup.append(interrupt)
    server = _Server("startup")
    await life.serve_lifespan(server.scope, server.receive, server.send)
    assert [message["type"] for message in server.sent] == ["lifespan.startup.failed"]
    assert "RuntimeError: it " in server.sent[0]["message"]


async def test_stop_that_ends_by_an_interruption_of_its_own_is_told() -> None:
    """sys.exit() in a step that stops is a failed shutdown."""

    async def fine() -> None: ...

    async def interrupt() -> None:
        raise SystemExit(3)

    life = Life(lambda: [Step("the pool", fine, interrupt)], hook_timeout=lambda: None)
    server = _Server("startup", "shutdown")
    await life.serve_lifespan(server.scope, server.receive, server.send)
    assert server.sent[-1] == {"type": "lifespan.shutdown.failed", "message": "RuntimeError: it called sys.exit(3)"}


async def test_handler_that_hangs_is_given_up() -> None:
    """After the time-out the start fails, naming the handler and the seconds."""

    async def hang() -> None:
        await asyncio.Event().wait()

    life = Life(list, hook_timeout=lambda: 0.01)
    life.on_startup.append(hang)
    with pytest.raises(
        LifespanHandlerError, match=r"hang failed: TimeoutError: it did not finish within 0\.01 s"
    ) as caught:
        await life.start_late()
    assert isinstance(caught.value.original_exception, TimeoutError)


async def test_time_out_of_the_handlers_own_is_its_own_error() -> None:
    """A TimeoutError from inside is not taken for ours."""

    async def impatient() -> None:
        raise TimeoutError("the broker is slow")

    life = Life(list, hook_timeout=lambda: 5.0)
    life.on_startup.append(impatient)
    with pytest.raises(LifespanHandlerError, match="impatient failed: TimeoutError: the broker is slow"):
        await life.start_late()


async def test_one_start_serves_all_requests_that_come_first() -> None:
    """Several first requests start once, and one of them is told that it was the first."""
    log: list[str] = []
    life = _life(log, "db")
    assert sorted(await asyncio.gather(*(life.start_late() for _ in range(3)))) == [False, False, True]
    assert log == ["+db"]
    assert life.loop is asyncio.get_running_loop()


async def test_lifespan_takes_over_from_a_late_start() -> None:
    """What a request has started is not started again, and ends with the lifespan that came after it."""
    log: list[str] = []
    life = _life(log, "db")
    await life.start_late()
    server = _Server("startup", "shutdown")
    await life.serve_lifespan(server.scope, server.receive, server.send)
    assert log == ["+db", "-db"]


def test_late_start_belongs_to_its_loop() -> None:
    """A second loop starts anew, whoever asks first there; nothing waits for the loop that has ended."""
    log: list[str] = []
    life = _life(log, "db")

    async def ask() -> None:
        await asyncio.gather(*(life.start_late() for _ in range(3)))

    async def live() -> None:
        server = _Server("startup", "shutdown")
        await life.serve_lifespan(server.scope, server.receive, server.send)

    asyncio.run(ask())
    asyncio.run(ask())
    assert log == ["+db", "+db"]
    asyncio.run(live())
    assert log == ["+db", "+db", "+db", "-db"]


async def test_first_lifespan_starts_and_the_last_one_stops() -> None:
    """Two servers, or two hosts of one mounted application, share one life; afterwards it can start again (C-119)."""
    log: list[str] = []
    life = _life(log, "db")
    first, second = asyncio.Event(), asyncio.Event()

    async def live(until: asyncio.Event) -> None:
        events = iter([None, until])

        async def receive() -> Message:
            event = next(events)
            if event is not None:
                await event.wait()
            return {"type": "lifespan.shutdown" if event else "lifespan.startup"}

        async def send(message: Message) -> None: ...

        await life.serve_lifespan({"type": "lifespan"}, receive, send)

    tasks = [asyncio.create_task(live(first)), asyncio.create_task(live(second))]
    while life.loop is None:
        await asyncio.sleep(0)
    first.set()
    await tasks[0]
    assert log == ["+db"]
    second.set()
    await tasks[1]
    assert log == ["+db", "-db"]
    await life.start_late()
    assert log == ["+db", "-db", "+db"]


async def test_half_done_startup_handlers_are_undone() -> None:
    """A handler that fails after another one has succeeded leaves nothing open (A-03)."""
    log: list[str] = []
    life = _life(log, "db")

    def fail() -> None:
        raise RuntimeError("no broker")

    life.on_startup += [lambda: log.append("pool open"), fail]
    life.on_shutdown.append(lambda: log.append("pool closed"))
    with pytest.raises(RuntimeError, match="no broker"):
        await life.start_late()
    assert log == ["+db", "pool open", "pool closed", "-db"]


async def test_handler_that_would_never_run_is_refused() -> None:
    """A generator is no handler; calling it does nothing, silently."""

    async def lifespan() -> AsyncIterator[None]:
        yield

    life = Life(list, hook_timeout=lambda: 5.0)
    life.on_startup.append(lifespan)
    with pytest.raises(LifespanHandlerError, match="lifespan failed: TypeError: it is a generator"):
        await life.start_late()


async def test_server_that_gives_up_after_the_start_gets_everything_stopped() -> None:
    """A lifespan task that is cancelled while it waits for the shutdown stops the application all the same."""
    log: list[str] = []
    life = _life(log, "db")
    life.on_shutdown.append(lambda: log.append("handler"))
    waiting = asyncio.Event()

    async def receive() -> Message:
        if log:
            waiting.set()
            await asyncio.Event().wait()
        return {"type": "lifespan.startup"}

    async def send(message: Message) -> None: ...

    task = asyncio.create_task(life.serve_lifespan({"type": "lifespan"}, receive, send))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert log == ["+db", "handler", "-db"]
    assert life.loop is None


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


async def test_refusal_says_why() -> None:
    """The server learns the reason."""
    server = _Server()
    await refuse_start(server.send, RuntimeError("no such middleware"))
    assert server.sent == [{"type": "lifespan.startup.failed", "message": "RuntimeError: no such middleware"}]


def test_failure_without_words_is_named_by_its_class() -> None:
    """An empty message would tell the server nothing; our own errors need no class before their words."""
    assert describe_failure(KeyError()) == "KeyError"
    assert describe_failure(ImproperlyConfigured("no routes")) == "no routes"
