"""The ``openviper`` command: start a project or an app, serve an application, hand over to a project's commands."""

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from openviper._version import __version__
from openviper.core.flexible_adapter import bootstrap_and_run, ensure_streams
from openviper.core.project import working_directory
from openviper.management.arguments import CommandParser, suggest
from openviper.management.border import exit_code_of
from openviper.management.exceptions import CommandError, UsageError
from openviper.management.registry import ALIASES, builtin_names
from openviper.management.style import write_text

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the ``openviper`` command.

    Args:
        argv: The words after the program's name; None takes those of the process.

    Returns:
        The exit code: 0 for success, 1 for a failure, 2 for words that are not understood.
    """
    ensure_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    return exit_code_of(lambda: _run(words))


def _run(words: list[str]) -> int:
    if not words or words[0] in {"help", "--help", "-h"}:
        sys.stdout.write(_OVERVIEW)
        return 0
    name, *rest = words
    if name in {"version", "--version"}:
        sys.stdout.write(f"OpenViper {__version__}\n")
        return 0
    if name in _COMMANDS:
        working_directory()  # every command has a use for one, and Python itself would fail with a traceback
        return _COMMANDS[name](rest)
    raise _unknown(name)


def _create_project(words: list[str]) -> int:
    # Templates and the settings behind the random key are needed by this command only.
    from openviper.management.scaffold import create_project

    parser = CommandParser("openviper create-project", "Create a project: a folder that can be served at once.")
    parser.add_argument("name", help="name of the folder and of the package in it, a Python identifier")
    parser.add_argument(
        "-d", "--directory", type=Path, help="folder that will hold the project (default: the working one)"
    )
    parser.add_argument(
        "--flat", action="store_true", help="put settings, routes and views beside viperctl.py, not into a package"
    )
    options = argparse.Namespace(**parser.parse_words(words))
    folder = create_project(options.name, options.directory, flat=options.flat)
    place = shlex.quote(str(_relative(folder)))
    write_text(sys.stdout, f"Created {folder}\nServe it with:\n  cd {place}\n  python viperctl.py runserver\n")
    return 0


def _create_app(words: list[str]) -> int:
    # The same command as in a project; the registry loads it when it is asked for.
    from openviper.management.commands.create_app import Command

    return Command().run_from_argv(["openviper", "create-app", *words])


def _serve(words: list[str]) -> int:
    # The server is heavy and serves this command only.
    from openviper.management.serving import add_serving_arguments
    from openviper.server.run import serve

    # -h is the host here, as in other servers, so help has its long name only.
    parser = CommandParser("openviper run", "Serve an application.", add_help=False)
    parser.add_argument("--help", action="help", help="show this help and exit")
    parser.add_argument(
        "target", help="the application: app, app.py, package.module or package.module:name (default name: app)"
    )
    parser.add_argument(
        "--reload", action=argparse.BooleanOptionalAction, default=False, help="start anew when a file changes"
    )
    parser.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        dest="trusted_proxies",
        metavar="ADDRESS",
        help="address or network whose X-Forwarded-For and X-Forwarded-Proto count; may be given again",
    )
    add_serving_arguments(parser, is_short=True)
    options: dict[str, Any] = parser.parse_words(words)
    return serve(options.pop("target"), app_dir=Path.cwd(), **options)


def _unknown(name: str) -> CommandError:
    if name.startswith("-"):
        return UsageError(f"unknown option {name}{suggest(name, ['--help', '--version'])} (see: openviper --help)")
    if name in {*builtin_names(), *ALIASES}:
        return CommandError(f"{name!r} is a command of a project; write: openviper viperctl {name}")
    return CommandError(f"unknown command {name!r}{suggest(name, [*_COMMANDS, 'version'])} (see: openviper --help)")


def _relative(folder: Path) -> Path:
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


_COMMANDS: Final[Mapping[str, Callable[[list[str]], int]]] = {
    "create-app": _create_app,
    "create-project": _create_project,
    "run": _serve,
    "viperctl": bootstrap_and_run,
}

_OVERVIEW: Final = """\
usage: openviper COMMAND [ARGUMENT ...]

Commands:
  create-project  Create a project: a folder that can be served at once.
  create-app      Create an app: a package with a module for each thing an app may have.
  run             Serve an application.
  viperctl        Run a command of the project in the working directory.
  version         Print the version of OpenViper.

Arguments of one command:   openviper COMMAND --help
Commands of the project:    openviper viperctl help
"""
