"""Errors that a test sees when an application does not keep to the protocol.

::

    OpenViperError
    ├── ProtocolError (AssertionError)
    ├── LifespanFailedError (RuntimeError)
    ├── AppTimeoutError (TimeoutError)
    ├── ResponseTooLargeError (ValueError)
    └── TooManyRedirectsError (RuntimeError)
"""

from openviper.exceptions import OpenViperError

__all__ = [
    "AppTimeoutError",
    "LifespanFailedError",
    "ProtocolError",
    "ResponseTooLargeError",
    "TooManyRedirectsError",
]


class ProtocolError(OpenViperError, AssertionError):
    """The application broke a rule of ASGI or HTTP that a real server would stumble over."""

    code = "protocol-broken"


class LifespanFailedError(OpenViperError, RuntimeError):
    """The application reported that its startup or its shutdown failed.

    Args:
        phase: ``startup`` or ``shutdown``.
        message: What the application said; empty when it said nothing.
    """

    code = "lifespan-failed"

    def __init__(self, phase: str, message: str) -> None:
        super().__init__(message or f"the application reported lifespan.{phase}.failed without a message")
        self.phase = phase
        self.message = message


class AppTimeoutError(OpenViperError, TimeoutError):
    """The application took longer than the client waits.

    Args:
        what: What was waited for.
        seconds: How long the client waited.
    """

    code = "app-timeout"

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(f"{what} took longer than {seconds:g} s; raise the client's timeout, or None to wait on")
        self.seconds = seconds


class ResponseTooLargeError(OpenViperError, ValueError):
    """The body of a response is larger than the client collects.

    Args:
        max_bytes: The limit that was passed, in bytes.
    """

    code = "response-too-large"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            f"the response body is larger than {max_bytes} bytes; give the client a larger max_response_bytes"
        )
        self.max_bytes = max_bytes


class TooManyRedirectsError(OpenViperError, RuntimeError):
    """A chain of redirects did not come to an end.

    Args:
        urls: The addresses that were asked, in order.
    """

    code = "too-many-redirects"

    def __init__(self, urls: list[str]) -> None:
        super().__init__(f"{len(urls)} requests and still a redirect: {' -> '.join(urls[-3:])}")
        self.urls = urls
