"""Who is asking: the user of each request, found by the backends that the settings name."""

from collections.abc import Iterable, Sequence

from openviper.core.authentication import ANONYMOUS, AuthenticationBackend, build_backend
from openviper.core.context import current_user
from openviper.middleware.base import HookedMiddleware
from openviper.middleware.fallback import given_or_setting
from openviper.primitives.unset import UNSET, Unset
from openviper.types import ASGIApp, Receive, Scope, Send

__all__ = ["AuthenticationMiddleware"]


class AuthenticationMiddleware(HookedMiddleware):
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

    fuses = True
    sets_context = True

    def __init__(
        self,
        app: ASGIApp,
        manager: AuthenticationBackend | None = None,
        *,
        backends: Iterable[object] | Unset = UNSET,
    ) -> None:
        super().__init__(app)
        chosen = given_or_setting(backends, "AUTH_BACKENDS") if manager is None else (manager,)
        self._backends: Sequence[AuthenticationBackend] = tuple(
            build_backend(entry, listed_in="AUTH_BACKENDS") for entry in chosen
        )

    async def on_request(self, scope: Scope) -> None:
        """Ask the backends, and leave what they say in the scope and in ``current_user``."""
        for backend in self._backends:
            identity = await backend.authenticate(scope)
            if identity is not None:
                user, scope["auth"] = identity
                break
        else:
            # What stands around this application may know who is asking, as the one that it is mounted in does.
            user = scope.get("user") or ANONYMOUS
            scope["auth"] = scope.get("auth") or {"type": "none"}
        scope["user"] = user
        current_user.set(user)

    async def serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ask the backends about a websocket as well."""
        await self.on_request(scope)
        await self.app(scope, receive, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the hooks, and forget the user when the request is over; an application that fuses them does so, too."""
        token = current_user.set(current_user.get())
        try:
            await super().__call__(scope, receive, send)
        finally:
            current_user.reset(token)
