"""The errors in the life of an app, and the evidence they carry."""

import pytest

from openviper.apps import exceptions
from openviper.apps.exceptions import (
    AppLifecycleConfigError,
    AppLifecycleError,
    AppLifecycleImportError,
    AppReadyError,
    AppShutdownError,
    AppStartupError,
    PluginReadyError,
)
from openviper.exceptions import OpenViperError

BOOM = ValueError("boom")


@pytest.mark.parametrize(
    "kind",
    [AppLifecycleConfigError, AppLifecycleImportError, AppReadyError, AppStartupError, AppShutdownError],
)
def test_every_error_has_one_root(kind: type[Exception]) -> None:
    """All five are AppLifecycleErrors, and that is one of the framework's errors (C-410)."""
    assert issubclass(kind, AppLifecycleError)
    assert issubclass(AppLifecycleError, OpenViperError)
    assert kind.__name__ in exceptions.__all__


def test_ready_error_carries_app_and_cause() -> None:
    """The error of a ready() holds the app's name and what was raised (C-410, C-414)."""
    error = AppReadyError("shop", BOOM)

    assert (error.app_name, error.original_exception) == ("shop", BOOM)
    assert str(error) == "ready() of installed app 'shop' failed: ValueError: boom"


def test_plugin_ready_error_has_the_promised_text() -> None:
    """The error of a package's ready() is an AppReadyError and a RuntimeError with one fixed text (C-106, A-03)."""
    error = PluginReadyError("myplugin", BOOM)

    assert isinstance(error, AppReadyError)
    assert isinstance(error, RuntimeError)
    assert (error.app_name, error.original_exception) == ("myplugin", BOOM)
    assert str(error) == "ready() for installed app 'myplugin' raised an error: boom"


def test_startup_error_names_what_failed_in_the_cleanup() -> None:
    """The error of a start holds app, cause and one error for each failed cleanup; its text has all (C-410, A-06)."""
    failed = AppShutdownError([("blog", KeyError("pool"))])

    error = AppStartupError("shop", BOOM, [failed])

    assert (error.app_name, error.original_exception, error.shutdown_errors) == ("shop", BOOM, [failed])
    assert str(error) == (
        "startup() of installed app 'shop' failed: ValueError: boom "
        "(while undoing the start: shutdown() of installed app 'blog' failed: KeyError: 'pool')"
    )


def test_startup_error_needs_no_cleanup_errors() -> None:
    """Without failed cleanups the list is empty (C-410)."""
    error = AppStartupError("shop", RuntimeError())

    assert error.shutdown_errors == []
    assert str(error) == "startup() of installed app 'shop' failed: RuntimeError"


def test_shutdown_error_carries_pairs() -> None:
    """The error of a shutdown holds pairs of app and exception, and names each (C-410, C-414)."""
    pairs: list[tuple[str, BaseException]] = [("shop", BOOM), ("blog", OSError("gone"))]

    error = AppShutdownError(pairs)

    assert error.errors == pairs
    assert str(error) == (
        "shutdown() of installed app 'shop' failed: ValueError: boom; "
        "shutdown() of installed app 'blog' failed: OSError: gone"
    )


def test_import_error_is_a_runtime_error_that_names_app_and_module() -> None:
    """An app that is there and cannot be imported is a RuntimeError naming app and cause (A-04, C-410)."""
    whole = AppLifecycleImportError("shop", BOOM)
    part = AppLifecycleImportError("shop", BOOM, module="shop.admin")

    assert isinstance(whole, RuntimeError)
    assert (whole.app_name, whole.module, whole.original_exception) == ("shop", "shop", BOOM)
    assert str(whole) == "installed app 'shop' is there but cannot be imported: ValueError: boom"
    assert str(part) == "module 'shop.admin' of installed app 'shop' is there but cannot be imported: ValueError: boom"
