"""Errors of templates.

::

    OpenViperError
    └── TemplateError (RuntimeError)
        └── TemplateNotFoundError (LookupError)
"""

from collections.abc import Sequence
from pathlib import Path

from openviper.exceptions import OpenViperError

__all__ = ["TemplateError", "TemplateNotFoundError"]


class TemplateError(OpenViperError, RuntimeError):
    """A template cannot be used as it is written: its syntax, an unknown name, or what the sandbox refuses.

    Args:
        message: What is wrong.
        path: The file; None for a template that is no file.
        line: Line in the template, counted from 1; None when it is not known.
    """

    code = "template-error"

    def __init__(self, message: str, *, path: Path | None = None, line: int | None = None) -> None:
        place = "the template" if path is None else str(path)
        if line is not None:
            place += f", line {line}"
        super().__init__(f"{place}: {message}")
        self.path = path
        self.line = line


class TemplateNotFoundError(TemplateError, LookupError):
    """No folder of templates has a file of that name.

    Args:
        name: The name that was asked for.
        searched: The folders, in the order of searching.
        reason: Why a file of that name was passed over; None when there is none.
        path: The template that asked for it; None when code did.
        line: Line in that template; None when code did.
    """

    code = "template-not-found"

    def __init__(
        self,
        name: str,
        *,
        searched: Sequence[Path],
        reason: str | None = None,
        path: Path | None = None,
        line: int | None = None,
    ) -> None:
        folders = ", ".join(map(str, searched))
        found = reason or (f"it is in none of {folders}" if folders else "no folder of templates is known")
        message = f"template {name!r} cannot be found: {found}"
        if path is None:
            OpenViperError.__init__(self, message)
            self.path, self.line = None, None
        else:
            super().__init__(message, path=path, line=line)
        self.name = name
        self.searched: tuple[Path, ...] = tuple(searched)
