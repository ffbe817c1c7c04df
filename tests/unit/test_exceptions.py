"""Errors that cross the border of a package."""

import copy
import pickle
from http import HTTPStatus

import pytest

from openviper import exceptions
from openviper.apps.exceptions import AppReadyError, AppShutdownError
from openviper.conf.exceptions import UnknownSettingError
from openviper.exceptions import (
    AuthenticationFailed,
    HTTPException,
    MethodNotAllowed,
    MissingDependencyError,
    OpenViperError,
    PayloadTooLarge,
    PermissionDenied,
    SettingsValidationError,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
    ValidationError,
)


def test_every_error_descends_from_one_root() -> None:
    """Whatever the framework raises on purpose can be caught as OpenViperError."""
    for name in exceptions.__all__:
        assert issubclass(getattr(exceptions, name), OpenViperError)


def test_status_and_detail_default_to_the_standard_phrase() -> None:
    """Without a detail the client reads the phrase of RFC 9110; an unknown status is named by its number."""
    assert HTTPException(418).detail == "I'm a Teapot"
    assert HTTPException(599).detail == "HTTP 599"
    assert HTTPException(400, {"why": 1}).detail == {"why": 1}


def test_detail_that_cannot_be_written_still_makes_an_error() -> None:
    """Python refuses to write out very long numbers; the detail stays, and the message names its type."""
    error = ValidationError([10**5000])
    assert (str(error), error.detail) == ("422: a list", [10**5000])


def test_faults_are_written_for_people() -> None:
    """A line for each, whatever a client has put into it; the answer has them whole."""
    errors = [
        {"field": "genre", "in": "body", "type": "invalid", "message": "This field cannot be null.", "path": ["genre"]},
        {"field": "__all__", "message": "Too late.\nroot: admin"},
        {"field": "a\nb", "message": "Unknown."},
    ]
    error = ValidationError(errors)
    assert str(error) == "genre: This field cannot be null.\nToo late.\\nroot: admin\na\\nb: Unknown."
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert error.detail == errors
    assert str(ValidationError(["x", errors[0]])).startswith("422: ['x', {")
    assert str(ValidationError([])) == "422: []"


def test_phrase_is_that_of_the_current_standard() -> None:
    """RFC 9110 gave some statuses other names than older versions of Python know."""
    errors = [ValidationError([]), PayloadTooLarge(5), UnsupportedMediaType(), HTTPException(HTTPStatus.NOT_FOUND)]
    assert [(error.status_code, error.phrase) for error in errors] == [
        (422, "Unprocessable Content"),
        (413, "Content Too Large"),
        (415, "Unsupported Media Type"),
        (404, "Not Found"),
    ]


@pytest.mark.parametrize("status", [0, 200, 302, 399, 600, True, "404", 404.0, None])
def test_status_that_is_no_error_is_refused(status: object) -> None:
    """A success or a redirect is returned, not raised; the message says so and names the number."""
    with pytest.raises(ValueError, match=rf"{status!r} is no status of an error.* 400 to 599"):
        HTTPException(status)  # type: ignore[arg-type]  # what a caller without a type checker passes


def test_errors_carry_the_headers_that_their_status_needs() -> None:
    """401 has a challenge, 405 its methods, 429 the time to wait."""
    assert Unauthorized().headers == {"WWW-Authenticate": "Bearer"}
    assert AuthenticationFailed().status_code == 401
    assert MethodNotAllowed({"POST", "GET"}).headers == {"Allow": "GET, POST"}
    assert TooManyRequests(30).headers == {"Retry-After": "30"}
    assert TooManyRequests().headers == {}
    assert "1024 bytes" in str(PayloadTooLarge(1024))


@pytest.mark.parametrize(
    ("error", "builtin"), [(PermissionDenied(), PermissionError), (ValidationError(["x"]), ValueError)]
)
def test_errors_are_also_what_a_caller_would_expect(error: HTTPException, builtin: type[Exception]) -> None:
    """The builtin kin catches it as well."""
    assert isinstance(error, builtin)


def test_all_settings_errors_stand_in_one_message() -> None:
    """Each problem has its own line, and the list is kept."""
    error = SettingsValidationError(["SECRET_KEY is empty", "DEBUG is on"])
    assert error.errors == ["SECRET_KEY is empty", "DEBUG is on"]
    assert "2 problems" in str(error)
    assert "\n  - DEBUG is on" in str(error)


@pytest.mark.parametrize(
    "error",
    [
        SettingsValidationError(["SECRET_KEY is empty"]),
        MissingDependencyError("redis.asyncio", extra="redis", needed_by="RedisCache"),
        HTTPException(418, {"why": 1}, {"X-Why": "1"}),
        MethodNotAllowed({"POST", "GET"}),
        PermissionDenied(),
        ValidationError(["x"]),
        UnknownSettingError("DEBGU", suggestion="DEBUG"),
        AppReadyError("shop", ValueError("no")),
        AppShutdownError([("shop", ValueError("no"))]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_travel_between_processes(error: OpenViperError) -> None:
    """What a worker or a test runner sends to another process arrives with its message and its evidence."""
    error.add_note("seen in a worker")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is type(error)
        assert (str(again), again.args, repr(again)) == (str(error), error.args, repr(error))
        assert {name: repr(value) for name, value in vars(again).items()} == {
            name: repr(value) for name, value in vars(error).items()
        }
