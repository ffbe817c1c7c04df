"""Who is asking: the user of each request, found by the backends that the settings name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias, cast

from openviper.core.anonymous import AnonymousUser
from openviper.core.context import User, current_user
from openviper.exceptions import ImproperlyConfigured
from openviper.middleware.base import BaseMiddleware
from openviper.middleware.fallback import given_or_setting
from openviper.primitives.imports import import_string
from openviper.primitives.unset import UNSET, Unset
from openviper.types import ASGIApp, Receive, Scope, Send

__all__ = ["AuthenticationBackend", "AuthenticationMiddleware", "Identity"]

Identity: TypeAlias = tuple[User, Mapping[str, object]]

_ANONYMOUS: Final = AnonymousUser()


class AuthenticationBackend(Protocol):
    """One way to tell who is asking."""

    async def authenticate(self, scope: Scope) -> Identity | None:
        """Give the user and how they were recognised (at least ``type``), or None to let the next backend try.

        Args:
            scope: An ASGI scope of type http or websocket.

        Raises:
            HTTPException: The request is to be answered that way instead of going on, usually with 401.
        """


class AuthenticationMiddleware(BaseMiddleware):
    """Puts the user into ``scope["user"]``, how they were recognised into ``scope["auth"]``, and sets ``current_user``.

    The backends are asked in order; the first that knows the user counts. When none does, the user is an
    ``AnonymousUser`` and ``scope["auth"]`` is ``{"type": "none"}``, unless an outer layer has set them. The variable
    is reset when the request is over.

    Args:
        app: The next application inwards.
        manager: Asked in place of all backends; None means that the backends are asked.
        backends: Objects, classes to be built without arguments, or dotted paths to either; not given means
            those of the setting ``AUTH_BACKENDS``.

    Raises:
        ImproperlyConfigured: A backend cannot be imported or has no ``authenticate``.
    """

    def __init__(
        self,
        app: ASGIApp,
        manager: AuthenticationBackend | None = None,
        *,
        backends: Iterable[object] | Unset = UNSET,
    ) -> None:
        super().__init__(app)
        chosen = given_or_setting(backends, "AUTH_BACKENDS") if manager is None else (manager,)
        self._backends: Sequence[AuthenticationBackend] = tuple(_build_backend(entry) for entry in chosen)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authenticate http and websocket scopes; pass every other scope on."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        # What stands around this application may know who is asking, as the one that it is mounted in does.
        user: User = scope.get("user") or _ANONYMOUS
        info: Mapping[str, object] = scope.get("auth") or {"type": "none"}
        for backend in self._backends:
            identity = await backend.authenticate(scope)
            if identity is not None:
                user, info = identity
                break
        scope["user"], scope["auth"] = user, info
        token = current_user.set(user)
        try:
            await self.app(scope, receive, send)
        finally:
            current_user.reset(token)


def _build_backend(entry: object) -> AuthenticationBackend:
    backend = entry
    if isinstance(entry, str):
        try:
            backend = import_string(entry)
        except ImportError as error:
            raise ImproperlyConfigured(
                f"AUTH_BACKENDS entry {entry!r} cannot be imported: {error}; correct the path or remove the entry"
            ) from error
    if isinstance(backend, type):
        backend = backend()
    if not callable(getattr(backend, "authenticate", None)):
        raise ImproperlyConfigured(
            f"authentication backend {entry!r} has no method authenticate(scope); AUTH_BACKENDS names classes that do"
        )
    return cast("AuthenticationBackend", backend)
