"""The user of a request that nobody is logged in for."""

import dataclasses

import pytest

from openviper.core.anonymous import AnonymousUser
from openviper.core.context import User, current_user


def test_anonymous_user_is_a_user_without_a_name() -> None:
    """It has what every user has, and says that it is none (C-009)."""
    user: User = AnonymousUser()
    assert (user.is_authenticated, user.username, AnonymousUser().is_anonymous) == (False, "", True)


def test_anonymous_user_can_be_the_current_user() -> None:
    """Code that asks as the documents show takes the anonymous user for nobody (C-005)."""
    token = current_user.set(AnonymousUser())
    try:
        user = current_user.get()
        assert not (user and user.is_authenticated)
    finally:
        current_user.reset(token)


def test_anonymous_user_cannot_be_promoted() -> None:
    """One object serves every request, so no request can change it."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        AnonymousUser().is_authenticated = True  # type: ignore[misc]  # the mistake that this test is about
