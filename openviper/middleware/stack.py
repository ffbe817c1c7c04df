"""From a list of middleware to one ASGI callable."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, cast

from openviper.exceptions import ImproperlyConfigured
from openviper.middleware.base import AnsweringMiddleware, Responder
from openviper.primitives.imports import import_string
from openviper.types import ASGIApp

__all__ = ["MiddlewareEntry", "build_middleware_stack", "load_middleware"]

MiddlewareFactory: TypeAlias = Callable[..., ASGIApp]
MiddlewareEntry: TypeAlias = MiddlewareFactory | tuple[MiddlewareFactory, Mapping[str, object]]


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
        if responder is not None and isinstance(app, AnsweringMiddleware):
            app.use_responder(responder)
    return app


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
    if not callable(wrapped):
        raise ImproperlyConfigured(f"middleware {name} gave {wrapped!r}, which is no ASGI application")
    return wrapped
