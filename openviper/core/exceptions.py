"""Errors of finding a project.

::

    OpenViperError
    └── ProjectError
        ├── AmbiguousProjectError
        └── TargetError (ValueError)
"""

from collections.abc import Iterable
from pathlib import Path

from openviper.exceptions import OpenViperError

__all__ = ["AmbiguousProjectError", "ProjectError", "TargetError"]


class ProjectError(OpenViperError):
    """A command does not know which project it is meant for."""

    code = "project-unclear"


class AmbiguousProjectError(ProjectError):
    """Several packages of one folder could be the project.

    Args:
        root: The folder that was looked at.
        candidates: The packages with settings in it, at least two.
    """

    code = "project-ambiguous"

    def __init__(self, root: Path, candidates: Iterable[str]) -> None:
        self.root = root
        self.candidates: tuple[str, ...] = tuple(candidates)
        super().__init__(
            f"{root} holds several projects: {', '.join(self.candidates)}; "
            f"name one after the command, or its settings with --settings {self.candidates[0]}.settings"
        )


class TargetError(ProjectError, ValueError):
    """The word that should name an app or a project below the working directory does not.

    Args:
        target: The word as it was given.
        root: The folder that was looked at.
    """

    code = "target-unknown"

    def __init__(self, target: str, root: Path) -> None:
        super().__init__(
            f"{target!r} is no app or project below {root}; "
            "write '.' for the whole project, or the dotted name of a package in it"
        )
        self.target = target
        self.root = root
