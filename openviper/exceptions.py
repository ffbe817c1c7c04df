"""Every error that crosses the border of a package.

::

    OpenViperError
    ├── ImproperlyConfigured
    │   └── SettingsValidationError (ValueError)
    ├── MissingDependencyError (ImportError)
    └── HTTPException
        ├── BadRequest 400
        ├── Unauthorized 401
        │   └── AuthenticationFailed
        │       └── TokenExpired
        ├── PermissionDenied 403 (PermissionError)
        ├── NotFound 404
        ├── MethodNotAllowed 405
        ├── Conflict 409
        ├── PayloadTooLarge 413
        ├── UnsupportedMediaType 415
        ├── ValidationError 422 (ValueError)
        ├── TooManyRequests 429
        └── ServiceUnavailable 503

Errors of one package only (the life of an app, a cache, a query) live in that package's ``exceptions`` module,
under the same root.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import ClassVar, Final

__all__ = [
    "AuthenticationFailed",
    "BadRequest",
    "Conflict",
    "HTTPException",
    "ImproperlyConfigured",
    "MethodNotAllowed",
    "MissingDependencyError",
    "NotFound",
    "OpenViperError",
    "PayloadTooLarge",
    "PermissionDenied",
    "ServiceUnavailable",
    "SettingsValidationError",
    "TokenExpired",
    "TooManyRequests",
    "Unauthorized",
    "UnsupportedMediaType",
    "ValidationError",
]

# RFC 9110 gave these other names, which the standard library has since Python 3.13.
_NEW_PHRASES: Final = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}


class OpenViperError(Exception):
    """Root of every error that the framework raises on purpose.

    Attributes:
        code: Short name of the kind of error, the same in every release. Each class of the framework below this one
            has its own; a class of a project has that of the class above it, unless it sets one.
    """

    code: ClassVar[str] = ""

    @property
    def docs(self) -> str | None:
        """Where causes and mends stand: a path in the documentation, to the nearest class of the framework.

        None where that is the root, which describes no kind of error.
        """
        framework = __name__.partition(".")[0]
        kind = next(kind for kind in type(self).__mro__ if kind.__module__.partition(".")[0] == framework)
        code = str(vars(kind).get("code", ""))
        return f"reference/errors.html#{code}" if code else None

    def __reduce__(self) -> tuple[object, ...]:
        """Say how a copy, or the process that gets this error from another one, makes it again."""
        # An exception's own way is to call the class with the message, and most of ours take something else.
        return _remake, (type(self), self.args, dict(vars(self)))


class ImproperlyConfigured(OpenViperError):
    """A setting, or what it points to, cannot work; the message names the setting and the mend."""

    code = "improperly-configured"


class SettingsValidationError(ImproperlyConfigured, ValueError):
    """One or more settings break a rule; all of them are reported together.

    Args:
        errors: One sentence for each broken rule, naming the setting; at least one.
    """

    code = "settings-invalid"

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors: list[str] = list(errors)
        noun = "problem" if len(self.errors) == 1 else "problems"
        lines = "\n".join(f"  - {error}" for error in self.errors)
        super().__init__(f"{len(self.errors)} {noun} in the settings:\n{lines}")


class MissingDependencyError(OpenViperError, ImportError):
    """An optional package is needed and not installed.

    Args:
        module: The module that could not be imported.
        extra: The extra of this distribution that brings it.
        needed_by: What asked for it, as the user knows it.
    """

    code = "dependency-missing"

    def __init__(self, module: str, *, extra: str, needed_by: str) -> None:
        super().__init__(
            f"{needed_by} needs the package {module.partition('.')[0]!r}, which is not installed; "
            f'install it with: pip install "openviper[{extra}]"'
        )
        self.module = module
        self.extra = extra
        self.needed_by = needed_by


class HTTPException(OpenViperError):
    """An answer other than success, raised from anywhere below a handler.

    Args:
        status_code: The HTTP status, 400 to 599.
        detail: What the client is told, as text or anything JSON can carry; None means the standard phrase. The
            members of a mapping become those of the answer where that is a problem document (RFC 9457).
        headers: Further headers of the answer; None means none.

    Raises:
        ValueError: The status is no whole number from 400 to 599.
    """

    code = "http-error"
    default_detail: ClassVar[str | None] = None

    def __init__(self, status_code: int, detail: object = None, headers: Mapping[str, str] | None = None) -> None:
        given: object = status_code  # what callers without a type checker pass
        if not (isinstance(given, int) and 400 <= given <= 599):
            raise ValueError(
                f"{status_code!r} is no status of an error, which is a whole number from 400 to 599; "
                "return a response for any other status"
            )
        status_code = int(status_code)  # an HTTPStatus becomes the number that it is
        if detail is None:
            detail = self.default_detail or _phrase(status_code)
        super().__init__(f"{status_code}: {_written(detail)}")
        self.status_code = status_code
        self.detail = detail
        self.headers: dict[str, str] = dict(headers or {})

    @property
    def phrase(self) -> str:
        """The standard phrase of the status, such as ``Not Found``."""
        return _phrase(self.status_code)


class BadRequest(HTTPException):
    """400: the request itself is malformed."""

    code = "bad-request"

    def __init__(self, detail: object = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(400, detail, headers)


class Unauthorized(HTTPException):
    """401: who is asking is not known."""

    code = "unauthorized"
    default_detail = "Authentication required."

    def __init__(self, detail: object = None, headers: Mapping[str, str] | None = None) -> None:
        # RFC 9110 15.5.2: a 401 carries at least one challenge.
        super().__init__(401, detail, {"WWW-Authenticate": "Bearer", **(headers or {})})


class AuthenticationFailed(Unauthorized):
    """401: credentials were given and are wrong."""

    code = "authentication-failed"
    default_detail = "Invalid credentials."


class TokenExpired(AuthenticationFailed):
    """401: the token was right once and its time is over."""

    code = "token-expired"
    default_detail = "Token has expired."


class PermissionDenied(HTTPException, PermissionError):
    """403: who is asking is known and may not."""

    code = "permission-denied"
    default_detail = "Permission denied."

    def __init__(self, detail: object = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(403, detail, headers)


class NotFound(HTTPException):
    """404: there is nothing at this address."""

    code = "not-found"
    default_detail = "Not found."

    def __init__(self, detail: object = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(404, detail, headers)


class MethodNotAllowed(HTTPException):
    """405: the address exists and does not answer this method.

    Args:
        allowed: The methods that it answers; they become the ``Allow`` header (RFC 9110, 15.5.6).
        detail: What the client is told; None means the standard phrase.
    """

    code = "method-not-allowed"

    def __init__(self, allowed: Iterable[str], detail: object = None) -> None:
        self.allowed: tuple[str, ...] = tuple(sorted(allowed))
        super().__init__(405, detail, {"Allow": ", ".join(self.allowed)})


class Conflict(HTTPException):
    """409: the request does not fit the present state."""

    code = "conflict"

    def __init__(self, detail: object = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(409, detail, headers)


class PayloadTooLarge(HTTPException):
    """413: the body is larger than the limit.

    Args:
        max_bytes: The limit that was passed, in bytes; None leaves it unsaid.
        detail: What the client is told; None builds it from the limit.
    """

    code = "payload-too-large"

    def __init__(self, max_bytes: int | None = None, detail: object = None) -> None:
        if detail is None and max_bytes is not None:
            detail = f"The request body is larger than {max_bytes} bytes."
        super().__init__(413, detail)
        self.max_bytes = max_bytes


class UnsupportedMediaType(HTTPException):
    """415: the body is of a type, or in an encoding, that is not read here."""

    code = "unsupported-media-type"

    def __init__(self, detail: object = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(415, detail, headers)


class ValidationError(HTTPException, ValueError):
    """422: the request was understood and its values are not acceptable.

    As a text it has a line for each fault, ``field: message``.

    Args:
        errors: What is wrong, one entry a fault, as JSON can carry it.
    """

    code = "validation-failed"

    def __init__(self, errors: Sequence[object]) -> None:
        self.validation_errors = list(errors)
        super().__init__(422, self.validation_errors)
        lines = [_line_of(error) for error in self.validation_errors]
        # Faults of other forms, which a project may make, are written as those of any other error.
        if lines and None not in lines:
            self.args = ("\n".join(filter(None, lines)),)


class TooManyRequests(HTTPException):
    """429: the client has used up its share.

    Args:
        retry_after: Seconds until another try makes sense; None leaves the header out.
        detail: What the client is told; None means the standard phrase.
    """

    code = "too-many-requests"

    def __init__(self, retry_after: int | None = None, detail: object = None) -> None:
        super().__init__(429, detail, None if retry_after is None else {"Retry-After": str(retry_after)})
        self.retry_after = retry_after


class ServiceUnavailable(HTTPException):
    """503: something behind the answer is not there at the moment."""

    code = "service-unavailable"

    def __init__(self, detail: object = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(503, detail, headers)


def _remake(kind: type[OpenViperError], args: tuple[object, ...], state: Mapping[str, object]) -> OpenViperError:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(state)
    return error


def _written(detail: object) -> str:
    try:
        return str(detail)
    except ValueError:  # holds a number with more digits than Python writes out, as a client may send it
        return f"a {type(detail).__name__}"


def _line_of(fault: object) -> str | None:
    """Write a fault for people; None if it does not have the form of ours."""
    if not isinstance(fault, Mapping) or not isinstance(message := fault.get("message"), str):
        return None
    field = fault.get("field")
    line = message if field in (None, "", "__all__") else f"{_written(field)}: {message}"
    # Both may come from a client, who is not to write lines of his own into a log.
    return line if line.isprintable() else repr(line)[1:-1]


def _phrase(status_code: int) -> str:
    if status_code in _NEW_PHRASES:
        return _NEW_PHRASES[status_code]
    try:
        return HTTPStatus(status_code).phrase
    except ValueError:
        return f"HTTP {status_code}"
