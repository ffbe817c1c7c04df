"""The session without a middleware that keeps any."""

import pytest

from openviper.exceptions import ImproperlyConfigured
from openviper.http.request import Request
from openviper.http.session import Session
from tests.unit.http.deliveries import delivered, post


def test_session_is_empty_without_a_middleware() -> None:
    """It has no key and no values, and is the same at every call."""
    request = Request(post(), delivered([]))

    assert request.session.key == ""
    assert not request.session
    assert list(request.session) == []
    assert request.session.get("cart") is None
    assert request.session is Request(request.scope, delivered([])).session


def test_session_of_a_middleware_is_given() -> None:
    """What stands in the scope is the session."""
    kept = Session()
    assert Request({**post(), "session": kept}, delivered([])).session is kept


def test_writing_into_the_empty_session_is_refused() -> None:
    """A value that nobody would keep is an error, not a loss."""
    session = Session()

    with pytest.raises(ImproperlyConfigured, match="keeps sessions"):
        session["cart"] = 1
    with pytest.raises(KeyError):
        del session["cart"]
    with pytest.raises(KeyError):
        _ = session["cart"]
