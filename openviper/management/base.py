"""What every command is made of: arguments, output, and a ``handle`` that is sync or async."""

import asyncio
import inspect
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from typing import Any, ClassVar, Final, TextIO

from openviper.apps.bootstrap import running_apps, setup
from openviper.conf import settings
from openviper.conf.environment import project_folder
from openviper.core.project import Project, Surroundings
from openviper.management.arguments import CommandParser
from openviper.management.border import exit_code_of
from openviper.management.exceptions import CommandError
from openviper.management.style import Style, is_coloured, paint, write_text
from openviper.primitives.threads import run_in_thread

__all__ = ["BaseCommand", "CommandError"]

_TARGET_HELP: Final = "The first word may name the project or app that is meant: a dot, or a dotted name."


class BaseCommand:
    """One command of ``viperctl``; subclass it as ``Command`` in ``<app>/management/commands/<name>.py``.

    Attributes:
        help: One sentence on what the command does; shown in the list of commands and by ``--help``.
        needs_settings: Whether the project's settings are loaded before ``handle``.
        needs_apps: Whether the installed apps are set up as well; means nothing without ``needs_settings``.
        lifecycle: Whether the hooks of the apps run around ``handle``, as they do around a server; None means
            for an async ``handle`` only.
        takes_target: Whether the first word of the command line may name the project or app that is meant, when
            the command can do without it; False leaves every word to the command.
        owns_stdout: Whether standard output holds nothing but what the command writes with ``stdout``, for other
            programs to read; what settings and apps print meanwhile goes to standard error.
    """

    help: ClassVar[str] = ""
    needs_settings: ClassVar[bool] = True
    needs_apps: ClassVar[bool] = True
    lifecycle: ClassVar[bool | None] = None
    takes_target: ClassVar[bool] = True
    owns_stdout: ClassVar[bool] = False

    # Set on the instance by whoever runs the command, so that a subclass is free to define __init__.
    _project: Project | None = None
    _out: TextIO | None = None
    _err: TextIO | None = None

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the command's arguments on an ``argparse.ArgumentParser``; none by default."""

    def handle(self, *args: Any, **options: Any) -> Any:
        """Do the work; a plain function or a coroutine function.

        Args:
            args: Nothing; the place is kept for commands that forward their arguments.
            options: The values of the arguments by their names.

        Returns:
            None or 0 for success, any other whole number as the exit code.

        Raises:
            CommandError: The work could not be done; the message is shown without a traceback.
        """
        raise NotImplementedError(f"{type(self).__module__}.Command does not define handle()")

    @property
    def project(self) -> Project:
        """The project that the command runs for; looked for in the project's folder when nobody named it.

        Raises:
            ProjectError: Several projects are possible.
        """
        if self._project is None:
            self._project = Surroundings(project_folder(), os.environ).find_project()
        return self._project

    def bind(
        self, project: Project | None = None, *, stdout: TextIO | None = None, stderr: TextIO | None = None
    ) -> None:
        """Say for which project the command runs and where its output goes; None leaves each as it is."""
        self._project = project or self._project
        self._out = stdout or self._out
        self._err = stderr or self._err

    @property
    def out(self) -> TextIO:
        """The stream that ``stdout`` writes to."""
        return self._out or sys.stdout

    def stdout(self, msg: object = "", ending: str = "\n") -> None:
        """Write to standard output."""
        write_text(self.out, f"{msg}{ending}")

    def stderr(self, msg: object = "", ending: str = "\n") -> None:
        """Write to standard error: notes, progress and warnings, so that stdout holds only the result."""
        write_text(self._err or sys.stderr, f"{msg}{ending}")

    def style_success(self, text: str) -> str:
        """Return the text in green."""
        return self._styled(text, "green")

    def style_warning(self, text: str) -> str:
        """Return the text in yellow."""
        return self._styled(text, "yellow")

    def style_error(self, text: str) -> str:
        """Return the text in red."""
        return self._styled(text, "red")

    def style_notice(self, text: str) -> str:
        """Return the text in cyan."""
        return self._styled(text, "cyan")

    def style_bold(self, text: str) -> str:
        """Return the text in bold."""
        return self._styled(text, "bold")

    def style_dim(self, text: str) -> str:
        """Return the text dimmed."""
        return self._styled(text, "dim")

    def create_parser(self, prog: str, name: str) -> CommandParser:
        """Build the parser of this command.

        Args:
            prog: How the user called the program (``openviper viperctl``).
            name: The name of the command, as typed.
        """
        parser = CommandParser(f"{prog} {name}".strip(), self.help)
        parser.epilog = _TARGET_HELP if self.takes_target else None
        self.add_arguments(parser)
        return parser

    def print_help(self, prog: str, name: str) -> None:
        """Write the help of this command to standard output."""
        self.stdout(self.create_parser(prog, name).format_help(), ending="")

    def execute(self, **options: object) -> int:
        """Prepare what the command needs, run ``handle`` and return the exit code.

        An async ``handle`` gets a loop of its own, so this cannot be called where one is running; see ``aexecute``.

        Args:
            options: The value of every argument by its name.

        Raises:
            Exception: Whatever ``handle`` or the loading of settings and apps raises.
        """
        with self._own_stdout():
            # Before there is a loop, as the sync ready() hooks of the apps are promised.
            self._prepare()
            if inspect.iscoroutinefunction(self.handle) or self.lifecycle:
                return asyncio.run(self._handle_on_loop(**options))
            return _exit_code(self.handle(**options))

    async def aexecute(self, **options: object) -> int:
        """Like ``execute``, on the running loop; a sync ``handle`` runs in a thread."""
        with self._own_stdout():
            self._prepare()
            return await self._handle_on_loop(**options)

    def run_from_argv(self, argv: Sequence[str]) -> int:
        """Run a whole command line and return its exit code; every failure ends as a message on stderr.

        Args:
            argv: The program's name, the name of the command, and the words that belong to it.
        """
        prog, name, *words = argv
        return exit_code_of(lambda: self.execute(**self.create_parser(prog, name).parse_words(words)))

    async def _handle_on_loop(self, **options: object) -> int:
        is_async = inspect.iscoroutinefunction(self.handle)
        wants_hooks = is_async if self.lifecycle is None else self.lifecycle
        async with running_apps() if wants_hooks and self._uses_apps else nullcontext():
            if is_async:
                return _exit_code(await self.handle(**options))
            return _exit_code(await run_in_thread(self.handle, **options))

    def _own_stdout(self) -> AbstractContextManager[object]:
        if not self.owns_stdout:
            return nullcontext()
        self._out = self.out
        return redirect_stdout(self._err or sys.stderr)

    def _prepare(self) -> None:
        if self._uses_apps:
            setup()
        elif self.needs_settings and not settings.is_loaded:
            settings.setup()

    @property
    def _uses_apps(self) -> bool:
        return self.needs_settings and self.needs_apps

    def _styled(self, text: str, style: Style) -> str:
        # A style does not know which stream its text will go to, so both must show colours.
        streams = self.out, self._err or sys.stderr
        return paint(text, style, streams[0]) if all(map(is_coloured, streams)) else text


def _exit_code(result: object) -> int:
    if inspect.iscoroutine(result):
        # A wrapper that hides an async function; dropped silently, the command would seem to have worked.
        result.close()
        raise TypeError("handle() is a plain function and returned a coroutine; make it async, wrapper included")
    return result if isinstance(result, int) and not isinstance(result, bool) else 0
