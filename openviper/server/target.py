"""From the name of an application to the application."""

import importlib
import re
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

from openviper.exceptions import OpenViperError
from openviper.server.exceptions import ApplicationLoadError
from openviper.types import ASGIApp

__all__ = ["Target"]

_PACKAGE: Final = str(Path(__file__).resolve().parent.parent)


@dataclass(frozen=True, slots=True)
class Target:
    """A module and the name in it that is an ASGI application.

    Args:
        text: As it was given, for messages.
        module: Dotted name.
        attribute: A name in the module, or several joined by dots.
        is_factory: Whether what is found makes the application when called without arguments.
    """

    text: str
    module: str
    attribute: str
    is_factory: bool = False

    @classmethod
    def parse(cls, text: str, *, is_factory: bool = False) -> Self:
        """Read ``app``, ``app.py``, ``folder/app.py``, ``package.module`` or ``package.module:attribute``.

        Args:
            text: The name; without an attribute it means ``app``.
            is_factory: See the class.

        Raises:
            ApplicationLoadError: The text has none of these forms.
        """
        module, separator, attribute = text.partition(":")
        module = re.sub(r"[/\\]", ".", module.removeprefix("./").removesuffix(".py"))
        attribute = attribute if separator else "app"
        if not all(part.isidentifier() for part in [*module.split("."), *attribute.split(".")]):
            raise ApplicationLoadError(
                text, "write a module and the name of the application in it, as in shop.asgi:app, shop.asgi or app.py"
            )
        return cls(text, module, attribute, is_factory)

    def load(self) -> ASGIApp:
        """Import the module and return its application.

        Raises:
            ApplicationLoadError: The module is missing or fails, or what is found there is no application. Of what
                the module's own code raised, the message holds the part of the traceback outside the framework.
        """
        found = self._guarded(lambda: importlib.import_module(self.module))
        for name in self.attribute.split("."):
            if not hasattr(found, name):
                raise ApplicationLoadError(self.text, f"the module {self.module} has no {self.attribute!r}")
            found = getattr(found, name)
        if callable(found) and self.is_factory:
            found = self._guarded(found)
        if not callable(found):
            raise ApplicationLoadError(
                self.text, f"{self.module}:{self.attribute} is of type {type(found).__name__}, no ASGI application"
            )
        return cast(ASGIApp, found)

    def _guarded(self, call: Callable[[], object]) -> object:
        try:
            return call()
        # The border of one management command: the project's code may raise anything. sys.exit() in it would end the
        # server without a word, and with a code that passes for success.
        except (Exception, SystemExit) as error:
            # Only the module or a parent of it is a wrong target; what is missing further in is a fault of its code.
            if isinstance(error, ModuleNotFoundError) and error.name and f"{self.module}.".startswith(f"{error.name}."):
                reason = f"there is no module {error.name} in {_places()}"
            else:
                reason = _describe(error)
            raise ApplicationLoadError(self.text, reason) from error


def _places() -> str:
    """Name where top-level modules are looked for: the folder that a project adds, which comes first."""
    return str(Path(sys.path[0] or ".").absolute()) + " or among the installed packages"


def _describe(error: BaseException) -> str:
    """Write what a project's module raised: our own errors speak for themselves, others need their traceback."""
    if isinstance(error, OpenViperError):
        return str(error)
    if isinstance(error, SyntaxError):
        # File, line and the place in it are part of the error itself.
        lines = traceback.format_exception_only(error)
    else:
        lines = traceback.format_exception(type(error), error, _without_framework(error.__traceback__))
    return "its code failed\n" + "".join(lines).rstrip()


def _without_framework(trace: TracebackType | None) -> TracebackType | None:
    """Drop the first frames, which are ours and those of the import system."""
    # What stands above the project's first line is the way from the command to it, the same for every fault.
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith((_PACKAGE, "<frozen importlib", importlib.__file__)):
            return trace
        trace = trace.tb_next
    return None
