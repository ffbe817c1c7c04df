"""The settings object: lazy, read-only, safe between threads, restorable."""

import asyncio
import copy
import importlib
import inspect
import logging
import os
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, assert_type

import pytest

from openviper.conf import Settings, SettingsSource
from openviper.conf import settings as project_settings
from openviper.conf.exceptions import UnknownSettingError
from openviper.conf.lazy import LazySettings
from openviper.exceptions import ImproperlyConfigured, SettingsValidationError

Load = Callable[[str], LazySettings]
Write = Callable[[str, str], Path]


def test_first_read_loads(settings: LazySettings) -> None:
    """Nothing is loaded until a setting is read; then the framework's defaults are there (C-015)."""
    before = (settings.is_loaded, settings.module, settings.load_problems)
    assert before == (False, None, ())
    assert settings.DEBUG is True
    assert settings.is_loaded
    assert settings.settings_class is Settings


def test_probing_loads_nothing(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What tools ask any object for neither loads settings nor fails on broken ones."""
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "nowhere")
    assert not hasattr(settings, "__wrapped__")
    assert not hasattr(settings, "_private")
    assert not inspect.isawaitable(settings)
    assert "DEBUG" in dir(settings)
    assert repr(settings) == "<settings, not loaded>"
    assert not settings.is_loaded


def test_reading_by_name(settings: LazySettings) -> None:
    """A setting is an attribute and an item; an unknown name suggests the closest one."""
    assert settings["DEBUG"] is settings.DEBUG
    with pytest.raises(AttributeError, match="did you mean 'INSTALLED_APPS'"):
        _ = settings.INSTALED_APPS
    with pytest.raises(KeyError, match="did you mean 'DEBUG'"):
        settings["debug"]
    with pytest.raises(UnknownSettingError, match=r"there is no setting 'SHOP_XYZ'$"):
        settings["SHOP_XYZ"]
    assert not hasattr(settings, "SHOP_XYZ")


def test_writing_is_refused(settings: LazySettings) -> None:
    """Settings are read-only, before and after they are loaded."""
    anything: Any = settings
    for _ in range(2):
        with pytest.raises(AttributeError, match="read-only: DEBUG cannot be set"):
            anything.DEBUG = False
        with pytest.raises(AttributeError, match="read-only: DEBUG cannot be deleted"):
            del settings.DEBUG
        settings.setup()
    assert settings.DEBUG is True


def test_threads_race_for_the_first_read(load: Load, settings: LazySettings) -> None:
    """Many threads that read first see the same values, and the module runs once."""
    load("import threading\nRUNS = []\nRUNS.append(1)\nPROJECT_NAME = threading.current_thread().name\n")
    settings.reset()
    barrier = threading.Barrier(16)

    def read(_: int) -> tuple[str, object]:
        barrier.wait(timeout=10)
        return settings.PROJECT_NAME, settings.RUNS

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(read, range(16)))
    assert len({name for name, _ in found}) == 1
    assert all(runs == [1] for _, runs in found)


def test_threads_read_while_settings_change(settings: LazySettings) -> None:
    """A reader sees a value of before or of after, never none."""
    settings.setup()
    stop = threading.Event()
    seen: set[str] = set()

    def read() -> None:
        while not stop.is_set():
            seen.add(settings.PROJECT_NAME)

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        for _ in range(20):
            with settings.overridden(PROJECT_NAME="other"):
                pass
            settings.setup(force=True)
        stop.set()
        for reader in readers:
            reader.result(timeout=10)
    assert seen <= {"OpenViper Application", "other"}


def test_settings_read_by_their_own_module(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that reads the settings while they are loaded gets an error that says so, not a loop."""
    write("shop_settings.py", "from openviper.conf import settings\nsettings.DEBUG\n")
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop_settings")
    project_settings.reset()
    try:
        with pytest.raises(ImproperlyConfigured, match=r"still being loaded.*shop_settings\.py, line 2"):
            _ = project_settings.DEBUG
    finally:
        project_settings.reset()


def test_settings_read_by_a_module_that_the_settings_import(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that import the two at the same time both end, with values or with an error that says why."""
    write("gates.py", "import threading\nmodels, module = threading.Event(), threading.Event()\n")
    meet = "import gates\ngates.{0}.set()\ngates.{1}.wait(5)\n"
    write("shop_models.py", meet.format("models", "module") + "from openviper.conf import settings\nsettings.DEBUG\n")
    write("shop_settings.py", meet.format("module", "models") + "import shop_models\nDEBUG = False\n")
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop_settings")
    project_settings.reset()
    ends: list[object] = []

    def attempt(use: Callable[[], object]) -> None:
        try:
            ends.append(use() and "done")
        except ImproperlyConfigured as error:
            ends.append("still being loaded" in str(error) or error)

    uses: list[Callable[[], object]] = [
        lambda: importlib.import_module("shop_models"),
        lambda: project_settings.PROJECT_NAME,
    ]
    # Daemons, so that a deadlock fails this test and does not keep the run from ending.
    threads = [threading.Thread(target=attempt, args=(use,), daemon=True) for use in uses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in threads)
    assert set(ends) <= {True, "done"}
    project_settings.reset()


def test_half_a_settings_module_is_not_used(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A settings module that is imported first and imports a reader of settings fails, rather than losing values."""
    write("shop_settings.py", "import shop_models\nDEBUG = False\n")
    write("shop_models.py", "from openviper.conf import settings\nsettings.DEBUG\n")
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop_settings")
    project_settings.reset()
    with pytest.raises(ImproperlyConfigured, match="still being loaded"):
        importlib.import_module("shop_settings")
    assert not project_settings.is_loaded


def test_second_setup_does_nothing(load: Load, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a forced setup loads again."""
    load("DEBUG = False\n")
    monkeypatch.setenv("OPENVIPER_DEBUG", "yes")
    settings.setup()
    assert settings.DEBUG is False
    settings.setup(force=True)
    assert settings.DEBUG is True


def test_configured_settings(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program states its settings itself; variables have no say, and a forced setup changes nothing (A-68)."""
    monkeypatch.setenv("OPENVIPER_DEBUG", "yes")
    settings.configure(Settings(PROJECT_NAME="shop"), DEBUG=False, SHOP_LIMIT=3)
    settings.setup(force=True)
    assert (settings.PROJECT_NAME, settings.DEBUG, settings.SHOP_LIMIT) == ("shop", False, 3)
    assert settings.source("SHOP_LIMIT") is SettingsSource.CONFIGURED
    assert repr(settings) == "<settings from configure()>"
    assert settings.module is None


def test_second_configure_is_refused(settings: LazySettings) -> None:
    """Settings are configured once, and before anything reads one."""
    settings.configure(DEBUG=False)
    with pytest.raises(RuntimeError, match="already configured"):
        settings.configure(DEBUG=True)
    settings.reset()
    _ = settings.DEBUG
    with pytest.raises(RuntimeError, match="already loaded"):
        settings.configure(DEBUG=False)


def test_failed_configure_can_be_tried_again(settings: LazySettings) -> None:
    """A refused call leaves nothing behind."""
    with pytest.raises(TypeError, match="debug"):
        settings.configure(debug=False)
    settings.configure(DEBUG=False)
    assert settings.DEBUG is False


def test_override_and_restore(settings: LazySettings) -> None:
    """Inside the block the values are others, in their field's shape; blocks nest, and names of apps are allowed."""
    values: dict[str, Any] = {"INSTALLED_APPS": ["shop"], "SHOP_LIMIT": 3}
    with settings.overridden(**values):
        assert settings.INSTALLED_APPS == ("shop",)
        assert settings.source("SHOP_LIMIT") is SettingsSource.OVERRIDE
        with settings.overridden(INSTALLED_APPS=()):
            assert settings["INSTALLED_APPS"] == ()
            assert settings.SHOP_LIMIT == 3
            assert settings.as_dict()["INSTALLED_APPS"] == ()
        assert settings["INSTALLED_APPS"] == ("shop",)
    assert settings["INSTALLED_APPS"] == ()
    assert not hasattr(settings, "SHOP_LIMIT")
    assert settings.source("INSTALLED_APPS") is SettingsSource.DEFAULT


def test_override_ends_with_an_error(settings: LazySettings) -> None:
    """A block that fails restores the values as well."""
    with pytest.raises(ZeroDivisionError), settings.overridden(DEBUG=False):
        raise ZeroDivisionError
    assert settings.DEBUG is True


def test_override_of_a_lower_case_name(settings: LazySettings) -> None:
    """A name that can be no setting is refused, and nothing changes."""
    with pytest.raises(TypeError, match="'debug' is no setting"), settings.overridden(debug=False):
        pass
    assert settings.DEBUG is True


def test_overrides_that_end_in_any_order(settings: LazySettings) -> None:
    """Each block takes back its own values, whichever ends first."""
    first, second = settings.overridden(DEBUG=False, PROJECT_NAME="first"), settings.overridden(PROJECT_NAME="second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert (settings.DEBUG, settings.PROJECT_NAME) == (True, "second")
    second.__exit__(None, None, None)
    assert settings.PROJECT_NAME == "OpenViper Application"


def test_reload_inside_an_override(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forced setup changes what is below; the block keeps its values until it ends."""
    with settings.overridden(PROJECT_NAME="block"):
        monkeypatch.setenv("OPENVIPER_PROJECT_NAME", "variable")
        settings.setup(force=True)
        assert settings.PROJECT_NAME == "block"
    assert settings.PROJECT_NAME == "variable"


def test_reset_inside_an_override(settings: LazySettings) -> None:
    """Forgetting everything forgets the block too; its end changes nothing."""
    with settings.overridden(DEBUG=False):
        settings.reset()
        assert not settings.is_loaded
        settings.configure(PROJECT_NAME="new")
    assert (settings.DEBUG, settings.PROJECT_NAME) == (True, "new")


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_copy_is_the_object_itself(again: Callable[[LazySettings], LazySettings]) -> None:
    """There is one settings object in a process, whatever is copied or sent with it."""
    assert again(project_settings) is project_settings


async def test_override_is_seen_by_tasks(settings: LazySettings) -> None:
    """Settings are those of the process: a task started inside the block sees them."""

    async def read() -> bool:
        return settings.DEBUG

    with settings.overridden(DEBUG=False):
        assert await asyncio.create_task(read()) is False


def test_missing_key_in_development(settings: LazySettings, caplog: pytest.LogCaptureFixture) -> None:
    """Without SECRET_KEY the process makes one when first asked, says so once, and never shows it."""
    assert settings.as_dict(mask_sensitive=False)["SECRET_KEY"] == ""
    assert caplog.records == []
    key = settings.SECRET_KEY
    assert len(key) >= 50
    settings.setup(force=True)
    assert settings["SECRET_KEY"] == key
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "SECRET_KEY is not set" in caplog.text
    assert key not in caplog.text
    assert settings.as_dict(mask_sensitive=False)["SECRET_KEY"] == ""


def test_missing_key_in_production(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """In production a missing key stays missing, so that the checks see it."""
    monkeypatch.setenv("OPENVIPER_ENV", "production")
    assert settings.SECRET_KEY == ""


def test_key_that_is_set(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    """A key of the project is used as it is, without a word."""
    assert load("SECRET_KEY = 'theirs'\n").SECRET_KEY == "theirs"
    assert caplog.records == []


def test_reset_forgets_the_module(load: Load, settings: LazySettings, write: Write) -> None:
    """After a reset the settings module is read from the disk again, as in a new process."""
    load("PROJECT_NAME = 'old'\n")
    settings.reset()
    write("shop_settings.py", "PROJECT_NAME = 'new'\n")
    assert settings.PROJECT_NAME == "new"


def test_dotenv(settings: LazySettings, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """.env is read from the folder of work upwards when settings load, names the module too, and gives way."""
    write(".env", "OPENVIPER_SETTINGS_MODULE=shop_settings\nSECRET_KEY=from-dotenv\nOPENVIPER_PROJECT_NAME=dotenv\n")
    write("shop_settings.py", "DEBUG = False\nPROJECT_NAME = 'module'\n")
    (Path.cwd() / "deep/down").mkdir(parents=True)
    monkeypatch.chdir("deep/down")
    assert (settings.SECRET_KEY, settings.DEBUG, settings.PROJECT_NAME) == ("from-dotenv", False, "dotenv")
    assert settings.module == "shop_settings"
    assert settings.source("SECRET_KEY") is SettingsSource.DOTENV
    assert repr(settings) == "<settings from shop_settings>"
    monkeypatch.setenv("OPENVIPER_PROJECT_NAME", "real")
    settings.setup(force=True)
    assert settings.source("PROJECT_NAME") is SettingsSource.ENV


def test_dotenv_is_forgotten_by_reset(settings: LazySettings, write: Write) -> None:
    """Variables that came from .env are gone after a reset."""
    write(".env", "OPENVIPER_PROJECT_NAME=dotenv\nSHOP_ADDRESS=here\n")
    settings.setup()
    assert os.environ["SHOP_ADDRESS"] == "here"
    settings.reset()
    assert "SHOP_ADDRESS" not in os.environ
    assert "OPENVIPER_PROJECT_NAME" not in os.environ


def test_import_reads_no_dotenv(write: Write) -> None:
    """Importing the framework has no side effect; the object of the process is not touched by this file."""
    write(".env", "SHOP_ADDRESS=here\n")
    assert isinstance(project_settings, LazySettings)
    assert "SHOP_ADDRESS" not in os.environ


def test_bad_variables(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """All variables that cannot be read are named at the first read, also in place of an attribute (W-23)."""
    monkeypatch.setenv("OPENVIPER_MAX_BODY_SIZE", "ten")
    monkeypatch.setenv("OPENVIPER_DEBUG", "maybe")
    with pytest.raises(SettingsValidationError) as caught:
        _ = settings.DEBUG
    assert len(caught.value.errors) == 2
    monkeypatch.delenv("OPENVIPER_DEBUG")
    monkeypatch.setenv("OPENVIPER_MAX_BODY_SIZE", "10")
    assert settings.MAX_BODY_SIZE == 10


def test_unknown_environment(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that does not exist is an error at loading and at configuring."""
    monkeypatch.setenv("OPENVIPER_ENV", "live")
    with pytest.raises(ImproperlyConfigured, match="OPENVIPER_ENV"):
        settings.setup()
    with pytest.raises(ImproperlyConfigured, match="OPENVIPER_ENV"):
        settings.configure()


def test_dump_is_masked(settings: LazySettings) -> None:
    """A dump shows every setting and no secret, unless asked."""
    settings.configure(SECRET_KEY="hush", DATABASE_URL="redis://:hush@host", SHOP={"token": "hush"})
    assert "hush" not in str(settings.as_dict())
    assert settings.as_dict(mask_sensitive=False)["SECRET_KEY"] == "hush"
    assert set(Settings.__dataclass_fields__) < set(settings.as_dict())


def test_source_of_an_unknown_setting(settings: LazySettings) -> None:
    """A name that is no setting has no source."""
    with pytest.raises(UnknownSettingError, match="did you mean 'DEBUG'"):
        settings.source("DEBGU")


def test_types(settings: LazySettings) -> None:
    """Every setting has a type, and type checkers know those of the framework."""
    assert settings.field_types()["DEBUG"] is bool
    assert_type(settings.DEBUG, bool)
    assert_type(settings.INSTALLED_APPS, tuple[str, ...])
    assert_type(settings.LIFECYCLE_HOOK_TIMEOUT, float | None)


def test_texts_that_a_dump_hides(settings: LazySettings) -> None:
    """They are there to be hidden elsewhere: those of secrets, inside URLs, and the key of the process once made."""
    assert settings.hidden_texts() == frozenset()
    assert not settings.is_loaded

    settings.configure(DATABASE_URL="postgresql://me:hush@host/db", SHOP_TOKEN="hush-hush")
    assert settings.hidden_texts() == {"hush", "hush-hush"}
    with settings.overridden(SHOP_TOKEN=""):
        assert settings.hidden_texts() == {"hush"}
    assert settings.SECRET_KEY in settings.hidden_texts()
