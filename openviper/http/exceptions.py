"""Errors of reading and writing messages.

::

    OpenViperError
    └── ClientDisconnectedError (ConnectionError)
"""

from openviper.exceptions import OpenViperError

__all__ = ["ClientDisconnectedError"]


class ClientDisconnectedError(OpenViperError, ConnectionError):
    """The client went away before its body was complete; nobody is left to answer."""

    code = "client-disconnected"

    def __init__(self, received: int) -> None:
        super().__init__(f"the client disconnected after {received} bytes of the request body")
        self.received = received
