"""An id for every request, in its answer and in every line of the log that it causes."""

import re
from typing import Final

from openviper.core.context import ensure_request_id, request_id
from openviper.middleware.base import HookedMiddleware
from openviper.middleware.fallback import given_or_setting
from openviper.primitives.unset import UNSET, Unset
from openviper.types import ASGIApp, RawHeaders, Receive, Scope, Send

__all__ = ["RequestIDMiddleware"]

_HEADER: Final = b"x-request-id"

# What proxies and tracing systems make: UUIDs, base64, lists of trace ids. No blank, quote or bracket, which could
# make two fields of one in a log, or markup on a page.
_ACCEPTABLE: Final = re.compile(rb"[A-Za-z0-9._:=+/@~-]{1,128}")


class RequestIDMiddleware(HookedMiddleware):
    """Gives each request an id: in ``scope["request_id"]``, the variable ``request_id`` and the header of the answer.

    An id that an outer layer has put into the scope stays, as in an application that is mounted in another one.

    Args:
        app: The next application inwards.
        trust_incoming: Whether the ``X-Request-ID`` of a request is taken over; not given means the setting
            ``TRUST_REQUEST_ID``. One that comes twice, is longer than 128 characters, or holds others than letters,
            digits and ``._:=+/@~-`` never is.
    """

    fuses = True
    sets_context = True

    def __init__(self, app: ASGIApp, *, trust_incoming: bool | Unset = UNSET) -> None:
        super().__init__(app)
        self._trusts = given_or_setting(trust_incoming, "TRUST_REQUEST_ID")

    def on_request(self, scope: Scope) -> None:
        """Take over an id or make one."""
        if self._trusts and "request_id" not in scope:
            given = [value for name, value in scope["headers"] if name == _HEADER]
            if len(given) == 1 and _ACCEPTABLE.fullmatch(given[0]):
                scope["request_id"] = given[0].decode("ascii")
        # Where the hooks are called directly, the application forgets it when the request is over.
        request_id.set(ensure_request_id(scope))

    def on_response(self, scope: Scope, status: int, headers: RawHeaders) -> None:
        """Tell the client the id, unless the answer does."""
        for name, _ in headers:
            if name == _HEADER:
                return
        headers.append((_HEADER, scope["request_id"].encode("ascii")))

    async def serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give a websocket an id as well; its log lines have it, its client is not told."""
        self.on_request(scope)
        await self.app(scope, receive, send)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the hooks, and leave the variable as it was."""
        token = request_id.set(request_id.get())
        try:
            await super().__call__(scope, receive, send)
        finally:
            request_id.reset(token)
