"""Errors of starting and stopping an application.

::

    OpenViperError
    └── MountLifespanError (RuntimeError)
"""

from openviper.exceptions import OpenViperError

__all__ = ["MountLifespanError"]


class MountLifespanError(OpenViperError, RuntimeError):
    """The lifespan of a mounted application failed.

    Args:
        app: The mounted application.
        phase: ``startup`` or ``shutdown``.
        reason: What it reported, or what it failed to do.
    """

    code = "mount-lifespan-failed"

    def __init__(self, app: object, phase: str, reason: str) -> None:
        super().__init__(f"{phase} of the mounted application {app!r} failed: {reason}")
        self.phase = phase
        self.reason = reason
