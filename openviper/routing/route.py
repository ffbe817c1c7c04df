"""One route: a pattern, the methods it answers, and the handler behind it."""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Final, TypeAlias, TypedDict

from openviper.http.request import Request
from openviper.http.response import Response
from openviper.primitives.unset import UNSET
from openviper.routing.arguments import Argument, Dependency, Handler, HandlerSignature
from openviper.routing.exceptions import RouteError
from openviper.routing.params import Depends
from openviper.routing.path import Parameter, PathPattern
from openviper.routing.signatures import read_dependency, read_signature
from openviper.types import ASGIApp, Receive, Scope

__all__ = ["HTTP_METHODS", "NOTHING_SHARED", "Mount", "Plan", "Route", "RouteMiddleware", "RouteOptions", "Shared"]

#: What serves a request of a route, given the values of its path: a response, or what is sent with status 200, which is
#: the bytes of a JSON text or plain text.
Plan: TypeAlias = Callable[[Scope, Receive, Sequence[object]], Awaitable[ASGIApp | bytes | str]]

#: ``async def middleware(request, call_next)``: what stands around a handler. It awaits ``call_next(request)`` for the
#: response, or returns an answer of its own; what it returns is made a response as that of a handler is.
RouteMiddleware: TypeAlias = Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[object]]

HTTP_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class RouteOptions(TypedDict, total=False):
    """What a decorator of a router takes besides the path; the meaning of each stands at ``Router.add``."""

    name: str | None
    status_code: int
    middlewares: Iterable[RouteMiddleware] | None
    tags: Iterable[str] | None
    dependencies: Iterable[object] | None


@dataclass(frozen=True, slots=True)
class Shared:
    """What a router gives to every route below it.

    Args:
        middlewares: Around the handler, the first outermost.
        tags: Words that routes are grouped by.
        dependencies: Run before the handler, which is not given what they return.
    """

    middlewares: tuple[RouteMiddleware, ...] = ()
    tags: tuple[str, ...] = ()
    dependencies: tuple[object, ...] = ()

    @classmethod
    def read(
        cls,
        where: str,
        middlewares: Iterable[RouteMiddleware] | None,
        tags: Iterable[str] | None,
        dependencies: Iterable[object] | None,
    ) -> "Shared":
        """Check what was given.

        Raises:
            RouteError: A tag is no text, or a middleware is none; the message begins with ``where``.
        """
        # A text is an iterable of texts as well; its letters would pass for tags.
        words = (tags,) if isinstance(tags, str) else tuple(tags or ())
        for word in words:
            if not isinstance(word, str):
                raise RouteError(f"{where}: a tag is a text, not {word!r}")
        layers = tuple(middlewares or ())
        for layer in layers:
            _check_middleware(where, layer)
        return cls(layers, words, tuple(dependencies or ()))

    def around(self, inner: "Shared") -> "Shared":
        """Give both together, this one outermost; a tag of both counts once."""
        return Shared(
            self.middlewares + inner.middlewares,
            tuple(dict.fromkeys(self.tags + inner.tags)),
            self.dependencies + inner.dependencies,
        )


NOTHING_SHARED: Final = Shared()


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A handler at an address.

    Args:
        text: The pattern as registered, with the prefixes of the routers above; empty for the address of a prefix.
        methods: The methods it answers, in upper case.
        handler: The function, as it was registered.
        name: What ``url_for`` finds it by, with the namespaces of the routers above (``shop:detail``).
        signature: What the handler asks for.
        pattern: The path, taken apart.
        shared: What stands around the handler and groups it, its own and that of the routers above.
        status_code: Status of an answer that the handler gives as data.
    """

    unsafe_in_templates: ClassVar = frozenset({"*"})

    text: str
    methods: frozenset[str]
    handler: Handler
    name: str
    signature: HandlerSignature
    pattern: PathPattern
    shared: Shared = NOTHING_SHARED
    status_code: int = 200

    @property
    def middlewares(self) -> tuple[RouteMiddleware, ...]:
        """What stands around the handler, the outermost first."""
        return self.shared.middlewares

    @property
    def tags(self) -> tuple[str, ...]:
        """The words that the route is grouped by."""
        return self.shared.tags

    @property
    def dependencies(self) -> tuple[object, ...]:
        """What runs before the handler without being one of its arguments."""
        return self.shared.dependencies

    @property
    def path(self) -> str:
        """The whole pattern; an empty text that has no prefix in front is the root."""
        return self.pattern.text

    @classmethod
    def build(
        cls,
        path: str,
        handler: Handler,
        *,
        methods: Iterable[str],
        name: str | None,
        shared: Shared = NOTHING_SHARED,
        status_code: int = 200,
    ) -> "Route":
        """Read the handler's signature and the pattern.

        Raises:
            RouteError: One of them cannot be used, or they do not fit; the message names it.
        """
        signature = read_signature(handler)
        checked = _checked_methods(path, methods)
        if type(status_code) not in (int, HTTPStatus) or not 200 <= status_code <= 599:
            raise RouteError(f"route {path!r}: status_code is {status_code!r}; it must be a number from 200 to 599")
        pattern = _bind(path, signature)
        name = name or _default_name(handler)
        return cls(path, checked, handler, name, signature, pattern, shared, int(status_code))

    def below(self, prefix: str, namespace: str | None, shared: Shared = NOTHING_SHARED) -> "Route":
        """Give this route as it stands below a prefix and namespace, with what a router shares around it.

        Raises:
            RouteError: The prefix repeats a parameter, is no pattern, or does not fit the handler.
        """
        if not prefix and not namespace and shared is NOTHING_SHARED:
            return self
        text = prefix + self.text
        return Route(
            text,
            self.methods,
            self.handler,
            f"{namespace}:{self.name}" if namespace else self.name,
            self.signature,
            _bind(text, self.signature) if prefix else self.pattern,
            self.shared if shared is NOTHING_SHARED else shared.around(self.shared),
            self.status_code,
        )

    def match(self, path: str) -> dict[str, object] | None:
        """Read a decoded path by this route alone: the values of its parameters by name; None where it does not fit."""
        return self.pattern.match(path)

    def read_dependencies(self) -> list[Dependency]:
        """Read what runs before the handler without being one of its arguments.

        Raises:
            RouteError: One is no ``Depends``, or asks for what no part of a request gives.
        """
        for one in self.dependencies:
            if not isinstance(one, Depends):
                raise RouteError(f"route {self.path!r}: dependencies holds {one!r}; write Depends(...) around it")
        return [read_dependency(one, within=(self.handler,)) for one in self.dependencies]  # type: ignore[arg-type]  # as just asked

    def iter_arguments(self) -> Iterator[Argument]:
        """Give every argument of the handler and of all its dependencies."""
        yield from self.signature.iter_arguments()
        for dependency in self.read_dependencies():
            yield from dependency.signature.iter_arguments()

    def check_complete(self) -> None:
        """See to it that every argument is given, now that no prefix will add a parameter to the path.

        Raises:
            RouteError: An argument has no annotation, is none of the path, and cannot stand for the request; or it is
                marked as one of the path, which has none of that name, or is of another type; or the body is asked for
                as JSON and as a form.
        """
        self._check_given(self.signature)
        own = [argument.dependency for argument in self.signature.arguments if argument.dependency is not None]
        if own or self.dependencies:
            self.check_dependencies([*own, *self.read_dependencies()])
        else:
            self._check_one_body(self.signature.arguments)

    def check_dependencies(self, dependencies: Iterable[Dependency]) -> None:
        """See to it that every argument of dependencies is given.

        Args:
            dependencies: Those of the handler and of the route, or what is put in their places.

        Raises:
            RouteError: As for ``check_complete``.
        """
        asked = list(self.signature.arguments)
        for dependency in dependencies:
            for signature in _iter_signatures(dependency):
                self._check_given(signature)
                asked += signature.arguments
                for argument, parameter in _in_path(signature.arguments, self.pattern):
                    _check_shared_argument(signature.name, argument, parameter)
        self._check_one_body(asked)

    def _check_one_body(self, arguments: Iterable[Argument]) -> None:
        kinds = {argument.kind for argument in arguments}
        if "body" in kinds and not kinds.isdisjoint(("form", "file")):
            raise RouteError(
                f"handler {self.signature.name} takes a JSON body and values of a form, but a request has one body; "
                "mark the class with Form(), or take the files elsewhere"
            )

    def _check_given(self, signature: HandlerSignature) -> None:
        in_path = {parameter.name for parameter in self.pattern.parameters}
        has_request = any(argument.kind == "request" for argument in signature.arguments)
        for argument in signature.arguments:
            if argument.kind == "path" and argument.sent_as not in in_path:
                raise RouteError(
                    f"handler {signature.name}: {argument.name!r} is marked as a parameter of the path, but "
                    f"{self.path!r} has no {{{argument.sent_as}}}"
                )
            if argument.kind == "request" or argument.is_annotated or argument.name in in_path:
                continue
            if has_request or argument.default is not UNSET:
                raise RouteError(
                    f"handler {signature.name}: the argument {argument.name!r} has no annotation, and the path "
                    f"{self.path!r} has no parameter of that name; annotate it, or rename one of them"
                )
            has_request = True


@dataclass(frozen=True, slots=True)
class Mount:
    """An ASGI application that answers everything below a path.

    Args:
        path: Literal prefix without a slash at the end; empty takes every path.
        app: The application; it sees ``root_path`` grown by the prefix, and gets its own lifespan.

    Raises:
        RouteError: The path holds parameters.
    """

    path: str
    app: ASGIApp

    def __post_init__(self) -> None:
        """Refuse braces, of which no parameter would be made."""
        if "{" in self.path or "}" in self.path:
            raise RouteError(f"mount {self.path!r}: a mount stands at a literal path, without parameters")


def _bind(text: str, signature: HandlerSignature) -> PathPattern:
    """Take a path apart for a handler, whose annotations choose the converters that it leaves open."""
    implied: dict[str, str] = {}
    # The handler decides before its dependencies, which read the value as text where they want another type.
    for argument in (*signature.arguments, *signature.iter_arguments()):
        if argument.may_be_in_path:
            implied.setdefault(argument.sent_as, argument.implied_converter)
    pattern = PathPattern(text or "/", implied)
    for argument, parameter in _in_path(signature.arguments, pattern):
        _check_path_argument(signature.name, argument, parameter)
    return pattern


def _in_path(arguments: Iterable[Argument], pattern: PathPattern) -> Iterator[tuple[Argument, Parameter]]:
    """Give the arguments that have the name of a parameter, with it."""
    for argument in arguments if pattern.parameters else ():
        for parameter in pattern.parameters:
            if parameter.name == (argument.sent_as if argument.may_be_in_path else argument.name):
                yield argument, parameter


def _iter_signatures(dependency: Dependency) -> Iterator[HandlerSignature]:
    yield dependency.signature
    for argument in dependency.signature.arguments:
        if argument.dependency is not None:
            yield from _iter_signatures(argument.dependency)


def _check_middleware(where: str, layer: object) -> None:
    if isinstance(layer, type):
        raise RouteError(
            f"{where}: the middleware {layer.__qualname__} is a class; a route takes an async function of the request "
            "and call_next, or an object that is called so, and ASGI middleware belongs into the MIDDLEWARE setting"
        )
    if inspect.isfunction(layer) and not inspect.iscoroutinefunction(layer):
        raise RouteError(
            f"{where}: the middleware {layer.__qualname__} is a plain function; write async def, for what it returns "
            "is awaited"
        )
    if not callable(layer):
        raise RouteError(f"{where}: {layer!r} is no middleware; it must be an async function of request and call_next")


def _check_path_argument(handler: str, argument: Argument, parameter: Parameter) -> None:
    if argument.kind == "request":
        raise RouteError(f"handler {handler}: {argument.name!r} is the request, so no parameter can have that name")
    if argument.dependency is not None and any(
        one.may_be_in_path and one.sent_as == parameter.name for one in argument.dependency.signature.iter_arguments()
    ):
        return  # ``{user}`` for ``user: User = Depends(find_user)``, which takes the text
    if not argument.may_be_in_path:
        raise RouteError(
            f"handler {handler}: {argument.name!r} comes from elsewhere ({argument.kind}), but the path has a "
            "parameter of that name; rename one of them"
        )
    if argument.is_list:
        raise RouteError(f"handler {handler}: the path has one value, so {argument.name!r} cannot be a list")
    if not _fits(argument, parameter):
        wanted = _name_of(argument.annotation)
        gives = _name_of(parameter.converter.gives)
        raise RouteError(
            f"handler {handler}: the argument {argument.name!r} is of type {wanted}, but "
            f"{{{argument.name}:{parameter.converter.name}}} gives {gives}; "
            f"write {{{argument.name}}} in the path, and the annotation decides"
        )


def _check_shared_argument(name: str, argument: Argument, parameter: Parameter) -> None:
    """Check an argument of a dependency, which may take the parameter that the handler takes, and take it as text."""
    if not argument.may_be_in_path:
        return  # it says where it comes from
    if argument.is_list:
        raise RouteError(f"dependency {name}: the path has one value, so {argument.name!r} cannot be a list")
    is_wider = argument.annotation is float and parameter.converter.gives is int
    if argument.annotation is not str and not is_wider and not _fits(argument, parameter):
        wanted = _name_of(argument.annotation)
        raise RouteError(
            f"dependency {name}: the argument {argument.name!r} is of type {wanted}, but what the handler's path gives "
            f"for {{{parameter.name}}} is of another ({parameter.converter.name}); take that, or str"
        )


def _fits(argument: Argument, parameter: Parameter) -> bool:
    gives = parameter.converter.gives
    return gives in (None, str) or not argument.is_annotated or gives is argument.annotation


def _name_of(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _checked_methods(path: str, methods: Iterable[str]) -> frozenset[str]:
    # A text is an iterable of texts as well; its letters would pass for methods.
    found = frozenset(method.upper() for method in ((methods,) if isinstance(methods, str) else methods))
    if not found:
        raise RouteError(f"route {path!r} answers no method; give at least one")
    for method in found:
        # RFC 9110 9.1: a method is a token, and tokens in use are letters and dashes.
        if not method.replace("-", "").isalpha() or not method.isascii():
            raise RouteError(f"route {path!r}: {method!r} is no HTTP method")
    return found


def _default_name(handler: Handler) -> str:
    name = getattr(handler, "__name__", None)
    return name if isinstance(name, str) else type(handler).__name__
