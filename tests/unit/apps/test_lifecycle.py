"""The lifecycle hooks of installed apps: found, checked, run in order, undone in reverse."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from openviper.apps.exceptions import (
    AppLifecycleConfigError,
    AppLifecycleError,
    AppLifecycleImportError,
    AppReadyError,
    AppShutdownError,
    AppStartupError,
)
from openviper.apps.lifecycle import AppLifecycle, AppLifecycleManager

WriteApp = Callable[..., None]

FAIL = "events.append('{0}'); raise ValueError('{0} broke')"


def test_discovery_returns_the_hooks_of_each_app_in_order(write_lifecycle_app: WriteApp) -> None:
    """An app's lifecycle module may hold any of the three hooks; missing ones are None (C-400, C-408, C-409)."""
    write_lifecycle_app("shop", startup="", shutdown="")
    write_lifecycle_app("blog", ready="")

    blog, shop = AppLifecycleManager().discover(["blog", "shop"])

    assert (blog.app_name, blog.ready, shop.app_name) == ("blog", None, "shop")
    assert blog.startup is not None
    assert blog.shutdown is not None
    assert shop == AppLifecycle("shop", ready=shop.ready)
    assert shop.ready is not None


def test_app_without_lifecycle_is_skipped_in_silence(write_app: WriteApp, caplog: pytest.LogCaptureFixture) -> None:
    """An app that has no lifecycle module, be it a package or a single file, is left out without a word (C-404)."""
    write_app("plain")

    assert AppLifecycleManager().discover(["plain", "journal"]) == []
    assert caplog.records == []


def test_app_that_cannot_be_found_is_skipped_with_a_warning(
    write_lifecycle_app: WriteApp, caplog: pytest.LogCaptureFixture
) -> None:
    """A name without a package behind it is skipped, with one warning that names it (A-04)."""
    write_lifecycle_app("shop")

    found = AppLifecycleManager().discover(["nowhere.to.be.found", "shop"])

    assert [lifecycle.app_name for lifecycle in found] == ["shop"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "'nowhere.to.be.found' cannot be found" in caplog.text


def test_name_that_comes_twice_counts_once(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """The hooks of an app run once, however often its name is given."""
    write_lifecycle_app("shop")
    manager = AppLifecycleManager()
    manager.discover(["shop", "shop"])

    manager.run_ready()

    assert events == ["ready shop"]


async def test_lifecycle_may_be_a_package(write_files: WriteApp, events: list[str]) -> None:
    """A lifecycle folder serves as well as a lifecycle file (C-400)."""
    write_files(
        {
            "shop/__init__.py": "",
            "shop/lifecycle/__init__.py": "from shop.lifecycle.opening import open_shop as startup",
            "shop/lifecycle/opening.py": """
                from journal import events
                async def open_shop():
                    events.append("open")
                """,
        }
    )
    manager = AppLifecycleManager()
    manager.discover(["shop"])

    await manager.run_startup()

    assert events == ["open"]


@pytest.mark.parametrize(
    "statement",
    [
        "raise ValueError('no')",
        "raise KeyError('no')",
        "import no_such_package_anywhere",
        "from shop import no_such_name",
        "this is no Python",
        "import sys; sys.exit('no')",
    ],
)
def test_lifecycle_that_cannot_be_imported_is_an_error(write_app: WriteApp, statement: str) -> None:
    """Whatever an existing lifecycle module raises, a missing import too, is one error (C-410, C-414, A-05, W-29)."""
    write_app("shop", lifecycle=statement)

    with pytest.raises(AppLifecycleImportError, match=r"'shop\.lifecycle' of installed app 'shop'") as caught:
        AppLifecycleManager().discover(["shop"])

    assert caught.value.app_name == "shop"
    assert caught.value.module == "shop.lifecycle"
    assert caught.value.__cause__ is caught.value.original_exception


def test_app_that_cannot_be_imported_is_an_error(write_app: WriteApp) -> None:
    """An app that is there and fails to import is no missing app (C-414, A-04)."""
    write_app("shop", init="import no_such_package_anywhere", lifecycle="")

    with pytest.raises(AppLifecycleImportError, match="'shop' is there but cannot be imported") as caught:
        AppLifecycleManager().discover(["shop"])

    assert isinstance(caught.value.original_exception, ModuleNotFoundError)


def test_failed_discovery_changes_nothing(
    write_app: WriteApp, write_lifecycle_app: WriteApp, events: list[str]
) -> None:
    """A discovery that fails leaves the hooks of the one before in force."""
    write_lifecycle_app("shop")
    write_app("broken", lifecycle="ready = 3")
    manager = AppLifecycleManager()
    manager.discover(["shop"])
    with pytest.raises(AppLifecycleConfigError):
        manager.discover(["broken"])

    manager.run_ready()

    assert events == ["ready shop"]


def test_ready_hooks_run_in_order(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """ready() is called once for each app, in the order of the names (C-401, C-406)."""
    for name in ("shop", "blog", "mail"):
        write_lifecycle_app(name)
    manager = AppLifecycleManager()
    manager.discover(["blog", "mail", "shop"])

    manager.run_ready()

    assert events == ["ready blog", "ready mail", "ready shop"]


def test_first_failing_ready_ends_the_run(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """The first ready() that fails is reported with its app and cause; the next ones are not called (C-409, C-410)."""
    write_lifecycle_app("shop", ready=FAIL.format("shop"))
    write_lifecycle_app("blog")
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])

    with pytest.raises(AppReadyError, match=r"ready\(\) of installed app 'shop' failed: ValueError: shop") as caught:
        manager.run_ready()

    assert events == ["shop"]
    assert caught.value.app_name == "shop"
    assert isinstance(caught.value.original_exception, ValueError)
    assert caught.value.__cause__ is caught.value.original_exception
    assert not isinstance(caught.value, RuntimeError)


@pytest.mark.parametrize("work", ["work()", "Work()"], ids=["coroutine", "object"])
def test_ready_that_returns_an_awaitable_is_refused(write_app: WriteApp, work: str) -> None:
    """Work that a sync ready() hands back to be awaited is never dropped in silence (A-08)."""
    source = f"""
        async def work():
            pass
        class Work:
            def __await__(self):
                yield
        def ready():
            return {work}
        """
    write_app("shop", lifecycle=source)
    manager = AppLifecycleManager()
    manager.discover(["shop"])

    with pytest.raises(AppLifecycleConfigError, match="'ready' of installed app 'shop' returned an awaitable"):
        manager.run_ready()


async def test_shutdown_is_the_reverse_of_startup(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """startup() runs in the order of the names, shutdown() in reverse (C-402, C-403, C-406)."""
    for name in ("shop", "blog"):
        write_lifecycle_app(name)
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])

    await manager.run_startup()
    await manager.run_shutdown()

    assert events == ["startup shop", "startup blog", "shutdown blog", "shutdown shop"]


async def test_failing_startup_shuts_down_what_had_started(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """The apps before the failing one are shut down in reverse, also those without a startup() (C-407, A-07)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("mail", startup="")
    write_lifecycle_app("blog", startup=FAIL.format("blog"))
    write_lifecycle_app("late")
    manager = AppLifecycleManager()
    manager.discover(["shop", "mail", "blog", "late"])

    with pytest.raises(AppStartupError, match=r"startup\(\) of installed app 'blog' failed: ValueError") as caught:
        await manager.run_startup()

    assert events == ["startup shop", "blog", "shutdown mail", "shutdown shop"]
    assert caught.value.app_name == "blog"
    assert isinstance(caught.value.original_exception, ValueError)
    assert caught.value.__cause__ is caught.value.original_exception
    assert caught.value.shutdown_errors == []


async def test_failed_cleanup_hides_neither_the_start_nor_the_others(
    write_lifecycle_app: WriteApp, events: list[str]
) -> None:
    """The error of a start carries one AppShutdownError for each app that failed to stop (C-407, A-06, W-29)."""
    write_lifecycle_app("shop", shutdown=FAIL.format("shop"))
    write_lifecycle_app("mail", shutdown=FAIL.format("mail"))
    write_lifecycle_app("blog", startup=FAIL.format("blog"))
    manager = AppLifecycleManager()
    manager.discover(["shop", "mail", "blog"])

    with pytest.raises(AppStartupError) as caught:
        await manager.run_startup()

    mail, shop = caught.value.shutdown_errors
    assert isinstance(mail, AppShutdownError)
    assert [name for name, _ in mail.errors + shop.errors] == ["mail", "shop"]
    assert isinstance(mail.errors[0][1], ValueError)
    assert mail.__cause__ is mail.errors[0][1]
    for text in ("blog broke", "mail broke", "shop broke"):
        assert text in str(caught.value)
    assert events[-2:] == ["mail", "shop"]


async def test_nothing_is_left_to_stop_after_a_failed_start(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """A shutdown after a failed start finds everything stopped already (C-407)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("blog", startup=FAIL.format("blog"))
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])
    with pytest.raises(AppStartupError):
        await manager.run_startup()

    await manager.run_shutdown()

    assert events.count("shutdown shop") == 1
    assert "shutdown blog" not in events


async def test_every_shutdown_runs_and_all_failures_are_reported(
    write_lifecycle_app: WriteApp, events: list[str]
) -> None:
    """A failing shutdown() keeps no other from running, and one error holds all pairs (C-409, C-410, C-414, A-06)."""
    write_lifecycle_app("shop", shutdown=FAIL.format("shop"))
    write_lifecycle_app("blog")
    write_lifecycle_app("mail", shutdown=FAIL.format("mail"))
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog", "mail"])
    await manager.run_startup()

    with pytest.raises(AppShutdownError, match=r"shutdown\(\) of installed app 'mail'.*shutdown\(\).*'shop'") as caught:
        await manager.run_shutdown()

    assert events[-3:] == ["mail", "shutdown blog", "shop"]
    assert [(name, str(error)) for name, error in caught.value.errors] == [
        ("mail", "mail broke"),
        ("shop", "shop broke"),
    ]
    assert isinstance(caught.value.__cause__, ExceptionGroup)
    assert caught.value.__cause__.exceptions == tuple(error for _, error in caught.value.errors)


async def test_one_failing_shutdown_is_the_cause_of_the_error(write_lifecycle_app: WriteApp) -> None:
    """With one failure the original exception is chained as it is, with its traceback (C-414, A-06)."""
    write_lifecycle_app("shop", shutdown=FAIL.format("shop"))
    manager = AppLifecycleManager()
    manager.discover(["shop"])
    await manager.run_startup()

    with pytest.raises(AppShutdownError) as caught:
        await manager.run_shutdown()

    assert caught.value.__cause__ is caught.value.errors[0][1]
    assert caught.value.__cause__.__traceback__ is not None


async def test_shutdown_without_a_start_runs_every_hook_once(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """Without a start all hooks run in reverse; a second call does nothing (A-07)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("blog")
    manager = AppLifecycleManager()
    manager.discover(["shop", "blog"])

    await manager.run_shutdown()
    await manager.run_shutdown()

    assert events == ["shutdown blog", "shutdown shop"]


async def test_stopped_manager_starts_again(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """After a shutdown the same manager runs all hooks again (C-413, C-119)."""
    write_lifecycle_app("shop")
    manager = AppLifecycleManager()
    manager.discover(["shop"])

    for _ in range(2):
        await manager.run_startup()
        await manager.run_shutdown()

    assert events == ["startup shop", "shutdown shop"] * 2


async def test_manager_runs_what_it_found_last(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """A second discovery replaces the first, and two managers share nothing (C-413)."""
    write_lifecycle_app("shop")
    write_lifecycle_app("blog")
    first, second = AppLifecycleManager(), AppLifecycleManager()
    first.discover(["shop"])
    second.discover(["shop", "blog"])
    first.discover(["blog"])

    await first.run_startup()
    await first.run_shutdown()

    assert events == ["startup blog", "shutdown blog"]


def test_apps_of_a_loop_that_is_gone_start_again(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """Apps that were never shut down, and whose loop is closed, are not running any more (C-413)."""
    write_lifecycle_app("shop")
    manager = AppLifecycleManager()
    manager.discover(["shop"])

    asyncio.run(manager.run_startup())
    asyncio.run(manager.run_startup())

    assert events == ["startup shop", "startup shop"]


async def test_running_apps_are_not_started_or_replaced(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """A second start, or a new discovery, while the apps run is refused: neither would be stopped again."""
    write_lifecycle_app("shop")
    manager = AppLifecycleManager()
    manager.discover(["shop"])
    await manager.run_startup()

    with pytest.raises(AppLifecycleError, match=r"run_startup\(\) while the installed apps \('shop'\) are"):
        await manager.run_startup()
    with pytest.raises(AppLifecycleError, match=r"discover\(\) while"):
        manager.discover(["shop"])

    await manager.run_shutdown()
    assert events == ["startup shop", "shutdown shop"]


async def test_apps_that_are_starting_are_not_started_once_more(
    write_lifecycle_app: WriteApp, events: list[str], never: asyncio.Event
) -> None:
    """A second start while the first one awaits a hook is refused, and runs no hook twice (C-402)."""
    write_lifecycle_app("shop", startup="events.append('startup shop'); await asyncio.sleep(0)")
    manager = AppLifecycleManager()
    manager.discover(["shop"])

    outcomes = await asyncio.gather(manager.run_startup(), manager.run_startup(), return_exceptions=True)
    await manager.run_shutdown()

    assert [type(outcome) for outcome in outcomes] == [type(None), AppLifecycleError]
    assert events == ["startup shop", "shutdown shop"]


async def test_failed_start_may_be_tried_again(write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """A start that failed leaves nothing that counts as running (C-407, C-413)."""
    write_lifecycle_app("shop", startup="events.append('try'); 1 / (len(events) - 1)")
    manager = AppLifecycleManager()
    manager.discover(["shop"])

    with pytest.raises(AppStartupError, match="ZeroDivisionError"):
        await manager.run_startup()
    await manager.run_startup()

    assert events == ["try", "try"]


async def test_refused_start_of_apps_without_hooks_names_none() -> None:
    """The error of a second start is a sentence, also where there is no app to name."""
    manager = AppLifecycleManager()
    await manager.run_startup()

    with pytest.raises(AppLifecycleError, match=r"the installed apps \(without hooks\) are starting or running"):
        await manager.run_startup()


async def test_hooks_of_an_app_run_in_the_task_of_the_caller(write_app: WriteApp) -> None:
    """What startup() enters, shutdown() can leave: both run in one task, as task groups demand (C-402, C-403)."""
    source = """
        import asyncio
        group = asyncio.TaskGroup()
        async def startup():
            await group.__aenter__()
            group.create_task(asyncio.sleep(0))
        async def shutdown():
            await group.__aexit__(None, None, None)
        """
    write_app("shop", lifecycle=source)
    manager = AppLifecycleManager(hook_timeout=5)
    manager.discover(["shop"])

    await manager.run_startup()
    await manager.run_shutdown()


async def test_duration_of_every_hook_is_logged(
    write_lifecycle_app: WriteApp, caplog: pytest.LogCaptureFixture
) -> None:
    """Each hook's seconds are in the debug log (C-412)."""
    caplog.set_level(logging.DEBUG, logger="openviper.apps")
    ticks = iter([0.0, 0.5, 10.0, 11.0, 20.0, 22.0])
    write_lifecycle_app("shop")
    manager = AppLifecycleManager(clock=lambda: next(ticks))
    manager.discover(["shop"])

    manager.run_ready()
    await manager.run_startup()
    await manager.run_shutdown()

    assert [record.getMessage() for record in caplog.records] == [
        "ready() of installed app 'shop' took 0.500 seconds",
        "startup() of installed app 'shop' took 1.000 seconds",
        "shutdown() of installed app 'shop' took 2.000 seconds",
    ]
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
