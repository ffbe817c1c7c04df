"""Whatever tells who is asking."""

import pytest

from openviper.core.anonymous import AnonymousUser
from openviper.core.authentication import ANONYMOUS, Identity, build_backend, identify
from openviper.exceptions import ImproperlyConfigured
from openviper.types import Scope


class _Fixed:
    """Says what it was told."""

    def __init__(self, identity: Identity | None = None) -> None:
        self.identity = identity

    async def authenticate(self, scope: Scope) -> Identity | None:
        return self.identity


class _Refusing:
    """Must not be asked."""

    async def authenticate(self, scope: Scope) -> Identity | None:
        raise AssertionError("was asked")


async def test_first_backend_that_knows_the_user_counts() -> None:
    """Those after it are not asked."""
    known: Identity = (AnonymousUser("momo"), {"type": "fixed"})
    assert await identify([_Fixed(), _Fixed(known), _Refusing()], {"type": "http"}) == known
    assert await identify([_Fixed()], {"type": "http"}) is None


def test_backend_is_an_object_a_class_or_a_path() -> None:
    """Classes are built without arguments."""
    given = _Fixed()
    assert build_backend(given, listed_in="here") is given
    assert isinstance(build_backend(_Fixed, listed_in="here"), _Fixed)
    assert isinstance(build_backend(f"{__name__}._Fixed", listed_in="here"), _Fixed)
    assert not ANONYMOUS.is_authenticated


@pytest.mark.parametrize(
    ("entry", "why"), [("openviper.absent.Thing", "here entry .* cannot be imported"), (dict, "here names classes")]
)
def test_entry_that_is_no_backend_is_refused(entry: object, why: str) -> None:
    """The list is named."""
    with pytest.raises(ImproperlyConfigured, match=why):
        build_backend(entry, listed_in="here")
