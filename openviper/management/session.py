"""Running code that people type: statement by statement, or as one script, with ``await`` at the top level.

All of it shares one namespace, one event loop and one context, so what is opened in one statement can be used in the
next. The loop runs while something is awaited; plain code runs outside it and may call ``asyncio.run`` itself.
"""

import ast
import asyncio
import code
import contextvars
import inspect
import linecache
import sys
import traceback
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from types import CodeType, FunctionType, TracebackType
from typing import Any, Final, Self

from openviper.apps.bootstrap import running_apps
from openviper.management.border import attempt
from openviper.management.style import write_text

__all__ = ["Session"]

_FAILURE: Final = 1
_CONSOLE: Final = "<console>"


class Session:
    """A namespace, and a loop on which the hooks of the installed apps have run.

    Use it in ``with``: entering starts the apps, leaving stops them and closes the loop.

    Args:
        namespace: The names that the code sees; it adds its own.
    """

    def __init__(self, namespace: dict[str, object]) -> None:
        # Scripts ask for this name to tell that they are run, not imported.
        self.namespace = {**namespace, "__name__": "__main__"}
        self._context = contextvars.copy_context()
        self._apps = AsyncExitStack()
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        try:
            self.wait(self._apps.enter_async_context(running_apps()))
        except BaseException:
            self._runner.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.wait(self._apps.aclose())
        finally:
            self._runner.close()

    def wait(self, coroutine: Coroutine[Any, Any, object]) -> object:
        """Run a coroutine on the loop of the session and return its result."""
        return self._runner.run(coroutine, context=self._context)

    def run(self, compiled: CodeType) -> object:
        """Run compiled code in the namespace, on the loop if it awaits something."""
        function = FunctionType(compiled, self.namespace)
        if compiled.co_flags & inspect.CO_COROUTINE:
            return self.wait(function())
        return self._context.run(function)

    def run_script(self, source: str, filename: str) -> int:
        """Run a whole text and return an exit code; an exception is shown on stderr with its traceback.

        Args:
            source: Python, with ``await`` allowed at the top level.
            filename: What tracebacks call it, such as ``<stdin>``.

        Raises:
            SystemExit: The script asked for it.
            KeyboardInterrupt: The user did.
        """
        # With its lines known, a traceback shows the code although no file holds it.
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        is_done = attempt(
            lambda: self.run(compile(source, filename, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)),
            lambda error: write_text(sys.stderr, _format_error(error, filename)),
        )
        return 0 if is_done else _FAILURE

    def interact(self, banner: str) -> None:
        """Read statements from the terminal until its input ends, each run as soon as it is complete."""
        _enable_completion(self.namespace)
        _Console(self).interact(banner, exitmsg="")


class _Console(code.InteractiveConsole):
    """The stdlib's read-eval-print loop, on a session."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.namespace, _CONSOLE)
        self._session = session
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT

    def runcode(self, code: CodeType) -> None:
        attempt(lambda: self._session.run(code), lambda error: self.write(_format_error(error, _CONSOLE)))


def _format_error(error: BaseException, filename: str) -> str:
    """Write an exception with its traceback, from the user's first line on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != filename:
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def _enable_completion(namespace: dict[str, object]) -> None:
    try:
        # Not part of every Python: Windows has no readline.
        import readline
        import rlcompleter
    except ImportError:
        return
    readline.set_completer(rlcompleter.Completer(namespace).complete)
    readline.parse_and_bind("tab: complete")
