"""What must hold before a view runs."""

from typing import Any

import pytest

from openviper.conf import settings
from openviper.exceptions import ImproperlyConfigured
from openviper.http.permissions import AllowAny, IsAdmin, IsAuthenticated
from openviper.http.policy import Policy, default_entries
from openviper.http.request import Request
from openviper.http.throttles import BaseThrottle
from openviper.testing import override_settings


class _Nobody:
    async def authenticate(self, scope: object) -> None: ...


class _Throttle(BaseThrottle):
    def allow_request(self, request: Request, view: object) -> bool:
        return True


def test_lists_become_objects() -> None:
    """Backends and permissions are made once, throttles for each request."""
    policy = Policy.read(
        "Books", authenticators=[_Nobody], permissions=[IsAuthenticated, IsAdmin()], throttles=[_Throttle]
    )
    assert policy.authenticators is not None
    assert [type(backend) for backend in policy.authenticators] == [_Nobody]
    assert [type(permission) for permission in policy.permissions] == [IsAuthenticated, IsAdmin]
    assert policy.throttles == (_Throttle,)


def test_policy_of_no_lists_has_nothing_to_do() -> None:
    """An empty list of backends is something: it makes everyone anonymous."""
    nothing = Policy.read("Books", authenticators=None, permissions=None, throttles=())
    nobody = Policy.read("Books", authenticators=(), permissions=None, throttles=None)
    assert (nothing.is_empty, nobody.is_empty) == (True, False)
    assert nothing == Policy()


def test_permission_that_everyone_has_is_not_asked() -> None:
    """A view that says so explicitly costs no more than one without a list."""
    assert Policy.read("Books", authenticators=None, permissions=[AllowAny], throttles=None).is_empty


def test_defaults_come_from_the_settings() -> None:
    """By the name of the setting."""
    with override_settings(DEFAULT_PERMISSION_CLASSES=("a.b",)):
        assert default_entries("DEFAULT_PERMISSION_CLASSES") == settings.DEFAULT_PERMISSION_CLASSES == ("a.b",)


@pytest.mark.parametrize("entries", [IsAdmin, IsAdmin(), "openviper.http.permissions.IsAdmin"])
def test_single_entry_without_a_list_is_refused(entries: Any) -> None:
    """A text would pass for a list of letters."""
    with pytest.raises(ImproperlyConfigured, match=r"Books\.permission_classes is .*IsAdmin.*; write a list"):
        Policy.read("Books", authenticators=None, permissions=entries, throttles=None)
