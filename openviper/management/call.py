"""Running a command from code or a test, without a process of its own."""

import asyncio
from typing import TextIO

from openviper.management.base import BaseCommand
from openviper.management.registry import find_command

__all__ = ["acall_command", "call_command"]


def call_command(
    name: str, /, *args: object, stdout: TextIO | None = None, stderr: TextIO | None = None, **options: object
) -> int:
    """Run a command and return its exit code; the settings are those of the process.

    Args:
        name: The name of the command, with dashes.
        args: Words of the command line, turned into text.
        stdout: Where its output goes; None means standard output.
        stderr: Where its notes go; None means standard error.
        options: Values of arguments by their names; they win over the words.

    Raises:
        CommandError: The command does not exist, does not understand its arguments, or failed.
        TypeError: It has no argument of such a name.
        RuntimeError: A loop is running in this thread; await ``acall_command`` there.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        command, values = _prepared(name, args, options)
        command.bind(stdout=stdout, stderr=stderr)
        return command.execute(**values)
    raise RuntimeError(f"a loop is running here; write: await acall_command({name!r}, ...)")


async def acall_command(
    name: str, /, *args: object, stdout: TextIO | None = None, stderr: TextIO | None = None, **options: object
) -> int:
    """Like ``call_command``, on the running loop; a command with a sync ``handle`` runs in a thread."""
    command, values = _prepared(name, args, options)
    command.bind(stdout=stdout, stderr=stderr)
    return await command.aexecute(**values)


def _prepared(name: str, args: tuple[object, ...], options: dict[str, object]) -> tuple[BaseCommand, dict[str, object]]:
    command = find_command(name)()
    return command, command.create_parser("", name).parse_call([str(arg) for arg in args], options)
