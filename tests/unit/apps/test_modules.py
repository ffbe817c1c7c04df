"""One rule for all modules of an app: what is absent is skipped, what is broken is an error."""

import sys
from asyncio import CancelledError
from collections.abc import Callable
from types import ModuleType

import pytest

from openviper.apps.exceptions import AppLifecycleImportError
from openviper.apps.modules import import_app, import_submodule

WriteApp = Callable[..., None]


def test_app_is_imported_by_its_dotted_name(write_app: WriteApp) -> None:
    """An app may lie in a package, and may be a single file (C-100)."""
    write_app("company")
    write_app("company.shop", init="name = 'shop'")

    shop, journal = import_app("company.shop"), import_app("journal")

    assert isinstance(shop, ModuleType)
    assert shop.name == "shop"
    assert journal is sys.modules["journal"]


@pytest.mark.parametrize("name", ["nowhere_at_all", "nowhere_at_all.shop", "company.nowhere", "journal.part"])
def test_app_that_cannot_be_found_is_none(write_app: WriteApp, name: str) -> None:
    """A missing app, a missing parent and a part of a single file are all not found (C-107, A-04)."""
    write_app("company")

    assert import_app(name) is None


@pytest.mark.parametrize(
    ("statement", "cause"),
    [
        ("import no_such_package_anywhere", ModuleNotFoundError),
        ("import shop.no_such_part", ModuleNotFoundError),
        ("raise ValueError('no')", ValueError),
        ("import sys; sys.exit(2)", SystemExit),
        ("import asyncio; raise asyncio.CancelledError", CancelledError),
        ("raise BaseException('odd')", BaseException),
        ("def ", SyntaxError),
    ],
)
def test_app_that_fails_to_import_is_an_error(write_app: WriteApp, statement: str, cause: type[BaseException]) -> None:
    """An app that is there and raises, for lack of another package too, is an error (A-04, C-414, W-42)."""
    write_app("shop", init=statement)

    with pytest.raises(AppLifecycleImportError, match="installed app 'shop'") as caught:
        import_app("shop")

    assert type(caught.value.original_exception) is cause


def test_request_to_stop_is_no_fault_of_the_app(write_app: WriteApp) -> None:
    """Ctrl-C while an app is imported stays what it is."""
    write_app("shop", init="raise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        import_app("shop")


def test_parent_that_fails_to_import_is_an_error(write_app: WriteApp) -> None:
    """A broken parent package is not taken for a missing app (A-04)."""
    write_app("company", init="import no_such_package_anywhere")
    write_app("company.shop")

    with pytest.raises(AppLifecycleImportError, match=r"installed app 'company\.shop'"):
        import_app("company.shop")


def test_absent_submodule_is_none(write_app: WriteApp) -> None:
    """An app without that module, and a single-file app, have none (A-05)."""
    write_app("shop")
    import_app("shop")
    import_app("journal")

    assert import_submodule("shop", "tasks") is None
    assert import_submodule("journal", "tasks") is None


@pytest.mark.parametrize("submodule", ["lifecycle", "apps", "admin", "tasks", "models"])
def test_missing_import_inside_a_submodule_is_an_error(write_app: WriteApp, submodule: str) -> None:
    """A module that lacks another one is never taken for a missing module itself (A-04, A-05, C-114, W-29)."""
    write_app("shop", **{submodule: "import no_such_package_anywhere"})
    import_app("shop")

    with pytest.raises(AppLifecycleImportError, match=rf"'shop\.{submodule}' of installed app 'shop'") as caught:
        import_submodule("shop", submodule)

    assert isinstance(caught.value.original_exception, ModuleNotFoundError)
    assert "no_such_package_anywhere" in str(caught.value)


def test_submodule_that_is_loaded_already_is_taken(write_app: WriteApp) -> None:
    """A module that a program has put in place serves, with or without a file."""
    write_app("shop")
    import_app("shop")
    made = ModuleType("shop.models")
    sys.modules["shop.models"] = made
    try:
        assert import_submodule("shop", "models") is made
    finally:
        del sys.modules["shop.models"]
