"""From settings modules, in every style, to values."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from openviper.conf import Settings, SettingsSource
from openviper.conf.environment import DotenvFile
from openviper.conf.lazy import LazySettings
from openviper.conf.loader import LoadedSettings, load_configured, load_module
from openviper.exceptions import ImproperlyConfigured, SettingsValidationError

Load = Callable[[str], LazySettings]
Write = Callable[[str, str], Path]

UNDECORATED = """
from openviper.conf import BaseSettings

class Settings(BaseSettings):
    INSTALLED_APPS: tuple[str, ...] = ("shop",)
    CACHES: dict = {"default": {"BACKEND": "x"}}
    SHOP_LIMIT = 3
"""
DECORATED = """
import dataclasses
from openviper.conf import Settings

@dataclasses.dataclass(frozen=True)
class ShopSettings(Settings):
    INSTALLED_APPS: tuple[str, ...] = ("shop",)
    CACHES: dict = dataclasses.field(default_factory=lambda: {"default": {"BACKEND": "x"}})
    SHOP_LIMIT: int = 3
"""
WITH_SLOTS = DECORATED.replace("frozen=True", "frozen=True, slots=True")
AS_TEXT = "from __future__ import annotations\n" + UNDECORATED
LISTS = """
from openviper.conf import Settings

class ShopSettings(Settings):
    INSTALLED_APPS = ["shop"]
    CACHES = {"default": {"BACKEND": "x"}}
    SHOP_LIMIT = 3
"""
MODULE = """
INSTALLED_APPS = ["shop"]
CACHES = {"default": {"BACKEND": "x"}}
SHOP_LIMIT = 3
"""
STYLES = [UNDECORATED, DECORATED, WITH_SLOTS, AS_TEXT, LISTS, MODULE]
NAMES = ["undecorated", "decorated", "slots", "annotations as text", "lists", "module"]


@pytest.mark.parametrize("source", STYLES, ids=NAMES)
def test_every_style_takes_effect(source: str, load: Load) -> None:
    """Values of every style are read, lists as tuples, beside the framework's defaults (C-105, C-315, C-411, A-26)."""
    settings = load(source)
    assert settings.INSTALLED_APPS == ("shop",)
    assert settings.CACHES == {"default": {"BACKEND": "x"}}
    assert settings.SHOP_LIMIT == 3
    assert settings.MEDIA_URL == "/media/"
    assert settings.source("INSTALLED_APPS") is SettingsSource.FILE
    assert settings.source("SHOP_LIMIT") is SettingsSource.FILE
    assert settings.source("MEDIA_URL") is SettingsSource.DEFAULT
    assert settings.load_problems == ()


@pytest.mark.parametrize("source", STYLES, ids=NAMES)
def test_variables_win_in_every_style(source: str, load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """OPENVIPER_<NAME> wins over the module, for settings of apps too, by the type of the setting."""
    monkeypatch.setenv("OPENVIPER_INSTALLED_APPS", "shop,blog")
    monkeypatch.setenv("OPENVIPER_SHOP_LIMIT", "5")
    monkeypatch.setenv("OPENVIPER_SESSION_TIMEOUT", "60")
    settings = load(source)
    assert settings.INSTALLED_APPS == ("shop", "blog")
    assert settings.SHOP_LIMIT == 5
    assert settings.SESSION_TIMEOUT.total_seconds() == 60
    assert settings.source("SHOP_LIMIT") is SettingsSource.ENV


def test_annotations_of_a_module(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable is read by the annotation that a name has in the module, if no class has the name."""
    monkeypatch.setenv("OPENVIPER_SHOP_LIMIT", "2.5")
    monkeypatch.setenv("OPENVIPER_DEBUG", "no")
    settings = load("from __future__ import annotations\nSHOP_LIMIT: float = 3\nDEBUG: int = 1\n")
    assert settings.SHOP_LIMIT == 2.5
    assert settings.DEBUG is False


def test_module_fills_what_the_class_leaves(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    """Upper-case names beside a class count where the class says nothing; where both speak the class wins (A-26)."""
    settings = load(
        """
        from openviper.conf import Settings

        SECRET_KEY = "from the module"
        DEBUG = True
        PROJECT_NAME = "shop"
        INSTALLED_APPS = ["shop"]

        class ShopSettings(Settings):
            DEBUG = False
            SECRET_KEY = "from the class"
            PROJECT_NAME = PROJECT_NAME
            INSTALLED_APPS = INSTALLED_APPS
        """
    )
    assert (settings.DEBUG, settings.SECRET_KEY) == (False, "from the class")
    assert (settings.PROJECT_NAME, settings.INSTALLED_APPS) == ("shop", ("shop",))
    assert sorted(problem.id for problem in settings.load_problems) == ["settings.W003", "settings.W003"]
    assert "DEBUG is True in the module and False in ShopSettings; the class wins" in caplog.text
    assert "from the" not in caplog.text


def test_annotation_alone_is_no_value(load: Load) -> None:
    """A class that only annotates a name leaves it to the module."""
    settings = load(
        """
        from openviper.conf import Settings

        SHOP_URL = "/shop"
        DEBUG = False

        class ShopSettings(Settings):
            SHOP_URL: str
            DEBUG: bool
        """
    )
    assert (settings.SHOP_URL, settings.DEBUG) == ("/shop", False)
    assert settings.load_problems == ()


def test_setting_that_only_a_variable_can_give(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class may demand a value; without one, loading fails and names every such setting."""
    source = "from openviper.conf import Settings\nclass Shop(Settings):\n    SHOP_URL: str\n    SHOP_LIMIT: int\n"
    with pytest.raises(SettingsValidationError, match=r"(?s)SHOP_URL has no value.*OPENVIPER_SHOP_LIMIT"):
        load(source)
    monkeypatch.setenv("OPENVIPER_SHOP_URL", "/shop")
    monkeypatch.setenv("OPENVIPER_SHOP_LIMIT", "5")
    assert load(source).SHOP_LIMIT == 5


def test_deepest_class_of_the_module(load: Load) -> None:
    """Of a chain of classes the last one counts, also across a mixin."""
    settings = load(
        """
        from openviper.conf import Settings

        class Base(Settings):
            PROJECT_NAME = "base"
            VERSION = "1"

        class Quiet:
            DEBUG = False

        class Production(Quiet, Base):
            PROJECT_NAME = "production"
        """
    )
    assert (settings.PROJECT_NAME, settings.VERSION, settings.DEBUG) == ("production", "1", False)


def test_two_settings_classes(load: Load) -> None:
    """Two classes of the same depth are an error that names both, whatever they stand on."""
    with pytest.raises(ImproperlyConfigured, match="defines Development and Production"):
        load(
            """
            from openviper.conf import BaseSettings, Settings

            class Production(Settings):
                DEBUG = False

            class Development(BaseSettings):
                DEBUG = True
            """
        )


def test_same_class_under_two_names(load: Load) -> None:
    """A second name for a class is no second class."""
    assert load(UNDECORATED + "\nAlias = Settings\n").INSTALLED_APPS == ("shop",)


def test_class_in_capitals(load: Load) -> None:
    """A settings class is not taken for a setting, whatever its name."""
    settings = load("from openviper.conf import Settings\nclass DEV(Settings):\n    DEBUG = False\n")
    assert settings.DEBUG is False
    assert "DEV" not in settings.as_dict()


def test_exclusion_of_everything(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable can switch the API description off by its one word, or name segments."""
    monkeypatch.setenv("OPENVIPER_OPENAPI_EXCLUDE", "__ALL__")
    assert load("").OPENAPI_EXCLUDE == "__ALL__"
    monkeypatch.setenv("OPENVIPER_OPENAPI_EXCLUDE", "admin,shop")
    assert load("").OPENAPI_EXCLUDE == ("admin", "shop")


def test_module_of_a_package(settings: LazySettings, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module may stand in a package and derive from a class of its neighbour."""
    write("shop/settings/base.py", UNDECORATED)
    write("shop/settings/live.py", "from .base import Settings as Base\nclass Live(Base):\n    DEBUG = False\n")
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop.settings.live")
    assert settings.INSTALLED_APPS == ("shop",)
    assert settings.DEBUG is False
    assert settings.module == "shop.settings.live"


def test_settings_package(settings: LazySettings, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package may be the settings module itself."""
    write("shop/settings/__init__.py", "from .base import *\nDEBUG = False\n")
    write("shop/settings/base.py", "INSTALLED_APPS = ['shop']\n")
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop.settings")
    assert (settings.INSTALLED_APPS, settings.DEBUG) == (("shop",), False)


def test_imported_class_is_not_used(load: Load, write: Write, caplog: pytest.LogCaptureFixture) -> None:
    """Only a class that the module defines counts; one that is merely imported is reported (A-26)."""
    write("base_settings.py", UNDECORATED)
    settings = load("from base_settings import Settings\nfrom openviper.conf import BaseSettings\nDEBUG = False\n")
    assert settings.INSTALLED_APPS == ()
    assert [problem.id for problem in settings.load_problems] == ["settings.W004"]
    assert "Name base_settings in OPENVIPER_SETTINGS_MODULE" in caplog.text


def test_annotations_for_type_checkers_only(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not exist at run time does no harm; its setting is read by the type of its value."""
    monkeypatch.setenv("OPENVIPER_SHOP_LIMIT", "5")
    settings = load(
        """
        from __future__ import annotations
        from typing import TYPE_CHECKING
        from openviper.conf import Settings

        if TYPE_CHECKING:
            from shop.types import Limit

        class ShopSettings(Settings):
            SHOP_LIMIT: Limit = 3
        """
    )
    assert settings.SHOP_LIMIT == 5


def test_missing_module(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A named module that is not there is an error that names it, never the defaults (C-015, W-24)."""
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "nowhere.settings")
    with pytest.raises(ImproperlyConfigured, match=r"'nowhere\.settings' cannot be found.*no module 'nowhere'"):
        settings.setup()
    assert not settings.is_loaded


def test_missing_part_of_a_package(settings: LazySettings, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The part of the name that does not exist is the one that is named (C-015)."""
    write("shop/urls.py", "")
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop.settings")
    with pytest.raises(ImproperlyConfigured, match=r"there is no module 'shop\.settings'"):
        settings.setup()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "import not_installed",
            r"ModuleNotFoundError: No module named 'not_installed' \(.*settings\.py, line 1\)",
        ),
        ("import os\nKEY = os.environ['NOWHERE']", r"KeyError: 'NOWHERE' \(.*, line \d+\)"),
        ("DEBUG = = 1", r"SyntaxError: invalid syntax \(shop_settings\.py, line 1\)"),
        ("class Broken(Exception): pass\nraise Broken('closed')", r"Broken: closed \(.*shop_settings\.py, line 2\)"),
    ],
)
def test_module_that_fails(source: str, message: str, load: Load) -> None:
    """An error inside the module names the module, the cause and the line, and is no missing module (C-015, W-24)."""
    with pytest.raises(ImproperlyConfigured, match=f"settings module 'shop_settings' cannot be loaded: {message}"):
        load(source)


def test_class_that_fails_when_it_is_made(load: Load) -> None:
    """A check in __post_init__ is reported like any other error of the module."""
    with pytest.raises(ImproperlyConfigured, match="cannot be loaded: ValueError: the shop needs a name"):
        load(
            """
            from openviper.conf import Settings

            class Shop(Settings):
                def __post_init__(self):
                    raise ValueError("the shop needs a name")
            """
        )


def test_failed_load_can_be_tried_again(load: Load, settings: LazySettings) -> None:
    """After a failure nothing is loaded, and the next read succeeds once the cause is mended."""
    with pytest.raises(ImproperlyConfigured):
        load("import not_installed")
    assert not settings.is_loaded
    assert load("DEBUG = False\n").DEBUG is False


def test_failed_reload_keeps_the_settings(load: Load, settings: LazySettings) -> None:
    """A reload that fails leaves values and module as they were."""
    load("PROJECT_NAME = 'shop'\n")
    before = sys.modules["shop_settings"]
    with pytest.raises(ImproperlyConfigured):
        load("import not_installed")
    assert settings.PROJECT_NAME == "shop"
    assert sys.modules["shop_settings"] is before


def test_folder_without_init_is_no_settings_module(
    settings: LazySettings, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of settings modules that is no package is an error that names them, not a way to say the defaults."""
    write("shop/conf/dev.py", "DEBUG = True\n")
    write("shop/conf/prod.py", "DEBUG = False\n")
    (Path.cwd() / "shop/conf/__init__.py").unlink()
    (Path.cwd() / "empty").mkdir()
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop.conf")
    with pytest.raises(ImproperlyConfigured, match=r"without __init__\.py.*\(shop\.conf\.dev, shop\.conf\.prod\)"):
        settings.setup()
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "empty")
    with pytest.raises(ImproperlyConfigured, match=r"without __init__\.py.*name a module in OPENVIPER"):
        settings.setup()


@pytest.mark.parametrize(
    ("name", "value", "kinds"),
    [
        ("INSTALLED_APPS", "None", ("NoneType", "tuple[str, ...]")),
        ("INSTALLED_APPS", "3", ("int", "tuple[str, ...]")),
        ("INSTALLED_APPS", "'shop'", ("str", "tuple[str, ...]")),
        ("MIDDLEWARE", "None", ("NoneType", "tuple[str, ...]")),
        ("ALLOWED_HOSTS", "'a.org'", ("str", "tuple[str, ...]")),
        ("LOGGING", "3", ("int", "dict[str, Any]")),
        ("LIFECYCLE_HOOK_TIMEOUT", "'x'", ("str", "float | None")),
        ("LIFECYCLE_HOOK_TIMEOUT", "True", ("bool", "float | None")),
        ("TEMPLATES_DIR", "3", ("int", "str")),
    ],
)
def test_value_of_a_wrong_kind(load: Load, name: str, value: str, kinds: tuple[str, str]) -> None:
    """What nobody could read as a list, a table or a limit is refused at load, by name and with both types."""
    with pytest.raises(SettingsValidationError) as caught:
        load(f"{name} = {value}\nDEBUG = 'yes'\n")
    given, wanted = kinds
    assert caught.value.errors == [f"{name} is {value}, of type {given}; give it a value of type {wanted}"]


def test_wrong_kinds_are_named_together_and_without_secrets(load: Load) -> None:
    """One look is enough, and the value of a secret is hidden."""
    with pytest.raises(SettingsValidationError, match=r"(?s)MIDDLEWARE is None.*DATABASES is '\*\*\*'") as caught:
        load("DATABASES = 'redis://:hush@host'\nMIDDLEWARE = None\n")
    assert len(caught.value.errors) == 2
    assert "hush" not in str(caught.value)


def test_module_that_leaves_the_program(load: Load) -> None:
    """A settings module that calls sys.exit() cannot be loaded; nobody takes that for a success."""
    with pytest.raises(ImproperlyConfigured, match=r"SystemExit: 0 \(.*shop_settings\.py, line 2\)"):
        load("import sys\nsys.exit(0)\n")


def test_reload_of_a_package(settings: LazySettings, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forced load runs the module and what stands below it anew; names that are gone are gone."""
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", "shop.settings")
    write("shop/settings/__init__.py", "from .base import *\nSHOP_A = 1\n")
    write("shop/settings/base.py", "PROJECT_NAME = 'old'\n")
    assert settings.PROJECT_NAME == "old"
    write("shop/settings/__init__.py", "from .base import *\n")
    write("shop/settings/base.py", "PROJECT_NAME = 'new'\n")
    settings.setup(force=True)
    assert settings.PROJECT_NAME == "new"
    assert "SHOP_A" not in settings.as_dict()


def test_no_module_named(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a module the framework's defaults apply, and variables still count (C-015)."""
    monkeypatch.setenv("OPENVIPER_SETTINGS_MODULE", " ")
    monkeypatch.setenv("OPENVIPER_PROJECT_NAME", "shop")
    assert settings.PROJECT_NAME == "shop"
    assert settings.MEDIA_ROOT == "media"
    assert settings.module is None


def test_debug_in_production(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """In production DEBUG is off where nothing says otherwise; what is said counts."""
    monkeypatch.setenv("OPENVIPER_ENV", "production")
    assert load("PROJECT_NAME = 'shop'").DEBUG is False
    assert load("DEBUG = True").DEBUG is True
    assert load("from openviper.conf import Settings\nclass Shop(Settings):\n    DEBUG = True\n").DEBUG is True
    monkeypatch.setenv("OPENVIPER_DEBUG", "yes")
    assert load("DEBUG = False").DEBUG is True


def test_hosts_in_tests(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """In tests the host of the test client is allowed, once, beside the project's own."""
    assert "testserver" not in load("").ALLOWED_HOSTS
    monkeypatch.setenv("OPENVIPER_ENV", "testing")
    assert load("").ALLOWED_HOSTS == ("localhost", "127.0.0.1", "[::1]", "testserver")
    assert load("ALLOWED_HOSTS = ['shop.example']").ALLOWED_HOSTS == ("shop.example", "testserver")
    assert load("ALLOWED_HOSTS = ('testserver',)").ALLOWED_HOSTS == ("testserver",)
    with pytest.raises(SettingsValidationError, match="ALLOWED_HOSTS is 'oops'"):
        load("ALLOWED_HOSTS = 'oops'")


def test_unread_variable_is_a_problem(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A DATABASE_URL in the environment looks as if it counted, so that it does not is reported (W-22)."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hush@host/db")
    settings = load("")
    assert settings.DATABASE_URL == ""
    (problem,) = settings.load_problems
    assert problem.id == "settings.W007"
    assert "OPENVIPER_DATABASE_URL" in problem.hint


def test_loading_without_the_settings_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loader takes its variables as an argument and keeps nothing itself."""
    loaded = load_module(DotenvFile({}), {"OPENVIPER_DEBUG": "no"})
    assert isinstance(loaded, LoadedSettings)
    assert loaded.instance["DEBUG"] is False
    assert loaded.sources == {"DEBUG": SettingsSource.ENV}


class Shop:
    """An object with settings."""

    DEBUG = False
    INSTALLED_APPS = ("shop",)
    SHOP_LIMIT = 3
    lower = 1


class ShopSettings(Settings):
    DEBUG = False
    INSTALLED_APPS = ("shop",)
    SHOP_LIMIT = 3


@pytest.mark.parametrize("given", [Shop, Shop(), ShopSettings, ShopSettings(), sys.modules[__name__]])
def test_what_can_be_configured(given: object) -> None:
    """Instances, classes, any object and modules can state settings; names of apps are kept (A-68)."""
    loaded = load_configured(given, {"PROJECT_NAME": "shop"})
    assert loaded.instance["PROJECT_NAME"] == "shop"
    assert loaded.sources["PROJECT_NAME"] is SettingsSource.CONFIGURED
    if given is not sys.modules[__name__]:
        assert loaded.instance["DEBUG"] is False
        assert loaded.instance["SHOP_LIMIT"] == 3
        assert loaded.instance["MEDIA_URL"] == "/media/"


def test_configured_in_production_and_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is stated nowhere follows the environment; an instance states everything."""
    monkeypatch.setenv("OPENVIPER_ENV", "production")
    assert load_configured(None, {}).instance["DEBUG"] is False
    assert load_configured(None, {"DEBUG": True}).instance["DEBUG"] is True
    assert load_configured(Settings(), {}).instance["DEBUG"] is True
    monkeypatch.setenv("OPENVIPER_ENV", "testing")
    assert "testserver" in str(load_configured(None, {}).instance["ALLOWED_HOSTS"])
    assert load_configured(None, {"ALLOWED_HOSTS": ["a"]}).instance["ALLOWED_HOSTS"] == ("a",)


def test_mapping_is_not_configured_silently() -> None:
    """A dict has no upper-case attributes, so it would configure nothing; it is refused."""
    with pytest.raises(TypeError, match=r"configure\(\*\*mapping\)"):
        load_configured({"DEBUG": False}, {})


@pytest.mark.parametrize("given", ["proj.settings", b"x", 3, ["DEBUG"], len])
def test_what_states_no_settings_is_not_configured(given: object) -> None:
    """A name of a module, or anything else that has no settings, is an error and not a way to say the defaults."""
    with pytest.raises(TypeError, match=r"configure\(\) takes a settings class.*OPENVIPER_SETTINGS_MODULE"):
        load_configured(given, {})


def test_settings_without_the_base_class_of_the_framework() -> None:
    """A settings class that stands on BaseSettings alone, or on an area, has the framework's defaults too (C-105)."""
    from openviper.conf import BaseSettings
    from openviper.conf.defaults.http import HTTPSettings

    class OnArea(HTTPSettings):
        MAX_BODY_SIZE = 3

    assert load_configured(OnArea, {}).instance["DEBUG"] is True
    assert load_configured(OnArea(), {}).instance["MAX_BODY_SIZE"] == 3
    assert load_configured(BaseSettings, {}).instance["MAX_BODY_SIZE"] == 10 * 1024 * 1024


def test_log_of_a_quiet_module(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    """Loading says nothing where nothing is odd."""
    with caplog.at_level(logging.DEBUG):
        load("DEBUG = False\n")
    assert caplog.records == []
