"""Errors of static files.

::

    OpenViperError
    └── StaticFilesError
        └── MissingReferenceError (LookupError)
"""

from pathlib import Path

from openviper.exceptions import OpenViperError

__all__ = ["MissingReferenceError", "StaticFilesError"]


class StaticFilesError(OpenViperError):
    """Static files could not be collected; the message names the file or folder and what to do."""

    code = "static-files"


class MissingReferenceError(StaticFilesError, LookupError):
    """A style sheet or script refers to a file that is not among the static files.

    Args:
        path: The file that holds the reference.
        line: Its line, from 1.
        address: The reference as it is written.
        target: The name that was looked for.
    """

    code = "static-reference-missing"

    def __init__(self, path: Path, *, line: int, address: str, target: str) -> None:
        super().__init__(
            f"{path}, line {line}: {address!r} leads to {target!r}, which no folder of static files has; "
            "correct the reference or add the file (collectstatic --lenient leaves such references as they are)"
        )
        self.path = path
        self.line = line
        self.address = address
        self.target = target
