"""What a handler asks for: its arguments, read from its signature when the route is registered."""

import functools
import inspect
import types
import uuid
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

from openviper.http.request import Request
from openviper.primitives.unset import UNSET, Unset
from openviper.routing.converters import Converter
from openviper.routing.exceptions import RouteError
from openviper.routing.readers import is_readable

__all__ = ["Argument", "Handler", "HandlerSignature", "read_signature"]

Handler: TypeAlias = Callable[..., object] | Callable[..., Awaitable[object]]

# Annotations that choose the converter of a path parameter which the pattern leaves open.
_IMPLIED: Final[dict[object, str]] = {int: "int", float: "float", uuid.UUID: "uuid", str: "str"}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a handler.

    Args:
        name: As the handler spells it.
        kind: The request itself, or a value of the path or query.
        annotation: The type of a single value; the request class for a request; ``inspect.Parameter.empty`` if none.
        is_list: Whether it takes every value of its name; only a query has several.
        default: What it is without a value; UNSET when a value must be there.
        is_positional: Whether it is given by position, as decorators expect; one that is keyword-only is not.
    """

    name: str
    kind: Literal["request", "value"]
    annotation: object
    is_list: bool = False
    default: object | Unset = UNSET
    is_positional: bool = True

    @property
    def implied_converter(self) -> str:
        """The path converter that the annotation asks for when the pattern names none."""
        return _IMPLIED.get(self.annotation, "str")

    @property
    def is_annotated(self) -> bool:
        """Whether the handler says what it is."""
        return self.annotation is not inspect.Parameter.empty

    def converts(self, converter: Converter) -> bool:
        """Tell whether text that a path converter gives is left to be converted to the annotated type."""
        return converter.gives is str and self.is_annotated and self.annotation is not str


@dataclass(frozen=True, slots=True)
class HandlerSignature:
    """The arguments of a handler, and whether calling it gives an awaitable."""

    name: str
    arguments: tuple[Argument, ...]
    is_async: bool


def read_signature(handler: Handler) -> HandlerSignature:
    """Find out what a handler asks for.

    Raises:
        RouteError: It cannot be called, an annotation cannot be evaluated, or an argument is of a type that no part
            of a request gives; handler and argument are named.
    """
    if not callable(handler):
        raise RouteError(f"a route needs a function or another callable as its handler, not {handler!r}")
    name = _describe(handler)
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError) as error:
        raise RouteError(f"handler {name}: its signature cannot be read: {error}") from error
    layers = list(_iter_layers(handler))
    # A partial lets its keywords be overridden, so a client could set what the author has fixed.
    bound = {keyword for layer in layers if isinstance(layer, functools.partial) for keyword in layer.keywords}
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    taken = [p for p in parameters if p.kind not in variadic and p.name not in bound]
    names = _names_around(layers[-1])
    return HandlerSignature(name, tuple(_read_argument(name, one, names) for one in taken), _is_async(handler))


def _iter_layers(handler: object) -> Iterator[object]:
    """Go from a handler through partials, decorators and methods to the function or object within."""
    yield handler
    while True:
        if isinstance(handler, functools.partial):
            handler = handler.func
        elif isinstance(handler, types.MethodType):
            handler = handler.__func__
        elif hasattr(handler, "__wrapped__"):
            handler = handler.__wrapped__
        else:
            return
        yield handler


def _names_around(function: object) -> dict[str, object]:
    """Give the names that annotations written as text can use."""
    if not isinstance(function, types.FunctionType):
        called = cast("object", getattr(function, "__init__" if isinstance(function, type) else "__call__"))
        function = list(_iter_layers(called))[-1]
    return getattr(function, "__globals__", {})


def _read_argument(handler: str, parameter: inspect.Parameter, names: dict[str, object]) -> Argument:
    name = parameter.name
    default: object = UNSET if parameter.default is parameter.empty else parameter.default
    positional = parameter.kind is not parameter.KEYWORD_ONLY
    if parameter.annotation is parameter.empty:
        # Without an annotation it may be a path parameter; where the path has none of the name, it is the request.
        kind: Literal["request", "value"] = "request" if name in ("request", "req") else "value"
        return Argument(name, kind, parameter.empty, default=default, is_positional=positional)
    annotation = _evaluate(handler, parameter, names)
    single, is_optional = _unwrap(annotation)
    if isinstance(single, type) and issubclass(single, Request):
        return Argument(name, "request", single, default=default, is_positional=positional)
    is_list = get_origin(single) is list or single is list
    if is_list:
        single, _ = _unwrap((get_args(single) or (str,))[0])
    if not is_readable(single):
        raise RouteError(
            f"handler {handler}: the argument {name!r} is of type {_type_name(annotation)}, which no part of "
            "a request gives; take the Request, a path parameter, or a str, int, float, bool, Decimal, UUID, date, "
            "datetime, time, timedelta, or an Enum or Literal of only str or only int (also as list, or with None)"
        )
    if default is UNSET and is_optional:
        default = None
    return Argument(name, "value", single, is_list, default, positional)


def _evaluate(handler: str, parameter: inspect.Parameter, names: dict[str, object]) -> object:
    """Give an annotation that may be written as text; that of the result, and those of others, do not matter."""
    if isinstance(parameter.annotation, type):
        return parameter.annotation
    written = types.SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        return get_type_hints(written, names, include_extras=True)[parameter.name]
    except (NameError, AttributeError, SyntaxError, TypeError) as error:
        raise RouteError(
            f"handler {handler}: the annotation of {parameter.name!r} cannot be evaluated: {error}"
        ) from error


def _unwrap(annotation: object) -> tuple[object, bool]:
    """Split ``X | None`` into X and whether None was there; an Annotated type stands for what it annotates."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _unwrap(get_args(annotation)[0])
    if origin not in (Union, types.UnionType):
        return annotation, False
    members = [member for member in get_args(annotation) if member is not types.NoneType]
    if len(members) > 1:
        return annotation, False
    return _unwrap(members[0])[0], True


def _is_async(handler: Handler) -> bool:
    inner: object = handler
    while isinstance(inner, functools.partial):
        inner = inner.func
    if inspect.iscoroutinefunction(inner):
        return True
    return not inspect.isroutine(inner) and inspect.iscoroutinefunction(
        inspect.getattr_static(type(inner), "__call__", None)
    )


def _describe(handler: Handler) -> str:
    inner = cast("object", handler)
    while isinstance(inner, functools.partial):
        inner = inner.func
    qualname = getattr(inner, "__qualname__", type(inner).__qualname__)
    return f"{getattr(inner, '__module__', '?')}.{qualname}"


def _type_name(annotation: object) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
