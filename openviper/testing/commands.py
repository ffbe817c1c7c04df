"""Commands of the project, run inside a test."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from typing import Final, cast

from openviper.primitives.imports import import_string

__all__ = ["CommandResult", "CommandRunner"]

# By dotted path: the commands stand on a floor above this one.
_CALL: Final = "openviper.management.call.call_command"
_CALL_ASYNC: Final = "openviper.management.call.acall_command"
_ERROR: Final = "openviper.management.base.CommandError"


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What a command did.

    Args:
        exit_code: What its process would end with; 0 means success.
        out: What it wrote to standard output.
        err: What it wrote to standard error, the message of its failure included.
    """

    exit_code: int
    out: str
    err: str


@dataclass(slots=True)
class _Recording:
    out: StringIO = field(default_factory=StringIO)
    err: StringIO = field(default_factory=StringIO)
    exit_code: int = 0

    def finish(self) -> CommandResult:
        return CommandResult(self.exit_code, self.out.getvalue(), self.err.getvalue())


class CommandRunner:
    """Runs commands by name and gives back what they printed and how they ended.

    An error that a command reports is a result; any other exception is raised in the test.
    """

    def __call__(self, name: str, *args: object, **options: object) -> CommandResult:
        """Run a command.

        Args:
            name: The name of the command, with dashes.
            args: Words of the command line.
            options: Values of arguments by their names.

        Raises:
            RuntimeError: A loop is running here; await ``acall`` instead.
            Exception: Whatever the command raises and does not report itself.
        """
        call = cast("Callable[..., int]", import_string(_CALL))
        with _recording() as recording:
            recording.exit_code = call(name, *args, stdout=recording.out, stderr=recording.err, **options)
        return recording.finish()

    async def acall(self, name: str, *args: object, **options: object) -> CommandResult:
        """Run a command on the running loop; otherwise like a call.

        Raises:
            Exception: Whatever the command raises and does not report itself.
        """
        call = cast("Callable[..., Awaitable[int]]", import_string(_CALL_ASYNC))
        with _recording() as recording:
            recording.exit_code = await call(name, *args, stdout=recording.out, stderr=recording.err, **options)
        return recording.finish()


class _ReportedError(Exception):
    """What this room knows of a command's own error."""

    returncode: int


@contextmanager
def _recording() -> Iterator[_Recording]:
    """Collect what is printed, by whatever means, and turn the ways in which a command ends into an exit code."""
    recording = _Recording()
    error_type = cast("type[_ReportedError]", import_string(_ERROR))
    with redirect_stdout(recording.out), redirect_stderr(recording.err):
        try:
            yield recording
        except error_type as error:
            recording.exit_code = error.returncode
            recording.err.write(f"{error}\n")
        except SystemExit as stop:
            # What argparse does after --help; text instead of a number is a message (sys.exit).
            recording.exit_code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
            if isinstance(stop.code, str):
                recording.err.write(f"{stop.code}\n")
