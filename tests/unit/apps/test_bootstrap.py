"""Setting up a process: settings, apps, models and plain hooks, once."""

import threading
from collections.abc import Callable

import pytest

from openviper.apps.bootstrap import Bootstrap, is_set_up, reset_setup, setup, without_setup
from openviper.apps.exceptions import (
    AppLifecycleConfigError,
    AppLifecycleError,
    AppLifecycleImportError,
    AppReadyError,
)
from openviper.apps.registry import AppRegistry, registry
from openviper.conf import settings
from openviper.exceptions import ImproperlyConfigured

WriteApp = Callable[..., None]
Configure = Callable[..., None]


def test_setup_imports_apps_and_models_and_calls_ready(
    configure: Configure, write_app: WriteApp, events: list[str]
) -> None:
    """Apps come first, then all models, then each sync ready(), each in order, before any loop (C-401, C-016, A-01)."""
    note = "from journal import events; events.append(__name__)"
    ready = "from journal import events\ndef ready(): events.append('ready ' + __name__)"
    for name in ("shop", "blog"):
        write_app(name, init=note, models=note, lifecycle=ready)
    configure(INSTALLED_APPS=("shop", "blog"))

    setup()

    assert events == ["shop", "blog", "shop.models", "blog.models", "ready shop.lifecycle", "ready blog.lifecycle"]
    assert is_set_up()
    assert [app.name for app in registry.apps] == ["shop", "blog"]


def test_setup_happens_once(configure: Configure, write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """A second call returns at once; force does everything again (C-401, A-01)."""
    write_lifecycle_app("shop")
    configure(INSTALLED_APPS=("shop",))

    setup()
    setup()
    once = list(events)
    setup(force=True)

    assert once == ["ready shop"]
    assert events == ["ready shop", "ready shop"]


def test_other_apps_are_set_up_anew(configure: Configure, write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """When INSTALLED_APPS has changed, as in a test that overrides it, setup is done for the new ones (A-01)."""
    for name in ("shop", "blog"):
        write_lifecycle_app(name)
    configure(INSTALLED_APPS=("shop",))
    setup()

    with settings.overridden(INSTALLED_APPS=("blog",)):
        setup()
        names = [app.name for app in registry.apps]

    assert names == ["blog"]
    assert events == ["ready shop", "ready blog"]


def test_list_of_apps_serves_as_well(configure: Configure, write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """INSTALLED_APPS may be a list, and nothing is added to it (C-411, A-45)."""
    write_lifecycle_app("shop")
    apps = ["shop"]
    configure(INSTALLED_APPS=apps)

    setup()

    assert events == ["ready shop"]
    assert apps == ["shop"]
    assert list(settings.INSTALLED_APPS) == ["shop"]


SETTINGS = {
    "list in the module": 'INSTALLED_APPS = ["shop"]\n',
    "undecorated class": """
        from openviper.conf import BaseSettings
        class Settings(BaseSettings):
            INSTALLED_APPS: tuple[str, ...] = ("shop",)
        """,
}


@pytest.mark.parametrize("source", SETTINGS.values(), ids=SETTINGS)
def test_apps_of_a_settings_module_are_set_up(
    configure: Configure,
    write_files: Callable[[dict[str, str]], None],
    write_lifecycle_app: WriteApp,
    events: list[str],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
) -> None:
    """A bare list in settings.py and a class without a decorator both name the apps (C-105, C-411, A-26)."""
    write_lifecycle_app("shop")
    write_files({"shop_settings.py": source})
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop_settings")

    setup()

    assert events == ["ready shop"]


def test_failed_setup_can_be_tried_again(
    configure: Configure, write_lifecycle_app: WriteApp, events: list[str]
) -> None:
    """After a failure nothing counts as set up, and the next call does it all (C-409)."""
    write_lifecycle_app("shop", ready="events.append('ready'); len(events) > 1 or 1 / 0")
    configure(INSTALLED_APPS=("shop",))

    with pytest.raises(AppReadyError, match="'shop' failed: ZeroDivisionError"):
        setup()
    state = (is_set_up(), registry.apps)
    setup()

    assert state == (False, ())
    assert is_set_up()
    assert events == ["ready", "ready"]


@pytest.mark.parametrize(
    ("files", "error", "text"),
    [
        ({"init": "import no_such_package_anywhere"}, AppLifecycleImportError, "no_such_package_anywhere"),
        ({"models": "import no_such_package_anywhere"}, AppLifecycleImportError, "no_such_package_anywhere"),
        ({"lifecycle": "async def ready(): pass"}, AppLifecycleConfigError, "must be a plain function"),
        ({"lifecycle": "def startup(): pass"}, AppLifecycleConfigError, "must be a coroutine function"),
        ({"apps": "ready = 3"}, AppLifecycleConfigError, "must be callable"),
        ({"init": "requires = ('cart',)"}, ImproperlyConfigured, "add 'cart' before entry 1"),
    ],
)
def test_app_that_cannot_work_is_found_at_setup(
    configure: Configure, write_app: WriteApp, files: dict[str, str], error: type[Exception], text: str
) -> None:
    """What is wrong with an app is an error before a server starts, and names the app (C-405, C-414, A-04, W-29)."""
    write_app("shop", **files)
    configure(INSTALLED_APPS=("shop",))

    with pytest.raises(error, match=text) as caught:
        setup()

    assert "'shop'" in str(caught.value)


def test_limit_of_hooks_must_be_positive(configure: Configure) -> None:
    """A limit of no seconds is an error that names the setting."""
    configure(LIFECYCLE_HOOK_TIMEOUT=0.0)

    with pytest.raises(ImproperlyConfigured, match="LIFECYCLE_HOOK_TIMEOUT is 0"):
        setup()


@pytest.mark.parametrize(
    ("name", "value"), [("INSTALLED_APPS", None), ("INSTALLED_APPS", 3), ("LIFECYCLE_HOOK_TIMEOUT", "x")]
)
def test_setting_of_another_kind_is_refused_by_its_name(configure: Configure, name: str, value: object) -> None:
    """A value of the wrong type is an error about the setting, not one from inside the framework."""
    configure(**{name: value})

    with pytest.raises(ImproperlyConfigured, match=f"^{name} is {value!r}"):
        setup()


def test_apps_that_turn_into_something_else_are_refused(configure: Configure) -> None:
    """The same holds for an override after the first setup."""
    configure()
    setup()

    with settings.overridden(INSTALLED_APPS=None), pytest.raises(ImproperlyConfigured, match="INSTALLED_APPS is None"):
        setup()


def test_setup_can_be_held_back(configure: Configure, write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """Whoever only looks at an application makes it without running a hook; afterwards setup() works as ever."""
    write_lifecycle_app("shop")
    configure(INSTALLED_APPS=("shop",))

    with without_setup():
        setup()
        assert events == []
    setup()

    assert events == ["ready shop"]


def test_setup_from_inside_a_hook_returns_at_once(
    configure: Configure, write_lifecycle_app: WriteApp, events: list[str]
) -> None:
    """A ready() that calls setup() neither waits for itself nor runs again (C-401)."""
    write_lifecycle_app("shop", ready="import openviper.apps.bootstrap as b; b.setup(); events.append('ready')")
    configure(INSTALLED_APPS=("shop",))

    setup()

    assert events == ["ready"]


def test_apps_cannot_be_started_from_a_sync_hook(configure: Configure, write_lifecycle_app: WriteApp) -> None:
    """A ready() that wants to start the apps is told to leave it to startup()."""
    write_lifecycle_app("shop", ready="import openviper.apps.bootstrap as b; b.app_steps()")
    configure(INSTALLED_APPS=("shop",))

    with pytest.raises(AppReadyError, match=r"leave it to startup\(\)") as caught:
        setup()

    assert isinstance(caught.value.original_exception, AppLifecycleError)


def test_threads_set_up_once(configure: Configure, write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """Threads that call setup() together wait for the one that does it (C-401)."""
    write_lifecycle_app("shop", ready="import time; time.sleep(0.01); events.append('ready')")
    configure(INSTALLED_APPS=("shop",))
    barrier = threading.Barrier(4)
    seen: list[int] = []

    def call() -> None:
        barrier.wait(5)
        setup()
        seen.append(len(events))

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)

    assert events == ["ready"]
    assert seen == [1, 1, 1, 1]


def test_reset_forgets_apps_and_hooks(configure: Configure, write_lifecycle_app: WriteApp, events: list[str]) -> None:
    """After a reset the registry is empty, and the next setup calls every ready() again (A-01)."""
    write_lifecycle_app("shop")
    configure(INSTALLED_APPS=("shop",))
    setup()

    reset_setup()
    state = (is_set_up(), registry.apps)
    setup()

    assert state == (False, ())
    assert events == ["ready shop", "ready shop"]


def test_missing_part_of_the_framework_is_an_error(configure: Configure) -> None:
    """A part that is not there is a fault of the distribution, and nothing to skip."""
    configure()

    with pytest.raises(ModuleNotFoundError, match="no_such_part"):
        Bootstrap(parts=("openviper.no_such_part.lifecycle",), apps=AppRegistry()).setup()


def test_defaults_serve_without_any_settings(configure: Configure) -> None:
    """Without a settings module setup() works with the defaults, and there are no apps (C-015, C-016)."""
    setup()

    assert is_set_up()
    assert registry.apps == ()
