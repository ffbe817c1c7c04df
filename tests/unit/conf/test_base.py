"""Settings classes: every way to write one gives a frozen dataclass with the values that stand in it."""

# ruff: noqa: RUF008, RUF012 - lists and dicts in class bodies are what is tested

import copy
import dataclasses
import pickle
from collections import defaultdict
from typing import Any, ClassVar, assert_type, cast

import pytest

from openviper.conf import BaseSettings, Settings
from openviper.conf.base import class_default, setting_types
from openviper.conf.exceptions import UnknownSettingError
from openviper.exceptions import SettingsValidationError

# Apps bring names of their own, which type checkers cannot know.
OPEN: Any = Settings


class Shop(Settings):
    """A class as a project writes it: annotated or not, decorated or not, mutable or not."""

    INSTALLED_APPS = ("shop",)
    DEBUG: bool = False
    CACHES: dict[str, Any] = {"default": {"OPTIONS": {"ttl": 60}}}
    SHOP_TAGS = ["new"]
    SHOP_COUNTRIES = {"AT"}


@dataclasses.dataclass(frozen=True)
class Decorated(Settings):
    INSTALLED_APPS: tuple[str, ...] = ("shop",)
    DEBUG = False
    CACHES: dict[str, Any] = {"default": {}}
    SHOP_TAGS: list[str] = dataclasses.field(default_factory=lambda: ["new"])


@dataclasses.dataclass(frozen=True, slots=True)
class Slotted(Settings):
    INSTALLED_APPS: tuple[str, ...] = ("shop",)
    DEBUG = False
    CACHES: dict[str, Any] = {"default": {}}
    SHOP_TAGS: list[str] = dataclasses.field(default_factory=lambda: ["new"])


class Mixin:
    """No settings class of its own."""

    DEBUG = False
    SHOP_TAGS = ["new"]


class Mixed(Mixin, Settings):
    INSTALLED_APPS = ("shop",)
    CACHES = {"default": {}}


class OnBase(BaseSettings):
    INSTALLED_APPS: tuple[str, ...] = ("shop",)
    DEBUG = False
    CACHES: Any = {"default": {}}
    SHOP_TAGS = ["new"]


STYLES = [Shop, Decorated, Slotted, Mixed, OnBase]


@pytest.mark.parametrize("cls", STYLES)
def test_values_of_every_style_take_effect(cls: type[BaseSettings]) -> None:
    """No decorator is needed, one on top is harmless, annotations are optional (C-105, C-315, A-26, W-21)."""
    settings = cls()
    assert settings["INSTALLED_APPS"] == ("shop",)
    assert settings["DEBUG"] is False
    assert "default" in str(settings["CACHES"])
    assert settings["SHOP_TAGS"] == ["new"]


@pytest.mark.parametrize("cls", STYLES)
def test_every_style_is_a_frozen_dataclass(cls: type[BaseSettings]) -> None:
    """Fields are known to dataclasses, equality is by value, and neither setting nor deleting works (A-26)."""
    settings: Any = cls()
    assert {"DEBUG", "INSTALLED_APPS", "SHOP_TAGS"} <= {field.name for field in dataclasses.fields(settings)}
    assert settings == cls()
    assert settings != dataclasses.replace(settings, DEBUG=True)
    with pytest.raises(dataclasses.FrozenInstanceError, match="DEBUG"):
        settings.DEBUG = True
    with pytest.raises(dataclasses.FrozenInstanceError, match="DEBUG"):
        del settings.DEBUG


@pytest.mark.parametrize("cls", STYLES)
def test_mutable_values_are_copied_for_every_instance(cls: type[BaseSettings]) -> None:
    """What one instance does to a list or a dict, at any depth, another does not see (A-26)."""
    changed: Any = cls()
    changed.SHOP_TAGS.append("old")
    changed.CACHES["default"]["BACKEND"] = "x"
    assert cls()["SHOP_TAGS"] == ["new"]
    assert "BACKEND" not in str(cls()["CACHES"])
    assert type(changed.CACHES) is dict
    assert type(changed.SHOP_TAGS) is list


def test_values_given_to_an_instance_are_copied() -> None:
    """A dict that is changed after it was given does not change the settings."""
    caches: dict[str, Any] = {"default": {}}
    settings = OPEN(CACHES=caches, SHOP={"a"}, PAIR=([],))
    caches["default"]["BACKEND"] = "x"
    assert settings.CACHES == {"default": {}}
    assert settings["SHOP"] == {"a"}


@pytest.mark.parametrize("cls", STYLES)
def test_subclass_of_every_style(cls: type[BaseSettings]) -> None:
    """A class derived from any style inherits its values and overrides some, without annotations."""
    child = type("Child", (cls,), {"DEBUG": True, "SHOP_TAGS": ["sale"]})()
    assert (child.DEBUG, child.SHOP_TAGS, child.INSTALLED_APPS) == (True, ["sale"], ("shop",))


@pytest.mark.parametrize("cls", STYLES)
def test_repr_of_every_style_hides_secrets(cls: type[BaseSettings]) -> None:
    """What shows an instance shows no key, also where a decorator would have written its own repr."""
    anything: Any = cls
    shown = repr(anything(SECRET_KEY="hush-hush", DATABASE_URL="postgresql://me:hush-hush@host/db"))
    assert "hush" not in shown
    assert "SECRET_KEY='***'" in shown
    assert "postgresql://me:***@host/db" in shown


def test_values_are_read_from_the_class_as_they_were_written() -> None:
    """A subclass may build on the value of its parent."""

    class Child(Shop):
        SHOP_TAGS = [*Shop.SHOP_TAGS, "sale"]
        INSTALLED_APPS = (*Shop.INSTALLED_APPS, "blog")

    assert Child()["SHOP_TAGS"] == ["new", "sale"]
    assert Child()["INSTALLED_APPS"] == ("shop", "blog")
    assert Shop.SHOP_TAGS == ["new"]


def test_list_becomes_a_tuple_where_the_field_is_one() -> None:
    """The framework reads tuples, whatever the project writes or annotates (A-26, C-411)."""
    namespace = {"INSTALLED_APPS": ["shop"], "__annotations__": {"INSTALLED_APPS": list[str]}}
    assert type("Child", (Settings,), namespace)().INSTALLED_APPS == ("shop",)
    assert OPEN(INSTALLED_APPS=["shop"]).INSTALLED_APPS == ("shop",)


def test_mixin_behind_a_settings_class_gives_way() -> None:
    """Values come in the order of inheritance, also from bases that are no settings classes."""

    class Behind(Shop, Mixin):
        pass

    class Fallback:
        SHOP_URL = "/shop"

    class WithFallback(Settings, Fallback):
        pass

    assert Behind(DEBUG=True).DEBUG is True
    assert Behind().SHOP_TAGS == ["new"]
    assert WithFallback()["SHOP_URL"] == "/shop"
    assert WithFallback().DEBUG is True


def test_setting_without_a_value() -> None:
    """All settings that have no value are named at once."""

    class Shop(Settings):
        SHOP_URL: str
        SHOP_KEY: str

    with pytest.raises(SettingsValidationError) as caught:
        cast("Any", Shop)()
    assert len(caught.value.errors) == 2
    assert "OPENVIPER_SHOP_URL" in caught.value.errors[0]
    assert Shop(SHOP_URL="/", SHOP_KEY="k").SHOP_URL == "/"


def test_class_variable_is_a_setting() -> None:
    """The annotation that linters advise for a dict in a class body changes nothing, also written as text."""

    class Shop(Settings):
        DEBUG: ClassVar[bool] = False  # type: ignore[misc]  # the parent has a field, and so has this class
        CACHES: ClassVar[dict[str, Any]] = {"default": {}}  # type: ignore[misc]  # as above
        SHOP_LIMIT: ClassVar = 3
        SHOP_URL: "ClassVar[str]"

    shop = cast("Any", Shop)(SHOP_URL="/")
    assert (shop.DEBUG, shop.CACHES, shop.SHOP_LIMIT, shop.SHOP_URL) == (False, {"default": {}}, 3, "/")
    assert {"DEBUG", "CACHES", "SHOP_LIMIT", "SHOP_URL"} <= {field.name for field in dataclasses.fields(Shop)}
    kinds = shop.field_types()
    assert (kinds["DEBUG"], kinds["SHOP_LIMIT"], kinds["SHOP_URL"]) == (bool, int, str)
    with pytest.raises(SettingsValidationError, match="SHOP_URL has no value"):
        Shop()


@pytest.mark.parametrize(
    "options",
    [{}, {"frozen": True}, {"slots": True}, {"frozen": True, "slots": True}, {"kw_only": True}, {"order": True}],
    ids=str,
)
def test_decorator_on_top_is_harmless(options: dict[str, Any]) -> None:
    """Whatever a decorator asks for, the class works as without it, and so do classes derived from it (A-26)."""
    decorate: Any = dataclasses.dataclass(**options)
    shop: Any = decorate(type("Shop", (Settings,), {"DEBUG": False, "TAGS": ["new"], "CACHES": {"default": {}}}))
    live: Any = decorate(type("Live", (shop,), {"TAGS": ["old"]}))
    plain: Any = type("Plain", (live,), {"__annotations__": {"LIMIT": int}, "LIMIT": 3})

    for cls, tags in ((shop, ["new"]), (live, ["old"]), (plain, ["old"])):
        settings = cls(PROJECT_NAME="shop")
        assert settings.as_dict().items() >= {"DEBUG": False, "PROJECT_NAME": "shop"}.items()
        assert tags == settings.TAGS
        assert settings.CACHES == {"default": {}}
        assert settings == cls(PROJECT_NAME="shop")
        assert {"DEBUG", "TAGS", "MEDIA_URL"} <= {field.name for field in dataclasses.fields(cls)}
        with pytest.raises(dataclasses.FrozenInstanceError):
            settings.DEBUG = True
    assert plain().LIMIT == 3


@pytest.mark.parametrize("name", ["DEBUG", "IS_OPEN"])
def test_property_in_place_of_a_setting(name: str) -> None:
    """A computed value would not be found among the settings, so it is refused where it is written."""
    with pytest.raises(TypeError, match=rf"Shop\.{name} is a property.*in the class body \({name} = \.\.\.\)"):
        type("Shop", (Settings,), {name: property(lambda self: True)})
    assert type("Shop", (Settings,), {"is_open": property(lambda self: True)})().is_open is True


def test_unusual_container_without_annotation() -> None:
    """A default that dataclasses refuse and that cannot be copied faithfully is refused, not changed."""
    with pytest.raises(ValueError, match="default_factory"):
        type("Shop", (Settings,), {"COUNTS": defaultdict(int)})


def test_check_of_values_together() -> None:
    """__post_init__ runs once all values are set."""

    class Shop(Settings):
        def __post_init__(self) -> None:
            if self.DEBUG and self.SECURE_COOKIES:
                raise ValueError("not both")

    Shop()
    with pytest.raises(ValueError, match="not both"):
        Shop(SECURE_COOKIES=True)


def test_own_methods_are_kept() -> None:
    """A class that writes its own repr keeps it, and so do the classes below."""

    class Shop(Settings):
        def __repr__(self) -> str:
            return "the shop"

    assert repr(type("Child", (Shop,), {})()) == "the shop"


def test_lower_case_keyword() -> None:
    """Names that are no field must be upper case, which apps' own settings are."""
    assert OPEN(SHOP_URL="/")["SHOP_URL"] == "/"
    with pytest.raises(TypeError, match="debug"):
        OPEN(debug=True)


def test_reading_by_name() -> None:
    """A setting is an item as well; an unknown one is an AttributeError and a KeyError with a suggestion."""
    assert Settings()["DEBUG"] is True
    with pytest.raises(UnknownSettingError, match="did you mean 'DEBUG'") as caught:
        Settings()["DEBGU"]
    assert isinstance(caught.value, AttributeError)
    assert isinstance(caught.value, KeyError)


def test_dump() -> None:
    """as_dict has every setting, those of apps last, and shows secrets only when asked to."""
    settings = OPEN(SECRET_KEY="hush", SHOP_TOKEN="hush", EMAIL={"password": "hush"})
    assert "hush" not in str(settings.as_dict())
    assert settings.as_dict(mask_sensitive=False)["SECRET_KEY"] == "hush"
    assert list(settings.as_dict())[-1] == "SHOP_TOKEN"
    assert settings.as_dict()["DEBUG"] is True


def test_types_of_settings() -> None:
    """Every name has its annotation, or the type of its value."""
    shop: Any = Shop
    types = shop(SHOP_LIMIT=3).field_types()
    assert types["INSTALLED_APPS"] == tuple[str, ...]
    assert types["SHOP_TAGS"] is list
    assert types["SHOP_LIMIT"] is int
    assert setting_types(Settings, {"SHOP": None})["SHOP"] is object


def test_default_of_a_class() -> None:
    """The value of a class is known without an instance; a required or unknown setting has none."""
    assert class_default(Decorated, "SHOP_TAGS") == ["new"]
    assert class_default(Shop, "CACHES") == {"default": {"OPTIONS": {"ttl": 60}}}
    assert class_default(type("Shop", (Settings,), {"__annotations__": {"URL": str}}), "URL") is None
    assert class_default(Shop, "NOWHERE") is None


@pytest.mark.parametrize("cls", [Shop, Decorated, Slotted])
def test_copies(cls: type[BaseSettings]) -> None:
    """Instances can be copied and sent to another process."""
    settings = cls()
    assert copy.copy(settings) == settings
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_instances_of_two_classes_differ() -> None:
    """Equality asks for the same class."""
    assert Settings() != BaseSettings()
    assert BaseSettings() == BaseSettings()
    assert Settings() != 3


def test_types_are_known_to_type_checkers() -> None:
    """A setting read from an instance has the type of its declaration, and keywords are checked."""
    settings = Settings(DEBUG=False)
    assert_type(settings.DEBUG, bool)
    assert_type(settings.INSTALLED_APPS, tuple[str, ...])
