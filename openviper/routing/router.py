"""Router: a collection of routes that can stand below a prefix."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol, TypeVar, Unpack, cast
from weakref import WeakSet

from openviper.routing.arguments import Handler
from openviper.routing.exceptions import RouteError
from openviper.routing.matcher import Matcher
from openviper.routing.path import PathPattern, check_path
from openviper.routing.route import (
    HTTP_METHODS,
    NOTHING_SHARED,
    Mount,
    Route,
    RouteMiddleware,
    RouteOptions,
    Shared,
)
from openviper.types import ASGIApp

__all__ = ["Router", "include"]

H = TypeVar("H", bound=Handler)

_OPTIONS: Final = frozenset(RouteOptions.__annotations__)


class _Decorator(Protocol):
    """Takes a handler and gives the same one back, whatever its signature."""

    def __call__(self, handler: H, /) -> H: ...


class _RouteMaker(Protocol):
    """What stands for several handlers at once, as a class-based view does, and registers them itself."""

    def add_routes(
        self, router: "Router", path: str, methods: Iterable[str] | None, options: RouteOptions
    ) -> list[Route]: ...

    def behind(self, decorated: object) -> "_RouteMaker": ...


@dataclass(frozen=True, slots=True)
class _Include:
    """Another router below a prefix; its routes are read anew when it changes."""

    prefix: str
    namespace: str | None
    shared: Shared
    router: "Router"


class Router:
    """Routes by method and path, other routers below prefixes, and mounted ASGI applications.

    Args:
        prefix: Stands in front of every path, without a slash at the end; may hold parameters.
        middlewares: Stand around every handler below, outside those of the routes; see ``add``.
        tags: Group every route below.
        namespace: Stands in front of every name: ``shop`` makes ``shop:detail`` of ``detail``; None adds nothing.
        dependencies: Run before every handler below, which is not given what they return.

    Raises:
        RouteError: The prefix is no path, or a tag or middleware is none.
    """

    unsafe_in_templates: ClassVar = frozenset({"*"})

    def __init__(
        self,
        prefix: str = "",
        middlewares: Iterable[RouteMiddleware] | None = None,
        tags: Iterable[str] | None = None,
        namespace: str | None = None,
        dependencies: Iterable[object] | None = None,
    ) -> None:
        self._prefix = _checked_prefix(prefix)
        self._namespace = namespace
        self._shared = _read_shared(f"router {prefix!r}", middlewares, tags, dependencies)
        self._entries: list[Route | _Include | Mount] = []
        self._parents: WeakSet[Router] = WeakSet()  # a router of a library is shared by applications that come and go
        #: The look-up table as it stands; None until ``matcher`` makes it. An application asks it at every request.
        self.table: Matcher | None = None
        self._patterns: dict[str, list[PathPattern]] | None = None

    def get(self, path: str, **options: Unpack[RouteOptions]) -> _Decorator:
        """Register a handler for GET, and for HEAD with it."""
        return self.route(path, ("GET",), **options)

    def post(self, path: str, **options: Unpack[RouteOptions]) -> _Decorator:
        """Register a handler for POST."""
        return self.route(path, ("POST",), **options)

    def put(self, path: str, **options: Unpack[RouteOptions]) -> _Decorator:
        """Register a handler for PUT."""
        return self.route(path, ("PUT",), **options)

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> _Decorator:
        """Register a handler for PATCH."""
        return self.route(path, ("PATCH",), **options)

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> _Decorator:
        """Register a handler for DELETE."""
        return self.route(path, ("DELETE",), **options)

    def options(self, path: str, **options: Unpack[RouteOptions]) -> _Decorator:
        """Register a handler for OPTIONS, in place of the answer that every path gives by itself."""
        return self.route(path, ("OPTIONS",), **options)

    def any(self, path: str, **options: Unpack[RouteOptions]) -> _Decorator:
        """Register a handler for every method."""
        return self.route(path, HTTP_METHODS, **options)

    def route(self, path: str, methods: Iterable[str] | None = None, **options: Unpack[RouteOptions]) -> _Decorator:
        """Register a handler for several methods; arguments and errors are those of ``add``."""
        _check_path(path)

        def register(handler: H) -> H:
            self.add(path, handler, methods, **options)
            return handler

        return register

    def add(
        self,
        path: str,
        handler: Handler,
        methods: Iterable[str] | None = None,
        namespace: str | None = None,
        **options: Unpack[RouteOptions],
    ) -> Route:
        """Register a handler.

        Args:
            path: Pattern such as ``/books/{book_id:int}``; empty for the address of the prefix itself.
            handler: An async function, or a plain one, which runs in a thread. A class-based view, or what its
                ``as_view()`` gives, becomes a route for each of its methods.
            methods: HTTP methods in any case; a text is a single one. None means GET, and for a view all that it has.
            namespace: Stands in front of the name; None adds nothing.
            options: ``name``, what ``url_for`` finds it by (None takes that of the function); ``status_code`` of an
                answer that is given as data, 200 if not given; ``middlewares``, async functions of the request and
                ``call_next`` that stand around the handler, the first outermost; ``tags`` that group it; and
                ``dependencies`` that run before it.

        Returns:
            The route; of a view the first one.

        Raises:
            RouteError: Path, method, an option or an argument of the handler cannot be used.
            DuplicateRouteError: Requests are served already, and another route answers the same method and path.
            TypeError: There is no such option.
        """
        _check_path(path)
        if not options.keys() <= _OPTIONS:
            unknown = options.keys() - _OPTIONS
            raise TypeError(f"route {path!r}: there is no option {', '.join(sorted(unknown))}")
        maker = _find_maker(handler)
        if maker is not None:
            if namespace:
                options["name"] = f"{namespace}:{options.get('name') or getattr(handler, '__name__', '')}"
            return maker.add_routes(self, path, methods, options)[0]
        route = Route.build(
            path,
            handler,
            methods=("GET",) if methods is None else methods,
            name=options.get("name"),
            shared=_read_shared(
                f"route {path!r}", options.get("middlewares"), options.get("tags"), options.get("dependencies")
            ),
            status_code=options.get("status_code", 200),
        )
        route = route.below("", namespace)
        self._enter(route)
        return route

    def include_router(
        self,
        router: "Router",
        prefix: str = "",
        namespace: str | None = None,
        *,
        middlewares: Iterable[RouteMiddleware] | None = None,
        tags: Iterable[str] | None = None,
        dependencies: Iterable[object] | None = None,
    ) -> None:
        """Put another router below a prefix; routes that it gets later count as well.

        Args:
            router: The other router, with its own prefix and namespace.
            prefix: Stands in front of its paths.
            namespace: Stands in front of its names; None adds nothing.
            middlewares: Stand around its handlers, outside its own.
            tags: Group its routes.
            dependencies: Run before its handlers, and before its own dependencies.

        Raises:
            RouteError: The prefix is no path, a tag or middleware is none, or the routers would contain each other.
            DuplicateRouteError: Requests are served already, and a route of each answers the same method and path.
        """
        if router is self or router.contains(self):
            raise RouteError("a router cannot be included in itself, directly or through others")
        shared = _read_shared(f"include of {prefix!r}", middlewares, tags, dependencies)
        self._enter(_Include(_checked_prefix(prefix), namespace, shared, router))
        router._parents.add(self)  # noqa: SLF001 - one class, another instance

    def mount(self, path: str, app: ASGIApp) -> None:
        """Hand everything below a path to another ASGI application.

        Routes of this application win over a mount. The other application sees ``root_path`` grown by the path, and its
        lifespan runs within that of this application.

        Args:
            path: Literal prefix, ``/legacy``; empty or ``/`` takes whatever no route answers.
            app: An ASGI 3 application.

        Raises:
            RouteError: The path holds parameters or does not start with a slash, or the application cannot be called.
        """
        if not callable(app):
            raise RouteError(f"mount {path!r}: {app!r} is no ASGI application")
        path = _checked_prefix(path)
        Mount(self._prefix + path, app)  # refuses parameters, those of this router's prefix among them
        self._enter(Mount(path, app))

    @property
    def prefix(self) -> str:
        """What stands in front of every path, as it was given."""
        return self._prefix

    @property
    def routes(self) -> list[Route]:
        """Every route with its whole path, those of included routers among them, in order of registration."""
        return list(self._iter_routes())

    @property
    def mounts(self) -> list[Mount]:
        """Every mounted application with its whole path."""
        return list(self._iter_mounts())

    @property
    def matcher(self) -> Matcher:
        """The look-up table, made on first use and from then on by every change.

        Raises:
            RouteError: A route cannot stand below its prefixes, or lacks what its handler asks for.
            DuplicateRouteError: Two routes answer the same method and path.
        """
        if self.table is None:
            self.table = self._build()
        return self.table

    def resolve(self, method: str, path: str) -> tuple[Route, dict[str, object]] | None:
        """Find the route for a method and a decoded path, with the values of its parameters; None without one.

        Raises:
            PathSecurityError: The path holds NUL or a dot segment.
        """
        found = self.matcher.find(method.upper(), path)
        if found is None:
            check_path(path)
            return None
        route, values = found
        names = (parameter.name for parameter in route.pattern.parameters)
        return route, dict(zip(names, values, strict=True))

    def url_for(self, name: str, /, **params: object) -> str:
        """Write the path of a named route, percent-encoded.

        Args:
            name: Name of the route, with its namespaces (``shop:detail``). Of several that have it, the first whose
                parameters are those given counts.
            params: A value for each parameter of the path.

        Raises:
            KeyError: No route has the name, or the parameters do not fit it.
            ValueError: A value cannot stand in the path.
        """
        patterns = self._patterns
        if patterns is None:
            patterns = {}
            for route in self._iter_routes():
                patterns.setdefault(route.name, []).append(route.pattern)
            self._patterns = patterns
        if name not in patterns:
            raise KeyError(f"no route is named {name!r}")
        named = patterns[name]
        fitting = next((pattern for pattern in named if pattern.names == params.keys()), named[0])
        return fitting.format(params)

    def contains(self, router: "Router") -> bool:
        """Tell whether another router is included here, directly or through others."""
        included = [entry.router for entry in self._entries if isinstance(entry, _Include)]
        return any(one is router or one.contains(router) for one in included)

    def _iter_routes(self) -> Iterator[Route]:
        for entry in self._entries:
            if isinstance(entry, Route):
                yield entry.below(self._prefix, self._namespace, self._shared)
            elif isinstance(entry, _Include):
                prefix = self._prefix + entry.prefix
                namespace = ":".join(filter(None, (self._namespace, entry.namespace))) or None
                shared = _joined(self._shared, entry.shared)
                for route in entry.router._iter_routes():  # noqa: SLF001 - one class, another instance
                    yield route.below(prefix, namespace, shared)

    def _iter_mounts(self) -> Iterator[Mount]:
        for entry in self._entries:
            if isinstance(entry, Mount):
                yield Mount(self._prefix + entry.path, entry.app)
            elif isinstance(entry, _Include):
                for mount in entry.router._iter_mounts():  # noqa: SLF001 - one class, another instance
                    yield Mount(self._prefix + entry.prefix + mount.path, mount.app)

    def _enter(self, entry: "Route | _Include | Mount") -> None:
        """Add an entry, and renew the tables that there are here and above; if one refuses it, nothing has changed."""
        if self.table is None and self._patterns is None and not self._parents:
            self._entries.append(entry)  # the usual case, since routes are registered before anything is asked
            return
        above = self._with_parents()
        self._entries.append(entry)
        try:
            tables = [router._renewed() for router in above]  # noqa: SLF001 - one class, another instance
        except RouteError:
            self._entries.pop()
            raise
        for router, table in zip(above, tables, strict=True):
            router._replace(table)

    def _with_parents(self) -> "set[Router]":
        found = {self}
        for parent in self._parents:
            found |= parent._with_parents()  # noqa: SLF001 - one class, another instance
        return found

    def _renewed(self) -> Matcher | None:
        return None if self.table is None else self._build()

    def _replace(self, table: Matcher | None) -> None:
        self.table, self._patterns = table, None

    def _build(self) -> Matcher:
        routes = self.routes
        for route in routes:
            route.check_complete()
        return Matcher(routes, self._iter_mounts())


def include(router: Router, prefix: str = "", namespace: str | None = None) -> Router:
    """Give a new router that holds another one below a prefix; see ``Router.include_router``.

    Raises:
        RouteError: The prefix is no path.
    """
    outer = Router()
    outer.include_router(router, prefix, namespace)
    return outer


def _find_maker(handler: object) -> _RouteMaker | None:
    """Give what registers itself, a view or one that was configured, decorated or not; None for any other handler."""
    if isinstance(handler, type) and (as_view := getattr(handler, "as_view", None)) is not None:
        handler = as_view()
    inner: object = handler
    while not hasattr(inner, "add_routes") and hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    if not hasattr(inner, "add_routes"):
        return None
    maker = cast("_RouteMaker", inner)
    return maker if inner is handler else maker.behind(handler)


def _read_shared(
    where: str,
    middlewares: Iterable[RouteMiddleware] | None,
    tags: Iterable[str] | None,
    dependencies: Iterable[object] | None,
) -> Shared:
    # Most routes share nothing, and are recognised by this one object.
    if not (middlewares or tags or dependencies):
        return NOTHING_SHARED
    return Shared.read(where, middlewares, tags, dependencies)


def _joined(outer: Shared, inner: Shared) -> Shared:
    if inner is NOTHING_SHARED:
        return outer
    return inner if outer is NOTHING_SHARED else outer.around(inner)


def _check_path(path: str) -> None:
    given: object = path
    if not isinstance(given, str):
        what = getattr(given, "__qualname__", repr(given))
        raise RouteError(f'{what} stands where a path is due; write @router.get("/path") above the handler')
    if path and not path.startswith("/"):
        raise RouteError(f"path {path!r} must start with '/'")


def _checked_prefix(prefix: str) -> str:
    prefix = prefix.rstrip("/")
    if prefix and not prefix.startswith("/"):
        raise RouteError(f"prefix {prefix!r} must start with '/'")
    PathPattern(prefix or "/")  # says what is wrong with its parameters
    return prefix
