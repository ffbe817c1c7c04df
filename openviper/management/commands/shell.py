"""Open a Python shell with settings and models loaded."""

import sys
from collections.abc import Coroutine
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from openviper._version import __version__
from openviper.management.arguments import CommandParser
from openviper.management.base import BaseCommand
from openviper.management.namespace import build_namespace
from openviper.management.session import Session


class Command(BaseCommand):
    """Runs what is typed, what ``-c`` says or what stdin holds, in a namespace that is ready for the project."""

    help = "Open a Python shell, or run a script from stdin, with settings and models loaded."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("-c", "--command", metavar="CODE", help="run this code and exit")
        parser.add_argument("--no-models", action="store_true", help="leave the models out of the names")

    def handle(self, *, command: str | None, no_models: bool) -> int:
        """Run the code, or read it; without a terminal stdin is the script.

        Raises:
            AppLifecycleImportError: A ``models`` module is there and cannot be imported.
        """
        names = build_namespace(self.project, with_models=not no_models)
        with Session(names) as session:
            if command is not None:
                return session.run_script(command, "<string>")
            if sys.stdin is None or not sys.stdin.isatty():
                return session.run_script("" if sys.stdin is None else sys.stdin.read(), "<stdin>")
            versions = f"OpenViper {__version__}, Python {sys.version.split()[0]}"
            banner = f"{versions}; await works here.\nNames: {', '.join(names)}"
            if find_spec("IPython") is None:
                session.interact(banner)
            else:
                _run_ipython(session, banner)
        return 0


def _run_ipython(session: Session, banner: str) -> None:
    def run(coroutine: Coroutine[Any, Any, object]) -> object:
        # A function, since the configuration is deep-copied, and a bound method would take the loop with it.
        return session.wait(coroutine)

    # IPython is taken when it happens to be there; no part of the framework asks for it.
    config = import_module("traitlets.config").Config()
    config.InteractiveShell.loop_runner = run
    config.TerminalInteractiveShell.banner1 = f"{banner}\n"
    import_module("IPython").start_ipython(argv=[], user_ns=session.namespace, config=config)
