"""The innermost layer: from an http scope to the handler of its route and back to the server."""

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from openviper.app.mounts import MountedApp
from openviper.exceptions import MethodNotAllowed, NotFound
from openviper.http.response import RedirectResponse, Response
from openviper.middleware.errors import ErrorResponder, ServerErrorMiddleware
from openviper.routing.matcher import Matcher
from openviper.routing.plan import Plan, compile_plan
from openviper.routing.route import Mount, Route
from openviper.routing.router import Router
from openviper.types import ASGIApp, Receive, Scope, Send

__all__ = ["Dispatcher"]

# The close code of a websocket that nobody answers; 4000 to 4999 are an application's own (RFC 6455, 7.4.2).
_WEBSOCKET_NOT_FOUND = 4404


class Dispatcher:
    """Serves routes and mounts; the end of the middleware stack.

    Args:
        router: Where the routes are; looked at anew when they change.
        responder: Builds the answers to exceptions.
        lifespan: What serves the lifespan scope.
        mounted: Gives the living application of a mount.
        max_body_bytes: Limit of the bodies that handlers read, in bytes.
        landing_title: Title of the page at ``/`` where no route answers there; None shows none.
    """

    def __init__(
        self,
        router: Router,
        responder: ErrorResponder,
        *,
        lifespan: ASGIApp,
        mounted: Callable[[Mount], MountedApp],
        max_body_bytes: int,
        landing_title: str | None,
    ) -> None:
        self._router = router
        self._responder = responder
        self._lifespan = lifespan
        self._mounted = mounted
        self._max_body_bytes = max_body_bytes
        self._landing_title = landing_title
        self._matcher: Matcher | None = None
        self._plans: dict[Route, Plan] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope."""
        if scope["type"] != "http":
            await self._serve_other(scope, receive, send)
            return
        path = _route_path(scope)
        response: ASGIApp
        try:
            matcher = self._router.matcher
            if matcher is not self._matcher:
                self._matcher, self._plans = matcher, {}
            found = matcher.find(scope["method"], path)
            if found is None:
                response = self._find_answer(matcher, scope, path)
            else:
                route, values = found
                plan = self._plans.get(route)
                if plan is None:
                    plan = self._plans[route] = compile_plan(route, max_body_bytes=self._max_body_bytes)
                response = await plan(scope, receive, values)
        except Exception as error:  # noqa: BLE001 - the outermost border: what a handler raised becomes an answer
            response = await self._responder.respond(scope, receive, error)
        await response(scope, receive, send)

    def _find_answer(self, matcher: Matcher, scope: Scope, path: str) -> ASGIApp:
        """Give what answers a path without a route for the method."""
        method = scope["method"]
        mount = matcher.find_mount(path)
        if mount is not None:
            return ServerErrorMiddleware(partial(self._serve_mount, mount), responder=self._responder)
        allowed = matcher.allowed_methods(path)
        if allowed:
            allowed.add("OPTIONS")
            if method == "OPTIONS":
                return Response(None, 204, {"Allow": ", ".join(sorted(allowed))})
            raise MethodNotAllowed(allowed)
        if path == "/" and method in ("GET", "HEAD") and self._landing_title is not None:
            # Only a project without a page of its own needs this one.
            from openviper.app.landing import landing_page

            return landing_page(self._landing_title)
        twin = path[:-1] if path.endswith("/") else f"{path}/"
        if not path.startswith("//") and matcher.find(method, twin) is not None:
            return _redirect(scope, twin)
        raise NotFound

    async def _serve_mount(self, mount: Mount, scope: Scope, receive: Receive, send: Send) -> None:
        await self._mounted(mount).serve(mount.path, scope, receive, send)

    async def _serve_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            await self._lifespan(scope, receive, send)
        elif kind == "websocket":
            mount = self._router.matcher.find_mount(_route_path(scope))
            if mount is not None:
                await self._serve_mount(mount, scope, receive, send)
                return
            await receive()  # websocket.connect: nothing may be sent before it
            await send({"type": "websocket.close", "code": _WEBSOCKET_NOT_FOUND, "reason": "Not found."})
        else:
            # ASGI asks an application to raise for a scope that it does not know.
            raise ValueError(f"scope type {kind!r} is not http, websocket or lifespan")


def _redirect(scope: Scope, path: str) -> Response:
    """Send the client to the same address with or without its last slash; 307 keeps method and body."""
    query = scope.get("query_string", b"").decode("latin-1")
    location = quote(f"{scope.get('root_path', '')}{path}")
    return RedirectResponse(f"{location}?{query}" if query else location)


def _route_path(scope: Scope) -> str:
    """Give the path below the mount of this application; ASGI keeps ``root_path`` in front of it."""
    path: str = scope["path"]
    root_path: str = scope.get("root_path", "")
    if root_path and path.startswith(root_path):
        rest = path[len(root_path) :]
        if not rest or rest[0] == "/":
            return rest or "/"
    return path
