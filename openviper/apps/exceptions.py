"""What can go wrong in the life of an installed app.

::

    OpenViperError
    └── AppLifecycleError
        ├── AppLifecycleConfigError
        ├── AppLifecycleImportError (RuntimeError)
        ├── AppReadyError
        │   └── PluginReadyError (RuntimeError)
        ├── AppStartupError
        └── AppShutdownError

Every message names the app and, where one is meant, the hook; what the app's own code raised is kept as an
attribute and as ``__cause__``.
"""

from collections.abc import Iterable

from openviper.conf.border import locate_error
from openviper.exceptions import OpenViperError

__all__ = [
    "AppLifecycleConfigError",
    "AppLifecycleError",
    "AppLifecycleImportError",
    "AppReadyError",
    "AppShutdownError",
    "AppStartupError",
    "PluginReadyError",
]


class AppLifecycleError(OpenViperError):
    """Root of the errors in the life of an installed app."""

    code = "app-lifecycle"


class AppLifecycleConfigError(AppLifecycleError):
    """A hook is of the wrong kind: not callable as promised, async where it must not be, or the reverse."""

    code = "app-hook-invalid"


class AppLifecycleImportError(AppLifecycleError, RuntimeError):
    """An app, or a module of it, is there and cannot be imported.

    Args:
        app_name: The entry of ``INSTALLED_APPS``.
        original_exception: What the import raised.
        module: Dotted name of the module that failed; None means the app itself.

    The message ends with the line that raised, if it is known.
    """

    code = "app-import-failed"

    def __init__(self, app_name: str, original_exception: BaseException, *, module: str | None = None) -> None:
        self.app_name = app_name
        self.module = module or app_name
        self.original_exception = original_exception
        part = "" if self.module == app_name else f"module {self.module!r} of "
        super().__init__(
            f"{part}installed app {app_name!r} is there but cannot be imported: {locate_error(original_exception)}"
        )


class AppReadyError(AppLifecycleError):
    """A ``ready()`` hook failed.

    Args:
        app_name: The entry of ``INSTALLED_APPS``.
        original_exception: What the hook raised.
    """

    code = "app-ready-failed"

    def __init__(self, app_name: str, original_exception: BaseException) -> None:
        self.app_name = app_name
        self.original_exception = original_exception
        super().__init__(self._message())

    def _message(self) -> str:
        return f"ready() of installed app {self.app_name!r} failed: {describe_error(self.original_exception)}"


class PluginReadyError(AppReadyError, RuntimeError):
    """The ``ready()`` of an app's package, or of its ``apps`` module, failed while the server was starting."""

    code = "plugin-ready-failed"

    def _message(self) -> str:
        return f"ready() for installed app {self.app_name!r} raised an error: {self.original_exception}"


class AppShutdownError(AppLifecycleError):
    """One or more ``shutdown()`` hooks failed; the hooks of all other apps have run.

    Args:
        errors: Pairs of app name and what its hook raised, in the order in which the hooks ran; at least one.
    """

    code = "app-shutdown-failed"

    def __init__(self, errors: Iterable[tuple[str, BaseException]]) -> None:
        self.errors: list[tuple[str, BaseException]] = list(errors)
        failures = "; ".join(
            f"shutdown() of installed app {app_name!r} failed: {describe_error(error)}"
            for app_name, error in self.errors
        )
        super().__init__(failures)


class AppStartupError(AppLifecycleError):
    """A ``startup()`` hook failed; the apps that had started before have been shut down again.

    Args:
        app_name: The entry of ``INSTALLED_APPS``.
        original_exception: What the hook raised; a TimeoutError when it did not finish in time.
        shutdown_errors: What went wrong while the started apps were shut down, one error an app.
    """

    code = "app-startup-failed"

    def __init__(
        self,
        app_name: str,
        original_exception: BaseException,
        shutdown_errors: Iterable[AppShutdownError] = (),
    ) -> None:
        self.app_name = app_name
        self.original_exception = original_exception
        self.shutdown_errors: list[AppShutdownError] = list(shutdown_errors)
        message = f"startup() of installed app {app_name!r} failed: {describe_error(original_exception)}"
        if self.shutdown_errors:
            message += f" (while undoing the start: {'; '.join(map(str, self.shutdown_errors))})"
        super().__init__(message)


def describe_error(error: BaseException) -> str:
    """Write an exception as its type and its text, or its type alone when it has none."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
