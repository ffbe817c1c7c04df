"""Errors of reading and writing messages.

::

    OpenViperError
    ├── BodyConsumedError (RuntimeError)
    └── ClientDisconnectedError (ConnectionError)
"""

from openviper.exceptions import OpenViperError

__all__ = ["BodyConsumedError", "ClientDisconnectedError"]


class BodyConsumedError(OpenViperError, RuntimeError):
    """The body was read piece by piece before, and nothing of it was kept."""

    code = "body-consumed"

    def __init__(self) -> None:
        super().__init__(
            "the request body was given out piece by piece already, by stream(), or by form() for a form with files, "
            "and is not kept; call body() first where both are needed"
        )


class ClientDisconnectedError(OpenViperError, ConnectionError):
    """The client went away before its body was complete; nobody is left to answer."""

    code = "client-disconnected"

    def __init__(self, received: int) -> None:
        super().__init__(f"the client disconnected after {received} bytes of the request body")
        self.received = received
