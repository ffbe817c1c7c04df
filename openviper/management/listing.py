"""The list of commands that ``viperctl help`` prints."""

import sys
from collections.abc import Iterable

from openviper.exceptions import OpenViperError
from openviper.management.registry import CommandListing, list_commands
from openviper.management.style import paint, write_text

__all__ = ["write_listing"]


def write_listing(prog: str, package: str | None, problem: OpenViperError | None = None) -> None:
    """Print every command, grouped by where it comes from.

    When the project or its settings cannot be read, the commands of apps are left out, and one note on stderr
    says why.

    Args:
        prog: How the program was called.
        package: The project's own package; None without a project.
        problem: Why there is no project; None when nothing went wrong so far.
    """
    commands: list[CommandListing] = []
    if problem is None:
        try:
            commands = list_commands(package)
        except OpenViperError as error:
            problem = error
    if problem is not None:
        commands = list_commands(with_apps=False)
    write_text(sys.stdout, _text(prog, commands))
    if problem is not None:
        sys.stderr.write(f"Note: commands of apps are not listed: {problem}\n")


def _text(prog: str, commands: Iterable[CommandListing]) -> str:
    groups: dict[str, list[CommandListing]] = {}
    for command in commands:
        groups.setdefault(command.origin, []).append(command)
    width = max(len(command.name) for group in groups.values() for command in group)
    lines = [f"usage: {prog} [--settings MODULE] COMMAND [TARGET] [ARGUMENT ...]", ""]
    for origin, group in groups.items():
        lines.append(paint("Commands:" if origin == "openviper" else f"Commands of {origin}:", "bold", sys.stdout))
        lines.extend(f"  {command.name.ljust(width)}  {command.help}".rstrip() for command in group)
        lines.append("")
    lines.append(f"Arguments of one command: {prog} COMMAND --help")
    return "\n".join(lines) + "\n"
