"""The application: routes, middleware and life in one ASGI callable."""

import logging
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from threading import get_ident
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from openviper._version import __version__
from openviper.app.discovery import checked_entry, discover_routes
from openviper.app.life import Hook, Life, close_request, refuse_start
from openviper.apps.bootstrap import app_steps, setup
from openviper.apps.interruption import contained
from openviper.apps.sequence import Step
from openviper.conf import settings
from openviper.conf.checks import validate_settings
from openviper.conf.environment import current_environment
from openviper.core.context import CLOSERS, current_user, ignore_permissions_ctx, request_id, request_tree
from openviper.exceptions import ImproperlyConfigured, ServiceUnavailable, SettingsValidationError
from openviper.http.request import Request
from openviper.http.response import Response
from openviper.primitives.imports import import_string
from openviper.primitives.threads import close_pool, limit_pool
from openviper.routing.exceptions import RouteError
from openviper.routing.route import Mount
from openviper.routing.router import Router
from openviper.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from openviper.app.mounts import MountedApp
    from openviper.middleware.errors import ErrorHandler, ErrorResponder
    from openviper.middleware.stack import MiddlewareEntry
    from openviper.routing.lasting import LastingDependencies

__all__ = ["OpenViper"]

HookT = TypeVar("HookT", bound=Hook)
E = TypeVar("E", bound=Exception)
R = TypeVar("R")

logger = logging.getLogger("openviper.app")

# Beside ``app``, which other frameworks use as well: the innermost application of ours.
_APP: Final = "openviper.app"

_NOT_PASSED: Final = (
    "a middleware did not pass the lifespan scope on, so nothing was started; "
    "scopes that it does not handle must go on: await self.app(scope, receive, send)"
)


class OpenViper(Router):
    """An ASGI 3 application and a router in one.

    Making one loads the settings and the installed apps, whose synchronous ``ready()`` hooks run then, once a process.
    Routes of the project are found beside its settings (``route_paths`` in ``routes``), and the middleware of the
    ``MIDDLEWARE`` setting is built, when the application starts.

    Args:
        debug: Whether errors are shown with their traceback; None takes the ``DEBUG`` setting.
        middleware: Middleware outside that of the setting, the first outermost; None adds none.
        routes: Pairs of prefix and router in place of those of the project; None takes the project's.
        title: Name for people; None takes ``PROJECT_NAME``.
        version: Version of the project for people; None takes ``VERSION``.
        description: A sentence about it for people; empty by default.

    Raises:
        ImproperlyConfigured: A setting, or what it points to, cannot work.
        AppLifecycleError: A hook of an installed app is of the wrong kind, or failed.
    """

    def __init__(
        self,
        *,
        debug: bool | None = None,
        middleware: "Iterable[MiddlewareEntry] | None" = None,
        routes: Iterable[tuple[str, Router]] | None = None,
        title: str | None = None,
        version: str | None = None,
        description: str = "",
    ) -> None:
        setup()
        super().__init__()
        self.debug = settings.DEBUG if debug is None else debug
        self.title = title or settings.PROJECT_NAME
        self.version = version or settings.VERSION or __version__
        self.description = description
        self._middleware = list(middleware or ())
        self._exception_handlers: dict[type[Exception], ErrorHandler[Any]] = {}
        self._life = Life(self._steps, hook_timeout=lambda: settings.LIFECYCLE_HOOK_TIMEOUT)
        #: What tests put in the place of dependencies, by the callable that a handler names.
        self.dependency_overrides: dict[Callable[..., object], Callable[..., object]] = {}
        #: Dependencies of the scope ``app``; None until the first is asked for.
        self.lasting_dependencies: LastingDependencies | None = None
        self._mounted: dict[int, MountedApp] = {}
        self._stack: ASGIApp | None = None
        self._is_fused = False
        self._sets_context = True
        self._routes_are_found = routes is not None
        for entry in routes or ():
            prefix, router = checked_entry("routes", entry)
            self.include_router(router, prefix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one scope; the middleware sees every type."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            await self._serve_other(scope, receive, send)
            return
        stack, life = self._stack, self._life
        if stack is None or life.thread != get_ident() or not life.is_loop_running():
            stack = self._guarded(self._start_late)
        # Asked before it is set: tokens for both variables would cost as much as finding the route.
        if request_tree.is_used and _APP not in scope:
            request_tree.begin()
        if _APP in scope or current_user.get() is not None or ignore_permissions_ctx.get():
            await self._serve_within(stack, scope, receive, send)
            return
        scope["app"] = scope[_APP] = self
        if not self._is_fused:
            scope[CLOSERS] = []  # a layer may pass a copy of the scope on, and the list must be one for all of them
        try:
            await stack(scope, receive, send)
        finally:
            if self._sets_context:
                current_user.set(None)
                request_id.set(None)
            closers: list[Callable[[], Awaitable[object]]] | None = scope.get(CLOSERS)
            if closers:
                await close_request(closers)

    def on_startup(self, handler: HookT) -> HookT:
        """Register a function that runs when everything else has started; usable as a decorator.

        Handlers are async or plain functions without arguments and run in the order of registration.
        """
        self._life.on_startup.append(handler)
        return handler

    def on_shutdown(self, handler: HookT) -> HookT:
        """Register a function that runs before anything else stops; usable as a decorator.

        Handlers are async or plain functions without arguments and run in the order of registration; one that
        fails does not keep the others from running.
        """
        self._life.on_shutdown.append(handler)
        return handler

    def exception_handler(self, kind: type[E]) -> Callable[[Callable[[Request, E], R]], Callable[[Request, E], R]]:
        """Register the answer to an exception class and those below it that have none of their own.

        A class above ``HTTPException`` and its kin, such as ``Exception``, leaves their answers as they are.

        The handler takes the request and the exception, is async or plain, and returns what a route's handler may.

        Raises:
            TypeError: The class is no exception.
        """
        given: object = kind
        if not (isinstance(given, type) and issubclass(given, Exception)):
            raise TypeError(f"exception_handler() takes a class of exceptions, not {kind!r}")

        def register(handler: Callable[[Request, E], R]) -> Callable[[Request, E], R]:
            self._exception_handlers[kind] = handler
            return handler

        return register

    def coerce_response(self, result: object) -> Response:
        """Make a response of what a handler returned; see ``openviper.http.coercion.coerce_response``."""
        # Only an answer needs it, and importing an application gives none.
        from openviper.http.coercion import coerce_response

        return coerce_response(result)

    def mount(self, path: str, app: ASGIApp) -> None:
        """Hand everything below a path to another ASGI application; see ``Router.mount``.

        Raises:
            RouteError: The path or the application cannot be used, or the application is this one.
        """
        if app is self:
            raise RouteError(f"mount {path!r}: an application cannot be mounted in itself")
        super().mount(path, app)

    def discover_routes(self) -> None:
        """Include the routes of the project, unless that has happened; done by the start of the application.

        Raises:
            ImproperlyConfigured: The project's ``routes`` module does not hold what it must.
            Exception: Whatever that module's own code raises.
        """
        if not self._routes_are_found:
            found = discover_routes(settings.module)
            self._routes_are_found = True
            for prefix, router in found:
                self.include_router(router, prefix)

    def invalidate_middleware_cache(self) -> None:
        """Build the middleware anew at the next request, from the settings as they are then."""
        self._stack = None

    def run(
        self,
        host: str = "127.0.0.1",
        port: int = 8000,
        *,
        reload: bool = False,
        workers: int = 1,
        log_level: str = "info",
    ) -> int:
        """Serve this application from a script, until it is told to stop.

        Args:
            host: Address to listen on.
            port: 0 to 65535; 0 takes a free one, which is logged.
            reload: Whether to start anew when a file of the working directory changes; leaves one worker.
            workers: Number of processes; each runs the script again, up to this call.
            log_level: Least severe messages that the server logs.

        Returns:
            The exit code of the server: 0 after a stop on request, 1 when it could not start.
        """
        serve = cast("Callable[..., int]", import_string("openviper.server.run.serve"))
        return serve(self, host=host, port=port, reload=reload, workers=workers, log_level=log_level)

    def test_client(self, **options: object) -> Any:  # TestClient stands on a floor above
        """Give a client for tests, which runs the lifespan within ``async with``.

        Args:
            options: Arguments of ``openviper.testing.TestClient``.
        """
        client = cast("Callable[..., object]", import_string("openviper.testing.client.TestClient"))
        return client(self, **options)

    async def _serve_within(self, stack: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a scope where a context stands already: that of an application around this one, or an earlier request.

        Servers may reuse a context for the requests of a connection, so nobody's user may be left in it; one that
        another application of ours has set around a mount is kept.
        """
        outer = scope.get(_APP)
        scope["app"] = scope[_APP] = self
        is_mounted = isinstance(outer, OpenViper) and outer is not self
        closers: list[Callable[[], Awaitable[object]]] = []
        if not is_mounted:
            scope[CLOSERS] = closers
        user = current_user.set(current_user.get() if is_mounted else None)
        bypass = ignore_permissions_ctx.set(ignore_permissions_ctx.get() if is_mounted else False)
        identity = request_id.set(request_id.get() if is_mounted else None)
        try:
            await stack(scope, receive, send)
        finally:
            current_user.reset(user)
            ignore_permissions_ctx.reset(bypass)
            request_id.reset(identity)
            if closers:
                await close_request(closers)

    async def _serve_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._serve_lifespan(scope, receive, send)
            return
        await (self._stack or self._assemble())(scope, receive, send)

    async def _serve_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the lifespan through the middleware, and tell the server if it does not come out at the other end."""
        is_answered = False

        async def note_answer(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            with contained():  # the modules of the project may call sys.exit(), and a server would say nothing
                self._stack = self._assemble()
                await self._stack(scope, receive, note_answer)
        except Exception as error:  # a lifecycle border: the server is told, and decides
            if is_answered:
                raise
            await refuse_start(send, error)
        else:
            if not is_answered:
                await refuse_start(send, ImproperlyConfigured(_NOT_PASSED))

    async def _start_late(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start for a request that came before any lifespan event.

        Raises:
            ServiceUnavailable: The application is stopping, and nothing would stop what is started now (503).
        """
        if self._life.stops_in is get_running_loop():
            raise ServiceUnavailable("The application is stopping.")
        if self._stack is None:
            self._stack = self._assemble()
        if self._life.loop is not get_running_loop() and await self._life.start_late():
            logger.warning("the server sent no lifespan event; the application has started with its first request")
        await self._stack(scope, receive, send)

    def _assemble(self) -> ASGIApp:
        """Find the routes and build the stack.

        Raises:
            ImproperlyConfigured: A route or an entry of the middleware cannot work.
        """
        # What serves requests is loaded by the start; a command that imports the application has no use for it.
        from openviper.app.dispatch import Dispatcher
        from openviper.middleware.stack import build_fused_stack, load_middleware
        from openviper.routing.payload import check_bodies

        self.discover_routes()
        _ = self.matcher  # two routes for one address are reported now, not to the first visitor
        check_bodies(self.routes)
        innermost = Dispatcher(
            self,
            self._responder,
            lifespan=self._life.serve_lifespan,
            mounted=self._mounted_app,
            max_body_bytes=settings.MAX_BODY_SIZE,
            pool_size=settings.THREAD_POOL_SIZE,
            landing_title=self.title if self.debug else None,
            serves_files=self.debug,
        )
        middleware = [*self._middleware, *load_middleware(settings.MIDDLEWARE)]
        stack = build_fused_stack(innermost, middleware, responder=self._responder)
        # The innermost part answers its own errors, those of the hooks that it runs among them.
        self._is_fused = stack is innermost
        self._sets_context = not self._is_fused or innermost.sets_context
        # As a bound method, which Python calls faster than an object.
        return self._noted(innermost.__call__ if self._is_fused else self._guarded(stack))

    def _noted(self, app: ASGIApp) -> ASGIApp:
        """Note the queries of each request in debug, for the page of an error."""
        if not self.debug:
            return app
        # As above.
        from openviper.middleware.queries import QueryNotesMiddleware

        return QueryNotesMiddleware(app).__call__

    def _guarded(self, app: ASGIApp) -> ASGIApp:
        """Answer what an application raises."""
        # As above.
        from openviper.middleware.errors import ServerErrorMiddleware

        return ServerErrorMiddleware(app, responder=self._responder)

    @cached_property
    def _responder(self) -> "ErrorResponder":
        """What builds the answers to errors, the same in every layer."""
        # As above.
        from openviper.middleware.errors import ErrorResponder

        return ErrorResponder(
            self._exception_handlers,
            debug=self.debug,
            router=self,
            max_body_bytes=settings.MAX_BODY_SIZE,
            problem_json=settings.PROBLEM_JSON,
        )

    def _steps(self) -> list[Step]:
        mounted = {id(mount.app): self._mounted_app(mount) for mount in self.mounts}
        return [
            Step("the settings", self._check_settings),
            *app_steps(),
            *(Step(f"the mounted application {app!r}", app.start, app.stop) for app in mounted.values()),
            Step("the dependencies of the application", self._open_dependencies, self._close_dependencies),
        ]

    async def _open_dependencies(self) -> None:
        """Close what an unfinished run has left; from now on even a stream that comes first finds the right pool."""
        await self._close_dependencies()
        limit_pool(settings.THREAD_POOL_SIZE)

    async def _close_dependencies(self) -> None:
        """Close what lasts as long as a run, and let its threads go."""
        lasting, self.lasting_dependencies = self.lasting_dependencies, None
        try:
            if lasting is not None:
                await lasting.close()
        finally:
            close_pool()

    async def _check_settings(self) -> None:
        environment = current_environment()
        validate_settings(settings, environment)
        if self.debug and environment == "production":
            raise SettingsValidationError(
                ["OpenViper(debug=True) shows source code to visitors, and this is production; leave the argument out"]
            )

    def _mounted_app(self, mount: Mount) -> "MountedApp":
        """Give the one living form of an application, wherever it is mounted."""
        # As above: it is made by the start.
        from openviper.app.mounts import MountedApp

        known = self._mounted.get(id(mount.app))
        if known is None:
            if self._life.loop is not None:
                logger.warning(
                    "an application was mounted at %r after the start; its lifespan does not run", mount.path
                )
            known = self._mounted[id(mount.app)] = MountedApp(mount.app, timeout=settings.LIFECYCLE_HOOK_TIMEOUT)
        return known
