"""One route: a pattern, the methods it answers, and the handler behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from openviper.primitives.unset import UNSET
from openviper.routing.arguments import Argument, Handler, HandlerSignature, read_signature
from openviper.routing.exceptions import RouteError
from openviper.routing.path import Parameter, PathPattern
from openviper.types import ASGIApp

__all__ = ["HTTP_METHODS", "Mount", "Route"]

HTTP_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


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
    """

    unsafe_in_templates: ClassVar = frozenset({"*"})

    text: str
    methods: frozenset[str]
    handler: Handler
    name: str
    signature: HandlerSignature
    pattern: PathPattern

    @property
    def path(self) -> str:
        """The whole pattern; an empty text that has no prefix in front is the root."""
        return self.pattern.text

    @classmethod
    def build(cls, path: str, handler: Handler, *, methods: Iterable[str], name: str | None) -> "Route":
        """Read the handler's signature and the pattern.

        Raises:
            RouteError: One of them cannot be used, or they do not fit; the message names it.
        """
        signature = read_signature(handler)
        return cls._bound(path, handler, _checked_methods(path, methods), name or _default_name(handler), signature)

    def below(self, prefix: str, namespace: str | None) -> "Route":
        """Give this route as it stands below a prefix and namespace.

        Raises:
            RouteError: The prefix repeats a parameter, is no pattern, or does not fit the handler.
        """
        if not prefix and not namespace:
            return self
        name = f"{namespace}:{self.name}" if namespace else self.name
        return self._bound(prefix + self.text, self.handler, self.methods, name, self.signature)

    def check_complete(self) -> None:
        """See to it that every argument is given, now that no prefix will add a parameter to the path.

        Raises:
            RouteError: An argument has no annotation, is none of the path, and cannot stand for the request.
        """
        arguments = self.signature.arguments
        in_path = {parameter.name for parameter in self.pattern.parameters}
        has_request = any(argument.kind == "request" for argument in arguments)
        for argument in arguments:
            if argument.kind == "request" or argument.is_annotated or argument.name in in_path:
                continue
            if has_request or argument.default is not UNSET:
                raise RouteError(
                    f"handler {self.signature.name}: the argument {argument.name!r} has no annotation, and the path "
                    f"{self.path!r} has no parameter of that name; annotate it, or rename one of them"
                )
            has_request = True

    @classmethod
    def _bound(
        cls, text: str, handler: Handler, methods: frozenset[str], name: str, signature: HandlerSignature
    ) -> "Route":
        implied = {
            argument.name: argument.implied_converter for argument in signature.arguments if argument.kind == "value"
        }
        pattern = PathPattern(text or "/", implied)
        for argument in signature.arguments:
            for parameter in pattern.parameters:
                if parameter.name == argument.name:
                    _check_path_argument(signature.name, argument, parameter)
        return cls(text, methods, handler, name, signature, pattern)


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


def _check_path_argument(handler: str, argument: Argument, parameter: Parameter) -> None:
    if argument.kind == "request":
        raise RouteError(f"handler {handler}: {argument.name!r} is the request, so no parameter can have that name")
    if argument.is_list:
        raise RouteError(f"handler {handler}: the path has one value, so {argument.name!r} cannot be a list")
    gives = parameter.converter.gives
    if gives in (None, str) or not argument.is_annotated or gives is argument.annotation:
        return
    wanted = getattr(argument.annotation, "__name__", argument.annotation)
    raise RouteError(
        f"handler {handler}: the argument {argument.name!r} is of type {wanted}, but "
        f"{{{argument.name}:{parameter.converter.name}}} gives {getattr(gives, '__name__', gives)}; "
        f"write {{{argument.name}}} in the path, and the annotation decides"
    )


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
