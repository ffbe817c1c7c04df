"""Errors of the commands.

::

    OpenViperError
    └── CommandError
        └── UsageError
"""

from openviper.exceptions import OpenViperError

__all__ = ["CommandError", "UsageError"]


class CommandError(OpenViperError):
    """A command could not do its work; the message is all that the user sees.

    Args:
        message: What happened, to what, and what to do next.
        returncode: The exit code of the process, 1 to 255; anything else becomes 1.
    """

    code = "command-failed"

    def __init__(self, message: str, returncode: int = 1) -> None:
        super().__init__(message)
        self.returncode = returncode


class UsageError(CommandError):
    """The words of a command line do not fit the command; the exit code is 2, as everywhere."""

    code = "usage-error"

    def __init__(self, message: str) -> None:
        super().__init__(message, returncode=2)
