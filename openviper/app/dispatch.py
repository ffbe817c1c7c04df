"""The innermost layer: from an http scope to the handler of its route and back to the server."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from openviper.app.answers import Answer, HookFailedError, completions, compose, rewrite, stream
from openviper.app.mounts import MountedApp
from openviper.exceptions import MethodNotAllowed, NotFound
from openviper.http.response import RedirectResponse, Response
from openviper.middleware.base import Hooks, settle
from openviper.middleware.errors import ErrorResponder
from openviper.primitives.threads import DEFAULT_POOL_SIZE
from openviper.routing.matcher import Matcher
from openviper.routing.path import check_path, check_raw_path
from openviper.routing.route import Mount, Plan, Route
from openviper.routing.router import Router
from openviper.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from openviper.staticfiles.handler import DebugFiles

__all__ = ["Dispatcher"]

# The close code of a websocket that nobody answers; 4000 to 4999 are an application's own (RFC 6455, 7.4.2).
_WEBSOCKET_NOT_FOUND = 4404

# RFC 3986 3.4: what may stand in a query as it is, and the sign of what has been encoded.
_QUERY_SAFE = "!$&'()*+,;=:@~-._/?%"


class Dispatcher:
    """Serves routes and mounts; the end of the middleware stack, with the hooks of its innermost layers.

    Theory of operation. A request passes the hooks inwards, one plain call each; a route's plan gives an answer; the
    hooks of the layers that were entered complete its head on the way out. An answer in memory becomes two messages
    here, without a closure around ``send``. Whatever else there is (a stream, a file, a mounted application) is an
    ASGI application, and the hooks are wrapped around its ``send``.

    Args:
        router: Where the routes are; looked at anew when they change.
        responder: Builds the answers to exceptions.
        lifespan: What serves the lifespan scope.
        mounted: Gives the living application of a mount.
        max_body_bytes: Limit of the bodies that handlers read, in bytes.
        pool_size: Threads for handlers and dependencies that block.
        landing_title: Title of the page at ``/`` where no route answers there; None shows none.
        serves_files: Whether static files and uploads are sent where no route answers.
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
        serves_files: bool = False,
        pool_size: int = DEFAULT_POOL_SIZE,
    ) -> None:
        self._router = router
        self._responder = responder
        self._lifespan = lifespan
        self._mounted = mounted
        self._max_body_bytes = max_body_bytes
        self._pool_size = pool_size
        self._landing_title = landing_title
        self._serves_files = serves_files
        self._files: DebugFiles | None = None
        self._matcher: Matcher | None = None
        self._plans: dict[Route, Plan] = {}
        # Of the paths without parameters that have been asked for: as many as there are such routes and methods.
        self._literal: dict[tuple[str, str], Plan] = {}
        self.fuse((), around=self.serve_other)

    def fuse(self, hooks: Sequence[Hooks], *, around: ASGIApp) -> None:
        """Take over the hooks of the innermost layers, outermost first.

        Args:
            hooks: What to run for http scopes.
            around: The outermost of those layers, which serves every other scope.
        """
        self._hooks = tuple(hooks)
        self._entries = [(layer.on_request, layer.is_async, layer.wrap_receive) for layer in hooks]
        self._complete = completions(self._hooks)
        self._has_bodies = any(layer.on_body is not None or layer.wraps_all for layer in hooks)
        #: Whether one of them leaves something in a context variable, which the application clears.
        self.sets_context = any(layer.sets_context for layer in hooks)
        self._around = around

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope."""
        if scope["type"] != "http":
            await self._around(scope, receive, send)
            return
        entered = 0
        answer: Any = None  # a hook's answer may have to be awaited first
        complete = self._complete
        try:
            for on_request, is_async, wrap_receive in self._entries:
                entered += 1
                if on_request is not None:
                    answer = on_request(scope)
                    if is_async:
                        answer = await answer
                    if answer is not None and (answer := await settle(answer)) is not None:
                        complete = completions(self._hooks[:entered])
                        break
                if wrap_receive is not None:
                    receive = wrap_receive(scope, receive)
            else:
                path = scope["path"]
                plan = self._literal.get((scope["method"], path))
                values: Sequence[object] = ()
                # Every escape is longer than what it stands for; lengths are compared in half the time of a search.
                if (
                    plan is None
                    or len(scope.get("raw_path") or path) != len(path)
                    or scope.get("root_path")
                    or self._router.table is not self._matcher
                ):
                    plan, values = self._find(scope)
                answer = await plan(scope, receive, values)
            if self._has_bodies:
                whole = await self._compose(answer, self._hooks[:entered], scope)
            else:
                whole = compose(answer, complete, scope)
        except Exception as error:  # noqa: BLE001 - the outermost border: what a handler raised becomes an answer
            answer, whole = await self._answer_error(error, self._hooks[:entered], scope, receive)
        if whole is None:
            await stream(answer, self._hooks[:entered], scope, receive, send, self._responder)
        else:
            await send(whole[0])
            await send(whole[1])

    async def serve_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the lifespan and websockets, below the layers whose hooks run for http alone.

        Raises:
            ValueError: The scope is of a type that nobody knows.
        """
        kind = scope["type"]
        if kind == "lifespan":
            await self._lifespan(scope, receive, send)
        elif kind == "websocket":
            mount = self._router.matcher.find_mount(_route_path(scope))
            if mount is not None:
                await self._mounted(mount).serve(mount.path, scope, receive, send)
                return
            await receive()  # websocket.connect: nothing may be sent before it
            await send({"type": "websocket.close", "code": _WEBSOCKET_NOT_FOUND, "reason": "Not found."})
        else:
            # ASGI asks an application to raise for a scope that it does not know.
            raise ValueError(f"scope type {kind!r} is not http, websocket or lifespan")

    def _find(self, scope: Scope) -> tuple[Plan, Sequence[object]]:
        """Find the plan of the route that answers a request, and the values of its path.

        Raises:
            HTTPException: No route answers it.
        """
        matcher = self._router.table
        if matcher is None or matcher is not self._matcher:
            matcher = self._matcher = self._router.matcher
            self._plans, self._literal = {}, {}
        path: str = _route_path(scope) if scope.get("root_path") else scope["path"]
        raw_path = scope.get("raw_path")
        if raw_path and len(raw_path) != len(scope["path"]):
            check_raw_path(raw_path)
        method: str = scope["method"]
        found = matcher.find(method, path)
        if found is None:
            return _giving(self._find_answer(matcher, scope, path)), ()
        route, values = found
        plan = self._plans.get(route) or self._compile(route)
        if not values and route.pattern.is_literal:
            self._literal[method, path] = plan
        return plan, values

    def _compile(self, route: Route) -> Plan:
        # What writes plans is of no use to a start, and the first request to a route has its plan to wait for anyway.
        from openviper.routing.plan import compile_plan

        plan = compile_plan(route, max_body_bytes=self._max_body_bytes, pool_size=self._pool_size)
        if route.middlewares:
            # Most applications have no middleware of single routes.
            from openviper.routing.wrapping import wrap_plan

            names = [parameter.name for parameter in route.pattern.parameters]
            plan = wrap_plan(plan, route.middlewares, self._max_body_bytes, names)
        self._plans[route] = plan
        return plan

    async def _answer_error(
        self, error: Exception, hooks: Sequence[Hooks], scope: Scope, receive: Receive
    ) -> tuple[Answer, tuple[Message, Message] | None]:
        """Build the answer to what a handler or a hook raised."""
        while True:
            if isinstance(error, HookFailedError):
                # The answer to a hook that failed on a response passes the layers around it, as any other would.
                hooks, error = hooks[: error.outside], cast("Exception", error.__cause__)
            answer: Answer = await self._responder.respond(scope, receive, error)
            try:
                return answer, await self._compose(answer, hooks, scope)
            except HookFailedError as failure:
                error = failure

    async def _compose(self, answer: Answer, hooks: Sequence[Hooks], scope: Scope) -> tuple[Message, Message] | None:
        """Write the messages of an answer in memory, with every kind of hook."""
        if any(layer.wraps_all for layer in hooks):
            return None  # that layer knows messages only
        return await rewrite(answer, hooks, scope)

    def _find_answer(self, matcher: Matcher, scope: Scope, path: str) -> ASGIApp:
        """Give what answers a path without a route for the method."""
        check_path(path)
        method = scope["method"]
        mount = matcher.find_mount(path)
        if self._serves_files and (mount is None or not mount.path):
            file = self._find_file(matcher, path, scope.get("root_path", ""))
            if file is not None:
                return file
        if mount is not None:
            return partial(self._serve_mount, mount)
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
        twin = _twin(path)
        if not path.startswith("//") and matcher.find(method, twin) is not None:
            return _redirect(scope, twin)
        raise NotFound

    def _find_file(self, matcher: Matcher, path: str, root_path: str) -> ASGIApp | None:
        """Give what sends the static file or upload of a path; None where there are none, and where routes are."""
        if matcher.allowed_methods(path) or matcher.allowed_methods(_twin(path)):
            return None
        if self._files is None:
            # A site in production never needs the room of static files.
            from openviper.staticfiles.handler import debug_files

            self._files = debug_files()
        return self._files.find(path, root_path)

    async def _serve_mount(self, mount: Mount, scope: Scope, receive: Receive, send: Send) -> None:
        await self._mounted(mount).serve(mount.path, scope, receive, send)


def _giving(answer: ASGIApp) -> Plan:
    """Make a plan of an answer that needs no handler."""

    async def plan(scope: Scope, receive: Receive, values: Sequence[object]) -> ASGIApp:
        return answer

    return plan


def _twin(path: str) -> str:
    """Give the path with its last slash, or without it."""
    return path[:-1] if path.endswith("/") else f"{path}/"


def _redirect(scope: Scope, path: str) -> Response:
    """Send the client to the same address with or without its last slash; 307 keeps method and body."""
    # Quoted once more, since a server may pass on bytes that an address cannot carry; escapes stay as they are.
    query = quote(scope.get("query_string", b""), safe=_QUERY_SAFE)
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
