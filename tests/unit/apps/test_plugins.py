"""The ready() of an app's package."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from openviper.apps.exceptions import AppLifecycleConfigError, AppLifecycleImportError, AppReadyError
from openviper.apps.hooks import HookTimer
from openviper.apps.modules import import_app
from openviper.apps.plugins import find_plugin_ready, run_plugin_ready

WriteApp = Callable[..., None]
FindReady = Callable[[str], Callable[[], object] | None]

NOTE = "from journal import events\n{kind} ready():\n    events.append('{where}')\n"


@pytest.fixture
def find() -> FindReady:
    """Import an app and look for its hook."""

    def find(app_name: str) -> Callable[[], object] | None:
        module = import_app(app_name)
        assert module is not None
        return find_plugin_ready(app_name, module)

    return find


async def _run(hook: Callable[[], object] | None, timeout: float | None = None) -> None:
    assert hook is not None
    await run_plugin_ready("shop", hook, HookTimer(timeout))


@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_ready_of_the_package_is_called(
    write_app: WriteApp, find: FindReady, events: list[str], kind: str
) -> None:
    """A package may expose a sync or an async ready() (C-101, C-104)."""
    write_app("shop", init=NOTE.format(kind=kind, where="package"))

    await _run(find("shop"))

    assert events == ["package"]


async def test_ready_of_the_apps_module_is_called(write_app: WriteApp, find: FindReady, events: list[str]) -> None:
    """Without one in the package, the ready() of the apps module is called (C-103)."""
    write_app("shop", apps=NOTE.format(kind="async def", where="apps"))

    await _run(find("shop"))

    assert events == ["apps"]


async def test_package_wins_over_the_apps_module(write_app: WriteApp, find: FindReady, events: list[str]) -> None:
    """If both exist, only the one of the package is called (C-103)."""
    write_app("shop", init=NOTE.format(kind="def", where="package"), apps=NOTE.format(kind="def", where="apps"))

    await _run(find("shop"))

    assert events == ["package"]


def test_app_without_ready_has_no_hook(write_app: WriteApp, find: FindReady) -> None:
    """No ready at all, or None, is no hook; neither is that of a single file without one (C-101)."""
    write_app("shop", init="ready = None")
    write_app("blog", apps="")

    assert (find("shop"), find("blog"), find("journal")) == (None, None, None)


async def test_none_in_the_package_leaves_it_to_the_apps_module(
    write_app: WriteApp, find: FindReady, events: list[str]
) -> None:
    """None counts as absent, so the apps module is looked into (C-103)."""
    write_app("shop", init="ready = None", apps=NOTE.format(kind="def", where="apps"))

    await _run(find("shop"))

    assert events == ["apps"]


async def test_submodule_named_ready_is_no_hook(write_app: WriteApp, find: FindReady, events: list[str]) -> None:
    """A package with a submodule ready.py, imported, still uses the ready() of its apps module (C-103)."""
    write_app("shop", init="import shop.ready", ready="", apps=NOTE.format(kind="def", where="apps"))

    await _run(find("shop"))

    assert events == ["apps"]


@pytest.mark.parametrize(
    "definition",
    [
        "ready = functools.partial(events.append, 'called')",
        "ready = functools.partial(work, 'called')",
        "ready = Ready()",
        "ready = AsyncReady()",
        "ready = lambda: work('called')",
    ],
)
async def test_any_callable_serves(write_app: WriteApp, find: FindReady, events: list[str], definition: str) -> None:
    """A partial, a lambda and an object with __call__ serve, sync or async (C-119)."""
    init = f"""
        import functools
        from journal import events
        async def work(word):
            events.append(word)
        class Ready:
            def __call__(self):
                events.append("called")
        class AsyncReady:
            async def __call__(self):
                events.append("called")
        {definition}
        """
    write_app("shop", init=init)

    await _run(find("shop"))

    assert events == ["called"]


@pytest.mark.parametrize("files", [{"init": "ready = True"}, {"apps": "ready = 'yes'"}])
def test_ready_that_is_not_callable_is_refused(write_app: WriteApp, find: FindReady, files: dict[str, str]) -> None:
    """Anything else under the name of ready() is an error that names app and hook (C-414, C-103)."""
    write_app("shop", **files)

    with pytest.raises(AppLifecycleConfigError, match=r"'ready' of installed app 'shop'.*must be callable"):
        find("shop")


def test_broken_apps_module_is_not_a_missing_one(write_app: WriteApp, find: FindReady) -> None:
    """A missing import inside apps.py is an error, not an app without hook (A-04, W-29)."""
    write_app("shop", apps="import no_such_package_anywhere")

    with pytest.raises(AppLifecycleImportError, match=r"'shop\.apps' of installed app 'shop'"):
        find("shop")


@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_failing_ready_has_the_promised_text(write_app: WriteApp, find: FindReady, kind: str) -> None:
    """The error is a RuntimeError and an AppReadyError with the app's label in a fixed text (C-106, A-03)."""
    write_app("shop", init=f"{kind} ready():\n    raise KeyError('broker')\n")

    with pytest.raises(RuntimeError) as caught:
        await _run(find("shop"))

    assert str(caught.value) == "ready() for installed app 'shop' raised an error: 'broker'"
    assert isinstance(caught.value, AppReadyError)
    assert isinstance(caught.value.original_exception, KeyError)
    assert caught.value.__cause__ is caught.value.original_exception


async def test_hanging_ready_is_ended_by_its_limit(write_app: WriteApp, find: FindReady) -> None:
    """What a ready() awaits is limited; the error names app, hook and seconds (C-106)."""
    write_app("shop", init="import asyncio\nasync def ready():\n    await asyncio.Event().wait()\n")

    with pytest.raises(RuntimeError, match=r"ready\(\) of installed app 'shop' did not finish within 0\.01 seconds"):
        await _run(find("shop"), timeout=0.01)


@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("interruption", ["SystemExit(0)", "CancelledError()"])
async def test_ready_that_ends_by_an_interruption_of_its_own_has_failed(
    write_app: WriteApp, find: FindReady, kind: str, interruption: str
) -> None:
    """sys.exit(), or awaiting a cancelled task, is an error of the app, which is named (C-106, A-03)."""
    write_app("shop", init=f"from asyncio import CancelledError\n{kind} ready():\n    raise {interruption}\n")

    with pytest.raises(RuntimeError, match=r"ready\(\) for installed app 'shop' raised an error: it "):
        await _run(find("shop"))


async def test_cancelled_ready_stays_cancelled(write_app: WriteApp, find: FindReady) -> None:
    """A cancellation is not turned into an error of the app (C-106)."""
    write_app("shop", init="import asyncio\nasync def ready():\n    await asyncio.Event().wait()\n")
    task = asyncio.create_task(_run(find("shop")))
    await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_duration_of_ready_is_logged(
    write_app: WriteApp, find: FindReady, caplog: pytest.LogCaptureFixture
) -> None:
    """The seconds that a ready() took are in the debug log (C-104)."""
    caplog.set_level(logging.DEBUG, logger="openviper.apps")
    write_app("shop", init="def ready(): pass")
    hook = find("shop")
    assert hook is not None
    ticks = iter([1.0, 1.25])

    await run_plugin_ready("shop", hook, HookTimer(clock=lambda: next(ticks)))

    assert caplog.messages == ["ready() of installed app 'shop' took 0.250 seconds"]
