"""The command line of a project: find the command, its target and its project, run it, return the exit code."""

import sys
from collections.abc import MutableMapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Final

from openviper._version import __version__
from openviper.conf import settings
from openviper.core.exceptions import AmbiguousProjectError, ProjectError
from openviper.core.flexible_adapter import open_project
from openviper.core.project import WHOLE_PROJECT, Project, Surroundings, is_target
from openviper.management.arguments import CommandParser, suggest
from openviper.management.base import BaseCommand
from openviper.management.border import exit_code_of
from openviper.management.exceptions import CommandError, UsageError
from openviper.management.listing import write_listing
from openviper.management.registry import ALIASES, builtin_names, find_command

__all__ = ["DEFAULT_DATABASE_URL", "main"]

#: The database of a command that runs in a folder without a project.
DEFAULT_DATABASE_URL: Final = "sqlite:///db.sqlite3"

_ASKS_FOR_LIST = ("help", "--help", "-h")


def main(argv: Sequence[str], surroundings: Surroundings) -> int:
    """Run one command line of a project.

    Args:
        argv: The words after the program's name, without ``--settings``.
        surroundings: Where they were typed.

    Returns:
        The exit code: 0 for success, 1 for a failure, 2 for words that the command does not understand, or what
        the command itself gave.
    """
    return exit_code_of(lambda: _run(list(argv), surroundings))


def _run(words: list[str], surroundings: Surroundings) -> int:
    prog = _program()
    if len(words) > 1 and words[0] == "help":
        words = [words[1], "--help"]
    if not words or words[0] in _ASKS_FOR_LIST:
        return _list(prog, surroundings)
    name, *rest = words
    if name == "--version":
        sys.stdout.write(f"OpenViper {__version__}\n")
        return 0
    if name.startswith("-"):
        known = ("--help", "--settings", "--version")
        raise UsageError(f"unknown option {name}{suggest(name, known)} (see: {prog} --help)")
    command = _find(name, rest, surroundings)()
    parser = command.create_parser(prog, name)
    target, rest = _split_target(command, parser, rest, surroundings.cwd)
    # Words are read before the project is, so that --help and a typing error need no settings.
    options = parser.parse_words(rest)
    _enter(command, surroundings, target)
    return command.execute(**options)


def _find(name: str, rest: Sequence[str], surroundings: Surroundings) -> type[BaseCommand]:
    if ALIASES.get(name, name) in builtin_names():
        return find_command(name)
    # Which of the words is the target cannot be told before the command is known, and the commands of apps are not
    # known before the project is open. The first word that could be one is a guess, corrected by _enter.
    targets = (word for word in rest if not word.startswith("-") and is_target(word, surroundings.cwd))
    try:
        project = surroundings.find_project(next(targets, WHOLE_PROJECT))
    except ProjectError as error:
        raise CommandError(
            f"{name!r} is no built-in command{suggest(name, builtin_names())}; "
            f"no app was asked for it either, since the project is not known: {error}"
        ) from error
    open_project(project, surroundings.environ)
    # Settings and the command are imported here, and whether stdout is the command's own is not known before.
    with redirect_stdout(sys.stderr):
        return find_command(name, project.package or project.label)


def _split_target(command: BaseCommand, parser: CommandParser, words: list[str], cwd: Path) -> tuple[str, list[str]]:
    word = parser.first_free_word(words) if command.takes_target else None
    if word is None:
        return WHOLE_PROJECT, words
    # A command without words of its own can only mean a target, so a wrong one is reported as that.
    if is_target(word, cwd) or not parser.takes_words:
        return word, parser.without_word(words, word)
    return WHOLE_PROJECT, words


def _enter(command: BaseCommand, surroundings: Surroundings, target: str) -> None:
    """Open the project for a command, as far as the command needs one."""
    try:
        project = surroundings.find_project(target)
    except AmbiguousProjectError:
        if command.needs_settings:
            raise
        return  # a command that asks for its project after all gets the same error then
    open_project(project, surroundings.environ)
    command.bind(project)
    if command.needs_settings:
        _use_settings(project, surroundings.environ)


def _use_settings(project: Project, environ: MutableMapping[str, str]) -> None:
    if settings.is_loaded:
        # Something may have read the settings before the project was known; those that were configured stay.
        if settings.module != project.settings_module:
            settings.setup(force=True)
    elif project.settings_module is None:
        sys.stderr.write(
            f"Warning: no settings found in {project.root}; running with the defaults and {DEFAULT_DATABASE_URL}.\n"
        )
        settings.setup()
        if not settings.DATABASE_URL and not settings.DATABASES:
            # As a variable it is there for child processes too, and .env has had its say.
            environ["OPENVIPER_DATABASE_URL"] = DEFAULT_DATABASE_URL
            settings.setup(force=True)


def _list(prog: str, surroundings: Surroundings) -> int:
    package = None
    problem: ProjectError | None = None
    try:
        project = surroundings.find_project()
    except ProjectError as error:
        problem = error
    else:
        open_project(project, surroundings.environ)
        package = project.package or project.label
    write_listing(prog, package, problem)
    return 0


def _program() -> str:
    """Name the program as it was called, for usage lines."""
    script = Path("".join(sys.argv[:1])).name
    return script if script.endswith(".py") and script != "__main__.py" else "openviper viperctl"
