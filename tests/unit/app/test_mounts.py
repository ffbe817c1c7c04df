"""Mounted applications and their life."""

import asyncio
from typing import Any

import pytest

from openviper.app.exceptions import MountLifespanError
from openviper.app.mounts import MountedApp
from openviper.types import Message, Receive, Scope, Send


class _App:
    """An application whose lifespan does as it is told."""

    def __init__(self, *, startup: str = "complete", shutdown: str = "complete") -> None:
        self.log: list[str] = []
        self._answers = {"startup": startup, "shutdown": shutdown}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await send({"type": "seen", "scope": dict(scope)})
            return
        scope["state"]["pool"] = "open"
        while True:
            phase = (await receive())["type"].removeprefix("lifespan.")
            self.log.append(phase)
            answer = self._answers[phase]
            if answer == "hang":
                await asyncio.Event().wait()
            if answer == "raise":
                raise RuntimeError(f"no {phase}")
            await send({"type": f"lifespan.{phase}.{answer}", "message": f"{phase} says {answer}"})
            if phase == "shutdown":
                return


async def _serve(mounted: MountedApp, scope: Scope) -> Scope:
    seen: list[Message] = []

    async def send(message: Message) -> None:
        seen.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing to receive")

    await mounted.serve("/old", scope, receive, send)
    found: Scope = seen[0]["scope"]
    return found


async def test_lifespan_of_the_mounted_application_runs() -> None:
    """Its startup and shutdown hooks run, and its state reaches its requests."""
    app = _App()
    mounted = MountedApp(app, timeout=5)
    await mounted.start()
    outer: dict[str, Any] = {"type": "http", "path": "/old/x", "root_path": "/site", "state": {"a": 1}}
    inner = await _serve(mounted, outer)
    await mounted.stop()
    await mounted.stop()

    assert app.log == ["startup", "shutdown"]
    assert (inner["root_path"], inner["path"], inner["state"]) == ("/site/old", "/old/x", {"a": 1, "pool": "open"})
    assert outer["root_path"] == "/site"


async def test_second_life_starts_afresh() -> None:
    """After a stop the same application may start again."""
    app = _App()
    mounted = MountedApp(app, timeout=5)
    for _ in range(2):
        await mounted.start()
        await mounted.stop()
    assert app.log == ["startup", "shutdown"] * 2


async def test_application_without_a_lifespan_is_served() -> None:
    """One that raises for the scope, or returns, has no lifespan, which is no error."""

    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            raise KeyError("only http here")

    async def silent(scope: Scope, receive: Receive, send: Send) -> None: ...

    for app in (bare, silent):
        mounted = MountedApp(app, timeout=5)
        await mounted.start()
        await mounted.stop()


@pytest.mark.parametrize(
    ("phase", "answer", "reason"),
    [
        ("startup", "failed", "startup says failed"),
        ("startup", "hang", "no answer within 0.01 s"),
        ("shutdown", "failed", "shutdown says failed"),
        ("shutdown", "hang", "no answer within 0.01 s"),
        ("shutdown", "raise", "RuntimeError: no shutdown"),
    ],
)
async def test_failure_is_named_and_nothing_is_left_running(phase: str, answer: str, reason: str) -> None:
    """Which application, which phase and why; its task has ended."""
    before = asyncio.all_tasks()
    mounted = MountedApp(_App(**{phase: answer}), timeout=0.01 if answer == "hang" else 5)

    async def live() -> None:
        await mounted.start()
        await mounted.stop()

    with pytest.raises(MountLifespanError, match=reason) as caught:
        await live()
    assert caught.value.phase == phase
    assert asyncio.all_tasks() == before


async def test_cancelled_start_leaves_no_task() -> None:
    """The cancellation arrives, and the application's task is gone."""
    before = asyncio.all_tasks()
    mounted = MountedApp(_App(startup="hang"), timeout=None)
    task = asyncio.create_task(mounted.start())
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before
