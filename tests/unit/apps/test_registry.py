"""The installed apps, imported in order."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from openviper.apps.exceptions import AppLifecycleImportError
from openviper.apps.registry import AppRegistry
from openviper.exceptions import ImproperlyConfigured

WriteApp = Callable[..., None]
NOTE = "from journal import events; events.append(__name__)"


def test_apps_are_imported_in_order(write_app: WriteApp, events: list[str], app_root: Path) -> None:
    """Each app is imported once, in the order of INSTALLED_APPS, and described (C-100, C-101)."""
    write_app("company")
    write_app("company.shop", init=NOTE)
    write_app("blog", init=NOTE)
    registry = AppRegistry()

    registry.populate(("company.shop", "blog", "journal"))

    assert events == ["company.shop", "blog"]
    assert [(app.name, app.label, app.path) for app in registry.apps] == [
        ("company.shop", "shop", app_root / "company/shop"),
        ("blog", "blog", app_root / "blog"),
        ("journal", "journal", app_root),
    ]
    assert registry.apps[1].module.__name__ == "blog"


def test_entries_are_not_changed(write_app: WriteApp) -> None:
    """The list of the settings is read and left as it is (A-45)."""
    write_app("shop")
    entries = ["shop", "nowhere_at_all"]

    AppRegistry().populate(entries)

    assert entries == ["shop", "nowhere_at_all"]


def test_app_that_cannot_be_found_is_skipped_with_one_warning(
    write_app: WriteApp, caplog: pytest.LogCaptureFixture
) -> None:
    """A missing app is left out; one warning names it (C-107, A-04, W-42)."""
    write_app("shop")
    registry = AppRegistry()

    registry.populate(["nowhere_at_all", "shop"])

    assert [app.name for app in registry.apps] == ["shop"]
    assert [(record.name, record.levelname) for record in caplog.records] == [("openviper.apps", "WARNING")]
    assert "'nowhere_at_all' cannot be found" in caplog.text


def test_app_that_fails_to_import_is_an_error(write_app: WriteApp) -> None:
    """An app that is there and raises is a RuntimeError naming the app and the cause (A-04)."""
    write_app("shop", init="import no_such_package_anywhere")

    with pytest.raises(RuntimeError, match=r"installed app 'shop'.*no_such_package_anywhere"):
        AppRegistry().populate(["shop"])


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        (["shop", "shop"], "'shop' is in INSTALLED_APPS twice, as entries 1 and 2; remove entry 2"),
        (["shop", "../shop"], "entry 2 of INSTALLED_APPS is '../shop'"),
        (["shop", "company.shop"], "installed apps 'shop' and 'company.shop' have the same label 'shop'"),
        ("shop", r"INSTALLED_APPS is the text 'shop'; write a tuple: \('shop',\)"),
    ],
)
def test_entries_that_cannot_work_are_refused(write_app: WriteApp, entries: list[str], text: str) -> None:
    """Doubled entries, doubled labels, names that are none and a bare text are errors that say what to do."""
    write_app("shop")
    write_app("company")
    write_app("company.shop")

    with pytest.raises(ImproperlyConfigured, match=text):
        AppRegistry().populate(entries)


def test_wrong_order_of_requirements_is_refused(write_app: WriteApp) -> None:
    """The error says which entry to move and where, for every requirement that is not met."""
    write_app("shop", init="requires = ('cart', 'mail')")
    write_app("cart")
    registry = AppRegistry()

    with pytest.raises(ImproperlyConfigured) as caught:
        registry.populate(["shop", "cart"])

    start = "entry 1 of INSTALLED_APPS, 'shop', requires"
    assert str(caught.value).splitlines() == [
        f"{start} 'cart', which comes after it as entry 2; move entry 2 up, before entry 1",
        f"{start} 'mail', which is not listed; add 'mail' before entry 1",
    ]
    assert registry.apps == ()


def test_right_order_of_requirements_is_kept(write_app: WriteApp) -> None:
    """Requirements are checked, never used to sort: the order is what the settings say."""
    write_app("shop", init="requires = ('cart',)")
    write_app("cart")
    write_app("blog")
    registry = AppRegistry()

    registry.populate(["cart", "blog", "shop"])

    assert [app.name for app in registry.apps] == ["cart", "blog", "shop"]
    assert registry.apps[2].requires == ("cart",)


def test_circle_of_requirements_is_refused(write_app: WriteApp) -> None:
    """Apps that require each other are an error that shows the circle."""
    write_app("shop", init="requires = ('cart',)")
    write_app("cart", init="requires = ('shop',)")

    with pytest.raises(ImproperlyConfigured, match=r"form a circle: '(shop|cart)' -> '(cart|shop)' -> "):
        AppRegistry().populate(["shop", "cart"])


def test_failed_populate_leaves_the_registry_as_it_was(write_app: WriteApp) -> None:
    """After an error the apps of before are still there; clear() empties the registry."""
    write_app("shop")
    registry = AppRegistry()
    registry.populate(["shop"])

    with pytest.raises(ImproperlyConfigured):
        registry.populate(["shop", "shop"])
    kept = registry.apps
    registry.clear()

    assert [app.name for app in kept] == ["shop"]
    assert registry.apps == ()


def test_submodules_are_imported_where_they_exist(write_app: WriteApp, events: list[str]) -> None:
    """One module of every app that has it is imported, in order (C-114)."""
    write_app("shop", admin=NOTE)
    write_app("plain")
    write_app("blog", admin=NOTE)
    registry = AppRegistry()
    registry.populate(["blog", "plain", "shop", "journal"])

    modules = registry.import_submodules("admin")

    assert list(modules) == ["blog", "shop"]
    assert modules["shop"].__name__ == "shop.admin"
    assert events == ["blog.admin", "shop.admin"]


def test_broken_submodule_names_app_module_and_cause(write_app: WriteApp) -> None:
    """A missing import inside an admin module is an error, as everywhere (A-04, C-114)."""
    write_app("shop", admin="import no_such_package_anywhere")
    registry = AppRegistry()
    registry.populate(["shop"])

    with pytest.raises(AppLifecycleImportError, match=r"'shop\.admin' of installed app 'shop'.*no_such_package"):
        registry.import_submodules("admin")


def test_package_without_init_is_an_app(write_files: Callable[[Mapping[str, str]], None], app_root: Path) -> None:
    """A folder that Python imports as a package is an app, with its folder as path (C-100)."""
    write_files({"bare/models.py": ""})
    registry = AppRegistry()

    registry.populate(["bare"])

    assert registry.apps[0].path == app_root / "bare"
    assert list(registry.import_submodules("models")) == ["bare"]


def test_builtin_module_lies_in_no_folder() -> None:
    """An app without a file has no path."""
    registry = AppRegistry()

    registry.populate(["sys"])

    assert registry.apps[0].path is None
