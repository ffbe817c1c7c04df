"""From a list of middleware to one ASGI callable."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeAlias, cast

from openviper.exceptions import ImproperlyConfigured
from openviper.middleware.base import HookedMiddleware, Hooks, Responder
from openviper.primitives.imports import import_string
from openviper.types import ASGIApp, Receive, Scope, Send

__all__ = ["Endpoint", "MiddlewareEntry", "build_fused_stack", "build_middleware_stack", "load_middleware"]

MiddlewareFactory: TypeAlias = Callable[..., ASGIApp]
MiddlewareEntry: TypeAlias = MiddlewareFactory | tuple[MiddlewareFactory, Mapping[str, object]]


class Endpoint(Protocol):
    """An ASGI application that runs the hooks of middleware itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an http scope with the hooks, every other one through the layers that they belong to."""

    async def serve_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a scope of another type, at the inner end of those layers."""

    def fuse(self, hooks: Sequence[Hooks], *, around: ASGIApp) -> None:
        """Take over the hooks, outermost first, and the outermost of their layers."""


def build_middleware_stack(
    app: ASGIApp, middleware: Iterable[MiddlewareEntry], *, responder: Responder | None = None
) -> ASGIApp:
    """Wrap an application; the first entry becomes the outermost layer.

    Args:
        app: The innermost ASGI application.
        middleware: Classes (or factories) called with the next application, or pairs of one and the keyword
            arguments to call it with.
        responder: Builds the answers to errors that a middleware raises; None lets them pass through the stack.

    Raises:
        ImproperlyConfigured: An entry cannot be called that way, or made something that cannot be called.
    """
    for entry in reversed(list(middleware)):
        factory, options = entry if isinstance(entry, tuple) else (entry, {})
        app = _wrap(app, factory, options)
        if responder is not None and isinstance(app, HookedMiddleware):
            app.use_responder(responder)
    return app


def build_fused_stack(endpoint: Endpoint, middleware: Iterable[MiddlewareEntry], *, responder: Responder) -> ASGIApp:
    """Wrap an application that runs hooks itself: those of the innermost middleware, up to one that has none.

    Args:
        endpoint: The innermost application.
        middleware: As for ``build_middleware_stack``.
        responder: Builds the answers to errors that a middleware raises.

    Returns:
        The outermost layer; the endpoint itself where every layer is fused.

    Raises:
        ImproperlyConfigured: As for ``build_middleware_stack``.
    """
    entries = list(middleware)
    fused: list[HookedMiddleware] = []
    app: ASGIApp = endpoint.serve_other
    while entries and _is_fusible(entries[-1]):
        app = build_middleware_stack(app, [entries.pop()], responder=responder)
        fused.insert(0, cast("HookedMiddleware", app))
    endpoint.fuse([layer.hooks for layer in fused], around=app)
    return build_middleware_stack(endpoint, entries, responder=responder)


def load_middleware(paths: Iterable[str]) -> list[MiddlewareFactory]:
    """Import the classes that the ``MIDDLEWARE`` setting names, in order.

    Raises:
        ImproperlyConfigured: There is no tuple or list of texts, or an entry cannot be imported or is nothing that
            can be called; it is named, and the original error is chained.
    """
    if not isinstance(paths, tuple | list) or not all(isinstance(path, str) for path in paths):
        raise ImproperlyConfigured(f"MIDDLEWARE is {paths!r}; write a tuple of dotted paths, () for none")
    loaded: list[MiddlewareFactory] = []
    for path in paths:
        try:
            found = import_string(path)
        except ImportError as error:
            raise ImproperlyConfigured(
                f"MIDDLEWARE entry {path!r} cannot be imported: {error}; correct the path or remove the entry"
            ) from error
        if not callable(found):
            raise ImproperlyConfigured(f"MIDDLEWARE entry {path!r} is {found!r}, which is no middleware class")
        loaded.append(cast("MiddlewareFactory", found))
    return loaded


def _is_fusible(entry: MiddlewareEntry) -> bool:
    factory = entry[0] if isinstance(entry, tuple) else entry
    return isinstance(factory, type) and issubclass(factory, HookedMiddleware) and factory.is_fusible()


def _wrap(app: ASGIApp, factory: MiddlewareFactory, options: Mapping[str, object]) -> ASGIApp:
    name = getattr(factory, "__qualname__", repr(factory))
    try:
        # Checked before the call, so that a TypeError of the constructor's own code is not mistaken for this.
        inspect.signature(factory).bind(app, **options)
    except TypeError as error:
        raise ImproperlyConfigured(f"middleware {name} cannot be built with the next application: {error}") from error
    except ValueError:
        pass  # a callable without a readable signature, such as one of C code
    wrapped = factory(app, **options)
    if isinstance(wrapped, HookedMiddleware) and "hooks" not in vars(wrapped):
        raise ImproperlyConfigured(f"the __init__ of middleware {name} does not call super().__init__(app)")
    if not callable(wrapped):
        raise ImproperlyConfigured(f"middleware {name} gave {wrapped!r}, which is no ASGI application")
    return wrapped
