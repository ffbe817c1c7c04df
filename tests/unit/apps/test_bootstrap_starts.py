"""Starting the apps of a process as often as needed, and stopping them in reverse."""

import asyncio
import importlib
import logging
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from openviper.apps.bootstrap import Bootstrap, app_steps, running_apps
from openviper.apps.exceptions import (
    AppReadyError,
    AppStartupError,
)
from openviper.apps.registry import AppRegistry, registry
from openviper.apps.sequence import StartSequence

WriteApp = Callable[..., None]
Configure = Callable[..., None]

PLUGIN = """
    from journal import events
    async def ready():
        events.append("plugin {0}")
    """


async def test_package_hooks_run_before_the_lifecycle_hooks(
    configure: Configure, write_lifecycle_app: WriteApp, write_app: WriteApp, events: list[str]
) -> None:
    """In the loop each package's ready() runs in order, then each startup(); shutdown is the reverse.

    Promises C-102, C-104, C-402, C-403, C-406, A-01, A-46.
    """
    for name in ("shop", "blog"):
        write_lifecycle_app(name)
        write_app(name, init=PLUGIN.format(name))
    configure(INSTALLED_APPS=("shop", "blog"))

    async with running_apps():
        events.append("running")

    assert events == [
        "ready shop",
        "ready blog",
        "plugin shop",
        "plugin blog",
        "startup shop",
        "startup blog",
        "running",
        "shutdown blog",
        "shutdown shop",
    ]


async def test_every_start_runs_the_package_hooks_again(
    configure: Configure, write_lifecycle_app: WriteApp, write_app: WriteApp, events: list[str]
) -> None:
    """A second start runs ready() of the package, startup and shutdown again, the sync ready() not (C-119, C-401)."""
    write_lifecycle_app("shop")
    write_app("shop", init=PLUGIN.format("shop"))
    configure(INSTALLED_APPS=("shop",))

    for _ in range(2):
        async with running_apps():
            pass

    assert events == ["ready shop", *["plugin shop", "startup shop", "shutdown shop"] * 2]


async def test_applications_of_one_process_share_the_apps(
    configure: Configure, write_lifecycle_app: WriteApp, events: list[str]
) -> None:
    """Hooks run with the first of several starts and the last of their stops: apps belong to the process (C-412)."""
    write_lifecycle_app("shop", ready="")
    configure(INSTALLED_APPS=("shop",))
    first, second = StartSequence(app_steps()), StartSequence(app_steps())

    await first.start()
    await second.start()
    await first.stop()
    assert events == ["startup shop"]
    await second.stop()

    assert events == ["startup shop", "shutdown shop"]


async def test_one_function_under_both_names_runs_once(
    configure: Configure, write_app: WriteApp, events: list[str]
) -> None:
    """A package that re-exports ready from its lifecycle module has one hook, the sync one (A-01)."""
    ready = "from journal import events\ndef ready(): events.append('ready')"
    write_app("shop", init="from shop.lifecycle import ready", lifecycle=ready)
    configure(INSTALLED_APPS=("shop",))

    async with running_apps():
        pass

    assert events == ["ready"]


async def test_failing_package_hook_ends_the_start(
    configure: Configure, write_lifecycle_app: WriteApp, write_app: WriteApp, events: list[str]
) -> None:
    """The first ready() that fails is the error of the start, in the promised words; no startup() runs (C-106)."""
    write_lifecycle_app("shop", ready="")
    write_app("myplugin", init="async def ready(): raise ValueError('no broker')")
    configure(INSTALLED_APPS=("shop", "myplugin"))

    with pytest.raises(RuntimeError) as caught:
        async with running_apps():
            events.append("running")

    assert str(caught.value) == "ready() for installed app 'myplugin' raised an error: no broker"
    assert isinstance(caught.value, AppReadyError)
    assert events == []


async def test_missing_app_does_not_keep_the_others_from_starting(
    configure: Configure, write_lifecycle_app: WriteApp, events: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An app that cannot be found is one warning in all; the others start (C-107, A-04, W-42)."""
    write_lifecycle_app("shop")
    configure(INSTALLED_APPS=("nowhere_at_all", "shop"))

    async with running_apps():
        pass

    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.name for record in warnings] == ["openviper.apps"]
    assert "'nowhere_at_all' cannot be found" in warnings[0].getMessage()
    assert events == ["ready shop", "startup shop", "shutdown shop"]


async def test_setting_limits_the_hooks(configure: Configure, write_lifecycle_app: WriteApp) -> None:
    """LIFECYCLE_HOOK_TIMEOUT is the limit of every hook, and the error names it (C-407)."""
    write_lifecycle_app("shop", startup="await asyncio.Event().wait()")
    configure(INSTALLED_APPS=("shop",), LIFECYCLE_HOOK_TIMEOUT=0.01)

    with pytest.raises(AppStartupError, match=r"within 0\.01 seconds \(LIFECYCLE_HOOK_TIMEOUT\)"):
        async with running_apps():
            pass


async def test_failure_of_the_block_outlives_that_of_the_stop(
    configure: Configure, write_lifecycle_app: WriteApp, events: list[str]
) -> None:
    """What the block raised reaches the caller; a shutdown() that fails after it is a note (A-46, W-29)."""
    write_lifecycle_app("shop", shutdown="events.append('stopped'); raise ValueError('jammed')")
    configure(INSTALLED_APPS=("shop",))

    with pytest.raises(LookupError, match="work failed") as caught:
        async with running_apps():
            raise LookupError("work failed")

    assert events[-1] == "stopped"
    assert "'shop' failed: ValueError: jammed" in caught.value.__notes__[0]


async def test_cancelled_block_is_stopped_to_its_end(
    configure: Configure, write_lifecycle_app: WriteApp, events: list[str], never: asyncio.Event
) -> None:
    """A cancellation inside the block, and another one after it, stops the apps and passes on (C-403)."""
    write_lifecycle_app("shop", shutdown="events.append('stopping'); await asyncio.sleep(0); events.append('stopped')")
    configure(INSTALLED_APPS=("shop",))

    async def work() -> None:
        async with running_apps():
            await never.wait()

    task = asyncio.create_task(work())
    for last in ("startup shop", "stopping"):
        while last not in events:
            await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert events == ["ready shop", "startup shop", "stopping", "stopped"]


async def test_parts_of_the_framework_start_first_and_stop_last(
    configure: Configure, write_lifecycle_app: WriteApp, write_app: WriteApp, events: list[str]
) -> None:
    """Parts run through the same kind of manager, around the apps; one listed as an app runs once (C-412)."""
    for name in ("part", "shop"):
        write_lifecycle_app(name)
    write_app("shop", init=PLUGIN.format("shop"))
    configure(INSTALLED_APPS=("shop", "part"))
    bootstrap = Bootstrap(parts=("part.lifecycle",), apps=AppRegistry())
    sequence = StartSequence(bootstrap.steps())

    await sequence.start()
    await sequence.stop()

    assert events == [
        "ready part",
        "ready shop",
        "startup part",
        "plugin shop",
        "startup shop",
        "shutdown shop",
        "shutdown part",
    ]


async def test_state_made_in_ready_is_there_for_requests(
    configure: Configure, write_files: Callable[[dict[str, str]], None]
) -> None:
    """What a plugin made in ready() is seen by its middleware through a getter, while the apps run (C-113, A-44)."""
    write_files(
        {
            "myplugin/__init__.py": """
                _client = None
                async def ready():
                    global _client
                    _client = "connected"
                def get_client():
                    if _client is None:
                        raise RuntimeError("ready() has not run")
                    return _client
                """,
            "myplugin/middleware.py": """
                from myplugin import get_client
                class ClientMiddleware:
                    def __init__(self, app):
                        self.app = app
                    async def __call__(self, scope, receive, send):
                        scope["client"] = get_client()
                """,
        }
    )
    configure(INSTALLED_APPS=("myplugin",))
    middleware = importlib.import_module("myplugin.middleware").ClientMiddleware(None)
    scope: dict[str, object] = {}
    async with running_apps():
        await middleware(scope, None, None)

    assert scope == {"client": "connected"}


async def test_plain_package_with_every_optional_part_is_a_plugin(
    configure: Configure, write_files: Callable[[dict[str, str]], None], events: list[str]
) -> None:
    """A package is a plugin by being listed; its modules are all optional (C-100, C-118)."""
    note = "from journal import events; events.append(__name__)"
    files = {f"full/{name}.py": note for name in ("middleware", "admin", "migrations/__init__")}
    write_files(
        {
            **files,
            "full/__init__.py": "",
            "full/apps.py": "from journal import events\ndef ready(): events.append('ready full')",
            "bare/__init__.py": "",
        }
    )
    configure(INSTALLED_APPS=("full", "bare"))

    async with running_apps():
        assert list(registry.import_submodules("admin")) == ["full"]

    assert events == ["ready full", "full.admin"]


def test_plain_script_sets_up_and_runs_two_loops(app_root: Path, write_lifecycle_app: WriteApp) -> None:
    """A script calls setup(), runs one loop after another, and ends at once with its own exit code (C-016)."""
    write_lifecycle_app("shop")
    script = """
        import asyncio, sys
        from openviper.apps.bootstrap import running_apps, setup
        from openviper.conf import settings
        settings.configure(INSTALLED_APPS=("shop",))
        setup()

        async def main():
            async with running_apps():
                pass

        asyncio.run(main())
        asyncio.run(main())
        from journal import events
        print(events)
        sys.exit(7)
        """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        cwd=app_root,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout.strip() == str(["ready shop", *["startup shop", "shutdown shop"] * 2])
