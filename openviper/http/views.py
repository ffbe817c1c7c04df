"""Class-based views: one class an address, one method an HTTP method, and what must hold before any of them runs."""

import functools
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import Any, ClassVar, Final, Protocol, Self, TypeAlias, cast
from weakref import WeakKeyDictionary

from openviper.core.authentication import ANONYMOUS, AuthenticationBackend, identify
from openviper.core.context import CLOSERS, current_user
from openviper.exceptions import ImproperlyConfigured, MethodNotAllowed
from openviper.http.coercion import coerce_response
from openviper.http.endpoints import Endpoint, action, is_action, read_endpoints
from openviper.http.permissions import BasePermission, check_object_permissions, check_permissions
from openviper.http.policy import Policy, default_entries
from openviper.http.request import Request
from openviper.http.response import Response
from openviper.http.throttles import BaseThrottle, check_throttles
from openviper.primitives.threads import DEFAULT_POOL_SIZE, run_in_pool

__all__ = ["View", "ViewHandler", "action"]

_CallNext: TypeAlias = Callable[[Request], Awaitable[Response]]

# Where a scope keeps the instance of the view between its checks and its method.
_VIEW: Final = "openviper.view"


class _Routes(Protocol):
    """What a view asks of a router."""

    @property
    def prefix(self) -> str: ...

    @property
    def add(self) -> Callable[..., Any]: ...


class View:
    """Answers the requests of one address, each HTTP method by the method of its name.

    Every request has an instance of its own. The methods take what handlers that are functions take, the request
    first if they want it. Permissions and throttles are asked before anything of the body is read; a method that
    the class lacks is answered with 405, HEAD by ``get``, and OPTIONS by itself.

    Args:
        initkwargs: Values for attributes of the class, as ``as_view`` has checked them.

    Attributes:
        http_method_names: Methods that the view may answer, in lower case.
        serializer_class: For code that is shared by views; the framework does not read it.
        authentication_classes: Backends that tell who is asking, in place of what the middleware found out; None
            leaves that as it is, and an empty list makes everyone anonymous.
        permission_classes: Permissions that must all hold: classes, instances, combinations or dotted paths. None
            takes ``DEFAULT_PERMISSION_CLASSES``, an empty list asks for none.
        throttle_classes: What limits requests; None takes ``DEFAULT_THROTTLE_CLASSES``, an empty list has no limit.
        request: The request that is answered.
        action: Name of the method that answers it.
    """

    unsafe_in_templates: ClassVar = frozenset({"*"})

    http_method_names: Sequence[str] = ("get", "post", "put", "patch", "delete", "head", "options")
    serializer_class: type | None = None
    authentication_classes: Sequence[object] | None = None
    permission_classes: Sequence[object] | None = None
    throttle_classes: Sequence[object] | None = None

    request: Request
    action: str = ""
    _endpoint: Endpoint | None = None
    _policy: Policy | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse actions that would stand in the place of something that views are made of.

        Raises:
            ImproperlyConfigured: One does.
        """
        super().__init_subclass__(**options)
        for name, member in vars(cls).items():
            if is_action(member) and (hasattr(View, name) or name in View.__annotations__):
                raise ImproperlyConfigured(
                    f"{cls.__qualname__}.{name} is an action, but every view has something else of that name; give "
                    f"the method another one and write @action(url_path={name!r})"
                )

    def __init__(self, **initkwargs: object) -> None:
        for name, value in initkwargs.items():
            setattr(self, name, value)

    @classmethod
    def as_view(cls, **initkwargs: object) -> "ViewHandler":
        """Give what a router takes in place of a function; it is a handler for each method of the view.

        Args:
            initkwargs: Values for attributes that the class has, for this address alone.

        Raises:
            TypeError: The class has no such attribute, or it is a method.
            ImproperlyConfigured: An entry of its lists is no permission, throttle or backend.
        """
        for name in initkwargs:
            if name.startswith("_") or not hasattr(cls, name) or callable(getattr(View, name, None)):
                raise TypeError(f"{cls.__qualname__}.as_view() takes attributes of the class, and {name!r} is none")
            if name in cls.http_method_names:
                raise TypeError(f"{cls.__qualname__}.as_view(): {name!r} is the method for {name.upper()}")
        return ViewHandler(cls, initkwargs)

    @classmethod
    def register(cls, router: _Routes, path: str, name: str | None = None, **options: object) -> None:
        """Add the routes of the view and of its actions to a router.

        Arguments after the request become segments of the path: ``post_id: int`` adds ``/{post_id:int}``. An argument
        with a default, one that is keyword-only, and one of another type than int, str, float or UUID does not.

        Args:
            router: A Router, or the application.
            path: Address of the view.
            name: What ``url_for`` finds it by; None takes the name of the class. All methods have it, whatever the
                parameters of their paths.
            options: What else ``Router.add`` takes for each route: ``middlewares``, ``tags``, ``dependencies``.

        Raises:
            ImproperlyConfigured: The view has no methods, or its lists or actions cannot be used.
        """
        cls.as_view().add_all(router, path, name or cls.__name__, options)

    @property
    def kwargs(self) -> Mapping[str, object]:
        """The parameters of the path by name, as their converters gave them."""
        return self.request.path_params

    @property
    def allowed_methods(self) -> list[str]:
        """The HTTP methods that the class has, in upper case."""
        found = {name.upper() for name in self.http_method_names if getattr(self, name, None) is not None}
        return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))

    async def initial(self, request: Request) -> None:
        """Do what comes before every method: authentication, permissions, throttles. The body has not been read.

        Raises:
            HTTPException: The request is refused.
        """
        await self.perform_authentication(request)
        await self.check_permissions(request)
        await self.check_throttles(request)

    async def dispatch(self, request: Request, *args: object, **kwargs: object) -> object:
        """Call the method that answers the request, with its arguments read and converted; plain ones in a thread."""
        endpoint = self._endpoint
        if endpoint is None:
            return self.http_method_not_allowed(request)
        method: Callable[..., Any] = getattr(self, endpoint.attribute)
        if endpoint.takes_request:
            args = (request, *args)
        if endpoint.call == "await":
            return await method(*args, **kwargs)
        if endpoint.call == "iterate":
            return method(*args, **kwargs)
        # The pool of handlers that are functions; the application has decided how many threads it has.
        result: object = await run_in_pool(DEFAULT_POOL_SIZE, method, *args, **kwargs)
        return await result if isinstance(result, Awaitable) else result  # a decorator may hide a coroutine

    async def finalize_response(self, request: Request, response: Response) -> Response:
        """Change the response of every method before it is sent; what is raised does not come here."""
        return response

    def http_method_not_allowed(self, request: Request) -> object:
        """Answer a method that the class lacks, where the view was called without a route of that method.

        Raises:
            MethodNotAllowed: Always (405).
        """
        raise MethodNotAllowed(self.allowed_methods)

    async def perform_authentication(self, request: Request) -> None:
        """Ask the backends of the view who is there; without such a list nothing changes."""
        backends = self.get_authenticators()
        if backends is None:
            return
        identity = await identify(backends, request.scope)
        user, info = identity if identity is not None else (ANONYMOUS, {"type": "none"})
        request.scope["user"], request.scope["auth"] = user, info
        current_user.set(user)
        # With the request, its streamed body included.
        request.scope.setdefault(CLOSERS, []).append(_forget_user)

    async def check_permissions(self, request: Request) -> None:
        """Ask the permissions of the view.

        Raises:
            Unauthorized: One refuses, and nobody is logged in (401).
            PermissionDenied: One refuses this user (403).
        """
        await check_permissions(self.get_permissions(), request, self)

    async def check_object_permissions(self, request: Request, obj: object) -> None:
        """Ask the permissions of the view for an object that a method has found; errors as ``check_permissions``."""
        await check_object_permissions(self.get_permissions(), request, self, obj)

    async def check_throttles(self, request: Request) -> None:
        """Ask the throttles of the view.

        Raises:
            TooManyRequests: One refuses (429).
        """
        await check_throttles(self.get_throttles(), request, self)

    def get_authenticators(self) -> Sequence[AuthenticationBackend] | None:
        """Give the backends to ask; override it for a choice by ``self.action``. None leaves the user as it is."""
        return self._read_policy().authenticators

    def get_permissions(self) -> Sequence[BasePermission]:
        """Give the permissions to ask; override it for a choice by ``self.action``."""
        return self._read_policy().permissions

    def get_throttles(self) -> Sequence[BaseThrottle]:
        """Give the throttles of this request; override it for a choice by ``self.action``."""
        return [make() for make in self._read_policy().throttles]

    def _read_policy(self) -> Policy:
        if self._policy is None:
            self._policy = _read_policy(self)
        return self._policy


class ViewHandler:
    """A view as a handler: what ``as_view()`` gives.

    A router makes a route for each method of it, also where a decorator that uses ``functools.wraps`` stands around it.
    Called by itself it does the checks and calls the method that the request asks for, with what it was given and the
    parameters of the path.

    Args:
        view: The class.
        initkwargs: Values for its attributes, checked.
    """

    def __init__(self, view: type[View], initkwargs: Mapping[str, object]) -> None:
        self.view = view
        self.__name__ = view.__name__
        self.__qualname__ = view.__qualname__
        self.__module__ = view.__module__
        self._initkwargs = dict(initkwargs)
        self._endpoints = read_endpoints(view, view.http_method_names)
        self._by_method = {one.methods[0]: one for one in self._endpoints if one.action is None}
        # What a decorator made of it, which the routes call in its place.
        self._around: Callable[..., object] | None = None
        self._policies: WeakKeyDictionary[object, Policy] = WeakKeyDictionary()
        # Lists of the class are looked through now, so that a mistake stops the start and not the first request.
        self.read_policy(with_defaults=False)
        #: Whether something before or after every method is the view's own, so that it must run.
        self.has_hooks = any(getattr(view, name) is not getattr(View, name) for name in _HOOKS)

    def __repr__(self) -> str:
        return f"<{self.__module__}.{self.__qualname__}.as_view()>"

    async def __call__(self, request: Request, *args: object, **kwargs: object) -> Response:
        """Answer a request of any method."""
        method = "GET" if request.method == "HEAD" and "HEAD" not in self._by_method else request.method
        endpoint = self._by_method.get(method)
        if endpoint is not None:
            taken = endpoint.signature.bind_partial(request, *args, **kwargs).arguments
            missing = endpoint.signature.parameters.keys() - taken.keys()
            kwargs |= {name: value for name, value in request.path_params.items() if name in missing}

        async def call(request: Request) -> Response:
            view = request.scope.pop(_VIEW)
            if endpoint is None and method == "OPTIONS":
                return Response(None, 204, {"Allow": ", ".join(view.allowed_methods)})
            return coerce_response(await view.dispatch(request, *args, **kwargs))

        return await _Checks(self, endpoint)(request, call)

    def behind(self, decorated: object) -> Self:
        """Give a handler like this one whose routes call what a decorator has made of it."""
        other = copy(self)
        other._around = cast("Callable[..., object]", decorated)  # noqa: SLF001 - it is ours
        return other

    def add_routes(
        self, router: _Routes, path: str, methods: Iterable[str] | None, options: Mapping[str, object]
    ) -> list[Any]:
        """Add a route for each method of the view at one address, whose path stays as it is written.

        Args:
            router: Where they belong.
            path: Pattern of all of them.
            methods: Which ones; None takes all that the view has.
            options: What else ``Router.add`` takes; the name is that of the class if not given.

        Raises:
            ImproperlyConfigured: The view has none of them.
        """
        plain = list(self._by_method.values())
        if methods is not None:
            wanted = [methods] if isinstance(methods, str) else list(methods)
            plain = [endpoint for endpoint in plain if endpoint.methods[0] in {one.upper() for one in wanted}]
        self._check_has(plain, path)
        options = {**options, "name": options.get("name") or self.__name__}
        return [self._add(router, path, endpoint, options) for endpoint in plain]

    def add_all(self, router: _Routes, path: str, name: str, options: Mapping[str, object]) -> None:
        """Add the routes of the view and of its actions, with their arguments as segments; see ``View.register``."""
        self._check_has(self._endpoints, path)
        for endpoint in self._endpoints:
            marked = endpoint.action
            own = name if marked is None else marked.name or f"{name}-{endpoint.attribute.replace('_', '-')}"
            self._add(router, endpoint.path_below(path, router.prefix), endpoint, {**options, "name": own})

    def make(self, request: Request, endpoint: Endpoint | None, policy: Policy | None = None) -> View:
        """Give the instance that answers a request."""
        view = self.view(**self._initkwargs)
        view.request = request
        view.action = "" if endpoint is None else endpoint.attribute
        view._endpoint, view._policy = endpoint, policy  # noqa: SLF001 - the view is ours
        return view

    def read_policy(self, *, with_defaults: bool = True) -> Policy:
        """Give what must hold, by the lists of the class and of ``as_view``; see ``View``."""
        return _read_policy(self.view(**self._initkwargs), with_defaults=with_defaults)

    def policy_for(self, app: object) -> Policy:
        """Give what must hold in an application, whose settings are asked once; None is none."""
        policy = None if app is None else self._policies.get(app)
        if policy is None:
            policy = self.read_policy()
            if app is not None:
                self._policies[app] = policy
        return policy

    def _check_has(self, endpoints: Sequence[Endpoint], path: str) -> None:
        if not endpoints:
            raise ImproperlyConfigured(
                f"view {self.__qualname__} at {path!r} has no method to answer with; "
                f"it may have {', '.join(self.view.http_method_names)}"
            )

    def _add(self, router: _Routes, path: str, endpoint: Endpoint, options: Mapping[str, object]) -> Any:
        if self._around is not None:
            return router.add(path, self._make_function(endpoint, self._around), endpoint.methods, **options)
        # Innermost, so that what stands around the route may still tell who is asking.
        middlewares = (*cast("Iterable[object]", options.get("middlewares") or ()), _Checks(self, endpoint))
        handler = self._make_function(endpoint, None)
        return router.add(path, handler, endpoint.methods, **{**options, "middlewares": middlewares})

    def _make_function(self, endpoint: Endpoint, around: Callable[..., object] | None) -> Callable[..., object]:
        """Give the handler of one method: a function with the arguments of the method.

        Args:
            endpoint: The method.
            around: What a decorator made of the view, and calls it; None calls the method.
        """

        @functools.wraps(cast("Callable[..., object]", getattr(self.view, endpoint.attribute)))
        async def handler(request: Request, *args: object, **kwargs: object) -> object:
            if around is not None:
                result = around(request, *args, **kwargs)
                return await result if isinstance(result, Awaitable) else result
            view: View | None = request.scope.pop(_VIEW, None)
            if view is None:
                view = self.make(request, endpoint)
            return await view.dispatch(request, *args, **kwargs)

        handler.__qualname__ = f"{self.__qualname__}.{endpoint.attribute}"
        handler.__module__ = self.__module__
        vars(handler)["__signature__"] = endpoint.signature
        return handler


class _Checks:
    """The middleware of a view's routes: what must hold before the arguments of a method are read."""

    def __init__(self, handler: ViewHandler, endpoint: Endpoint | None) -> None:
        self._handler = handler
        self._endpoint = endpoint

    def prepare(self) -> "_Prepared | None":
        """Read the settings once for an application; None if there is nothing to do."""
        policy = self._handler.read_policy()
        if policy.is_empty and not self._handler.has_hooks:
            return None
        return functools.partial(self._run, policy)

    async def __call__(self, request: Request, call_next: _CallNext) -> Response:
        return await self._run(self._handler.policy_for(request.scope.get("app")), request, call_next)

    async def _run(self, policy: Policy, request: Request, call_next: _CallNext) -> Response:
        view = self._handler.make(request, self._endpoint, policy)
        await view.initial(request)
        request.scope[_VIEW] = view
        return await view.finalize_response(request, await call_next(request))


_Prepared: TypeAlias = Callable[[Request, _CallNext], Awaitable[Response]]

_HOOKS: Final = (
    "initial",
    "finalize_response",
    "perform_authentication",
    "check_permissions",
    "check_throttles",
    "get_authenticators",
    "get_permissions",
    "get_throttles",
)


def _read_policy(view: View, *, with_defaults: bool = True) -> Policy:
    permissions, throttles = view.permission_classes, view.throttle_classes
    if with_defaults:
        permissions = default_entries("DEFAULT_PERMISSION_CLASSES") if permissions is None else permissions
        throttles = default_entries("DEFAULT_THROTTLE_CLASSES") if throttles is None else throttles
    return Policy.read(
        type(view).__qualname__,
        authenticators=view.authentication_classes,
        permissions=permissions,
        throttles=throttles,
    )


async def _forget_user() -> None:
    current_user.set(None)
