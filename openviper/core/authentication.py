"""The contract of whatever tells who is asking; middleware and views both ask it."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol, TypeAlias, cast

from openviper.core.anonymous import AnonymousUser
from openviper.core.context import User
from openviper.exceptions import ImproperlyConfigured
from openviper.primitives.imports import import_string
from openviper.types import Scope

__all__ = ["ANONYMOUS", "AuthenticationBackend", "Identity", "build_backend", "identify"]

#: The user, and how they were recognised (at least ``type``).
Identity: TypeAlias = tuple[User, Mapping[str, object]]

ANONYMOUS: Final = AnonymousUser()


class AuthenticationBackend(Protocol):
    """One way to tell who is asking."""

    async def authenticate(self, scope: Scope) -> Identity | None:
        """Give the user and how they were recognised (at least ``type``), or None to let the next backend try.

        Args:
            scope: An ASGI scope of type http or websocket.

        Raises:
            HTTPException: The request is to be answered that way instead of going on, usually with 401.
        """


async def identify(backends: Iterable[AuthenticationBackend], scope: Scope) -> Identity | None:
    """Ask backends in order; the first that knows the user counts. None when none of them does."""
    for backend in backends:
        identity = await backend.authenticate(scope)
        if identity is not None:
            return identity
    return None


def build_backend(entry: object, *, listed_in: str) -> AuthenticationBackend:
    """Make a backend of an object, a class to be built without arguments, or a dotted path to either.

    Args:
        entry: What stands in the list.
        listed_in: Name of the list, for the message of an error.

    Raises:
        ImproperlyConfigured: It cannot be imported or has no ``authenticate``.
    """
    backend = entry
    if isinstance(entry, str):
        try:
            backend = import_string(entry)
        except ImportError as error:
            raise ImproperlyConfigured(
                f"{listed_in} entry {entry!r} cannot be imported: {error}; correct the path or remove the entry"
            ) from error
    if isinstance(backend, type):
        backend = backend()
    if not callable(getattr(backend, "authenticate", None)):
        raise ImproperlyConfigured(
            f"authentication backend {entry!r} has no method authenticate(scope); {listed_in} names classes that do"
        )
    return cast("AuthenticationBackend", backend)
