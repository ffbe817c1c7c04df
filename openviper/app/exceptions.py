"""Errors of starting and stopping an application.

::

    OpenViperError
    ├── LifespanHandlerError (RuntimeError)
    └── MountLifespanError (RuntimeError)
"""

from openviper.apps.exceptions import describe_error
from openviper.exceptions import OpenViperError

__all__ = ["LifespanHandlerError", "MountLifespanError"]


class LifespanHandlerError(OpenViperError, RuntimeError):
    """A handler of ``on_startup`` or ``on_shutdown`` failed.

    Args:
        event: ``on_startup`` or ``on_shutdown``.
        handler: Dotted name of the function.
        original_exception: What it raised; a TimeoutError when it did not finish in time.
    """

    code = "lifespan-handler-failed"

    def __init__(self, event: str, handler: str, original_exception: BaseException) -> None:
        super().__init__(f"{event} handler {handler} failed: {describe_error(original_exception)}")
        self.event = event
        self.handler = handler
        self.original_exception = original_exception


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
