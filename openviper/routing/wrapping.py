"""Middleware of single routes: functions around the handler, joined to one plan when a route is first asked for.

A middleware of a route is ``async def middleware(request, call_next)``. It stands inside every ASGI middleware and
outside the arguments of the handler: nothing of the body has been read for the handler when it is called.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import TypeAlias

from openviper.http.coercion import coerce_response
from openviper.http.request import Request
from openviper.http.response import PlainTextResponse, Response
from openviper.routing.route import Plan, RouteMiddleware
from openviper.types import Receive, Scope

__all__ = ["wrap_plan"]

# One layer and all within it: receive, the values of the path, and the request, which is the last so that a partial of
# the others is the ``call_next`` of the layer around it.
_Step: TypeAlias = Callable[[Receive, Sequence[object], Request], Awaitable[Response]]


def wrap_plan(
    plan: Plan, middlewares: Iterable[RouteMiddleware], max_body_bytes: int, path_names: Sequence[str] = ()
) -> Plan:
    """Put middleware around a plan.

    A middleware that has a method ``prepare()`` is asked once, here, for the one to take in its place; None leaves it
    out, so that one which has nothing to do costs nothing.

    Args:
        plan: What serves the route.
        middlewares: The first is outermost.
        max_body_bytes: Limit of the requests that they are given, in bytes.
        path_names: Names of the parameters of the path, which their ``request.path_params`` has.

    Returns:
        The plan itself where no middleware is left.
    """
    layers = [layer for layer in map(_prepare, middlewares) if layer is not None]
    if not layers:
        return plan
    step = _innermost(plan)
    for layer in reversed(layers):
        step = _around(layer, step)

    async def wrapped(scope: Scope, receive: Receive, values: Sequence[object]) -> Response:
        if path_names:
            scope["path_params"] = dict(zip(path_names, values, strict=True))
        return await step(receive, values, Request(scope, receive, max_body_bytes))

    return wrapped


def _prepare(middleware: RouteMiddleware) -> RouteMiddleware | None:
    prepare: Callable[[], RouteMiddleware | None] | None = getattr(middleware, "prepare", None)
    return middleware if prepare is None else prepare()


def _innermost(plan: Plan) -> _Step:
    async def step(receive: Receive, values: Sequence[object], request: Request) -> Response:
        answer = await plan(request.scope, receive, values)
        if isinstance(answer, str):
            return PlainTextResponse(answer)
        if isinstance(answer, bytes):
            return Response(answer, media_type="application/json")
        return answer if isinstance(answer, Response) else coerce_response(answer)

    return step


def _around(middleware: RouteMiddleware, inner: _Step) -> _Step:
    async def step(receive: Receive, values: Sequence[object], request: Request) -> Response:
        answer = await middleware(request, partial(inner, receive, values))
        return answer if isinstance(answer, Response) else coerce_response(answer)

    return step
