"""Errors of starting a server; ``serve`` prints them and returns an exit code.

::

    OpenViperError
    └── ServerError
        ├── AddressError (OSError)
        └── ApplicationLoadError (ImportError)
"""

from openviper.exceptions import OpenViperError

__all__ = ["AddressError", "ApplicationLoadError", "ServerError"]


class ServerError(OpenViperError):
    """The server was not started; the message says why."""

    code = "server-not-started"


class AddressError(ServerError, OSError):
    """The server cannot listen where it was told to.

    Args:
        host: Host name, address or path.
        port: TCP port; None for a unix socket, whose path is the host.
        reason: Why not, and what to do.
    """

    code = "address-unavailable"

    def __init__(self, host: str, port: int | None, reason: str) -> None:
        place = host if port is None else f"{host} port {port}"
        super().__init__(f"cannot listen on {place}: {reason}")
        self.host = host
        self.port = port

    def __str__(self) -> str:
        # OSError keeps its arguments apart and would print them as a tuple if there were more than one.
        return str(self.args[0])


class ApplicationLoadError(ServerError, ImportError):
    """What was named as the application cannot be loaded.

    Args:
        target: The name as it was given.
        reason: What went wrong, and what to do.
    """

    code = "application-not-loaded"

    def __init__(self, target: str, reason: str) -> None:
        super().__init__(f"cannot load {target!r}: {reason}")
        self.target = target
