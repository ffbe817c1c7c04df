"""Where a command ends: whatever happened becomes an exit code, and a failure one message on stderr."""

import asyncio
import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from typing import Final

from openviper.exceptions import OpenViperError
from openviper.management.exceptions import CommandError
from openviper.management.style import paint

__all__ = ["attempt", "exit_code_of"]

_FAILURE: Final = 1
# The system keeps eight bits of an exit code, so 256 would be success to whoever asks.
_HIGHEST: Final = 255
# What a shell reports of a process that a signal ended: 128 and the number of SIGINT or SIGPIPE.
_INTERRUPTED: Final = 130
_READER_GONE: Final = 141


def exit_code_of(work: Callable[[], int]) -> int:
    """Call a command and return its exit code; nothing that it raises gets past.

    Args:
        work: The command, ready to run; returns its exit code.

    Returns:
        What the call returned; the code of a ``CommandError`` or SystemExit; 1 for any other error and for a code
        that no process can end with, 130 when interrupted, 141 when the reader of stdout has gone. A
        ``CommandError`` is never 0. Errors raised on purpose are one message on stderr,
        and a last line says where the kind of error is described; a ``CommandError`` says itself what to do next.
        What nobody expected is shown with its traceback.
    """
    try:
        code = work()
        # Buffered output that can no longer be written belongs to the command, not to the interpreter's exit.
        sys.stdout.flush()
    except CommandError as error:
        _report(error)
        return _possible(error.returncode) or _FAILURE
    except OpenViperError as error:
        _report(error, place=error.docs)
        return _FAILURE
    except ExceptionGroup as group:
        # Several steps that did not stop come as a group, whose message holds the text of each.
        if group.split(OpenViperError)[1] is None:
            _report(CommandError(group.message))
        else:
            traceback.print_exc()
        return _FAILURE
    except SystemExit as ending:
        return _code_of(ending)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _silence_stdout()
        return _READER_GONE
    except Exception:  # noqa: BLE001 - the border of one management command: a bug is shown whole and ends the process
        traceback.print_exc()
        return _FAILURE
    return _possible(code)


def attempt(work: Callable[[], object], report: Callable[[BaseException], None]) -> bool:
    """Run code that a user typed into a command; tell whether it ended without an exception.

    Args:
        work: Runs the code.
        report: Shows the exception, if there is one; SystemExit and KeyboardInterrupt pass.
    """
    try:
        work()
    # The border of one management command, seen from inside: what users type may raise anything, and the command goes
    # on. A cancelled task that was awaited is such an error too, not an end.
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - as said above
        report(error)
        return False
    return True


def _report(error: Exception, *, place: str | None = None) -> None:
    # Notes tell what else failed while cleaning up after the error.
    lines = [str(error), *vars(error).get("__notes__", ())]
    sys.stderr.write(paint("\n".join(lines), "red", sys.stderr) + "\n")
    if place is not None:
        sys.stderr.write(f"see: {place}\n")


def _code_of(ending: SystemExit) -> int:
    if ending.code is None or isinstance(ending.code, int):
        return _possible(ending.code or 0)
    sys.stderr.write(f"{ending.code}\n")
    return _FAILURE


def _possible(code: int) -> int:
    return code if 0 <= code <= _HIGHEST else _FAILURE


def _silence_stdout() -> None:
    """Point stdout at nothing, or the interpreter would fail once more on its last flush."""
    # A stdout without a descriptor (a test's buffer) has nothing to flush at exit.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
